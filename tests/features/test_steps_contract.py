from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from modelwright.core.errors import ModelFileError
from modelwright.core.protocols import FittedStep, State, Step
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import (
    Categories,
    Dates,
    FittedCategories,
    FittedDates,
    FittedNumbers,
    FittedText,
    Keys,
    Lists,
    Numbers,
    Places,
    Text,
)
from modelwright.features.arithmetic import Arithmetic, FittedArithmetic
from modelwright.features.keys import FittedKeys
from modelwright.features.lists import FittedLists
from modelwright.features.means import FittedMeans, Means
from modelwright.features.places import FittedPlaces
from modelwright.features.scores import FittedScores, Scores
from modelwright.testing.steps import StepContract

ROWS = 60


def one_kind(kind: Kind, **columns: object) -> Table:
    """Columns of one kind with gaps, beside a target, a group and an ignored column."""
    rng = np.random.default_rng(1)
    gaps = pl.Series(rng.random(ROWS) < 0.1)
    frame = pl.DataFrame(columns).with_columns(
        pl.when(~gaps).then(pl.col(name)).alias(name) for name in columns
    )
    others = {"price": rng.normal(size=ROWS), "weight": rng.random(ROWS), "old": rng.random(ROWS)}
    schema = Schema(
        (
            *(Column(name, kind) for name in columns),
            Column("price", Kind.NUMBER, Role.TARGET),
            Column("weight", Kind.NUMBER, Role.WEIGHT),
            Column("old", Kind.NUMBER, Role.IGNORED),
        )
    )
    return Table(frame.with_columns(pl.Series(k, v) for k, v in others.items()), schema)


def formatted(kind: Kind, name: str, cells: list[str], format: str) -> Table:
    table = one_kind(kind, **{name: cells})
    return Table(table.frame, table.schema.with_columns(Column(name, kind, format=format)))


class TestNumbers(StepContract):
    def step(self) -> Step:
        return Numbers()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        return one_kind(Kind.NUMBER, a=rng.normal(size=ROWS), b=rng.integers(0, 3, ROWS) * 1.0)


class TestBooleans(StepContract):
    def step(self) -> Step:
        return Numbers()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        return one_kind(Kind.BOOLEAN, a=rng.random(ROWS) < 0.5, b=rng.random(ROWS) < 0.2)


class TestCategories(StepContract):
    def step(self) -> Step:
        return Categories()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        few = [["x", "it's", ""][i] for i in rng.integers(0, 3, ROWS)]
        many = [f"level {i}" for i in rng.integers(0, 45, ROWS)]
        return one_kind(Kind.CATEGORY, few=few, many=many)


class TestOrderedCategories(StepContract):
    def step(self) -> Step:
        return Categories()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        levels = ("low", "medium", "high")
        table = one_kind(Kind.CATEGORY, risk=[levels[i] for i in rng.integers(0, 3, ROWS)])
        ordered = Column("risk", Kind.CATEGORY, levels=levels)
        return Table(table.frame, table.schema.with_columns(ordered))


class TestLists(StepContract):
    def step(self) -> Step:
        return Lists()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        cells = ["|".join(rng.choice(["war", "love", "it's", "x, y"], rng.integers(0, 4), False))
                 for _ in range(ROWS)]  # fmt: skip
        return formatted(Kind.LIST, "genre", cells, "|")


class TestBracketedLists(StepContract):
    def step(self) -> Step:
        return Lists(most=2)

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        cells = [str(list(map(str, rng.choice(["a", "b", "c"], 2)))) for _ in range(ROWS)]
        return formatted(Kind.LIST, "tags", cells, "[]")


class TestPlaces(StepContract):
    def step(self) -> Step:
        return Places()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        cells = [f"POINT ({x:.5f} {y:.5f})" for x, y in rng.uniform(-80, 80, (ROWS, 2))]
        return formatted(Kind.GEO, "home", cells, "POINT (lon lat)")


class TestKeys(StepContract):
    def step(self) -> Step:
        return Keys()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        return one_kind(Kind.ID, user=[str(i) for i in rng.integers(0, 10**9, ROWS)])


class TestWordKeys(StepContract):
    def step(self) -> Step:
        return Categories()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        return one_kind(Kind.ID, shop=[f"S{i}" for i in rng.integers(0, 9, ROWS)])


class TestDates(StepContract):
    def step(self) -> Step:
        return Dates()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        start = datetime(1965, 1, 1)
        dates = [start + timedelta(minutes=int(m)) for m in rng.integers(0, 10_000_000, ROWS)]
        return one_kind(Kind.DATETIME, date=dates)


class TestText(StepContract):
    def step(self) -> Step:
        return Text()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        words = ["red", "Ünïted", "it's", "42", "http://a.b/c", "!", "a"]
        return one_kind(Kind.TEXT, note=[" ".join(rng.choice(words, 3)) for _ in range(ROWS)])


