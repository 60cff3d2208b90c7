"""The whole chain on small tables: fit, predict, save, load."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import modelwright as mw
from modelwright.core.errors import ModelFileError, ModelwrightWarning
from modelwright.core.progress import SilentProgress
from modelwright.core.result import Leaderboard
from modelwright.core.settings import Question
from modelwright.core.task import TaskKind
from modelwright.engine import lock_file
from modelwright.flow import run
from modelwright.store import RunStatus, RunStore, read_archive, write_archive

ROWS = 240


def table(seed: int = 0, rows: int = ROWS) -> pl.DataFrame:
    """Make houses: numbers, categories, dates and gaps, with prices that follow from them."""
    rng = np.random.default_rng(seed)
    area = rng.uniform(30, 200, rows)
    zone = rng.choice(["old town", "harbour", "hills"], rows)
    sold = [date(2020, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 900, rows)]
    worth = {"old town": 40.0, "harbour": 90.0, "hills": 10.0}
    price = 3 * area + np.array([worth[z] for z in zone]) + rng.normal(0, 5, rows)
    rooms = [None if rng.random() < 0.1 else float(r) for r in rng.integers(1, 7, rows)]
    return pl.DataFrame({"area": area, "zone": zone, "sold": sold, "rooms": rooms, "price": price})


def quick(**changes: object) -> mw.Settings:
    return mw.Settings(**{"trials": 1, "workers": 0, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> mw.Result:
    store = tmp_path_factory.mktemp("runs")
    return mw.fit(table(), "price", settings=quick(trials=3, store=store))


def test_a_fit_explains_unseen_rows(houses: mw.Result) -> None:
    new = table(seed=1)
    scores = houses.model.evaluate(new)
    assert next(iter(scores)) == "rmse"
    assert scores["r2"] > 0.97
    assert houses.score == pytest.approx(scores["rmse"], rel=0.5)


def test_one_answer_a_row_in_order_with_or_without_the_target(houses: mw.Result) -> None:
    new = table(seed=1)
    answers = houses.predict(new)
    assert answers.columns == ["prediction"]
    assert answers.height == new.height
    shuffled = new.select("zone", "rooms", "sold", "area")
    assert houses.predict(shuffled).equals(answers)
    one = houses.predict(new[17:18])["prediction"][0]
    assert one == pytest.approx(answers["prediction"][17], rel=1e-6)


def test_no_rows_are_refused_where_some_are_needed(houses: mw.Result) -> None:
    assert houses.predict(table().head(0)).shape == (0, 1)
    with pytest.raises(mw.DataError, match="0 rows"):
        houses.model.evaluate(table().head(0))
    with pytest.raises(mw.DataError, match="0 rows"):
        houses.model.explain(table().head(0))


def test_pandas_and_polars_get_the_same_answers(houses: mw.Result) -> None:
    new = table(seed=2)
    index = pd.Index([f"house {i // 2}" for i in range(new.height)], name="house")
    as_pandas = pd.DataFrame({name: new[name].to_list() for name in new.columns}, index=index)
    answers = houses.predict(as_pandas)
    assert isinstance(answers, pd.DataFrame)
    assert answers.index.equals(index)
    assert answers["prediction"].to_list() == houses.predict(new)["prediction"].to_list()


def test_a_loaded_model_predicts_equal_to_the_bit(houses: mw.Result, tmp_path: Path) -> None:
    path = houses.model.save(tmp_path / "houses.mw")
    loaded = mw.load(path)
    new = table(seed=3)
    assert np.array_equal(loaded.probabilities(new), houses.model.probabilities(new))
    assert loaded.leaderboard == houses.leaderboard
    assert loaded.save(tmp_path / "again.mw").read_bytes() == path.read_bytes()


def test_a_signed_model_proves_its_origin(houses: mw.Result, tmp_path: Path) -> None:
    path = houses.model.save(tmp_path / "signed.mw", key=b"secret")
    assert mw.load(path, key=b"secret").task == houses.model.task
    with pytest.raises(mw.ModelFileError):
        mw.load(path, key=b"another")


def test_a_renamed_column_is_named_with_its_cure(houses: mw.Result) -> None:
    with pytest.raises(mw.ColumnError, match="area"):
        houses.predict(table().rename({"area": "aera"}))


def test_the_leaderboard_can_be_read(houses: mw.Result) -> None:
    text = str(houses)
    assert "ensemble" in text
    assert "linear-0" in text
    assert "<table>" in houses._repr_html_()
    weights = [s.weight for s in houses.leaderboard if s.name != "ensemble"]
    assert sum(weights) == pytest.approx(1.0)


def test_the_model_says_where_it_comes_from(houses: mw.Result) -> None:
    card = houses.model.card
    assert card.version == mw.__version__
    assert card.run == houses.run
    assert card.rows == ROWS
    assert "folds" in card.plan


@pytest.mark.long
def test_classes_come_back_as_they_were() -> None:
    frame = table().with_columns(dear=pl.col("price") > 400).drop("price")
    result = mw.fit(frame, "dear", settings=quick())
    answers = result.predict(table(seed=1))
    assert answers.columns == ["prediction", "p_false", "p_true"]
    assert answers["prediction"].dtype == pl.Boolean
    sums = answers["p_false"] + answers["p_true"]
    assert float((sums - 1).abs().max()) < 1e-5  # type: ignore[arg-type]
    truth = table(seed=1)["price"] > 400
    assert float((answers["prediction"] == truth).mean()) > 0.9  # type: ignore[arg-type]


@pytest.mark.long
def test_whole_numbers_from_a_file_are_classes(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    grade = (pl.col("area") // 70).cast(pl.Int64)
    table().with_columns(grade=grade).drop("price").write_csv(path)
    result = mw.fit(path, "grade", settings=quick())
    assert result.model.task.kind is TaskKind.MULTICLASS
    assert result.predict(path)["prediction"].dtype == pl.Int64


@pytest.mark.long
def test_the_positive_class_is_the_users_choice() -> None:
    frame = table().with_columns(dear=pl.when(pl.col("price") > 400).then(1).otherwise(0))
    settings = quick(positive="0")
    result = mw.fit(frame.drop("price"), "dear", settings=settings)
    assert result.model.task.positive == "0"


def test_groups_never_stand_on_both_sides() -> None:
    frame = table().with_columns(owner=pl.int_range(pl.len()) % 30)
    result = mw.fit(frame, "price", group="owner", settings=quick())
    assert "owner" in result.model.card.plan
    assert "owner" not in result.model.columns


def test_time_runs_forward() -> None:
    result = mw.fit(table(), "price", order="sold", settings=quick())
    assert "sold" in result.model.card.plan
    assert "sold" in result.model.columns


def test_weights_count_and_bad_ones_are_refused() -> None:
    weighted = table().with_columns(w=pl.lit(1.0))
    fitted = mw.fit(weighted, "price", settings=quick(weight="w"))
    assert "w" not in fitted.model.columns
    with pytest.raises(mw.DataError, match="weights"):
        mw.fit(table().with_columns(w=pl.lit(-1.0)), "price", settings=quick(weight="w"))


def test_fewer_rows_than_folds_are_said() -> None:
    result = mw.fit(table(rows=4), "price", settings=quick())
    assert "4 folds" in result.model.card.plan


class Told(SilentProgress):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.shares: list[float | None] = []
        self.states: list[str] = []
        self.boards: list[Leaderboard] = []

    def advance(self, share: float | None, state: str, left: float = math.inf) -> None:
        self.shares.append(share)
        self.states.append(state)

    def standings(self, board: Leaderboard) -> None:
        self.boards.append(board)


@pytest.mark.long
def test_progress_is_told_from_the_first_byte_to_the_last(tmp_path: Path) -> None:
    path, told = tmp_path / "houses.csv", Told()
    table().write_csv(path)
    result = run(path, Question("price"), quick(trials=2), seconds=60.0, live=told)
    assert told.states[0].startswith("reading houses.csv (")
    assert told.states[-1] == "writing the model"
    assert any("fitting linear-0" in state for state in told.states)
    known = [share for share in told.shares if share is not None]
    assert known == sorted(known)
    assert told.shares[0] is None
    assert known[-1] == 1.0
    scores = [
        [(line.name, line.score) for line in b] for b in (told.boards[-1], result.leaderboard)
    ]
    assert scores[0] == scores[1]


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.long
def test_ctrl_c_keeps_the_best_model(tmp_path: Path) -> None:
    path, out = tmp_path / "houses.csv", tmp_path / "model.mw"
    table(rows=1_500).write_csv(path)
    command = [sys.executable, "-m", "modelwright", "fit", str(path), "--target", "price"]
    process = subprocess.Popen(
        [*command, "--out", str(out), "--time", "120s", "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    deadline = time.monotonic() + 60
    while not out.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    first = out.stat().st_mtime_ns  # the second one comes of the search, that is to be interrupted
    while out.stat().st_mtime_ns == first and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "interrupted" in said
    assert mw.load(out).predict(path).height == 1_500


@pytest.mark.long
def test_a_dash_among_numbers_is_a_missing_answer_but_may_be_a_label(tmp_path: Path) -> None:
    rows = [f"{i},{i % 2}" for i in range(40)] + ["40,-", "41,-"]
    (tmp_path / "gaps.csv").write_text("x,y\n" + "\n".join(rows))
    gaps = mw.fit(tmp_path / "gaps.csv", "y", settings=quick())
    assert gaps.model.task.classes == ("0", "1")
    assert any("2 rows" in note for note in gaps.notes)
    signs = [f"{i},{'+-'[i % 2]}" for i in range(40)]
    (tmp_path / "signs.csv").write_text("x,y\n" + "\n".join(signs))
    both = mw.fit(tmp_path / "signs.csv", "y", settings=quick())
    assert both.model.task.classes == ("+", "-")


@pytest.mark.long
def test_nothing_validated_is_said_and_can_be_resumed(tmp_path: Path) -> None:
    settings = mw.Settings(store=tmp_path, workers=0, models=("linear",))
    result = mw.fit(table(), "price", time="0.01s", settings=settings)
    assert result.score is None
    assert any("nothing could be validated" in note for note in result.notes)
    assert result.predict(table()).height == ROWS
    with RunStore(tmp_path) as runs:
        record = runs.run(result.run)
    assert (record.status, record.score) == (RunStatus.TOO_SHORT, None)
    assert mw.load(record.model).predict(table()).height == ROWS
    again = mw.Settings(store=tmp_path, resume=True, workers=0, models=("linear",))
    more = mw.fit(table(), "price", time="60s", settings=again)
    assert more.run == result.run
    assert more.score is not None
    with RunStore(tmp_path) as runs:
        assert runs.run(result.run).status is RunStatus.FINISHED


@pytest.mark.long
def test_what_was_fitted_is_kept_when_something_of_ours_breaks(tmp_path: Path) -> None:
    settings = quick(store=tmp_path, trials=2, resume=True)
    with pytest.MonkeyPatch.context() as patch:

        def broken(*given: object, **named: object) -> None:
            raise ZeroDivisionError("ours")

        patch.setattr("modelwright.plan.session.write_executed", broken)
        with pytest.raises(ZeroDivisionError) as raised:
            mw.fit(table(), "price", settings=settings)
    assert any("--resume" in note for note in raised.value.__notes__)
    with RunStore(tmp_path) as runs:
        record = runs.runs()[0]
    assert record.status is RunStatus.INTERRUPTED
    assert any("ours" in note for note in record.notes)
    again = mw.fit(table(), "price", settings=settings)
    assert again.run == record.id
    assert any("finished fits are kept" in note for note in again.notes)


@pytest.mark.long
@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("where", ["plan.workspace.Workspace.tidy", "flow.Result"])
def test_what_comes_after_the_end_of_a_run_takes_nothing_from_it(
    tmp_path: Path, where: str, error: type[BaseException]
) -> None:
    settings = quick(store=tmp_path, models=("linear",), resume=True)

    def broken(*given: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"modelwright.{where}", broken)
        with pytest.raises(error):
            mw.fit(table(), "price", settings=settings)
    for _ in range(2):
        with RunStore(tmp_path) as runs:
            (record,) = runs.runs()
        assert record.status is RunStatus.FINISHED
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("modelwright.flow.Result", broken)
            with pytest.raises(error):  # resumed, and again
                mw.fit(table(), "price", settings=settings)
    assert mw.fit(table(), "price", settings=settings).run == record.id


@pytest.mark.long
def test_a_run_goes_on_only_where_nobody_else_holds_it(tmp_path: Path) -> None:
    settings = quick(store=tmp_path, models=("linear",), resume=True)
    run_id = mw.fit(table(), "price", settings=settings).run
    with RunStore(tmp_path) as runs:
        runs.mark(run_id, RunStatus.INTERRUPTED)
        with lock_file(runs.folder_of(run_id) / "lock"), pytest.raises(mw.OptionError):
            mw.fit(table(), "price", settings=settings)
        assert runs.run(run_id).status is RunStatus.INTERRUPTED

    @contextmanager
    def late(path: Path) -> Iterator[None]:
        """Another process ends the run just before it gives the lock back."""
        with RunStore(tmp_path) as runs:
            runs.finish(run_id, 1.0, str(path.parent / "model.mw"))
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("modelwright.plan.session.lock_file", late)
        assert mw.fit(table(), "price", settings=settings).run == run_id


def test_a_column_without_a_name_is_called_as_pandas_calls_it(tmp_path: Path) -> None:
    rows = "\n".join(f"{i % 4},{i * 7 % 13},{i * 7 % 13 * 2.5}" for i in range(60))
    (tmp_path / "t.csv").write_text(",x,y\n" + rows)
    settings = quick()
    result = mw.fit(tmp_path / "t.csv", "y", settings=settings)
    assert len(result.predict(pd.read_csv(tmp_path / "t.csv"))) == 60


def test_numpy_columns_are_named_by_their_position() -> None:
    rng = np.random.default_rng(0)
    result = mw.fit(rng.random((60, 3)), 2, settings=quick())
    assert result.model.task.target == "2"
    with pytest.raises(mw.OptionError, match="name of a column"):
        mw.fit(rng.random((60, 3)), rng.random(60))  # type: ignore[arg-type]


def test_prices_with_a_currency_are_numbers_to_predict(tmp_path: Path) -> None:
    frame = table()
    euros = frame.with_columns(price=pl.format("{} EUR", pl.col("price").round(2)))
    euros.write_csv(tmp_path / "houses.csv")
    result = mw.fit(tmp_path / "houses.csv", "price", settings=quick())
    assert result.model.task.kind is TaskKind.REGRESSION
    assert result.model.schema["price"].format == "12 EUR"
    loaded = mw.load(result.model.save(tmp_path / "houses.mw"))
    other = table(seed=4).with_columns(price=pl.format("{} EUR", pl.col("price").round(2)))
    other.tail(80).write_csv(tmp_path / "some.csv")
    assert loaded.evaluate(tmp_path / "some.csv")["r2"] > 0.9
    with pytest.warns(ModelwrightWarning, match="very rows"):
        loaded.evaluate(tmp_path / "houses.csv")


@pytest.mark.long
def test_zeros_and_ones_are_classes_or_numbers_as_asked() -> None:
    frame = table().with_columns(sold=(pl.col("price") > 300).cast(pl.Int64))
    result = mw.fit(frame, "sold", settings=quick())
    assert result.model.task.classes == ("0", "1")
    assert result.predict(frame)["prediction"].dtype == pl.Int64
    assert mw.fit(frame, "sold", task="regression", settings=quick()).model.task.classes == ()


def test_words_in_order_lists_and_places_are_learned_from() -> None:
    rng = np.random.default_rng(0)
    levels = ["poor", "fair", "good", "very good", "excellent"]
    state = rng.integers(0, 5, ROWS)
    tags = [";".join(t for t in ("sea", "bus", "lift") if rng.random() < 0.5) for _ in range(ROWS)]
    north = rng.uniform(40, 50, ROWS)
    price = 30 * state + np.array([50.0 * ("sea" in tag) for tag in tags]) + 9 * north
    frame = pl.DataFrame(
        {
            "state": [levels[i] for i in state],
            "tags": tags,
            "where": [f"POINT ({x / 7:.4f} {x:.4f})" for x in north],
            "price": price,
        }
    )
    result = mw.fit(frame, "price", settings=quick())
    assert [column.kind.value for column in result.model.schema] == [
        "category", "list", "geo", "number",
    ]  # fmt: skip
    with pytest.warns(ModelwrightWarning, match="All 100 rows"):
        assert result.model.evaluate(frame.head(100))["r2"] > 0.95


@pytest.mark.long
def test_spellings_of_one_answer_are_told() -> None:
    words = ["Yes", "yes", "Y", "no ", "No"]
    answers = [words[i % 5] for i in range(ROWS)]
    frame = table().drop("price").with_columns(pl.Series("sold", answers))
    notes = mw.fit(frame, "sold", settings=quick(trials=1)).model.card.notes
    (told,) = (note for note in notes if "look like one answer" in note)
    assert all(repr(word.strip()) in told for word in words)
    assert not any(
        "look like one" in note
        for note in mw.fit(table(), "zone", settings=quick(trials=1)).model.card.notes
    )


def test_what_a_short_run_spent_is_recorded(private_store: Path) -> None:
    result = mw.fit(table(), "price", settings=quick(models=("linear",)))
    with RunStore(private_store) as store:
        spent = store.run(result.run).spent
    assert 0 < spent <= result.timings["total"]
    evidence = result.model.evidence
    assert evidence is not None
    assert evidence.asked["models"] == ["linear"]


def test_a_constant_column_of_large_numbers_is_no_trouble() -> None:
    odd = table().with_columns(code=pl.lit(10**17), near=1e16 + 2.0 * (pl.int_range(ROWS) % 3))
    result = mw.fit(odd, "price", settings=quick(models=("linear",)))
    assert result.score is not None


@pytest.mark.parametrize(
    ("part", "value"), [("calibration", -1.0), ("calibration", "nan"), ("schema", [{"name": "x"}])]
)
def test_a_model_file_with_unsound_parts_is_refused_as_such(
    houses: mw.Result, tmp_path: Path, part: str, value: object
) -> None:
    entries = read_archive(houses.model.save(tmp_path / "houses.mw"))
    head = json.loads(entries["model.json"])
    if part == "calibration":
        head[part] = {"method": "temperature", "value": value}
    else:
        head[part] = [{**head[part][0], "kind": "no kind"}]
    changed = {**entries, "model.json": json.dumps(head).encode()}
    write_archive(tmp_path / "changed.mw", changed, writer="0.1.0")
    with pytest.raises(ModelFileError, match=r"changed\.mw"):
        mw.load(tmp_path / "changed.mw")
