from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clean.impute.tables import mixed
from modelwright.clean.impute import Imputer, choose_imputation
from modelwright.clean.impute.gaps import area, find_gaps
from modelwright.core.errors import DataError, OptionError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target

ROWS = 600


def plan(rows: int = ROWS, folds: int = 3) -> Splits:
    place = np.arange(rows) % folds
    made = (Fold(np.flatnonzero(place != i), np.flatnonzero(place == i)) for i in range(folds))
    return Splits(tuple(made), rows, "k-fold", "")


def world(seed: int = 0) -> Table:
    """One column that a line tells, one that a curve tells, one that nothing tells, a level."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, ROWS))
    frame = pl.DataFrame(
        {
            "x": x,
            "z": z,
            "line": x + 0.1 * rng.normal(size=ROWS),
            "curve": np.sign(x * z) + 0.1 * rng.normal(size=ROWS),
            "noise": rng.normal(size=ROWS),
            "level": np.where(x > 0, "up", "down"),
        }
    )
    gone = ("line", "curve", "noise", "level")
    frame = frame.with_columns(
        pl.when(pl.Series(rng.random(ROWS) > 0.2)).then(pl.col(name)).alias(name) for name in gone
    )
    kinds = [Kind.NUMBER] * 5 + [Kind.CATEGORY]
    return Table(frame, Schema(tuple(map(Column, frame.columns, kinds))))


@pytest.mark.long
def test_each_column_gets_the_way_that_suits_it() -> None:
    found = {one.column: one for one in choose_imputation(world(), plan()).columns}
    assert {name: one.method for name, one in found.items()} | {"level": ""} == {
        "line": "ridge", "curve": "trees", "noise": "median", "level": "",
    }  # fmt: skip
    assert found["level"].errors[found["level"].method] < 0.1
    assert found["line"].errors["ridge"] < 0.2 < 0.8 < found["line"].errors["median"]
    assert found["noise"].confidence < 0.1 < 0.9 < found["line"].confidence
    assert all(one.hidden > 60 for one in found.values())


def test_the_same_seed_chooses_the_same() -> None:
    one, two = (choose_imputation(world(), plan(), ways=("median", "ridge")) for _ in range(2))
    assert one.to_json() == two.to_json()


@pytest.mark.long
def test_the_evidence_is_out_of_fold() -> None:
    """A way that only remembers its training rows gains nothing."""
    table = world()
    keyed = table.frame.with_columns(x=pl.Series(np.arange(ROWS, dtype=np.float64)), z=pl.lit(0.0))
    found = choose_imputation(Table(keyed, table.schema), plan(), ways=("median", "trees"))
    errors = {one.column: one.errors for one in found.columns}
    assert errors["noise"]["trees"] > 0.95 * errors["noise"]["median"]


def test_it_sees_that_gaps_depend_on_another_column() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    gone = rng.random(ROWS) < 0.6 / (1 + np.exp(-4 * x))
    frame = pl.DataFrame(
        {"x": x, "y": 2 * x + rng.normal(0, 0.1, ROWS), "w": rng.normal(size=ROWS)}
    )
    frame = frame.with_columns(
        y=pl.when(~pl.Series(gone)).then("y"),
        w=pl.when(pl.Series(rng.random(ROWS) > 0.2)).then("w"),
    )
    table = Table(frame, Schema(tuple(Column(name, Kind.NUMBER) for name in frame.columns)))
    found = {one.column: one for one in find_gaps(table, ["y", "w"], seed=0)}
    assert found["y"].depends
    assert found["y"].told_by == "x"
    assert not found["w"].depends
    known = ~gone
    high = x > 0.5
    assert found["y"].likely[known & high].mean() > 2 * found["y"].likely[known & ~high].mean()
    choice = choose_imputation(table, plan(), ways=("median", "ridge"))
    assert "tells of a gap" in str(choice)


def test_gaps_that_come_together_are_told_by_each_other() -> None:
    rng = np.random.default_rng(0)
    gone = rng.random(ROWS) < 0.3
    frame = pl.DataFrame({name: rng.normal(size=ROWS) for name in "abc"}).with_columns(
        pl.when(~pl.Series(gone)).then(pl.col(name)).alias(name) for name in "ab"
    )
    table = Table(frame, Schema(tuple(Column(name, Kind.NUMBER) for name in "abc")))
    (found,) = find_gaps(table, ["a"], seed=0)
    assert found.depends
    assert found.told_by == "b"
    # b is gone wherever a is: a way that would need b gains nothing from it
    joined = frame.with_columns(a=pl.when(~pl.Series(gone)).then(pl.col("b")))
    choice = choose_imputation(Table(joined, table.schema), plan(), ways=("median", "ridge"))
    assert {one.column: one.method for one in choice.columns}["a"] == "median"


def test_the_area_under_the_curve() -> None:
    rng = np.random.default_rng(0)
    score, yes = rng.integers(0, 9, 80).astype(float), rng.random(80) < 0.4
    pairs = [(a, b) for a in score[yes] for b in score[~yes]]
    exact = np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs])
    assert area(score, yes) == pytest.approx(exact)


def test_a_judge_decides_on_indicators() -> None:
    table = world()
    y = Target(table.frame["noise"].is_null().cast(pl.Float64).to_numpy())

    def judge(
        train: Table, answers: Target, valid: Table, valid_answers: Target
    ) -> dict[str, np.ndarray]:
        assert len(answers) == train.height
        name = "noise is missing"
        if name in valid.schema:
            guess = valid.frame[name].cast(pl.Float64).to_numpy()
        else:
            guess = np.full(valid.height, answers.values.mean())
        return {"model": (guess - valid_answers.values) ** 2}

    found = choose_imputation(table, plan(), ways=("median",), y=y, judge=judge)
    assert found.indicators
    assert [one.verdict for one in found.strategies] == [0, 0, 1]
    assert found.imputer.fit(table).indicators
    assert "helps" in str(found)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(OptionError):
        choose_imputation(world(), plan(), ways=())
    with pytest.raises(DataError):
        choose_imputation(world(), plan(500))
    whole = world().select(["x", "z"])
    assert choose_imputation(whole, plan()).columns == ()


def test_a_column_of_few_known_cells() -> None:
    table = world()
    frame = table.frame.with_columns(noise=pl.when(pl.int_range(pl.len()) == 17).then(pl.col("x")))
    found = choose_imputation(Table(frame, table.schema), plan(), ways=("median", "ridge"))
    one = next(one for one in found.columns if one.column == "noise")
    assert one.method == "median"
    assert (
        found.imputer.fit(Table(frame, table.schema)).transform(table).frame["noise"].null_count()
        == 0
    )


def test_more_rows_than_are_looked_at() -> None:
    table = mixed(5_000)
    found = choose_imputation(table, plan(5_000), ways=("median", "ridge"))
    assert found.rows == 4_000
    assert isinstance(found.imputer, Imputer)


@pytest.mark.long
def test_what_is_hardly_better_than_one_value_is_not_taken() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=ROWS)
    gone = rng.random(ROWS) < 0.2
    frame = pl.DataFrame(
        {"x": x, "weak": 0.2 * x + rng.normal(size=ROWS), "skew": rng.gamma(0.5, size=ROWS)}
    )
    frame = frame.with_columns(
        pl.when(~pl.Series(gone)).then(pl.col(name)).alias(name) for name in ("weak", "skew")
    )
    table = Table(frame, Schema(tuple(Column(name, Kind.NUMBER) for name in frame.columns)))
    found = choose_imputation(table, plan(), ways=("median", "ridge")).columns
    for one in found:  # of a skewed column every way is ahead of the median that says the mean
        assert one.errors["ridge"] < one.errors["median"]
        assert (one.method, one.guess) == ("median", True)
        assert "nothing is clearly better than one value for all gaps" in str(one)
        assert one.to_json()["guess"]
    line = {one.column: one for one in choose_imputation(world(), plan()).columns}["line"]
    assert not line.guess
    assert "nothing" not in str(line)