def titles(rows: int = ROWS) -> list[str]:
    rng = np.random.default_rng(0)
    ranks, jobs = ["Senior", "junior", "it's"], ["clerk", "Köchin", "driver!", ""]
    return [f"{ranks[rng.integers(3)]} {jobs[rng.integers(4)]} {rng.integers(9)}"
            for _ in range(rows)]  # fmt: skip


class TestScores(StepContract):
    def step(self) -> Step:
        return Scores()

    def table(self) -> Table:
        return one_kind(Kind.TEXT, job=titles())


class TestScoresOfClasses(TestScores):
    def target(self, table: Table) -> Target:
        return Target(np.random.default_rng(7).integers(0, 4, table.height), classes=4)


class TestMeans(StepContract):
    def step(self) -> Step:
        return Means()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        town = [["x", "it's", "", "z"][i] for i in rng.integers(0, 4, ROWS)]
        street = [f"street {i}" for i in rng.integers(0, 9, ROWS)]
        return one_kind(Kind.CATEGORY, town=town, street=street)

    def target(self, table: Table) -> Target:
        town = table.frame["town"].rank("dense").fill_null(0).to_numpy()
        street = table.frame["street"].rank("dense").fill_null(0).to_numpy()
        return Target((town + street).astype(np.float64))


class TestMeansOfClasses(TestMeans):
    def target(self, table: Table) -> Target:
        return Target(super().target(table).values.astype(np.int64) % 3, classes=3)


class TestArithmetic(StepContract):
    def step(self) -> Step:
        return Arithmetic()

    def table(self) -> Table:
        rng = np.random.default_rng(0)
        a, b, c = rng.integers(0, 9, (3, 400)).astype(float)
        c[:3] = 1e300
        frame = pl.DataFrame({"a": a, "b": b, "c": c})
        return Table(frame, Schema(tuple(Column(name, Kind.NUMBER) for name in "abc")))

    def target(self, table: Table) -> Target:
        a, b = table.frame["a"].fill_null(0).to_numpy(), table.frame["b"].fill_null(0).to_numpy()
        return Target((a > b).astype(np.int64), classes=2)


@pytest.mark.parametrize(
    "step", [Numbers(), Categories(), Dates(), Text(), Lists(), Places()], ids=str
)
def test_no_column_for_a_step_is_none(step: Step) -> None:
    table = Table(pl.DataFrame({"key": ["a", "b"]}), Schema((Column("key", Kind.ID),)))
    assert step.fit(table, Target(np.zeros(2)), seed=0) is None


@pytest.mark.parametrize(
    ("fitted", "config"),
    [
        (FittedNumbers, {}),
        (FittedNumbers, {"columns": "ab", "kinds": ["number", "number"]}),
        (FittedNumbers, {"columns": ["a"], "kinds": ["colour"]}),
        (FittedNumbers, {"columns": ["a"], "kinds": []}),
        (FittedCategories, {"columns": [{"column": "a"}]}),
        (
            FittedCategories,
            {"columns": [{"column": "a", "known": ["x"], "coded": True, "counted": False}]},
        ),
        (FittedDates, {"columns": ["a"], "parts": ["century"]}),
        (FittedDates, {"columns": ["a"], "parts": []}),
        (FittedText, {"columns": [{"column": "a", "surface": ["rhyme"], "words": []}]}),
        (FittedText, {"columns": [{"column": "a", "surface": [], "words": ["x", "x"]}]}),
        (FittedText, {"columns": [{"column": "a", "surface": [], "words": [None]}]}),
        (FittedText, {"columns": 3}),
        (FittedLists, {"columns": [{"column": "a", "format": "|", "known": ["x", "x"]}]}),
        (FittedLists, {"columns": ["a"]}),
        (FittedPlaces, {"columns": ["a"], "formats": ["street"]}),
        (FittedPlaces, {"columns": ["a"], "formats": []}),
        (FittedKeys, {"columns": "a"}),
        (FittedScores, {"columns": ["a"], "kinds": ["number"], "penalty": 1.0}),
        (FittedScores, {"columns": ["a"], "kinds": ["text"], "penalty": 1.0}),
        (FittedMeans, {"columns": [{"column": "a", "levels": ["x"]}]}),
        (FittedMeans, {"columns": [{"column": "a", "levels": ["x", "x"]}]}),
        (FittedArithmetic, {"left": ["a"], "signs": ["%"], "right": ["b"]}),
        (FittedArithmetic, {"left": ["a"], "signs": ["/"], "right": []}),
    ],
)
def test_unsound_state(
    fitted: type[FittedStep],
    config: dict[str, object],
) -> None:
    with pytest.raises(ModelFileError, match="sound state"):
        fitted.restore(State(config))


def test_unsound_keys() -> None:
    with pytest.raises(ModelFileError, match="do not rise"):
        FittedKeys.restore(State({"columns": ["a"]}, {"known0": np.array([2, 1])}))
