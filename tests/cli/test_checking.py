"""``modelwright check``, as a person and as a program use it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import modelwright as mw
from evaluate import worlds
from modelwright.cli import main
from modelwright.core.settings import Settings


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    path = tmp_path / "visits.csv"
    worlds.patients(0, shuffled=True).write_csv(path)
    return path


def test_a_program_reads_findings(visits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(visits), "--target", "y", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found = json.loads(captured.out)
    first = found["findings"][0]
    assert set(first) == {"code", "severity", "columns", "evidence", "cure"}
    assert (first["code"], first["severity"]) == ("repeated-entities", "warning")
    assert found["recommended"]["option"] == "--group subject"


def test_a_person_reads_evidence_and_cure(visits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(visits), "--target", "y"]) == 0
    out = capsys.readouterr().out
    assert "warning: repeated-entities in 'subject'" in out
    assert "  cure: " in out
    assert "recommended: modelwright fit ... --group subject" in out


def test_nothing_found_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plain.csv"
    worlds.survey(0).select("q0", "y").with_columns(worlds.wave(0)["s0"]).write_csv(path)
    assert main(["check", str(path), "--target", "y"]) == 0
    assert "at random" in capsys.readouterr().out


def test_a_wrong_target_is_refused(visits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(visits), "--target", "z", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == 2
    assert main(["check", str(visits)]) == 2
    assert "modelwright check DATA --target COLUMN" in capsys.readouterr().err


@pytest.mark.long
def test_a_program_reads_notes_and_what_they_cure_is_silent(
    visits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pl.read_csv(visits)
    rate = pl.when(pl.int_range(pl.len()) % 9 == 0).then(-999.0).otherwise(pl.col("rate"))
    frame.with_columns(rate=rate).write_csv(visits)
    assert main(["check", str(visits), "--target", "y", "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert any("-999 stands for" in note for note in notes)
    types = tmp_path / "types.json"
    types.write_text('{"rate": {"missing": ["-999"]}}', encoding="utf-8")
    assert main(["check", str(visits), "--target", "y", "--types", str(types), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == []
    found = mw.explore(visits, "y", settings=Settings(types=types))
    assert not {one.code for one in found.findings} & {"read-as-missing", "disguised-missing"}
    assert found["rate"].missing > 0
