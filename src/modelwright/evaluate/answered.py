"""Rows whose answers are known, what a model says of them, and how good that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target, Task
from modelwright.evaluate.intervals import Interval, bootstrap_interval
from modelwright.evaluate.metrics import Metric, metrics_of

__all__ = ["Answered"]

_SECONDS = 2.0  # for the interval of one metric; far less is usual


@dataclass(frozen=True)
class Answered:
    """Rows whose answers are known, and what a model says of them.

    Parameters
    ----------
    task : Task
        The question.
    y : Target
        The answers of the rows that have one.
    p : ndarray of float32, shape (n_rows, n_outputs)
        The predictions for them.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts; None when the table does not say.
    groups : ndarray of int64, shape (n_rows,), optional
        Rows that belong together; None when each stands for itself.
    seen : bool
        Whether they are the very rows that the model was fitted on.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> y, p = Target(np.arange(90.0)), np.arange(90, dtype=np.float32)[:, None] + 2
    >>> rows = Answered(Task(TaskKind.REGRESSION, "age", "mae"), y, p, None, None, seen=False)
    >>> rows.scores()["mae"], rows.intervals()["mae"]
    (2.0, (2.0, 2.0))
    """

    task: Task
    y: Target
    p: NDArray[np.float32]
    weight: NDArray[np.float64] | None
    groups: NDArray[np.int64] | None
    seen: bool

    def scores(self) -> dict[str, float]:
        """Give every metric of the task; the one that decides comes first."""
        return {m.name: m.score(self.y, self.p, self.weight) for m in metrics_of(self.task)}

    def interval(self, metric: Metric) -> Interval:
        """Find between which values a score lies with a confidence of 95 %; NaN: not known."""
        return bootstrap_interval(
            metric, self.y, self.p, weight=self.weight, groups=self.groups, seconds=_SECONDS
        )

    def intervals(self) -> dict[str, Interval]:
        """Give the interval of each of the `scores`; see `bootstrap_interval`."""
        return {metric.name: self.interval(metric) for metric in metrics_of(self.task)}
