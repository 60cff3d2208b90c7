"""By how much one model scores better than another, and how sure that is: a paired bootstrap.

Both are scored on the same drawn rows, so that what is hard for both cancels (Efron and Tibshirani
1993, chapter 13; whole groups are drawn where rows belong together).
"""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.evaluate.metrics import Metric

__all__ = ["gain_of"]

TAILS = (0.025, 0.975)
ROUNDS = 300
FEWEST_ROUNDS = 50
FEWEST_GROUPS = 5
# The spread is measured on so many rows, and scaled to all of them.
MOST = 8_000


def gain_of(
    metric: Metric,
    y: Target,
    p: NDArray[np.float32],
    other: NDArray[np.float32],
    *,
    weight: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
    seconds: float = math.inf,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Find by how much predictions score better than others.

    Parameters
    ----------
    metric : Metric
        What is scored.
    y : Target
        The answers of n_rows rows.
    p, other : ndarray of float32, shape (n_rows, n_outputs)
        Two predictions for rows that neither had seen.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    groups : ndarray of int64, shape (n_rows,), optional
        Rows of one group are drawn together.
    seconds : float
        What it may take.
    seed : int
        The only source of randomness.

    Returns
    -------
    gain, low, high : float
        In units of the metric, above zero where `p` is better; between `low` and `high` lies the
        gain with a confidence of 95 %. These two are NaN without time, with fewer than 5 groups, or
        when a score has no value.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> rng = np.random.default_rng(0)
    >>> y = Target(rng.normal(size=400))
    >>> close, far = np.zeros((400, 1), np.float32), np.ones((400, 1), np.float32)
    >>> gain, low, high = gain_of(find_metric("rmse", TaskKind.REGRESSION), y, close, far)
    >>> 0 < low < gain < high
    True
    """
    deadline = time.monotonic() + seconds
    gain = _gain(metric, y, p, other, weight)
    rng = np.random.default_rng(seed)
    rows, group, scale = _drawn(len(y), groups, rng)
    count = int(group.max(initial=-1)) + 1
    if count < FEWEST_GROUPS or not math.isfinite(gain):
        return gain, math.nan, math.nan
    y, p, other = y.rows(rows), p[rows], other[rows]
    own = np.ones(len(rows)) if weight is None else weight[rows]
    middle = _gain(metric, y, p, other, own)
    gains = []
    for _ in range(ROUNDS):
        if time.monotonic() >= deadline:
            break
        times = np.bincount(rng.integers(0, count, count), minlength=count)
        gains.append(_gain(metric, y, p, other, own * times[group]))
    finite = np.array([one for one in gains if math.isfinite(one)])
    if len(finite) < FEWEST_ROUNDS or not math.isfinite(middle):
        return gain, math.nan, math.nan
    low, high = gain + scale * (np.quantile(finite, TAILS) - middle)
    return gain, float(low), float(high)


def _gain(
    metric: Metric,
    y: Target,
    p: NDArray[np.float32],
    other: NDArray[np.float32],
    weight: NDArray[np.float64] | None,
) -> float:
    difference = metric.score(y, p, weight) - metric.score(y, other, weight)
    return difference if metric.greater_is_better else -difference


def _drawn(
    count: int, groups: NDArray[np.int64] | None, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Draw rows or whole groups: their positions, the group of each, and how to scale."""
    codes = np.arange(count) if groups is None else np.unique(groups, return_inverse=True)[1]
    if count <= MOST:
        return np.arange(count), codes, 1.0
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    number = max(
        int(np.searchsorted(np.cumsum(sizes[order]), MOST)), min(FEWEST_GROUPS, len(sizes))
    )
    rows = np.flatnonzero(np.isin(codes, order[:number]))
    drawn = np.unique(codes[rows], return_inverse=True)[1]
    return rows, drawn, math.sqrt(number / len(sizes))
