"""Members are asked together: what several of them see is made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import polars as pl
import pytest

from modelwright.core.errors import ModelFileError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.features import FittedRecipe
from modelwright.model import Member, Part
from modelwright.model import voices as module
from modelwright.model.voices import Voices

ROWS = 5
TABLE = Table(pl.DataFrame({"x": np.arange(ROWS) * 1.0}), Schema((Column("x", Kind.NUMBER),)))


@dataclass(frozen=True)
class Times:
    """A step that multiplies, and counts how often it is asked."""

    name: ClassVar[str] = "times"
    columns: ClassVar[tuple[str, ...]] = ("x",)
    number_names: ClassVar[tuple[str, ...]] = ("x times",)
    code_names: ClassVar[tuple[str, ...]] = ()

    factor: float
    asked: list[int] = field(default_factory=list)

    def transform(self, table: Table) -> Matrix:
        self.asked.append(table.height)
        block = table.frame["x"].to_numpy().astype(np.float32)[:, None] * np.float32(self.factor)
        return Matrix.of_numbers(block, self.number_names)

    def export(self) -> State:
        return State({}, {"factor": np.array([self.factor])})


@dataclass(frozen=True)
class Sum:
    """A model that adds a row up."""

    outputs: int = 1

    def predict(self, X: Matrix) -> np.ndarray:
        return np.repeat(X.numbers.sum(axis=1, keepdims=True), self.outputs, axis=1)


def member(weight: float, *steps: Times, outputs: int = 1) -> Member:
    return Member("m", weight, tuple(Part(FittedRecipe((s,)), Sum(outputs)) for s in steps))


def test_equal_steps_of_several_recipes_are_done_once() -> None:
    one, same, other = Times(2.0), Times(2.0), Times(4.0)
    voices = Voices((member(0.5, one, same), member(0.5, other)), 1, None)
    np.testing.assert_array_equal(voices.say(TABLE)[:, 0], 3.0 * np.arange(ROWS))
    assert (one.asked, same.asked, other.asked) == ([ROWS], [], [ROWS])
    assert voices.columns == {"x"}
    assert voices.through(Times) == ("x",)


def test_rows_are_asked_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Times(1.0)
    monkeypatch.setattr(module, "CHUNK", 2)
    said = Voices((member(1.0, step),), 1, None).say(TABLE)
    np.testing.assert_array_equal(said[:, 0], np.arange(ROWS))
    assert step.asked == [2, 2, 1]
    none = TABLE.rows(np.array([], np.int64))
    assert Voices((member(1.0, step),), 1, None).say(none).shape == (0, 1)


def test_a_member_with_other_outputs_is_refused() -> None:
    voices = Voices((member(1.0, Times(1.0), outputs=2),), 1, None)
    with pytest.raises(ModelFileError, match="1 outputs of every member"):
        voices.say(TABLE)
