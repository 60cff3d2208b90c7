"""The parts of an error: exact identities, and the formulas of mlxtend."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.evaluate.decomposition import (
    decompose_log,
    decompose_squared,
    decompose_zero_one,
)
from modelwright.evaluate.noise import noise_of_classes, noise_of_numbers

SEEDS = st.integers(0, 10_000)


@given(SEEDS)
def test_squared_loss_is_bias_and_variance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = decompose_squared(rng.normal(size=(7, 9)), rng.normal(size=9))
    assert found.loss == pytest.approx(found.bias + found.variance, rel=1e-12)


@given(SEEDS, st.integers(2, 5))
def test_log_loss_is_bias_and_variance(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), size=(6, 8))
    found = decompose_log(p, rng.integers(0, classes, 8))
    assert found.loss == pytest.approx(found.bias + found.variance, rel=1e-9)
    assert found.variance >= 0
    assert found.main.sum(axis=1) == pytest.approx(np.ones(8))


@given(SEEDS)
def test_two_classes_are_bias_and_what_moves_either_way(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = decompose_zero_one(rng.integers(0, 2, (7, 12)), rng.integers(0, 2, 12))
    assert found.loss == pytest.approx(found.bias + found.unbiased - found.biased)
    assert found.variance == pytest.approx(found.unbiased + found.biased)


@given(SEEDS, st.integers(3, 6))
def test_several_classes_too(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    found = decompose_zero_one(rng.integers(0, classes, (9, 12)), rng.integers(0, classes, 12))
    assert found.loss == pytest.approx(found.bias + found.unbiased - found.biased)


def test_probabilities_of_zero_stay_finite() -> None:
    found = decompose_log(np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), np.array([0]))
    assert np.isfinite([found.loss, found.bias, found.variance]).all()


def test_noise_is_found_where_there_is_some_and_not_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(2000, 3))
    line = X @ [3.0, 1.0, 0.0]
    assert noise_of_numbers(X, line) < 0.02
    assert noise_of_numbers(X, line + rng.normal(0, 0.5, 2000)) == pytest.approx(0.25, rel=0.15)
    clear = (X[:, 0] > 0.5).astype(int)
    flipped = np.where(rng.random(2000) < 0.2, 1 - clear, clear)
    assert noise_of_classes(X, clear) < 0.02
    assert noise_of_classes(X, flipped) == pytest.approx(0.2, abs=0.05)


def test_noise_is_not_told_of_many_columns_or_few_rows() -> None:
    rng = np.random.default_rng(0)
    assert np.isnan(noise_of_numbers(rng.normal(size=(500, 40)), rng.normal(size=500)))
    assert np.isnan(noise_of_classes(rng.normal(size=(50, 2)), rng.integers(0, 2, 50)))
