"""Stages are chosen on other folds: no row's label picks its own prediction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.protocols import Stages
from modelwright.plan.selection import choose_stages


def grown(*units: int) -> Stages:
    return Stages(np.array(units), np.zeros((len(units), 3, 1), np.float32))


def test_a_fold_is_not_asked_about_itself() -> None:
    liar = np.array([9.0, 9.0, -100.0])
    honest = np.array([1.0, 0.5, 2.0])
    choice = choose_stages([grown(1, 2, 3)] * 3, [liar, honest, honest], [10, 10, 10])
    assert choice.units[0] == 2
    assert choice.units[1:] == (3, 3)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.integers(0, 3))
def test_the_choice_for_a_fold_ignores_its_own_losses(own: list[float], shift: int) -> None:
    rng = np.random.default_rng(shift)
    others = [rng.random(4), rng.random(4)]
    stages = [grown(5, 10, 20, 40)] * 3
    first = choose_stages(stages, [np.array(own), *others], [7, 7, 7])
    second = choose_stages(stages, [np.array(own)[::-1], *others], [7, 7, 7])
    assert first.units[0] == second.units[0]


def test_folds_that_stopped_at_different_units() -> None:
    early, late = np.array([3.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.5, 1.0])
    choice = choose_stages([grown(1, 2, 3), grown(1, 2, 3, 9)], [early, late], [5, 5])
    assert choice.units == (3, 2)
    assert choice.positions == (2, 1)
    assert choice.overall in (1, 2, 3, 9)


def test_a_single_fold_chooses_its_own_best() -> None:
    choice = choose_stages([grown(1, 2, 3)], [np.array([2.0, 1.0, 3.0])], [5])
    assert (choice.units, choice.overall) == ((2,), 2)


def test_a_larger_fold_has_more_say() -> None:
    one, two = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    third = np.array([5.0, 5.0])
    choice = choose_stages([grown(1, 2)] * 3, [one, two, third], [1, 9, 4])
    assert choice.units[2] == 2


def test_losses_that_are_not_finite_lose() -> None:
    choice = choose_stages([grown(1, 2)], [np.array([np.nan, 4.0])], [5])
    assert choice.overall == 2


def test_early_stopping_on_scored_rows_would_have_been_too_good() -> None:
    """On pure noise the own best stage beats chance; the one chosen elsewhere does not."""
    rng = np.random.default_rng(0)
    gains_own, gains_other = [], []
    for _ in range(200):
        losses = [1 + 0.1 * rng.normal(size=30) for _ in range(5)]
        choice = choose_stages([grown(*range(1, 31))] * 5, losses, [10] * 5)
        gains_own += [1 - loss.min() for loss in losses]
        gains_other += [1 - loss[i] for loss, i in zip(losses, choice.positions, strict=True)]
    assert np.mean(gains_own) > 0.15
    assert np.mean(gains_other) == pytest.approx(0, abs=0.02)
