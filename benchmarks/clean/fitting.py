"""Does cleaning help a fit: 50 real tables, with and without `--clean`, at the same time budget.

    python benchmarks/clean/fitting.py [--sets adult,ames] [--time 12s | --trials 4] [--develop]
                                       [--limit 1500] [--fresh] [--keep]

Each set is fitted twice, one after the other, and both models predict the same rows; which goes
first changes from set to set. A paired bootstrap of these rows says how surely one is better. Two
fits under a clock differ by chance as well: `--trials` looks at no clock, and then a set of which
nothing is cleaned has the same model twice. `--develop` splits the training file, and leaves the
test file alone. Results are written after every set, a second call goes on with the sets that are
missing, and `--limit` starts no further set after so many seconds. `--keep` writes to
benchmarks/results/clean.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import DATA, RESULTS, as_text, describe
from scoring import Scored, known_rows
from watched import Watched, modelwright, watch

ROUNDS = 1000
MANY_ROWS = 50_000
PREDICT_LIMIT = 300.0
SURE = 0.95
ARMS = ("plain", "cleaned")


def main() -> int:
    options = _options()
    names = options.sets.split(",") if options.sets else sorted(p.name for p in DATA.iterdir())
    effort = ["--trials", options.trials] if options.trials else ["--time", options.time]
    out = RESULTS / "clean" if options.keep else Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / ("fitting-develop.json" if options.develop else "fitting.json")
    command = "fit " + " ".join(effort) + (", splits of training files" if options.develop else "")
    results: dict[str, Any] = {"command": command, "sets": {}}
    if path.exists() and not options.fresh:
        before = json.loads(path.read_text(encoding="utf-8"))
        if before["command"] == command:
            results = before
    results["machine"] = describe()
    began = time.monotonic()
    for place, name in enumerate(names):
        if "gain" in results["sets"].get(name, {}) and not options.sets:
            continue
        if time.monotonic() - began > options.limit:
            print(f"stopped before {name}: call again for the rest", flush=True)
            break
        try:
            row = run_set(name, effort, place, develop=options.develop)
        except Exception as error:  # one set must not stop the others
            row = {"error": f"{type(error).__name__}: {error}"[:300]}
        results["sets"][name] = row
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        path.with_suffix(".md").write_text(report(results), encoding="utf-8")
        print(f"{name:22} {_line(row)}", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default="", help="names, comma-separated; all when left out")
    parser.add_argument("--time", default="12s", help="the budget of each fit")
    parser.add_argument("--trials", default="", help="so many trials in place of the time")
    parser.add_argument("--develop", action="store_true", help="split the training file instead")
    parser.add_argument("--limit", type=float, default=1e9, help="seconds for all sets")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    parser.add_argument("--keep", action="store_true", help="write to benchmarks/results/clean")
    parser.add_argument("--out", default=str(Path(tempfile.gettempdir()) / "clean-fitting"))
    return parser.parse_args()


def run_set(name: str, effort: list[str], place: int, *, develop: bool) -> dict[str, Any]:
    """Fit one set with and without cleaning, and compare on the same rows."""
    meta = json.loads((DATA / name / "meta.json").read_text(encoding="utf-8"))
    work = Path(tempfile.mkdtemp(prefix="clean-fitting-"))
    try:
        train, test = DATA / name / "train.csv.gz", DATA / name / "test.csv.gz"
        if develop:
            train, test = _split(train, meta, work)
        row: dict[str, Any] = {"metric": meta["metric"]}
        order = ARMS if place % 2 else ARMS[::-1]
        for arm in order:
            row[arm] = _arm(arm, train, test, meta, effort, work)
            if "error" in row[arm]:
                return {**row, "error": f"{arm}: {row[arm]['error']}"}
        return row | _compared(work, test, meta)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _split(train: Path, meta: Mapping[str, Any], work: Path) -> tuple[Path, Path]:
    """Cut a training file in two, as the set was: in time, by groups, or at random."""
    rows = pd.read_csv(train, dtype=str, keep_default_na=False, low_memory=False)
    rng = np.random.default_rng(1)
    if meta["structure"] == "time":  # training files are in order
        late = np.arange(len(rows)) >= 0.75 * len(rows)
    elif meta["structure"] == "group":
        codes = pd.factorize(rows[meta["group_column"]])[0]
        late = rng.permutation(codes.max() + 1)[codes] >= 0.75 * (codes.max() + 1)
    else:
        late = rng.random(len(rows)) >= 0.75
    paths = work / "train.csv", work / "test.csv"
    for path, some in zip(paths, (~late, late), strict=True):
        rows[some].to_csv(path, index=False)
    return paths


def _arm(
    arm: str, train: Path, test: Path, meta: Mapping[str, Any], effort: list[str], work: Path
) -> dict[str, Any]:
    model, answers = work / f"{arm}.mw", work / f"{arm}.csv"
    words = ["fit", str(train), "--target", meta["target"], "--metric", meta["metric"]]
    if meta["structure"] == "group":
        words += ["--group", meta["group_column"]]
    elif meta["structure"] == "time":
        words += ["--order", meta["time_column"]]
    words += [*effort, "--out", str(model), "--store", str(work / f"store-{arm}"), "--json"]
    words += ["--clean"] if arm == "cleaned" else []
    fit = watch(modelwright(*words), work, limit=600.0)
    found: dict[str, Any] = {"fit_seconds": round(fit.seconds, 2)}
    if fit.code or not model.exists():
        return {**found, "error": f"exit {fit.code}: {_last_line(fit.stderr)}"}
    found |= _told(fit)
    done = watch(
        modelwright("predict", str(model), str(test), "--out", str(answers), "--json"),
        work,
        PREDICT_LIMIT,
    )
    found["predict_seconds"] = round(done.seconds, 2)
    if done.code or not answers.exists():
        return {**found, "error": f"exit {done.code}: {_last_line(done.stderr)}"}
    mended = json.loads(done.stdout).get("mended")
    return found if mended is None else {**found, "mended_in_new_rows": mended["cells"]}


def _told(fit: Watched) -> dict[str, Any]:
    said = json.loads(fit.stdout)
    found: dict[str, Any] = {
        "out_of_fold": said.get("score"),
        "first_model": said["timings"]["first_model"] - said["timings"]["read"],
    }
    if said.get("cleaned") is not None:
        found["cells"] = said["cleaned"]["cells"]
        found["columns_left_out"] = sum(not one["cells"] for one in said["cleaned"]["done"])
        found["tried"] = said["cleaned"]["tried"]
    return found


def _compared(work: Path, test: Path, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Score both models on the same rows, and on draws of them."""
    rows = known_rows(test, meta)
    plain, clean = (
        Scored.of(pd.read_csv(work / f"{arm}.csv", low_memory=False), rows, meta) for arm in ARMS
    )
    sign = 1.0 if clean.greater_is_better else -1.0
    rng, count = np.random.default_rng(0), len(clean.truth)
    gaps = []
    for _ in range(ROUNDS if count <= MANY_ROWS else ROUNDS // 10):
        drawn = rng.integers(0, count, count)
        gaps.append(sign * (clean.score(drawn) - plain.score(drawn)))
    known = np.array([gap for gap in gaps if np.isfinite(gap)])
    scores = {arm: one.score() for arm, one in zip(ARMS, (plain, clean), strict=True)}
    return {
        "scores": scores,
        "gain": sign * (scores["cleaned"] - scores["plain"]),
        "better": float((known > 0).mean()),
        "worse": float((known < 0).mean()),
    }


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else ""


def _line(row: Mapping[str, Any]) -> str:
    if "gain" not in row:
        return f"failed: {row.get('error')}"
    scores, clean = row["scores"], row["cleaned"]
    kept = [one["kind"] for one in clean.get("tried", []) if one["kept"]]
    return (
        f"{row['metric']:8} {scores['plain']:.5g} -> {scores['cleaned']:.5g}  "
        f"better {row['better']:.3f} worse {row['worse']:.3f}  {clean.get('cells', 0)} cells  "
        f"{', '.join(kept) or '-'}"
    )


def report(results: Mapping[str, Any]) -> str:
    """Write the results as a Markdown page."""
    sets: Mapping[str, dict[str, Any]] = results["sets"]
    done = {name: row for name, row in sets.items() if "gain" in row}
    touched = {name for name, row in done.items() if _touched(row)}
    better = sorted(name for name, row in done.items() if row["better"] >= SURE)
    worse = sorted(name for name, row in done.items() if row["worse"] >= SURE)
    lines = [
        "# Fit with and without cleaning",
        "",
        f"`python benchmarks/clean/fitting.py`: `{results['command']}`, with and without",
        "`--clean`, one after the other. P(better), P(worse): the share of 1,000 paired bootstrap",
        "draws of the scored rows (100 of more than 50,000) in which the model with cleaning is",
        "better, and worse.",
        "",
        as_text(results["machine"]) + ".",
        "",
        f"- Sets: {len(sets)}, compared {len(done)}, failed "
        f"{', '.join(sorted(set(sets) - set(done))) or 'none'}.",
        f"- Something was cleaned: {len(touched)} sets; nowhere else does a row differ.",
        f"- Better (P >= .95): {len(better)} ({_named(better, touched)}).",
        f"- Worse (P >= .95): {len(worse)} ({_named(worse, touched)}).",
        "",
        "A set of which nothing was cleaned is in brackets: what differs there is chance and the "
        "clock.",
        "",
        "| set | metric | plain | cleaned | P(better) | P(worse) | cells | columns out | kept"
        " | s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_cells(name, sets[name]) for name in sorted(sets))]) + "\n"


def _touched(row: Mapping[str, Any]) -> bool:
    clean = row["cleaned"]
    return bool(clean.get("cells") or clean.get("columns_left_out"))


def _named(names: list[str], touched: set[str]) -> str:
    return ", ".join(name if name in touched else f"[{name}]" for name in names) or "none"


def _cells(name: str, row: Mapping[str, Any]) -> str:
    if "gain" not in row:
        return f"| {name} | {row.get('metric', '')} | failed: {row.get('error')} | | | | | | | |"
    clean, scores = row["cleaned"], row["scores"]
    kept = [one["kind"] for one in clean.get("tried", []) if one["kept"]]
    seconds = clean["fit_seconds"] + row["plain"]["fit_seconds"]
    cells = [
        name, row["metric"], f"{scores['plain']:.5g}", f"{scores['cleaned']:.5g}",
        f"{row['better']:.3f}", f"{row['worse']:.3f}", f"{clean.get('cells', 0):,}",
        clean.get("columns_left_out", 0), ", ".join(kept) or "-", f"{seconds:.0f}",
    ]  # fmt: skip
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
