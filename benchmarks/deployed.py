"""What a deployed model costs: its size, rows a second, and one row at a time.

python benchmarks/deployed.py [--time 20] [--sets a,b]

Each model is fitted by the command line, opened in a process of its own, and asked for the rows of
its test file: all of them, repeated until there are 20,000, from a frame in memory; and one after
the other. Results are kept in benchmarks/results/deployed.json and .md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl
from machine import DATA, RESULTS, describe
from tabular import SUBSET, structure
from watched import modelwright, watch

ROWS = 20_000
SINGLE = 100


def main() -> int:
    """Measure the sets that are asked for, and write the tables."""
    if sys.argv[1:2] == ["--open"]:
        print(json.dumps(opened(Path(sys.argv[2]), Path(sys.argv[3]))))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time", type=float, default=20, help="seconds for each fit")
    parser.add_argument("--sets", default=",".join(SUBSET))
    options = parser.parse_args()
    found = {}
    for name in options.sets.split(","):
        found[name] = measured(DATA / name, options.time)
        print(f"{name:22} {found[name]}", flush=True)
    write({"machine": describe(), "fit_seconds": options.time, "sets": found})
    return 0


def measured(folder: Path, seconds: float) -> dict[str, Any]:
    """Fit one set, and measure its model in a new process."""
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as work:
        model = Path(work) / "m.mw"
        words = ["fit", str(folder / "train.csv.gz"), "--target", meta["target"]]
        words += ["--metric", meta["metric"], *structure(meta), "--time", f"{seconds:g}s"]
        fit = watch(modelwright(*words, "--out", str(model), "--store", work), Path(work), 300)
        if not model.exists():
            return {"error": fit.stderr.strip()[-200:]}
        test = folder / "test.csv.gz"
        command = [sys.executable, __file__, "--open", str(model), str(test)]
        done = watch(command, Path(work), 300)
        return {"mib": round(model.stat().st_size / 2**20, 2), **json.loads(done.stdout)}


def opened(model: Path, test: Path) -> dict[str, float]:
    """Open a model and predict: many rows at once, then one at a time, in milliseconds."""
    import modelwright as mw  # not by the parent: what is measured is a process that opens a model

    began = time.perf_counter()
    loaded = mw.load(model)
    load = time.perf_counter() - began
    rows = pl.read_csv(test, infer_schema=False)
    many = pl.concat([rows] * -(-ROWS // rows.height)).head(ROWS)
    loaded.predict(many.head(1_000))
    began = time.perf_counter()
    loaded.predict(many)
    batch = time.perf_counter() - began
    single = []
    for i in range(min(SINGLE, rows.height)):
        one = rows[i : i + 1]
        began = time.perf_counter()
        loaded.predict(one)
        single.append(time.perf_counter() - began)
    return {
        "load_ms": round(1e3 * load, 1),
        "rows_a_second": round(ROWS / batch),
        "one_row_ms": round(1e3 * statistics.median(single), 2),
    }


def write(found: dict[str, Any]) -> None:
    """Keep the numbers, and show them as a table."""
    (RESULTS / "deployed.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    sets = {name: row for name, row in found["sets"].items() if "error" not in row}
    columns = ("mib", "load_ms", "rows_a_second", "one_row_ms")
    lines = ["| set | MiB | load ms | rows a second | one row ms |", "|---|---|---|---|---|"]
    for name, row in sets.items():
        lines.append(f"| {name} | " + " | ".join(f"{row[c]:,}" for c in columns) + " |")
    middle = [statistics.median(row[c] for row in sets.values()) for c in columns]
    lines.append("| **median** | " + " | ".join(f"**{value:,}**" for value in middle) + " |")
    failed = [name for name, row in found["sets"].items() if "error" in row]
    lines += ["", f"Not measured: {', '.join(failed)}."] if failed else []
    machine = json.dumps(found["machine"])
    head = f"# Deployed models\n\n`python benchmarks/deployed.py --time {found['fit_seconds']:g}`"
    text = "\n".join([f"{head}; {machine}", "", *lines, ""])
    (RESULTS / "deployed.md").write_text(text, "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
