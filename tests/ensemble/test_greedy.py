"""Greedy selection finds the mix that single members cannot reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelwright.ensemble import select_members

Array = NDArray[np.float32]


def error_of(y: Array):  # type: ignore[no-untyped-def]
    return lambda p: float(np.square(p - y).mean())


def candidates(count: int, seed: int = 0) -> tuple[Array, list[Array]]:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(200, 1)).astype(np.float32)
    noisy = [y + rng.normal(0, 1, y.shape).astype(np.float32) for _ in range(count)]
    return y, noisy


@given(count=st.integers(1, 8), seed=st.integers(0, 5))
def test_weights_are_shares_and_never_worse_than_the_best(count: int, seed: int) -> None:
    y, members = candidates(count, seed)
    selection = select_members(members, error_of(y))
    assert selection.weights.min() >= 0
    assert selection.weights.sum() == pytest.approx(1.0)
    assert selection.loss <= min(error_of(y)(p) for p in members) + 1e-9
    blend = sum(np.float32(w) * p for w, p in zip(selection.weights, members, strict=True))
    assert error_of(y)(blend) == pytest.approx(selection.loss, rel=1e-3)


def test_independent_errors_are_averaged_out() -> None:
    y, members = candidates(6)
    alone = min(error_of(y)(p) for p in members)
    assert select_members(members, error_of(y)).loss < 0.4 * alone


def test_no_more_members_than_allowed() -> None:
    y, members = candidates(8)
    assert len(select_members(members, error_of(y), most=2).members) == 2


def test_twins_are_not_both_taken() -> None:
    y, (member,) = candidates(1)
    assert select_members([member, member.copy()], error_of(y)).members == (0,)


def test_a_member_without_a_score_is_never_taken() -> None:
    y, members = candidates(2)
    broken = np.full_like(y, np.nan)
    assert 0 not in select_members([broken, *members], error_of(y)).members


def test_nothing_to_choose_from() -> None:
    with pytest.raises(ValueError, match="no candidates"):
        select_members([], lambda p: 0.0)
