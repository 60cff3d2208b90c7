"""Larger steps after a trial that was ended while it still learned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.plan.hurried import hurried
from modelwright.plan.trial import PartResult, Trial, TrialSpec

SPEC = TrialSpec(1, "lightgbm", {"leaves": 7}, rows=50, gain=3.0, recipe="rich")


def trial(spec: TrialSpec = SPEC, units: int = 200) -> Trial:
    parts = {f"fold-{fold}": PartResult(200 + fold, 1.0) for fold in range(3)}
    return Trial(spec, tuple(parts), parts, units=units)


def test_it_differs_by_its_steps_alone() -> None:
    found = hurried(trial(), 8)
    assert found == replace(SPEC, number=8, config={"leaves": 7, "learning_rate": 0.15})


@pytest.mark.parametrize(("steps", "larger"), [(0.02, 0.06), (0.1, 0.2), (0.15, None), (0.3, None)])
def test_steps_have_an_end(steps: float, larger: float | None) -> None:
    found = hurried(trial(replace(SPEC, config={"learning_rate": steps})), 8)
    assert (found and found.config["learning_rate"]) == larger


def test_what_stopped_by_itself_and_other_learners_need_none() -> None:
    assert hurried(trial(units=180), 8) is None
    assert hurried(trial(replace(SPEC, learner="linear", config={})), 8) is None
