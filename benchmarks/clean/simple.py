"""Detectors as people write them in a few lines: what a better one has to beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import IsolationForest

__all__ = ["SIMPLE"]

Marks = np.ndarray[Any, Any]


def _numbers(table: pl.DataFrame) -> dict[int, Marks]:
    """Give the columns that are mostly numbers."""
    found = {}
    for place, name in enumerate(table.columns):
        number = table[name].cast(pl.Float64, strict=False).to_numpy()
        if np.isfinite(number).mean() > 0.8:
            found[place] = number
    return found


def _by_column(table: pl.DataFrame, judge: Callable[[Marks], Marks]) -> Marks:
    marked = np.zeros(table.shape, bool)
    for place, number in _numbers(table).items():
        marked[:, place] = judge(number)
    return marked


def box_plot(table: pl.DataFrame) -> Marks:
    """Mark 1.5 interquartile ranges beyond the quartiles (Tukey 1977)."""

    def judge(number: Marks) -> Marks:
        low, high = np.nanquantile(number, [0.25, 0.75])
        reach = 1.5 * (high - low)
        return (number < low - reach) | (number > high + reach)

    return _by_column(table, judge)


def median_deviation(table: pl.DataFrame) -> Marks:
    """Mark modified z-scores above 3.5 (Iglewicz and Hoaglin 1993)."""

    def judge(number: Marks) -> Marks:
        centre = np.nanmedian(number)
        scale = np.nanmedian(np.abs(number - centre))
        return (
            0.6745 * np.abs(number - centre) > 3.5 * scale if scale else np.zeros(len(number), bool)
        )

    return _by_column(table, judge)


def three_deviations(table: pl.DataFrame) -> Marks:
    """Mark more than three standard deviations from the mean."""

    def judge(number: Marks) -> Marks:
        return np.abs(number - np.nanmean(number)) > 3 * np.nanstd(number)

    return _by_column(table, judge)


def isolation_forest(table: pl.DataFrame) -> Marks:
    """Mark all cells of rows that scikit-learn's forest calls outliers; counts stand for words."""
    columns = []
    numbers = _numbers(table)
    for place, name in enumerate(table.columns):
        if place in numbers:
            columns.append(np.nan_to_num(numbers[place], nan=np.nanmedian(numbers[place])))
        else:
            columns.append(table.select(pl.len().over(name)).to_series().to_numpy())
    rows = IsolationForest(random_state=0).fit_predict(np.column_stack(columns)) < 0
    return np.repeat(rows[:, None], table.width, axis=1)


def missing(table: pl.DataFrame) -> Marks:
    """Mark cells that are missing."""
    return np.column_stack([table[name].fill_null("").eq("").to_numpy() for name in table.columns])


def rare(table: pl.DataFrame) -> Marks:
    """Mark values that stand once in a column of few different values."""
    marked = np.zeros(table.shape, bool)
    for place, name in enumerate(table.columns):
        if table[name].n_unique() < 0.2 * table.height:
            count = table.select(pl.len().over(name)).to_series().to_numpy()
            marked[:, place] = count == 1
    return marked


def majority(table: pl.DataFrame, least: float = 0.5) -> Marks:
    """Mark what differs from most rows that agree in the column that settles it best."""
    marked = np.zeros(table.shape, bool)
    for place, name in enumerate(table.columns):
        best, share = None, least
        for other in table.columns:
            if other == name or not 1 < table[other].n_unique() < 0.5 * table.height:
                continue
            pairs = table.group_by(other, name).len()
            kept = pairs.group_by(other).agg(pl.col("len").max())["len"].sum() / table.height
            if kept > share and table[name].n_unique() > 1:
                best, share = other, kept
        if best is not None:
            top = pl.col(name).drop_nulls().mode().sort().first().over(best)
            marked[:, place] = (
                table.select(pl.col(name).ne_missing(top))
                .to_series()
                .fill_null(value=True)
                .to_numpy()
            )
    return marked


SIMPLE: dict[str, Callable[[pl.DataFrame], Marks]] = {
    "box plot (IQR)": box_plot,
    "median absolute deviation": median_deviation,
    "three standard deviations": three_deviations,
    "isolation forest": isolation_forest,
    "missing": missing,
    "rare values": rare,
    "majority by the best dependency": majority,
    "majority by the best dependency above .8": lambda table: majority(table, 0.8),
}
