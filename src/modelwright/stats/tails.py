"""Tails of distributions, and p-values of many tests at once; a door to SciPy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.deferred import Deferred

__all__ = [
    "above_binomial",
    "above_chi2",
    "above_ks",
    "above_t",
    "benjamini_hochberg",
    "holm",
    "t_reach",
]

_special = Deferred("scipy.special")

Floats = NDArray[np.float64]

# From here on the series of the tail is the shorter one of Kolmogorov's distribution.
_NEAR = 0.8
_MANY = 1_000_000  # degrees of freedom from which on Student's t is normal
_ODD, _COUNT = range(1, 12, 2), range(1, 8)


def above_binomial(seen: int, count: int, share: float) -> float:
    """Give the chance of so many events or more in a count of trials; without SciPy, as `above_t`.

    Examples
    --------
    >>> round(above_binomial(2, 10, 0.1), 4)
    0.2639
    """
    if seen <= 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])  # of factorials
    k = np.arange(seen, count + 1)
    terms = logs[count] - logs[k] - logs[count - k] + k * math.log(share)
    return min(float(np.exp(terms + (count - k) * math.log1p(-share)).sum()), 1.0)


def above_t(t: float, freedom: float) -> float:
    """Give the chance that Student's t with so many degrees of freedom is above a value.

    A finite sum for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4), good to
    about 1e-12; a million of them are taken for infinitely many. Without SciPy, as fits ask for it
    in their last second and its import takes half of one.

    Examples
    --------
    >>> round(above_t(2.0, 10), 4)
    0.0367
    """
    if freedom > _MANY:
        return math.erfc(t / math.sqrt(2)) / 2
    angle, odd = math.atan(t / math.sqrt(freedom)), int(freedom) % 2
    square = math.cos(angle) ** 2
    steps = np.arange(1, (int(freedom) - odd) // 2)
    ratios = (2 * steps - 1 + odd) / (2 * steps + odd) * square
    terms = float(np.cumprod(ratios).sum()) + 1 if freedom > 1 else 0.0
    within = math.sin(angle) * terms * (math.cos(angle) if odd else 1.0)
    if odd:
        within = 2 / math.pi * (angle + within)
    return min(max((1 - within) / 2, 0.0), 1.0)


def t_reach(level: float, freedom: float) -> float:
    """Give how far out on either side so large a share of Student's t reaches.

    Examples
    --------
    >>> round(t_reach(0.95, 19), 3)
    2.093
    """
    return float(_special.stdtrit(freedom, (1 + level) / 2))


def above_chi2(value: float, freedom: int) -> float:
    """Give the chance that chi-squared with so many degrees of freedom is above a value.

    A finite sum (Abramowitz and Stegun 26.4.4 and 26.4.5): predictions ask for it, who would wait
    for the import of SciPy.

    Examples
    --------
    >>> round(above_chi2(3.841, 1), 3)
    0.05
    """
    if freedom <= 0 or value <= 0:
        return 1.0
    half = value / 2
    odd = freedom % 2
    powers = (k + odd / 2 for k in range(freedom // 2))
    terms = (math.exp(k * math.log(half) - half - math.lgamma(k + 1)) for k in powers)
    return min(math.fsum(terms) + (math.erfc(math.sqrt(half)) if odd else 0.0), 1.0)


def above_ks(distance: float, rows: int, others: int) -> float:
    """Give the chance of so large a Kolmogorov-Smirnov distance of two samples, of many rows.

    Two series of the limit, each where it is short (Feller 1948), as `above_chi2` without SciPy.

    Examples
    --------
    >>> round(above_ks(0.1, 400, 400), 3)
    0.037
    """
    far = distance * math.sqrt(rows * others / (rows + others))
    if far < _NEAR:
        steps = (math.exp(-((k * math.pi / far) ** 2) / 8) for k in _ODD) if far > 0 else ()
        return 1 - math.fsum(steps) * math.sqrt(2 * math.pi) / max(far, 1e-300)
    return -2 * math.fsum((-1) ** k * math.exp(-2 * (k * far) ** 2) for k in _COUNT)


def holm(p: ArrayLike) -> Floats:
    """Adjust p-values so that any false alarm among all is as rare as one test says (Holm 1979).

    Parameters
    ----------
    p : array_like of float, shape (n_tests,)
        One for each test.

    Returns
    -------
    ndarray of float64, shape (n_tests,)
        In the same order, at most 1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * (len(values) - np.arange(len(values)))
    return _back(np.maximum.accumulate(scaled), order)


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjust p-values so that of what is called, few are false alarms (Benjamini, Hochberg 1995).

    Parameters and return as for `holm`.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * len(values) / (np.arange(len(values)) + 1)
    return _back(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _back(adjusted: Floats, order: NDArray[np.int64]) -> Floats:
    found = np.empty(len(adjusted))
    found[order] = np.minimum(adjusted, 1.0)
    return found
