"""Predicted quantiles and intervals of numbers.

`y` has the shape (n_rows,), as have `lower`, `upper` and a single quantile; several quantiles have
the shape (n_rows, n_levels).
"""

from __future__ import annotations

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores.basics import Array, mean

__all__ = ["coverage", "crps", "interval_score", "interval_width", "pinball"]


def _share(value: float, name: str) -> None:
    if not 0 < value < 1:
        raise OptionError(f"{name} between 0 and 1", f"{value:g}", f"write {name} 0.9")


def pinball(y: Array, p: Array, weight: Array | None = None, quantile: float = 0.5) -> float:
    """Give the pinball loss of a predicted quantile (Koenker and Bassett 1978).

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        The answers.
    p : ndarray of shape (n_rows,) or (n_rows, 1)
        The predicted quantile.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    quantile : float
        Between 0 and 1; of 0.5 the loss is half the absolute error.

    Raises
    ------
    OptionError
        When `quantile` is not between 0 and 1.

    Examples
    --------
    >>> pinball(np.array([10.0, 10.0]), np.array([8.0, 12.0]), quantile=0.75)
    1.0
    """
    _share(quantile, "a quantile")
    missed = y - p.reshape(len(y)).astype(np.float64)
    return mean(np.where(missed > 0, quantile * missed, (quantile - 1) * missed), weight)


def coverage(y: Array, lower: Array, upper: Array, weight: Array | None = None) -> float:
    """Give the share of answers inside their intervals, borders included.

    Examples
    --------
    >>> coverage(np.array([1.0, 5.0]), np.array([0.0, 0.0]), np.array([2.0, 2.0]))
    0.5
    """
    return mean((lower <= y) & (y <= upper), weight)


def interval_width(lower: Array, upper: Array, weight: Array | None = None) -> float:
    """Give the mean width of intervals.

    Examples
    --------
    >>> interval_width(np.array([0.0, 1.0]), np.array([2.0, 5.0]))
    3.0
    """
    return mean(upper - lower, weight)


def interval_score(
    y: Array, lower: Array, upper: Array, weight: Array | None = None, level: float = 0.9
) -> float:
    """Give the mean width of intervals, plus a fine for answers outside (Winkler 1972).

    Gneiting and Raftery (2007), equation 43. The lower the better.

    Parameters
    ----------
    y, lower, upper : ndarray of shape (n_rows,)
        The answers, and the borders of their intervals.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    level : float
        Which share of answers the intervals promise to hold.

    Raises
    ------
    OptionError
        When `level` is not between 0 and 1.

    Examples
    --------
    >>> y, lower, upper = np.array([1.0, 3.0]), np.zeros(2), np.full(2, 2.0)
    >>> round(interval_score(y, lower, upper, level=0.9), 6)
    12.0
    """
    _share(level, "a level")
    fine = 2 / (1 - level)
    outside = np.maximum(lower - y, 0) + np.maximum(y - upper, 0)
    return mean(upper - lower + fine * outside, weight)


def crps(y: Array, q: Array, levels: Array, weight: Array | None = None) -> float:
    """Give the continuous ranked probability score of predicted quantiles.

    Twice the pinball loss, integrated over levels (Laio and Tamea 2007); each level stands for
    what is nearer to it than to another one. It comes nearer to the exact score with more levels.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        The answers.
    q : ndarray of shape (n_rows, n_levels)
        The predicted quantiles.
    levels : ndarray of shape (n_levels,)
        Their levels, rising, between 0 and 1.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.

    Returns
    -------
    float
        In units of the target; for one level of 0.5 the mean absolute error.

    Raises
    ------
    OptionError
        When `levels` do not rise between 0 and 1, or there is not one for each column of `q`.

    Examples
    --------
    >>> crps(np.array([1.0, 4.0]), np.array([[2.0], [2.0]]), np.array([0.5]))
    1.5
    """
    at = np.asarray(levels, np.float64)
    if at.ndim != 1 or not at.size or at[0] <= 0 or at[-1] >= 1 or (np.diff(at) <= 0).any():
        raise OptionError("levels that rise between 0 and 1", str(at.tolist())[:80])
    if q.shape != (len(y), len(at)):
        raise OptionError(f"quantiles of shape ({len(y)}, {len(at)})", f"shape {q.shape}")
    borders = np.concatenate([[0.0], (at[1:] + at[:-1]) / 2, [1.0]])
    missed = y[:, None] - q
    losses = np.where(missed > 0, at * missed, (at - 1) * missed)
    return mean(2 * losses @ np.diff(borders), weight)
