"""Which columns are missing together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.stats.distinct_sketch import mixed
from modelwright.stats.frequent_sketch import FrequentSketch

__all__ = ["MissingPattern", "Missingness", "PatternSketch", "nullity_correlation"]

_KEPT = 500
_TOLD = 40


@dataclass(frozen=True)
class MissingPattern:
    """Rows in which the same columns have no value.

    Parameters
    ----------
    columns : tuple of str
        Those without a value; empty for complete rows.
    rows : int
        How many rows.
    """

    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Missingness:
    """What is missing, and what is missing together.

    Parameters
    ----------
    cells : int
        How many cells have no value.
    complete : int
        How many rows have a value in every column.
    patterns : tuple of MissingPattern
        The most frequent first.
    short : int
        No count of a pattern is short by more than this; 0: exact.
    """

    cells: int
    complete: int
    patterns: tuple[MissingPattern, ...]
    short: int

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        patterns = [{"columns": list(p.columns), "rows": p.rows} for p in self.patterns]
        return {
            "cells": self.cells,
            "complete_rows": self.complete,
            "patterns": patterns,
            "patterns_short": self.short,
        }


class PatternSketch:
    """Patterns of missing values, counted batch by batch.

    Parameters
    ----------
    names : tuple of str
        The columns.

    Examples
    --------
    >>> sketch = PatternSketch(("a", "b"))
    >>> sketch.add(pl.DataFrame({"a": [1, None, None], "b": [1, None, 2]}))
    >>> [(one.columns, one.rows) for one in sketch.result().patterns]
    [((), 1), (('a', 'b'), 1), (('a',), 1)]
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._marks = mixed(np.arange(1, len(names) + 1, dtype=np.uint64))
        self._counted = FrequentSketch(_KEPT)
        self._cells = self._complete = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take in typed rows."""
        masks: dict[int, NDArray[np.bool_]] = {}
        # a sum of marks, one for each column, names the set of them
        keys = np.zeros(frame.height, np.uint64)
        for i, values in enumerate(frame.get_columns()):
            if values.null_count():
                masks[i] = values.is_null().to_numpy()
                keys[masks[i]] += self._marks[i]
                self._cells += values.null_count()
        every, first, counts = np.unique(keys, return_index=True, return_counts=True)
        if len(every) and every[0] == 0:
            self._complete += int(counts[0])

        def show(at: Any) -> list[tuple[int, ...]]:
            return [tuple(c for c, mask in masks.items() if mask[first[i]]) for i in at]

        self._counted.add(every, counts.astype(np.int64), show)

    def result(self) -> Missingness:
        """Give what was counted."""
        found = tuple(
            MissingPattern(tuple(self._names[i] for i in columns), rows)
            for columns, rows in self._counted.top(_TOLD)
        )
        return Missingness(self._cells, self._complete, found, self._counted.short)


def nullity_correlation(frame: pl.DataFrame, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Correlate whether values are missing.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows.
    names : tuple of str
        Columns.

    Returns
    -------
    ndarray of float64, shape (n_names, n_names)
        1: missing in the same rows; NaN where a column has all values, or none.

    Examples
    --------
    >>> frame = pl.DataFrame({"a": [None, 1, None, 1], "b": [None, 1, None, 1]})
    >>> nullity_correlation(frame, ("a", "b")).round(2).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    masks = np.column_stack([frame[name].is_null().to_numpy() for name in names]).astype(np.float64)
    centred = masks - masks.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    length[length == 0] = np.nan
    found: NDArray[np.float64] = (centred / length).T @ (centred / length)
    return found
