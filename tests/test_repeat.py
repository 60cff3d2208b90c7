"""The same question gives the same answer: with other workers, in a replay, after a resume."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import modelwright as mw
from simulated import Machine
from test_flow import table


def answers(result: mw.Result) -> NDArray[np.float32]:
    return result.model.probabilities(table(seed=5))


def asked(store: Path, **changes: object) -> mw.Settings:
    return mw.Settings(**{"trials": 3, "workers": 0, "store": store, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def first(store: Path) -> mw.Result:
    return mw.fit(table(), "price", settings=asked(store))


@pytest.mark.long
def test_two_workers_give_the_same_bits_as_none(first: mw.Result, store: Path) -> None:
    second = mw.fit(table(), "price", settings=asked(store, workers=2))
    assert np.array_equal(answers(first), answers(second))
    assert second.score == first.score


@pytest.mark.long
def test_another_seed_gives_another_model(first: mw.Result, store: Path) -> None:
    other = mw.fit(table(), "price", settings=asked(store, seed=1, workers=0))
    assert not np.array_equal(answers(first), answers(other))


@pytest.mark.long
def test_a_timed_run_can_be_replayed(store: Path) -> None:
    models = ("linear", "lightgbm")
    with pytest.MonkeyPatch.context() as patch:
        # every look at the clock costs time, so that boosting is cut short by it
        Machine(fit=0.1, look=0.02).install(patch)
        settings = mw.Settings(store=store, models=models, workers=1)
        timed = mw.fit(table(), "price", time="60s", settings=settings)
    assert len(timed.leaderboard.standings) > 2
    plan = json.loads((timed.folder / "plan.json").read_text())
    boosted = [trial for trial in plan["trials"] if trial["spec"]["learner"] == "lightgbm"]
    assert min(units for trial in boosted for units in trial["units"].values()) < 100
    settings = mw.Settings(store=store, replay=timed.run, workers=0)
    again = mw.fit(table(), "price", settings=settings)
    assert np.array_equal(answers(timed), answers(again))
    assert again.score == timed.score


@pytest.mark.slow
def test_a_run_by_the_clock_on_the_wall_can_be_replayed(store: Path) -> None:
    timed = mw.fit(table(), "price", time="6s", settings=mw.Settings(store=store, workers=2))
    again = mw.fit(table(), "price", settings=mw.Settings(store=store, replay=timed.run))
    assert np.array_equal(answers(timed), answers(again))
    assert again.score == timed.score


def test_a_finished_run_gives_its_model_again(first: mw.Result, tmp_path: Path) -> None:
    store = first.folder.parents[1]
    out = tmp_path / "again.mw"
    again = mw.fit(table(), "price", settings=asked(store, resume=True, out=out))
    assert again.leaderboard == first.leaderboard or again.run != first.run
    assert again.timings["total"] < 5
    assert mw.load(out).task == first.model.task


@pytest.mark.long
def test_other_data_are_not_resumed(first: mw.Result, store: Path) -> None:
    other = mw.fit(table(seed=9), "price", settings=asked(store, trials=1, workers=0, resume=True))
    assert other.run != first.run


def test_the_run_is_recorded_and_its_rows_are_not_kept(first: mw.Result) -> None:
    names = {path.name for path in first.folder.iterdir()}
    assert {"model.mw", "plan.json", "journal.jsonl", "trials"} <= names
    assert "table.arrow" not in names
    assert "matrices" not in names
    assert not list(first.folder.rglob("fitted"))
