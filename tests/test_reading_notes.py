"""What a reader notices reaches the card, the warnings and the terminal."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modelwright.cli import main
from modelwright.core.errors import DataError, ModelwrightWarning
from modelwright.core.settings import Question, Settings
from modelwright.flow import fit

ROWS = [f"{i % 7},{'abc'[i % 3]},{i * 2.5 + i % 5}" for i in range(60)]


@pytest.fixture
def ragged(tmp_path: Path) -> Path:
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(["rooms,zone,price", *ROWS, "1,a,3,9", "2,b"]))
    return path


def test_rows_in_are_rows_used_and_rows_told(ragged: Path) -> None:
    result = fit(ragged, "price", settings=Settings(trials=1, models=("linear",), workers=0))
    assert any("(line 62)" in note and "left out" in note for note in result.notes)
    assert any("(line 63)" in note for note in result.notes)
    assert result.model.card.rows == 60
    with pytest.warns(ModelwrightWarning) as told:
        assert result.predict(ragged).height == 62
    assert ["missing values" in str(warning.message) for warning in told] == [False, True]


@pytest.mark.long
def test_the_terminal_tells(
    ragged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = tmp_path / "m.mw", tmp_path / "p.csv"
    words = ["--target", "price", "--models", "linear", "--trials", "1", "--workers", "0"]
    assert main(["fit", str(ragged), *words, "--out", str(model)]) == 0
    assert "note: 1 row (line 62) has more cells" in capsys.readouterr().out
    assert main(["predict", str(model), str(ragged), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.err.count("note: 1 row (line 62)") == 1
    assert "62 rows" in said.out
    assert main(["evaluate", str(model), str(ragged), "--json"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("{")
    assert "note: " in said.err


@pytest.mark.long
def test_a_table_without_names_from_fit_to_predict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, model, out = tmp_path / "t.csv", tmp_path / "m.mw", tmp_path / "p.csv"
    path.write_text("\n".join(ROWS))
    words = ["--models", "linear", "--trials", "1", "--workers", "0", "--out", str(model)]
    assert main(["fit", str(path), "--target", "column_3", *words]) == 0
    assert "looks like data" in capsys.readouterr().out
    path.write_text("3,a\n4,b\n")
    assert main(["predict", str(model), str(path), "--out", str(out)]) == 0
    assert capsys.readouterr().err == ""
    assert len(out.read_text().splitlines()) == 3
    assert main(["fit", str(path), "--target", "column_2", "--no-header", *words]) == 2


@pytest.mark.long
def test_a_file_larger_than_memory_is_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("rooms,zone,price\n" + "\n".join(ROWS * 20) + "\n")
    posing = importlib.import_module("modelwright.plan.pose")
    room = 4_096
    monkeypatch.setattr(posing, "total_memory", lambda: 8 * room + 5)
    result = fit(path, "price", settings=Settings(trials=1, models=("linear",), workers=0))
    assert "a uniform sample of" in result.notes[0]
    assert "of its 1,200 rows" in result.notes[0]
    expected = 1_200 * room / path.stat().st_size
    assert 0.8 * expected < result.model.card.rows < 1.2 * expected < 1_000
    # not of what is free at the moment, unless that is too little to read at all
    asked = (Question("price"), Settings(), str(path))
    monkeypatch.setattr(posing, "available_memory", lambda: 3 * room)
    assert posing.reading_for(*asked).room == room
    monkeypatch.setattr(posing, "available_memory", lambda: room)
    with pytest.raises(DataError, match="free memory"):
        posing.reading_for(*asked)
    monkeypatch.undo()
    assert result.predict(path).height == 1_200


@pytest.mark.long
def test_rows_through_a_pipe(
    ragged: Path,
    tmp_path: Path,
    piped: Callable[[bytes], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, out = str(tmp_path / "m.mw"), tmp_path / "p.csv"
    words = ["--target", "price", "--models", "linear", "--trials", "1", "--workers", "0"]
    command = [sys.executable, "-m", "modelwright", "fit", "-", *words, "--out", model]
    done = subprocess.run(command, input=ragged.read_bytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    piped(ragged.read_bytes())
    assert main(["predict", model, "-", "--out", str(out)]) == 0
    assert len(out.read_text().splitlines()) == 63
    piped(ragged.read_bytes())
    assert main(["acquire", "-", "--out", str(tmp_path / "t.parquet")]) == 0
    assert "61 rows of 3 columns" in capsys.readouterr().out
    assert main(["fit", "-x", *words]) == 2


@pytest.mark.long
def test_new_rows_may_have_decimal_commas(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{i % 7}.5;{'abc'[i % 3]};{i * 2.5 + i % 5}" for i in range(60)]
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("\n".join(["size;zone;price", *rows]))
    new.write_text("\n".join(["size;zone;price", *rows]).replace(".", ","))
    model, out = tmp_path / "m.mw", tmp_path / "p.csv"
    words = ["--models", "linear", "--trials", "1", "--workers", "0", "--out", str(model)]
    assert main(["fit", str(old), "--target", "price", *words]) == 0
    answers = []
    for path in (old, new):
        capsys.readouterr()
        assert main(["predict", str(model), str(path), "--out", str(out)]) == 0
        answers.append((out.read_text(), capsys.readouterr().err))
    assert answers[0][0] == answers[1][0]
    note = "note: Read with a decimal comma, which this column did not have before: 'size'"
    assert (note in answers[0][1], note in answers[1][1]) == (False, True)
    assert main(["evaluate", str(model), str(new)]) == 0
    assert "these columns did not have before: 'size', 'price'" in capsys.readouterr().err
