"""Intervals from end to end: a fit calibrates itself, its file keeps it, predict gives it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import ColumnError, DataError, ModelFileError, OptionError
from modelwright.plan.findings.calibrate import calibrate

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = {"trials": 1, "workers": 0}


def flats(rows: int = 900, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    area = rng.uniform(20, 150, rows)
    town = rng.choice(["Bonn", "Rome"], rows)
    noise = rng.normal(size=rows) * area * np.where(town == "Rome", 1.5, 0.5)
    return pl.DataFrame({"area": area, "town": town, "rent": 10 * area + noise})


def plants(rows: int = 900, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, rows))
    codes = np.digitize(x + rng.normal(size=rows) * 0.7, [-0.6, 0.6])
    return pl.DataFrame({"x": x, "z": z, "kind": codes})


@pytest.fixture(scope="module")
def rent(tmp_path_factory: pytest.TempPathFactory) -> mw.Model:
    store = tmp_path_factory.mktemp("store")
    checked = mw.Validation(interval_by="town")
    settings = mw.Settings(**SETTINGS, models=("lightgbm",), store=store, validation=checked)  # type: ignore[arg-type]
    return mw.fit(flats().head(600), "rent", settings=settings).model


@pytest.fixture(scope="module")
def kind(tmp_path_factory: pytest.TempPathFactory) -> mw.Model:
    store = tmp_path_factory.mktemp("store")
    settings = mw.Settings(**SETTINGS, models=("linear",), store=store)  # type: ignore[arg-type]
    return mw.fit(plants().head(600), "kind", settings=settings).model


def test_a_model_without_intervals_says_why(kind: mw.Model) -> None:
    hasty = replace(kind, intervals=None)
    with pytest.raises(DataError, match=r"too little time for it; .* with more time \(--time\)"):
        hasty.predict(plants().tail(9), interval=0.9)
    older = replace(hasty, card=replace(kind.card, version="0.0.9"))
    with pytest.raises(DataError, match="an earlier version wrote"):
        older.predict(plants().tail(9), interval=0.9)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.97])
def test_numbers_are_held(rent: mw.Model, level: float) -> None:
    new = flats().tail(300)
    found = rent.predict(new, interval=level)
    assert found.columns == ["prediction", "lower", "upper"]
    held = ((found["lower"] <= new["rent"]) & (new["rent"] <= found["upper"])).mean()
    half = 3.5 * np.sqrt(level * (1 - level) * (1 / 300 + 1 / 600))
    assert level - half < held < level + half + 0.02
    assert found["prediction"].is_between(found["lower"], found["upper"]).all()


def test_what_is_hard_gets_wide_intervals(rent: mw.Model) -> None:
    assert rent.intervals is not None
    assert rent.intervals.pools.names
    new = flats().tail(300)
    wide = rent.predict(new, interval=0.9).with_columns(new["town"], new["area"])
    width = wide["upper"] - wide["lower"]
    assert (
        width.filter(wide["town"] == "Rome").mean()
        > 1.5
        * width.filter(  # type: ignore[operator]
            wide["town"] == "Bonn"
        ).mean()
    )  # type: ignore[operator]


@pytest.mark.long
def test_intervals_of_an_ensemble_follow_how_hard_rows_are(tmp_path: Path) -> None:
    """Scored without the luck of choosing, an ensemble has other held-out predictions by then."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 5_000)
    frame = pl.DataFrame({"x": x, "y": 10 * x + rng.normal(size=len(x)) * (0.1 + 3 * x)})
    settings = mw.Settings(trials=3, workers=0, store=tmp_path, models=("linear", "lightgbm"))
    model = mw.fit(frame.head(1_000), "y", settings=settings).model
    assert any(line.raw is not None for line in model.leaderboard)  # it is scored nested
    assert model.difficulty is not None
    found, new = model.predict(frame.tail(4_000), interval=0.9), frame.tail(4_000)
    held = ((found["lower"] <= new["y"]) & (new["y"] <= found["upper"])).to_numpy()
    wide = (found["upper"] - found["lower"]).to_numpy()
    easy, hard = (new["x"] < 0.2).to_numpy(), (new["x"] > 0.8).to_numpy()
    assert wide[hard].mean() > 3 * wide[easy].mean()
    for some in (held, held[easy], held[hard]):
        assert 0.86 < some.mean() < 0.95


