"""Candidates that there was no time for are told, where much was expected of them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.engine import Outcome, Status
from modelwright.plan.clock import Clock
from modelwright.plan.schedule import Limits, Schedule
from modelwright.plan.trial import TrialSpec
from modelwright.plan.untried import untried
from modelwright.plan.workspace import Rows, Workspace

ROWS = 60


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    numbers = np.arange(ROWS, dtype=float)
    table = Table(pl.DataFrame({"x": numbers}), Schema((Column("x", Kind.NUMBER),)))
    task = Task(TaskKind.REGRESSION, "y", "rmse")
    Rows(table, task, Target(numbers), None, seed=0).write(tmp_path)
    index = np.arange(ROWS)
    folds = tuple(Fold(index[index % 3 != i], index[index % 3 == i]) for i in range(3))
    workspace = Workspace(tmp_path)
    workspace.write_splits(Splits(folds, ROWS, "k-fold", "three folds"))
    return workspace


def schedule(work: Workspace, specs: Sequence[TrialSpec], clock: Clock) -> Schedule:
    return Schedule(work, specs, frozenset(), clock, Limits(2, workers=2))


def step(plan: Schedule, status: Status = Status.DONE) -> bool:
    """Let one job end; false when there is none."""
    job = plan.next_job(())
    if job is None:
        return False
    value = {"seconds": 0.01, "units": 5, "columns": 1, "warnings": []}
    plan.record(Outcome(job, status, value, seconds=0.01))
    if job.key.startswith("matrix/"):
        (plan._work.folder / job.key.replace("matrix", "matrices")).mkdir(parents=True)
    return True


def test_they_are_told_with_the_time_for_all(work: Workspace) -> None:
    clock = Clock(30.0)
    plan = schedule(work, [TrialSpec(i, "linear", {"min_count": i + 2}) for i in range(4)], clock)
    for _ in range(3):  # the features of a fold, its fit, other features
        assert step(plan)
    (note,) = untried(plan, clock)
    assert note.startswith("0 of 4 candidates were fitted in the time")
    assert re.search(r"--time \d+(s|m|h) is about enough$", note)
    while not plan.trials[0].complete:
        assert step(plan)
    assert untried(plan, clock)[0].startswith("1 of 4 candidates was fitted")
    while step(plan):
        pass
    assert untried(plan, clock) == []


def test_what_was_stopped_counts_as_untried_and_what_broke_does_not(work: Workspace) -> None:
    clock = Clock(30.0)
    for status, told in ((Status.CANCELLED, 1), (Status.CRASHED, 0)):
        plan = schedule(work, [TrialSpec(7, "linear", {})], clock)
        while (job := plan.next_job(())) is not None and job.key.startswith("matrix/"):
            plan.record(Outcome(job, Status.DONE, {"seconds": 0.01, "columns": 1}))
            made = work.folder / job.key.replace("matrix", "matrices")
            made.mkdir(parents=True, exist_ok=True)
        assert job is not None
        plan.record(Outcome(job, status, None, error="it ended"))
        assert len(untried(plan, clock)) == told


def test_a_few_of_little_hope_are_not_told_of(work: Workspace) -> None:
    clock = Clock(30.0)
    specs = [TrialSpec(0, "linear", {}, gain=3.0), TrialSpec(1, "linear", {"knots": 5}, gain=0.1)]
    plan = schedule(work, specs, clock)
    while not plan.trials or plan.trials[0].open:
        assert step(plan)
    assert untried(plan, clock) == []


def test_without_a_clock_nothing_is_told(work: Workspace) -> None:
    clock = Clock(math.inf)
    assert untried(schedule(work, [TrialSpec(0, "linear", {})], clock), clock) == []
