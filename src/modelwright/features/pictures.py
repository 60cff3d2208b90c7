"""Columns that name pictures, as features beside the others.

A picture is opened once, when the table is read: its cell then holds what the picture looks like
(`picture_numbers`), as text. So no fold, no worker and no shuffled column opens a file again, equal
pictures are equal rows, and a step is a function of its table, as all steps are.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.core.unopened import UnopenedWarning, name_unopened
from modelwright.engine import core_count
from modelwright.features.images import ImageForm, open_images
from modelwright.features.picture_numbers import PLAIN, SIDE, SIZE, describe
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = [
    "FittedPictureColumns",
    "PictureColumns",
    "cell_of",
    "described",
    "described_and_unopened",
]

_FORM = ImageForm(3, SIDE, SIDE)
_MARK = "picture:"
_CURE = "name it: --images FOLDER (TableSettings(images=...), load(path, images=...))"
_CHUNK = 512
# Rows that directions are found in, the share of the variance that they keep, and how many of them.
_ROWS, _KEPT, _MOST = 4_000, 0.9, 40
# The numbers below `PLAIN`, in groups that count alike however many numbers each has.
_GROUPS = (512, 48, 64)
_WIDTH = sum(_GROUPS)
# Components are whole numbers up to here: sums of them are exact, in any order.
_WHOLE = 2**15

Whole = NDArray[np.int64]


def described(table: Table, columns: Sequence[str], folder: PictureFolder | None) -> Table:
    """Put what pictures look like in place of their names.

    Parameters
    ----------
    table : Table
        Cells of the columns name files of the folder.
    columns : sequence of str
        Which of its columns name pictures; those that it lacks are passed over.
    folder : PictureFolder, optional
        Where the pictures are; None where nobody knows.

    Returns
    -------
    Table
        What cannot be opened is missing; its notes name some, and say how many, and why.

    Raises
    ------
    OptionError
        When there is such a column, and no folder.
    """
    made, unopened = described_and_unopened(table, columns, folder)
    return replace(made, notes=(*made.notes, *map(str, unopened)))


def described_and_unopened(
    table: Table, columns: Sequence[str], folder: PictureFolder | None
) -> tuple[Table, tuple[UnopenedWarning, ...]]:
    """Give what `described` does, and what could not be opened of each column beside it."""
    named = [name for name in columns if name in table.schema]
    if named and folder is None:
        got = "none, and no file of the table beside which they could be"
        raise OptionError(f"a folder for the images of {named[0]!r}", got, _CURE)
    frame, unopened = table.frame, list[UnopenedWarning]()
    for name in named:
        assert folder is not None
        cells, faults = _opened(frame[name], folder)
        frame = frame.with_columns(cells)
        if faults:
            unopened.append(_told(table.frame[name], cells, faults))
    return replace(table, frame=frame), tuple(unopened)


def _opened(names: pl.Series, folder: PictureFolder) -> tuple[pl.Series, dict[str, str]]:
    """Open each picture once; give the cells, and which could not be opened, and why."""
    each = names.drop_nulls().unique(maintain_order=True)
    faults = dict[str, str]()
    found: dict[str, str] = {}
    for start in range(0, len(each), _CHUNK):
        places = {name: folder.place_of(name) for name in each[start : start + _CHUNK]}
        inside = {name: str(place) for name, place in places.items() if place is not None}
        outside = f"outside of {folder.path.name!r}"
        faults |= {name: outside for name, place in places.items() if place is None}
        if not inside:
            continue
        pixels = np.empty((len(inside), 3, SIDE, SIDE), np.uint8)
        opened = open_images(list(inside.values()), _FORM, pixels, threads=core_count())
        for row, (name, numbers) in enumerate(zip(inside, describe(pixels), strict=True)):
            if opened.good[row]:
                found[name] = cell_of(numbers)
            else:
                faults[name] = opened.why[row]
    cells = [None if name is None else found.get(name) for name in names]
    return pl.Series(names.name, cells, dtype=pl.String), faults


def cell_of(numbers: NDArray[np.uint8]) -> str:
    """Write what a picture looks like as a cell of a table.

    Parameters
    ----------
    numbers : ndarray of uint8, shape (628,)
        From `describe`.

    Examples
    --------
    >>> cell_of(np.zeros(628, np.uint8))[:12]
    'picture:AAAA'
    """
    return _MARK + b64encode(numbers.tobytes()).decode()


def _told(names: pl.Series, cells: pl.Series, faults: Mapping[str, str]) -> UnopenedWarning:
    lost, count = cells.null_count() - names.null_count(), len(faults)
    told = (
        f"{lost:,} of {len(cells):,} values of {names.name!r} became missing, as {count:,} "
        f"image{'s' * (count > 1)} could not be opened: {name_unopened(faults.items())}."
    )
    return UnopenedWarning(told, faults.items())


def _numbers_of(cells: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Give the numbers of described pictures, shape (n, 628), and which cells are one."""
    numbers = np.zeros((len(cells), SIZE), np.uint8)
    good = np.zeros(len(cells), bool)
    for row, cell in enumerate(cells):
        if cell is None or not cell.startswith(_MARK):
            continue
        with suppress(ValueError):
            data = b64decode(cell[len(_MARK) :], validate=True)
            if len(data) == SIZE:
                numbers[row] = np.frombuffer(data, np.uint8)
                good[row] = True
    return numbers, good


