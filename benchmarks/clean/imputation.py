"""Gaps filled as chosen, beside one way for all columns: error on cells that nobody chose by.

    python benchmarks/clean/imputation.py [--sets adult,ames] [--rows 3000]

Training files only. Of every table a part is set aside; ways are chosen and fitted on the rest.
In the part set aside known cells are hidden at random, and in a second run by the pattern of gaps
of another row. The error of a column is relative to the median or the most frequent level.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import DATA, RESULTS, as_text, describe

from modelwright.acquire import Reading, cast, infer_schema, read_raw
from modelwright.clean.impute import METHODS, Imputer
from modelwright.clean.impute.columns import imputable
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.plan.tables.imputing import fill_gaps

HOME = RESULTS / "clean"
SETS = ("stroke", "sick", "bfi_gender", "hepatitis", "star_math", "yrbss_weight")
WAYS = ("median", "ridge", "neighbours", "trees")


def measure(name: str, most: int) -> dict[str, Any]:
    """Give the mean relative error over the columns with gaps, by way."""
    meta = json.loads((DATA / name / "meta.json").read_text("utf-8"))
    frame = read_raw(DATA / name / "train.csv.gz", Reading()).frame
    table = cast(frame, infer_schema(frame).with_role(meta["target"], Role.TARGET))
    rng = np.random.default_rng(0)
    place = rng.permutation(table.height)[:most]
    train = table.rows(np.sort(place[len(place) // 3 :]))
    held = table.rows(np.sort(place[: len(place) // 3]))
    columns = [c for c in imputable(train) if 20 <= train.frame[c].null_count() < train.height - 20]
    began = time.process_time()
    filled = fill_gaps(train, seed=0)
    seconds = time.process_time() - began
    imputers = {way: Imputer(METHODS[way]).fit(train) for way in WAYS}
    imputers["as chosen"] = filled.imputer
    found: dict[str, Any] = {"columns": len(columns), "seconds": round(seconds, 1)}
    for how in ("at random", "as gaps fall"):
        errors = _errors(held, columns, imputers, how, rng)
        usual = errors["median"]
        scored = {column for column in columns if usual.get(column, 0) > 0}
        found[how] = {
            way: round(float(np.mean([one[c] / usual[c] for c in scored])), 4)
            for way, one in errors.items()
        }
    return found


def _errors(
    held: Table, columns: list[str], imputers: dict[str, Any], how: str, rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    missing = np.column_stack([held.frame[c].is_null().to_numpy() for c in columns])
    if how == "at random":
        hole = rng.random(missing.shape) < 0.2
    else:
        hole = missing[rng.permutation(len(missing))]
    emptied = [
        pl.select(pl.when(~pl.Series(hole[:, j])).then(held.frame[c])).to_series().alias(c)
        for j, c in enumerate(columns)
    ]
    asked = Table(held.frame.with_columns(emptied), held.schema)
    found: dict[str, dict[str, float]] = {}
    for way, imputer in imputers.items():
        filled = imputer.transform(asked).frame
        for j, c in enumerate(columns):
            rows = np.flatnonzero(hole[:, j] & ~missing[:, j])
            if not len(rows):
                continue
            truth, guess = held.frame[c][rows], filled[c][rows]
            if held.schema[c].kind in (Kind.CATEGORY, Kind.BOOLEAN):
                error = float((truth != guess).mean())
            else:
                a, b = (s.to_physical().cast(pl.Float64).to_numpy() for s in (truth, guess))
                error = float(np.sqrt(((a - b) ** 2).mean()))
            found.setdefault(way, {})[c] = error
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--rows", type=int, default=3000)
    options = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    path = HOME / "imputation.json"
    found = json.loads(path.read_text("utf-8")) if path.exists() else {"sets": {}}
    found["machine"] = describe()
    for name in options.sets.split(","):
        found["sets"][name] = measure(name, options.rows)
        print(name, found["sets"][name], flush=True)
        path.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        (HOME / "imputation.md").write_text(report(found), "utf-8")
    return 0


def report(found: dict[str, Any]) -> str:
    """Write the table."""
    told = (
        "`python benchmarks/clean/imputation.py`: error on hidden cells of rows that nothing was "
        "chosen or learned by, relative to the median or the most frequent level; mean over the "
        "columns with gaps. Below 1 is better."
    )
    lines = ["# Gaps filled", "", as_text(found["machine"]), "", told, ""]
    ways = [*WAYS[1:], "as chosen"]
    lines += [f"| set | columns | hidden | {' | '.join(ways)} | seconds to choose |",
              "|---" * (len(ways) + 4) + "|"]  # fmt: skip
    for name, one in found["sets"].items():
        for how in ("at random", "as gaps fall"):
            cells = " | ".join(f"{one[how][way]:.3f}" for way in ways)
            lines.append(f"| {name} | {one['columns']} | {how} | {cells} | {one['seconds']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
