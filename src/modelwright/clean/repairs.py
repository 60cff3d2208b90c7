"""Repairs of single cells, applied or proposed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.mending.rewriting import Rewrite

__all__ = ["LOG", "Means", "Repair", "Repairs", "changed", "log_of", "rows_left"]

Means = Rewrite | tuple[str, ...]
"""What stands behind the words of a rule."""

LOG: Mapping[str, pl.DataType] = {
    "row": pl.Int64(),
    "column": pl.String(),
    "old": pl.String(),
    "new": pl.String(),
    "rule": pl.String(),
    "confidence": pl.Float64(),
    "applied": pl.Boolean(),
}
"""The columns of a log of changes."""


class Repair(NamedTuple):
    """One change of one cell.

    Parameters
    ----------
    row : int
        Counted from 0.
    column : str
        Its column.
    old, new : str or None
        What it said, and what it ought to say; None for a missing value.
    rule : str
        Why, in plain words.
    confidence : float
        How likely `new` is right, from 0 to 1.
    applied : bool
        Whether it is done; otherwise it is proposed only.
    """

    row: int
    column: str
    old: str | None
    new: str | None
    rule: str
    confidence: float
    applied: bool

    @property
    def whole_row(self) -> bool:
        """Whether it leaves a row out; a change of a cell changes something."""
        return self.row >= 0 and not self.column and self.old is None and self.new is None


@dataclass(frozen=True)
class Repairs:
    """Changes of cells, at most one of each.

    Parameters
    ----------
    all : tuple of Repair
        By row and column.
    means : mapping of str to Rewrite or tuple of str
        What stands behind the words of a rule: a rule of rewriting, or the columns that settle a
        cell.

    Examples
    --------
    >>> one = Repair(0, "town", "Rxme", "Rome", "written nearly so", 0.95, True)
    >>> repairs = Repairs.of([one])
    >>> repairs.apply(pl.DataFrame({"town": ["Rxme", "Oslo"]}))["town"].to_list()
    ['Rome', 'Oslo']
    >>> repairs.log().columns
    ['row', 'column', 'old', 'new', 'rule', 'confidence', 'applied']
    """

    all: tuple[Repair, ...]
    means: Mapping[str, Means] = field(default_factory=dict)

    @classmethod
    def of(cls, repairs: Iterable[Repair], means: Mapping[str, Means] | None = None) -> Repairs:
        """Bring repairs into order."""
        order = sorted(repairs, key=lambda one: (one.row, one.column))
        return cls(tuple(order), means or {})

    def __iter__(self) -> Iterator[Repair]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    @cached_property
    def applied(self) -> tuple[Repair, ...]:
        """Those that are done."""
        return tuple(one for one in self.all if one.applied)

    @cached_property
    def proposed(self) -> tuple[Repair, ...]:
        """Those that wait for somebody to agree."""
        return tuple(one for one in self.all if not one.applied)

    def by_rule(self) -> list[tuple[str, str, int, int]]:
        """Count repairs: column, rule, how many are applied, how many proposed; the most first."""
        counts: dict[tuple[str, str], list[int]] = {}
        for one in self.all:
            counts.setdefault((one.column, one.rule), [0, 0])[0 if one.applied else 1] += 1
        rows = [(column, rule, did, may) for (column, rule), (did, may) in counts.items()]
        return sorted(rows, key=lambda row: (-row[2] - row[3], row[0], row[1]))

    def apply(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Give the table with the applied repairs done.

        Parameters
        ----------
        cells : polars.DataFrame
            The table that they are for.

        Returns
        -------
        polars.DataFrame
            The same rows and columns, in the same order.
        """
        return changed(cells, self.applied)

    def log(self) -> pl.DataFrame:
        """Give all of them as a table: row, column, old, new, rule, confidence, applied."""
        return log_of(self.all)


def rows_left(changes: Iterable[Repair], height: int) -> NDArray[np.int64]:
    """Give the rows of a table that no change leaves out: such a change names no column.

    Examples
    --------
    >>> rows_left([Repair(1, "", None, None, "left out", 1.0, True)], 3).tolist()
    [0, 2]
    """
    gone = [one.row for one in changes if one.whole_row]
    return np.setdiff1d(np.arange(height), np.array(gone, np.int64))


def log_of(repairs: Iterable[Repair]) -> pl.DataFrame:
    """Give changes as a table: row, column, old, new, rule, confidence, applied.

    Examples
    --------
    >>> log_of([Repair(0, "a", "1", None, "odd", 0.9, True)]).row(0)
    (0, 'a', '1', None, 'odd', 0.9, True)
    """
    return pl.DataFrame(list(repairs), schema=dict(LOG), orient="row")


def changed(cells: pl.DataFrame, repairs: Iterable[Repair]) -> pl.DataFrame:
    """Give a table with some cells changed.

    Examples
    --------
    >>> table = pl.DataFrame({"a": ["1", None]})
    >>> changed(table, [Repair(1, "a", None, "2", "", 1.0, True)])["a"].to_list()
    ['1', '2']
    """
    by_column: dict[str, list[Repair]] = {}
    for one in repairs:
        by_column.setdefault(one.column, []).append(one)
    columns = []
    for name, several in by_column.items():
        values = cells[name].to_list()
        for one in several:
            values[one.row] = one.new
        columns.append(pl.Series(name, values, pl.String))
    return cells.with_columns(columns)
