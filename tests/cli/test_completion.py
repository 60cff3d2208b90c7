"""What the TAB key offers."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import polars as pl
import pytest

from modelwright.cli import main
from modelwright.store import RunRecord, RunStore

# The program as a process of its own; and as this process, which has its answer ready.
_PROGRAM = 'modelwright() { "$PYTHON" -m modelwright "$@"; }'
_READY = "modelwright() { printf '%s\\n' \"$@\" > asked; cat answer; }"
# Calls the script as bash does when the TAB key is pressed.
_PRESS = """
source script.bash
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_modelwright
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", "bash"]) == 0
    (tmp_path / "script.bash").write_text(capsys.readouterr().out)
    table = pl.DataFrame({"rooms": [1], "price, net": [2]})
    table.write_csv(tmp_path / "houses.csv")
    table.write_parquet(tmp_path / "houses.parquet")
    packed = gzip.compress(b"rooms;zone\n1;2\n")
    (tmp_path / "packed.csv.gz").write_bytes(packed)
    return tmp_path


def offered(folder: Path, *words: str) -> list[str]:
    """Press the TAB key in a bash that asks this process."""
    (folder / "asked").unlink(missing_ok=True)
    with (
        chdir(folder),
        redirect_stdout(io.StringIO()) as answer,
        redirect_stderr(io.StringIO()),
    ):
        main(["__complete", *words])
    (folder / "answer").write_text(answer.getvalue())
    offers = pressed(folder, _READY, *words)
    asked = folder / "asked"
    if asked.exists():
        assert asked.read_text().splitlines() == ["__complete", *words]
    return offers


def pressed(folder: Path, program: str, *words: str) -> list[str]:
    """Press the TAB key in a bash that knows of a program."""
    (folder / "press.bash").write_text(program + _PRESS)
    done = subprocess.run(
        ["bash", "press.bash", "modelwright", *words],
        cwd=folder,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@needs_bash
@pytest.mark.parametrize(
    ("words", "offers"),
    [
        (["fi"], ["fit"]),
        (["runs", "c"], ["compare", "clean"]),
        (["fit", "hou"], ["houses.csv", "houses.parquet"]),
        (["fit", "houses.csv", "--tri"], ["--trials"]),
        (["fit", "houses.csv", "--target", "ro"], ["rooms"]),
        (["explo"], ["explore"]),
        (["explore", "houses.csv", "--target", "ro"], ["rooms"]),
        (["fit", "houses.parquet", "--group", "pr"], ["price\\,\\ net"]),
        (["fit", "packed.csv.gz", "--target", "z"], ["zone"]),
        (["fit", "houses.csv", "--task", "re"], ["regression"]),
        (["fit", "houses.csv", "--metric", "rms"], ["rmse", "rmsle"]),
        (["fit", "houses.csv", "--models", "linear,li"], ["linear\\,lightgbm"]),
        (["completion", "z"], ["zsh"]),
        (["predict", "houses.c"], ["houses.csv"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bash_offers(script: Path, words: list[str], offers: list[str]) -> None:
    assert offered(script, *words) == offers


@pytest.mark.long
@needs_bash
def test_bash_asks_the_program(script: Path) -> None:
    assert pressed(script, _PROGRAM, "fit", "houses.csv", "--target", "ro") == ["rooms"]
    assert pressed(script, _PROGRAM, "fi") == ["fit"]


@needs_bash
def test_bash_offers_recorded_runs(script: Path, private_store: Path) -> None:
    with RunStore(private_store) as store:
        run = store.start(RunRecord(target="price")).id
    assert offered(script, "runs", "show", run[:6]) == [run]
    assert offered(script, "fit", "houses.csv", "--target", "rooms", "--replay", "") == [run]


@needs_bash
def test_what_cannot_be_read_offers_nothing(script: Path) -> None:
    (script / "broken.parquet").write_bytes(b"no")
    assert offered(script, "fit", "broken.parquet", "--target", "") == [""]
    assert offered(script, "fit", "none.csv", "--target", "") == [""]


@pytest.mark.long
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("fit", "--target", "compare", "modelwright"):
        assert word in script
    assert main(["completion", shell, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "shell": shell,
        "script": script.removesuffix("\n"),
    }
    binary = shutil.which(shell)
    if binary:  # the shell itself finds no fault with it
        subprocess.run([binary, "-n"], input=script, text=True, check=True, timeout=30)
