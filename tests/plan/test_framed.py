"""A fit by a task file: its columns, its horizon, and what it has to beat."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelwright as mw
from framing.tables import kiosks, patients
from modelwright.acquire import read_raw
from modelwright.cli import main
from modelwright.cli.fitting import _summary
from modelwright.core.result import Baseline, Leaderboard, Standing
from modelwright.plan import bar_of, pose, splits_of, take_frame
from modelwright.report.page import render

RAW = read_raw(kiosks(days=60))


def quick(frame: object, **changes: object) -> mw.Settings:
    return mw.Settings(  # type: ignore[arg-type]
        **{"trials": 1, "workers": 0, "models": ("linear",), "frame": frame, **changes}
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> mw.Result:
    out = tmp_path_factory.mktemp("framed") / "task.toml"
    question = mw.Question(
        "sold",
        order="day",
        horizon="7 days",
        unknown=("till",),
        metric="mae",
        baseline="mean by weekday",
    )
    mw.frame(kiosks(), question, out=out)
    return mw.fit(kiosks(), settings=quick(out))


def test_the_question_of_the_file_is_answered(result: mw.Result) -> None:
    task = result.model.task
    assert (task.target, task.metric) == ("sold", "mae")
    assert "7 days ahead" in result.model.card.plan


def test_what_is_unknown_is_seen_by_no_model(result: mw.Result) -> None:
    assert "till" not in result.model.columns
    assert any("'till'" in note for note in result.notes)
    new = kiosks(seed=1).drop("till", "sold")
    assert result.predict(new).height == new.height


def test_what_has_to_be_beaten_stands_on_a_line_of_its_own(result: mw.Result) -> None:
    bar = result.leaderboard.baseline
    assert bar is not None
    assert bar.name == "mean by weekday"
    assert bar.beaten
    assert bar.low is not None
    assert bar.low < bar.gain == pytest.approx(bar.score - (result.score or 0.0))
    last = str(result.leaderboard).splitlines()[-1]
    assert last.startswith("to beat: mean by weekday")
    assert "The model beats the baseline" in result.leaderboard.verdict
    assert all(line.name != bar.name for line in result.leaderboard)


def test_a_saved_model_remembers_it(result: mw.Result, tmp_path: Path) -> None:
    loaded = mw.load(result.model.save(tmp_path / "model.mw"))
    assert loaded.leaderboard == result.leaderboard


def test_the_report_says_it(result: mw.Result) -> None:
    page = render(result.model)
    assert "The model beats the baseline" in page
    assert "to beat: mean by weekday" in page
    assert "--frame" in page


@pytest.mark.long
def test_a_model_that_is_no_better_is_called_that() -> None:
    asked = mw.Question(
        "state", unknown=("letter", "today", "risk", "age"), baseline="column today",
        metric="accuracy", group="none",
    )  # fmt: skip
    frame = patients()
    made = mw.fit(frame, settings=quick(mw.frame(frame, asked)))
    bar = made.leaderboard.baseline
    assert bar is not None
    # The column for today is one that no model sees.
    assert "today" not in made.model.columns
    assert bar.score == pytest.approx((frame["today"] == frame["state"]).mean(), abs=1e-5)
    assert made.leaderboard.baseline.beaten is False
    assert "does NOT beat the baseline" in made.leaderboard.verdict
    assert made.leaderboard.verdict in made.notes
    page = render(made.model)
    assert "Not better than the baseline" in page or "Not shown to help" in page
    assert "clearly better than a plain guess" not in page
    assert "does NOT beat the baseline" in page


@pytest.mark.long
def test_a_score_can_be_what_has_to_be_beaten() -> None:
    frame = mw.frame(patients(), mw.Question("state", metric="roc_auc", baseline=0.55))
    made = mw.fit(patients(), settings=quick(frame))
    bar = made.leaderboard.baseline
    assert bar is not None
    line = made.leaderboard.standings[0]
    assert (bar.name, bar.score) == ("the given score", 0.55)
    assert bar.gain == pytest.approx(line.score - 0.55)
    assert bar.low == pytest.approx((line.low or 0) - 0.55)
    assert bar.high == pytest.approx((line.high or 0) - 0.55)


def test_what_is_said_beside_the_file_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "task.toml"
    path.write_text('target = "sold"\nmetric = "mae"\norder = "day"\nunknown = ["till"]\n')
    question, _ = take_frame(mw.Question("", metric="rmse"), quick(path))
    assert question == mw.Question("sold", metric="rmse", order="day", unknown=("till",))


def test_types_of_the_file_count(tmp_path: Path) -> None:
    path = tmp_path / "task.toml"
    path.write_text('target = "sold"\nunknown = ["till"]\ntypes.forecast = "category"\n')
    raw = read_raw(kiosks())
    for types, kind in ((None, "category"), ({"weekday": "text"}, "number")):
        asked = take_frame(mw.Question(""), quick(path, types=types))
        assert pose(raw, *asked).schema["forecast"].kind.value == kind


WORDS = st.sampled_from(
    [
        *kiosks(days=1).columns,
        "nobody",
        "",
        "7 days",
        "3",
        "mean by kiosk",
        "last",
        "column till",
        "-",
    ]
)


@settings(max_examples=40)
@given(
    target=WORDS,
    order=st.none() | WORDS,
    group=st.none() | WORDS,
    horizon=st.none() | WORDS,
    baseline=st.none() | WORDS | st.floats(),
    unknown=st.lists(WORDS, max_size=3),
)
def test_whatever_is_asked_has_a_bar_or_is_refused(
    target: str,
    order: str | None,
    group: str | None,
    horizon: str | None,
    baseline: str | float | None,
    unknown: list[str],
) -> None:
    asked = mw.Question(
        target,
        order=order,
        group=group,
        horizon=horizon,
        baseline=baseline,
        unknown=tuple(unknown),
    )
    with suppress(mw.UserError):
        posed = pose(RAW, asked, mw.Settings())
        splits = splits_of(posed)
        bar = bar_of(posed, splits)
        assert (bar is None) == (baseline in (None, ""))
        if bar is not None and bar.predictions is not None:
            assert np.isfinite(bar.predictions).all()


def test_a_target_has_to_come_from_somewhere() -> None:
    with pytest.raises(mw.OptionError, match="the name of a column as target"):
        mw.fit(kiosks())


def test_records_without_a_task_file_stay_as_they_were() -> None:
    assert set(mw.Question("y").to_json()) == {
        *("target", "task", "metric", "positive", "group", "order", "weight")
    }
    assert mw.Question("y", baseline=0.0).to_json()["baseline"] == 0.0
    board = Leaderboard("rmse", (Standing("linear", 1.0, 1.0, 0.1),))
    assert "baseline" not in board.to_json()
    assert board.verdict == ""


def test_a_baseline_survives_json() -> None:
    lines = (Standing("linear", 1.0, 1.0, 0.1),)
    for baseline in (Baseline("mean", 2.0, 1.0, 0.5, 1.5), Baseline("mean", 2.0, float("nan"))):
        board = Leaderboard("rmse", lines, baseline)
        again = Leaderboard.from_json(json.loads(json.dumps(board.to_json())))
        assert repr(again) == repr(board)
    assert "cannot be said" in replace(board, baseline=baseline).verdict


def test_verdicts_are_plain() -> None:
    lines = (Standing("linear", 1.0, 1.0, 0.1),)
    verdicts = [
        Leaderboard("rmse", lines, Baseline("mean", 1.1, 0.1, low, high)).verdict
        for low, high in ((0.05, 0.15), (-0.05, 0.25), (None, None))
    ]
    assert "beats the baseline" in verdicts[0]
    assert verdicts[1].endswith("it may be chance.")
    assert verdicts[2].endswith("was not measured.")


@pytest.mark.long
def test_the_command_line_says_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kiosks().write_csv(tmp_path / "kiosks.csv")
    task = tmp_path / "task.toml"
    task.write_text(
        'target = "sold"\norder = "day"\nunknown = ["till"]\nbaseline = "last by kiosk"\n'
    )
    given = ["fit", str(tmp_path / "kiosks.csv"), "--frame", str(task), "--trials", "1"]
    given += ["--models", "linear", "--workers", "0", "--out", str(tmp_path / "model.mw")]
    assert main(given) == 0
    shown = capsys.readouterr().out
    assert "to beat: last by kiosk" in shown
    assert shown.count("beats the baseline") == 1


def test_a_program_reads_it_too(result: mw.Result) -> None:
    said = _summary(result, Path("model.mw"))
    assert said["baseline"] == result.leaderboard.to_json()["baseline"]


def test_rows_without_an_answer_do_not_shift_what_is_said() -> None:
    frame = patients().with_columns(pl.when(pl.Series(np.arange(240) % 7 > 0)).then("state"))
    asked = mw.Question("state", baseline="column today", metric="accuracy", unknown=("letter",))
    known = frame.drop_nulls("state")
    score = mw.frame(frame, asked).data["baseline_score"]
    assert score == pytest.approx((known["today"] == known["state"]).mean(), abs=1e-5)
