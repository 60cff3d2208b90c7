"""What a scored trial suggests: larger trees, or larger steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.plan.refined import refined
from modelwright.plan.trial import PartResult, Trial, TrialSpec

SPEC = TrialSpec(1, "lightgbm", {"leaves": 7}, rows=50, gain=3.0, recipe="rich")


def trial(spec: TrialSpec = SPEC, grown: int = 200, units: int | None = None) -> Trial:
    parts = {f"fold-{fold}": PartResult(grown + fold, 1.0) for fold in range(3)}
    return Trial(spec, tuple(parts), parts, units=grown if units is None else units)


def test_cut_short_it_gets_larger_steps_and_nothing_else_changes() -> None:
    found = refined(trial(), 8)
    assert found == replace(SPEC, number=8, config={"leaves": 7, "learning_rate": 0.15})


@pytest.mark.parametrize(("steps", "larger"), [(0.02, 0.06), (0.1, 0.2), (0.15, None), (0.3, None)])
def test_steps_have_an_end(steps: float, larger: float | None) -> None:
    found = refined(trial(replace(SPEC, config={"learning_rate": steps}), grown=80), 8)
    assert (found and found.config["learning_rate"]) == larger


@pytest.mark.parametrize(
    ("leaves", "more"), [(7, 28), (31, 124), (124, 496), (200, None), (496, None)]
)
def test_many_rounds_ask_for_more_leaves_until_there_are_many(
    leaves: int, more: int | None
) -> None:
    spec = replace(SPEC, config={"leaves": leaves, "extra_trees": True})
    wanted = None if more is None else replace(spec, config={**spec.config, "leaves": more})
    for units in (500, 900):  # whether or not it still learned
        assert refined(trial(spec, grown=900, units=units), 1) == wanted


def test_few_rounds_ask_for_nothing_where_it_stopped_by_itself() -> None:
    assert refined(trial(units=180), 8) is None
    assert refined(trial(grown=900, units=499), 8) is None


def test_other_learners_ask_for_steps_or_nothing() -> None:
    boosted = replace(SPEC, learner="xgboost", config={})
    assert refined(trial(boosted, grown=900, units=700), 8) is None
    found = refined(trial(boosted, grown=900), 8)
    assert found is not None
    assert "leaves" not in found.config
    assert refined(trial(replace(SPEC, learner="linear", config={})), 8) is None
