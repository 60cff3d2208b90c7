"""The contract of learners finds broken ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.testing import LearnerContract, made_up


@dataclass(frozen=True)
class Prior:
    """The simplest model there is; `flaw` names what is wrong with it."""

    base: np.ndarray
    flaw: str
    stages: None = None
    out_of_bag: np.ndarray | None = None
    units: int = 1
    seen: list[int] = field(default_factory=list)

    def predict(self, X: Matrix) -> np.ndarray:
        out = np.tile(self.base, (X.shape[0], 1)).astype(np.float32)
        if self.flaw == "sums to two":
            out *= 2
        if self.flaw == "depends on neighbours" and len(out):
            out[:, 0] += np.arange(len(out))
        if self.flaw == "float64":
            return out.astype(np.float64)
        return out

    def at(self, units: int) -> Prior:
        return self

    def export(self) -> State:
        base = self.base + 1e-3 if self.flaw == "export loses digits" else self.base
        return State({"flaw": self.flaw}, {"base": base})

    @classmethod
    def restore(cls, state: State) -> Prior:
        return cls(state.arrays["base"], "")


@dataclass(frozen=True)
class PriorLearner:
    flaw: str = ""
    name: ClassVar[str] = "prior"
    bags: ClassVar[bool] = False

    def fit(self, X: Matrix, y: Any, *, weight: Any = None, seed: int, **_: Any) -> Prior:
        if self.flaw == "writes into inputs":
            X.numbers[0] = 0
        if self.flaw == "draws from nowhere":
            return Prior(np.random.default_rng().uniform(size=1), "")
        if y.classes:
            return Prior(np.bincount(y.values, weight, y.classes) / len(y), self.flaw)
        return Prior(np.array([np.average(y.values, weights=weight)]), self.flaw)


def contract(flaw: str) -> LearnerContract:
    class Suite(LearnerContract):
        def learner(self) -> PriorLearner:
            return PriorLearner(flaw)

    return Suite()


@pytest.mark.parametrize(
    ("flaw", "test"),
    [
        ("", "test_beats_the_prior"),
        ("sums to two", "test_predictions_are_float32_and_sound"),
        ("float64", "test_predictions_are_float32_and_sound"),
        ("depends on neighbours", "test_a_single_row_is_predicted_like_a_batch"),
        ("export loses digits", "test_a_restored_model_predicts_equal_to_the_bit"),
        ("writes into inputs", "test_inputs_may_be_read_only_and_stay_as_they_are"),
        ("draws from nowhere", "test_the_same_seed_gives_the_same_bits"),
    ],
)
def test_a_flaw_is_found(flaw: str, test: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        getattr(contract(flaw), test)(3)


@pytest.mark.parametrize(
    "test",
    [
        "test_predictions_are_float32_and_sound",
        "test_a_single_row_is_predicted_like_a_batch",
        "test_a_restored_model_predicts_equal_to_the_bit",
        "test_no_columns_give_the_prior",
    ],
)
def test_what_is_sound_passes(test: str) -> None:
    getattr(contract(""), test)(3)


def test_made_up_answers_follow_the_signal_or_nothing() -> None:
    loud, silent = made_up(0, rows=2000), made_up(0, rows=2000, signal=0.0)
    first = loud.X.numbers[:, 0]
    assert np.corrcoef(first, loud.y.values)[0, 1] > 0.5
    assert abs(np.corrcoef(first, silent.y.values)[0, 1]) < 0.1
    parts = made_up(2).split()
    assert [len(part.y) for part in parts] == [200, 100]
    assert replace(parts[0]) == parts[0]
