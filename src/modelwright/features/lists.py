"""Columns with several labels in a cell: which of the common ones, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.lists import split_list
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.lookup import Cells, Lookup
from modelwright.features.numbers import varies
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["FittedLists", "Labels", "Lists"]


@dataclass(frozen=True)
class Labels:
    """What is taken from one column of lists.

    Parameters
    ----------
    column : str
        The input column.
    format : str
        What stands between two labels, as in `split_list`.
    known : tuple of str
        Labels whose presence is a feature.
    counted : bool
        Whether the number of labels is a feature.

    Examples
    --------
    >>> Labels("genre", "|", ("Drama",), True).names
    ('genre: labels', "genre: has 'Drama'")
    """

    column: str
    format: str
    known: tuple[str, ...]
    counted: bool

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features it makes."""
        count = (f"{self.column}: labels",) if self.counted else ()
        return count + tuple(f"{self.column}: has {label!r}" for label in self.known)

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup(self.known)

    def fill(self, cells: Cells, out: NDArray[np.float32]) -> None:
        """Write the features of the cells into `out`, of shape (n_rows, n_names)."""
        if self.counted:
            out[:, 0] = np.bincount(cells.rows, minlength=len(out))
        cells.mark(self._lookup, out[:, int(self.counted) :])
        out[cells.missing] = np.nan


def _cut(series: pl.Series, format: str) -> Cells:
    return Cells.of(split_list(series, format))


@dataclass(frozen=True)
class FittedLists:
    """Presence of the common labels, and the number of labels.

    Parameters
    ----------
    labels : tuple of Labels
        One a column.

    Examples
    --------
    >>> FittedLists((Labels("genre", "|", ("Drama",), True),)).columns
    ('genre',)
    """

    name: ClassVar[str] = "lists"

    labels: tuple[Labels, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(labels.column for labels in self.labels)

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(name for labels in self.labels for name in labels.names)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make float32 features, NaN for a missing cell; raises `ColumnError` when absent."""
        columns = read(table, self.columns, [Kind.LIST] * len(self.labels))
        numbers = np.empty((table.height, len(self.number_names)), np.float32)
        start = 0
        for labels, series in zip(self.labels, columns, strict=True):
            stop = start + len(labels.names)
            cut = partial(_cut, series, labels.format)
            cells = table.once((_cut, labels.column, labels.format), cut)
            labels.fill(cells, numbers[:, start:stop])
            start = stop
        return Matrix.of_numbers(numbers, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        columns = [
            {
                "column": labels.column,
                "format": labels.format,
                "known": list(labels.known),
                "counted": labels.counted,
            }
            for labels in self.labels
        ]
        return State(config={"columns": columns})

    @classmethod
    def restore(cls, state: State) -> FittedLists:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            found = tuple(
                Labels(
                    str(item["column"]),
                    str(item["format"]),
                    texts(item, "known"),
                    bool(item["counted"]),
                )
                for item in state.config["columns"]
            )
            for labels in found:
                if len(set(labels.known)) != len(labels.known):
                    raise ValueError(f"a label of {labels.column!r} comes twice")
            return cls(found)


@dataclass(frozen=True)
class Lists:
    """Say for each of the most common labels whether a cell has it, and how many labels there are.

    Parameters
    ----------
    most : int
        How many labels of a column at most; 0 for their number only.
    min_count : int
        The least number of training rows that have a label, at least 1.

    Raises
    ------
    OptionError
        When `most` is negative or `min_count` below 1.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("genre", Kind.LIST, format="|"),))
    >>> table = Table(pl.DataFrame({"genre": ["Drama|War", "Drama", "War|Crime", None]}), schema)
    >>> fitted = Lists().fit(table, Target(np.zeros(4)), seed=0)
    >>> fitted.number_names
    ('genre: labels', "genre: has 'Drama'", "genre: has 'War'")
    >>> fitted.transform(table).numbers[:2].tolist()
    [[2.0, 1.0, 1.0], [1.0, 1.0, 0.0]]
    """

    uses_target: ClassVar[bool] = False

    most: int = 64
    min_count: int = 2

    def __post_init__(self) -> None:
        if self.most < 0 or self.min_count < 1:
            raise OptionError(
                "most to be 0 or more and min_count at least 1", f"{self.most}, {self.min_count}"
            )

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedLists | None:
        """Choose the labels; None when no column of lists varies."""
        names = columns_of(table, Kind.LIST)
        columns = read(table, names, [Kind.LIST] * len(names))
        found = tuple(self._labels(one, table.schema[one.name].format) for one in columns)
        useful = tuple(labels for labels in found if labels.names)
        return FittedLists(useful) if useful else None

    def _labels(self, series: pl.Series, format: str) -> Labels:
        lists = split_list(series, format)
        count = varies(lists.list.len().cast(pl.Float32).to_numpy())
        every = pl.DataFrame({"label": lists.explode().drop_nulls()})["label"].value_counts()
        common = every.filter(
            (pl.col("count") >= self.min_count) & (pl.col("count") < max(len(series), 1))
        ).sort(["count", "label"], descending=[True, False])
        return Labels(series.name, format, tuple(common["label"].head(self.most)), count)
