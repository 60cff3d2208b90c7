"""The page in a real browser: no serious fault, no error, and pages that turn."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

import modelwright as mw
from explore.tables import HOSTILE, orders, profiled, wide
from report.test_browser import _modules

HERE = Path(__file__).parent
BROWSER = HERE.parent / "report" / "browser.mjs"


def _chromium() -> tuple[str, str]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    node = shutil.which("node")
    if chromium is None or node is None:
        pytest.skip("no chromium or no node on this machine")
    return node, chromium


@pytest.mark.slow
def test_pages_have_no_serious_fault_in_chromium(tmp_path: Path) -> None:
    node, chromium = _chromium()
    modules = _modules()
    hostile = pl.DataFrame({name: [*HOSTILE, None] * 9 for name in HOSTILE})
    profiles = {
        "orders": mw.explore(orders(), "paid", test=orders(300, seed=4).head(200)),
        "wide": profiled(wide(400, rows=60)),
        "hostile": mw.explore(hostile),
    }
    pages = [found.write(tmp_path / f"{name}.html") for name, found in profiles.items()]
    done = subprocess.run(
        [node, BROWSER, modules, chromium, "-", *pages],
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


@pytest.mark.slow
def test_columns_are_searched_filtered_sorted_and_paged(tmp_path: Path) -> None:
    node, chromium = _chromium()
    page = profiled(wide(400, rows=60)).write(tmp_path / "wide.html")
    done = subprocess.run(
        [node, HERE / "paging.mjs", _modules(), chromium, page],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["first"] == {"rows": 50, "told": "1 to 50 of 400"}
    assert seen["next"] == {"rows": 50, "told": "51 to 100 of 400"}
    assert seen["searched"] == {"rows": 11, "told": "1 to 11 of 11"}
    assert seen["category"]["told"] == "1 to 50 of 134"
    assert seen["sorted"] == "a column with a name 0"
    assert seen["unfolded"] is True
