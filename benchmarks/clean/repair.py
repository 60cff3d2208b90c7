"""End-to-end repair: errors found and mended with twenty labelled rows, scored on all others.

    python benchmarks/clean/repair.py [--seeds 10] [--first 0] [--sets hospital,flights] [--keep]

For each seed twenty rows are drawn and labelled with the truth; they are not scored. A repair is
right when it gives the true value of a cell that was wrong. Beside what is applied without review
(`applied`) and what is applied or proposed (`all`), the same is done with errors that are known
(`oracle`), to tell what is lost to detection. `--keep` writes benchmarks/results/clean/repair.json.
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

from machine import RESULTS, ROOT, describe

from modelwright.clean import Errors, Labels, Repairs, detect, repair

ERRORS = ROOT.parent / "shared" / "data" / "errors"
PUBLISHED = {"hospital": 0.553, "flights": 0.647}  # Baran, end to end, the mean of five runs
ROWS = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--sets", default="hospital,flights")
    parser.add_argument("--no-oracle", action="store_true")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    found: dict[str, Any] = {
        "machine": describe(),
        "command": "python " + " ".join(["benchmarks/clean/repair.py", *sys.argv[1:]]),
        "labelled_rows": ROWS,
        "sets": {},
    }
    for name in given.sets.split(","):
        runs = []
        for seed in range(given.first, given.first + given.seeds):
            runs.append(one_run(name, seed, oracle=not given.no_oracle))
            print(name, seed, json.dumps(runs[-1]), flush=True)
        found["sets"][name] = {
            "published_f1": PUBLISHED.get(name),
            "mean": means(runs),
            "runs": runs,
        }
        print(name, "mean", json.dumps(found["sets"][name]["mean"]), flush=True)
    if given.keep:
        home = RESULTS / "clean"
        home.mkdir(parents=True, exist_ok=True)
        (home / "repair.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def tables(name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the dirty table and the true one, text as it stands."""
    dirty, clean = (
        pl.read_csv(ERRORS / name / f"{part}.csv", infer_schema=False)
        for part in ("dirty", "clean")
    )
    return dirty, clean.rename(dict(zip(clean.columns, dirty.columns, strict=True)))


def one_run(name: str, seed: int, *, oracle: bool) -> dict[str, Any]:
    dirty, clean = tables(name)
    rows = np.sort(np.random.default_rng(seed).choice(dirty.height, ROWS, replace=False))
    labels = Labels(rows, clean[rows])
    began = time.process_time()
    errors = detect(dirty, labels=labels, seed=seed)
    middle = time.process_time()
    repairs = repair(dirty, errors, labels=labels, seed=seed)
    ended = time.process_time()
    wrong = differing(dirty, clean)
    kept = np.ones(dirty.height, np.bool_)
    kept[rows] = False
    run: dict[str, Any] = {
        "seed": seed,
        "detection": score(errors.wrong()[kept] & wrong[kept], errors.wrong()[kept], wrong[kept]),
        **scores(repairs, clean, wrong, kept),
        "cpu_seconds": {"detect": round(middle - began, 1), "repair": round(ended - middle, 1)},
    }
    if oracle:
        known = Errors(
            tuple(dirty.columns),
            wrong.astype(np.float32),
            np.full(wrong.shape, -1, np.int16),
            (),
        )
        told = scores(repair(dirty, known, labels=labels, seed=seed), clean, wrong, kept)
        run["oracle"] = told
    return run


def differing(one: pl.DataFrame, other: pl.DataFrame) -> np.ndarray:
    pairs = ((one[name].fill_null(""), other[name].fill_null("")) for name in one.columns)
    return np.column_stack([(a != b).to_numpy() for a, b in pairs])


def scores(
    repairs: Repairs, clean: pl.DataFrame, wrong: np.ndarray, kept: np.ndarray
) -> dict[str, Any]:
    place = {column: i for i, column in enumerate(clean.columns)}
    truth = [clean[column].fill_null("").to_list() for column in clean.columns]
    sets = {"applied": repairs.applied, "all": repairs.all}
    found = {}
    for name, several in sets.items():
        mine = [one for one in several if kept[one.row]]
        right = sum(
            bool(wrong[one.row, place[one.column]])
            and (one.new or "") == truth[place[one.column]][one.row]
            for one in mine
        )
        found[name] = prf(right, len(mine), int(wrong[kept].sum()))
    return found


def score(right: np.ndarray, said: np.ndarray, there: np.ndarray) -> dict[str, float]:
    return prf(int(right.sum()), int(said.sum()), int(there.sum()))


def prf(right: int, said: int, there: int) -> dict[str, float]:
    precision, recall = right / max(said, 1), right / max(there, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def means(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Average the figures of all seeds, with the standard deviation of F1."""
    found: dict[str, Any] = {}
    for key in ("detection", "applied", "all"):
        found[key] = {
            one: round(float(np.mean([run[key][one] for run in runs])), 4)
            for one in ("precision", "recall", "f1")
        }
        found[key]["f1_sd"] = round(float(np.std([run[key]["f1"] for run in runs])), 4)
    if "oracle" in runs[0]:
        found["oracle_f1"] = round(float(np.mean([run["oracle"]["all"]["f1"] for run in runs])), 4)
    total = [sum(run["cpu_seconds"].values()) for run in runs]
    found["cpu_seconds"] = round(float(np.mean(total)), 1)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
