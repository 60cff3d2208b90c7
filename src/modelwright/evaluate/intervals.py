"""How far a score could be off because other rows might have come: bootstrap intervals.

Efron and Tibshirani (1993), chapter 13; whole groups are drawn where rows belong together.
"""

from __future__ import annotations

import math
import time

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.metrics import Metric

__all__ = ["Interval", "bootstrap_interval", "group_codes"]

Interval = tuple[float, float]

TAILS = (0.025, 0.975)
ROUNDS = 200
# Fewer rounds than these, or fewer groups, tell too little.
FEWEST_ROUNDS = 50
FEWEST_GROUPS = 5
# The spread is measured on so many rows, and scaled to all of them.
MOST = 2_000
# Where rows come in groups: on so many rows, of at least so many groups if there are as many.
MOST_GROUPED = 8_000
ENOUGH_GROUPS = 40


def bootstrap_interval(
    metric: Metric,
    y: Target,
    p: NDArray[np.float32],
    *,
    weight: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
    known: float | None = None,
    seconds: float = math.inf,
    seed: int = 0,
) -> Interval:
    """Find between which values a score lies with a confidence of 95 %.

    Parameters
    ----------
    metric : Metric
        What is scored.
    y : Target
        The answers of n_rows rows.
    p : ndarray of float32, shape (n_rows, n_outputs)
        Predictions for rows that the model had not seen.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    groups : ndarray of int64, shape (n_rows,), optional
        Rows of one group are drawn together.
    known : float, optional
        The score of all rows, when it is known.
    seconds : float
        What it may take; too little time gives no interval.
    seed : int
        The only source of randomness.

    Returns
    -------
    low, high : float
        Within the range of the metric; NaN when the score has no value, when there are fewer than
        5 groups, or no time. Of many rows the spread of some is measured, and scaled by the square
        root of the numbers drawn from (rows, or groups). It tells of the rows that were drawn, not
        of the spread between fits, nor of what changes with time.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> rng = np.random.default_rng(0)
    >>> y = Target(rng.normal(size=400))
    >>> rmse = find_metric("rmse", TaskKind.REGRESSION)
    >>> low, high = bootstrap_interval(rmse, y, np.zeros((400, 1), np.float32))
    >>> 0.9 < low < 1 < high < 1.1
    True
    """
    deadline = time.monotonic() + seconds
    known = metric.score(y, p, weight) if known is None else known
    rng = np.random.default_rng(seed)
    rows, group, scale = _drawn_rows(len(y), rng) if groups is None else _drawn_groups(groups, rng)
    count = int(group.max(initial=-1)) + 1
    if count < FEWEST_GROUPS:
        return math.nan, math.nan
    y, p = y.rows(rows), p[rows]
    own = np.ones(len(rows)) if weight is None else weight[rows]
    middle = metric.score(y, p, own)
    scores = []
    for _ in range(ROUNDS):
        if time.monotonic() >= deadline:
            break
        times = np.bincount(rng.integers(0, count, count), minlength=count)
        scores.append(metric.score(y, p, own * times[group]))
    finite = np.array([score for score in scores if math.isfinite(score)])
    if len(finite) < FEWEST_ROUNDS or not math.isfinite(middle):
        return math.nan, math.nan
    low, high = known + scale * (np.quantile(finite, TAILS) - middle)
    if metric.greater_is_better:
        return float(min(low, 1.0)), float(min(high, 1.0))
    return float(max(low, 0.0)), float(max(high, 0.0))


def group_codes(table: Table) -> NDArray[np.int64] | None:
    """Give the group of each row, shape (n_rows,), to be drawn whole; None when there are none.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("who", Kind.CATEGORY, Role.GROUP),))
    >>> group_codes(Table(pl.DataFrame({"who": ["b", "a", "b", None]}), schema))
    array([2, 1, 2, 0])
    """
    names = table.schema.names(Role.GROUP)
    if not names:
        return None
    return table.frame[names[0]].rank("dense").fill_null(0).cast(pl.Int64).to_numpy()


def _drawn_rows(
    count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Draw rows; each is a group of its own."""
    if count <= MOST:
        return np.arange(count), np.arange(count), 1.0
    rows = np.sort(rng.choice(count, MOST, replace=False))
    return rows, np.arange(MOST), math.sqrt(MOST / count)


def _drawn_groups(
    groups: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Draw whole groups while rows last; only where they are few and large, some of their rows."""
    codes = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    fitting = int(np.searchsorted(np.cumsum(sizes[order]), MOST_GROUPED, side="right"))
    number = min(len(sizes), max(fitting, ENOUGH_GROUPS))
    rows = np.flatnonzero(np.isin(codes, order[:number]))
    if len(rows) > MOST_GROUPED:
        rows = np.sort(rng.choice(rows, MOST_GROUPED, replace=False))
    return rows, np.unique(codes[rows], return_inverse=True)[1], math.sqrt(number / len(sizes))
