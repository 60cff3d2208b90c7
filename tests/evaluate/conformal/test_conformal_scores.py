"""Scores: ranks, weights, groups, and what too few rows cannot promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import DataError, OptionError
from modelwright.evaluate.conformal.scores import MOST, Scores, check_level


@given(st.integers(1, 400), st.floats(0.02, 0.98))
def test_the_rank_is_that_of_the_books(count: int, level: float) -> None:
    values = np.random.default_rng(count).permutation(count).astype(float)
    rank = int(np.ceil((count + 1) * level - 1e-9))
    if rank > count:
        with pytest.raises(DataError, match="at least"):
            Scores.of(values).upper(level)
    else:
        assert Scores.of(values).upper(level) == rank - 1


@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_equal_weights_change_nothing(seed: int, level: float) -> None:
    values = np.random.default_rng(seed).normal(size=99)
    plain, weighted = Scores.of(values), Scores.of(values, np.full(99, 3.0))
    assert plain.upper(level) == weighted.upper(level)


def test_a_weight_of_two_is_two_rows() -> None:
    values = np.arange(40.0)
    weight = np.where(values < 20, 2.0, 1.0)
    twice = np.concatenate([values, values[:20]])
    for level in (0.3, 0.5, 0.8):
        assert abs(Scores.of(values, weight).upper(level) - Scores.of(twice).upper(level)) <= 1


def test_groups_count_alike_however_large() -> None:
    values = np.concatenate([np.zeros(1000), np.arange(1.0, 20.0)])
    groups = np.concatenate([np.zeros(1000, int), np.arange(1, 20)])
    assert Scores.of(values, groups=groups).upper(0.5) == 10.0  # the 11th of 20 groups
    assert Scores.of(values).upper(0.5) == 0.0
    with pytest.raises(DataError, match="99 calibration groups"):
        Scores.of(values, groups=groups).upper(0.99)


def test_both_ends_hold_what_is_asked_for() -> None:
    values = np.random.default_rng(0).gamma(1.0, size=999)
    low, high = Scores.of(values).ends(0.9, 0.2)
    assert np.mean(values < low) == pytest.approx(0.02, abs=0.002)
    assert np.mean(values > high) == pytest.approx(0.08, abs=0.002)


def test_many_scores_are_stood_for_by_some() -> None:
    values = np.random.default_rng(0).normal(size=50_000)
    scores = Scores.of(values)
    assert len(scores.values) <= MOST
    assert scores.units == 50_000
    assert scores.mass.sum() == pytest.approx(50_000 / 50_001)
    for level in (0.5, 0.9, 0.99):
        assert np.mean(values <= scores.upper(level)) == pytest.approx(level, abs=5e-4)


@pytest.mark.parametrize("level", [0, 1, -0.1, 90, "0.9", None, True, float("nan")])
def test_a_level_is_a_share(level: object) -> None:
    with pytest.raises(OptionError, match=r"write 0.9 for 90 %"):
        check_level(level)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "weight"),
    [([], None), ([1.0, np.nan], None), ([1.0], [0.0]), ([1.0], [-1.0]), ([1.0, 2.0], [1.0])],
)
def test_what_is_no_score_is_refused(values: list[float], weight: list[float] | None) -> None:
    with pytest.raises(DataError):
        Scores.of(values, weight)


def test_stored_scores_are_checked() -> None:
    arrays = Scores.of(np.arange(9.0)).to_arrays("all")
    assert Scores.restore(arrays, "all", 9).upper(0.9) == 8.0
    for bad in (
        {**arrays, "all-values": arrays["all-values"][::-1]},
        {**arrays, "all-mass": arrays["all-mass"] * 2},
        {**arrays, "all-mass": -arrays["all-mass"]},
        {**arrays, "all-values": arrays["all-values"][:3]},
        {**arrays, "all-values": np.full(9, np.nan)},
    ):
        with pytest.raises(ValueError, match="scores"):
            Scores.restore(bad, "all", 9)
