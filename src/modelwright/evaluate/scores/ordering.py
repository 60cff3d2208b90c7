"""How rows are ordered by the probability of the positive class.

Predictions `p` are probabilities of shape (n_rows,), or of shape (n_rows, 2) in class order; `y` is
1 (or True) for a positive. Only the order counts, except where thresholds are given back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.scores.basics import NAN, Array, ratio

__all__ = [
    "Gains",
    "Operating",
    "average_precision",
    "gains",
    "lift_at",
    "operating_points",
    "precision_at",
    "precision_at_recall",
    "recall_at",
    "recall_at_false_alarms",
    "recall_at_precision",
    "roc_auc",
    "taken",
]


def _of_positive(p: Array) -> Array:
    return p if p.ndim == 1 else p[:, -1]


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
    return float(hits @ below / pairs) if pairs > 0 else NAN


def roc_auc(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the area under the ROC curve (Fawcett 2006).

    With more than two classes: the mean over classes of each against the rest, over those classes
    that some rows have and others have not. NaN when there is no such class.

    Examples
    --------
    >>> roc_auc(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]]))
    0.75
    """
    if p.ndim == 1 or p.shape[1] == 2:
        return _area(y == 1, _of_positive(p), weight)
    present = np.flatnonzero(np.bincount(y, minlength=p.shape[1]))
    areas = np.array([_area(y == k, p[:, k], weight) for k in present])
    known = areas[~np.isnan(areas)]
    return float(known.mean()) if known.size else NAN


