"""Fit and predict 50 real tables: do they finish, in what time and memory, how well.

    python benchmarks/fit50.py [--sets adult,ames] [--time 30s] [--out FOLDER] [--fresh]

Each set is fitted on its training file and predicts its test file, in processes of their own; the
predictions are scored by scikit-learn. Results are written after every set, and a second call goes
on with the sets that are missing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from baseline import compare
from machine import DATA, RESULTS, as_text, describe
from scoring import score
from watched import Watched, modelwright, watch

LOWER_IS_BETTER = ("rmse", "log_loss")
PREDICT_LIMIT = 600.0


def main() -> int:
    """Run what is asked for."""
    options = _options()
    names = options.sets.split(",") if options.sets else sorted(p.name for p in DATA.iterdir())
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "fit50.json"
    results: dict[str, Any] = {"command": f"fit --time {options.time}", "sets": {}}
    if path.exists() and not options.fresh:
        before = json.loads(path.read_text(encoding="utf-8"))
        if before["command"] == results["command"]:
            results = before
    results["machine"] = describe()
    for name in names:
        if name in results["sets"] and not options.sets:
            continue
        results["sets"][name] = row = run_set(name, options.time)
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        (out / "fit50.md").write_text(report(results), encoding="utf-8")
        print(f"{name:22} {_line(row)}", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default="", help="names, comma-separated; all when left out")
    parser.add_argument("--time", default="30s", help="the budget of each fit")
    parser.add_argument("--out", default=str(RESULTS), help="folder for fit50.json and fit50.md")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    return parser.parse_args()


def run_set(name: str, budget: str) -> dict[str, Any]:
    """Fit and predict one set in a folder of its own, and score it."""
    meta = json.loads((DATA / name / "meta.json").read_text(encoding="utf-8"))
    work = Path(tempfile.mkdtemp(prefix="fit50-"))
    try:
        return _measure(name, meta, budget, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _measure(name: str, meta: dict[str, Any], budget: str, work: Path) -> dict[str, Any]:
    train, test = DATA / name / "train.csv.gz", DATA / name / "test.csv.gz"
    model, answers = work / "m.mw", work / "answers.csv"
    words = ["fit", str(train), "--target", meta["target"], "--metric", meta["metric"]]
    words += _structure(meta)
    words += ["--time", budget, "--out", str(model), "--store", str(work / "store"), "--json"]
    fit = watch(modelwright(*words), work, limit=20 * _seconds(budget))
    row: dict[str, Any] = {
        "metric": meta["metric"],
        "recorded_baseline": meta["hgb_baseline"]["score"],
        "baseline": meta["hgb_baseline"]["score"],
        "dummy": meta["hgb_baseline"]["dummy"],
        "fit_exit": fit.code,
        "fit_seconds": round(fit.seconds, 2),
        "fit_peak_mib": round(fit.peak_mib),
        "processes": fit.processes,
        "timings": _timings(fit),
        "model_kib": round(model.stat().st_size / 1024) if model.exists() else None,
    }
    if fit.code or not model.exists():
        return {**row, "error": _last_line(fit.stderr)}
    predict = watch(
        modelwright("predict", str(model), str(test), "--out", str(answers)), work, PREDICT_LIMIT
    )
    row |= {
        "predict_exit": predict.code,
        "predict_seconds": round(predict.seconds, 2),
        "predict_peak_mib": round(predict.peak_mib),
    }
    if predict.code or not answers.exists():
        return {**row, "error": _last_line(predict.stderr)}
    row["rows_in"] = len(pd.read_csv(test, low_memory=False))
    row["rows_out"] = len(pd.read_csv(answers, low_memory=False))
    try:
        row["score"] = round(score(answers, test, meta), 6)
        row |= asdict(compare(answers, train, test, meta))
    except (KeyError, ValueError) as error:
        row["error"] = f"{type(error).__name__}: {error}"
    return row


def _structure(meta: dict[str, Any]) -> list[str]:
    if meta["structure"] == "group":
        return ["--group", meta["group_column"]]
    return ["--order", meta["time_column"]] if meta["structure"] == "time" else []


def _seconds(budget: str) -> float:
    return float(budget.removesuffix("s"))


def _timings(fit: Watched) -> dict[str, float] | None:
    try:
        timings: dict[str, float] | None = json.loads(fit.stdout).get("timings")
    except ValueError:
        return None
    return timings


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else ""


def _line(row: dict[str, Any]) -> str:
    return (
        f"exit {row['fit_exit']}/{row.get('predict_exit')}  {row['fit_seconds']:6.1f} s  "
        f"{row['fit_peak_mib']:6} MiB  {row['metric']} {row.get('score')} "
        f"(baseline {row['baseline']})  {row.get('error', '')}"
    )


def first_model(row: dict[str, Any]) -> float | None:
    """Seconds from the end of reading to the first valid model file."""
    timings = row["timings"] or {}
    if timings.get("first_model") is None or timings.get("read") is None:
        return None
    return float(timings["first_model"]) - float(timings["read"])


def beats(row: dict[str, Any]) -> bool | None:
    """Whether the score is better than the recorded baseline's and the dummy's."""
    if row.get("score") is None:
        return None
    others = (row["recorded_baseline"], row["dummy"])
    if row["metric"] in LOWER_IS_BETTER:
        return bool(row["score"] < min(others))
    return bool(row["score"] > max(others))


def clearly_worse(row: dict[str, Any]) -> bool:
    """Whether the baseline is better in at least 95 % of paired bootstrap draws."""
    return float(row.get("worse", 0.0)) >= 0.95


def report(results: dict[str, Any]) -> str:
    """Write the results as a Markdown page."""
    rows: dict[str, Any] = results["sets"]
    done = [row for row in rows.values() if row["fit_exit"] == 0 and row.get("predict_exit") == 0]
    whole = [row for row in done if row["rows_in"] == row["rows_out"]]
    firsts = [value for row in rows.values() if (value := first_model(row)) is not None]
    lines = [
        "# 50 real tables",
        "",
        f"`python benchmarks/fit50.py`: `{results['command']}`, then `predict`, each in processes",
        "of their own. The baseline is scikit-learn's histogram boosting with its defaults, the",
        "dummy the prior. P(better): the share of 1,000 paired bootstrap draws of the test rows",
        "(100 of sets with more than 50,000) in which our score is the better one. For rmse and",
        "log_loss less is better. Memory is the peak of the summed PSS of all processes together,",
        "sampled every 50 ms.",
        "",
        as_text(results["machine"]) + ".",
        "",
        f"- Sets: {len(rows)}; fit and predict ended with exit 0: {len(done)};"
        f" one prediction for each row: {len(whole)}.",
        f"- Longest fit: {max(row['fit_seconds'] for row in rows.values()):.1f} s wall clock;"
        f" largest peak: {max(row['fit_peak_mib'] for row in rows.values())} MiB.",
        f"- Longest from the input read to the first model file: {max(firsts):.2f} s."
        if firsts
        else "- Time to the first model file: not reported.",
        f"- Better than baseline and dummy: {sum(beats(row) is True for row in rows.values())}.",
        f"- Significantly worse than the baseline (P >= .95): "
        f"{', '.join(name for name in sorted(rows) if clearly_worse(rows[name])) or 'none'}.",
        "",
        "| set | metric | score | baseline | dummy | P(better) | fit s | first model s | peak MiB"
        " | predict s | model KiB | exit |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_cells(name, rows[name]) for name in sorted(rows))]) + "\n"


def _cells(name: str, row: dict[str, Any]) -> str:
    first = first_model(row)
    score_text = "-" if row.get("score") is None else f"{row['score']:.5g}"
    cells = [
        name,
        row["metric"],
        f"**{score_text}**" if beats(row) else score_text,
        f"{row['baseline']:.5g}",
        f"{row['dummy']:.5g}",
        "-" if row.get("better") is None else f"{row['better']:.3f}",
        f"{row['fit_seconds']:.1f}",
        "-" if first is None else f"{first:.2f}",
        row["fit_peak_mib"],
        row.get("predict_seconds", "-"),
        row["model_kib"],
        f"{row['fit_exit']}/{row.get('predict_exit', '-')} {row.get('error', '')}".strip(),
    ]
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
