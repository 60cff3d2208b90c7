"""Drawn trials are brought near the best; what promises nothing after a fold is left."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.models import make_learner
from modelwright.plan.nearby import brought_near, varied
from modelwright.plan.trial import LEAN, RICH, Trial, TrialSpec

BEST = TrialSpec(3, "lightgbm", {"leaves": 7, "learning_rate": 0.03, "threads": 1}, recipe=RICH)
LINEAR = TrialSpec(0, "linear", {})


def drawn(number: int, learner: str = "lightgbm") -> TrialSpec:
    return TrialSpec(number, learner, {"leaves": 200}, drawn=True)


def test_every_other_drawn_trial_is_near_the_best_boosted_one() -> None:
    members = [Trial(LINEAR, ()), Trial(BEST, ())]
    near = brought_near(drawn(20), members, seed=0)
    assert near.recipe == RICH
    assert near.config["threads"] == 1
    assert 4 <= near.config["leaves"] <= 25
    assert near == brought_near(drawn(20), members, seed=0)
    assert near.config != brought_near(drawn(22), members, seed=0).config


@pytest.mark.parametrize(
    ("spec", "members"),
    [
        (drawn(21), [BEST]),  # the other half comes from the whole space
        (drawn(20, "extra-trees"), [BEST]),
        (drawn(20), [LINEAR]),
        (TrialSpec(20, "lightgbm", {"leaves": 200}), [BEST]),  # chosen by hand
    ],
)
def test_other_trials_stay_as_they_are(spec: TrialSpec, members: list[TrialSpec]) -> None:
    assert brought_near(spec, [Trial(one, ()) for one in members], seed=0) is spec


@pytest.mark.parametrize("seed", range(20))
def test_what_comes_out_is_a_learner(seed: int) -> None:
    config = {"learning_rate": 0.1, "leaves": 4, "min_rows_leaf": 1, "l2": 0.001}
    make_learner("lightgbm", varied(config, np.random.default_rng(seed)))


def test_a_drawn_trial_is_read_back() -> None:
    assert TrialSpec.from_json(drawn(20).to_json()) == drawn(20)
    assert TrialSpec.from_json({**BEST.to_json(), "recipe": LEAN}).drawn is False
