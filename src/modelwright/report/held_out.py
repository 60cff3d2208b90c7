"""The held-out answers and predictions of a model, checked, and how a baseline compares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Evidence
from modelwright.core.task import Target, Task
from modelwright.evaluate import Metric
from modelwright.evaluate.metrics import metrics_of

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
    """

    task: Task
    y: NDArray[Any]
    p: Array
    weight: Array | None = None

    @classmethod
    def of(cls, task: Task, evidence: Evidence) -> HeldOut | None:
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
        return cls(task, y[usable].astype(kind), p[usable], rows)

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
        """Every metric of the task; the one that decides comes first."""
        return metrics_of(self.task)

    def score(self, metric: Metric) -> float:
        """Score the model."""
        return metric.score(self.target, self.p, self.weight)

    def baseline(self, metric: Metric) -> float:
        """Score one who knows only the answers: their mean, or how frequent each class is."""
        if self.task.is_classification:
            one = self.shares
        else:
            one = np.array([np.average(self.y, weights=self.weight)])
        same = np.broadcast_to(one, self.p.shape)
        return metric.score(self.target, same, self.weight)

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
        return replace(self, y=self.y[rows], p=self.p[rows], weight=weight)
