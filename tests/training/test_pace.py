"""A pace step by step: it ends when the time does, whatever the steps take."""

from __future__ import annotations

import time

import pytest

from modelwright.core.budget import Budget
from modelwright.training.pace import StepPace

STEPS = 20


def run(
    monkeypatch: pytest.MonkeyPatch, seconds: list[float], told: float, before: float = 0.0
) -> tuple[float, float]:
    """Give epochs and the moment of the end, where steps take these seconds in turn."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = StepPace(100.0, Budget.seconds(10.0), told, before)
    done = round(before * STEPS)
    while pace.goes_on(done / STEPS):
        now[0] += seconds[min(done, len(seconds) - 1)]
        done += 1
    return done / STEPS, now[0]


@pytest.mark.parametrize("told", [0.0, 0.5, 2.0, 8.0])
def test_it_ends_with_the_time_however_wrong_the_first_guess(
    monkeypatch: pytest.MonkeyPatch, told: float
) -> None:
    epochs, end = run(monkeypatch, [0.1], told)
    assert 9.7 < end <= 10.2
    assert 4.8 < epochs <= 5.1


def test_steps_that_get_slower_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    epochs, end = run(monkeypatch, [0.05] * 80 + [0.3], 1.0)
    assert end < 10.7
    assert 4.5 < epochs < 5.5


def test_a_training_that_goes_on_expects_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = StepPace(100.0, Budget.seconds(10.0), 2.0, done=30.0)
    for step in range(1, 20):
        assert 34.5 < pace.total < 35.5
        now[0] += 0.1
        assert pace.goes_on(30.0 + step / STEPS)
    epochs, end = run(monkeypatch, [0.1], 2.0, before=30.0)
    assert 9.7 < end <= 10.2
    assert 34.8 < epochs <= 35.1


def test_what_is_asked_for_is_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = StepPace(2.0, Budget.seconds(1e6), 1.0)
    assert pace.total == 2.0
    assert pace.goes_on(1.95)
    assert not pace.goes_on(2.0)


def test_told_units_are_done_without_a_clock() -> None:
    pace = StepPace(50.0, Budget(units=3))
    assert not pace.timed
    assert (pace.total, pace.goes_on(2.9), pace.goes_on(3.0)) == (3.0, True, False)
