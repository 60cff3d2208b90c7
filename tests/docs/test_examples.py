"""Every example runs, from an empty folder, on data that scikit-learn carries.

The first one runs as a reader runs it, in a process of its own with workers. The others run in this
process, and fit in it: what they would import again takes longer than all that they do.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import ROOT, TIMEOUT, marked
from modelwright.engine import InlineEngine

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.long
def test_the_first_example_runs_as_a_program(tmp_path: Path) -> None:
    private = {"HOME": str(tmp_path), "MODELWRIGHT_STORE": str(tmp_path / "store")}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES[0])],
        cwd=tmp_path,
        env={**os.environ, **private},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "an example shows something"


@pytest.mark.parametrize("path", marked(EXAMPLES[1:]))
def test_an_example_runs(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("modelwright.flow.start_engine", lambda *_, **__: InlineEngine())
    try:
        runpy.run_path(str(path), run_name="__main__")
    except subprocess.CalledProcessError as error:  # a busy machine may kill one for its memory
        sys.stderr.write(f"{error}\n")
        shutil.rmtree(tmp_path / "digits", ignore_errors=True)
        runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out.strip(), "an example shows something"


def test_examples_are_numbered_by_what_they_are() -> None:
    kinds = {"1": "workflow", "2": "recipes", "3": "pitfalls"}
    for path in EXAMPLES:
        number, kind = path.stem.split("_")[:2]
        assert kinds.get(number[0]) == kind, path.name
