"""Images of a folder or zip as rows: opened once, kept as pixels beside the run records."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import conform, read_raw
from modelwright.acquire.homes import expanded
from modelwright.acquire.images.listing import CLASS, IMAGE, PART
from modelwright.acquire.meaning.spellings import AS_WRITTEN
from modelwright.core.errors import DataError, OutputError
from modelwright.core.framing import encode_target, label_type
from modelwright.core.picture_place import short_place
from modelwright.core.progress import Progress
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.task import LabelType, Target, Task, TaskKind
from modelwright.core.unopened import name_unopened
from modelwright.engine import is_locked, lock_file
from modelwright.features.images import ImageForm, Opened, common_form
from modelwright.features.opening import open_again, open_into
from modelwright.plan.images.split import PictureSplit, split_pictures
from modelwright.store import read_json, write_json
from modelwright.store.files import output_error

__all__ = [
    "OpenedPictures",
    "PictureRows",
    "mark_of",
    "open_pictures",
    "read_pictures",
]

SCHEMA = Schema(
    (Column(IMAGE, Kind.IMAGE), Column(CLASS, Kind.CATEGORY, Role.TARGET, format=AS_WRITTEN))
)
_FORMAT = 3
_TASK_METRIC = "accuracy"
_CLASSES = 1_000
_KEPT = 4  # decoded sets that stay on the disk
# Seconds after which nobody is at work on a set that is not complete and that nobody has locked:
# just begun, or by somebody who takes no locks.
_BEGUN, _STALE = 2.0, 86_400.0
_MARKED = 64  # images that tell whether two processes see the same ones


@dataclass(frozen=True)
class OpenedPictures:
    """Images that were opened, whatever they show.

    Parameters
    ----------
    form : ImageForm
        What every image was brought to.
    pixels : ndarray of uint8, shape (n, channels, height, width)
        Mapped from a file.
    good : ndarray of bool, shape (n,)
        Which could be opened.
    digest : str
        The hash of which images there are, and of which could be opened.
    notes : tuple of str
        What the user should know.
    """

    form: ImageForm
    pixels: NDArray[np.uint8]
    good: NDArray[np.bool_]
    digest: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class PictureRows:
    """Images with their answers, and what each is for.

    Parameters
    ----------
    task : Task
        The question: which class.
    form : ImageForm
        What every image was brought to.
    names : tuple of str
        Where each is.
    pixels : ndarray of uint8, shape (n_rows, channels, height, width)
        Mapped from a file.
    y : Target
        The class of each.
    train, valid, test : ndarray of int64
        Positions of the rows to learn from, to choose by, and to score once.
    plan : str
        How they were told apart, in one sentence.
    digest : str
        The hash of which images there are, and of which could be opened.
    notes : tuple of str
        What the user should know.
    seed : int, optional
        Of the draw of `valid`; None where it is as given.
    """

    task: Task
    form: ImageForm
    names: tuple[str, ...]
    pixels: NDArray[np.uint8]
    y: Target
    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]
    plan: str
    digest: str
    notes: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def held(self) -> Target:
        """The classes of the held-out images."""
        return self.y.rows(self.valid)

    @property
    def shares(self) -> NDArray[np.float64]:
        """The share of each class among the rows to learn from."""
        counts = np.bincount(self.y.values[self.train], minlength=self.y.classes)
        shares: NDArray[np.float64] = counts / counts.sum()
        return shares


def read_pictures(
    source: str | Path, metric: str | None, store: Path, seed: int, live: Progress
) -> PictureRows:
    """Read the images of a folder or zip.

    What was opened once is kept below `store` as an array of bytes, and found again by the names,
    sizes and times of the files. Files that were out of reach are tried again each time.

    Parameters
    ----------
    source : path
        A folder or zip of class folders.
    metric : str, optional
        What decides; None: accuracy.
    store : pathlib.Path
        The folder of the run records.
    seed : int
        Of the rows that are held out.
    live : Progress
        Is told how far it is.

    Raises
    ------
    DataError
        When there are no two classes, or too few images that can be opened.
    """
    raw = read_raw(source)
    table = conform(raw.frame, SCHEMA, (IMAGE, CLASS))
    frame = raw.frame.with_columns(table.frame[CLASS])
    _check_names(raw.frame, frame)
    frame = frame.filter(pl.col(CLASS).is_not_null())
    if PART in frame.columns:
        frame = frame.filter(pl.col(PART).is_not_null())
    if not frame.height:
        cure = "put the images of each class into a folder of its name"
        raise DataError("images in folders of classes", "none in any", cure)
    found = open_pictures(source, frame[IMAGE].to_list(), store, live)
    notes = (*raw.notes, *found.notes)
    return _rows(frame, found.form, found.pixels, found.good, found.digest, metric, seed, notes)


def mark_of(rows: PictureRows) -> str:
    """Hash which images there are, what each is for and shows, and the pixels of a few.

    Wherever the files lie, and whenever they were written: two machines may have a copy each.

    Parameters
    ----------
    rows : PictureRows
        As `read_pictures` gives them.
    """
    found = hashlib.blake2b(f"{rows.form} {rows.task.classes}".encode(), digest_size=8)
    for part in (rows.y.values, rows.train, rows.valid, rows.test):
        found.update(part.tobytes())
    few = np.linspace(0, len(rows.pixels) - 1, min(_MARKED, len(rows.pixels))).astype(np.int64)
    found.update(rows.pixels[few].tobytes())
    return found.hexdigest()


def open_pictures(
    source: str | Path, places: Sequence[str], store: Path, live: Progress
) -> OpenedPictures:
    """Open images of a folder or zip, or find what was opened before.

    Parameters
    ----------
    source : path
        The folder or zip.
    places : sequence of str
        Which images, as `read_raw` names them.
    store, live
        As in `read_pictures`, whose errors it raises.
    """
    digest = _digest(expanded(str(source)), places)
    form, pixels, opened = _opened(places, store / "images" / digest, live)
    if opened.why:  # other rows to learn from, once more of them can be opened
        told = f"{digest} {sorted(opened.why)}".encode()
        digest = hashlib.blake2b(told, digest_size=8).hexdigest()
    return OpenedPictures(form, pixels, opened.good, digest, _told(opened, places))


def _check_names(raw: pl.DataFrame, frame: pl.DataFrame) -> None:
    lost = raw[CLASS].filter(raw[CLASS].is_not_null() & frame[CLASS].is_null())
    if len(lost):
        name = repr(lost[0])
        raise DataError("folders named for classes", f"{name}, which means nothing", "rename it")


def _rows(
    frame: pl.DataFrame,
    form: ImageForm,
    pixels: NDArray[np.uint8],
    good: NDArray[np.bool_],
    digest: str,
    metric: str | None,
    seed: int,
    notes: tuple[str, ...],
) -> PictureRows:
    part = frame[PART].to_numpy() if PART in frame.columns else np.full(frame.height, "train")
    if not (part == "train").any():
        cure = "put those to learn from under train/: what is under test/ never is"
        raise DataError("images under train/", f"{len(part):,} under other folders", cure)
    learned = frame.filter(pl.Series(good & (part == "train")))[CLASS]
    classes = _classes(learned)
    strange = good & ~frame[CLASS].is_in(classes).to_numpy()
    if strange.any():
        names = ", ".join(repr(n) for n in frame.filter(pl.Series(strange))[CLASS].unique()[:3])
        several = int(strange.sum()) > 1
        number = f"{int(strange.sum()):,} image{'s' * several}"
        notes += (
            f"{number} of classes that are not under train/ {'are' if several else 'is'} left out: "
            f"{names}.",
        )
        good = good & ~strange
    kind = TaskKind.BINARY if len(classes) == 2 else TaskKind.MULTICLASS
    known = tuple(classes)
    task = Task(kind, CLASS, metric or _TASK_METRIC, known, label_type(known, pl.String()))
    codes = np.zeros(frame.height, np.int64)
    usable = np.flatnonzero(good)
    codes[usable] = encode_target(task, frame[CLASS].gather(usable)).values
    y = Target(codes, len(known))
    split = split_pictures(y, good, part, pixels, seed)
    if not len(split.train) or not len(split.valid):
        got, cure = "copies of the same few", "add images that show something else"
        raise DataError("images to learn from and others to check", got, cure)
    notes += (*split.notes, *_absent(y, split, task))
    where = tuple(frame[IMAGE].to_list())
    drawn = None if (part[split.valid] == "val").any() else seed
    return PictureRows(task, form, where, pixels, y, *split[:4], digest, notes, drawn)


def _classes(learned: pl.Series) -> list[str]:
    counts = dict(learned.value_counts().iter_rows())
    if len(counts) < 2:
        got = f"only {next(iter(counts))!r}" if counts else "none whose images could be opened"
        raise DataError("images of at least 2 classes", got, "add a folder for each class")
    if len(counts) > _CLASSES:
        raise DataError(f"at most {_CLASSES:,} classes", f"{len(counts):,} folders")
    rare = min(counts, key=lambda name: counts[name])
    if counts[rare] < 2:
        cure = "add images, or take the folder away: a class seen once cannot be checked"
        raise DataError("at least 2 images of each class", f"1 of {rare!r}", cure)
    whole = label_type(tuple(counts), pl.String()) is LabelType.INTEGER
    return sorted(counts, key=int if whole else str)


def _absent(y: Target, split: PictureSplit, task: Task) -> list[str]:
    notes = []
    for name, rows in (("held-out images", split.valid), ("test/", split.test)):
        missing = sorted(set(range(y.classes)) - set(y.values[rows].tolist()))
        if len(rows) and missing:
            shown = ", ".join(repr(task.classes[code]) for code in missing[:5])
            notes.append(f"no image of {shown} among {name}: what is said of such a class is weak.")
    return notes


def _digest(source: Path, places: Sequence[str]) -> str:
    """Hash which files there are, with their sizes and times."""
    found = hashlib.blake2b(digest_size=8)
    start, packed = len(str(source)) + 1, source.is_file()
    if packed:
        info = source.stat()
        found.update(f"{info.st_size} {info.st_mtime_ns}".encode())
    for place in places:
        told = place[start:]
        if not packed:
            with suppress(OSError):  # a link to nothing
                info = os.stat(place)
                told += f" {info.st_size} {info.st_mtime_ns}"
        found.update(told.encode("utf-8", "surrogateescape") + b"\0")
    return found.hexdigest()


_Kept = tuple[ImageForm, NDArray[np.uint8], Opened]


def _opened(places: Sequence[str], folder: Path, live: Progress, tries: int = 3) -> _Kept:
    """Give the pixels from the disk, or open the images and put them there."""
    known = _kept(folder)
    if known is not None:
        return _found_again(known, places, folder)
    form = common_form(places)
    # in a folder of its own until it is complete: others may open the same images now
    part = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.part")
    fresh = part / "set"
    try:
        part.mkdir(parents=True)
        with lock_file(part / "lock"):
            fresh.mkdir()
            _make_room(part, len(places) * form.size)
            _note(fresh, _open_all(fresh / "pixels.npy", places, form, live))
            if _kept(folder) is None:
                shutil.rmtree(folder, ignore_errors=True)
                with suppress(OSError):  # somebody else was quicker
                    fresh.rename(folder)
        known = _kept(folder)
    except OSError as error:
        raise output_error(folder, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    if known is None and tries > 1:  # somebody made room just now
        return _opened(places, folder, live, tries - 1)
    if known is None:
        cure = "take that folder away, or name another one with --store"
        raise OutputError(f"to keep opened images in {folder}", "what is there is damaged", cure)
    return known


def _found_again(known: _Kept, places: Sequence[str], folder: Path) -> _Kept:
    """Give what was opened before, with images that were out of reach then and no longer are."""
    form, pixels, before = known
    with suppress(OSError):
        os.utime(folder)
    try:
        more = open_again(folder / "pixels.npy", places, form, before)
        if more is not None:
            _note(folder, more)
    except OSError as error:
        raise output_error(folder, error) from error
    return form, pixels, more or before


def _note(folder: Path, opened: Opened) -> None:
    """Write down what came of opening images."""
    facts = {"why": list(opened.why.items()), "changes": dict(opened.changes)}
    write_json(folder / "opened.json", {"format": _FORMAT, **facts})


def _kept(folder: Path) -> _Kept | None:
    """Give what was opened before, mapped; None when it is absent or of another format."""
    try:
        known = read_json(folder / "opened.json")
        if known["format"] != _FORMAT:
            return None
        pixels = np.load(folder / "pixels.npy", mmap_mode="r", allow_pickle=False)
        why = {int(row): str(reason) for row, reason in known["why"]}
        good = np.ones(len(pixels), bool)
        good[list(why)] = False
        changes = {str(name): int(count) for name, count in dict(known["changes"]).items()}
        return ImageForm(*pixels.shape[1:]), pixels, Opened(good, why, changes)
    except (DataError, LookupError, OSError, TypeError, ValueError):  # another form, or damaged
        return None


def _make_room(folder: Path, needed: int) -> None:
    """Forget what was opened longest ago, and see that there is space on the disk."""
    ages = {}
    for other in folder.parent.iterdir():
        with suppress(OSError):  # somebody else may take it away just now
            age = time.time() - other.stat().st_mtime
            if other.suffix != ".part":
                ages[other] = age
            elif _is_left(other / "lock", age):
                shutil.rmtree(other, ignore_errors=True)
    for other in sorted(ages, key=lambda other: ages[other])[_KEPT - 1 :]:
        shutil.rmtree(other, ignore_errors=True)
    free = shutil.disk_usage(folder).free
    if needed > 0.9 * free:
        got = f"{free / 1e9:.1f} GB in {folder.parent}"
        cure = "name a folder on a larger disk with --store, or take fewer images"
        raise DataError(f"{needed / 1e9:.1f} GB of disk for the pixels", got, cure)


def _is_left(lock: Path, age: float) -> bool:
    """Whether whoever was at work on a set is gone."""
    return not is_locked(lock) and age > (_BEGUN if lock.exists() else _STALE)


def _open_all(path: Path, places: Sequence[str], form: ImageForm, live: Progress) -> Opened:
    def tell(done: int) -> None:
        live.advance(None, f"opening images: {done:,} of {len(places):,}")

    tell(0)
    return open_into(path, places, form, tell)


def _told(opened: Opened, places: Sequence[str]) -> tuple[str, ...]:
    """Say what was done to images, and which could not be opened."""
    told = [
        f"{count:,} images {why}." if count > 1 else f"1 image {why.replace('their', 'its')}."
        for why, count in opened.changes.items()
    ]
    if opened.why:
        count = len(opened.why)
        named = name_unopened((short_place(places[row]), why) for row, why in opened.why.items())
        told.append(f"{count:,} image{'s' * (count > 1)} could not be opened: {named}.")
    return tuple(told)
