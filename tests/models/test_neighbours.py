"""Nearest neighbours: the exact ones, ties, relevance, and the choice of k."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsRegressor

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, ModelFileError
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models import NeighboursLearner
from modelwright.models.neighbours import FittedNeighbours
from modelwright.testing import made_up

PLAIN = NeighboursLearner(nearness=0.0, relevance=0.0)


def test_the_nearest_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    X, y = random.normal(size=(700, 6)).astype(np.float32), random.normal(size=700)
    matrix = Matrix.of_numbers(X, list("abcdef"))
    fitted = PLAIN.fit(matrix, Target(y), budget=Budget(units=7), seed=0)
    located = fitted._located(matrix)
    wanted = KNeighborsRegressor(7, algorithm="brute").fit(located, y).predict(located)
    np.testing.assert_allclose(fitted.predict(matrix)[:, 0], wanted, rtol=1e-4, atol=1e-5)


def test_ties_are_broken_alike_in_a_batch_and_alone() -> None:
    random = np.random.default_rng(0)
    X = Matrix.of_numbers(random.integers(0, 3, (900, 4)).astype(np.float32), list("abcd"))
    y = Target(random.normal(size=900))
    fitted = NeighboursLearner().fit(X, y, budget=Budget(units=12), seed=0)
    batch = fitted.predict(X)
    for row in range(0, 900, 90):
        assert fitted.predict(X.rows(np.array([row])))[0] == pytest.approx(batch[row], rel=1e-6)


def test_columns_that_tell_nothing_count_less() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(600, 12)).astype(np.float32)
    y = Target(np.sin(2 * X[:, 0]))
    matrix = Matrix.of_numbers(X, [str(j) for j in range(12)])
    errors = {}
    for relevance in (0.0, 1.0):
        learner = NeighboursLearner(relevance=relevance)
        fitted = learner.fit(
            matrix.rows(slice(400)), y.rows(np.arange(400)), budget=Budget(), seed=0
        )
        found = fitted.predict(matrix.rows(slice(400, None)))[:, 0]
        errors[relevance] = np.mean((found - y.values[400:]) ** 2)
    assert errors[1.0] < 0.5 * errors[0.0]


def test_noise_asks_for_many_neighbours_and_a_smooth_signal_for_few() -> None:
    random = np.random.default_rng(0)
    X = Matrix.of_numbers(random.normal(size=(800, 1)).astype(np.float32), ["x"])
    smooth = Target(np.sin(3 * X.numbers[:, 0]).astype(np.float64))
    noise = Target(random.normal(size=800))
    few, many = (PLAIN.fit(X, y, budget=Budget(), seed=0).units for y in (smooth, noise))
    assert few <= 5
    assert many >= 60


def test_only_so_many_rows_are_kept() -> None:
    puzzle = made_up(2)
    fitted = replace(PLAIN, rows=50).fit(puzzle.X, puzzle.y, budget=Budget(units=3), seed=0)
    assert fitted.points.shape[0] == 50


def test_distances_that_take_too_long_are_not_begun() -> None:
    puzzle = made_up(0, rows=20_000)
    with pytest.raises(FitError, match="no time"):
        PLAIN.fit(
            puzzle.X, puzzle.y, valid=puzzle.X, valid_y=puzzle.y, budget=Budget.seconds(0.3), seed=0
        )


def test_heavy_rows_choose_how_many_are_asked() -> None:
    random = np.random.default_rng(0)
    smooth = np.arange(600) % 2 == 0
    x = random.uniform(0, 1, 600) + 10 * ~smooth
    y = Target(np.where(smooth, np.sin(20 * x), random.normal(size=600)))
    X = Matrix.of_numbers(x[:, None].astype(np.float32), ["x"])
    asked = [
        PLAIN.fit(X, y, weight=np.where(rows, 1.0, 1e-4), budget=Budget(), seed=0).units
        for rows in (smooth, ~smooth)
    ]
    assert asked[0] < 10 < asked[1]


def test_columns_that_fit_by_chance_do_not_ask_for_few_neighbours() -> None:
    random = np.random.default_rng(0)
    X = Matrix.of_numbers(random.normal(size=(150, 300)).astype(np.float32), ["x"] * 300)
    y = Target(random.integers(0, 2, 150), 2)
    learner = NeighboursLearner(relevance=3.0)
    assert learner.fit(X, y, budget=Budget(), seed=0).units >= 60


@pytest.mark.parametrize("name", ["points", "answers", "weight", "stretch", "mean"])
def test_an_unsound_state_is_refused(name: str) -> None:
    puzzle = made_up(3)
    state = PLAIN.fit(puzzle.X, puzzle.y, budget=Budget(units=2), seed=0).export()
    for wrong in (state.arrays[name][:-1], state.arrays[name] * np.nan):
        with pytest.raises(ModelFileError):
            FittedNeighbours.restore(replace(state, arrays={**state.arrays, name: wrong}))
