"""Errors found in real tables: F1 of cells, with 20 labelled rows and without labels.

    python benchmarks/clean/detect.py                        both tables, seeds 0 to 9: recorded
    python benchmarks/clean/detect.py --tables flights --seeds 100 101 --out ''    to look, not kept
    python benchmarks/clean/detect.py --parts labels         or: none, single

Rows to label are drawn at random and left out of the scoring. A cell is wrong where the dirty text
is not the clean one (a missing cell equals an empty text). Detectors that use no labels are scored
on all rows: each of ours alone, at the threshold of the combination and at its best one, and simple
ones as people write them. What was chosen while looking at these two tables was chosen on seeds 100
and above.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import polars as pl
from machine import RESULTS, ROOT, describe
from simple import SIMPLE

from modelwright.clean.cells import Labels
from modelwright.clean.combined import together
from modelwright.clean.detect import detect
from modelwright.clean.evidence import DETECTORS, gather

DATA = ROOT.parent / "shared" / "data" / "errors"
RECORD = RESULTS / "clean" / "detect.json"
TABLES = ("hospital", "flights")
WANTED = {"hospital": 0.965, "flights": 0.80}
PUBLISHED = {"hospital": 0.965, "flights": 0.738}
LABELLED = 20
PARTS = ("labels", "none", "single")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(10)))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", default=str(RECORD), help="a JSON file; empty to keep nothing")
    asked = parser.parse_args()
    out = Path(asked.out) if asked.out else None
    found = json.loads(out.read_text("utf-8")) if out and out.exists() else {}
    found["machine"] = describe()
    found["command"] = "python benchmarks/clean/detect.py"
    found["labelled_rows"] = LABELLED
    for name in asked.tables:
        dirty, clean = read(name)
        wrong = differs(dirty, clean)
        table = found.setdefault(name, {})
        table.update(
            rows=dirty.height,
            columns=dirty.width,
            wrong_cells=int(wrong.sum()),
            wanted=WANTED[name],
            published=PUBLISHED[name],
        )
        if "labels" in asked.parts:
            table["labels"] = with_labels(dirty, clean, wrong, asked.seeds)
        if "none" in asked.parts:
            table["without_labels"] = without_labels(dirty, wrong)
        if "single" in asked.parts:
            table["single"] = single(dirty, wrong)
        print(name, told(table))
        if out:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def told(table: dict[str, Any]) -> str:
    """Say the figures of a table in a few lines."""
    parts = [f"{table[key]}" for key in ("rows", "columns", "wrong_cells")]
    lines = [" x ".join(parts[:2]) + f", {parts[2]} wrong"]
    for part in ("labels", "without_labels"):
        if part in table:
            figures = {key: value for key, value in table[part].items() if key != "runs"}
            lines.append(f"{part}: {figures}")
    lines += [f"  {name}: {figures}" for name, figures in table.get("single", {}).items()]
    return "\n".join(lines)


def read(name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a table and its truth as text, with the column names of the dirty one."""
    dirty, clean = (
        pl.read_csv(DATA / name / f"{which}.csv", infer_schema=False)
        for which in ("dirty", "clean")
    )
    return dirty, clean.rename(dict(zip(clean.columns, dirty.columns, strict=True)))


def differs(dirty: pl.DataFrame, clean: pl.DataFrame) -> np.ndarray[Any, Any]:
    columns = [
        (dirty[name].fill_null("") != clean[name].fill_null("")).to_numpy()
        for name in dirty.columns
    ]
    return np.column_stack(columns)


def score(marked: np.ndarray[Any, Any], wrong: np.ndarray[Any, Any]) -> dict[str, float]:
    """Give precision, recall and F1 of marked cells."""
    right = float((marked & wrong).sum())
    precision = right / max(float(marked.sum()), 1.0)
    recall = right / max(float(wrong.sum()), 1.0)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def with_labels(
    dirty: pl.DataFrame, clean: pl.DataFrame, wrong: np.ndarray[Any, Any], seeds: list[int]
) -> dict[str, Any]:
    runs = []
    for seed in seeds:
        rows = np.sort(np.random.default_rng(seed).choice(dirty.height, LABELLED, replace=False))
        began, cpu = time.perf_counter(), time.process_time()
        found = detect(dirty, labels=Labels(rows, clean[rows]), seed=seed)
        spent = time.process_time() - cpu
        scored = np.setdiff1d(np.arange(dirty.height), rows)
        run = {"seed": seed, **score(found.wrong()[scored], wrong[scored])}
        run["wrong_labelled_cells"] = int(wrong[rows].sum())
        run["seconds"] = round(time.perf_counter() - began, 1)
        run["cpu_seconds"] = round(spent, 1)
        runs.append(run)
        print(run, file=sys.stderr)
    values = {key: np.array([run[key] for run in runs]) for key in ("precision", "recall", "f1")}
    return {
        **{key: round(float(value.mean()), 4) for key, value in values.items()},
        "f1_sd": round(float(values["f1"].std(ddof=1)), 4) if len(runs) > 1 else None,
        "runs": runs,
    }


def without_labels(dirty: pl.DataFrame, wrong: np.ndarray[Any, Any]) -> dict[str, Any]:
    began = time.process_time()
    found = detect(dirty)
    return {**score(found.wrong(), wrong), "cpu_seconds": round(time.process_time() - began, 1)}


def single(dirty: pl.DataFrame, wrong: np.ndarray[Any, Any]) -> dict[str, dict[str, float]]:
    """Score each detector alone: ours at .5 and at the best threshold of all, and simple ones."""
    evidence = gather(dirty, 0)
    said = np.zeros((*wrong.shape, len(DETECTORS)), np.float32)
    for column in range(dirty.width):
        told = evidence.told(column)
        said[:, column] = together(told, np.zeros(dirty.height, np.float32), settled=False)
    found = {}
    for place, name in enumerate(DETECTORS):
        chance = said[:, :, place]
        best = max(
            (score(chance > above, wrong) for above in np.arange(0.05, 0.95, 0.05)),
            key=lambda one: one["f1"],
        )
        found[f"ours: {name}"] = {**score(chance > 0.5, wrong), "best_f1": best["f1"]}
    detectors: dict[str, Callable[[pl.DataFrame], np.ndarray[Any, Any]]] = SIMPLE
    for name, marks in detectors.items():
        found[f"simple: {name}"] = score(marks(dirty), wrong)
    return found


if __name__ == "__main__":
    sys.exit(main())
