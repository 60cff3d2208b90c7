"""The portfolio is data: what it holds can be fitted, and says where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

from modelwright.features.recipe import RECIPES
from modelwright.models import LEARNERS
from modelwright.plan import learned
from modelwright.plan.learned import WORDY, learned_trials


def test_every_trial_can_be_fitted() -> None:
    trials = learned_trials()
    assert len({trial.name for trial in trials}) == len(trials) > 5
    assert trials[0].learner == "linear"  # quick: there is a model soon
    for trial in trials:
        LEARNERS[trial.learner](**trial.config)
        assert trial.recipe in {*RECIPES, WORDY}
        assert trial.gain > 0


def test_it_says_where_it_comes_from() -> None:
    path = Path(learned.__file__).with_name("portfolio.json")
    assert json.loads(path.read_text("utf-8"))["provenance"]
