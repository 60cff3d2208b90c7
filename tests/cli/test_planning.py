"""The options of validation on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from modelwright.cli import main
from test_flow import table


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    frame = table().with_row_index("owner").with_columns(pl.col("owner") % 40)
    frame.write_csv(tmp_path / "houses.csv")
    table(seed=1).with_columns(owner=pl.lit(99)).write_csv(tmp_path / "later.csv")
    return tmp_path


def fit(houses: Path, *options: object) -> list[str]:
    given = ["fit", houses / "houses.csv", "--target", "price", "--models", "linear", *options]
    more = ["--trials", "1", "--workers", "0", "--store", houses / "store"]
    return [str(word) for word in (*given, *more, "--out", houses / "model.mw")]


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.long
def test_all_of_them_are_told_to_programs_and_to_people(
    houses: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = houses / "report.html"
    options = ["--order", "sold", "--folds", "3", "--gap", "7d", "--window", "400d"]
    options += ["--test", str(houses / "later.csv"), "--report", str(report)]
    answer = said(fit(houses, *options), capsys)
    assert "make 3 folds" in answer["plan"]
    assert "with a gap of 7d between them, fitted on a window of 400d" in answer["plan"]
    assert answer["test"]["rows"] == 240
    assert answer["test"]["low"] < answer["test"]["score"] < answer["test"]["high"]
    assert answer["contrast"]["rows"] > 0
    page = report.read_text()
    assert "fresh rows of later.csv" in page
    assert "random split would have promised" in page
    assert "--gap 7d --window 400d" in page
    assert main(fit(houses, *options[:-2])) == 0
    text = capsys.readouterr().out
    assert "test: on 240 fresh rows of later.csv: rmse" in text
    assert "a random split would have promised rmse" in text
    assert "note: These test rows were scored in 1 earlier run of this target already" in text


@pytest.mark.long
def test_runs_show_and_compare_know_them(houses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = said(fit(houses, "--folds", "3", "--test", houses / "later.csv"), capsys)["run"]
    two = said(fit(houses, "--folds", "3", "--repeats", "2"), capsys)["run"]
    store = ["--store", str(houses / "store")]
    assert main(["runs", "show", one, *store]) == 0
    text = capsys.readouterr().out
    assert "folds 3" in text
    assert "on 240 fresh rows of later.csv" in text
    found = said(["runs", "compare", one, two, *store], capsys)
    changed = {d["what"]: (d["one"], d["other"]) for d in found["differences"]}
    assert changed["--repeats"] == (None, 2)
    assert changed["folds"] == (3, 6)
    assert changed["times"] == (None, 2)


@pytest.mark.long
def test_groups_and_time_together(houses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = said(fit(houses, "--group", "owner", "--order", "sold"), capsys)
    assert "a model of earlier rows of other groups" in answer["plan"]


@pytest.mark.long
def test_a_replay_takes_the_folds_of_the_original(
    houses: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = said(fit(houses, "--folds", "4", "--repeats", "2"), capsys)
    again = said(fit(houses, "--replay", first["run"]), capsys)
    assert again["plan"] == first["plan"]
    assert again["score"] == first["score"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--folds", "0"], "--folds to be at least 1"),
        (["--folds", "few"], "a whole number for --folds"),
        (["--repeats", "0"], "--repeats to be at least 1"),
        (["--gap", "7d"], "name a column with --order"),
        (["--window", "7d"], "name a column with --order"),
        (["--order", "sold", "--gap", "-7d"], "write it like 12h, 7d or 2w"),
        (["--order", "sold", "--gap", "9000d"], "make gap and horizon shorter"),
        (["--order", "zone"], "--types"),
        (["--order", "sold", "--repeats", "2"], "leave the repeats out"),
        (["--splits", "zonne"], "did you mean 'zone'?"),
        (["--splits", "area"], "train, valid and test"),
        (["--splits", "zone", "--folds", "3"], "leave --folds out"),
        (["--test", "nowhere.csv"], "nowhere.csv"),
        (["--test", "HOUSES"], "leave --test out"),
    ],
)
def test_options_that_mean_nothing(
    houses: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(houses / "houses.csv") if word == "HOUSES" else word for word in options]
    assert main(fit(houses, *given)) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1, errors
    assert words in errors[0]
    assert not (houses / "model.mw").exists()
