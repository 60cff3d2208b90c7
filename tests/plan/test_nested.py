"""The ensemble's score without the luck of choosing, and what fresh rows are expected to score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.core.errors import OptionError
from modelwright.core.result import Leaderboard, Standing
from modelwright.core.task import Target, TaskKind
from modelwright.ensemble import select_members
from modelwright.evaluate import Temperature, find_metric
from modelwright.plan.board import Board
from modelwright.plan.judge import Judge
from modelwright.plan.nested import nested_predictions, parts_of
from modelwright.plan.search import FLATTERED

AUC = find_metric("roc_auc", TaskKind.BINARY)


def guesses(rng: np.random.Generator, rows: int, trials: int) -> list[np.ndarray]:
    """Make trials that know nothing."""
    positive = rng.uniform(0.2, 0.8, size=(trials, rows)).astype(np.float32)
    return [np.stack([1 - p, p], axis=1) for p in positive]


def judged(rng: np.random.Generator, rows: int) -> Judge:
    return Judge(AUC, Target(np.arange(rows) % 2, 2), None, rng.permutation(rows) % 10)


@pytest.mark.long
def test_choosing_among_guesses_promises_nothing_when_it_is_nested() -> None:
    raw, nested = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        judge, oofs = judged(rng, 120), guesses(rng, 120, 12)
        chosen = select_members(oofs, judge.loss_on(slice(None)))
        raw.append(1 - chosen.loss)
        found = nested_predictions(judge, oofs, offered=12)
        assert found is not None
        nested.append(judge.score(found))
    assert np.mean(raw) > 0.62  # the luck of the best of many
    assert np.mean(nested) == pytest.approx(0.5, abs=0.04)


def test_no_rows_answer_has_a_say_in_its_own_prediction() -> None:
    rng = np.random.default_rng(0)
    judge, oofs = judged(rng, 100), guesses(rng, 100, 6)
    before = nested_predictions(judge, oofs, offered=3)
    own = parts_of(judge.fold) == 2
    values = np.where(own, 1 - judge.y.values, judge.y.values)
    after = nested_predictions(Judge(AUC, Target(values, 2), None, judge.fold), oofs, offered=3)
    assert before is not None
    assert after is not None
    assert (before[own] == after[own]).all()
    assert (before[~own] != after[~own]).any()


def test_one_part_cannot_be_nested() -> None:
    rng = np.random.default_rng(0)
    judge = Judge(AUC, Target(np.arange(20) % 2, 2), None, np.zeros(20, np.int64))
    assert nested_predictions(judge, guesses(rng, 20, 2), offered=2) is None


@pytest.mark.long
def test_choices_look_at_a_bounded_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    original = Judge.loss_on

    def loss_on(self: Judge, rows: np.ndarray) -> object:
        looked.append(len(rows))
        return original(self, rows)

    monkeypatch.setattr(Judge, "loss_on", loss_on)
    rng = np.random.default_rng(0)
    nested_predictions(judged(rng, 30_000), guesses(rng, 30_000, 2), offered=2)
    assert looked == [4_000] * 5


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> mw.Result:
    rng = np.random.default_rng(0)
    frame = {f"x{i}": rng.normal(size=90) for i in range(6)}
    frame["y"] = (frame["x0"] + rng.normal(0, 2, 90) > 0).astype(float)
    settings = mw.Settings(trials=4, workers=0, store=tmp_path_factory.mktemp("runs"))
    return mw.fit(pl.DataFrame(frame), "y", task="binary", settings=settings)


def test_a_fit_states_the_nested_score_and_the_raw_one_beside_it(small: mw.Result) -> None:
    line = next(line for line in small.leaderboard if line.name == "ensemble")
    assert line.raw is not None
    assert small.score == line.score != line.raw
    assert small.leaderboard.nesting.startswith("ensemble: roc_auc")
    assert f"{line.raw:.5g} on the rows that chose them" in small.leaderboard.nesting
    evidence = small.model.evidence
    assert evidence is not None
    y = Target(evidence.y, 2)
    assert AUC.score(y, evidence.p, evidence.weight) == pytest.approx(line.score)
    assert line.low is not None
    assert line.high is not None
    assert line.low < line.score < line.high


@pytest.mark.long
def test_a_calibration_of_one_trial_had_a_say_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(160, 3))
    y = np.where(x[:, 0] + 0.6 * rng.normal(size=160) > 0, "yes", "no")
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y})
    settings = mw.Settings(trials=1, models=("random-forest",), workers=0, store=tmp_path)
    found = mw.fit(frame, "y", metric="log_loss", settings=settings)
    line = next(line for line in found.leaderboard if line.name == "ensemble")
    assert found.model.calibration != Temperature()
    assert line.raw is not None
    assert line.score > line.raw


def test_standings_are_read_back_with_and_without_a_raw_score() -> None:
    board = Leaderboard("rmse", (Standing("ensemble", 2.0, 1, 1, raw=1.9),))
    told = board.to_json()
    assert Leaderboard.from_json(told) == board
    assert board.standings[0].as_it_came == 1.9
    del told["standings"][0]["raw"]
    assert Leaderboard.from_json(told).standings[0].as_it_came == 2.0


def test_the_fewer_fresh_rows_the_wider_the_interval(small: mw.Result) -> None:
    found = [mw.expected_score(small.model, rows) for rows in (None, 1000, 100, 20)]
    widths = [one.high - one.low for one in found if one is not None]
    assert len(widths) == 4
    assert widths == sorted(widths)
    surer = mw.expected_score(small.model, 100, level=0.99)
    assert surer is not None
    assert surer.high - surer.low > widths[2]
    assert 0 <= surer.low < surer.score < surer.high <= 1
    with pytest.raises(OptionError):
        mw.expected_score(small.model, 0)
    with pytest.raises(OptionError):
        mw.expected_score(small.model, level=90)


@pytest.mark.long
@pytest.mark.parametrize("fresh", [50, 400])
def test_the_interval_holds_as_often_as_it_says(fresh: int) -> None:
    from modelwright.core.evidence import Evidence
    from modelwright.core.task import Task
    from modelwright.evaluate.expected import expect
    from modelwright.evaluate.held_out import HeldOut

    rng = np.random.default_rng(0)
    task, inside = Task(TaskKind.REGRESSION, "y", "rmse"), 0
    for _ in range(200):
        errors = rng.normal(size=200 + fresh)
        old, new = errors[:200], errors[200:]
        evidence = Evidence(old, np.zeros((200, 1), np.float32), np.zeros(200, np.int16))
        held = HeldOut.of(task, evidence)
        assert held is not None
        found = expect(held, float(np.sqrt(np.square(old).mean())), rows=fresh)
        assert found is not None
        inside += found.holds(float(np.sqrt(np.square(new).mean())))
    assert 168 <= inside <= 192  # 180 of 200, give or take three binomial standard errors


@pytest.mark.long
@pytest.mark.parametrize("trials", [1, 2])
def test_a_score_that_could_not_be_nested_says_so(
    tmp_path: Path, trials: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Board, "nested", lambda board, choice, trials: choice)
    x = np.linspace(0, 1, 80)
    settings = mw.Settings(trials=trials, workers=0, models=("linear",), store=tmp_path)
    result = mw.fit({"x": x, "y": x + np.sin(30 * x)}, "y", settings=settings)
    assert all(line.raw is None for line in result.leaderboard)
    assert (FLATTERED in result.notes) == (trials > 1)
    monkeypatch.undo()
    timely = replace(settings, store=tmp_path / "timely")
    assert FLATTERED not in mw.fit({"x": x, "y": x + np.sin(30 * x)}, "y", settings=timely).notes
