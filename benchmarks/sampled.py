"""A file larger than memory: what boosting on the rows that the sample left brings.

python benchmarks/sampled.py [--rows 5000000] [--columns 10] [--sample 200000] [--time 120]

A generated CSV file whose answer needs pairs of columns, of which a fit may hold so many rows: what
it is told of the machine's memory is made smaller for that. It is fitted twice with the same time,
in turn: on the sample alone, and with the fit on the rest of the file. Both are scored on 200,000
fresh rows. Results are kept in benchmarks/results/sampled.json and .md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from large import FRESH, table
from machine import RESULTS, as_text, describe
from sklearn.metrics import roc_auc_score
from watched import watch

import modelwright as mw
from modelwright.plan.whole_file import larger

BLOCK = 500_000
WAYS = ("sample", "file")
PATIENCE = 3_600.0


def main() -> int:
    """Measure, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--sample", type=int, default=200_000)
    parser.add_argument("--time", type=int, default=120)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, folder, room = options.one
        print(json.dumps(one(way, Path(folder), int(room), options.time)))
        return 0
    asked = {name: getattr(options, name) for name in ("rows", "columns", "sample", "time")}
    words = " ".join(f"--{name} {value}" for name, value in asked.items())
    command = f"sampled.py {words}"
    results: dict[str, Any] = {"command": command, "machine": describe(), "asked": asked}
    with tempfile.TemporaryDirectory(prefix="sampled-") as name:
        folder = Path(name)
        size = write(folder / "all.csv", options.rows, options.columns)
        table(FRESH, options.columns, 2**31).write_parquet(folder / "fresh.parquet")
        results["bytes"] = size
        room = size * options.sample // options.rows
        for way in WAYS:
            command = [sys.executable, __file__, "--one", way, name, str(room)]
            run = watch([*command, "--time", str(options.time)], Path.cwd(), PATIENCE)
            if run.code:
                print(run.stderr, file=sys.stderr)
                return 1
            found = json.loads(run.stdout.splitlines()[-1])
            spent = {"seconds": round(run.seconds, 1), "peak_gib": round(run.peak_mib / 1024, 2)}
            results[way] = {**found, **spent}
            print(way, results[way], flush=True)
    text = json.dumps(results, indent=1) + "\n"
    (RESULTS / "sampled.json").write_text(text, encoding="utf-8")
    (RESULTS / "sampled.md").write_text(_page(results), encoding="utf-8")
    print(_page(results))
    return 0


def write(path: Path, rows: int, columns: int) -> int:
    """Write a file of so many rows, block by block, and give its bytes."""
    with path.open("wb") as out:
        for start in range(0, rows, BLOCK):
            block = table(min(BLOCK, rows - start), columns, start)
            block.write_csv(out, include_header=not start)
    return path.stat().st_size


def one(way: str, folder: Path, room: int, seconds: int) -> dict[str, Any]:
    """Fit once in this process, and score the fresh rows."""
    posing = importlib.import_module("modelwright.plan.pose")
    posing._room = lambda data: room
    if way == "sample":
        larger.WORTH = float("inf")
    told: list[Any] = []
    weighed = larger.Larger.weighed

    def listening(self: larger.Larger, choice: Any, found: Any) -> Any:
        told.append(found)
        return weighed(self, choice, found)

    larger.Larger.weighed = listening  # type: ignore[method-assign]
    how = mw.Settings(store=folder / way)
    result = mw.fit(folder / "all.csv", "bought", time=seconds, metric="roc_auc", settings=how)
    fresh = pl.read_parquet(folder / "fresh.parquet")
    said = result.predict(fresh)["p_yes"].to_numpy()
    score = roc_auc_score((fresh["bought"] == "yes").to_numpy(), said)
    return {
        "fit_seconds": round(result.timings["total"], 1),
        "rows_held": result.model.card.rows,
        "stated": result.score,
        "roc_auc": round(float(score), 5),
        "notes": list(result.notes),
        "told": told,
    }


def _page(results: dict[str, Any]) -> str:
    asked = results["asked"]
    lines = [
        "# A file larger than memory",
        "",
        f"`python benchmarks/{results['command']}`: a generated file of {asked['rows']:,} rows and "
        f"{asked['columns']} columns ({results['bytes'] / 1e6:,.0f} MB of CSV), of which a fit "
        f"may hold about {asked['sample']:,}. Scores of {FRESH:,} fresh rows.",
        "",
        f"{as_text(results['machine'])}.",
        "",
        "| learned from | seconds of the fit, of the process | peak memory | ROC AUC | stated |",
        "|---|---|---|---|---|",
    ]
    for way, what in zip(WAYS, ("the sample", "the sample, then the file"), strict=True):
        one = results[way]
        lines.append(
            f"| {what} | {one['fit_seconds']}, {one['seconds']} | {one['peak_gib']} GiB "
            f"| {one['roc_auc']:.4f} | {one['stated']:.4f} |"
        )
    told = [note for note in results["file"]["notes"] if "Boosting saw" in note or "left" in note]
    return "\n".join([*lines, "", *told]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
