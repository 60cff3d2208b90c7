"""``modelwright explain``: columns, rows and rules, and what to do when there are none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

import modelwright as mw
from modelwright.cli import main
from test_flow import table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with rows, a model of straight lines, and one that is a tree."""
    folder = tmp_path_factory.mktemp("explained")
    rows = table()
    rows.write_csv(folder / "houses.csv")
    for name in ("linear", "tree"):
        settings = mw.Settings(
            trials=1, models=(name,), workers=0, store=folder / "store", out=folder / f"{name}.mw"
        )
        mw.fit(rows, "price", settings=settings)
    return folder


def test_rules_of_a_tree(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(folder / "tree.mw"), "--rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert all(line.startswith("if ") and "(n = " in line for line in lines)
    assert main(["explain", str(folder / "tree.mw"), "--rules", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"rules": lines}


def test_a_model_without_a_tree_says_how_to_get_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(folder / "linear.mw"), "--rules"]) == 2
    assert "--models tree" in capsys.readouterr().err


def test_columns_are_measured_on_given_rows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = str(folder / "houses.csv")
    assert main(["explain", str(folder / "linear.mw"), rows, "--columns", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["importances"]
    model = mw.load(folder / "linear.mw")
    assert {one["column"] for one in found} == set(model.columns)
    assert found[0]["loss"] > 0
    assert [one["loss"] for one in found] == sorted((one["loss"] for one in found), reverse=True)
    assert main(["explain", str(folder / "linear.mw"), "--columns"]) == 2
    assert "DATA" in capsys.readouterr().err


def test_columns_need_answers(folder: Path, tmp_path: Path) -> None:
    model = mw.load(folder / "linear.mw")
    with pytest.raises(mw.UserError, match="price"):
        model.importances(table().drop("price"))


def test_a_model_that_was_not_examined_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pl.DataFrame({"a": [1.0, 2.0, 3.0] * 20, "y": [2.0, 4.0, 6.5] * 20})
    settings = mw.Settings(trials=1, models=("linear",), workers=0, store=tmp_path / "store")
    model = mw.fit(rows, "y", settings=settings).model
    bare = mw.Model(model.task, model.schema, model.members, model.calibration, model.card)
    bare.save(tmp_path / "bare.mw")
    rows.write_csv(tmp_path / "rows.csv")
    assert main(["explain", str(tmp_path / "bare.mw")]) == 2
    assert "--columns" in capsys.readouterr().err
    given = [str(tmp_path / "bare.mw"), str(tmp_path / "rows.csv")]
    assert main(["explain", *given, "--columns"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("a ")
    assert main(["explain", *given, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["explanations"]
    assert row["base"] + sum(row["shares"]) == pytest.approx(row["prediction"], abs=1e-3)
    rows.head(1).write_csv(tmp_path / "one.csv")
    assert main(["explain", given[0], str(tmp_path / "one.csv")]) == 2
    assert "give more rows" in capsys.readouterr().err


def test_rows_without_data_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(folder / "linear.mw"), "--rows", "0"]) != 0
    assert "expected DATA beside --rows; got none" in capsys.readouterr().err


@pytest.mark.long
def test_large_numbers_are_written_as_people_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"{20 + i % 60},{i % 3},{150_000 + 3000 * (i % 60) + i % 7}" for i in range(120)]
    Path("flats.csv").write_text("\n".join(["area,floor,price", *lines]))
    how = ["--models", "linear", "--trials", "1", "--workers", "0"]
    assert main(["fit", "flats.csv", "--target", "price", *how]) == 0
    capsys.readouterr()
    assert main(["explain", "model.mw", "flats.csv"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"the prediction is 1\d\d,\d{3}(\.\d)?; typical rows", told)
    assert re.search(r"area = 20 +-\d\d,\d{3}  █", told)
    assert main(["explain", "model.mw", "flats.csv", "--columns"]) == 0
    assert "e+0" not in told + capsys.readouterr().out


def test_curves_are_printed_as_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, rows = str(folder / "linear.mw"), str(folder / "houses.csv")
    columns = mw.load(model).columns
    assert main(["explain", model, rows, "--curves", columns[0]]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{columns[0]}: ")
    assert main(["explain", model, rows, "--curves", "all", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["curves"]
    assert {one["column"] for one in found} <= set(columns)
    assert main(["explain", model, rows, "--how", "ale", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["curves"]
    assert {one["how"] for one in found} == {"ale"}
    assert main(["explain", model, rows, "--how", "partial"]) == 0
    assert "80 % of rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--curves", "nothing"], "expected a column that the model uses; got 'nothing'"),
        (["--curves", ","], "expected columns for --curves"),
        (["--how", "magic"], "expected a known sort of curve; got 'magic'"),
    ],
)
def test_curves_of_what_is_not_there_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    model, rows = str(folder / "linear.mw"), str(folder / "houses.csv")
    assert main(["explain", model, rows, *asked]) == 2
    assert said in capsys.readouterr().err
    assert main(["explain", model, *asked]) == 2
    assert "DATA" in capsys.readouterr().err


def test_importances_come_with_intervals(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, rows = str(folder / "linear.mw"), str(folder / "houses.csv")
    assert main(["explain", model, rows, "--columns"]) == 0
    assert "with 95 % intervals" in capsys.readouterr().out
    assert main(["explain", model, rows, "--columns", "--json"]) == 0
    for one in json.loads(capsys.readouterr().out)["importances"]:
        assert one["level"] == 0.95
        assert one["low"] <= one["loss"] <= one["high"]
