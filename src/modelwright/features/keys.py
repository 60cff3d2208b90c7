"""Keys of entities that come again and again: numbers that rise as entities were added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.numbers import varies
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["FittedKeys", "Keys", "word_keys"]


# Above, float32 does not hold every whole number.
_EXACT = 2**24


def _known(series: pl.Series) -> NDArray[np.int64]:
    """List the keys, rising, where float32 would merge some; none where it holds them all."""
    keys = series.cast(pl.Int64, strict=False).drop_nulls()
    if not (keys > _EXACT).any():
        return np.empty(0, np.int64)
    return keys.unique().sort().to_numpy()


def _value(series: pl.Series, known: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give each key as it is, or its place among the known ones: a new one lies between two."""
    if not known.size:
        numbers = series.cast(pl.Float64, strict=False).cast(pl.Float32).to_numpy(writable=True)
        numbers[~np.isfinite(numbers)] = np.nan
        return numbers
    keys = series.cast(pl.Int64, strict=False)
    wanted = keys.fill_null(0).to_numpy()
    places = np.searchsorted(known, wanted) + np.searchsorted(known, wanted, side="right")
    numbers = ((places - 1) / 2).astype(np.float32)
    numbers[keys.is_null().to_numpy()] = np.nan
    return numbers


def _is_number(series: pl.Series) -> bool:
    return bool(series.drop_nulls().str.contains(r"^\d{1,18}$").all())


def word_keys(table: Table) -> tuple[str, ...]:
    """List the keys among the features that are words, to be coded as categories are.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("shop", Kind.ID), Column("user", Kind.ID)))
    >>> word_keys(Table(pl.DataFrame({"shop": ["A1", "A1"], "user": ["7", "8"]}), schema))
    ('shop',)
    """
    names = columns_of(table, Kind.ID)
    return tuple(name for name in names if not _is_number(table.frame[name].cast(pl.String)))


@dataclass(frozen=True)
class FittedKeys:
    """Columns of keys that are whole numbers and vary in the training rows.

    Parameters
    ----------
    columns : tuple of str
        The input columns.
    known : tuple of ndarray of int64
        For each column: nothing, and its keys are features as they are; or the keys of the training
        rows, rising, and their places are, since float32 would merge keys above 2^24.

    Examples
    --------
    >>> FittedKeys(("user",), (np.empty(0, np.int64),)).number_names
    ('user',)
    """

    name: ClassVar[str] = "keys"

    columns: tuple[str, ...]
    known: tuple[NDArray[np.int64], ...]

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return self.columns

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make one float32 feature a column; raises `ColumnError` for an absent column."""
        columns = read(table, self.columns, [Kind.ID] * len(self.columns))
        numbers = np.empty((table.height, len(columns)), np.float32)
        for j, (series, known) in enumerate(zip(columns, self.known, strict=True)):
            numbers[:, j] = _value(series, known)
        return Matrix.of_numbers(numbers, self.columns)

    def export(self) -> State:
        """Give the whole state."""
        places = {f"known{i}": known for i, known in enumerate(self.known) if known.size}
        return State(config={"columns": list(self.columns)}, arrays=places)

    @classmethod
    def restore(cls, state: State) -> FittedKeys:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            columns, none = texts(state.config, "columns"), np.empty(0, np.int64)
            known = tuple(state.arrays.get(f"known{i}", none) for i in range(len(columns)))
            for name, keys in zip(columns, known, strict=True):
                if keys.dtype != np.int64 or keys.ndim != 1 or (keys[1:] <= keys[:-1]).any():
                    raise ValueError(f"the keys of {name!r} do not rise")
            return cls(columns, known)


@dataclass(frozen=True)
class Keys:
    """Take whole-number keys of entities as numbers: they often rise with time, or by region.

    Only keys that are features come here; those that name each row are ignored from the start.
    Where keys are too long for float32 (above 2^24), their places among the keys of the training
    rows stand for them: the order stays, and no two become one.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> table = Table(pl.DataFrame({"user": ["7", "8", None]}), Schema((Column("user", Kind.ID),)))
    >>> fitted = Keys().fit(table, Target(np.zeros(3)), seed=0)
    >>> fitted.transform(table).numbers.ravel().tolist()
    [7.0, 8.0, nan]
    """

    uses_target: ClassVar[bool] = False

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedKeys | None:
        """Note the columns that vary; None when there are none."""
        words = word_keys(table)
        names = [name for name in columns_of(table, Kind.ID) if name not in words]
        columns = read(table, names, [Kind.ID] * len(names))
        known = {series.name: _known(series) for series in columns}
        kept = tuple(s.name for s in columns if varies(_value(s, known[s.name])))
        return FittedKeys(kept, tuple(known[name] for name in kept)) if kept else None
