"""The row-by-row learner: near to a linear fit, and rows that arrive later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, ModelFileError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.task import Target
from modelwright.models.perceptron import FittedPerceptron, PerceptronLearner
from modelwright.testing import LearnerContract, made_up


class TestPerceptron(LearnerContract):
    def learner(self) -> PerceptronLearner:
        return PerceptronLearner()


def matrix(X: np.ndarray) -> Matrix:
    return Matrix.of_numbers(X.astype(np.float32), [f"x{i}" for i in range(X.shape[1])])


def test_it_is_near_to_a_fit_of_all_rows_at_once() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    train, test = np.arange(len(X)) % 3 > 0, np.arange(len(X)) % 3 == 0
    fitted = PerceptronLearner().fit(matrix(X[train]), Target(y[train], 2), budget=Budget(), seed=0)
    scale = StandardScaler().fit(X[train])
    theirs = LogisticRegression(max_iter=1000).fit(scale.transform(X[train]), y[train])
    ours = log_loss(y[test], fitted.predict(matrix(X[test])))
    assert ours < log_loss(y[test], theirs.predict_proba(scale.transform(X[test]))) + 0.06

    X, y = load_diabetes(return_X_y=True)
    train, test = np.arange(len(X)) % 3 > 0, np.arange(len(X)) % 3 == 0
    fitted = PerceptronLearner().fit(matrix(X[train]), Target(y[train]), budget=Budget(), seed=0)
    theirs = LinearRegression().fit(X[train], y[train])
    error = np.sqrt(np.mean((fitted.predict(matrix(X[test]))[:, 0] - y[test]) ** 2))
    assert error < 1.05 * np.sqrt(np.mean((theirs.predict(X[test]) - y[test]) ** 2))


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_rows_that_arrive_are_learned_and_nothing_else_changes(classes: int) -> None:
    puzzle = made_up(classes)
    first = puzzle.rows(np.arange(100))
    later = puzzle.rows(np.arange(100, 250))
    fitted = PerceptronLearner().fit(first.X, first.y, budget=Budget(), seed=0)
    before = fitted.predict(puzzle.X)
    more = fitted.partial_fit(later.X, later.y)
    np.testing.assert_array_equal(fitted.predict(puzzle.X), before)
    assert not np.array_equal(more.predict(puzzle.X), before)
    assert more.units == fitted.units
    state = more.export()
    again = FittedPerceptron.restore(state).partial_fit(later.X, later.y)
    np.testing.assert_array_equal(
        again.predict(puzzle.X), more.partial_fit(later.X, later.y).predict(puzzle.X)
    )
    at_once, one_by_one = fitted.partial_fit(later.X, later.y), fitted
    for row in range(len(later.y)):
        one = later.rows(np.array([row]))
        one_by_one = one_by_one.partial_fit(one.X, one.y)
    np.testing.assert_allclose(one_by_one.predict(puzzle.X), at_once.predict(puzzle.X), atol=1e-5)


def test_a_fading_model_follows_a_change() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 3))
    y = (X[:, 0] > X[:, 1]).astype(np.int64)
    y[500:] = 1 - y[500:]  # from here on all is the other way round
    right = {}
    for fading in (1.0, 0.99):
        fitted = PerceptronLearner(fading=fading).fit(
            matrix(X[:500]), Target(y[:500], 2), budget=Budget(), seed=0
        )
        fitted = fitted.partial_fit(matrix(X[500:1000]), Target(y[500:1000], 2))
        said = fitted.predict(matrix(X[1000:])).argmax(axis=1)
        right[fading] = (said == y[1000:]).mean()
    assert right[0.99] > 0.9 > 0.5 > right[1.0]


def test_what_cannot_be_learned_is_refused() -> None:
    puzzle = made_up(3)
    known = np.flatnonzero(puzzle.y.values != 2)
    some = puzzle.rows(known)
    fitted = PerceptronLearner().fit(some.X, some.y, budget=Budget(), seed=0)
    with pytest.raises(FitError, match="not seen"):
        fitted.partial_fit(puzzle.X, puzzle.y)
    with pytest.raises(FitError, match="weight"):
        fitted.partial_fit(some.X, some.y, np.full(len(known), -1.0))
    numbers = made_up(0)
    line = PerceptronLearner().fit(numbers.X, numbers.y, budget=Budget(), seed=0)
    with pytest.raises(FitError, match="no number"):
        line.partial_fit(numbers.X, replace(numbers.y, values=numbers.y.values * np.nan))
    for wrong in ({"fading": 0.0}, {"fading": 1.5}, {"passes": 0}):
        with pytest.raises(OptionError):
            PerceptronLearner(**wrong)


def test_a_state_that_is_unsound_is_refused() -> None:
    puzzle = made_up(2)
    state = PerceptronLearner().fit(puzzle.X, puzzle.y, budget=Budget(), seed=0).export()
    arrays, config = dict(state.arrays), dict(state.config)
    for change in (
        State(config, {**arrays, "weight": arrays["weight"][:, 1:]}),
        State(config, {**arrays, "means": arrays["means"][:0]}),
        State(config, {**arrays, "base": arrays["base"][1:]}),
        State({**config, "fading": 2.0}, arrays),
        State({**config, "unit": 0.0}, arrays),
    ):
        with pytest.raises(ModelFileError):
            FittedPerceptron.restore(change)