def test_labels_are_held(kind: mw.Model) -> None:
    new = plants().tail(300)
    found = kind.predict(new, interval=0.9)
    assert found.columns == ["prediction", "p_0", "p_1", "p_2", "set"]
    assert found["set"].dtype == pl.List(pl.Int64)  # as the labels came
    held = np.mean([y in one for y, one in zip(new["kind"], found["set"], strict=True)])
    assert 0.83 < held < 0.97
    assert (found["set"].list.first() == found["prediction"]).all()


def test_a_file_brings_back_the_same(rent: mw.Model, kind: mw.Model, tmp_path: Path) -> None:
    for model, new in ((rent, flats(50, 1)), (kind, plants(50, 1))):
        again = mw.load(model.save(tmp_path / "model.mw"))
        assert again.predict(new, interval=0.8).equals(model.predict(new, interval=0.8))
        assert str(again.calibration) == str(model.calibration)


def test_frames_come_back_as_they_came(rent: mw.Model, kind: mw.Model) -> None:
    for model, new in ((rent, flats(20, 1)), (kind, plants(20, 1))):
        ours = model.predict(new, interval=0.9)
        theirs = model.predict(pd.DataFrame(new.to_dict(as_series=False)), interval=0.9)
        assert isinstance(theirs, pd.DataFrame)
        assert theirs.columns.tolist() == ours.columns
        last = ours.columns[-1]
        assert theirs[last].tolist() == ours[last].to_list()
        table = model.predict(new.to_arrow(), interval=0.9)
        assert table.column(last).to_pylist() == ours[last].to_list()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_sets_in_every_file(kind: mw.Model, tmp_path: Path, suffix: str) -> None:
    kind.save(tmp_path / "model.mw")
    plants(20, 1).write_csv(tmp_path / "new.csv")
    out = tmp_path / f"out{suffix}"
    words = ["predict", str(tmp_path / "model.mw"), str(tmp_path / "new.csv"), "--out", str(out)]
    assert main([*words, "--interval", "0.9"]) == 0
    read = {
        ".csv": pl.read_csv,
        ".tsv": lambda path: pl.read_csv(path, separator="\t"),
        ".jsonl": pl.read_ndjson,
        ".parquet": pl.read_parquet,
    }[suffix]
    cells = read(out)["set"].to_list()
    lists = [json.loads(one) for one in cells] if suffix in (".csv", ".tsv") else cells
    assert lists == kind.predict(plants(20, 1), interval=0.9)["set"].to_list()


