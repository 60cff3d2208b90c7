"""Numbers behind the plots of classes, from plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.evaluate.intervals import wilson

__all__ = [
    "Bins",
    "calibration_bins",
    "probabilities",
    "quantile",
    "thin",
]

Array = NDArray[np.float64]


def probabilities(y: ArrayLike, p: ArrayLike) -> tuple[NDArray[np.int64], Array]:
    """Check class codes and probabilities that a user hands over.

    Parameters
    ----------
    y : array_like, shape (n,)
        Class codes from 0.
    p : array_like, shape (n,), (n, 1) or (n, n_classes)
        Probabilities; one column is that of class 1.

    Returns
    -------
    y : ndarray of int64, shape (n,)
    p : ndarray of float64, shape (n, n_classes)

    Raises
    ------
    DataError
        When the two do not fit together, or are not what they should be.
    """
    answers, shares = np.asarray(y), np.asarray(p, np.float64)
    if shares.ndim == 1 or (shares.ndim == 2 and shares.shape[1] == 1):
        flat = shares.reshape(-1)
        shares = np.column_stack([1 - flat, flat])
    if answers.ndim != 1 or shares.ndim != 2 or len(answers) != len(shares) or not len(answers):
        got = f"shapes {np.shape(y)} and {np.shape(p)}"
        raise DataError("as many rows of probabilities as answers, and at least one", got)
    if not np.isfinite(shares).all():
        raise DataError("finite probabilities", "some that are not")
    if answers.dtype.kind not in "biuf":
        got = f"values such as {answers.tolist()[0]!r}"
        raise DataError("class codes 0, 1, ...", got, "give the position of each label")
    codes = answers.astype(np.int64)
    if (codes != answers).any() or codes.min() < 0 or codes.max() >= shares.shape[1]:
        got = f"codes from {answers.min()} to {answers.max()}"
        raise DataError(f"class codes from 0 to {shares.shape[1] - 1}", got)
    return codes, shares


@dataclass(frozen=True)
class Bins:
    """How often a class came true, by what was said.

    Parameters
    ----------
    said, came : ndarray, shape (m,)
        Mean probability and observed share in each bin.
    low, high : ndarray, shape (m,)
        Between them lies the true share with a confidence of 95 % (Wilson 1927); weighted rows
        count as the number of rows alike that would be as precise (Kish 1965).
    rows : ndarray of int64, shape (m,)
        Rows in each bin.
    error : float
        The mean distance of the two, by rows.
    """

    said: Array
    came: Array
    low: Array
    high: Array
    rows: NDArray[np.int64]
    error: float


def calibration_bins(true: NDArray[Any], p: Array, weight: Array | None = None) -> Bins:
    """Put rows into ten bins of equal width by their probability; empty bins are left out.

    Examples
    --------
    >>> bins = calibration_bins(np.array([True, False]), np.array([0.5, 0.5]))
    >>> bins.said.tolist(), bins.came.tolist(), bins.error
    ([0.5], [0.5], 0.0)
    """
    mass = np.ones(len(p)) if weight is None else weight
    place = np.clip((p * 10).astype(np.int64), 0, 9)
    rows = np.bincount(place, minlength=10)
    total = np.bincount(place, mass, 10)
    kept = total > 0
    said = np.bincount(place, mass * p, 10)[kept] / total[kept]
    came = np.bincount(place, mass * true.astype(np.float64), 10)[kept] / total[kept]
    squares = np.bincount(place, mass**2, 10)[kept]
    low, high = wilson(came, total[kept] ** 2 / squares)
    error = float(np.abs(said - came) @ total[kept] / total.sum())
    return Bins(said, came, low, high, rows[kept], error)


def quantile(values: Array, shares: ArrayLike, weight: Array | None = None) -> Array:
    """Give quantiles of weighted values.

    Examples
    --------
    >>> quantile(np.array([1.0, 2.0, 3.0]), [0.5]).tolist()
    [2.0]
    """
    if weight is None:
        plain: Array = np.asarray(np.quantile(values, np.asarray(shares)), np.float64)
        return plain
    order = np.argsort(values)
    up_to = np.cumsum(weight[order])
    place = np.searchsorted(up_to, np.asarray(shares) * up_to[-1])
    found: Array = values[order][np.clip(place, 0, len(values) - 1)]
    return found


def thin(xs: Array, ys: Array, most: int = 240) -> tuple[Array, Array]:
    """Keep points of a rising curve that are far enough apart to be seen, and both ends.

    Examples
    --------
    >>> xs = np.linspace(0, 1, 10_000)
    >>> len(thin(xs, xs)[0]) <= 241
    True
    """
    if len(xs) <= most:
        return xs, ys
    length = np.append(0.0, np.cumsum(np.abs(np.diff(xs)) + np.abs(np.diff(ys))))
    step = np.floor(length / max(length[-1], 1e-12) * most)
    kept = np.append(True, np.diff(step) > 0)
    kept[-1] = True
    return xs[kept], ys[kept]
