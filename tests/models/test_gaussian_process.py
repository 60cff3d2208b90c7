"""The Gaussian process: the posterior mean, weights, what it chooses, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError, ModelFileError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models.gaussian_process import (
    FittedGaussianProcess,
    GaussianProcessLearner,
    _pulls,
    _Rows,
    matern,
)
from modelwright.testing import made_up

LEARNER = GaussianProcessLearner()


def waves(rows: int, noise: float = 0.1) -> tuple[Matrix, Target]:
    random = np.random.default_rng(0)
    x = random.uniform(-3, 3, (rows, 2)).astype(np.float32)
    y = np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] + noise * random.normal(size=rows)
    return Matrix.of_numbers(x, ["a", "b"]), Target(y.astype(np.float64))


def test_the_kernel_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(30, 4)), random.normal(size=(20, 4))
    np.testing.assert_allclose(matern(a, b), Matern(1.0, nu=2.5)(a, b), atol=1e-7)


@pytest.mark.parametrize("position", [3, 6, 9])
def test_the_posterior_mean_is_that_of_scikit_learn(position: int) -> None:
    X, y = waves(120)
    fitted = LEARNER.fit(X, y, budget=Budget(units=position), seed=0)
    located = fitted.design(X).to_dense() * fitted.stretch
    noise = 10 ** (2 - position / 2)
    wanted = GaussianProcessRegressor(Matern(1.0, nu=2.5), alpha=noise, optimizer=None)
    standard = (y.values - fitted.centre) / fitted.scale
    wanted.fit(located, standard)
    expected = wanted.predict(located) * fitted.scale + fitted.centre
    np.testing.assert_allclose(fitted.predict(X)[:, 0], expected, atol=1e-4)


def test_a_row_of_weight_two_is_a_row_twice() -> None:
    random = np.random.default_rng(0)
    points, answers = random.normal(size=(60, 3)), random.normal(size=(60, 2))
    counts = 1 + np.arange(60) % 3
    twice = np.repeat(np.arange(60), counts)
    alike = matern(random.normal(size=(20, 3)), points)
    said = []
    for rows in (np.arange(60), twice):
        weight = counts / counts.mean() if len(rows) == 60 else np.ones(len(rows))
        own = _Rows(points[rows], answers[rows], weight, np.zeros(2), np.ones(2))
        noise = np.log10(counts.mean()) * 2 if len(rows) == 60 else 0.0
        said.append(alike[:, rows] @ _pulls(own, np.ones(3), [4 + noise])[0])
    np.testing.assert_allclose(said[0], said[1], atol=1e-9)


@pytest.mark.long
def test_noise_asks_for_an_early_position_and_a_smooth_signal_for_a_late_one() -> None:
    X, smooth = waves(300, noise=0.0)
    noise = Target(np.random.default_rng(1).normal(size=300))
    early, late = (LEARNER.fit(X, y, budget=Budget(), seed=0).units for y in (noise, smooth))
    assert early <= 4
    assert late >= 9


@pytest.mark.long
def test_columns_that_tell_nothing_do_not_hide_the_one_that_does() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 15)).astype(np.float32)
    y = Target(np.sin(2 * x[:, 0]).astype(np.float64))
    X = Matrix.of_numbers(x, [str(j) for j in range(15)])
    fitted = LEARNER.fit(X.rows(slice(300)), y.rows(np.arange(300)), budget=Budget(), seed=0)
    found = fitted.predict(X.rows(slice(300, None)))[:, 0]
    assert np.mean((found - y.values[300:]) ** 2) < 0.15 * np.var(y.values)


@pytest.mark.long
def test_probabilities_are_as_sure_as_they_ought_to_be() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(1200, 3)).astype(np.float32)
    chance = 1 / (1 + np.exp(-2.0 * x[:, 0]))
    y = Target((random.random(1200) < chance).astype(np.int64), 2)
    X = Matrix.of_numbers(x, list("abc"))
    fitted = LEARNER.fit(X.rows(slice(600)), y.rows(np.arange(600)), budget=Budget(), seed=0)
    found = fitted.predict(X.rows(slice(600, None)))[:, 1]
    assert np.abs(found - chance[600:]).mean() < 0.07


def test_only_so_many_rows_are_kept_and_a_rare_class_among_them_is_not_lost() -> None:
    puzzle = made_up(3)
    values = puzzle.y.values.copy()
    values[values == 2] = 1
    values[5] = 2
    fitted = replace(LEARNER, rows=40).fit(
        puzzle.X, Target(values, 3), budget=Budget(units=5), seed=0
    )
    assert len(fitted.points) == 40
    assert (fitted.predict(puzzle.X)[:, 2] > 0).all()


@pytest.mark.long
def test_what_means_nothing_is_refused() -> None:
    puzzle = made_up(0)
    fitted = LEARNER.fit(puzzle.X, puzzle.y, budget=Budget(units=3), seed=0)
    with pytest.raises(OptionError):
        GaussianProcessLearner(rows=0)
    with pytest.raises(OptionError):
        fitted.at(0)
    with pytest.raises(FitError):
        LEARNER.fit(puzzle.X, puzzle.y, budget=Budget.seconds(-1.0), seed=0)


@pytest.mark.long
@pytest.mark.parametrize("name", ["points", "pull", "positions", "centre", "stretch", "sharpness"])
def test_an_unsound_state_is_refused(name: str) -> None:
    puzzle = made_up(3)
    state = LEARNER.fit(puzzle.X, puzzle.y, budget=Budget(units=2), seed=0).export()
    for wrong in (state.arrays[name][:-1], -state.arrays[name].astype(np.float16)):
        with pytest.raises(ModelFileError):
            FittedGaussianProcess.restore(replace(state, arrays={**state.arrays, name: wrong}))
