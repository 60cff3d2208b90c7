"""Images opened, brought to one size, and given as pixels; what cannot be opened is counted.

The one door to Pillow. A file from a stranger may be a bomb, cut short, or of a mode that nobody
expects: each is met before memory is taken for it.
"""

from __future__ import annotations

import io
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.deferred import Deferred
from modelwright.core.errors import DataError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.engine import core_count
from modelwright.features.image_files import (
    IN_DAMAGED_ZIP,
    NO_MEMORY,
    OVER_BYTES,
    ImageFiles,
    UnfitError,
)
from modelwright.features.image_marks import marks_of
from modelwright.features.reading import read, sound_state

__all__ = ["FittedImages", "ImageForm", "Opened", "as_png", "common_form", "open_images"]

pillow = Deferred("PIL.Image", extra="deep")
operations = Deferred("PIL.ImageOps", extra="deep")

Pixels = NDArray[np.uint8]

_MOST_PIXELS = 2**26
_OVER_PIXELS = f"over {_MOST_PIXELS / 1e6:.0f} million pixels"
_EMPTY, _CUT, _DAMAGED = "an empty file", "cut short", "no image, or a damaged one"
# What is wrong with a file itself; anything else that is in the way may be gone another time.
_LASTING = (_EMPTY, _CUT, _DAMAGED, _OVER_PIXELS, OVER_BYTES, IN_DAMAGED_ZIP)
# Images of more pixels are decoded one at a time in a process, however many threads there are.
_LARGE_PIXELS = 2**23
_LARGE = Lock()
# Images of such sides, all of one size, are taken as they are; others are brought to one form of at
# most so many pixels as a square of this side has.
_LEAST, _SMALL, _SIDE = 2, 64, 96
# Sides of other forms are multiples of the first, for more than so small a part of it, and not
# smaller than the last.
_STEP, _SCRAP, _LEAST_SIDE = 8, 0.1, 16
# A shape is kept where nearly all images (all but such shares at either end) have it, give or take
# a factor; what is nearly square becomes a square, and nothing is longer than so many times its
# breadth.
_RARE, _ALIKE, _LONG = 0.05, 1.15, 4.0
# Where a greater share of an image is cut off, it is told.
_CUT_OFF = 0.2
_LOOKED = 256
# A thread takes so many images at a time at most, and so many turns at least.
_CHUNK, _TURNS = 256, 8
# What is looked for in a file, the usual first; nothing that starts another program, as EPS does.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "DIB", "TIFF", "WEBP", "ICO", "JPEG2000", "AVIF")
_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
_MOVING = ("GIF", "WEBP", "PNG")
_TURNED = ("JPEG", "MPO", "TIFF", "WEBP", "PNG")
_WIDE = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


@dataclass(frozen=True)
class ImageForm:
    """What every image is brought to.

    Parameters
    ----------
    channels : int
        1: grey, 3: red, green and blue.
    height, width : int
        Pixels.

    Examples
    --------
    >>> ImageForm(3, 32, 32).size
    3072
    """

    channels: int
    height: int
    width: int

    @property
    def size(self) -> int:
        """Numbers in an image."""
        return self.channels * self.height * self.width

    def __str__(self) -> str:
        return f"{self.height} x {self.width}, {'grey' if self.channels == 1 else 'in colour'}"


