"""A job that runs every night finds no new rows: the answers have their columns and no rows."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import ColumnError, DataError
from test_flow import table
from test_predict_interval import plants

NAMES = ["area", "zone", "sold", "rooms"]
KINDS = {"area": pl.Float64, "zone": pl.String, "sold": pl.Date, "rooms": pl.Float64}
EMPTY = pl.DataFrame(schema=KINDS)


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("houses")
    settings = mw.Settings(trials=1, workers=0, store=folder, out=folder / "m.mw")
    mw.fit(table(), "price", settings=settings)
    return folder / "m.mw"


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> mw.Model:
    store = tmp_path_factory.mktemp("store")
    settings = mw.Settings(trials=1, workers=0, models=("linear",), store=store)
    return mw.fit(plants(300), "kind", settings=settings).model


def header(path: Path) -> None:
    path.write_text(",".join(NAMES) + "\n")


def packed(path: Path) -> None:
    path.write_bytes(gzip.compress(",".join(NAMES).encode()))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rows.csv", ";".join([*NAMES, "price"]) + "\r\n")


def sheet(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append([*NAMES, "price"])  # type: ignore[union-attr]
    book.save(path)


def text(words: str) -> Callable[[Path], Any]:
    return lambda path: path.write_text(words)


FILES: dict[str, Callable[[Path], Any]] = {
    "rows.csv": header,
    "rows.csv.gz": packed,
    "rows.zip": zipped,
    "rows.xlsx": sheet,
    "rows.parquet": EMPTY.write_parquet,
    "rows.arrow": EMPTY.write_ipc,
    "stream.arrow": EMPTY.write_ipc_stream,
    "list.json": text("[]"),
    "held.json": text('{"count": 0, "rows": []}'),
    "columns.json": text(json.dumps({name: [] for name in NAMES})),
    "pandas.json": text(json.dumps({name: {} for name in NAMES})),
    "rows.jsonl": text(""),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_may_hold_no_row(
    houses: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    FILES[name](tmp_path / name)
    out = tmp_path / "answers.csv"
    assert main(["predict", str(houses), str(tmp_path / name), "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"0 rows: {out} (there was no row to predict)\n"
    assert shown.err == ""
    assert out.read_text() == "prediction\n"


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "arrow", "jsonl"])
def test_every_format_takes_no_answer(
    houses: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    header(tmp_path / "rows.csv")
    out = tmp_path / f"answers.{suffix}"
    asked = ["predict", str(houses), str(tmp_path / "rows.csv"), "--out", str(out)]
    assert main([*asked, "--interval", "0.9", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 0
    assert told["interval"]["mean_width"] is None
    if suffix == "jsonl":
        assert out.read_bytes() == b""
        return
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        "csv": pl.read_csv,
        "tsv": lambda path: pl.read_csv(path, separator="\t"),
        "parquet": pl.read_parquet,
        "arrow": pl.read_ipc,
    }
    found = readers[suffix](out)
    assert found.shape == (0, 3)
    assert found.columns == ["prediction", "lower", "upper"]


def test_a_query_without_an_answer(houses: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "new.db") as base:
        base.execute("CREATE TABLE houses (area REAL, zone TEXT, sold TEXT, rooms REAL)")
    assert mw.load(houses).predict(f"sqlite:///{tmp_path / 'new.db'}#houses").shape == (0, 1)


def test_frames_of_every_library(houses: Path, kinds: mw.Model) -> None:
    model = mw.load(houses)
    found = model.predict(EMPTY)
    assert found.schema == model.predict(table().head(2)).schema
    assert model.probabilities(EMPTY).shape == (0, 1)
    pandas = model.predict(pd.DataFrame({name: [] for name in NAMES}))
    assert isinstance(pandas, pd.DataFrame)
    assert pandas.shape == (0, 1)
    arrow = model.predict(pa.table({name: pa.array([], pa.string()) for name in NAMES}))
    assert isinstance(arrow, pa.Table)
    assert model.predict({name: [] for name in NAMES}).height == 0
    some = plants(3).select("x", "z")
    assert kinds.predict(some.clear()).schema == kinds.predict(some).schema


def test_sets_and_decisions_of_no_row(kinds: mw.Model) -> None:
    some = plants(3).select("x", "z")
    found = kinds.predict(some.clear(), interval=0.9)
    assert found.height == 0
    assert found.schema == kinds.predict(some, interval=0.9).schema


def test_columns_are_checked_all_the_same(houses: Path, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("area,zone,sold\n")
    with pytest.raises(ColumnError, match="missing: 'rooms'"):
        mw.load(houses).predict(tmp_path / "other.csv")
    # one row without names is no header
    (tmp_path / "row.csv").write_text("30,hills,2020-01-01,3\n")
    with pytest.raises(ColumnError, match="missing: 'area'"):
        mw.load(houses).predict(tmp_path / "row.csv")
    (tmp_path / "nothing.csv").write_text("")
    with pytest.raises(DataError, match="an empty file"):
        mw.load(houses).predict(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match="rows and columns"):
        mw.load(houses).predict(pl.DataFrame())


def test_what_needs_rows_goes_on_to_refuse_none(
    houses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.csv"
    path.write_text(",".join([*NAMES, "price"]) + "\n")
    for words in (
        ["fit", str(path), "--target", "price"],
        ["evaluate", str(houses), str(path)],
        ["explain", str(houses), str(path)],
        ["predict", str(houses), str(path), "--out", str(tmp_path / "a.csv"), "--interval", "0.9",
         "--calibrate", str(path)],
    ):  # fmt: skip
        assert main(words) == 2
        assert "only a header in none.csv" in capsys.readouterr().err
    with pytest.raises(DataError, match="0 rows of 4 columns"):
        mw.load(houses).evaluate(EMPTY)


@pytest.mark.long
def test_a_model_that_mends_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    town = np.array(["Rome", "Oslo", "Bern"])[rng.integers(0, 3, 300)]
    town[:4] = "Rrome"
    rows = pl.DataFrame({"town": town, "x": rng.normal(size=300)})
    rows = rows.with_columns(y=pl.col("x") + (pl.col("town") == "Rome"))
    rows.write_csv(tmp_path / "rows.csv")
    cleaned = ["clean", str(tmp_path / "rows.csv"), "--out", str(tmp_path / "clean.csv")]
    recipe = str(tmp_path / "recipe.json")
    assert main([*cleaned, "--recipe", recipe]) == 0
    model, path, out = tmp_path / "m.mw", tmp_path / "new.csv", tmp_path / "a.csv"
    words = ["fit", str(tmp_path / "rows.csv"), "--target", "y", "--clean", recipe, "--trials", "1"]
    assert main([*words, "--workers", "0", "--models", "linear", "--out", str(model)]) == 0
    assert mw.load(model).cleaning is not None
    path.write_text("town,x\n")
    capsys.readouterr()
    assert main(["predict", str(model), str(path), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == told["mended"]["cells"] == 0
    assert out.read_text() == "prediction\n"


@pytest.mark.long
@pytest.mark.parametrize("task", ["clustering", "density"])
def test_groups_of_no_row(tmp_path: Path, task: str, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    points = np.vstack([rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) + 8])
    rows = pl.DataFrame(points, schema=["a", "b"])
    rows.write_csv(tmp_path / "rows.csv")
    model, out = str(tmp_path / "m.mw"), tmp_path / "a.csv"
    assert main(["fit", str(tmp_path / "rows.csv"), "--task", task, "--out", model]) == 0
    (tmp_path / "new.csv").write_text("a,b\n")
    capsys.readouterr()
    assert main(["predict", model, str(tmp_path / "new.csv"), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"0 rows: {out} (there was no row to predict)\n"
    few = tmp_path / "few.csv"
    assert main(["predict", model, str(tmp_path / "rows.csv"), "--out", str(few)]) == 0
    assert out.read_text() == few.read_text().split("\n")[0] + "\n"
