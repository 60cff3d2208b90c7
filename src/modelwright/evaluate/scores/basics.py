"""What the formulas share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAN", "TINY", "Array", "mean", "median", "ratio", "total"]

Array = NDArray[Any]

NAN = float("nan")
TINY = 1e-15


def total(values: Array, weight: Array | None) -> float:
    """Sum values by their weights.

    Examples
    --------
    >>> total(np.array([1.0, 2.0]), np.array([1.0, 0.5]))
    2.0
    """
    return float(np.sum(values, dtype=np.float64) if weight is None else weight @ values)


def mean(values: Array, weight: Array | None) -> float:
    """Average values by their weights; NaN when these sum to 0.

    Examples
    --------
    >>> mean(np.array([1.0, 2.0]), None), mean(np.array([1.0]), np.array([0.0]))
    (1.5, nan)
    """
    if weight is None:
        return float(np.mean(values, dtype=np.float64))
    whole = float(weight.sum())
    return float(weight @ values) / whole if whole > 0 else NAN


def ratio(over: Array, under: Array, otherwise: float) -> Array:
    """Divide, and say what 0 / 0 is.

    Examples
    --------
    >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0]), 0.0).tolist()
    [0.5, 0.0]
    """
    safe = np.where(under == 0, 1, under)
    return np.where(under == 0, otherwise, over / safe)


def median(values: Array, weight: Array | None, share: float = 0.5) -> float:
    """Give a quantile: the least value that reaches the share; at a border, the middle of two.

    Hyndman and Fan (1996), definition 2. NaN when all weights are 0.

    Examples
    --------
    >>> median(np.array([1.0, 2.0, 9.0]), None), median(np.array([1.0, 2.0]), None)
    (2.0, 1.5)
    """
    mass = np.ones(len(values)) if weight is None else weight.astype(np.float64)
    kept = mass > 0
    if not kept.any():
        return NAN
    order = np.argsort(values[kept])
    ranked, up_to = values[kept][order], np.cumsum(mass[kept][order])
    wanted = share * up_to[-1]
    near = 1e-12 * up_to[-1]  # sums of weights are not exact
    low = min(int(np.searchsorted(up_to, wanted - near)), len(ranked) - 1)
    high = min(int(np.searchsorted(up_to, wanted + near)), len(ranked) - 1)
    return float(ranked[low] / 2 + ranked[high] / 2)
