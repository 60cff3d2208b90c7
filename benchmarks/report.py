"""What a report costs: its seconds and size, and its faults in headless Chromium.

    npm install playwright-core axe-core      (anywhere; say where with --modules)
    python benchmarks/report.py --modules FOLDER [--time 20]

Reports of the fits of a generated table of 10,000 rows and 50 columns, of real tables of all tasks,
among them the widest, and of photographs. Each is written in a process of its own right after the
fit, as `fit --report` does, so that what has to be imported for it counts. What axe-core and the
console say is asked at 1440, 768 and 360 pixels, light and dark.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from machine import DATA, RESULTS, as_text, describe
from report_page import is_bad, look

import modelwright as mw

GENERATED = "10,000 x 50"
PHOTOGRAPHS = "ants_bees.zip"
# All tasks, many classes, many rows, a wide one, the widest, text, groups, a time.
TABLES = (
    "adult", "ames", "audiology", "help_full_wide", "kershaw_pitch", "life_expectancy",
    "loans_homeownership", "pd_speech", "trump_tweet_source",
)  # fmt: skip
LIMIT_SECONDS, LIMIT_MB = 2.0, 3.0


def main() -> int:
    """Fit, write and look; keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modules", type=Path, default=Path.cwd())
    parser.add_argument("--time", type=int, default=20)
    parser.add_argument("--one", help="one report only, to this file", nargs=2)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(write_one(options.one[0], Path(options.one[1]), options.time)))
        return 0
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        reports = []
        for number, name in enumerate((GENERATED, *TABLES, PHOTOGRAPHS)):
            page = Path(folder) / f"{number}.html"
            words = [__file__, "--one", name, str(page), "--time", str(options.time)]
            done = subprocess.run(
                [sys.executable, *words], stdout=subprocess.PIPE, text=True, check=True
            )
            row: dict[str, Any] = {"name": name, **json.loads(done.stdout.splitlines()[-1])}
            views = look([page], options.modules)
            row["views"], row["bad_views"] = len(views), sum(map(is_bad, views))
            row["lesser_faults"] = sorted({f["rule"] for view in views for f in view["faults"]})
            reports.append(row)
            print(json.dumps(row), flush=True)
    results = {"command": f"report.py --time {options.time}", "machine": describe()}
    results |= {"reports": reports}
    (RESULTS / "report.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "report.md").write_text(_page(results), encoding="utf-8")
    bad = [row["bad_views"] or row["megabytes"] > LIMIT_MB for row in reports]
    return int(any(bad) or reports[0]["seconds"] > LIMIT_SECONDS)


def write_one(name: str, page: Path, seconds: int) -> dict[str, float]:
    """Fit one of the sets, and time the writing of its report."""
    with tempfile.TemporaryDirectory(prefix="report-store-") as store:
        settings = mw.Settings(store=Path(store))
        if name == PHOTOGRAPHS:
            result = mw.fit(DATA.parent / "images" / name, time=seconds, settings=settings)
        elif name == GENERATED:
            result = mw.fit(generated(), "bought", time=seconds, settings=settings)
        else:
            about = json.loads((DATA / name / "meta.json").read_text("utf-8"))
            data = DATA / name / "train.csv.gz"
            result = mw.fit(data, about["target"], time=seconds, settings=settings)
        from modelwright.report import write_report  # its own imports are part of its time

        began = time.perf_counter()
        write_report(result, page)
        spent = time.perf_counter() - began
    return {"seconds": round(spent, 2), "megabytes": round(page.stat().st_size / 1e6, 2)}


def generated(rows: int = 10_000, columns: int = 50) -> pl.DataFrame:
    """Make a table of numbers, categories, dates and booleans, and an answer that needs them."""
    draw = np.random.default_rng(0)
    hidden = draw.normal(size=rows)
    table: dict[str, object] = {}
    for i in range(columns - 1):
        values = hidden * draw.uniform(0, 0.5) + draw.normal(size=rows)
        if i % 5 == 1:
            table[f"kind_{i}"] = np.array(list("abcdefgh"))[
                np.clip(values * 2 + 4, 0, 7).astype(int)
            ]
        elif i % 5 == 2:
            table[f"flag_{i}"] = values > 1
        elif i % 10 == 3:
            table[f"day_{i}"] = np.datetime64("2024-01-01") + (values * 100).astype(int)
        else:
            table[f"size_{i}"] = np.where(draw.random(rows) < 0.03, np.nan, values)
    table["bought"] = np.where(hidden + draw.normal(size=rows) > 1, "yes", "no")
    return pl.DataFrame(table)


def _page(results: dict[str, Any]) -> str:
    lines = [
        "# Reports",
        "",
        f"`python benchmarks/{results['command']}`; seconds of writing it after the fit, and views "
        "(three widths, light and dark) in Chromium in which axe-core calls a fault serious, the "
        "console shows an error, the page asks for the network or scrolls sideways.",
        "",
        as_text(results["machine"]) + ".",
        "",
        "| report of | seconds | MB | views | bad views |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['name']} | {r['seconds']} | {r['megabytes']} | {r['views']} | {r['bad_views']} |"
        for r in results["reports"]
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
