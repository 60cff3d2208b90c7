"""The orders in which rows may have come, in one line or within each thing that comes again.

A mean of neighbouring answers can be recognised only where the neighbours are: in the order of the
file, of a date, of a number that counts, or in such an order within each patient or shop. A stretch
of rows is enough, and keeps the work bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table

__all__ = ["Arranged", "arrangements", "find_shared", "whole_things"]

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

_MOST = 3_000
_STRETCH = 4
_TIMES = 8
_ORDERS = 5
_INSIDE = 3
_KEYS = 4
_SHARED = 16
_SIZES = (2.0, 400.0)
_PARTS = 12
_KNOWN = 0.98
_DISTINCT = 0.5
_FEW = 4
_APART = 0.9
# Which orders are tried first.
_DATE, _FILE, _SORTED, _WHOLE = range(4)
_CUTS = (4, 7, 10, 13)  # years, months, days and hours of a date as it is written


@dataclass(frozen=True)
class Arranged:
    """Rows in an order.

    Parameters
    ----------
    columns : tuple of str
        What the order was made from; empty for that of the file.
    rows : ndarray of int64, shape (n_some,)
        Positions, one stretch of them; whole things where there are any.
    first : ndarray of bool, shape (n_some,)
        Where another thing begins.
    words : str
        The order in words.
    dated : bool
        Whether a date says which rows come later; a file may have the last rows first.
    """

    columns: tuple[str, ...]
    rows: Codes
    first: NDArray[np.bool_]
    words: str = "the order of the file"
    dated: bool = False

    @cached_property
    def place(self) -> Codes:
        """How many rows of the same thing come before each, shape (n_some,)."""
        index = np.arange(len(self.rows))
        return np.asarray(index - np.maximum.accumulate(np.where(self.first, index, 0)), np.int64)

    @cached_property
    def after(self) -> Codes:
        """How many rows of the same thing come after each, shape (n_some,)."""
        return self.turned.place[::-1]

    @cached_property
    def turned(self) -> Arranged:
        """The same rows, the last first."""
        ends = np.append(self.first[1:], True)
        return Arranged(self.columns, self.rows[::-1], ends[::-1], f"{self.words}, turned round")


def arrangements(table: Table, shared: Sequence[tuple[str, Codes]]) -> tuple[Arranged, ...]:
    """List orders in which the rows may have come.

    Parameters
    ----------
    table : Table
        Typed rows, in the order of their file.
    shared : sequence of (str, ndarray of int64)
        What `find_shared` gives.

    Returns
    -------
    tuple of Arranged
        Those of dates first, within things too; then that of the file, then others.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> weeks = [4.0, 4.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    >>> frame = pl.DataFrame({"shop": ["a", "b"] * 4, "week": weeks})
    >>> kinds = (Kind.CATEGORY, Kind.NUMBER)
    >>> schema = Schema(tuple(Column(n, k) for n, k in zip(frame.columns, kinds, strict=True)))
    >>> table = Table(frame, schema)
    >>> lines = arrangements(table, find_shared(table))
    >>> last = [one for one in lines if "shop" in one.columns][-1]
    >>> last.words, last.rows.tolist(), last.place.tolist()
    ("the order of 'week' within each 'shop'", [2, 4, 6, 0, 3, 5, 7, 1], [0, 1, 2, 3, 0, 1, 2, 3])
    """
    times = sorted(_times(table), key=lambda one: one[0])[:_TIMES]
    rows = table.height
    lines = [(rank, name, values, f"the order of {name!r}") for rank, name, values in times]
    lines.append((_FILE, "", np.arange(float(rows)), "the order of the file"))
    lines.sort(key=lambda one: one[0])
    ranked = [(rank, name, np.unique(values, return_inverse=True)[1], words)
              for rank, name, values, words in lines]  # fmt: skip
    fine = [one for one in ranked if len(np.unique(one[2])) >= _DISTINCT * rows]
    found = [_in_line(*one) for one in fine[:_ORDERS]]
    for key, codes in shared[:_KEYS]:
        inside = 0
        for rank, name, ranks, words in ranked:
            apart = len(np.unique(codes * rows + ranks)) >= _APART * rows
            if name != key and apart and inside < _INSIDE:
                inside += 1
                found.append(_within(key, codes, (rank, name, ranks, words)))
    found.sort(key=lambda one: not one.dated)
    return tuple(found)


def _times(table: Table) -> Iterator[tuple[int, str, Floats]]:
    """Give the columns that may say when: dates, what the file is sorted by, what counts."""
    for column in table.schema:
        if column.role is Role.TARGET or column.kind not in (Kind.DATETIME, Kind.NUMBER):
            continue
        series = table.frame[column.name]
        if series.dtype.is_temporal():
            series = series.to_physical()
        values = np.asarray(series.cast(float).to_numpy(), np.float64)
        known = values[~np.isnan(values)]
        if len(known) < max(_KNOWN * len(values), 1) or series.n_unique() < _FEW:
            continue
        follows = len(known) > 1 and bool((np.diff(known) >= 0).mean() >= _APART)
        whole = bool((known == np.floor(known)).all())
        if column.kind is Kind.DATETIME or follows or whole:
            rank = _DATE if column.kind is Kind.DATETIME else _SORTED if follows else _WHOLE
            yield rank, column.name, np.where(np.isnan(values), known.min(), values)


def find_shared(table: Table) -> list[tuple[str, Codes]]:
    """Give the columns whose values come again, and the days and months of dates, as codes.

    Parameters
    ----------
    table : Table
        Typed rows.

    Returns
    -------
    list of (str, ndarray of int64)
        What rows share, names of things first, and which rows share it.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> frame = pl.DataFrame({"shop": ["a", "b", "a", "b"], "day": ["m", "n", "o", "p"]})
    >>> schema = Schema(tuple(Column(name, Kind.CATEGORY) for name in frame.columns))
    >>> [(name, codes.tolist()) for name, codes in find_shared(Table(frame, schema))]
    [('shop', [1, 2, 1, 2])]
    """
    kinds = (Kind.ID, Kind.CATEGORY, Kind.DATETIME)
    found: list[tuple[int, str, Codes]] = []
    for column in table.schema:
        if column.role is Role.TARGET or column.kind is Kind.TEXT:
            continue
        series = table.frame[column.name]
        parts = [series]
        if column.kind is Kind.DATETIME and series.dtype.is_temporal():
            written = series.cast(pl.String)
            parts += [written.str.slice(0, cut) for cut in _CUTS]
        rank = kinds.index(column.kind) if column.kind in kinds else len(kinds)
        different = {part.n_unique(): part for part in parts if _comes_again(part)}
        found += [(rank, column.name, _coded(part)) for part in different.values()]
    found.sort(key=lambda one: one[0])
    return [(name, codes) for _, name, codes in found[:_SHARED]]


def _comes_again(series: pl.Series) -> bool:
    size = len(series) / max(series.n_unique(), 1)
    return _SIZES[0] <= size <= max(_SIZES[1], len(series) / _PARTS)


def _coded(series: pl.Series) -> Codes:
    return np.asarray(series.rank("dense").fill_null(0).to_numpy(), np.int64)


def whole_things(codes: Codes, order: Codes) -> tuple[Codes, NDArray[np.bool_]]:
    """Take some whole things: their rows, one thing after the other, and where each begins.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_rows,)
        Which thing each row is about.
    order : ndarray of int64, shape (n_rows,)
        Ranks by which the rows of a thing are sorted.

    Examples
    --------
    >>> rows, first = whole_things(np.array([2, 1, 2]), np.arange(3)[::-1])
    >>> rows.tolist(), first.tolist()
    ([1, 2, 0], [True, True, False])
    """
    rows = np.lexsort((order, codes))
    first = np.ones(len(rows), bool)
    first[1:] = np.diff(codes[rows]) != 0
    ends = np.append(np.flatnonzero(first)[1:], len(rows))
    most = min(int(ends[np.searchsorted(ends, min(_MOST, len(rows)))]), _STRETCH * _MOST)
    return rows[:most], first[:most]


def _in_line(rank: int, name: str, ranks: Codes, words: str) -> Arranged:
    """Keep a stretch from the middle: at its ends a series is often cut short."""
    order = np.argsort(ranks, kind="stable")
    start = max((len(order) - _MOST) // 2, 0)
    rows = order[start : start + _MOST]
    columns = (name,) if name else ()
    return Arranged(columns, rows, np.arange(len(rows)) == 0, words, rank == _DATE)


def _within(key: str, codes: Codes, line: tuple[int, str, Codes, str]) -> Arranged:
    """Keep some whole things."""
    rank, name, ranks, words = line
    columns = (key, name) if name else (key,)
    rows, first = whole_things(codes, ranks)
    return Arranged(columns, rows, first, f"{words} within each {key!r}", rank == _DATE)
