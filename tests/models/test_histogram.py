"""Histogram boosting predicts by our code what scikit-learn predicts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from modelwright.core.budget import Budget
from modelwright.core.errors import ModelFileError
from modelwright.core.matrix import Matrix
from modelwright.models import HistogramBoosting
from modelwright.models.histogram import FittedHistogram
from modelwright.testing import made_up

LEARNER = HistogramBoosting(learning_rate=0.2, leaves=7, min_rows_leaf=5, column_share=1.0)


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_it_says_what_scikit_learn_says(classes: int) -> None:
    puzzle = made_up(classes)
    X = Matrix.of_numbers(puzzle.X.numbers, puzzle.X.number_names)
    y = puzzle.y.values
    mean, scale = (y.mean(), y.std()) if not classes else (0.0, 1.0)
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    reference = kind(
        learning_rate=0.2,
        max_leaf_nodes=7,
        min_samples_leaf=5,
        l2_regularization=1.0,
        max_iter=25,
        early_stopping=False,
        random_state=0,
    ).fit(X.numbers, (y - mean) / scale if not classes else y)
    fitted = LEARNER.fit(X, puzzle.y, budget=Budget(units=25), seed=0)
    if classes:
        wanted = reference.predict_proba(X.numbers)
    else:
        wanted = reference.predict(X.numbers)[:, None] * scale + mean
    np.testing.assert_allclose(fitted.predict(X), wanted, rtol=1e-4, atol=1e-5)


def test_a_split_of_missing_from_the_rest_survives_a_round_trip() -> None:
    x = np.where(np.arange(200) % 2, np.nan, 1.0).astype(np.float32)[:, None]
    puzzle = made_up(0)
    X = Matrix.of_numbers(x, ["x"])
    y = replace(puzzle.y, values=np.isnan(x[:, 0]).astype(np.float64))
    fitted = LEARNER.fit(X, y, budget=Budget(units=60), seed=0)
    found = FittedHistogram.restore(fitted.export()).predict(X)[:, 0]
    np.testing.assert_allclose(found, y.values, atol=0.02)


def test_an_unsound_state_is_refused() -> None:
    puzzle = made_up(3)
    state = LEARNER.fit(puzzle.X, puzzle.y, budget=Budget(units=2), seed=0).export()
    for name in ("feature", "child", "moments", "seen"):
        with pytest.raises(ModelFileError):
            FittedHistogram.restore(
                replace(state, arrays={**state.arrays, name: state.arrays[name][1:]})
            )
