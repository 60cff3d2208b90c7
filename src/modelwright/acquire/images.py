"""Folders and zips of images: which there are, of which class, and what they are for.

Nothing is decoded here: a row names the place of an image, and `features.images` opens it.
"""

from __future__ import annotations

import os
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import polars as pl

from modelwright.acquire.folders import tables_in
from modelwright.acquire.homes import expanded
from modelwright.acquire.raw import Raw
from modelwright.core.errors import DataError, ModelwrightWarning

__all__ = [
    "CLASS",
    "ENDINGS",
    "IMAGE",
    "PART",
    "check_images",
    "fresh_rows",
    "holds_images",
    "read_images",
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

_PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_MOST = 5_000_000
# Files looked at to find out whether a folder is one of images.
_GLANCED = 2_000
_HIDDEN = ("__MACOSX", "__pycache__")


def holds_images(data: object) -> bool:
    """Whether a source is a folder or a zip of images.

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
            return any(_is_image(name) for name, _ in first)
        if not _is_zip(place):
            return False
        names = _entries(place)
    except (OSError, RuntimeError, DataError):
        return False
    some = names[:: 1 + len(names) // _GLANCED]
    return bool(some) and 2 * sum(map(_is_image, some)) > len(some)


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
        names = list(_files(place)) if folder else _entries(place) if _is_zip(place) else []
    except (OSError, RuntimeError):  # no place that can be looked at: told when it is read
        return
    if folder or len(names) > 1:
        raise _without_images(place, names)


def _is_zip(place: Path) -> bool:
    return place.suffix.lower() == ".zip" and place.is_file()


def _without_images(place: Path, names: Sequence[str] = ()) -> DataError:
    """Make the error for a folder or zip with too few images."""
    images, tables = sum(map(_is_image, names)), sorted(tables_in(names))
    some = f"{len(names):,} files, {images:,} of them images," if images else "none"
    table = f"the table {str(place / tables[0])!r}" if tables else "a table"
    return DataError(
        f"a folder or zip of images ({', '.join(sorted(ENDINGS))})",
        f"{some} in {place.name!r}",
        f"{_SHAPE}; or name {table} and its column to predict: --target (target=)",
    )


def read_images(source: str | Path) -> Raw:
    """List the images of a folder or zip.

    The folders are classes: ``cat/1.png``. Above them may stand ``train``, ``val`` and ``test``
    (also training, valid, validation, dev, testing), and folders that hold everything are passed
    through. Beside two parts or more other folders are no classes: what is in them is left.

    Parameters
    ----------
    source : path
        A folder, or a zip of one.

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
    found = sorted(set(_entries(place) if place.is_file() else _files(place)))
    names = [name for name in found if _is_text(name)]
    images = [name for name in names if _is_image(name)]
    if not images:
        raise _without_images(place)
    common = _common(images)
    inner = [name.split("/")[common:] for name in images]
    levels = {parts[0].lower() for parts in inner if len(parts) > 1}
    parted = _are_parts(levels)
    classes, kinds = zip(*(_meaning(parts, parted=parted) for parts in inner), strict=True)
    root = str(place)
    frame = pl.DataFrame(
        {
            IMAGE: [f"{root}/{name}" for name in images],
            CLASS: pl.Series(classes, dtype=pl.String),
        }
    )
    if parted:
        frame = frame.with_columns(pl.Series(PART, kinds, dtype=pl.String))
    notes = [*_notes(names, classes, parted=parted)]
    if len(names) < len(found):
        notes.append(
            f"{len(found) - len(names):,} files have names that are no UTF-8 and are left."
        )
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


def _are_parts(levels: set[str]) -> bool:
    """Whether folders are parts of the data: all of them, or two parts and others beside them."""
    parts = {_PARTS[name] for name in levels if name in _PARTS}
    return bool(levels) and (levels <= set(_PARTS) or len(parts) > 1)


def _meaning(parts: Sequence[str], *, parted: bool) -> tuple[str | None, str | None]:
    """Give the class and the part of an image by the folders that it is in."""
    folders = list(parts[:-1])
    if not parted:
        return (folders[0] if folders else None), None
    part = _PARTS.get(folders[0].lower()) if folders else None
    return (folders[1] if part and len(folders) > 1 else None), part


def _common(names: Sequence[str]) -> int:
    """Count the folders that hold everything and say nothing."""
    split = [name.split("/") for name in names]
    count = 0
    while all(len(parts) > count + 2 for parts in split):
        heads = {parts[count] for parts in split}
        if len(heads) > 1 or heads.pop().lower() in _PARTS:
            break
        count += 1
    return count


def _notes(names: Sequence[str], classes: Iterable[str | None], *, parted: bool) -> Iterator[str]:
    others = Counter(Path(name).suffix.lower() or "none" for name in names if not _is_image(name))
    if others:
        kinds = ", ".join(f"{ending} ({count:,})" for ending, count in others.most_common(3))
        yield f"{sum(others.values()):,} files are no images by their ending and are left: {kinds}."
    loose = sum(name is None for name in classes)
    if loose and loose < len(names):
        where = "below train/, val/ and test/" if parted else "of a class"
        yield f"{loose:,} images are in no folder {where}: nobody says what they show."


def _entries(place: Path) -> list[str]:
    """List the files of a zip."""
    info = place.stat()
    return _entries_of(place, info.st_size, info.st_mtime_ns)


@lru_cache(maxsize=2)
def _entries_of(place: Path, size: int, changed: int) -> list[str]:
    """List them once for each state of the file: a directory of 70,000 takes a second."""
    try:
        with zipfile.ZipFile(place) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        got = f"{place.name}: {error}"
        raise DataError("a readable zip", got, "fetch it again: it is damaged") from None
    _bounded(len(infos), place)
    if any(info.flag_bits & 1 for info in infos):
        got = f"{place.name}, which has one"
        raise DataError("a zip without a password", got, "unpack it first")
    names = [info.filename for info in infos]
    return [name for name in names if name[-1:] != "/" and not _is_hidden(name)]


def _files(place: Path) -> Iterator[str]:
    """List the files of a folder; links to other folders are not followed."""
    if not place.is_dir():
        raise DataError("a folder or zip of images", f"no such folder {str(place)!r}")
    for count, name in enumerate(_walked(place)):
        _bounded(count, place)
        yield name


def _walked(place: Path) -> Iterator[str]:
    for folder, inner, files in os.walk(place):
        inner[:] = sorted(name for name in inner if not _is_hidden(name))
        below = Path(folder).relative_to(place)
        for name in sorted(files):
            if not _is_hidden(name):
                yield (below / name).as_posix()


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


def _is_image(name: str) -> bool:
    return f".{name.rpartition('.')[2].lower()}" in ENDINGS


def _is_hidden(name: str) -> bool:
    hidden = name[:1] == "." or "/." in name or "__" in name
    return hidden and any(p[:1] == "." or p in _HIDDEN for p in name.split("/"))
