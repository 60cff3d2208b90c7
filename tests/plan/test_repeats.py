"""Plans that are drawn several times: mean predictions, and no row chooses its own stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from modelwright.core.protocols import Stages
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.settings import Validation
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate import KFold
from modelwright.evaluate.splitters import GivenFolds, PurgedKFold, Repeated
from modelwright.features import default_recipe
from modelwright.plan.board import Board
from modelwright.plan.folders import save_arrays, whole_folder
from modelwright.plan.portfolio import bagging_learners
from modelwright.plan.selection import choose_in_rounds, choose_stages
from modelwright.plan.splitting import plan_notes, plan_splits
from modelwright.plan.trial import PartResult, Trial, TrialSpec, fold_part
from modelwright.plan.workspace import Rows, Workspace
from modelwright.store import write_json

ROWS = 30


def rows_of(*, groups: bool = False) -> Rows:
    frame = pl.DataFrame(
        {
            "x": np.arange(ROWS, dtype=float),
            "g": [f"g{i % 6}" for i in range(ROWS)],
            "part": ["train", "valid", "train"] * (ROWS // 3),
        }
    )
    role = Role.GROUP if groups else Role.IGNORED
    schema = Schema(
        (
            Column("x", Kind.NUMBER),
            Column("g", Kind.CATEGORY, role),
            Column("part", Kind.CATEGORY, Role.IGNORED),
        )
    )
    y = Target(np.arange(ROWS, dtype=float))
    return Rows(Table(frame, schema), Task(TaskKind.REGRESSION, "y", "rmse"), y, None, seed=0)


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    rows = rows_of(groups=True)
    rows.write(tmp_path)
    workspace.write_splits(Repeated(KFold(3), 2).split(rows.table, rows.y, seed=0))
    return workspace


def pretend(work: Workspace, answers: list[NDArray[np.float32]]) -> Trial:
    """Put the predictions of every fold on disk, as a worker would."""
    trial = Trial(TrialSpec(0, "linear", {}), tuple(fold_part(i) for i in range(len(answers))))
    work.parts.write_spec(trial.spec)
    for part, predictions in zip(trial.wanted, answers, strict=True):
        with whole_folder(work.parts.folder / "000" / part) as folder:
            save_arrays(folder / "evidence.npz", {"predictions": predictions})
            write_json(folder / "part.json", {"kind": "linear", "units": 1, "seconds": 0.0})
        trial.parts[part] = PartResult(1, 0.0)
    return trial


def test_a_repeated_plan_survives_the_disk(work: Workspace) -> None:
    again = Workspace(work.folder).splits
    assert (len(again), again.times, again.exchangeable) == (6, 2, True)
    assert [list(draw) for draw in again.rounds] == [[0, 1, 2], [3, 4, 5]]
    groups = work.groups
    assert groups is not None
    assert len(np.unique(groups)) == 6


def test_out_of_fold_predictions_are_the_mean_of_their_draws(work: Workspace) -> None:
    folds = work.splits.folds
    shifts = [1.0] * 3 + [3.0] * 3
    trial = pretend(
        work,
        [
            (fold.valid + shift)[:, None].astype(np.float32)
            for fold, shift in zip(folds, shifts, strict=True)
        ],
    )
    Board(work).score(trial)
    assert trial.oof is not None
    np.testing.assert_allclose(trial.oof[:, 0], np.arange(ROWS) + 2.0)
    assert trial.score == pytest.approx(2.0)


def test_rows_that_are_scored_more_often_than_others(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    rows = rows_of()
    rows.write(tmp_path)
    twice = GivenFolds([(range(20, 30), range(20)), (range(10), range(10, 30))], times=2)
    work.write_splits(twice.split(rows.table, rows.y, seed=0))
    trial = pretend(work, [np.full((20, 1), 4, np.float32), np.full((20, 1), 8, np.float32)])
    Board(work).score(trial)
    assert trial.oof is not None
    assert trial.oof[:, 0].tolist() == [4.0] * 10 + [6.0] * 10 + [8.0] * 10


def test_no_label_of_a_row_chooses_the_stage_that_it_is_predicted_with() -> None:
    """A stage that fits the rows of one draw by luck is not taken for these rows in another."""
    rng = np.random.default_rng(0)
    stages = [Stages(np.arange(1, 31), np.zeros((30, 3, 1), np.float32))] * 4
    gains = []
    for _ in range(300):
        # Two draws of two halves with the same luck: fold 2 holds the rows of fold 0, 3 of 1.
        lucks = [0.1 * rng.normal(size=30) for _ in range(2)]
        losses = [1 + lucks[0], 1 + lucks[1], 1 + lucks[0], 1 + lucks[1]]
        rounds = [range(2), range(2, 4)]
        positions = choose_in_rounds(stages, losses, [10] * 4, rounds).positions
        gains += [1 - loss[i] for loss, i in zip(losses, positions, strict=True)]
    assert np.mean(gains) == pytest.approx(0, abs=0.02)


def test_one_draw_is_chosen_as_before() -> None:
    stages = [Stages(np.array([1, 2, 3]), np.zeros((3, 3, 1), np.float32))] * 3
    losses = [np.array(values) for values in ([3.0, 1, 2], [1.0, 2, 3], [2.0, 1, 3])]
    assert choose_in_rounds(stages, losses, [5, 5, 5], [range(3)]) == choose_stages(
        stages, losses, [5, 5, 5]
    )


def test_a_learner_that_bags_is_trusted_in_a_repeated_plan(work: Workspace) -> None:
    assert "extra-trees" in bagging_learners(work.splits, default_recipe())


def test_the_plan_that_was_asked_for() -> None:
    rows = rows_of()
    assert len(plan_splits(rows, Validation())) == 10
    assert len(plan_splits(rows, Validation(folds=3, repeats=2))) == 6
    given = plan_splits(rows, Validation(splits="part"))
    assert (given.kind, len(given.folds[0].valid)) == ("given", 10)
    assert plan_notes(given, rows) == []
    assert plan_splits(rows, Validation(splits=PurgedKFold("x", 3))).kind == "purged k-fold"
