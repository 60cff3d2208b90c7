"""Choosing features: what is planted is found, copies come late, and few are kept of few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.linear_model import LinearRegression

from modelwright.core.matrix import MISSING, Matrix
from modelwright.core.task import Target
from modelwright.features import selection
from modelwright.features.selection import by_filter, by_model, by_wrapper, fewest


def matrix(values: NDArray[np.floating], codes: NDArray[np.int32] | None = None) -> Matrix:
    numbers = Matrix.of_numbers(
        values.astype(np.float32), [f"x{j}" for j in range(values.shape[1])]
    )
    if codes is None:
        return numbers
    names, levels = [f"c{j}" for j in range(codes.shape[1])], codes.max(axis=0) + 1
    return Matrix.beside([numbers, Matrix.of_codes(codes, names, levels.tolist())], len(values))


def test_some_columns_of_both_blocks() -> None:
    X = matrix(np.arange(12.0).reshape(4, 3), np.arange(8, dtype=np.int32).reshape(4, 2))
    some = X.some(np.array([1, 3]))
    assert (some.number_names, some.code_names, some.levels) == (("x1",), ("c0",), (7,))
    assert some.numbers.ravel().tolist() == [1, 4, 7, 10]
    assert some.codes.ravel().tolist() == [0, 2, 4, 6]


def test_a_filter_puts_copies_behind_what_is_new() -> None:
    rng = np.random.default_rng(0)
    strong, weak, noise = rng.normal(size=(3, 800))
    copies = [strong + 0.1 * rng.normal(size=800) for _ in range(4)]
    X = matrix(np.column_stack([noise, *copies, weak]))
    order = by_filter(X, Target(3 * strong + weak)).tolist()
    assert order[0] in (1, 2, 3, 4)
    assert order[1] == 5
    assert order[-1] == 0


def test_a_filter_reads_codes_and_gaps() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (600, 2)).astype(np.int32)
    codes[::7, 1] = MISSING
    y = Target((codes[:, 1] == MISSING).astype(np.int64), classes=2)
    assert by_filter(matrix(rng.normal(size=(600, 3)), codes), y)[0] == 4


@given(st.integers(0, 2**16), st.integers(1, 8), st.sampled_from([0, 2, 3]))
def test_a_filter_orders_every_column_once(seed: int, width: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(40, width))
    values[rng.random(values.shape) < 0.2] = np.nan
    answers = rng.integers(0, classes, 40) if classes else rng.normal(size=40)
    order = by_filter(matrix(values), Target(answers, classes))
    assert sorted(order.tolist()) == list(range(width))


def test_a_model_misses_most_what_it_uses_most() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 2, (500, 1)).astype(np.int32)
    X = matrix(rng.normal(size=(500, 3)), codes)
    y = 5.0 * X.codes[:, 0] + X.numbers[:, 1]

    def loss(some: Matrix) -> float:
        return float(np.mean((5.0 * some.codes[:, 0] + some.numbers[:, 1] - y) ** 2))

    before = X.numbers.copy(), X.codes.copy()
    assert by_model(X, loss, seed=0)[:2].tolist() == [3, 1]
    assert np.array_equal(X.numbers, before[0])
    assert np.array_equal(X.codes, before[1])


def test_a_wrapper_chooses_what_scikit_learns_chooses() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 8))
    y = X[:, 2] - 0.5 * X[:, 5] + 0.2 * X[:, 7] * X[:, 2] + 0.3 * rng.normal(size=200)
    fit, judge = np.arange(120), np.arange(120, 200)

    def loss(columns: NDArray[np.int64]) -> float:
        model = LinearRegression().fit(X[np.ix_(fit, columns)], y[fit])
        return float(np.mean((model.predict(X[np.ix_(judge, columns)]) - y[judge]) ** 2))

    order, losses = by_wrapper(range(8), loss, most=3)
    theirs = SequentialFeatureSelector(
        LinearRegression(), n_features_to_select=3, cv=[(fit, judge)],
        scoring="neg_mean_squared_error",
    )  # fmt: skip
    assert sorted(order.tolist()) == np.flatnonzero(theirs.fit(X, y).get_support()).tolist()
    assert (np.diff(losses) < 0).all()


def test_a_wrapper_stops_where_nothing_helps() -> None:
    order, losses = by_wrapper([0, 1, 2], lambda columns: 1.0 if len(columns) > 1 else 0.5, 3)
    assert (len(order), losses.tolist()) == (1, [0.5])


@pytest.mark.parametrize(("gap", "expected"), [(0.0, 0), (0.5, 1)])
def test_the_fewest_that_are_not_clearly_worse(gap: float, expected: int) -> None:
    best = np.random.default_rng(4).random(200)
    noise = 0.05 * np.random.default_rng(5).normal(size=200)
    assert fewest([best + gap + noise - noise.mean() + 1e-6, best]) == expected


def test_of_very_many_columns_the_first_are_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(300, 12))
    y = Target(values[:, 7] + 0.5 * values[:, 2] + 0.1 * rng.normal(size=300))
    whole = by_filter(matrix(values), y).tolist()
    monkeypatch.setattr(selection, "_PROJECTED", 4)
    short = by_filter(matrix(values), y).tolist()
    assert short[:4] == whole[:4]
    assert sorted(short) == list(range(12))
