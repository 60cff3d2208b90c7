"""Columns of strings: which are worth reading, and into what they are cut."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Kind
from modelwright.core.table import FEW, Table
from modelwright.features.grams import LONGEST, Bag, bag
from modelwright.features.reading import columns_of

__all__ = ["cut", "distinct", "portions", "sample", "string_columns"]

_MANY = 30  # levels from which a category is worth reading
_WORDS = 1.5  # of a level: how one word is spelled says little that the level itself does not
_RUNS = (3, 4)
_LETTERS = 4_000_000  # are cut at a time: each becomes two pieces of 16 bytes and more


def distinct(series: pl.Series) -> tuple[pl.Series, NDArray[np.int64]]:
    """Give the different strings of a column, and for each row which it has: -1 for none.

    Examples
    --------
    >>> strings, place = distinct(pl.Series(["b", None, "a", "b"]))
    >>> strings.to_list(), place.tolist()
    (['b', 'a'], [0, -1, 1, 0])
    """
    if len(series) <= FEW:
        cells = series.to_list()
        known = list(dict.fromkeys(cell for cell in cells if cell is not None))
        at = {cell: i for i, cell in enumerate(known)}
        strings = pl.Series(series.name, known, dtype=pl.String)
        return strings, np.array([at.get(cell, -1) for cell in cells], np.int64)
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


def portions(strings: pl.Series) -> Iterator[slice]:
    """Part strings so that each part has a few million letters at most: cutting takes memory.

    Examples
    --------
    >>> list(portions(pl.Series(["a", "bc"])))
    [slice(0, 2, None)]
    """
    if len(strings) * (LONGEST + 2) <= _LETTERS:
        yield from [slice(0, len(strings))] if len(strings) else []
        return
    letters = strings.str.slice(0, LONGEST).str.len_chars().fill_null(0).to_numpy().astype(np.int64)
    part = (np.cumsum(letters + 2) - letters - 2) // _LETTERS
    starts = np.flatnonzero(np.diff(part, prepend=-1)).tolist()
    yield from (slice(*ends) for ends in zip(starts, [*starts[1:], len(strings)], strict=False))


def sample(strings: pl.Series, seed: int, most: int) -> pl.Series:
    """Draw at most so many strings, in their order."""
    if len(strings) <= most:
        return strings
    chosen = np.random.default_rng(seed).choice(len(strings), most, replace=False)
    return strings.gather(np.sort(chosen))
