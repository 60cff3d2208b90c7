"""Strings that resemble each other: job titles, names, remarks as points on a few axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.grams import Bag, bag
from modelwright.features.reading import columns_of, read, sound_state, texts
from modelwright.features.sparse import Pieces, main_axes

__all__ = ["Axes", "FittedStrings", "Strings", "cut", "distinct", "string_columns"]

_MANY = 30  # levels from which a category is worth reading
_WORDS = 1.5  # of a level: how one word is spelled says little that the level itself does not
_FIT_ROWS = 10_000  # different strings that choose the pieces and the axes
_CHUNK = 20_000  # strings whose pieces are in memory at a time
_RUNS = (3, 4)


def distinct(series: pl.Series) -> tuple[pl.Series, NDArray[np.int64]]:
    """Give the different strings of a column, and for each row which it has: -1 for none.

    Examples
    --------
    >>> strings, place = distinct(pl.Series(["b", None, "a", "b"]))
    >>> strings.to_list(), place.tolist()
    (['b', 'a'], [0, -1, 1, 0])
    """
    strings = series.drop_nulls().unique(maintain_order=True)
    if len(strings) == len(series):
        return strings, np.arange(len(series))
    place = series.cast(pl.Enum(strings)).to_physical().cast(pl.Int64).fill_null(-1)
    return strings, place.to_numpy()


def string_columns(table: Table) -> tuple[tuple[str, ...], tuple[Kind, ...]]:
    """List the columns whose spelling may tell something: texts, and many levels of some words."""
    names = [
        name
        for name in columns_of(table, Kind.TEXT, Kind.CATEGORY)
        if table.schema[name].kind is Kind.TEXT
        or (not table.schema[name].levels and _wordy(table.frame[name]))
    ]
    return tuple(names), tuple(table.schema[name].kind for name in names)


def _wordy(series: pl.Series) -> bool:
    levels = series.drop_nulls().unique()
    if len(levels) <= _MANY:
        return False
    words = levels.str.count_matches(r"[^\s_/,;.-]+").mean()
    return isinstance(words, float) and words >= _WORDS


def cut(strings: pl.Series, kind: Kind) -> Bag:
    """Cut strings into runs of characters, and words and pairs of words where they are text."""
    return bag(strings, runs=_RUNS, words=2 if kind is Kind.TEXT else 1)


@dataclass(frozen=True)
class Axes:
    """The main axes of the strings of one column.

    Parameters
    ----------
    column : str
        The input column.
    kind : Kind
        Text or category.
    pieces : Pieces
        What strings are made of.
    axes : ndarray of float32, shape (n_pieces, n_axes)
        Orthonormal.

    Examples
    --------
    >>> none = Pieces(np.empty(0, np.uint64), np.empty(0, np.float32))
    >>> Axes("job", Kind.TEXT, none, np.empty((0, 2), np.float32)).names
    ('job: axis 1', 'job: axis 2')
    """

    column: str
    kind: Kind
    pieces: Pieces
    axes: NDArray[np.float32]

    @property
    def names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(f"{self.column}: axis {i + 1}" for i in range(self.axes.shape[1]))

    def place(self, series: pl.Series) -> NDArray[np.float32]:
        """Give the place of each string: shape (n_rows, n_axes), NaN for a missing one."""
        strings, place = distinct(series)
        out = np.full((len(strings) + 1, self.axes.shape[1]), np.nan, np.float32)
        for start in range(0, len(strings), _CHUNK):
            some = strings[start : start + _CHUNK]
            found = self.pieces.weigh(cut(some, self.kind)) @ self.axes
            out[start : start + len(some)] = found
        return out[place]


@dataclass(frozen=True)
class FittedStrings:
    """Where strings lie on the main axes of their columns.

    Parameters
    ----------
    strings : tuple of Axes
        One a column.

    Examples
    --------
    >>> FittedStrings(()).number_names
    ()
    """

    name: ClassVar[str] = "strings"

    strings: tuple[Axes, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(one.column for one in self.strings)

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(name for one in self.strings for name in one.names)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make float32 features, NaN for a missing string; raises `ColumnError` when absent."""
        frame = read(table, self.columns, [one.kind for one in self.strings])
        blocks = [one.place(series) for one, series in zip(self.strings, frame, strict=True)]
        return Matrix.of_numbers(np.hstack(blocks), self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        arrays: dict[str, NDArray[np.generic]] = {}
        for i, one in enumerate(self.strings):
            arrays |= {f"codes{i}": one.pieces.codes, f"rarity{i}": one.pieces.rarity}
            arrays[f"axes{i}"] = one.axes
        kinds = [one.kind.value for one in self.strings]
        return State({"columns": list(self.columns), "kinds": kinds}, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedStrings:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            found = []
            for i, column, kind in numbered_columns(state):
                axes = np.asarray(state.arrays[f"axes{i}"], np.float32)
                pieces = restored_pieces(state, i)
                if axes.ndim != 2 or len(axes) != len(pieces.codes):
                    raise ValueError(f"the axes of {column!r} do not fit its pieces")
                found.append(Axes(column, kind, pieces, axes))
            return cls(tuple(found))


def numbered_columns(state: State) -> list[tuple[int, str, Kind]]:
    """Read the columns of a state, each with its number and kind; raises like `sound_state`."""
    columns, kinds = texts(state.config, "columns"), texts(state.config, "kinds")
    if not set(kinds) <= {Kind.TEXT.value, Kind.CATEGORY.value}:
        raise ValueError("columns of strings are texts or categories")
    return [
        (i, column, Kind(kind)) for i, (column, kind) in enumerate(zip(columns, kinds, strict=True))
    ]


def restored_pieces(state: State, i: int) -> Pieces:
    """Read the pieces of column `i`; raises like `sound_state`."""
    codes, rarity = state.arrays[f"codes{i}"], state.arrays[f"rarity{i}"]
    if codes.dtype != np.uint64 or codes.ndim != 1 or (np.diff(codes.astype(object)) <= 0).any():
        raise ValueError("codes of pieces do not ascend")
    if rarity.shape != codes.shape:
        raise ValueError("pieces and their weights differ in number")
    return Pieces(codes, np.asarray(rarity, np.float32))


@dataclass(frozen=True)
class Strings:
    """Place similar strings near each other, by the runs of letters that they share.

    Texts, and categories of more than 30 levels, are cut into runs of three and four characters
    and into words; each becomes a vector of tf-idf weights, and the vectors are projected on
    their main axes (latent semantic analysis, Deerwester et al. 1990; for dirty categories,
    Cerda and Varoquaux 2020). So *Police Officer III* lies beside *Police Officer II*, and a new
    spelling beside the old one. The target is never looked at.

    Parameters
    ----------
    axes : int
        How many numbers a column becomes at most, at least 1.
    pieces : int
        How many pieces are known of a column at most, at least 1.

    Raises
    ------
    OptionError
        When one of them is below 1.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> jobs = ["police officer", "police officer II", "bus driver", "bus driver II"] * 2
    >>> frame = pl.DataFrame({"job": [f"{job} {i}" for i, job in enumerate(jobs)]})
    >>> table = Table(frame, Schema((Column("job", Kind.TEXT),)))
    >>> fitted = Strings(axes=2).fit(table, Target(np.zeros(8)), seed=0)
    >>> new = Table(pl.DataFrame({"job": ["polcie officer", "BUS DRIVER"]}), table.schema)
    >>> (abs(fitted.transform(new).numbers).round(1)).tolist()
    [[0.9, 0.0], [0.0, 0.9]]
    """

    uses_target: ClassVar[bool] = False

    axes: int = 24
    pieces: int = 4_000

    def __post_init__(self) -> None:
        if self.axes < 1 or self.pieces < 1:
            raise OptionError("axes and pieces to be at least 1", f"{self.axes}, {self.pieces}")

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedStrings | None:
        """Find pieces and axes; None when no column has strings that share some."""
        names, kinds = string_columns(table)
        frame = read(table, names, kinds)
        pairs = zip(frame, kinds, strict=True)
        found = [self._axes(series, kind, seed) for series, kind in pairs]
        useful = tuple(one for one in found if one.axes.shape[1])
        return FittedStrings(useful) if useful else None

    def _axes(self, series: pl.Series, kind: Kind, seed: int) -> Axes:
        some = sample(series.drop_nulls().unique(maintain_order=True), seed)
        pieces_of = cut(some, kind)
        pieces = Pieces.fit(pieces_of, most=self.pieces, least=2)
        axes = np.empty((len(pieces.codes), 0), np.float32)
        if len(pieces.codes):
            axes = main_axes(pieces.weigh(pieces_of), self.axes, seed)
        return Axes(series.name, kind, pieces, axes)


def sample(strings: pl.Series, seed: int, most: int = _FIT_ROWS) -> pl.Series:
    """Draw at most so many strings, in their order."""
    if len(strings) <= most:
        return strings
    chosen = np.random.default_rng(seed).choice(len(strings), most, replace=False)
    return strings.gather(np.sort(chosen))
