"""The commands that write pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelwright.cli import main
from test_flow import table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with rows, a model and the report of its fit."""
    folder = tmp_path_factory.mktemp("pages")
    table().write_csv(folder / "houses.csv")
    table().head(90).write_csv(folder / "some.csv")
    options = ["--trials", "1", "--workers", "0", "--models", "linear"]
    places = ["--out", str(folder / "model.mw"), "--report", str(folder / "fit.html")]
    given = ["fit", str(folder / "houses.csv"), "--target", "price", *options, *places]
    assert main([*given, "--store", str(folder / "store")]) == 0
    return folder


def test_fit_writes_a_report_when_asked(folder: Path) -> None:
    text = (folder / "fit.html").read_text(encoding="utf-8")
    assert "Predicting <bdi>price</bdi>" in text


def test_report_writes_the_same_page_from_the_model_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "again.html"
    assert main(["report", str(folder / "model.mw"), "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["report"] == str(out)
    assert answer["bytes"] == out.stat().st_size
    assert out.read_bytes() == (folder / "fit.html").read_bytes()


def test_evaluate_draws_new_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "new.html"
    given = ["evaluate", str(folder / "model.mw"), str(folder / "some.csv")]
    assert main([*given, "--report", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["report"] == str(out)
    assert "Predicted against true" in out.read_text(encoding="utf-8")
    assert main([*given, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["scores"] == pytest.approx(answer["scores"])


@pytest.mark.parametrize("out", ["page.pdf", "none/page.html", "page"])
def test_a_page_that_cannot_be_written_is_refused_first(
    folder: Path, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model, rows = str(folder / "model.mw"), str(folder / "houses.csv")
    page = str(folder / out)
    commands = [
        ["report", model, "--out", page],
        ["evaluate", model, rows, "--report", page],
        ["fit", rows, "--target", "price", "--out", str(folder / "b.mw"), "--report", page],
    ]
    for given in commands:
        assert main(given) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (folder / "b.mw").exists()