def average_precision(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the area under the precision-recall curve, as a sum of steps; NaN without positives.

    Examples
    --------
    >>> average_precision(np.array([0, 1]), np.array([[0.9, 0.1], [0.4, 0.6]]))
    1.0
    """
    hits, misses = _ranked(y == 1, _of_positive(p), weight)
    hits, misses = hits[::-1], misses[::-1]
    total = hits.sum()
    precision = ratio(np.cumsum(hits), np.cumsum(hits + misses), 0.0)
    return float(hits @ precision / total) if total > 0 else NAN


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
        return _share(self.hits, self.hits[-1])

    @property
    def false_alarms(self) -> Array:
        """The share of negatives that are called positive."""
        return _share(self.misses, self.misses[-1])

    @property
    def precision(self) -> Array:
        """The share of those called positive that are; 1 where none is called."""
        return ratio(self.hits, self.hits + self.misses, 1.0)

    @property
    def flagged(self) -> Array:
        """The share of rows that are called positive."""
        return _share(self.hits + self.misses, self.hits[-1] + self.misses[-1])

    @property
    def f1(self) -> Array:
        """The harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return ratio(2 * self.precision * self.recall, total, 0.0)

    @property
    def tables(self) -> Array:
        """True (down) by called (across) at each threshold: shape (m, 2, 2)."""
        negative = np.stack([self.misses[-1] - self.misses, self.misses], axis=-1)
        positive = np.stack([self.hits[-1] - self.hits, self.hits], axis=-1)
        return np.stack([negative, positive], axis=-2)

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


def _share(part: Array, whole: float | Array) -> Array:
    share: Array = part / whole if whole > 0 else np.zeros_like(part)
    return share


def operating_points(positive: Array, p: Array, weight: Array | None = None) -> Operating:
    """Go through all thresholds that make a difference: the ROC and precision-recall curves.

    Parameters
    ----------
    positive : ndarray of bool, shape (n_rows,)
        The answers.
    p : ndarray, shape (n_rows,) or (n_rows, 2)
        The probability of a positive.
    weight : ndarray, shape (n_rows,), optional
        How much each row counts.

    Returns
    -------
    Operating
        ROC curve: `false_alarms` and `recall`; precision-recall curve: `recall` and `precision`.

    Examples
    --------
    >>> points = operating_points(np.array([False, True, True]), np.array([0.1, 0.4, 0.8]))
    >>> points.area, points.recall.tolist()
    (1.0, [0.0, 0.5, 1.0, 1.0])
    """
    shares, true = _of_positive(p), positive.astype(bool)
    order = np.argsort(-shares, kind="stable")
    ranked = shares[order]
    mass = np.ones(len(shares)) if weight is None else weight[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(shares) - 1)
    hits = np.cumsum(mass * true[order])[last]
    misses = np.cumsum(mass * ~true[order])[last]
    return Operating(np.append(np.inf, ranked[last]), np.append(0.0, hits), np.append(0.0, misses))


@dataclass(frozen=True)
class Gains:
    """What taking the most probable rows first brings, step by step.

    Parameters
    ----------
    share : ndarray, shape (m,)
        The share of rows that are taken.
    found : ndarray, shape (m,)
        The share of positives among them: the gain curve.
    lift : ndarray, shape (m,)
        How many times as many positives that is as taking rows at random.
    """

    share: Array
    found: Array
    lift: Array


def gains(y: Array, p: Array, weight: Array | None = None) -> Gains:
    """Give the gain and lift curves.

    Examples
    --------
    >>> found = gains(np.array([0, 0, 0, 1]), np.array([0.1, 0.2, 0.3, 0.9]))
    >>> found.share.tolist()[:2], found.found.tolist()[:2], found.lift.tolist()[:2]
    ([0.0, 0.25], [0.0, 1.0], [4.0, 4.0])
    """
    points = operating_points(y == 1, p, weight)
    share, found = points.flagged, points.recall
    lift = ratio(found, share, NAN)
    if len(lift) > 1:
        lift[0] = lift[1]  # where nothing is taken yet: what the first step will bring
    return Gains(share, found, lift)


def taken(y: Array, p: Array, k: float, weight: Array | None = None) -> tuple[float, float]:
    """Count the positives and negatives among the k most probable rows.

    Of rows that are equally probable, as many are taken as there is room for, and positives by
    their share among them: what drawing at random gives on average.

    Parameters
    ----------
    y, p, weight
        As for `roc_auc`, of two classes.
    k : float
        How many rows are taken, by weight.

    Returns
    -------
    hits, misses : float
        By weight.

    Examples
    --------
    >>> taken(np.array([0, 1, 1]), np.array([0.2, 0.9, 0.2]), 2)
    (1.5, 0.5)
    """
    points = operating_points(y == 1, p, weight)
    full = points.hits + points.misses
    room = min(float(k), float(full[-1]))
    return float(np.interp(room, full, points.hits)), float(np.interp(room, full, points.misses))


def precision_at(y: Array, p: Array, weight: Array | None = None, k: float = 100.0) -> float:
    """Give the share of positives among the k most probable rows; parameters as for `taken`.

    Examples
    --------
    >>> precision_at(np.array([0, 1, 1]), np.array([0.2, 0.9, 0.4]), k=2)
    1.0
    """
    hits, misses = taken(y, p, k, weight)
    return hits / (hits + misses) if hits + misses > 0 else NAN


def recall_at(y: Array, p: Array, weight: Array | None = None, k: float = 100.0) -> float:
    """Give the share of all positives among the k most probable rows; parameters as for `taken`.

    Examples
    --------
    >>> recall_at(np.array([0, 1, 1]), np.array([0.2, 0.9, 0.4]), k=1)
    0.5
    """
    positive = float((y == 1).sum() if weight is None else weight @ (y == 1))
    return taken(y, p, k, weight)[0] / positive if positive > 0 else NAN


def lift_at(y: Array, p: Array, weight: Array | None = None, k: float = 100.0) -> float:
    """Give how many times as many positives the k most probable rows hold as rows at random.

    Parameters as for `taken`.

    Examples
    --------
    >>> lift_at(np.array([0, 0, 1, 0]), np.array([0.2, 0.1, 0.9, 0.4]), k=1)
    4.0
    """
    points = operating_points(y == 1, p, weight)
    whole = points.hits[-1] + points.misses[-1]
    share = points.hits[-1] / whole if whole > 0 else 0.0
    return float(precision_at(y, p, weight, k) / share) if share > 0 else NAN


def recall_at_precision(
    y: Array, p: Array, weight: Array | None = None, precision: float = 0.9
) -> float:
    """Give the greatest recall of a threshold with at least this precision; 0 if there is none.

    Examples
    --------
    >>> recall_at_precision(np.array([0, 1, 1]), np.array([0.5, 0.9, 0.4]), precision=0.9)
    0.5
    """
    points = operating_points(y == 1, p, weight)
    if points.hits[-1] <= 0:
        return NAN
    return float(points.recall[points.precision >= precision].max(initial=0.0))


def precision_at_recall(
    y: Array, p: Array, weight: Array | None = None, recall: float = 0.9
) -> float:
    """Give the greatest precision of a threshold that finds at least this share of positives.

    Examples
    --------
    >>> precision_at_recall(np.array([0, 1, 1, 1]), np.array([0.5, 0.9, 0.4, 0.8]), recall=1)
    0.75
    """
    points = operating_points(y == 1, p, weight)
    if points.hits[-1] <= 0:
        return NAN
    # Shares of summed weights are not exact: the last step finds everything.
    reached = points.recall >= min(recall, 1.0) - 1e-12
    return float(points.precision[reached].max())


def recall_at_false_alarms(
    y: Array, p: Array, weight: Array | None = None, false_alarms: float = 0.1
) -> float:
    """Give the greatest recall of a threshold with at most this share of false alarms.

    Examples
    --------
    >>> recall_at_false_alarms(np.array([0, 1, 1, 0]), np.array([0.5, 0.9, 0.4, 0.1]))
    0.5
    """
    points = operating_points(y == 1, p, weight)
    if points.hits[-1] <= 0 or points.misses[-1] <= 0:
        return NAN
    return float(points.recall[points.false_alarms <= false_alarms + 1e-12].max())
