"""The formulas of the metrics.

Each takes answers `y` of shape (n_rows,), predictions `p` of shape (n_rows, n_outputs) and weights
of shape (n_rows,) or None, and gives a float. All agree with scikit-learn where both have a value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "brier",
    "f1",
    "log_loss",
    "mae",
    "r2",
    "rmse",
    "rmsle",
    "roc_auc",
]

Array = NDArray[Any]

_TINY = 1e-15
_NAN = float("nan")


def _mean(values: Array, weight: Array | None) -> float:
    if weight is None:
        return float(np.mean(values, dtype=np.float64))
    total = float(weight.sum())
    return float(weight @ values) / total if total > 0 else _NAN


def _ratio(over: Array, under: Array, otherwise: float) -> Array:
    """Divide, and say what 0 / 0 is."""
    safe = np.where(under == 0, 1, under)
    return np.where(under == 0, otherwise, over / safe)


def _ranked(positive: Array, p: Array, weight: Array | None) -> tuple[Array, Array]:
    """Count positive and negative weight at each distinct prediction, in ascending order."""
    order = np.argsort(p)
    ranked = p[order]
    last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(p) - 1)
    if weight is None:
        up_to = np.cumsum(positive[order])[last].astype(np.float64)
        total = last + 1.0
    else:
        up_to = np.cumsum((weight * positive)[order])[last]
        total = np.cumsum(weight[order])[last]
    return np.diff(up_to, prepend=0), np.diff(total - up_to, prepend=0)


def _area(positive: Array, p: Array, weight: Array | None) -> float:
    """Give the chance that a positive ranks above a negative; a tie counts half."""
    hits, misses = _ranked(positive, p, weight)
    pairs = hits.sum() * misses.sum()
    below = np.cumsum(misses) - misses / 2
    return float(hits @ below / pairs) if pairs > 0 else _NAN


def roc_auc(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the area under the ROC curve (Fawcett 2006).

    With more than two classes: the mean over classes of each against the rest, over those classes
    that some rows have and others have not. NaN when there is no such class.

    Examples
    --------
    >>> roc_auc(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]]))
    0.75
    """
    if p.shape[1] == 2:
        return _area(y == 1, p[:, 1], weight)
    present = np.flatnonzero(np.bincount(y, minlength=p.shape[1]))
    areas = np.array([_area(y == k, p[:, k], weight) for k in present])
    known = areas[~np.isnan(areas)]
    return float(known.mean()) if known.size else _NAN


def log_loss(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean negative log of the probability of the true class, in nats.

    Rows are scaled to sum to 1; a probability below 1e-15 counts as 1e-15.

    Examples
    --------
    >>> round(log_loss(np.array([1]), np.array([[0.5, 0.5]])), 4)
    0.6931
    """
    true = np.take_along_axis(p, y[:, None], axis=1)[:, 0].astype(np.float64)
    total = p.sum(axis=1, dtype=np.float64)
    share = true / np.where(total > 0, total, 1)
    return -_mean(np.log(np.clip(share, _TINY, 1)), weight)


def brier(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean squared error of probabilities (Brier 1950).

    Of two classes: of the positive one, so between 0 and 1. Of more: summed over the classes, so
    between 0 and 2.

    Examples
    --------
    >>> round(brier(np.array([1]), np.array([[0.4, 0.6]])), 4)
    0.16
    """
    if p.shape[1] == 2:
        return _mean(np.square(p[:, 1] - (y == 1)), weight)
    true = y[:, None] == np.arange(p.shape[1])
    return _mean(np.square(p - true).sum(axis=1), weight)


def _confusion(y: Array, p: Array, weight: Array | None) -> Array:
    """Count weight by true class (rows) and most probable class (columns)."""
    classes = p.shape[1]
    cell = y * classes + p.argmax(axis=1)
    return np.bincount(cell, weight, classes * classes).reshape(classes, classes)


def accuracy(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the share of rows whose most probable class is true.

    Examples
    --------
    >>> accuracy(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]))
    0.5
    """
    return _mean(p.argmax(axis=1) == y, weight)


def balanced_accuracy(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean recall over the classes that some rows have.

    Examples
    --------
    >>> balanced_accuracy(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]]))
    0.5
    """
    table = _confusion(y, p, weight)
    rows = table.sum(axis=1)
    present = rows > 0
    return float((np.diag(table)[present] / rows[present]).mean()) if present.any() else _NAN


def f1(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the harmonic mean of precision and recall.

    Of two classes: of the last one, and 0 when it is neither true nor predicted anywhere. Of
    more: the mean over the classes that are.

    Examples
    --------
    >>> round(f1(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])), 4)
    0.6667
    """
    table = _confusion(y, p, weight)
    either = table.sum(axis=0) + table.sum(axis=1)
    each = _ratio(2 * np.diag(table), either, 0.0)
    if p.shape[1] == 2:
        return float(each[1])
    return float(each[either > 0].mean()) if (either > 0).any() else _NAN


def average_precision(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the area under the precision-recall curve, as a sum of steps; NaN without positives.

    Examples
    --------
    >>> average_precision(np.array([0, 1]), np.array([[0.9, 0.1], [0.4, 0.6]]))
    1.0
    """
    hits, misses = _ranked(y == 1, p[:, 1], weight)
    hits, misses = hits[::-1], misses[::-1]
    total = hits.sum()
    precision = _ratio(np.cumsum(hits), np.cumsum(hits + misses), 0.0)
    return float(hits @ precision / total) if total > 0 else _NAN


def _errors(y: Array, p: Array) -> Array:
    return np.asarray(y - p[:, 0].astype(np.float64))


def rmse(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the root of the mean squared error, in units of the target.

    Examples
    --------
    >>> rmse(np.array([1.0, 2.0]), np.array([[4.0], [5.0]]))
    3.0
    """
    return float(np.sqrt(_mean(np.square(_errors(y, p)), weight)))


def mae(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the mean absolute error, in units of the target.

    Examples
    --------
    >>> mae(np.array([1.0, 2.0]), np.array([[4.0], [1.0]]))
    2.0
    """
    return _mean(np.abs(_errors(y, p)), weight)


def r2(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the share of variance explained; NaN when all answers are equal.

    Examples
    --------
    >>> r2(np.array([1.0, 3.0]), np.array([[1.0], [2.0]]))
    0.5
    """
    spread = _mean(np.square(y - _mean(y, weight)), weight)
    return 1 - _mean(np.square(_errors(y, p)), weight) / spread if spread > 0 else _NAN


def rmsle(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the root of the mean squared error of log(1 + value).

    Predictions below 0 count as 0; NaN when an answer is below 0.

    Examples
    --------
    >>> rmsle(np.array([0.0]), np.array([[-5.0]]))
    0.0
    """
    if (y < 0).any():
        return _NAN
    logs = np.log1p(np.clip(p.astype(np.float64), 0, None))
    return rmse(np.log1p(y), logs, weight)