@dataclass(frozen=True)
class Opened:
    """What came of opening images.

    Parameters
    ----------
    good : ndarray of bool, shape (n_rows,)
        Which could be opened; the pixels of the others are zero.
    why : mapping of int to str
        The rows of those that could not, and why.
    changes : mapping of str to int
        What was done to images of a rare kind, and to how many.
    """

    good: NDArray[np.bool_]
    why: Mapping[int, str]
    changes: Mapping[str, int]

    @property
    def faults(self) -> dict[str, int]:
        """Why images could not be opened, and how many, the most first."""
        return dict(Counter(self.why.values()).most_common())

    @property
    def passing(self) -> list[int]:
        """Rows whose files may be sound: the system or memory was in the way."""
        return [row for row, why in self.why.items() if why not in _LASTING]


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Silence Pillow's warnings: what they warn of is bounded or counted here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def common_form(places: Sequence[str]) -> ImageForm:
    """Find what images are to be brought to, by a few of them.

    Parameters
    ----------
    places : sequence of str
        Files, or entries of zips as ``archive.zip/cat/1.png``.

    Returns
    -------
    ImageForm
        The size that all have, where that is 2 to 64 pixels a side; else the shape that nearly all
        have, or a square, with no more pixels than a square of 96. Grey when all are.

    Raises
    ------
    DataError
        When none of those looked at is an image.
    """
    step = max(len(places) // _LOOKED, 1)
    sizes, grey, why = [], True, Counter[str]()
    with ImageFiles() as files, _no_warnings():
        for place in places[::step]:
            try:
                with _opened(files.bytes_of(place)) as image:
                    sizes.append(_sides(image))
                    grey = grey and image.mode in ("1", "L", *_WIDE)
            except UnfitError as error:
                why[str(error)] += 1
    if not sizes:
        reason = ", ".join(why)
        raise DataError("images that can be opened", f"none of {len(places):,}: {reason}")
    channels = 1 if grey else 3
    if len(set(sizes)) == 1 and _LEAST <= min(sizes[0]) <= max(sizes[0]) <= _SMALL:
        return ImageForm(channels, *sizes[0])
    return ImageForm(channels, *_usual_sides(np.array(sizes, np.float64)))


def _sides(image: Any) -> tuple[int, int]:
    """Give the height and the width at which an image is seen."""
    sides = image.height, image.width
    with suppress(Exception):  # damaged EXIF data: told where it is decoded
        if image.format in _TURNED and _orientation(image) in _LYING:
            return sides[::-1]
    return sides


def _usual_sides(sizes: NDArray[np.float64]) -> tuple[int, int]:
    """Give the height and the width that images of such heights and widths are brought to."""
    ratios = sizes[:, 1] / sizes[:, 0]
    low, ratio, high = np.quantile(ratios, (_RARE, 0.5, 1 - _RARE))
    alike = ratio / _ALIKE < low and high < ratio * _ALIKE
    if not alike or 1 / _ALIKE < ratio < _ALIKE:
        ratio = 1.0
    ratio = min(max(ratio, 1 / _LONG), _LONG)
    short = float(np.median(sizes.min(axis=1)))
    area = min(short**2 * max(ratio, 1 / ratio), float(_SIDE**2))
    return _rounded(math.sqrt(area / ratio)), _rounded(math.sqrt(area * ratio))


def _rounded(side: float) -> int:
    return max(_STEP * math.ceil(side / _STEP - _SCRAP), _LEAST_SIDE)


def open_images(
    places: Sequence[str],
    form: ImageForm,
    into: Pixels,
    *,
    threads: int | None = None,
    files: ImageFiles | None = None,
    tell: Callable[[int], None] | None = None,
) -> Opened:
    """Open images, and write their pixels into an array, a few at a time.

    Turned as their EXIF data say; transparent ones on white; 16 bits and floats scaled to 8; of
    several frames the first; cut to the form around the middle.

    Parameters
    ----------
    places : sequence of str
        As for `common_form`.
    form : ImageForm
        What each is brought to.
    into : ndarray of uint8, shape (n_rows, channels, height, width)
        Is filled; may be a memory map.
    threads : int, optional
        Beside each other. None: one a core, but one alone for small images, where threads wait
        for Python's lock longer than they decode.
    files : ImageFiles, optional
        Where zips stay open between calls; None: they are closed in the end.
    tell : callable, optional
        Is told now and then how many are done.

    Returns
    -------
    Opened
    """
    good = np.zeros(len(places), bool)
    if threads is None:
        threads = 1 if max(form.height, form.width) <= _SMALL else core_count()
    chunk = min(_CHUNK, max(len(places) // (_TURNS * threads), 1))
    why, changes = dict[int, str](), Counter[str]()
    with _no_warnings(), ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(threads))
        opener = stack.enter_context(ImageFiles()) if files is None else files

        def work(start: int) -> tuple[dict[int, str], Counter[str]]:
            bad, done = dict[int, str](), Counter[str]()
            for row in range(start, min(start + chunk, len(places))):
                try:
                    into[row] = _pixels(opener.bytes_of(places[row]), form, done)
                    good[row] = True
                except UnfitError as error:
                    into[row] = 0
                    bad[row] = str(error)
            return bad, done

        starts = range(0, len(places), chunk)
        for start, (bad, done) in zip(starts, pool.map(work, starts), strict=True):
            why |= bad
            changes += done
            if tell is not None:
                tell(min(start + chunk, len(places)))
    return Opened(good, why, dict(changes.most_common()))


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """Open an image without decoding it."""
    if not data:
        raise UnfitError(_EMPTY)
    try:
        image = pillow.open(io.BytesIO(data), formats=_FORMATS)
    except pillow.DecompressionBombError:
        raise UnfitError(_OVER_PIXELS) from None
    except Exception as error:  # a format's reader may fail in any way on a stranger's bytes
        raise UnfitError(NO_MEMORY if _is_memory(error) else _DAMAGED) from error
    with image:
        if image.width * image.height > _MOST_PIXELS:
            raise UnfitError(_OVER_PIXELS)
        yield image


def _pixels(data: bytes, form: ImageForm, changes: Counter[str]) -> Pixels:
    """Give the pixels of one image file: (channels, height, width)."""
    with _opened(data) as image:
        try:
            return _brought(image, form, changes)
        except UnfitError:
            raise
        except Exception as error:  # likewise
            why = _CUT if "truncated" in str(error) else _DAMAGED
            raise UnfitError(NO_MEMORY if _is_memory(error) else why) from error


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "out of memory" in str(error)


def _brought(image: Any, form: ImageForm, changes: Counter[str]) -> Pixels:
    mode = "L" if form.channels == 1 else "RGB"
    if image.format == "JPEG":  # decoded at an eighth, a quarter or a half where that is enough
        image.draft(mode, (2 * form.width, 2 * form.height))
    with _LARGE if image.width * image.height > _LARGE_PIXELS else nullcontext():
        return _decoded(image, mode, form, changes)


def _decoded(image: Any, mode: str, form: ImageForm, changes: Counter[str]) -> Pixels:
    if image.format in _TURNED and _orientation(image) not in (0, 1):
        image = operations.exif_transpose(image)
        changes["turned as their EXIF data say"] += 1
    if image.format in _MOVING and getattr(image, "is_animated", False):
        changes["of several frames seen by the first"] += 1
    if image.mode in _WIDE:
        image = _eight_bits(image)
        changes["of more than 8 bits scaled down"] += 1
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = _on_white(image)
        changes["with transparent pixels put on white"] += 1
    if image.mode == "CMYK":
        changes["of printing colours (CMYK) converted"] += 1
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != (form.width, form.height):
        box = (form.width, form.height)
        longer = image.width * form.height / (image.height * form.width)
        if min(longer, 1 / longer) < 1 - _CUT_OFF:
            changes["of another shape cut to their middle, by a fifth or more"] += 1
        image = operations.fit(image, box, method=pillow.Resampling.BILINEAR)
    pixels = np.asarray(image, np.uint8)
    return pixels[None] if form.channels == 1 else pixels.transpose(2, 0, 1)


def _orientation(image: Any) -> int:
    """Read how an image was held: 1 is upright."""
    known = "exif" in image.info or image.format == "TIFF"
    return int(image.getexif().get(_ORIENTATION, 1)) if known else 1


def _eight_bits(image: Any) -> Any:
    """Scale 16 bits, 32 bits or floats to 0 to 255."""
    values: NDArray[np.floating[Any]]
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.float32) / np.float32(257.0)
    else:
        values = np.asarray(image).astype(np.float64)
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        low, high = float(values.min()), float(values.max())
        if low < 0 or high > 255 or (image.mode == "F" and high <= 1):
            values = (values - low) * (255.0 / max(high - low, 1e-12))
    return pillow.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _on_white(image: Any) -> Any:
    clear = image.convert("RGBA")
    ground = pillow.new("RGBA", clear.size, (255, 255, 255, 255))
    return pillow.alpha_composite(ground, clear).convert("RGB")


def as_png(pixels: Pixels) -> bytes:
    """Write the pixels of one image as a PNG file.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (channels, height, width)

    Examples
    --------
    >>> as_png(np.zeros((1, 2, 2), np.uint8))[1:4]
    b'PNG'
    """
    plain = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    buffer = io.BytesIO()
    pillow.fromarray(np.ascontiguousarray(plain)).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


@dataclass(frozen=True)
class FittedImages:
    """A column of places of images, which become pixels.

    Parameters
    ----------
    column : str
        The input column.
    form : ImageForm
        What every image is brought to.

    Examples
    --------
    >>> FittedImages("image", ImageForm(1, 1, 2)).number_names
    ('image: 0', 'image: 1')
    """

    name: ClassVar[str] = "images"
    code_names: ClassVar[tuple[str, ...]] = ()

    column: str
    form: ImageForm

    @property
    def columns(self) -> tuple[str, ...]:
        """The input column."""
        return (self.column,)

    @property
    def number_names(self) -> tuple[str, ...]:
        """One a pixel and channel."""
        return tuple(f"{self.column}: {i}" for i in range(self.form.size))

    def transform(self, table: Table) -> Matrix:
        """Give the pixels as float32, 0 to 255; NaN throughout for what cannot be opened.

        Raises
        ------
        ColumnError
            When the column is absent.
        """
        return self.opened(table)[0]

    def opened(self, table: Table) -> tuple[Matrix, Mapping[int, str]]:
        """Give what `transform` does, and which rows could not be opened, and why."""
        pixels, opened = self._pixels(table)
        numbers = pixels.reshape(len(pixels), self.form.size).astype(np.float32)
        numbers[~opened.good] = np.nan
        return Matrix.of_numbers(numbers, self.number_names), opened.why

    def marked(self, table: Table) -> Table:
        """Give rows with marks of what the images show in place of where they are."""
        pixels, opened = self._pixels(table)
        marks = pl.Series(self.column, marks_of(pixels)).set(pl.Series(~opened.good), None)
        return Table(table.frame.with_columns(marks), table.schema)

    def _pixels(self, table: Table) -> tuple[Pixels, Opened]:
        places = read(table, self.columns, [Kind.IMAGE])[0].fill_null("").to_list()
        form = self.form
        into = np.empty((len(places), form.channels, form.height, form.width), np.uint8)
        return into, open_images(places, form, into)

    def export(self) -> State:
        """Give the whole state."""
        form = self.form
        sizes = {"channels": form.channels, "height": form.height, "width": form.width}
        return State(config={"column": self.column, **sizes})

    @classmethod
    def restore(cls, state: State) -> FittedImages:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            sizes = [int(state.config[name]) for name in ("channels", "height", "width")]
            if sizes[0] not in (1, 3) or not all(0 < side <= 1_024 for side in sizes[1:]):
                raise ValueError("images of a strange form")
            return cls(str(state.config["column"]), ImageForm(*sizes))
