from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from modelwright.cli import main


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("left.csv").write_text("country,score\nCzechia,6.9\nKorea,5.9\nAtlantis,9.9\n")
    Path("right.csv").write_text('name,gdp\nCZECHIA,26.8\n"Korea, Rep.",34.9\nPeru,6.6\n')
    return tmp_path


def run(*words: str) -> int:
    return main(["join", "left.csv", "right.csv", *words])


def test_a_fuzzy_join_with_its_log(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--on", "country=name", "--fuzzy", "--out", "both.csv", "--matches", "matches.csv")
    assert run(*words) == 0
    both = pl.read_csv("both.csv")
    assert both["country"].to_list() == ["Czechia", "Korea", "Atlantis"]
    assert both["gdp"].to_list() == [26.8, 34.9, None]
    matches = pl.read_csv("matches.csv")
    assert matches["right"].to_list() == ["CZECHIA", "Korea, Rep."]
    said = capsys.readouterr().out
    assert "2 of 3 rows found a partner" in said
    assert "'Atlantis'" in said


def test_a_log_that_a_person_corrected(tables: Path) -> None:
    Path("decided.csv").write_text(
        'left,right,applied\nAtlantis,Peru,true\nKorea,"Korea, Rep.",false\n'
    )
    words = ("--on", "country=name", "--fuzzy", "--decided", "decided.csv", "--out", "both.csv")
    assert run(*words) == 0
    assert pl.read_csv("both.csv")["gdp"].to_list() == [26.8, None, 6.6]


def test_json(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--on", "country=name", "--out", "both.csv", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["unmatched_rows"], found["exact"]) == (3, 3, 0)


def test_aggregates(tables: Path) -> None:
    Path("orders.csv").write_text("country,day,n\nKorea,1,5\nKorea,9,7\n")
    Path("left.csv").write_text("country,day\nKorea,5\nPeru,5\n")
    words = ["join", "left.csv", "orders.csv", "--on", "country", "--aggregate"]
    assert main([*words, "--before", "day", "--out", "both.csv"]) == 0
    assert pl.read_csv("both.csv")["n: max"].to_list() == [5.0, None]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--on", "nation", "--out", "b.csv"), "nation"),
        (("--on", "country=name", "--out", "b.xyz"), "b.xyz"),
        (("--on", "country=name", "--out", "left.csv"), "left.csv"),
        (("--on", "country=name", "--out", "b.csv", "--threshold", "0.5"), "--fuzzy"),
        (("--on", "country=name", "--out", "b.csv", "--fuzzy", "--threshold", "7"), "threshold"),
        (("--on", "country=name", "--out", "b.csv", "--before", "score"), "--aggregate"),
        (("--on", "country=name", "--out", "b.csv", "--aggregate", "--gap", "2"), "--before"),
        (("--on", "country=name", "--out", "b.csv", "--aggregate", "--fuzzy"), "--aggregate"),
        *(
            (
                (
                    "--on",
                    "country=name",
                    "--out",
                    "b.csv",
                    "--aggregate",
                    "--before",
                    "score",
                    "--gap",
                    gap,
                ),
                "--gap",
            )
            for gap in ("nan", "inf")
        ),
    ],
)
def test_what_is_wrong_is_one_line(
    tables: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert run(*words) == 2
    line = capsys.readouterr().err.strip()
    assert line.count("\n") == 0
    assert said in line


def test_what_a_person_decided_is_not_written_over(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = 'left,right,applied\nKorea,"Korea, Rep.",false\n'
    Path("decided.csv").write_text(told)
    words = ("--on", "country=name", "--fuzzy", "--decided", "decided.csv", "--out", "both.csv")
    assert run(*words, "--matches", "decided.csv") == 2
    assert "file of its own" in capsys.readouterr().err
    assert Path("decided.csv").read_text() == told
