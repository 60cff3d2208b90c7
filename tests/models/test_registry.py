"""The closed list of names."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from modelwright.core.budget import Budget
from modelwright.core.errors import ModelFileError, OptionError
from modelwright.core.protocols import State
from modelwright.models import (
    LEARNERS,
    LinearLearner,
    fitted_name,
    make_learner,
    restore_fitted,
)
from modelwright.models.registry import FITTED, NETS, learner_config
from modelwright.testing import made_up


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_a_learner_is_its_name_and_config(name: str) -> None:
    learner = make_learner(name, {})
    config = json.loads(json.dumps(learner_config(learner)))
    assert make_learner(name, config) == learner
    assert len(config) <= 10
    assert learner.name == name


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [
        ("lightgmb", {}, "did you mean 'lightgbm'"),
        ("lightgbm", {"learning_rte": 0.1}, "did you mean 'learning_rate'"),
        ("lightgbm", {"leaves": "31"}, "of type int"),
        ("lightgbm", {"leaves": True}, "of type int"),
        ("lightgbm", {"learning_rate": True}, "of type float"),
        ("lightgbm", {"learning_rate": 0}, "learning_rate to be above 0"),
        ("lightgbm", {"leaves": 1}, "leaves to be at least 2"),
        ("extra-trees", {"trees": 0}, "trees to be at least 1"),
        ("linear", {"smallest": float("nan")}, "smallest"),
    ],
)
def test_what_means_nothing_is_refused(name: str, config: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        make_learner(name, config)


def test_a_whole_number_serves_as_a_number() -> None:
    assert make_learner("lightgbm", {"learning_rate": 1}).learning_rate == 1


# Nets for images have no learner among these: tests/models/test_pictures.py, test_transferred.py
@pytest.mark.long
@pytest.mark.parametrize("name", sorted(FITTED.keys() - {"pictures", "transferred"}))
def test_a_fitted_model_comes_back_by_its_name(name: str) -> None:
    if name in NETS:
        pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
    puzzle = made_up(2)
    fitted = make_learner(name, {}).fit(puzzle.X, puzzle.y, budget=Budget(units=3), seed=0)
    assert fitted_name(fitted) == name
    again = restore_fitted(name, fitted.export())
    assert np.array_equal(again.predict(puzzle.X), fitted.predict(puzzle.X))


@dataclass(frozen=True)
class Custom:
    """Stands for a class of a user's."""

    @classmethod
    def restore(cls, state: State) -> Custom:
        return cls()


def test_a_custom_model_comes_back_only_when_allowed() -> None:
    name = fitted_name(Custom())
    assert restore_fitted(name, State(), allow=[Custom]) == Custom()
    with pytest.raises(ModelFileError, match="allow="):
        restore_fitted(name, State())


def test_an_empty_state_is_refused_by_all() -> None:
    for name in FITTED:
        with pytest.raises(ModelFileError):
            restore_fitted(name, State())


@pytest.mark.long
def test_importing_the_registry_loads_no_library() -> None:
    code = (
        "import sys, modelwright.models.registry\n"
        "print(*[m for m in ('sklearn', 'lightgbm', 'scipy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []
    assert LinearLearner().name in LEARNERS
