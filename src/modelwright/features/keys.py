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


def _value(series: pl.Series) -> NDArray[np.float32]:
    return series.cast(pl.Float64, strict=False).cast(pl.Float32).to_numpy()


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

    Examples
    --------
    >>> FittedKeys(("user",)).number_names
    ('user',)
    """

    name: ClassVar[str] = "keys"

    columns: tuple[str, ...]

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
        frame = read(table, self.columns, [Kind.ID] * len(self.columns))
        numbers = np.empty(frame.shape, np.float32)
        for j, series in enumerate(frame):
            numbers[:, j] = _value(series)
        numbers[~np.isfinite(numbers)] = np.nan
        return Matrix.of_numbers(numbers, self.columns)

    def export(self) -> State:
        """Give the whole state."""
        return State(config={"columns": list(self.columns)})

    @classmethod
    def restore(cls, state: State) -> FittedKeys:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            return cls(texts(state.config, "columns"))


@dataclass(frozen=True)
class Keys:
    """Take whole-number keys of entities as numbers: they often rise with time, or by region.

    Only keys that are features come here; those that name each row are ignored from the start.

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
        frame = read(table, names, [Kind.ID] * len(names))
        kept = tuple(series.name for series in frame if varies(_value(series)))
        return FittedKeys(kept) if kept else None
