"""A plan that cannot teach or judge is refused with a cure; what weakens one is told."""

from __future__ import annotations

import numpy as np
import pytest

from evaluate.tables import table_of
from modelwright.core.errors import DataError
from modelwright.core.splits import Fold, Splits
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import GroupKFold, TimeOrdered, find_metric
from modelwright.evaluate.soundness import check_plan

AUC = find_metric("roc_auc", TaskKind.BINARY)
LOSS = find_metric("log_loss", TaskKind.BINARY)
WORDS = ("no", "yes")


def test_one_class_among_the_scored_rows() -> None:
    y = Target(np.array([0, 1] * 5 + [0] * 10), 2)
    plan = TimeOrdered("t", 1).split(table_of(t=np.arange(20.0)), y, seed=0)
    with pytest.raises(DataError, match="only 'no'") as told:
        check_plan(plan, y, AUC, WORDS)
    assert "log_loss" in told.value.cure
    assert check_plan(plan, y, LOSS, WORDS) == []


def test_every_fold_is_fitted_on_one_class() -> None:
    y = Target(np.repeat([0, 1], 10), 2)
    table = table_of(g=np.repeat(["a", "b"], 10))
    plan = GroupKFold("g", 5).split(table, y, seed=0)
    with pytest.raises(DataError, match="1 in each of 2 folds") as told:
        check_plan(plan, y, AUC, WORDS)
    assert "--group" in told.value.cure


def test_some_folds_are_fitted_on_one_class() -> None:
    y = Target(np.array([0] * 20 + [0, 1] * 10), 2)
    plan = TimeOrdered("t", 3).split(table_of(t=np.arange(40.0)), y, seed=0)
    (note,) = check_plan(plan, y, AUC, WORDS)
    assert note.startswith("2 of 3 folds are fitted on rows of one class")


def test_a_class_that_is_missing_from_fitted_rows_is_named() -> None:
    y = Target(np.array([0, 1, 2, 0, 1, 1]), 3)
    fold = Fold(np.array([0, 1, 3]), np.array([2, 4, 5]))
    metric = find_metric("log_loss", TaskKind.MULTICLASS)
    (note,) = check_plan(Splits((fold,), 6, "given", ""), y, metric, ("a", "b", "c"))
    assert "Class 'c'" in note


def test_equal_answers_have_no_share_of_variance() -> None:
    fold = Fold(np.array([0, 1]), np.array([2, 3]))
    y = Target(np.array([1.0, 2.0, 3.0, 3.0]))
    plan = Splits((fold,), 4, "given", "")
    with pytest.raises(DataError, match="one value"):
        check_plan(plan, y, find_metric("r2", TaskKind.REGRESSION), ())
    assert check_plan(plan, y, find_metric("rmse", TaskKind.REGRESSION), ()) == []
