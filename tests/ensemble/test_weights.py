"""Shares of members: optimal by the conditions of convex problems, on the simplex."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.task import Target
from modelwright.ensemble.weights import stacked_weights


@given(count=st.integers(1, 6), seed=st.integers(0, 20), far=st.sampled_from([0.0, 1e6]))
def test_no_step_towards_a_single_member_lowers_the_squared_error(
    count: int, seed: int, far: float
) -> None:
    random = np.random.default_rng(seed)
    y = random.normal(size=100) + far
    said = [y[:, None] + random.normal(0, 1 + i, (100, 1)) for i in range(count)]
    shares = stacked_weights(said, Target(y))
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1.0)
    wrong = np.hstack(said) - y[:, None]
    slopes = wrong.T @ (wrong @ shares)
    assert slopes.min() >= shares @ slopes - 1e-4 * max(1.0, abs(slopes).max())


@given(count=st.integers(1, 5), classes=st.integers(2, 4), seed=st.integers(0, 20))
def test_no_step_towards_a_single_member_lowers_the_log_loss(
    count: int, classes: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, 200)
    raw = [random.normal(size=(200, classes)) + (i % 3) * np.eye(classes)[y] for i in range(count)]
    said = [np.exp(r) / np.exp(r).sum(axis=1, keepdims=True) for r in raw]
    shares = stacked_weights(said, Target(y, classes))
    right = np.column_stack([p[np.arange(200), y] for p in said])
    # of a mixture the mean of p_k / p is 1 for members that count, and at most 1 for others
    ratios = (right / (right @ shares)[:, None]).mean(axis=0)
    assert ratios.max() < 1.01
    assert shares.sum() == pytest.approx(1.0)


def test_weights_of_rows_count() -> None:
    y = Target(np.array([0.0, 10.0]))
    low, high = np.zeros((2, 1)), np.full((2, 1), 10.0)
    shares = stacked_weights([low, high], y, np.array([9.0, 1.0]))
    np.testing.assert_allclose(shares, [0.9, 0.1], atol=1e-6)


def test_nothing_to_weigh() -> None:
    with pytest.raises(ValueError, match="no members"):
        stacked_weights([], Target(np.zeros(3)))
