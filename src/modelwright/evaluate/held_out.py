"""The held-out answers and predictions of a model, checked, and how a plain guess compares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import KEPT, Evidence
from modelwright.core.task import Target, Task
from modelwright.evaluate import Metric
from modelwright.evaluate.catalogue import metrics_of
from modelwright.evaluate.decisions import USUAL, Best, Decision, Threshold
from modelwright.evaluate.intervals import Interval, bootstrap_interval
from modelwright.evaluate.metrics import Decided
from modelwright.evaluate.thresholds import tunable, tune_threshold
from modelwright.pages import shorten

__all__ = ["HeldOut"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """What was predicted for rows that the model had not seen, beside what is true.

    Parameters
    ----------
    task : Task
        The question.
    y : ndarray, shape (n,)
        Class codes (int64) or numbers (float64).
    p : ndarray of float64, shape (n, n_outputs)
        Probabilities or numbers; finite.
    weight : ndarray of float64, shape (n,), optional
        How much each row counts.
    answers : ndarray of int64, shape (n,), optional
        The decided class of each row; None for numbers. A tuned threshold is that of other folds.
    group : ndarray of int, shape (n,), optional
        Which rows belong together; None when each stands for itself.
    decision : Decision
        How the model answers.
    stands_for : int
        How many rows these were drawn from; 0: they are all.
    period : ndarray of int, shape (n,), optional
        In which of several periods, one after the other, each row was held out; None where folds
        are no periods.
    """

    task: Task
    y: NDArray[Any]
    p: Array
    weight: Array | None = None
    answers: NDArray[np.int64] | None = None
    group: NDArray[Any] | None = None
    decision: Decision = USUAL
    stands_for: int = 0
    period: NDArray[Any] | None = None

    @classmethod
    def of(cls, task: Task, evidence: Evidence, decision: Decision | None = None) -> HeldOut | None:
        """Take the rows of some evidence that can be used; None when there are none."""
        y, p = np.asarray(evidence.y), np.asarray(evidence.p, np.float64)
        if p.shape[1] != task.outputs:
            return None
        usable = np.isfinite(p).all(axis=1) & np.isfinite(y)
        if task.is_classification:
            usable &= (y >= 0) & (y < task.outputs)
        weight = evidence.weight
        if weight is not None:
            weight = np.asarray(weight, np.float64)
            usable &= np.isfinite(weight) & (weight >= 0)
        if not usable.any() or (weight is not None and not weight[usable].sum() > 0):
            return None
        kind = np.int64 if task.is_classification else np.float64
        rows = None if weight is None else weight[usable]
        found = cls(task, y[usable].astype(kind), p[usable], rows)
        group = None if evidence.group is None else evidence.group[usable]
        # Where all are kept they stand for themselves: in a repeated plan each is held out often.
        drawn = sum(valid for _, valid in evidence.splits) if len(y) >= KEPT else 0
        stands_for = max(drawn, len(found))
        decision = decision or USUAL
        fold = np.asarray(evidence.fold)[usable]
        return replace(
            found,
            answers=found._decided(decision, fold),
            group=group,
            decision=decision,
            stands_for=stands_for,
            period=fold if evidence.forward else None,
        )

    def _decided(self, decision: Decision, fold: NDArray[Any]) -> NDArray[np.int64] | None:
        """Decide for a class in each row; a tuned threshold is found on the other folds."""
        if not self.task.is_classification:
            return None
        metric = self.deciding
        if metric is None or fold.min() == fold.max() or decision == metric.decision:
            return decision.answers(self.p)
        if isinstance(decision, Threshold) and tunable(metric, len(self.task.classes)):
            return tune_threshold(metric, self.target, self.p, fold, self.weight).answers
        return decision.answers(self.p)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def target(self) -> Target:
        """The answers as metrics take them."""
        return Target(self.y, len(self.task.classes))

    @property
    def weights(self) -> Array:
        """How much each row counts: ones when nothing was said."""
        return np.ones(len(self)) if self.weight is None else self.weight

    @property
    def shares(self) -> Array:
        """The share of each class."""
        counts = np.bincount(self.y, self.weights, len(self.task.classes))
        shares: Array = counts / counts.sum()
        return shares

    @property
    def metrics(self) -> list[Metric]:
        """The metric that decides first (unless it is a Python function), then the usual ones."""
        listed = metrics_of(self.task, y=self.target)
        whole = (self.stands_for or len(self)) * float(self.weights.mean())
        return [metric.for_part_of(whole) for metric in listed]

    @property
    def deciding(self) -> Metric | None:
        """The metric that decided; None when it is a Python function, which no file holds."""
        found = metrics_of(self.task)[0]
        return found if found.name == self.task.metric else None

    def judged(self, metric: Metric) -> tuple[Metric, NDArray[Any]]:
        """Give a metric and what it judges: of decisions, those of the model."""
        if not isinstance(metric.function, Decided) or isinstance(metric.decision, Best):
            return metric, self.p
        answers = self.p.argmax(axis=1) if self.answers is None else self.answers
        return metric.decided_by(USUAL), np.eye(self.p.shape[1])[answers]

    def score(self, metric: Metric) -> float:
        """Score the model."""
        judge, p = self.judged(metric)
        return judge.score(self.target, p, self.weight)

    def interval(self, metric: Metric) -> Interval:
        """Find between which values the score lies with a confidence of 95 %."""
        judge, p = self.judged(metric)
        return bootstrap_interval(
            judge,
            self.target,
            p.astype(np.float32),
            weight=self.weight,
            groups=self.group,
        )

    def constant(self, metric: Metric) -> int:
        """Give the class that one answers always who knows only how frequent each class is.

        The most frequent one; where the model's decisions are made for the metric, the best one.
        """
        if self.decision == USUAL or not isinstance(metric.function, Decided):
            return int(self.shares.argmax())
        sign = 1 if metric.greater_is_better else -1
        return int(np.nanargmax([sign * self._always(metric, k) for k in range(self.p.shape[1])]))

    def _always(self, metric: Metric, code: int) -> float:
        same = np.broadcast_to(np.eye(self.p.shape[1])[code], self.p.shape)
        return metric.decided_by(USUAL).score(self.target, same, self.weight)

    def guess(self, metric: Metric) -> float:
        """Score one who knows only the answers: their mean, or how frequent each class is."""
        if isinstance(metric.function, Decided) and not isinstance(metric.decision, Best):
            return self._always(metric, self.constant(metric))
        if self.task.is_classification:
            one = self.shares
        else:
            one = np.array([np.average(self.y, weights=self.weight)])
        same = np.broadcast_to(one, self.p.shape)
        return metric.score(self.target, same, self.weight)

    def guess_words(self, metric: Metric) -> str:
        """Say in a few words what the plain guess is."""
        if not self.task.is_classification:
            return "predicting the mean"
        if isinstance(metric.decision, Best):
            return "rows at random"
        if isinstance(metric.function, Decided) and self.decision != USUAL:
            return f"always {shorten(self.task.classes[self.constant(metric)], 20)}"
        return "class frequencies"

    def perfect(self, metric: Metric) -> float:
        """Give the best score that there is, on these rows where it is a matter of them."""
        if metric.best is not None:
            return metric.best
        exact = np.eye(self.p.shape[1])[self.y] if self.task.is_classification else self.y[:, None]
        return metric.decided_by(USUAL).score(self.target, exact, self.weight)

    def errors(self) -> Array:
        """Give prediction minus answer, of numbers."""
        missed: Array = self.p[:, 0] - self.y
        return missed

    def sample(self, most: int) -> HeldOut:
        """Draw at most so many rows, always the same ones."""
        if len(self) <= most:
            return self
        rows = np.sort(np.random.default_rng(0).choice(len(self), most, replace=False))
        weight = None if self.weight is None else self.weight[rows]
        answers = None if self.answers is None else self.answers[rows]
        group = None if self.group is None else self.group[rows]
        period = None if self.period is None else self.period[rows]
        return replace(
            self, y=self.y[rows], p=self.p[rows], weight=weight, answers=answers, group=group,
            period=period,
        )  # fmt: skip
