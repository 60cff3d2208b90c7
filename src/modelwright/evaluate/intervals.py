"""How far a score could be off because other rows might have come: bootstrap intervals.

Efron and Tibshirani (1993), chapter 13; whole groups are drawn where rows belong together.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target

__all__ = ["Interval", "bootstrap_interval"]

Interval = tuple[float, float]
Score = Callable[[Target, NDArray[np.float32], NDArray[np.float64] | None], float]

# The spread is measured on so many rows and scaled to all of them.
MOST = 2_000
ROUNDS = 200


def bootstrap_interval(
    score: Score,
    y: Target,
    p: NDArray[np.float32],
    *,
    weight: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Find between which values a score lies.

    Parameters
    ----------
    score : callable
        Of answers, predictions and weights, such as `Metric.score`.
    y : Target
        The answers of n_rows rows.
    p : ndarray of float32, shape (n_rows, n_outputs)
        Predictions for rows that the model had not seen.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    groups : ndarray of int64, shape (n_rows,), optional
        Rows of one group are drawn together.
    level : float
        The confidence.
    seed : int
        The only source of randomness.

    Returns
    -------
    low, high : float
        NaN when the score has no value. Of more than 2,000 rows, the spread is that of 2,000,
        scaled by the square root of the sizes. It tells of the rows that were drawn, not of the
        spread between fits, nor of what changes with time.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> rng = np.random.default_rng(0)
    >>> y = Target(rng.normal(size=400))
    >>> rmse = find_metric("rmse", TaskKind.REGRESSION).score
    >>> low, high = bootstrap_interval(rmse, y, np.zeros((400, 1), np.float32))
    >>> 0.9 < low < 1 < high < 1.1
    True
    """
    known = score(y, p, weight)
    rng = np.random.default_rng(seed)
    group = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
    rows, scale = _sampled(group, rng)
    y, p, group = y.rows(rows), p[rows], np.unique(group[rows], return_inverse=True)[1]
    own = np.ones(len(rows)) if weight is None else weight[rows]
    middle = score(y, p, own)
    count = int(group.max(initial=-1)) + 1
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=ROUNDS)
    scores = np.array([score(y, p, own * times[group]) for times in drawn])
    if not np.isfinite(scores).any():
        return math.nan, math.nan
    tail = (1 - level) / 2
    low, high = np.nanquantile(scores, [tail, 1 - tail]) - middle
    return float(known + scale * low), float(known + scale * high)


def _sampled(group: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.int64], float]:
    """Draw whole groups of together about `MOST` rows, and give the factor of the spread."""
    if len(group) <= MOST:
        return np.arange(len(group)), 1.0
    sizes = np.bincount(group)
    order = rng.permutation(len(sizes))
    enough = int(np.searchsorted(np.cumsum(sizes[order]), MOST)) + 1
    rows = np.flatnonzero(np.isin(group, order[:enough]))
    return rows, math.sqrt(len(rows) / len(group))
