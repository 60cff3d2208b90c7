"""Weights of rows say when a model stops growing, and which of its stages is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.plan.board import Board
from modelwright.plan.parts import Evidence
from modelwright.plan.trial import PartResult, Trial, TrialSpec, fold_part
from modelwright.plan.whole_file.fit import Asked, _FileFit
from modelwright.plan.work import fit_part, prepare_part
from modelwright.plan.workspace import Rows, Workspace

ROWS = 240
FOLD = np.arange(ROWS) % 3
SILENT = np.arange(ROWS) % 2 == 1


def rows_of(weight: np.ndarray, y: np.ndarray | None = None) -> Rows:
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    table = Table(pl.DataFrame({"x": x}), Schema((Column("x", Kind.NUMBER),)))
    answers = np.sin(3 * x) + rng.normal(0, 0.3, ROWS) if y is None else y
    return Rows(table, Task(TaskKind.REGRESSION, "y", "rmse"), Target(answers), weight, seed=0)


def opened(folder: Path, rows: Rows) -> Workspace:
    folder.mkdir(exist_ok=True)
    rows.write(folder)
    work = Workspace(folder)
    folds = tuple(Fold(np.flatnonzero(i != FOLD), np.flatnonzero(i == FOLD)) for i in range(3))
    work.write_splits(Splits(folds, ROWS, "k-fold", "three folds"))
    return work


def test_rows_that_count_nothing_do_not_say_when_to_stop(tmp_path: Path) -> None:
    rows = rows_of(np.where(SILENT, 0.0, 1.0))
    wrong = np.where(SILENT, -3 * rows.y.values, rows.y.values)
    found: list[tuple[Evidence, int]] = []
    for name, own in (("right", rows), ("wrong", replace(rows, y=Target(wrong)))):
        work = opened(tmp_path / name, own)
        work.parts.write_spec(TrialSpec(0, "lightgbm", {"threads": 1}))
        prepare_part(str(work.folder), "fold-0")
        units = fit_part(str(work.folder), 0, "fold-0", None, None)["units"]
        found.append((work.parts.evidence(0, "fold-0"), units))
    (right, grown), (other, cut) = found
    assert grown == cut > 1
    assert right.stages is not None
    assert other.stages is not None
    np.testing.assert_array_equal(right.stages.predictions, other.stages.predictions)
    assert right.predictions.shape == (ROWS // 3, 1)
    silent = SILENT[FOLD == 0]
    np.testing.assert_array_equal(right.stages.predictions[0, silent], right.predictions[silent])
    assert (right.stages.predictions[0, ~silent] != right.predictions[~silent]).any()


def test_a_fold_has_as_much_say_as_its_rows_weigh(tmp_path: Path) -> None:
    """Two folds like the first stage, one the second, whose rows weigh more than all others."""
    work = opened(tmp_path, rows_of(np.where(FOLD == 2, 10.0, 1.0), np.zeros(ROWS)))
    trial = Trial(TrialSpec(0, "lightgbm", {}), tuple(fold_part(i) for i in range(3)))
    evidence = {}
    for i, part in enumerate(trial.wanted):
        trial.parts[part] = PartResult(2, 0.0)
        said = np.zeros((2, ROWS // 3, 1), np.float32)
        said[0 if i == 2 else 1] = 1.0
        evidence[part] = Evidence(said[-1], Stages(np.array([1, 2]), said))
    known = SimpleNamespace(evidence=lambda _, part: evidence[part])
    board = Board(work)
    board._work = SimpleNamespace(rows=work.rows, splits=work.splits, parts=known)  # type: ignore[assignment]
    board.score(trial)
    assert trial.units == 2


@pytest.mark.parametrize(("heavy", "stage"), [(1.0, 1), (9.0, 2)])
def test_the_rounds_on_a_file_are_chosen_by_weight(heavy: float, stage: int) -> None:
    """One of four watched rows likes the second stage; a fifth, that counts nothing, is far off."""
    y = np.array([0.0, 0.0, 0.0, 1.0, 50.0]).repeat(2)
    weight = np.array([1.0, 1.0, 1.0, heavy, 0.0]).repeat(2)
    said = np.zeros((2, 4, 1), np.float32)
    said[1] = 0.9
    grown = SimpleNamespace(stages=Stages(np.array([1, 2]), said), at=lambda units: units)
    watched: list[Target] = []
    fit: Any = SimpleNamespace(
        _work=SimpleNamespace(groups=None),
        _fold=Fold(np.arange(0), np.arange(10)),
        _matrix=Matrix.of_numbers(np.zeros((10, 1), np.float32), ("x",)),
        _rows=rows_of(weight, y),
        _asked=Asked(0, "fold-0", 1, 0.0, 0),
        _left=None,
        _fits=1,
        _learn=lambda past, budget, valid, valid_y: watched.append(valid_y) or grown,
    )
    assert _FileFit._fitted(fit, None) == stage  # type: ignore[arg-type, comparison-overlap]
    assert watched[0].values.tolist() == [0.0, 0.0, 0.0, 1.0]
