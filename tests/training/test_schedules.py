"""Schedules and pace: numbers only."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.training.pace import LEAST_EPOCHS, Pace
from modelwright.training.schedules import SCHEDULES, coslog4, cycle_ends


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_stay_between_zero_and_one(name: str) -> None:
    seen = [SCHEDULES[name](t) for t in np.linspace(0, 1, 1001)]
    assert min(seen) >= 0
    assert max(seen) == pytest.approx(1.0, abs=1e-3)
    assert seen[-1] == pytest.approx(1.0 if name == "constant" else 0.0, abs=1e-9)


def test_coslog4_is_the_papers_formula() -> None:
    for t in np.linspace(0, 1, 57):
        wanted = 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + (2**4 - 1) * t)))
        assert coslog4(t) == pytest.approx(wanted)


@given(st.integers(1, 2000))
def test_cycles_end_where_the_rate_is_low(epochs: int) -> None:
    ends = cycle_ends("coslog4", epochs)
    assert ends[-1] == epochs
    assert list(ends) == sorted(set(ends))
    assert ends[0] >= 1
    if epochs >= 100:
        assert all(coslog4(end / epochs) < 0.05 for end in ends)


def test_told_epochs_are_obeyed_and_need_no_clock() -> None:
    pace = Pace(100, Budget(units=3))
    assert not pace.timed
    assert [pace.goes_on(done) for done in range(5)] == [True, True, True, False, False]


def test_the_clock_shortens_but_never_lengthens() -> None:
    for seconds, wanted in ((1e-6, 100), (0.5, 17)):
        pace = Pace(100, Budget.seconds(10.0))
        pace.plan(seconds)
        assert abs(pace.total - wanted) <= 1


def test_too_little_time_is_said_at_once() -> None:
    with pytest.raises(FitError, match="no time for a net: an epoch takes 2 s"):
        Pace(100, Budget.seconds(10.0)).plan(2.0)
    few = Pace(3, Budget.seconds(10.0))
    few.plan(2.0)
    assert few.total == 3 < LEAST_EPOCHS


def test_a_machine_that_gets_slower_ends_the_rest_earlier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace(1_000, Budget.seconds(10.0))
    pace.plan(0.02)
    assert pace.total == 425
    done, totals = 0, []
    while pace.goes_on(done):
        now[0] += 0.02 if done < 100 else 0.2  # ten times as slow as it was
        done += 1
        totals.append(pace.total)
    assert totals == sorted(totals, reverse=True)
    assert pace.total == done
    assert 125 <= done <= 140
    assert -0.2 <= pace.budget.left < 3