@dataclass(frozen=True)
class _Directions:
    """In which directions the pictures of a column differ most.

    Parameters
    ----------
    plain : tuple of int
        Positions of the numbers of `PLAIN` that vary.
    weights : ndarray of int64, shape (624, n_directions)
        What each number counts for, as whole numbers.
    offsets : ndarray of int64, shape (n_directions,)
        What the mean picture comes to.
    scales : ndarray of float64, shape (n_directions,)
        What brings each to a standard deviation of 1.
    """

    plain: tuple[int, ...]
    weights: Whole
    offsets: Whole
    scales: NDArray[np.float64]

    @property
    def names(self) -> list[str]:
        """What its features are called, after the column."""
        return [
            *(PLAIN[i] for i in self.plain),
            *(f"part {i + 1}" for i in range(len(self.scales))),
        ]

    def __call__(self, numbers: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map (n, 628) to (n, n_plain + n_directions)."""
        wide = numbers.astype(np.float64)
        parts = wide[:, len(PLAIN) :] @ self.weights.astype(np.float64) - self.offsets
        return np.hstack([wide[:, list(self.plain)], parts * self.scales]).astype(np.float32)

    @classmethod
    def of(cls, numbers: NDArray[np.uint8]) -> _Directions:
        """Find the directions of the most variance (Pearson 1901) of (n, 628) numbers."""
        plain = np.flatnonzero(np.ptp(numbers[:, : len(PLAIN)], axis=0))
        some = numbers[np.linspace(0, len(numbers) - 1, min(_ROWS, len(numbers))).astype(np.int64)]
        wide = some[:, len(PLAIN) :].astype(np.float64)
        mean = wide.mean(axis=0)
        ends = np.cumsum(_GROUPS)[:-1]
        spreads = [max(float(part.sum()), 1.0) for part in np.split(wide.var(axis=0), ends)]
        loud = np.repeat(np.sqrt(1 / np.array(spreads)), _GROUPS)
        centred = (wide - mean) * loud
        values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
        values, vectors = values[::-1], vectors[:, ::-1]
        shares = np.cumsum(values) / max(float(values.sum()), 1e-12)
        count = min(int(np.searchsorted(shares, _KEPT)) + 1, _MOST, len(some) - 1)
        count = min(count, int((values > 1e-6 * max(float(values[0]), 1e-12)).sum()))
        turned = vectors[:, :count] * np.sign(vectors[np.abs(vectors[:, :count]).argmax(axis=0),
                                                      np.arange(count)])  # fmt: skip
        exact = turned * loud[:, None] / np.sqrt(values[:count])
        scales = np.abs(exact).max(axis=0, initial=0.0) / _WHOLE
        weights = np.rint(exact / scales).astype(np.int64)
        offsets = np.rint(mean @ weights).astype(np.int64)
        return cls(tuple(plain.tolist()), weights, offsets, scales)


@dataclass(frozen=True)
class FittedPictureColumns:
    """Columns of described pictures, and the directions in which each of them varies.

    Parameters
    ----------
    columns : tuple of str
        The input columns.
    directions : tuple of _Directions
        Of each.
    """

    name: ClassVar[str] = "pictures"
    code_names: ClassVar[tuple[str, ...]] = ()

    columns: tuple[str, ...]
    directions: tuple[_Directions, ...]

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        pairs = zip(self.columns, self.directions, strict=True)
        return tuple(f"{column}: {name}" for column, one in pairs for name in one.names)

    def transform(self, table: Table) -> Matrix:
        """Make float32 features; NaN where there is no picture.

        Raises
        ------
        ColumnError
            When a column is absent.
        """
        columns = read(table, self.columns, [Kind.IMAGE] * len(self.columns))
        blocks = []
        for cells, directions in zip(columns, self.directions, strict=True):
            numbers, good = _numbers_of(cells)
            block = directions(numbers)
            block[~good] = np.nan
            blocks.append(block)
        return Matrix.of_numbers(np.hstack(blocks), self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        arrays: dict[str, NDArray[Any]] = {}
        for i, one in enumerate(self.directions):
            arrays |= {f"weights_{i}": one.weights.astype(np.int32), f"offsets_{i}": one.offsets}
            arrays |= {f"scales_{i}": one.scales}
        plain = [list(one.plain) for one in self.directions]
        return State({"columns": list(self.columns), "plain": plain}, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedPictureColumns:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            columns = texts(state.config, "columns")
            found = []
            for i, plain in enumerate(state.config["plain"]):
                names = ("weights", "offsets", "scales")
                weights, offsets, scales = (state.arrays[f"{name}_{i}"] for name in names)
                if weights.shape != (_WIDTH, len(scales)) or offsets.shape != scales.shape:
                    raise ValueError("directions of another shape")
                if not np.isfinite(scales).all() or np.abs(weights).max(initial=0) > _WHOLE:
                    raise ValueError("directions that are no numbers")
                if not set(plain) <= set(range(len(PLAIN))):
                    raise ValueError("plain numbers that are none")
                whole = weights.astype(np.int64), offsets.astype(np.int64)
                found.append(_Directions(tuple(plain), *whole, scales.astype(np.float64)))
            if len(found) != len(columns):
                raise ValueError("directions for each column are needed")
            return cls(columns, tuple(found))


@dataclass(frozen=True)
class PictureColumns:
    """Take what pictures look like: four plain numbers, and the directions of the most variance.

    The directions are those of the training rows alone, found without answers.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("photo", Kind.IMAGE),))
    >>> table = Table(pl.DataFrame({"photo": ["no picture", None]}), schema)
    >>> PictureColumns().fit(table, Target(np.zeros(2)), seed=0) is None
    True
    """

    uses_target: ClassVar[bool] = False

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedPictureColumns | None:
        """Find the directions of each column; None where no column has two different pictures."""
        names = columns_of(table, Kind.IMAGE)
        found = {}
        for cells in read(table, names, [Kind.IMAGE] * len(names)):
            numbers, good = _numbers_of(cells)
            if good.any() and np.ptp(numbers[good], axis=0).any():
                found[cells.name] = _Directions.of(numbers[good])
        return FittedPictureColumns(tuple(found), tuple(found.values())) if found else None
