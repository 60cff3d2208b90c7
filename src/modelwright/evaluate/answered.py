"""Rows whose answers are known, what a model says of them, and how good that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.table import Table
from modelwright.core.task import Target, Task
from modelwright.evaluate.catalogue import metrics_of
from modelwright.evaluate.decisions import USUAL, Decision
from modelwright.evaluate.intervals import (
    ClassIntervals,
    Interval,
    bootstrap_interval,
    per_class_intervals,
)
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.scores.classes import PerClass, confusion, per_class
from modelwright.stats.learned_rows import Overlap

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
    decision : Decision
        How class probabilities become the answer.
    table : Table, optional
        The rows as the model reads them.
    raw : polars.DataFrame, optional
        The rows as they came, with columns that the model does not know.
    position : ndarray of int64, shape (n_rows,), optional
        Where each row was in the data as it was read, counted from 0.
    overlap : Overlap, optional
        Which of them the model had learned from; None when its file does not say.

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
    decision: Decision = USUAL
    table: Table | None = None
    raw: pl.DataFrame | None = None
    position: NDArray[np.int64] | None = None
    overlap: Overlap | None = None

    def rows(self, index: NDArray[np.integer]) -> Answered:
        """Give some of the rows, of which is not asked again whether they were seen."""
        return replace(
            self,
            y=self.y.rows(index),
            p=self.p[index],
            weight=None if self.weight is None else self.weight[index],
            groups=None if self.groups is None else self.groups[index],
            seen=False,
            table=None if self.table is None else self.table.rows(index),
            raw=None if self.raw is None else self.raw[index],
            position=None if self.position is None else self.position[index],
            overlap=None,
        )

    @property
    def all_seen(self) -> bool:
        """Whether the model had learned from every one of them."""
        return self.seen or (self.overlap is not None and self.overlap.whole)

    @property
    def some_seen(self) -> bool:
        """Whether the model had learned from some of them."""
        return self.seen or (self.overlap is not None and bool(self.overlap.seen.any()))

    @property
    def fresh(self) -> Answered | None:
        """The rows that the model has not learned from, where it has learned from others."""
        if self.overlap is None or self.all_seen or not self.some_seen:
            return None
        return self.rows(np.flatnonzero(self.overlap.fresh))

    def metrics(self, more: Sequence[Metric] = ()) -> tuple[Metric, ...]:
        """List what is scored: the metric that decided, the usual ones, and what is asked for.

        Metrics of decisions judge what the model answers.
        """
        listed = metrics_of(self.task, more, self.y)
        return tuple(metric.decided_by(self.decision) for metric in listed)

    def scores(self, more: Sequence[Metric] = ()) -> dict[str, float]:
        """Give the score of each of the `metrics`; NaN where one has no value."""
        return {m.name: m.score(self.y, self.p, self.weight) for m in self.metrics(more)}

    def undefined(self, more: Sequence[Metric] = ()) -> dict[str, str]:
        """Say of each metric without a value why it has none."""
        return {
            m.name: m.why_none(self.y, self.p, self.weight)
            for m in self.metrics(more)
            if math.isnan(m.score(self.y, self.p, self.weight))
        }

    def interval(self, metric: Metric) -> Interval:
        """Find between which values a score lies with a confidence of 95 %; NaN: not known."""
        return bootstrap_interval(
            metric, self.y, self.p, weight=self.weight, groups=self.groups, seconds=_SECONDS
        )

    def intervals(self, more: Sequence[Metric] = ()) -> dict[str, Interval]:
        """Give the interval of each of the `scores`; see `bootstrap_interval`."""
        return {metric.name: self.interval(metric) for metric in self.metrics(more)}

    @property
    def answers(self) -> NDArray[np.int64]:
        """The decided class of each row."""
        return self.decision.answers(self.p)

    def classes(self) -> tuple[PerClass, ClassIntervals]:
        """Give precision, recall and F1 of each class, and their 95 % intervals."""
        table = confusion(self.y.values, self.answers, self.y.classes, self.weight)
        between = per_class_intervals(
            self.y, self.answers, weight=self.weight, groups=self.groups, seconds=_SECONDS
        )
        return per_class(table), between