def test_json_says_what_is_promised(
    rent: mw.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rent.save(tmp_path / "model.mw")
    flats(50, 1).write_csv(tmp_path / "new.csv")
    out = str(tmp_path / "out.csv")
    words = ["predict", str(tmp_path / "model.mw"), str(tmp_path / "new.csv"), "--out", out]
    assert main([*words, "--interval", "0.9", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["interval"]
    assert told["level"] == 0.9
    assert told["mean_width"] > 0
    assert told["measured"]["levels"][:2] == [0.5, 0.6]
    assert "held-out rows" in told["how"]


def test_rows_of_the_users_own(rent: mw.Model) -> None:
    new = flats(900, 3).with_columns(pl.col("rent") + 300)  # all is dearer here
    there, later = new.head(500), new.tail(400)
    moved = calibrate(rent, there, by="town")
    for model, low, high in ((rent, 0.0, 0.6), (moved, 0.85, 1.0)):
        found = model.predict(later, interval=0.9)
        held = ((found["lower"] <= later["rent"]) & (later["rent"] <= found["upper"])).mean()
        assert low <= held <= high  # type: ignore[operator]
    with pytest.raises(DataError, match="has not seen"):
        calibrate(rent, flats().head(600))


@pytest.mark.parametrize("level", [0, 1, 90, -0.5])
def test_a_level_that_means_nothing(rent: mw.Model, level: float) -> None:
    with pytest.raises(OptionError, match=r"write 0.9 for 90 %"):
        rent.predict(flats(5, 1), interval=level)


def test_what_so_few_rows_cannot_promise(rent: mw.Model) -> None:
    with pytest.raises(DataError, match="at least 9,999 calibration rows"):
        rent.predict(flats(5, 1), interval=0.9999)


def test_a_model_that_nobody_validated_asks_for_time(rent: mw.Model) -> None:
    first = replace(rent, intervals=None, card=replace(rent.card, score=None))
    with pytest.raises(DataError, match=r"too little time .*fit again with more time \(--time\)"):
        first.predict(flats(5, 1), interval=0.9)


def test_a_column_to_calibrate_by_that_is_not_there(rent: mw.Model) -> None:
    with pytest.raises(ColumnError, match="city"):
        calibrate(rent, flats(100, 1), by="city")
    for column, said in (("tows", "town"), ("rent", "another column")):
        checked = mw.Validation(interval_by=column)
        settings = mw.Settings(trials=1, workers=0, validation=checked)
        with pytest.raises(ColumnError, match=said):
            mw.fit(flats(100), "rent", settings=settings)


def test_an_old_file_says_what_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model = mw.load(GOLDEN / "format-1.mw")
    with pytest.raises(DataError, match=r"fit again.* or calibrate it on rows"):
        model.predict(GOLDEN / "rows.parquet", interval=0.9)
    out = str(tmp_path / "out.csv")
    words = ["predict", str(GOLDEN / "format-1.mw"), str(GOLDEN / "rows.parquet"), "--out", out]
    assert main([*words, "--interval", "0.9"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not Path(out).exists()
    assert main([*words, "--calibrate", str(GOLDEN / "rows.parquet")]) == 2


def test_a_file_with_unsound_intervals_is_refused(rent: mw.Model, tmp_path: Path) -> None:
    from modelwright.store import pack_state, read_archive, write_archive

    entries = dict(read_archive(rent.save(tmp_path / "model.mw")))
    assert rent.intervals is not None
    state = rent.intervals.export()
    state.config["below"] = 7.0  # type: ignore[index]
    for name, data in pack_state(state).items():
        entries[f"intervals/{name}"] = data
    write_archive(tmp_path / "bad.mw", entries, writer="0")
    with pytest.raises(ModelFileError):
        mw.load(tmp_path / "bad.mw")
    assert zipfile.is_zipfile(tmp_path / "bad.mw")


def test_the_report_shows_it(rent: mw.Model, kind: mw.Model) -> None:
    from modelwright.report import render

    for model, words in ((rent, "an interval is"), (kind, "Calibration of the probabilities")):
        page = render(model)
        assert "How sure single predictions are" in page
        assert "Answers held, by level" in page
        assert "What certainty costs" in page
        assert words in page


@pytest.mark.long
@pytest.mark.parametrize("column", ["shop", "day"])
def test_plans_with_structure(column: str) -> None:
    rng = np.random.default_rng(0)
    shop = np.repeat(np.arange(40), 20)
    day = np.tile(np.arange(20), 40)
    sales = rng.normal(size=40)[shop] + 0.3 * rng.normal(size=800) * (1 + day / 4)
    frame = pl.DataFrame(
        {"shop": [f"shop {i}" for i in shop], "day": day, "x": rng.normal(size=800), "sales": sales}
    )
    settings = mw.Settings(trials=1, workers=0, models=("linear",))
    asked = {"group": "shop"} if column == "shop" else {"order": "day"}
    model = mw.fit(frame, "sales", settings=settings, **asked).model  # type: ignore[arg-type]
    found = model.predict(frame, interval=0.8)
    assert (found["upper"] > found["lower"]).all()
    assert ("held-out groups" in str(model.intervals)) == (column == "shop")
