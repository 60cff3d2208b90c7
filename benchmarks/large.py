"""A million rows: is the time kept, in how much memory, and what do ten times the rows cost.

python benchmarks/large.py [--rows 1000000] [--columns 30] [--time 300]

A generated table of numbers, categories and dates whose answer needs pairs of columns. Two
questions: `fit --time` on all rows, beside one LightGBM on all rows with early stopping (on 2
threads, no limit of time); and the same two trials, without a clock, on a tenth of the rows and on
all of them. The score is that of 200,000 fresh rows. Results are kept in
benchmarks/results/large.json and .md, each as soon as it is there, and not measured again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import polars as pl
from machine import RESULTS, as_text, describe
from sklearn.metrics import roc_auc_score
from watched import modelwright, watch

FRESH = 200_000
TRIALS = ("--trials", "2", "--models", "linear,lightgbm")
PATIENCE = 3_600.0
KEPT = RESULTS / "large.json"


def main() -> int:
    """Measure, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--time", type=int, default=300)
    options = parser.parse_args()
    asked = f"large.py --rows {options.rows} --columns {options.columns} --time {options.time}"
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    results: dict[str, Any] = kept if kept.get("command") == asked else {"command": asked}
    results |= {"rows": options.rows, "columns": options.columns}
    with tempfile.TemporaryDirectory(prefix="large-") as name:
        folder = Path(name)
        table(options.rows, options.columns, 0).write_parquet(folder / "all.parquet")
        table(options.rows // 10, options.columns, 1).write_parquet(folder / "tenth.parquet")
        table(FRESH, options.columns, 2).write_parquet(folder / "fresh.parquet")
        timed = ("--time", f"{options.time}s")
        for key, measure in (
            ("all_by_time", partial(fitted, folder, "all.parquet", timed)),
            ("tenth_by_trials", partial(fitted, folder, "tenth.parquet", TRIALS)),
            ("all_by_trials", partial(fitted, folder, "all.parquet", TRIALS)),
            ("lightgbm", partial(one_booster, folder)),
        ):
            if key not in results:
                results[key] = measure() | {"machine": describe()}
                print(key, results[key], flush=True)
                KEPT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    page = _page(results)
    (RESULTS / "large.md").write_text(page, encoding="utf-8")
    print(page)
    return 0


def table(rows: int, columns: int, seed: int) -> pl.DataFrame:
    """Draw rows: two thirds numbers, a quarter categories, a date; the answer needs pairs."""
    shape = np.random.default_rng(0)  # what the answer needs, the same for all rows
    draw = np.random.default_rng((7, seed))
    values = draw.normal(size=(rows, columns)).astype(np.float32)
    pairs = shape.integers(0, columns, (12, 2))
    weights = shape.normal(size=12)
    hidden = values[:, :5].sum(1) + 1.5 * draw.normal(size=rows)
    for weight, (one, other) in zip(weights, pairs, strict=True):
        hidden += weight * values[:, one] * np.tanh(values[:, other])
    made: dict[str, object] = {}
    for i in range(columns):
        column = values[:, i]
        if i % 4 == 3:
            made[f"kind_{i}"] = pl.Series((column * 8).round().astype(np.int32)).cast(pl.String)
        elif i == 8:
            made["day"] = np.datetime64("2020-01-01") + (column * 200).astype("timedelta64[D]")
        else:
            made[f"size_{i}"] = column
    made["bought"] = np.where(hidden > 1, "yes", "no")
    return pl.DataFrame(made)


def fitted(folder: Path, data: str, words: tuple[str, ...]) -> dict[str, Any]:
    """Fit by the command line, and score the fresh rows."""
    model, answers = folder / "m.mw", folder / "answers.parquet"
    command = modelwright("fit", data, "--target", "bought", "--metric", "roc_auc", *words)
    fit = watch([*command, "--out", str(model), "--store", str(folder / "s")], folder, PATIENCE)
    row: dict[str, Any] = {
        "seconds": round(fit.seconds, 1),
        "peak_gib": round(fit.peak_mib / 1024, 2),
    }
    if fit.code:
        return row | {"error": fit.stderr.strip()[-300:]}
    done = watch(
        modelwright("predict", str(model), "fresh.parquet", "--out", str(answers)), folder, PATIENCE
    )
    truth = pl.read_parquet(folder / "fresh.parquet")["bought"] == "yes"
    score = roc_auc_score(truth.to_numpy(), pl.read_parquet(answers)["p_yes"].to_numpy())
    return row | {"roc_auc": round(float(score), 5), "predict_seconds": round(done.seconds, 1)}


def one_booster(folder: Path) -> dict[str, Any]:
    """Fit what a person would write in ten lines: one LightGBM, early stopping on a tenth."""
    began = time.perf_counter()
    frame, fresh = (pl.read_parquet(folder / f"{name}.parquet") for name in ("all", "fresh"))
    x, y = _numbers(frame), (frame["bought"] == "yes").to_numpy()
    cut = len(y) * 9 // 10
    booster = lightgbm.LGBMClassifier(
        n_estimators=5_000, learning_rate=0.1, n_jobs=2, verbosity=-1
    ).fit(x[:cut], y[:cut], eval_set=[(x[cut:], y[cut:])], callbacks=[lightgbm.early_stopping(50)])
    seconds = time.perf_counter() - began
    chances = np.asarray(booster.predict_proba(_numbers(fresh)))[:, 1]
    score = roc_auc_score((fresh["bought"] == "yes").to_numpy(), chances)
    return {"seconds": round(seconds, 1), "roc_auc": round(float(score), 5)}


def _numbers(frame: pl.DataFrame) -> Any:
    numbers = pl.col(pl.String).cast(pl.Int32)
    return frame.drop("bought").with_columns(numbers, pl.col("day").to_physical()).to_numpy()


def _page(results: dict[str, Any]) -> str:
    lines = [
        "# A million rows",
        "",
        f"`python benchmarks/{results['command']}`; AUC of {FRESH:,} fresh rows.",
        "",
        as_text(results["all_by_time"]["machine"]) + ".",
        "",
        "| what | seconds | peak GiB | AUC |",
        "|---|---|---|---|",
    ]
    for name, key in (
        ("all rows, by time", "all_by_time"),
        ("two trials, all rows", "all_by_trials"),
        ("two trials, a tenth of the rows", "tenth_by_trials"),
        ("one LightGBM, all rows", "lightgbm"),
    ):
        row = results[key]
        lines.append(
            f"| {name} | {row['seconds']} | {row.get('peak_gib', '')} | {row.get('roc_auc', '')} |"
        )
    whole, tenth = (results[key]["seconds"] for key in ("all_by_trials", "tenth_by_trials"))
    lines += [
        "",
        f"Ten times the rows: {whole / tenth:.1f} times the time.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
