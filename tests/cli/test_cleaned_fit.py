"""``modelwright fit --clean``, as a person and as a program use it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.cli import main

HOW = ["--trials", "1", "--workers", "0", "--models", "linear"]


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """Write a table of stations with slips in the names of towns."""
    rng = np.random.default_rng(0)
    towns = ["Bonn", "Ulm", "Mainz", "Trier"]
    place = rng.integers(0, 4, 300)
    town = [towns[one] for one in place]
    slips = [row for row, name in enumerate(town) if name != "Ulm"][:40:10]
    for row, letter in zip(slips, "xyxz", strict=True):
        town[row] = town[row][:1] + letter + town[row][2:]
    rain = place * 10.0 + rng.normal(0, 1, 300)
    frame = pl.DataFrame({"station": [f"ST-{one}" for one in place], "town": town, "rain": rain})
    frame.write_csv(tmp_path / "may.csv")
    return tmp_path / "may.csv"


@pytest.mark.long
def test_a_recipe_goes_into_the_model(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, model, out = (tmp_path / name for name in ("r.json", "m.mw", "p.csv"))
    features = tmp_path / "features.csv"
    pl.read_csv(dirty).drop("rain").write_csv(features)
    words = ["--out", str(tmp_path / "c.csv"), "--recipe", str(recipe)]
    assert main(["clean", str(features), *words]) == 0
    capsys.readouterr()
    words = ["--target", "rain", "--clean", str(recipe), "--out", str(model), *HOW]
    assert main(["fit", str(dirty), *words]) == 0
    told = capsys.readouterr().out
    assert "Cleaned before the fit: 4 cells mended in 1 column" in told
    assert "changed cells:" in told
    new = tmp_path / "june.csv"
    new.write_text("station,town\nST-0,Bxnn\nST-1,Ulm\n", encoding="utf-8")
    assert main(["predict", str(model), str(new), "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["mended"] == {"cells": 1, "by_column": {"town": 1}}
    assert main(["predict", str(model), str(new), "--out", str(out)]) == 0
    assert "1 cell mended as at the fit: 'town' 1" in capsys.readouterr().out


@pytest.mark.long
def test_a_program_reads_what_was_done(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fit", str(dirty), "--target", "rain", "--out", str(tmp_path / "m.mw"), *HOW, "--json"]
    assert main([*words, "--clean"]) == 0
    found = json.loads(capsys.readouterr().out)["cleaned"]
    assert set(found) == {"cells", "rows_left_out", "done", "tried", "log"}
    assert all(set(one) == {"kind", "cells", "gain", "error", "kept"} for one in found["tried"])
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["cleaned"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--clean", "recipe.csv"], "ends in .json"),
        (["--clean", "none.json"], "expected a recipe"),
        (["--clean", "--from", "b.mw"], "--clean or --from"),
    ],
)
def test_mistakes_are_told(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    out = ["--out", str(tmp_path / "m.mw")]
    assert main(["fit", str(dirty), "--target", "rain", *out, *HOW, *words]) == 2
    assert said in capsys.readouterr().err


def test_groups_of_rows_are_not_cleaned(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--task", "clustering", "--out", str(tmp_path / "m.mw"), "--clean"]
    assert main(["fit", str(dirty), *words]) == 2
    assert "no --clean beside --task clustering" in capsys.readouterr().err
