"""What every splitter needs."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.core.splits import Fold
from modelwright.core.table import Table

__all__ = ["Index", "at_least", "codes_of", "deal", "enough", "instead"]

Index = NDArray[np.int64]


def at_least(least: int, count: int, what: str = "the number of folds") -> None:
    """Refuse a number of folds or repeats that means nothing."""
    if count < least:
        raise OptionError(f"{what} to be at least {least}", str(count))


def enough(rows: int) -> None:
    """Refuse a table of which no row could be scored."""
    if rows < 2:
        cure = "bring more rows, or repair the column to predict"
        raise DataError("at least 2 rows to fit and to score", str(rows), cure)


def instead(asked: int, k: int, why: str) -> str:
    """Say why there are fewer folds than were asked for; nothing when there are as many.

    Examples
    --------
    >>> instead(5, 3, "there are 3 rows")
    ', 3 rather than 5 because there are 3 rows'
    """
    return f", {k} rather than {asked} because {why}" if k < asked else ""


def deal(place: Index, k: int) -> tuple[Fold, ...]:
    """Score each row in the fold of its place, and fit on it in all others."""
    return tuple(Fold(np.flatnonzero(place != i), np.flatnonzero(place == i)) for i in range(k))


def codes_of(table: Table, column: str) -> Index:
    """Replace the values of a column by their rank from 0; a missing value is a value, the first.

    Raises
    ------
    ColumnError
        When there is no such column.
    """
    table.schema[column]
    series = table.frame[column]
    if series.dtype.is_float():
        series = series.fill_nan(None)
    ranks = series.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
    return np.asarray(ranks - int(ranks.min(initial=1)), np.int64)
