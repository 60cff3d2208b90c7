"""Test rows: read at the start, scored once at the end, and their looks counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.acquire import read_raw
from modelwright.core.result import Card
from modelwright.core.settings import Question
from modelwright.evaluate import Metric
from modelwright.evaluate.splitters import GivenFolds, TimeOrdered
from modelwright.plan.findings import judging as module
from modelwright.plan.findings.judging import FreshJudge
from modelwright.plan.pose import Posed, pose
from test_flow import quick, table


def posed(frame: pl.DataFrame, target: str = "price", **asked: object) -> Posed:
    validation = mw.Validation(**asked)  # type: ignore[arg-type]
    return pose(read_raw(frame), Question(target), mw.Settings(validation=validation))


def asked(**changes: object) -> mw.Settings:
    return quick(models=("linear",), validation=mw.Validation(**changes))  # type: ignore[arg-type]


@pytest.mark.long
def test_a_test_file_is_scored_once_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "later.csv"
    table(seed=1).write_csv(path)
    result = mw.fit(table(), "price", settings=asked(test=path))
    assert result.test is not None
    again = result.model.evaluate(path)
    assert result.test.score == pytest.approx(again["rmse"])
    assert result.test.low is not None
    assert result.test.high is not None
    assert result.test.low < result.test.score < result.test.high
    assert (result.test.rows, result.test.of, result.test.looks) == (240, 240, 0)
    assert result.test.source == "later.csv"
    assert f"on 240 fresh rows of later.csv: rmse {result.test.score:.5g}" in str(result)
    loaded = mw.load(result.model.save(tmp_path / "houses.mw"))
    assert loaded.card == result.model.card


@pytest.mark.long
def test_it_changes_no_model() -> None:
    plain = mw.fit(table(), "price", settings=asked())
    tested = mw.fit(table(), "price", settings=asked(test=table(seed=1)))
    new = table(seed=2)
    assert np.array_equal(plain.model.probabilities(new), tested.model.probabilities(new))
    assert plain.score == tested.score


@pytest.mark.long
def test_a_second_look_is_told(tmp_path: Path) -> None:
    path = tmp_path / "later.csv"
    table(seed=1).write_csv(path)
    first = mw.fit(table(), "price", settings=asked(test=path))
    copy = tmp_path / "under another name.csv"
    copy.write_bytes(path.read_bytes())
    second = mw.fit(table(), "price", settings=asked(test=copy, folds=3))
    third = mw.fit(table(), "price", settings=asked(test=path, folds=4))
    looks = [result.test.looks for result in (first, second, third) if result.test]
    assert looks == [0, 1, 2]
    assert not any("scored in" in note for note in first.notes)
    (told,) = (note for note in third.notes if "scored in" in note)
    assert "2 earlier runs of this target" in told
    assert "keep rows that nobody has scored" in told
    other = mw.fit(table().drop("price"), "area", settings=asked(test=path))
    assert other.test is not None
    assert other.test.looks == 0


@pytest.mark.long
def test_a_resumed_run_knows_its_test_rows(tmp_path: Path) -> None:
    settings = asked(test=table(seed=1))
    first = mw.fit(table(), "price", settings=settings)
    again = mw.fit(table(), "price", settings=replace(settings, resume=True))
    assert again.run == first.run
    assert again.test == first.test
    others = replace(asked(test=table(seed=2)), resume=True)
    assert mw.fit(table(), "price", settings=others).run != first.run


@pytest.mark.long
def test_rows_that_a_column_calls_test_are_never_fitted_on() -> None:
    part = pl.Series("part", (["train", "train", "valid", "test"] * 60))
    result = mw.fit(table().with_columns(part), "price", settings=asked(splits="part"))
    card = result.model.card
    assert card.rows == 180
    assert "60 rows are scored, 120 are fitted on only." in card.plan
    assert result.test is not None
    assert (result.test.rows, result.test.source) == (60, "column 'part'")
    assert "part" not in result.model.columns


@pytest.mark.long
def test_train_and_test_alone_leave_the_plan_to_the_rows() -> None:
    part = pl.Series("part", (["train", "train", "train", "test"] * 60))
    result = mw.fit(table().with_columns(part), "price", settings=asked(splits="part", folds=None))
    assert "180 rows were dealt at random into 10 folds" in result.model.card.plan
    assert result.test is not None


@pytest.mark.long
def test_folds_of_a_column() -> None:
    fold = pl.Series("fold", np.arange(240) % 3 + 1)
    result = mw.fit(table().with_columns(fold), "price", settings=asked(splits=" fold"))
    assert "3 folds as column 'fold' says" in result.model.card.plan
    assert result.model.evidence is not None
    assert result.model.evidence.splits == ((160, 80),) * 3


@pytest.mark.long
def test_a_splitter_of_the_users() -> None:
    folds = GivenFolds(
        [(np.arange(120), np.arange(120, 240)), (np.arange(120, 240), np.arange(120))]
    )
    result = mw.fit(table(), "price", settings=asked(splits=folds))
    assert "2 given folds: 240 of 240 rows are scored" in result.model.card.plan
    later = mw.fit(table(), "price", settings=asked(splits=TimeOrdered("sold", 2, gap="30d")))
    assert "with a gap of 30d between them" in later.model.card.plan


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (table(seed=1).drop("area"), "missing: 'area'"),
        (table(seed=1).with_columns(price=pl.lit(None, pl.Float64)), "answers in column 'price'"),
        (table(), "not learned from"),
    ],
)
def test_test_rows_that_cannot_be_scored(frame: pl.DataFrame, words: str) -> None:
    with pytest.raises(mw.UserError, match=words):
        posed(table(), test=frame)


def test_one_class_among_the_test_rows() -> None:
    frame = table().with_columns(dear=pl.col("price") > 400).drop("price")
    other = table(seed=3).with_columns(dear=pl.col("price") > 400).drop("price")
    with pytest.raises(mw.DataError, match="among the test rows") as told:
        posed(frame, "dear", test=other.filter("dear").tail(20))
    assert "other classes" in told.value.cure


def test_options_that_contradict_each_other() -> None:
    part = pl.Series("part", (["train", "valid", "test"] * 80))
    with pytest.raises(mw.OptionError, match="--test FILE or test rows"):
        posed(table().with_columns(part), splits="part", test=table(seed=1))
    with pytest.raises(mw.OptionError, match="--splits or --folds"):
        mw.Validation(splits="part", folds=3)
    with pytest.raises(mw.OptionError, match="--splits and --target"):
        posed(table(), splits="price")
    with pytest.raises(mw.ColumnError, match="did you mean 'zone'"):
        posed(table(), splits="zonne")
    with pytest.raises(mw.DataError, match="nearly every row"):
        posed(table().with_columns(part=pl.lit("test")), splits="part")
    for wrong in ({"folds": 0}, {"repeats": 0}):
        with pytest.raises(mw.OptionError, match="at least 1"):
            mw.Validation(**wrong)  # type: ignore[arg-type]


@pytest.mark.long
def test_little_time_scores_a_part_and_none_scores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = mw.fit(table(), "price", settings=asked())
    fresh = posed(table(), test=table(seed=1, rows=4_000)).fresh
    assert fresh is not None
    fresh.write(tmp_path)
    result.model.save(tmp_path / "model.mw")
    judge, card = FreshJudge(fresh, lambda: 0), result.model.card
    whole = judge.told(card, module.judge(str(tmp_path), None)).test
    assert whole is not None
    assert whole.rows == 4_000
    assert whole.score == pytest.approx(result.model.evaluate(table(seed=1, rows=4_000))["rmse"])
    monkeypatch.setattr(module, "_affordable", lambda *_: np.arange(0, 4_000, 10))
    some = judge.told(card, module.judge(str(tmp_path), 60.0)).test
    assert some is not None
    assert (some.rows, some.of) == (400, 4_000)
    assert "drawn from 4,000" in str(some)
    monkeypatch.undo()
    assert module.judge(str(tmp_path), -1.0) is None
    none = judge.told(card, None)
    assert none.test is None
    assert any("no time left to score the test rows" in note for note in none.notes)
    lost = judge.told(card, None, "crashed: the worker died")
    assert "not scored (crashed: the worker died)" in lost.notes[-1]
    monkeypatch.setattr(Metric, "score", lambda *_: np.nan)
    assert "rmse has no value" in judge.told(card, module.judge(str(tmp_path), None)).notes[-1]
    assert judge.reserve(60.0) < 2.0
    assert judge.reserve(1.0) <= 0.1


@pytest.mark.long
def test_so_many_rows_of_all_are_fewer_of_those_that_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A capacity of 100 of 1,000 rows is one of 10 of 100."""

    def flats(seed: int, rows: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        x, noise = rng.normal(size=(2, rows))
        return pl.DataFrame({"x": x, "y": np.where(x + noise > 1, "yes", "no")})

    test = flats(1, 1_000)
    result = mw.fit(flats(0, 300), "y", metric="precision_at(k=100)", settings=asked(test=test))
    assert result.test is not None
    fresh = posed(flats(0, 300), "y", test=test).fresh
    assert fresh is not None
    fresh.write(tmp_path)
    result.model.save(tmp_path / "model.mw")
    monkeypatch.setattr(module, "_affordable", lambda *_: np.arange(0, 1_000, 10))
    some = module.judge(str(tmp_path), None)
    assert some is not None
    drawn = test.gather_every(10)
    answers = result.model.probabilities(drawn)[:, 1]
    first = np.argsort(-answers)[:10]
    assert some["score"] == pytest.approx((drawn["y"].to_numpy()[first] == "yes").mean())


@pytest.mark.long
def test_cards_without_a_test_are_read_as_before() -> None:
    card = mw.fit(table(), "price", settings=asked()).model.card
    old = card.to_json()
    del old["test"], old["contrast"]
    assert Card.from_json(old) == card


@pytest.mark.long
def test_test_rows_that_are_learned_from_are_left_out() -> None:
    mixed = pl.concat([table(seed=1), table().head(60)])
    result = mw.fit(table(), "price", settings=asked(test=mixed))
    plain = mw.fit(table(), "price", settings=asked(test=table(seed=1)))
    assert result.test is not None
    assert plain.test is not None
    assert (result.test.rows, result.test.score) == (240, plain.test.score)
    note = "Test rows: 60 of 300 are learned from, and were left out."
    assert note in result.model.card.notes
    with pytest.raises(mw.DataError, match="all among those of the table"):
        posed(table(), test=table().sample(100, seed=0))
