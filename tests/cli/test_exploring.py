"""``modelwright explore``, as a person and as a program use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from explore.tables import orders
from modelwright.cli import main


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    orders(200).write_csv(path)
    return path


def test_a_person_reads_a_summary_and_gets_a_page(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "profile.html"
    assert main(["explore", str(sales), "--target", "paid", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "200 rows of 11 columns" in told
    assert "what would hurt a model here" in told
    assert f"page: {out}" in told
    assert "What would hurt a model here" in out.read_text(encoding="utf-8")


def test_without_out_nothing_is_written(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explore", str(sales)]) == 0
    assert "page:" not in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["sales.csv"]


@pytest.mark.long
def test_a_program_reads_one_object(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "test.csv"
    orders(150, seed=2).write_csv(other)
    words = ["explore", str(sales), "--target", "paid", "--test", str(other), "--json"]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found = json.loads(captured.out)
    assert found["rows"] == 200
    assert found["test"]["rows"] == 150
    assert found["target"]["column"] == "paid"
    assert found["page"] is None
    assert {"code", "severity", "columns", "evidence", "cure"} == set(found["findings"][0])


def test_rows_come_through_a_pipe(
    piped: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    piped(b"a,b\n1,x\n2,y\n3,x\n")
    assert main(["explore", "-"]) == 0
    assert "3 rows of 2 columns" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no such file.csv"], "an existing file"),
        (["SALES", "--target", "payd"], "did you mean 'paid'"),
        (["SALES", "--out", "page.pdf"], "ends in .html"),
        (["SALES", "--out", "no/such/folder/p.html"], "no/such/folder"),
        (["SALES", "--test", "nothing.csv"], "nothing.csv"),
        (["SALES", "--types", "nothing.json"], "nothing.json"),
    ],
)
def test_bad_input_costs_one_line(
    words: list[str], said: str, sales: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(sales) if word == "SALES" else word for word in words]
    assert main(["explore", *given]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert "Traceback" not in error
