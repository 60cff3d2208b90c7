"""Folders and zips of images: which there are, of which class, and what they are for.

Nothing is decoded here: a row names the place of an image, and `features.images` opens it.
"""

from __future__ import annotations

import os
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from modelwright.acquire.folders import tables_in
from modelwright.acquire.homes import expanded
from modelwright.acquire.images.classes import read_folders
from modelwright.acquire.raw import Raw
from modelwright.core.errors import DataError, ModelwrightWarning
from modelwright.pages.numerals import plural
from modelwright.store.zip_names import open_zip

__all__ = [
    "CLASS",
    "ENDINGS",
    "IMAGE",
    "PART",
    "check_images",
    "fresh_rows",
    "holds_images",
    "holds_nothing",
    "is_image",
    "read_images",
    "refuse_images",
]

IMAGE = "image"
"""The column of the place of an image."""

CLASS = "class"
"""The column of what it shows."""

PART = "part"
"""The column of which part of the data it belongs to: train, val or test."""

ENDINGS = frozenset(
    (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
)
"""What the names of images end in."""

_MOST = 5_000_000
# Files looked at to find out whether a folder is one of images.
_GLANCED = 2_000
_HIDDEN = ("__MACOSX", "__pycache__")


@dataclass(frozen=True)
class _Listed:
    """The files of a folder or zip, and how many places were not looked at.

    `again` counts the entries of a zip whose name came before, `links` and `closed` folders.
    """

    names: tuple[str, ...]
    hidden: int = 0
    again: int = 0
    links: int = 0
    closed: int = 0
    locked: bool = False

    def notes(self) -> Iterator[str]:
        """Say what nobody will see."""
        if self.hidden:
            yield f"left: {plural(self.hidden, 'image')} hidden by a dot before a name."
        if self.again:
            some = plural(self.again, "image")
            yield f"{some} of the zip under a name that came before: the last counts."
        if self.links:
            yield f"not followed: {plural(self.links, 'link')} to folders."
        if self.closed:
            yield f"left: {plural(self.closed, 'folder')} that cannot be read."


def holds_images(data: object) -> bool:
    """Whether a source is a folder or a zip of images, or one image.

    Parameters
    ----------
    data : object
        A path, or anything else, which is none.

    Examples
    --------
    >>> holds_images({"a": [1]}), holds_images("no such folder")
    (False, False)
    """
    if not isinstance(data, str | Path):
        return False
    try:
        place = expanded(str(data))
        if place.is_dir():
            first = zip(_walked(place), range(_GLANCED), strict=False)
            return any(is_image(name) for name, _ in first)
        if not _is_zip(place):
            return place.is_file() and is_image(place.name)
        names = _entries(place).names
    except (OSError, RuntimeError, DataError):
        return False
    some = names[:: 1 + len(names) // _GLANCED]
    return bool(some) and 2 * sum(map(is_image, some)) > len(some)


def holds_nothing(data: str | Path) -> bool:
    """Whether a source is a folder or a zip without any file.

    Parameters
    ----------
    data : path
        Of anything, there or not.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     before, _ = holds_nothing(folder), (Path(folder) / "notes.txt").write_text("")
    ...     before, holds_nothing(folder)
    (True, False)
    """
    try:
        place = expanded(str(data))
        if place.is_dir():
            return next(_walked(place), None) is None
        listed = _entries(place) if _is_zip(place) else _Listed(("",))
        return not (listed.names or listed.locked)
    except (OSError, RuntimeError, DataError):
        return False


def check_images(data: object) -> None:
    """Refuse a folder, or a zip of several files, that holds no images where no column is named.

    Nothing else of these kinds can be learned from without one.

    Parameters
    ----------
    data : object
        A path, or anything else, which is let through.

    Raises
    ------
    DataError
        With the endings of images.

    Examples
    --------
    >>> check_images({"a": [1]})
    """
    if not isinstance(data, str | Path):
        return
    try:
        place = expanded(str(data))
        folder = place.is_dir()
        if not folder and not _is_zip(place):
            return
        names = _files(place).names if folder else _entries(place).names
    except (OSError, RuntimeError):  # no place that can be looked at: told when it is read
        return
    if folder or len(names) != 1 or names[0].lower().endswith(".zip"):
        raise _without_images(place, names)


def refuse_images(data: object, what: str) -> None:
    """Refuse images where a table is asked for: their names say nothing of what they show.

    Parameters
    ----------
    data : object
        A path, or anything else, which is let through.
    what : str
        What is to be done with a table.

    Raises
    ------
    DataError
        When it is a folder or zip of images, or one image.

    Examples
    --------
    >>> refuse_images({"a": [1]}, "check")
    """
    if holds_images(data):
        cure = "modelwright fit looks for what is wrong with images by itself"
        raise DataError(f"a table to {what}", f"images in {Path(str(data)).name!r}", cure)


def _is_zip(place: Path) -> bool:
    return place.suffix.lower() == ".zip" and place.is_file()


def _without_images(place: Path, names: Sequence[str] = ()) -> DataError:
    """Make the error for a folder or zip with too few images."""
    images, tables = sum(map(is_image, names)), sorted(tables_in(names))
    some = f"{len(names):,} files, {images:,} of them images," if images else "none"
    table = f"the table {str(place / tables[0])!r}" if tables else "a table"
    return DataError(
        f"a folder or zip of images ({', '.join(sorted(ENDINGS))})",
        f"{some} in {place.name!r}",
        f"{_SHAPE}; or name {table} and its column to predict: --target (target=)",
    )


def read_images(source: str | Path, *, may_be_empty: bool = False) -> Raw:
    """List the images of a folder or zip.

    The folders are classes: ``cat/1.png``. Above them may stand ``train``, ``val`` and ``test``
    (also training, valid, validation, dev, testing), and folders that hold everything are passed
    through. Beside two parts or more other folders are no classes: what is in them is left. So is
    what lies beside the one folder that holds them and most of the images.

    Parameters
    ----------
    source : path
        A folder, a zip of one, or one image.
    may_be_empty : bool
        Whether one without any file is a table without rows.

    Returns
    -------
    Raw
        A row for each image, by name: `image` is its place, as ``folder/cat/1.png`` or
        ``archive.zip/cat/1.png``; `class` is null for an image that is in no folder; `part` is
        there when such folders are, and null for an image outside of them.

    Raises
    ------
    DataError
        When there is no image, there are too many files, or the zip is locked or damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("train/cat/1.png", "train/dog/2.png", "test/cat/3.png"):
    ...         path = Path(folder) / name
    ...         path.parent.mkdir(parents=True, exist_ok=True)
    ...         _ = path.write_bytes(b"")
    ...     read_images(folder).frame.select("class", "part").rows()
    [('cat', 'test'), ('cat', 'train'), ('dog', 'train')]
    """
    place = expanded(str(source))
    if _is_one(place):
        return Raw(pl.DataFrame({IMAGE: [str(place)], CLASS: pl.Series([None], dtype=pl.String)}))
    listed = _entries(place) if place.is_file() else _files(place)
    if listed.locked:
        raise DataError(
            "a zip without a password", f"{place.name}, which has one", "unpack it first"
        )
    found = sorted(listed.names)
    if not found and may_be_empty:
        return Raw(pl.DataFrame(schema={IMAGE: pl.String, CLASS: pl.String}))
    names = [name for name in found if _is_text(name)]
    images = [name for name in names if is_image(name)]
    if not images:
        raise _without_images(place)
    split = [_steps(name, packed=place.is_file()) for name in images]
    meant = read_folders(split)
    root = str(place)
    frame = pl.DataFrame(
        {
            IMAGE: [f"{root}/{name}" for name in images],
            CLASS: pl.Series(meant.classes, dtype=pl.String),
        }
    )
    if meant.parted:
        frame = frame.with_columns(pl.Series(PART, meant.parts, dtype=pl.String))
    notes = [*_not_images(names), *meant.notes, *listed.notes()]
    if len(names) < len(found):
        some = plural(len(found) - len(names), "file")
        notes.append(f"left: {some} with a name that is no UTF-8.")
    return Raw(frame, tuple(notes))


_SHAPE = "put the images of each class into a folder of its name: cats/1.jpg, dogs/2.jpg"


def fresh_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the images under ``test/``, where some are, with a warning: others may be known.

    Parameters
    ----------
    frame : polars.DataFrame
        From `read_images`, or any other table, which stays as it is.

    Returns
    -------
    polars.DataFrame

    Examples
    --------
    >>> frame = pl.DataFrame({"image": ["a", "b"], "class": ["x", "y"]})
    >>> fresh_rows(frame).height
    2
    """
    if not {IMAGE, PART} <= set(frame.columns):
        return frame
    kept = frame.filter(pl.col(PART) == "test")
    if not kept.height or kept.height == frame.height:
        return frame
    told = (
        f"of {frame.height:,} images the {kept.height:,} under test/ are scored: the others are "
        "there to be fitted on"
    )
    warnings.warn(told, ModelwrightWarning, stacklevel=5)
    return kept


def _steps(name: str, *, packed: bool) -> list[str]:
    """Give the folders of a file, and its own name; nothing is written there, so all may come.

    In zips a backslash stands between folders where a packer on Windows put it.
    """
    found: list[str] = []
    for step in (name.replace("\\", "/") if packed and "/" not in name else name).split("/"):
        if step == "..":
            del found[-1:]
        elif step not in ("", "."):
            found.append(step)
    return found


def _not_images(names: Sequence[str]) -> Iterator[str]:
    others = Counter(Path(name).suffix.lower() or "none" for name in names if not is_image(name))
    if others:
        kinds = ", ".join(f"{ending} ({count:,})" for ending, count in others.most_common(3))
        some = plural(sum(others.values()), "file")
        yield f"left: {some} with endings of no image: {kinds}."


def _is_one(place: Path) -> bool:
    return is_image(place.name) and place.is_file()


def _entries(place: Path) -> _Listed:
    """List the files of a zip."""
    info = place.stat()
    return _entries_of(place, info.st_size, info.st_mtime_ns)


@lru_cache(maxsize=2)
def _entries_of(place: Path, size: int, changed: int) -> _Listed:
    """List them once for each state of the file: a directory of 70,000 takes a second."""
    try:
        with open_zip(place) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        got = f"{place.name}: {error}"
        raise DataError("a readable zip", got, "fetch it again: it is damaged") from None
    _bounded(len(infos), place)
    names = [info.filename for info in infos if info.filename[-1:] not in ("/", "\\")]
    shown = [name for name in names if not _is_hidden(name)]
    kept = tuple(dict.fromkeys(shown))
    again = sum(map(is_image, shown)) - sum(map(is_image, kept))
    locked = any(info.flag_bits & 1 for info in infos)
    return _Listed(kept, sum(map(_is_lost, names)), again, locked=locked)


def _files(place: Path) -> _Listed:
    """List the files of a folder; links to other folders are not followed."""
    if not place.is_dir():
        raise DataError("a folder or zip of images", f"no such folder {str(place)!r}")
    names, odd = list[str](), Counter[str]()
    for name in _walked(place, odd):
        _bounded(len(names), place)
        names.append(name)
    return _Listed(tuple(names), odd["hidden"], 0, odd["links"], odd["closed"])


def _walked(place: Path, odd: Counter[str] | None = None) -> Iterator[str]:
    """Give the files of a folder; what is left aside is counted in `odd`, if that is given."""

    def closed(error: OSError) -> None:
        if odd is not None:
            odd["closed"] += 1

    for folder, inner, files in os.walk(place, onerror=closed):
        if odd is not None:
            odd["links"] += sum(os.path.islink(os.path.join(folder, name)) for name in inner)
            odd["hidden"] += sum(map(_is_lost, files))
            for name in filter(_is_hidden, inner):
                odd["hidden"] += _lost_in(os.path.join(folder, name))
        inner[:] = sorted(name for name in inner if not _is_hidden(name))
        below = Path(folder).relative_to(place)
        for name in sorted(files):
            if not _is_hidden(name):
                yield (below / name).as_posix()


def _lost_in(folder: str) -> int:
    """Count the images of a hidden folder, but for what macOS keeps there, in so many files."""
    if os.path.basename(folder) in _HIDDEN or os.path.islink(folder):
        return 0
    files = (name for _, _, names in os.walk(folder) for name in names)
    return sum(is_image(name) for name, _ in zip(files, range(_GLANCED), strict=False))


def _bounded(count: int, place: Path) -> None:
    if count > _MOST:
        raise DataError(f"at most {_MOST:,} files", f"more in {place.name!r}", "take some of them")


def _is_text(name: str) -> bool:
    """Whether a name is UTF-8; others have bytes in it that stand for themselves."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_image(name: str) -> bool:
    """Whether a name is that of an image, by its ending.

    Examples
    --------
    >>> is_image("cat/1.JPG"), is_image("jpg.txt")
    (True, False)
    """
    return f".{name.rpartition('.')[2].lower()}" in ENDINGS


def _is_hidden(name: str) -> bool:
    hidden = name[:1] == "." or "/." in name or "__" in name
    return hidden and any(
        (p[:1] == "." and p not in (".", "..")) or p in _HIDDEN for p in name.split("/")
    )


def _is_lost(name: str) -> bool:
    """Whether somebody may miss a hidden file: an image that is no litter of macOS."""
    if not (_is_hidden(name) and is_image(name)):
        return False
    return not any(p[:2] == "._" or p in _HIDDEN for p in name.split("/"))
