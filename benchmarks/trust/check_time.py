"""How long `modelwright check` takes on 50,000 rows of 50 columns, the command line included.

    python benchmarks/trust/check_time.py              both tables, three times each
    python benchmarks/trust/check_time.py --profile    where the time goes, in this process

Two made tables: one asks for one of two classes, one for a number. Of their 49 other columns 25 are
numbers, 12 categories, 3 dates, 3 truth values, 2 identifiers, 2 texts and 2 codes that come again;
a tenth of the cells of every third column is missing. Wanted: at most 10 s. Processes start anew,
the file lies in the cache of the system.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import polars as pl
from machine import describe

ROWS = 50_000
REPEATS = 3
WANTED = 10.0
RECORD = Path(__file__).resolve().parents[1] / "results" / "trust" / "check_time.json"
TARGETS = {"classes": "left", "numbers": "spent"}


def table(kind: str) -> pl.DataFrame:
    """Make a table whose answer hangs on a few columns, with noise."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(ROWS, 25))
    numbers[:, 5:10] = numbers[:, 5:10].round(1)
    numbers[:, 10:15] = rng.integers(0, 100, (ROWS, 5))
    numbers[:, 15:20] = np.exp(numbers[:, 15:20]).round(2)
    words = np.array([f"kind {i}" for i in range(40)])
    days = np.datetime64("2021-01-01") + rng.integers(0, 1000, (3, ROWS))
    syllables = np.array(["ba", "do", "ki", "lu", "me", "na", "po", "ri", "so", "tu"])
    columns: dict[str, object] = {f"number {i}": numbers[:, i] for i in range(25)}
    columns |= {f"kind {i}": words[rng.integers(0, 3 + 3 * i, ROWS)] for i in range(12)}
    columns |= {f"day {i}": days[i].astype(str) for i in range(3)}
    columns |= {f"flag {i}": rng.integers(0, 2, ROWS) == 1 for i in range(3)}
    columns["order"] = [f"A-{n:07d}" for n in rng.permutation(10 * ROWS)[:ROWS]]
    columns["ticket"] = rng.permutation(10**6)[:ROWS]
    for i in range(2):
        spoken = syllables[rng.integers(0, 10, (ROWS, 12))]
        columns[f"remark {i}"] = [" ".join("".join(one[j : j + 3]) for j in range(0, 12, 3))
                                  for one in spoken]  # fmt: skip
    columns["shop"] = rng.integers(0, 800, ROWS)
    columns["customer"] = [f"c{n}" for n in rng.integers(0, 12_000, ROWS)]
    frame = pl.DataFrame(columns)
    gone = [name for name in frame.columns[::3] if name != "order"]
    frame = frame.with_columns(
        pl.when(pl.Series(rng.random(ROWS) >= 0.1)).then(pl.col(name)).alias(name) for name in gone
    )
    said = numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + rng.normal(0, 1.5, ROWS)
    answer = np.where(said > 0, "yes", "no") if kind == "classes" else (20 + 5 * said).round(2)
    return frame.with_columns(pl.Series(TARGETS[kind], answer))


def seconds(path: Path, target: str) -> float:
    """Time the command from its start to its end."""
    command = [sys.executable, "-m", "modelwright", "check", str(path), "--target", target]
    began = time.monotonic()
    subprocess.run([*command, "--json"], check=True, capture_output=True)
    return time.monotonic() - began


def profiled(path: Path, target: str) -> None:
    """Print where the time goes."""
    from modelwright.plan.tables.check import check

    watch = cProfile.Profile()
    watch.enable()
    began = time.monotonic()
    check(path, target)
    print(f"{time.monotonic() - began:.2f} s")
    watch.disable()
    pstats.Stats(watch).sort_stats("cumulative").print_stats("modelwright", 45)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--kinds", nargs="*", default=list(TARGETS))
    asked = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in asked.kinds:
            path = Path(folder) / f"{kind}.csv"
            table(kind).write_csv(path)
            if asked.profile:
                profiled(path, TARGETS[kind])
                continue
            times = [round(seconds(path, TARGETS[kind]), 2) for _ in range(REPEATS)]
            found[kind] = {"median": statistics.median(times), "all": times}
            print(f"{kind}: {found[kind]['median']:.2f} s of at most {WANTED:.0f} ({times})")
    if found and len(found) == len(TARGETS):
        record = {"machine": describe(), "rows": ROWS, "columns": 50, "wanted": WANTED, **found}
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
