"""The commands, as a person and as a program use them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.cli import main
from test_flow import table


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with rows, a model, and the JSON that the fit printed."""
    folder = tmp_path_factory.mktemp("fitted")
    table().write_csv(folder / "houses.csv")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "modelwright", "fit", "houses.csv", "--target", "price"),
            *("--trials", "2", "--workers", "0", "--store", "store", "--json"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / "fit.json").write_text(done.stdout)
    assert done.stderr == ""
    return folder


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_fit_prints_one_object_that_programs_can_read(fitted: Path) -> None:
    answer = json.loads((fitted / "fit.json").read_text())
    assert answer["model"] == "model.mw"
    assert (fitted / "model.mw").is_file()
    assert answer["task"]["kind"] == "regression"
    assert answer["leaderboard"][0]["name"] == "ensemble"
    timings = answer["timings"]
    assert 0 < timings["read"] < timings["first_model"] < timings["total"]


def test_a_model_no_better_than_guessing_is_called_that_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    noise = {f"x{i}": rng.normal(size=120) for i in range(3)}
    pl.DataFrame({**noise, "y": rng.choice(["a", "b"], 120)}).write_csv("noise.csv")
    asked = ["fit", "noise.csv", "--target", "y", "--trials", "1", "--workers", "0"]
    assert main(asked) == 0
    shown = capsys.readouterr()
    (line,) = [x for x in (shown.out + shown.err).splitlines() if "not shown to predict" in x]
    assert line.startswith("verdict: The model is not shown to predict better than a plain guess.")
    assert line.removeprefix("verdict: ") in mw.load("model.mw").card.notes
    found = said([*asked, "--json", "--report", "r.html"], capsys)
    assert found["verdict"]["tone"] == "bad"
    page = (tmp_path / "r.html").read_text()
    assert page.count(found["verdict"]["sentence"]) == 1
    assert found["verdict"]["word"] in page


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "arrow", "jsonl"])
def test_predict_writes_one_row_a_row(
    fitted: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"p.{suffix}"
    given = ["predict", str(fitted / "model.mw"), str(fitted / "houses.csv"), "--out", str(out)]
    assert said([*given, "--json"], capsys)["rows"] == 240
    readers: dict[str, Any] = {
        "csv": pl.read_csv,
        "tsv": lambda path: pl.read_csv(path, separator="\t"),
        "parquet": pl.read_parquet,
        "arrow": pl.read_ipc,
        "jsonl": pl.read_ndjson,
    }
    frame = readers[suffix](out)
    assert frame.columns == ["prediction"]
    assert frame.height == 240


def test_evaluate_names_the_deciding_metric_first(
    fitted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table(seed=5).head(90).write_csv(fitted / "some.csv")
    given = ["evaluate", str(fitted / "model.mw"), str(fitted / "some.csv")]
    answer = said([*given, "--json"], capsys)
    assert answer["metric"] == "rmse" == next(iter(answer["scores"]))
    assert set(answer["intervals"]) == set(answer["scores"])
    between = answer["intervals"]["rmse"]
    assert between["low"] < answer["scores"]["rmse"] < between["high"]
    assert main(given) == 0
    lines = capsys.readouterr().out.splitlines()
    line = next(line for line in lines if line.startswith("rmse"))
    numbers = [answer["scores"]["rmse"], between["low"], between["high"]]
    assert line.split() == "rmse {:.5g} {:.5g} to {:.5g}".format(*numbers).split()


def test_evaluate_without_the_target_is_refused(
    fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.csv"
    table().drop("price").write_csv(path)
    assert main(["evaluate", str(fitted / "model.mw"), str(path)]) == 2
    assert "price" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["missing", "renamed", "retyped"])
def test_predict_names_what_is_wrong_with_the_columns(
    fitted: Path, tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = {
        "missing": table().drop("area"),
        "renamed": table().rename({"area": "Area m2"}),
        "retyped": table().with_columns(area=pl.lit("large")),
    }
    path, out = tmp_path / "new.csv", tmp_path / "p.csv"
    frames[change].write_csv(path)
    assert main(["predict", str(fitted / "model.mw"), str(path), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert "area" in error
    assert len(error.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize("damage", ["truncated", "altered", "empty"])
def test_a_damaged_model_is_refused(
    fitted: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray((fitted / "model.mw").read_bytes())
    if damage == "altered":
        data[len(data) // 2] ^= 0xFF
    kept = {"truncated": data[: len(data) // 2], "altered": data, "empty": b""}[damage]
    path, out = tmp_path / "bad.mw", tmp_path / "p.csv"
    path.write_bytes(kept)
    assert main(["predict", str(path), str(fitted / "houses.csv"), "--out", str(out)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not out.exists()


def test_runs_are_listed_and_shown(fitted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(fitted / "store")]
    (run,) = said(["runs", "list", *store, "--json"], capsys)["runs"]
    assert run["status"] == "finished"
    shown = said(["runs", "show", run["id"][:8], *store, "--json"], capsys)
    assert [trial["name"] for trial in shown["trials"]] == ["linear-0", "lightgbm-1"]
    assert shown["score"] == run["score"]
    assert main(["runs", *store]) == 0
    assert run["id"] in capsys.readouterr().out
    assert main(["runs", "show", "nothing", *store]) == 2


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == "0.1.0"
    assert main(["fit", "--help"]) == 0
    assert "--target" in capsys.readouterr().out


def test_our_own_fault_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("modelwright.store.data_folder", broken)
    assert main(["runs"]) == 1
    error = capsys.readouterr().err
    assert "our fault" in error
    assert len(error.strip().splitlines()) == 1
