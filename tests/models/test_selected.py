"""Models of few features: what is kept, and that choosing is a part of what is validated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from modelwright.core.budget import Budget
from modelwright.core.errors import ModelFileError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models.linear import LinearLearner
from modelwright.models.selected import FittedSelected, SelectedLearner

WAYS = pytest.mark.parametrize("by", ["filter", "model", "wrapper"])


def planted(rows: int = 400, width: int = 40) -> tuple[Matrix, Target]:
    """Make answers that follow from columns 3 and 17 of many."""
    rng = np.random.default_rng(0)
    X = Matrix.of_numbers(
        rng.normal(size=(rows, width)).astype(np.float32), [f"x{j}" for j in range(width)]
    )
    noise = 0.3 * rng.normal(size=rows)
    return X, Target((X.numbers[:, 3] + X.numbers[:, 17] + noise > 0).astype(np.int64), classes=2)


@pytest.mark.long
@WAYS
@pytest.mark.parametrize("inner", ["linear", "lightgbm"])
def test_what_is_planted_is_kept_and_little_else(by: str, inner: str) -> None:
    X, y = planted()
    fitted = SelectedLearner(by=by, inner=inner, most=4).fit(X, y, budget=Budget(), seed=0)
    assert {3, 17} <= set(fitted.kept.tolist())
    assert len(fitted.kept) <= 10


def test_few_rows_choose_nothing() -> None:
    X, y = planted(rows=25)
    assert len(SelectedLearner().fit(X, y, budget=Budget(), seed=0).kept) == 40


def test_choosing_on_noise_is_punished_inside_the_fold() -> None:
    """Chosen on all rows, noise "predicts" held-out labels; chosen inside the fold, it does not."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(90, 400)).astype(np.float32)
    X = Matrix.of_numbers(values, [f"x{j}" for j in range(400)])
    y = Target(rng.integers(0, 2, 90), classes=2)
    chosen = X.some(np.sort(np.argsort(-np.abs((values * (y.values - 0.5)[:, None]).sum(0)))[:10]))
    said = {"outside": np.empty(90), "inside": np.empty(90)}
    for fold in range(3):
        valid = np.arange(90) % 3 == fold
        train, held = np.flatnonzero(~valid), np.flatnonzero(valid)
        pairs = {"outside": (LinearLearner(), chosen), "inside": (SelectedLearner(), X)}
        for name, (learner, matrix) in pairs.items():
            fitted = learner.fit(matrix.rows(train), y.rows(train), budget=Budget(), seed=0)
            said[name][held] = fitted.predict(matrix.rows(held))[:, 1]
    assert roc_auc_score(y.values, said["outside"]) > 0.75
    assert roc_auc_score(y.values, said["inside"]) < 0.65


def test_unknown_options_are_refused() -> None:
    with pytest.raises(OptionError, match="way to choose"):
        SelectedLearner(by="filtre")
    with pytest.raises(OptionError, match="inner"):
        SelectedLearner(inner="forest")


@pytest.mark.parametrize("kept", [[3, 1], [-1, 2], [0, 40], [2, 2]])
def test_columns_that_cannot_be_are_refused(kept: list[int]) -> None:
    X, y = planted()
    state = SelectedLearner().fit(X, y, budget=Budget(), seed=0).export()
    altered = replace(state, arrays={**state.arrays, "kept": np.array(kept, np.int64)})
    with pytest.raises(ModelFileError):
        FittedSelected.restore(altered)
