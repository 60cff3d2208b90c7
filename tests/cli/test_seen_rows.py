"""Rows that a model was fitted on are told by evaluate, and never called fresh."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import DataError, ModelwrightWarning
from modelwright.model import load
from modelwright.plan.findings.calibrate import calibrate
from modelwright.report import write_evaluation
from test_flow import quick, table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit 240 houses, and write others, some and none of them among these."""
    where = tmp_path_factory.mktemp("seen")
    known, other = table().drop("sold"), table(seed=7).drop("sold")
    known.write_csv(where / "known.csv")
    other.write_csv(where / "other.csv")
    pl.concat([other, known.tail(60)]).write_csv(where / "mixed.csv", separator=";")
    known.sample(100, seed=0).write_parquet(where / "sub.parquet")
    settings = replace(quick(trials=1), out=where / "m.mw", store=where / "store")
    mw.fit(where / "known.csv", "price", settings=settings)
    return where


def evaluated(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[str, str]:
    assert main(["evaluate", str(folder / "m.mw"), str(folder / name), *more]) == 0
    shown = capsys.readouterr()
    return shown.out, shown.err


@pytest.mark.long
def test_rows_of_the_fit_among_others_are_told_and_left_out_beside(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = evaluated(folder, "mixed.csv", capsys)
    assert "60 of 300 rows are among the 240 that the model was fitted on" in err
    assert out.startswith("300 rows, 240 of them fresh\n")
    assert "all 300 rows (95 %)" in out
    assert "240 fresh rows (95 %)" in out
    assert "expected on 240 fresh rows; 90 % interval" in out
    told = json.loads(evaluated(folder, "mixed.csv", capsys, "--json")[0])
    alone = json.loads(evaluated(folder, "other.csv", capsys, "--json")[0])
    assert told["rows"] == 300
    assert (told["overlap"]["seen"], told["overlap"]["fitted_on"]) == (60, 240)
    assert told["overlap"]["fresh"]["rows"] == 240
    assert told["overlap"]["fresh"]["scores"] == pytest.approx(alone["scores"])
    assert told["scores"]["rmse"] < alone["scores"]["rmse"]
    assert told["expected"] == alone["expected"]
    by_zone = ("--fairness", "zone", "--json")
    told = json.loads(evaluated(folder, "mixed.csv", capsys, *by_zone)[0])
    alone = json.loads(evaluated(folder, "other.csv", capsys, *by_zone)[0])
    assert told["fairness"] == alone["fairness"]
    assert told["slices"] == alone["slices"]
    assert alone["overlap"] == {
        "fitted_on": 240, "compared": 240, "equal": 0, "seen": 0, "by_chance": 0.0, "fresh": None,
    }  # fmt: skip


def test_a_part_of_the_rows_of_the_fit_is_never_fresh(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = evaluated(folder, "sub.parquet", capsys)
    assert "All 100 rows are among the 240 that the model was fitted on" in err
    assert out.startswith("100 rows, none of them fresh\n")
    assert "fresh row" not in out
    told = json.loads(evaluated(folder, "sub.parquet", capsys, "--json")[0])
    assert told["expected"] is None
    assert told["overlap"]["seen"] == 100
    whole = json.loads(evaluated(folder, "known.csv", capsys, "--json")[0])
    assert whole["overlap"]["seen"] == 240


def test_other_rows_are_none_of_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = evaluated(folder, "other.csv", capsys)
    assert out.startswith("240 rows, none among the 240 that the model was fitted on\n")
    assert err == ""


def test_a_file_of_an_earlier_version_says_that_it_does_not_know(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = load(folder / "m.mw")
    assert model.learned is not None
    replace(model, learned=None).save(tmp_path / "m.mw")
    assert main(["evaluate", str(tmp_path / "m.mw"), str(folder / "sub.parquet")]) == 0
    shown = capsys.readouterr()
    assert "whether the model was fitted on some of them its file does not say" in shown.out
    assert shown.err == ""
    assert main(["evaluate", str(tmp_path / "m.mw"), str(folder / "sub.parquet"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["overlap"] is None


def test_the_page_says_which_rows_were_seen(folder: Path, tmp_path: Path) -> None:
    model = load(folder / "m.mw")
    page = tmp_path / "page.html"
    with pytest.warns(ModelwrightWarning, match="60 of 300 rows"):
        scores = write_evaluation(model, folder / "mixed.csv", page)
    assert scores == pytest.approx(model.evaluate(folder / "other.csv"))
    text = page.read_text(encoding="utf-8")
    assert "60 of 300 rows are among the 240" in text
    assert "They are left out of this page; with them rmse would be" in text
    assert "predictions of 240 new rows" in text
    with pytest.warns(ModelwrightWarning, match="All 100 rows"):
        write_evaluation(model, folder / "sub.parquet", page)
    text = page.read_text(encoding="utf-8")
    assert "All 100 rows are among the 240" in text
    assert "predictions of 100 given rows" in text
    assert "new rows" not in text
    assert "A clear fall" not in text


def test_intervals_are_calibrated_on_rows_that_were_not_fitted(folder: Path) -> None:
    model = load(folder / "m.mw")
    with pytest.warns(ModelwrightWarning, match="calibrated on 240 of 300 rows"):
        mixed = calibrate(model, folder / "mixed.csv")
    plain = calibrate(model, folder / "other.csv")
    rows = table(seed=9).drop("sold")
    assert mixed.predict(rows, interval=0.8).equals(plain.predict(rows, interval=0.8))
    with pytest.raises(DataError, match="those that it was fitted on"):
        calibrate(model, folder / "sub.parquet")


def test_labels_of_the_fit_are_not_judged_by_its_model(folder: Path) -> None:
    model = load(folder / "m.mw")
    with pytest.warns(ModelwrightWarning, match="All 100"), pytest.raises(DataError, match="rows"):
        mw.doubtful_labels(model, folder / "sub.parquet")


@pytest.mark.long
def test_a_comparison_says_which_model_had_seen_the_rows(folder: Path) -> None:
    one = load(folder / "m.mw")
    other = mw.fit(table(seed=7).drop("sold"), "price", settings=quick(trials=1)).model
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        mw.compare_models(one, other, folder / "sub.parquet")
    messages = [str(note.message) for note in told]
    assert [m for m in messages if m.startswith("the first model: All 100 rows")]
    assert not [m for m in messages if m.startswith("the second model: All")]


def test_a_hostile_file_is_refused(folder: Path, tmp_path: Path) -> None:
    model = load(folder / "m.mw")
    assert model.learned is not None
    harmed: Any = replace(model.learned, columns=("no such column",))
    replace(model, learned=harmed).save(tmp_path / "m.mw")
    with pytest.raises(mw.UserError, match="another table"):
        load(tmp_path / "m.mw")
