"""Every example runs, from an empty folder, on data that scikit-learn carries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import ROOT, TIMEOUT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path, tmp_path: Path) -> None:
    private = {"HOME": str(tmp_path), "MODELWRIGHT_STORE": str(tmp_path / "store")}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
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


def test_examples_are_numbered_by_what_they_are() -> None:
    kinds = {"1": "workflow", "2": "recipes", "3": "pitfalls"}
    for path in EXAMPLES:
        number, kind = path.stem.split("_")[:2]
        assert kinds.get(number[0]) == kind, path.name
