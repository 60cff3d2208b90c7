"""Whether the interval that a fit states for its score holds the score on fresh rows.

    python benchmarks/trust/score_interval.py --seconds 150      go on where it stopped
    python benchmarks/trust/score_interval.py --table            what there is so far

The training rows of every public table are split again and again, three quarters and one quarter,
by chance (with --structured, of tables with groups or an order: whole groups, or the last rows of
a stretch of time). A model is fitted on the larger part and scored on the smaller one. Test files
are never read. Of a large table some rows are drawn: the interval is of small tables, where it
matters. Each fit appends one line to the results.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import DATA, RESULTS, describe

import modelwright as mw
from modelwright.evaluate.expected import expect
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.intervals import bootstrap

OUT = RESULTS / "trust" / "score_interval.jsonl"
SUMMARY = RESULTS / "trust" / "score_interval.json"
STRUCTURED = RESULTS / "trust" / "score_interval_structured.json"
LEFT_OUT = ("nsl_kdd_shift", "tennis_matches")  # drifts on purpose; too large to draw from
MOST_ROWS = 2_000
TRIALS = 4
MODELS = ("linear", "lightgbm", "extra-trees", "random-forest")
RESPLITS = 20
LEVEL = 0.9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--resplits", type=int, default=RESPLITS)
    parser.add_argument("--most-columns", type=int, default=200)
    parser.add_argument("--sets", default="")
    parser.add_argument("--structured", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    if asked.table:
        print_table(structured=asked.structured)
        return
    end = time.monotonic() + asked.seconds
    done = {(line["set"], line["seed"]) for line in lines()}
    longest: dict[str, float] = {}
    for line in lines():
        longest[line["set"]] = max(longest.get(line["set"], 0.0), line["seconds"])
    for seed in range(asked.resplits):
        for name, meta in chosen(asked):
            left = end - time.monotonic()
            if (name, seed) in done or left < 1.3 * longest.get(name, 20.0):
                continue
            line = one(name, meta, seed, asked.keep)
            longest[name] = max(longest.get(name, 0.0), line["seconds"])
            OUT.parent.mkdir(parents=True, exist_ok=True)
            with OUT.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
        if time.monotonic() > end:
            break


def chosen(asked: argparse.Namespace) -> list[tuple[str, dict[str, Any]]]:
    names = asked.sets.split(",") if asked.sets else sorted(p.name for p in DATA.iterdir())
    listed = []
    for name in names:
        about = DATA / name / "meta.json"
        if name in LEFT_OUT or not about.is_file():
            continue
        meta = json.loads(about.read_text("utf-8"))
        iid = meta["structure"] == "iid"
        if iid != asked.structured and meta["cols"] <= asked.most_columns:
            listed.append((name, meta))
    return sorted(listed, key=lambda pair: min(pair[1]["n_train"], MOST_ROWS) * pair[1]["cols"])


def one(name: str, meta: dict[str, Any], seed: int, keep: Path | None) -> dict[str, Any]:
    began = time.monotonic()
    frame = pl.read_csv(DATA / name / "train.csv.gz", infer_schema=False, quote_char='"')
    fitted, fresh = parted(frame, meta, seed)
    metric = meta["metric"]
    # rows are drawn by chance here, so the fit is told that none belong together
    structure = {"group": "none", "order": "none"} | structural(meta)
    with tempfile.TemporaryDirectory() as folder:
        settings = mw.Settings(trials=TRIALS, models=MODELS, seed=seed, workers=0, store=folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            train, test = Path(folder) / "train.csv", Path(folder) / "fresh.csv"
            fitted.write_csv(train)
            fresh.write_csv(test)
            result = mw.fit(
                train, meta["target"], task=meta["task"], metric=metric, settings=settings,
                **structure,
            )  # fmt: skip
            rows = result.model.answered(test)
    fit_seconds = time.monotonic() - began
    model = result.model
    assert model.evidence is not None
    line = next(s for s in result.leaderboard if s.name == "ensemble")
    held = HeldOut.of(model.task, model.evidence, model.decision)
    assert held is not None
    y, p = rows.y, rows.p
    judge = held.deciding
    assert judge is not None
    score = judge.score(y, p)
    promised = expect(held, line.score, rows=len(y), level=LEVEL)
    spread = bootstrap(lambda at: lambda w: np.array([judge.score(y.rows(at), p[at], w)]), len(y))
    assert promised is not None
    assert spread is not None
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    low, high = np.quantile(spread.around(score), tails)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            keep / f"{name}-{seed}.npz", y=held.y, p=held.p, fold=model.evidence.fold,
            fresh_y=y.values, fresh_p=p,
        )  # fmt: skip
    return {
        "set": name, "seed": seed, "metric": metric, "rows": fitted.height, "fresh": len(y),
        "structure": meta["structure"], "raw": line.raw, "score": line.score,
        "low": promised.low, "high": promised.high, "fresh_score": score,
        "test_low": float(low), "test_high": float(high),
        "fit_seconds": round(fit_seconds, 2), "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip


def parted(
    frame: pl.DataFrame, meta: dict[str, Any], seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split rows by chance in the shares of the classes, by groups, or by time."""
    rng = np.random.default_rng(seed)
    if meta["structure"] == "group":
        return parted_groups(frame, structural(meta)["group"], rng)
    if meta["structure"] == "time":
        return parted_times(frame, structural(meta)["order"], rng)
    rows = rng.permutation(frame.height)[:MOST_ROWS]
    fresh = np.zeros(len(rows), bool)
    if meta["metric"] == "rmse":
        fresh[: len(rows) // 4] = True
    else:
        labels = frame[meta["target"]].to_numpy()[rows]
        for label in np.unique(labels):
            own = np.flatnonzero(labels == label)
            fresh[own[: len(own) // 4]] = True
    return frame[np.sort(rows[~fresh])], frame[np.sort(rows[fresh])]


def structural(meta: dict[str, Any]) -> dict[str, str]:
    """Say what a fit is told of the groups or the order of a table."""
    told = {"group": ("group", "group_column"), "time": ("order", "time_column")}
    if meta["structure"] not in told:
        return {}
    key, column = told[meta["structure"]]
    return {key: meta[column]}


def parted_groups(
    frame: pl.DataFrame, column: str, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw whole groups until there are rows enough; a quarter of them is fresh."""
    groups = frame[column].unique().sort().to_numpy()
    drawn = rng.permutation(groups)
    counts = dict(frame.group_by(column).len().iter_rows())
    rows = np.cumsum([counts[group] for group in drawn])
    drawn = drawn[: max(int(np.searchsorted(rows, MOST_ROWS)), 8)]
    fresh = set(drawn[: len(drawn) // 4])
    whole = frame.filter(pl.col(column).is_in(list(drawn)))
    late = pl.col(column).is_in(list(fresh))
    return whole.filter(~late), whole.filter(late)


def parted_times(
    frame: pl.DataFrame, column: str, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take rows that follow each other in time; the last quarter of them is fresh."""
    ordered = frame.sort(column, maintain_order=True)  # they are written so that texts sort
    count = min(MOST_ROWS, int(0.8 * frame.height))
    start = int(rng.integers(0, frame.height - count + 1))
    window = ordered[start : start + count]
    return window[: count - count // 4], window[count - count // 4 :]


def lines() -> list[dict[str, Any]]:
    if not OUT.is_file():
        return []
    return [json.loads(line) for line in OUT.read_text("utf-8").splitlines()]


def print_table(*, structured: bool) -> None:
    found = [line for line in lines() if (line["structure"] == "iid") != structured]
    names = sorted({line["set"] for line in found})
    rows = []
    for name in [*names, None]:
        own = [line for line in found if name in (None, line["set"])]
        inside = [line["low"] <= line["fresh_score"] <= line["high"] for line in own]
        raw = [
            line["low"]
            <= line["fresh_score"] + line["score"] - (line["raw"] or line["score"])
            <= line["high"]
            for line in own
        ]
        width = [
            (line["high"] - line["low"]) / (line["test_high"] - line["test_low"])
            for line in own
            if line["test_high"] > line["test_low"]
        ]
        rows.append({
            "set": name or "all", "fits": len(own), "coverage": round(float(np.mean(inside)), 3),
            "coverage_around_the_raw_score": round(float(np.mean(raw)), 3),
            "width_against_test_bootstrap": round(float(np.mean(width)), 3),
            "median_width_against_it": round(float(np.median(width)), 3),
        })  # fmt: skip
        print(rows[-1])
    pooled = rows[-1]
    ratios = [
        sum(line["high"] - line["low"] for line in found if line["set"] == name)
        / sum(line["test_high"] - line["test_low"] for line in found if line["set"] == name)
        for name in names
    ]
    pooled["mean_width_over_mean_width_of_a_set"] = round(float(np.mean(ratios)), 3)
    print(f"mean over sets of mean width over mean width: {np.mean(ratios):.3f}")
    error = math.sqrt(0.09 / max(int(pooled["fits"]), 1))
    print(f"binomial standard error of a coverage of 0.9 over all fits: {error:.3f}")
    text = json.dumps(
        {"machine": describe(), "level": LEVEL, "trials": TRIALS, "rows": rows}, indent=1
    )
    (STRUCTURED if structured else SUMMARY).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
