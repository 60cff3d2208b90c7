"""What predictions are worth: the deciding metric, and where it needs one, a tuned threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.splits import Splits
from modelwright.core.task import Target
from modelwright.evaluate import Metric, bootstrap_interval
from modelwright.evaluate.decisions import USUAL, Decision
from modelwright.evaluate.intervals import Interval
from modelwright.evaluate.paired import Said, paired_bootstrap
from modelwright.evaluate.thresholds import best_threshold, tunable, tune_threshold

__all__ = ["Judge", "Verdict", "judging_folds"]

# Where one part of the rows is held out, thresholds are cross-fitted within it, in so many parts.
PARTS = 5


def judging_folds(splits: Splits, groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Give the fold of each scored row; of one hold-out, parts of it that keep groups whole.

    Examples
    --------
    >>> from modelwright.core.splits import Fold
    >>> one = Fold(np.arange(6), np.arange(6, 12))
    >>> judging_folds(Splits((one,), 12, "hold-out", ""), None).tolist()
    [0, 1, 2, 3, 4, 0]
    """
    scored = splits.scored
    if len(splits) == 1:
        own = (
            np.arange(len(scored)) if groups is None else np.unique(groups, return_inverse=True)[1]
        )
        return own % PARTS
    fold = np.zeros(splits.rows, np.int64)
    for number, one in enumerate(splits.folds):
        fold[one.valid] = number
    return fold[scored]


@dataclass(frozen=True)
class Verdict:
    """A score, and how the predictions become answers.

    Parameters
    ----------
    score : float
        In the deciding metric; honest: no row's answer had a say in its own decision.
    decision : Decision
        For new rows.
    """

    score: float
    decision: Decision


@dataclass(frozen=True)
class Judge:
    """Judges out-of-fold predictions.

    Parameters
    ----------
    metric : Metric
        What decides.
    y : Target
        The answers of the n_scored rows.
    weight : ndarray of float64, shape (n_scored,), optional
        How much each row counts.
    fold : ndarray of int64, shape (n_scored,)
        The fold of each row.
    groups : ndarray of int64, shape (n_scored,), optional
        Which rows belong together.
    """

    metric: Metric
    y: Target
    weight: NDArray[np.float64] | None
    fold: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None

    def verdict(self, p: NDArray[np.float32]) -> Verdict:
        """Score predictions, and find out how they become answers."""
        own = self.metric.decision or USUAL
        if not self._tunes(p):
            return Verdict(self.metric.score(self.y, p, self.weight), own)
        tuned = tune_threshold(self.metric, self.y, p, self.fold, self.weight)
        certain = self.metric.decided_by(USUAL)
        return Verdict(certain.score(self.y, tuned.certain, self.weight), tuned.decision)

    def score(self, p: NDArray[np.float32]) -> float:
        """Score predictions."""
        return self.verdict(p).score

    def loss_on(self, rows: NDArray[np.int64] | slice) -> Callable[[NDArray[np.float32]], float]:
        """Give a loss of predictions for some of the rows, each at its best threshold."""
        y = Target(self.y.values[rows], self.y.classes)
        weight = None if self.weight is None else self.weight[rows]
        metric = self.metric.for_part_of(self._total)
        if not tunable(metric, y.classes):
            return lambda p: metric.loss(y, p, weight)
        sign = -1.0 if metric.greater_is_better else 1.0
        start = metric.best or 0.0 if metric.greater_is_better else 0.0

        def loss(p: NDArray[np.float32]) -> float:
            if not np.isfinite(p).all():
                return float("nan")
            return start + sign * best_threshold(metric, y, p, weight).score

        return loss

    def interval(self, p: NDArray[np.float32], *, known: float, seconds: float) -> Interval:
        """Give the 95 % interval of a score, decisions being what they are."""
        said = self._said(p)
        return bootstrap_interval(
            said.judged(self.metric),
            self.y,
            said.p,
            weight=self.weight,
            groups=self.groups,
            known=known,
            seconds=seconds,
        )

    def gain(
        self, p: NDArray[np.float32], other: NDArray[np.float32], *, seconds: float
    ) -> tuple[float, float, float]:
        """Say by how much predictions are better than others, and the 95 % interval of that."""
        (found,) = paired_bootstrap(
            [self.metric],
            self.y,
            self._said(other),
            self._said(p),
            weight=self.weight,
            groups=self.groups,
            seconds=seconds,
        )
        sign = 1.0 if self.metric.greater_is_better else -1.0
        low, high = sorted((sign * found.low, sign * found.high))
        return sign * found.difference, low, high

    def _said(self, p: NDArray[np.float32]) -> Said:
        """Decide each row by the threshold of the other folds, where there is one to be tuned."""
        if not self._tunes(p):
            return Said(p)
        return Said(tune_threshold(self.metric, self.y, p, self.fold, self.weight).certain, USUAL)

    def _tunes(self, p: NDArray[Any]) -> bool:
        several = bool(len(self.fold)) and self.fold.min() != self.fold.max()
        return several and tunable(self.metric, self.y.classes) and bool(np.isfinite(p).all())

    @property
    def _total(self) -> float:
        return float(len(self.y) if self.weight is None else self.weight.sum())
