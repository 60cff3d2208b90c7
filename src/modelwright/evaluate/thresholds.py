"""From which probability on a row is called positive, found on rows that no model has seen.

A threshold that is scored on the rows that chose it looks too good. So the rows of each fold are
decided by the threshold that is best on the other folds, and these decisions are scored; the model
takes the threshold that is best on all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.evaluate.decisions import Decision, MostProbable, Threshold
from modelwright.evaluate.metrics import Decided, Metric
from modelwright.evaluate.scores.classes import confusion
from modelwright.evaluate.scores.ordering import operating_points

__all__ = ["Cut", "Tuned", "best_threshold", "threshold_curve", "tunable", "tune_threshold"]

Weight = NDArray[np.float64] | None


@dataclass(frozen=True)
class Cut:
    """A threshold, and what the metric says of it on the rows that chose it.

    Parameters
    ----------
    decision : Decision
        The threshold; the metric's own rule where nothing could be found.
    score : float
        Its score.
    """

    decision: Decision
    score: float


@dataclass(frozen=True)
class Tuned:
    """A decision for new rows, and honest decisions for the rows that it was found on.

    Parameters
    ----------
    decision : Decision
        For new rows.
    answers : ndarray of int64, shape (n_rows,)
        What is decided for each row by the threshold of the other folds.
    """

    decision: Decision
    answers: NDArray[np.int64]

    @property
    def certain(self) -> NDArray[np.float32]:
        """The same as probabilities of 0 and 1, of shape (n_rows, 2)."""
        return np.eye(2, dtype=np.float32)[self.answers]


def tunable(metric: Metric, classes: int) -> bool:
    """Say whether a threshold can be tuned for a metric.

    Only for two classes, and a metric of decisions that does not bring its own rule: a capacity, or
    a matrix of costs.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> [tunable(find_metric(name, TaskKind.BINARY), 2) for name in ("f1", "roc_auc")]
    [True, False]
    """
    return classes == 2 and isinstance(metric.decision, MostProbable | Threshold)


def threshold_curve(
    metric: Metric, y: Target, p: NDArray[Any], weight: Weight = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score every threshold that makes a difference.

    Parameters
    ----------
    metric : Metric
        One that is `tunable`.
    y : Target
        The answers of n_rows rows.
    p : ndarray of shape (n_rows, 2)
        Probabilities.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.

    Returns
    -------
    thresholds, scores : ndarray of float64, shape (m,)
        Thresholds fall; from one on, up to the one before, decisions are the same.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> y, p = Target(np.array([0, 1]), 2), np.array([[0.9, 0.1], [0.7, 0.3]])
    >>> threshold_curve(find_metric("accuracy", TaskKind.BINARY), y, p)[1].tolist()
    [0.5, 1.0, 0.5]
    """
    assert isinstance(metric.function, Decided)  # callers ask `tunable` first
    points = operating_points(y.values == 1, p[:, 1].astype(np.float64), weight)
    return points.threshold, np.asarray(metric.function.formula(points.tables), np.float64)


def best_threshold(metric: Metric, y: Target, p: NDArray[Any], weight: Weight = None) -> Cut:
    """Find the threshold of the best score; parameters as for `threshold_curve`.

    It lies in the middle between two rows. Of several that are as good, the one nearest to the
    metric's own rule (one half; for a profit or cost, where it breaks even) is taken.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> y, p = Target(np.array([0, 1]), 2), np.array([[0.9, 0.1], [0.7, 0.3]])
    >>> best_threshold(find_metric("f1", TaskKind.BINARY), y, p)
    Cut(decision=Threshold(value=0.2), score=1.0)
    """
    own = metric.decision or MostProbable()
    middle = own.value if isinstance(own, Threshold) else 0.5
    above, scores = threshold_curve(metric, y, p, weight)
    below = np.append(above[1:], -np.inf)  # thresholds in (below, above] decide alike
    scores = np.where(below < 1, scores, np.nan)  # none above 1
    known = np.isfinite(scores)
    if not known.any() or (weight is not None and not weight.any()):
        return Cut(own, float("nan"))
    sign = _sign(metric)
    signed = np.where(known, sign * np.where(known, scores, 0.0), -np.inf)
    best = signed.max()
    equal = np.flatnonzero(signed >= best - 1e-12 * max(abs(best), 1.0))
    if isinstance(own, MostProbable):  # one half itself is still the first class
        inside = (below[equal] <= middle) & (middle < above[equal])
    else:
        inside = (below[equal] < middle) & (middle <= above[equal])
    if inside.any():
        return Cut(own, float(scores[equal[inside.argmax()]]))
    cuts = (np.minimum(above[equal], 1.0) + np.maximum(below[equal], 0.0)) / 2
    nearest = int(np.abs(cuts - middle).argmin())
    return Cut(Threshold(float(cuts[nearest])), float(scores[equal[nearest]]))


def tune_threshold(
    metric: Metric, y: Target, p: NDArray[Any], fold: NDArray[Any], weight: Weight = None
) -> Tuned:
    """Find a threshold on all rows, and decide each row by the threshold of the other folds.

    Parameters
    ----------
    metric, y, p, weight
        As for `threshold_curve`; predictions are out of fold.
    fold : ndarray of int, shape (n_rows,)
        The fold of each row; at least two different ones.

    Returns
    -------
    Tuned
        The metric's own rule stays where thresholds of other folds do no better; that, too, is
        decided for each fold on the others.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> y = Target(np.arange(40) % 4 // 3, 2)
    >>> p = np.where(y.values[:, None] == 1, [0.7, 0.3], [0.9, 0.1])
    >>> found = tune_threshold(find_metric("f1", TaskKind.BINARY), y, p, np.arange(40) % 5)
    >>> found.decision, bool((found.answers == y.values).all())
    (Threshold(value=0.2), True)
    """
    answers = np.empty(len(y), np.int64)
    for one in np.unique(fold):
        out = fold == one
        others = np.flatnonzero(~out)
        mass = None if weight is None else weight[others]
        rule = _chosen(metric, y.rows(others), p[others], fold[others], mass)
        answers[out] = rule.answers(p[out])
    return Tuned(_chosen(metric, y, p, fold, weight), answers)


def _chosen(
    metric: Metric, y: Target, p: NDArray[Any], fold: NDArray[Any], weight: Weight
) -> Decision:
    """Take the best threshold, unless those of each half do no better on the other than none."""
    assert isinstance(metric.function, Decided)  # callers ask `tunable` first
    own, formula = metric.function.decision, metric.function.formula
    best = best_threshold(metric, y, p, weight).decision
    half = np.unique(fold, return_inverse=True)[1] % 2
    if best == own or not half.any():
        return best
    plain, crossed = own.answers(p), np.empty(len(y), np.int64)
    for one in (0, 1):
        out = half == one
        others = np.flatnonzero(~out)
        mass = None if weight is None else weight[others]
        rule = best_threshold(metric, y.rows(others), p[others], mass).decision
        crossed[out] = rule.answers(p[out])
    before, after = (
        float(formula(confusion(y.values, said, 2, weight))) for said in (plain, crossed)
    )
    return best if _sign(metric) * (after - before) > 0 else own


def _sign(metric: Metric) -> float:
    return 1.0 if metric.greater_is_better else -1.0
