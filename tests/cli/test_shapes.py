"""Groups and densities on the command line, from a file to a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from modelwright.cli import main
from report.test_page import check


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a table of two clear groups, some strange names, and its clustering by Ward."""
    folder = tmp_path_factory.mktemp("shapes")
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, 160)
    frame = pl.DataFrame(
        {
            "size <b>": rng.normal(np.where(kind, 9.0, 1.0), 1.0),
            "pay": np.exp(rng.normal(np.where(kind, 5.0, 3.0), 0.3)),
            "town": np.where(kind == 1, "<script>alert(1)</script>", "Oslo"),
        }
    )
    frame.write_csv(folder / "rows.csv")
    asked = ["fit", str(folder / "rows.csv"), "--task", "clustering", "--models", "ward"]
    page = ["--report", str(folder / "page.html")]
    assert main([*asked, "--trials", "1", "--out", str(folder / "groups.mw"), *page]) == 0
    dense = ["fit", str(folder / "rows.csv"), "--task", "density", "--trials", "1"]
    assert main([*dense, "--out", str(folder / "density.mw")]) == 0
    return folder


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Give the JSON that a command prints."""
    assert main([*arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.long
def test_a_page_tells_groups_from_one_file(folder: Path) -> None:
    page = check((folder / "page.html").read_text(encoding="utf-8"))
    assert "2 groups" in page.text
    assert "What is typical of each group" in page.text
    assert "How rows were merged" in page.text
    assert "<script>alert(1)</script>" in page.text


def test_a_page_tells_a_density(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "density.html"
    assert said(["report", str(folder / "density.mw"), "--out", str(out)], capsys)["bytes"] > 1_000
    page = check(out.read_text(encoding="utf-8"))
    assert "Columns, one by one" in page.text
    assert "The most unusual rows" in page.text


@pytest.mark.long
def test_fit_says_what_it_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, out = str(folder / "rows.csv"), str(folder / "other.mw")
    asked = ["fit", rows, "--task", "clustering(3)", "--trials", "1", "--out", out]
    found = said(asked, capsys)
    assert (found["task"], found["clusters"], found["rows"]) == ("clustering", 3, 160)
    assert found["why"].startswith("3 clusters, as asked")
    assert [one["count"] for one in found["trials"]][:2] == [1, 2]
    assert main(asked) == 0
    printed = capsys.readouterr().out
    assert "found again" in printed
    assert f"next: modelwright predict {out}" in printed


def test_predict_gives_groups_and_densities(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, out = str(folder / "rows.csv"), folder / "answers.csv"
    assert (
        said(["predict", str(folder / "groups.mw"), rows, "--out", str(out)], capsys)["rows"] == 160
    )
    assert pl.read_csv(out).columns == ["cluster", "distance"]
    assert set(pl.read_csv(out)["cluster"]) == {1, 2}
    assert main(["predict", str(folder / "density.mw"), rows, "--out", str(out)]) == 0
    assert pl.read_csv(out).columns == ["log_density", "percentile"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["fit", "rows.csv", "--task", "clustering", "--target", "pay"], "no --target beside"),
        (["fit", "rows.csv", "--task", "clustering", "--metric", "rmse"], "no --metric beside"),
        (["fit", "rows.csv", "--task", "density", "--folds", "3"], "no --folds beside"),
        (["fit", "rows.csv", "--task", "density", "--models", "ward"], "a family of densities"),
        (["fit", "rows.csv", "--task", "cluster"], "--target"),
        (["fit", "groups.mw", "--task", "clustering"], "a table as DATA"),
        (["predict", "groups.mw", "rows.csv", "--out", "x.csv", "--interval", "0.9"], "--interval"),
        (["evaluate", "groups.mw", "rows.csv"], "a model that predicts a column"),
        (["explain", "groups.mw"], "a model that predicts a column"),
        (["label", "noise", "groups.mw"], "a model that predicts a column"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(folder)
    assert main(asked) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert expected in errors[-1]
