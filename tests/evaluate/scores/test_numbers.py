"""Distances of numbers at their borders; the plain cases are compared in test_metrics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores import numbers
from modelwright.evaluate.scores.basics import median
from modelwright.evaluate.scores.business import break_even, uneven_cost, worth


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 3)), min_size=1, max_size=30),
    st.sampled_from([0.1, 0.25, 0.5, 0.9]),
)
def test_a_weighted_quantile_is_that_of_repeated_values(
    rows: list[tuple[int, int]], share: float
) -> None:
    values, times = (np.array(column, float) for column in zip(*rows, strict=True))
    repeated = np.repeat(values, times.astype(int))
    found = median(values, times, share)
    if len(repeated):
        wanted = np.quantile(repeated, share, method="averaged_inverted_cdf")
        assert found == pytest.approx(wanted)
    else:
        assert np.isnan(found)


@pytest.mark.parametrize("power", [0, 1, 1.3, 2, 3])
def test_deviances_of_many_powers(power: float) -> None:
    rng = np.random.default_rng(int(10 * power))
    y, p = rng.exponential(size=200) + 0.01, rng.exponential(size=200) + 0.01
    if 1 <= power < 2:
        y[:50] = 0
    found = numbers.tweedie_deviance(y, p, power=power)
    assert found == pytest.approx(sk.mean_tweedie_deviance(y, p, power=power))
    assert numbers.d2_tweedie(y, p, power=power) == pytest.approx(
        sk.d2_tweedie_score(y, p, power=power)
    )


def test_what_lies_outside_of_a_deviance() -> None:
    assert np.isnan(numbers.tweedie_deviance(np.array([-1.0]), np.array([1.0]), power=1))
    assert np.isnan(numbers.tweedie_deviance(np.array([0.0]), np.array([1.0]), power=2))
    # a prediction below zero is as bad as a tiny one, and no reason for no score
    y = np.array([1.0, 2.0])
    low = numbers.tweedie_deviance(y, np.array([-3.0, 2.0]), power=1)
    assert low == numbers.tweedie_deviance(y, np.array([0.0, 2.0]), power=1)
    assert np.isfinite(low)
    assert low > numbers.tweedie_deviance(y, np.array([0.5, 2.0]), power=1)
    with pytest.raises(OptionError, match="a power of 0"):
        numbers.tweedie_deviance(y, y, power=0.5)


def test_shares_of_zero() -> None:
    zero, one = np.zeros(2), np.array([[0.0], [1.0]])
    assert np.isnan(numbers.mape(zero, one))
    assert np.isnan(numbers.wape(zero, one))
    assert numbers.smape(zero, one) == 1.0


def test_uneven_costs_are_a_pinball_loss() -> None:
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=100), rng.normal(size=(100, 1))
    wanted = 4 * sk.mean_pinball_loss(y, p[:, 0], alpha=0.75)
    assert uneven_cost(y, p, under=3, over=1) == pytest.approx(wanted)


@given(
    st.tuples(*[st.integers(-20, 20)] * 4).filter(lambda v: v[0] > v[1] and v[3] > v[2]),
    st.floats(0.001, 0.999),
)
def test_from_the_break_even_on_deciding_is_worth_more(
    cells: tuple[int, int, int, int], p: float
) -> None:
    values = np.array(cells, float).reshape(2, 2)  # tn, fp, fn, tp
    decide = (1 - p) * values[0, 1] + p * values[1, 1]
    leave = (1 - p) * values[0, 0] + p * values[1, 0]
    if abs(decide - leave) > 1e-9:
        assert (p >= break_even(values)) is bool(decide > leave)


def test_one_decision_that_is_always_worth_more() -> None:
    assert break_even(np.array([[0.0, 1.0], [0.0, 5.0]])) == 0.0
    assert break_even(np.array([[0.0, -1.0], [0.0, -5.0]])) == 1.0
    assert break_even(np.zeros((2, 2))) == 0.5
    tables = np.array([[[4.0, 0.0], [1.0, 0.0]], [[0.0, 4.0], [0.0, 1.0]], np.zeros((2, 2))])
    found = worth(tables, np.array([[0.0, -1.0], [0.0, 9.0]]))
    np.testing.assert_allclose(found, [0.0, 1.0, np.nan])
