"""Fewer folds where the time is short for many candidates, and only there."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.settings import Validation
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.plan.forecast import Forecast, folds_within
from modelwright.plan.splitting import plan_splits
from modelwright.plan.trial import PartResult, Trial, TrialSpec, fold_part
from modelwright.plan.workspace import Rows, Workspace


def rows(height: int, width: int = 20, role: Role = Role.FEATURE) -> Rows:
    names = [f"x{i}" for i in range(width)]
    frame = pl.DataFrame({name: np.arange(height, dtype=np.float64) for name in names})
    columns = [Column(name, Kind.NUMBER) for name in names]
    columns[0] = Column("x0", Kind.NUMBER, role)
    task = Task(TaskKind.REGRESSION, "y", "rmse")
    return Rows(Table(frame, Schema(tuple(columns))), task, Target(np.zeros(height)), None, 0)


@pytest.mark.parametrize(
    ("height", "seconds", "folds"),
    [
        (20_000, 20.0, 3),
        (20_000, 600.0, None),  # time enough for the usual folds of many candidates
        (20_000, math.inf, None),
        (1_500, 1.0, None),  # few rows: each is needed to learn from
        (100_000, 1.0, None),  # that many are parted in three anyway
    ],
)
def test_folds_are_few_where_candidates_would_be(
    height: int, seconds: float, folds: int | None
) -> None:
    assert folds_within(rows(height), seconds, cores=2) == folds


@pytest.mark.parametrize("role", [Role.GROUP, Role.ORDER])
def test_plans_with_a_structure_stay(role: Role) -> None:
    assert folds_within(rows(20_000, role=role), 20.0, cores=2) is None


def test_more_cores_make_more_time() -> None:
    assert folds_within(rows(20_000), 40.0, cores=2) == 3
    assert folds_within(rows(20_000), 40.0, cores=16) is None


def test_a_fit_on_all_rows_ends_where_the_folds_were_best(tmp_path: Path) -> None:
    given, work = rows(3_000), Workspace(tmp_path)
    given.write(tmp_path)
    work.write_splits(plan_splits(given, Validation()))
    work.hold(given)
    forecast = Forecast(work, cores=2, workers=2, bagging=frozenset())
    done = {fold_part(i): PartResult(units=200, seconds=3.0) for i in range(len(work.splits))}
    trial = Trial(TrialSpec(0, "lightgbm", {}), tuple(done), done)
    grown = forecast.refitting(trial)
    trial.oof, trial.units = np.zeros((3_000, 1), np.float32), 50
    assert forecast.refitting(trial) == pytest.approx(grown / 4)
