"""Numbers behind the plots of classes, from plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError

__all__ = [
    "Bins",
    "Operating",
    "calibration_bins",
    "confusion",
    "operating_points",
    "per_class",
    "probabilities",
    "quantile",
    "thin",
    "wilson",
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
class Operating:
    """What comes of calling a row positive from some probability on.

    Parameters
    ----------
    threshold : ndarray, shape (m,)
        Falling; the first is above every probability.
    hits, misses : ndarray, shape (m,)
        The weight of positives and of negatives that are called positive.
    """

    threshold: Array
    hits: Array
    misses: Array

    @property
    def recall(self) -> Array:
        """The share of positives that are found."""
        return _ratio(self.hits, self.hits[-1])

    @property
    def false_alarms(self) -> Array:
        """The share of negatives that are called positive."""
        return _ratio(self.misses, self.misses[-1])

    @property
    def precision(self) -> Array:
        """The share of those called positive that are; 1 where none is called."""
        called = self.hits + self.misses
        return np.where(called > 0, self.hits / np.where(called > 0, called, 1), 1.0)

    @property
    def flagged(self) -> Array:
        """The share of rows that are called positive."""
        return _ratio(self.hits + self.misses, self.hits[-1] + self.misses[-1])

    @property
    def f1(self) -> Array:
        """The harmonic mean of precision and recall."""
        total = self.precision + self.recall
        product = 2 * self.precision * self.recall
        return np.where(total > 0, product / np.where(total > 0, total, 1), 0.0)

    @property
    def area(self) -> float:
        """The area under the ROC curve."""
        return float(np.trapezoid(self.recall, self.false_alarms))

    @property
    def average_precision(self) -> float:
        """The area under the precision-recall curve, as a sum of steps."""
        return float(np.diff(self.recall) @ self.precision[1:])

    def at(self, threshold: float) -> int:
        """Give the position of the last step whose threshold is at least this one."""
        return int(np.searchsorted(-self.threshold, -threshold, side="right") - 1)


def _ratio(part: Array, whole: float | Array) -> Array:
    ratio: Array = part / whole if whole > 0 else np.zeros_like(part)
    return ratio


def operating_points(positive: NDArray[Any], p: Array, weight: Array | None = None) -> Operating:
    """Go through all thresholds that make a difference.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
        The answers.
    p : ndarray, shape (n,)
        The probability of a positive.
    weight : ndarray, shape (n,), optional
        How much each row counts.

    Examples
    --------
    >>> points = operating_points(np.array([False, True, True]), np.array([0.1, 0.4, 0.8]))
    >>> points.area, points.recall.tolist()
    (1.0, [0.0, 0.5, 1.0, 1.0])
    """
    order = np.argsort(-p, kind="stable")
    ranked = p[order]
    mass = np.ones(len(p)) if weight is None else weight[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(p) - 1)
    hits = np.cumsum(mass * positive[order])[last]
    misses = np.cumsum(mass * ~positive[order].astype(bool))[last]
    return Operating(np.append(np.inf, ranked[last]), np.append(0.0, hits), np.append(0.0, misses))


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


def wilson(share: Array, rows: NDArray[Any]) -> tuple[Array, Array]:
    """Give the 95 % interval of a share that was observed in so many rows (Wilson 1927).

    Examples
    --------
    >>> low, high = wilson(np.array([0.5]), np.array([100]))
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.404, 0.596)
    """
    z = 1.959964
    centre = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * np.sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def confusion(y: NDArray[np.int64], p: Array, weight: Array | None = None) -> Array:
    """Count rows by true class (down) and most probable class (across).

    Examples
    --------
    >>> confusion(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    k = p.shape[1]
    counts = np.bincount(y * k + p.argmax(axis=1), weight, k * k)
    return counts.reshape(k, k).astype(np.float64)


def per_class(cells: Array) -> tuple[Array, Array, Array]:
    """Give precision, recall and F1 of each class; NaN where a ratio has no value.

    Examples
    --------
    >>> precision, recall, f1 = per_class(np.array([[3.0, 1.0], [0.0, 4.0]]))
    >>> recall.tolist(), precision.tolist()
    ([0.75, 1.0], [1.0, 0.8])
    """
    right, called, there = np.diag(cells), cells.sum(axis=0), cells.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return right / called, right / there, 2 * right / (called + there)


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
