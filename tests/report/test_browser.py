"""The page in a real browser: no fault that axe-core calls serious, no error on the console."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from modelwright.core.task import TaskKind
from modelwright.report import write_report
from report.builders import HOSTILE, build

HERE = Path(__file__).parent


def _modules() -> Path:
    """Find the folder in which ``npm install playwright-core axe-core`` was run."""
    folder = Path(os.environ.get("MODELWRIGHT_NODE", HERE.parents[1]))
    if not all(
        (folder / "node_modules" / name).is_dir() for name in ("playwright-core", "axe-core")
    ):
        pytest.skip("no playwright-core and axe-core: npm install them, and set MODELWRIGHT_NODE")
    return folder


@pytest.mark.slow
def test_pages_have_no_serious_fault_in_chromium(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    node = shutil.which("node")
    if chromium is None or node is None:
        pytest.skip("no chromium or no node on this machine")
    modules = _modules()
    models = {
        "binary": build(TaskKind.BINARY, rare=0.05),
        "multiclass": build(TaskKind.MULTICLASS, classes=HOSTILE, names=HOSTILE, target=HOSTILE[0]),
        "regression": build(TaskKind.REGRESSION, rows=3000, features=40),
    }
    pages = [write_report(model, tmp_path / f"{name}.html") for name, model in models.items()]
    done = subprocess.run(
        [node, HERE / "browser.mjs", modules, chromium, "-", *pages],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for view in json.loads(done.stdout):
        where = f"{view['page']} {view['width']} {view['scheme']}"
        assert view["errors"] == [], where
        assert view["overflow"] <= 0, where
        serious = [f for f in view["faults"] if f["impact"] in ("serious", "critical")]
        assert serious == [], where
