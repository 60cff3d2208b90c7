"""Coverage and width of intervals and sets, ours and MAPIE's, on real tables without an order.

    python benchmarks/trust/intervals.py --seconds 150      go on where it stopped
    python benchmarks/trust/intervals.py --table            what there is so far

The rows of a training file are dealt into five parts by chance; each part is predicted by models
of the other four, so that every row is judged once. Of more than 4,000 rows to fit on, 4,000 are
drawn. Test files are never read. MAPIE has to be installed beside (pip install mapie).

Systems: `tool` is modelwright.fit and predict(interval=...), two learners, no clock;
`same` is our calibration around the very model that MAPIE gets: scikit-learn's histogram boosting,
strings as numbers; `cv` is MAPIE's CV+ (CrossConformalRegressor, CrossConformalClassifier), `cqr`
its conformalised quantiles, `scaled` its split conformal with normalised residuals, `aps` and
`raps` its adaptive sets.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from baseline import _as_numbers
from machine import DATA, RESULTS, describe
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold

import modelwright as mw
from modelwright.core.budget import Budget
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.evaluate.conformal import CalibrationRows, LabelSets, NumberIntervals
from modelwright.evaluate.conformal.difficulty import (
    difficulty_of,
    difficulty_target,
    with_prediction,
)
from modelwright.models import make_learner
from modelwright.plan.findings.uncertainty import CONFIG, ROUNDS

OUT = RESULTS / "trust" / "intervals.jsonl"
SUMMARY = RESULTS / "trust" / "intervals.json"
PARTS = 5
MOST = 4_000
LEVEL = 0.9
LEVELS = (0.8, 0.85, 0.88, 0.9, 0.92, 0.95, 0.98)
OTHERS = {"regression": ("cv", "cqr", "scaled"), "multiclass": ("cv", "aps", "raps")}
SURE = 2.576  # 99 %: of 20 sets, one in five would leave bounds of 95 % by chance alone
MODELS = ("lightgbm", "linear")
SYSTEMS = {
    "regression": ("tool", "same", "cv", "cqr", "scaled"),
    "multiclass": ("tool", "same", "cv", "aps", "raps"),
}
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--systems", default="tool,same,cv,cqr,scaled,aps,raps")
    parser.add_argument("--sets", default="")
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    if not asked.table:
        measure(
            asked.seconds, asked.systems.split(","), asked.sets.split(",") if asked.sets else []
        )
    summarise()


def measure(seconds: float, systems: list[str], sets: list[str]) -> None:
    """Measure what is not measured yet, until the time is over."""
    end = time.monotonic() + seconds
    done = {(line["set"], line["part"], line["system"]) for line in lines()}
    longest: dict[tuple[str, str], float] = {}
    cases = [(name, meta, system) for name, meta in tables() for system in SYSTEMS[meta["task"]]]
    cases.sort(key=lambda one: one[2] == "tool")
    wanted = [
        (name, meta, system, part)
        for name, meta, system in cases
        for part in range(PARTS)
        if system in systems and (not sets or name in sets) and (name, part, system) not in done
    ]
    for name, meta, system, part in wanted:
        began = time.monotonic()
        if began + 1.2 * longest.get((name, system), 10.0) > end:
            print("out of time: call again to go on")
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = case(name, meta, part, system)
        longest[name, system] = time.monotonic() - began
        line = {"set": name, "part": part, "system": system, "task": meta["task"]}
        line |= found | {"seconds": round(longest[name, system], 2)}
        OUT.parent.mkdir(parents=True, exist_ok=True)
        with OUT.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(name, part, system, line["seconds"], found.get("failed", ""), flush=True)


def tables() -> Iterator[tuple[str, dict[str, Any]]]:
    """List tables of numbers and of several classes whose rows have no order, small ones first."""
    found = []
    for folder in sorted(DATA.iterdir()):
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        structure = meta["structure"]
        kind = structure["kind"] if isinstance(structure, dict) else structure
        if meta["task"] in SYSTEMS and kind == "iid":
            found.append(((folder / "train.csv.gz").stat().st_size, folder.name, meta))
    yield from ((name, meta) for _, name, meta in sorted(found, key=lambda one: one[0]))


def lines() -> list[dict[str, Any]]:
    """Read what was measured."""
    if not OUT.exists():
        return []
    return [json.loads(line) for line in OUT.read_text("utf-8").splitlines()]


def case(name: str, meta: dict[str, Any], part: int, system: str) -> dict[str, Any]:
    """Fit on four parts, and judge the intervals of the fifth."""
    seen, new = dealt(name, meta, part)
    judge = numbers if meta["task"] == "regression" else labels
    try:
        return judge(seen, new, meta["target"], system)
    except (ValueError, mw.UserError) as error:
        return {"failed": f"{type(error).__name__}: {error}"[:200]}


def dealt(name: str, meta: dict[str, Any], part: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the rows to fit on, and those to judge by."""
    path = DATA / name / "train.csv.gz"
    frame = pd.read_csv(path, low_memory=False, na_values=["?"])
    frame = frame[frame[meta["target"]].notna()].reset_index(drop=True)
    if meta["task"] != "regression":
        frame[meta["target"]] = frame[meta["target"]].astype(str)
    rng = np.random.default_rng(1)
    deal = rng.permutation(len(frame)) % PARTS
    seen = frame[deal != part]
    if len(seen) > MOST:
        seen = seen.iloc[np.sort(rng.choice(len(seen), MOST, replace=False))]
    return seen.reset_index(drop=True), frame[deal == part].reset_index(drop=True)


def numbers(seen: pd.DataFrame, new: pd.DataFrame, target: str, system: str) -> dict[str, Any]:
    """Judge intervals: what share of answers they hold, and how wide they are."""
    y = new[target].to_numpy(float)
    if system == "tool":
        model = fitted(seen, target)
        told = str(model.intervals)
        answers = {
            level: model.predict(new.drop(columns=target), interval=level) for level in LEVELS
        }
        ends = {k: (a["lower"].to_numpy(), a["upper"].to_numpy()) for k, a in answers.items()}
        return {"how": told, **held(y, ends)}
    b = seen[target].to_numpy(float)
    A, T = _as_numbers(seen.drop(columns=target), new.drop(columns=target))
    if system == "same":
        made, p, hard = same_numbers(A, b, T)
        ends = {level: made.between(p, level, hard) for level in LEVELS}
        return {"how": str(made), **held(y, ends)}
    lower, upper = mapie_numbers(A, b, T, system)
    return held(y, {LEVEL: (lower, upper)})


def held(y: np.ndarray, ends: dict[float, tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    hits = {k: int(((low <= y) & (y <= high)).sum()) for k, (low, high) in ends.items()}
    widths = {k: float((high - low).sum()) for k, (low, high) in ends.items()}
    return {"rows": len(y), "hits": hits, "widths": widths}


def fitted(seen: pd.DataFrame, target: str) -> mw.Model:
    """Fit with our tool."""
    with tempfile.TemporaryDirectory() as store:
        os.environ["MODELWRIGHT_STORE"] = store
        settings = mw.Settings(trials=len(MODELS), models=MODELS, workers=0)
        return mw.fit(seen, target, settings=settings).model


def same_numbers(A: np.ndarray, b: np.ndarray, T: np.ndarray) -> Any:
    """Calibrate the model that MAPIE gets, as a fit of ours would."""
    oof = np.empty(len(b))
    for train, valid in KFold(PARTS, shuffle=True, random_state=0).split(A):
        model = HistGradientBoostingRegressor(random_state=0).fit(A[train], b[train])
        oof[valid] = model.predict(A[valid])
    p = HistGradientBoostingRegressor(random_state=0).fit(A, b).predict(T)[:, None]
    names = [f"x{j}" for j in range(A.shape[1])]
    X, Z = (
        with_prediction(Matrix.of_numbers(table.astype(np.float32), names), said)
        for table, said in ((A, oof[:, None]), (T, p))
    )
    y = Target(difficulty_target(b - oof))
    learner, values = make_learner("lightgbm", CONFIG), np.empty(len(b))
    for train, valid in KFold(4, shuffle=True, random_state=1).split(A):
        one = learner.fit(X.rows(train), y.rows(train), budget=Budget(units=ROUNDS), seed=0)
        values[valid] = difficulty_of(one.predict(X.rows(valid)))
    whole = learner.fit(X, y, budget=Budget(units=ROUNDS), seed=0)
    rows = CalibrationRows(b, oof[:, None], difficulty=values)
    return NumberIntervals.learn(rows), p, difficulty_of(whole.predict(Z))


def mapie_numbers(A: np.ndarray, b: np.ndarray, T: np.ndarray, system: str) -> Any:
    """Give the ends of MAPIE's intervals."""
    from mapie.conformity_scores import ResidualNormalisedScore
    from mapie.regression import (
        ConformalizedQuantileRegressor,
        CrossConformalRegressor,
        SplitConformalRegressor,
    )

    base = HistGradientBoostingRegressor(random_state=0)
    if system == "cv":
        made = CrossConformalRegressor(base, LEVEL, cv=PARTS, random_state=0)
        ends = made.fit_conformalize(A, b).predict_interval(T)[1]
        return ends[:, 0, 0], ends[:, 1, 0]
    held_back = np.random.default_rng(0).permutation(len(b)) % 4 == 0
    train, calib = ~held_back, held_back
    if system == "cqr":
        quantile = HistGradientBoostingRegressor(loss="quantile", quantile=0.5, random_state=0)
        made = ConformalizedQuantileRegressor(quantile, LEVEL)
    else:
        score = ResidualNormalisedScore(
            residual_estimator=HistGradientBoostingRegressor(random_state=0), random_state=0
        )
        made = SplitConformalRegressor(base, LEVEL, conformity_score=score, prefit=False)
    ends = made.fit(A[train], b[train]).conformalize(A[calib], b[calib]).predict_interval(T)[1]
    return ends[:, 0, 0], ends[:, 1, 0]


def labels(seen: pd.DataFrame, new: pd.DataFrame, target: str, system: str) -> dict[str, Any]:
    """Judge sets: what share of labels they hold, and how many labels they have."""
    y = new[target].to_numpy(str)
    if system == "tool":
        return tool_labels(seen, new, target)
    classes, codes = np.unique(seen[target].to_numpy(str), return_inverse=True)
    A, T = _as_numbers(seen.drop(columns=target), new.drop(columns=target))
    place = {label: k for k, label in enumerate(classes)}
    true = np.array([place.get(label, -1) for label in y])
    if system == "same":
        made, p = same_labels(A, codes, T, len(classes))
        found = {level: made.within(p, level) for level in LEVELS}
        told = {"how": str(made)}
    else:
        found, told = {LEVEL: mapie_labels(A, codes, T, system)}, {}
    hits = {k: int((one[np.arange(len(y)), true] & (true >= 0)).sum()) for k, one in found.items()}
    sizes = {k: float(one.sum()) for k, one in found.items()}
    return {**told, "rows": len(y), "hits": hits, "widths": sizes}


def tool_labels(seen: pd.DataFrame, new: pd.DataFrame, target: str) -> dict[str, Any]:
    """Judge the sets that our tool gives."""
    model, asked = fitted(seen, target), new.drop(columns=target)
    sets = {level: model.predict(asked, interval=level)["set"].tolist() for level in LEVELS}
    y = new[target].to_list()
    hits = {
        k: sum(label in one for label, one in zip(y, some, strict=True)) for k, some in sets.items()
    }
    sizes = {k: float(sum(map(len, some))) for k, some in sets.items()}
    return {"how": str(model.intervals), "rows": len(y), "hits": hits, "widths": sizes}


def same_labels(A: np.ndarray, codes: np.ndarray, T: np.ndarray, count: int) -> Any:
    """Calibrate the model that MAPIE gets, as a fit of ours would."""
    oof = np.full((len(codes), count), 1e-9)
    least = int(np.bincount(codes).min())
    folds = StratifiedKFold(PARTS, shuffle=True, random_state=0) if least >= PARTS else KFold(
        PARTS, shuffle=True, random_state=0
    )  # fmt: skip
    for train, valid in folds.split(A, codes):
        model = HistGradientBoostingClassifier(random_state=0).fit(A[train], codes[train])
        oof[np.ix_(valid, model.classes_)] = model.predict_proba(A[valid])
    model = HistGradientBoostingClassifier(random_state=0).fit(A, codes)
    return LabelSets.learn(CalibrationRows(codes, oof)), model.predict_proba(T)


def mapie_labels(A: np.ndarray, codes: np.ndarray, T: np.ndarray, system: str) -> np.ndarray:
    """Give MAPIE's sets."""
    from mapie.classification import CrossConformalClassifier, SplitConformalClassifier

    base = HistGradientBoostingClassifier(random_state=0)
    if system == "cv":
        made = CrossConformalClassifier(base, LEVEL, "lac", cv=PARTS, random_state=0)
        return np.asarray(made.fit_conformalize(A, codes).predict_set(T)[1][:, :, 0], bool)
    back = np.random.default_rng(0).permutation(len(codes)) % 4 == 0
    made = SplitConformalClassifier(base, LEVEL, system, prefit=False, random_state=0)
    made = made.fit(A[~back], codes[~back]).conformalize(A[back], codes[back])
    return np.asarray(made.predict_set(T)[1][:, :, 0], bool)


def summarise() -> None:
    """Pool the parts of each set, compare at equal coverage, and write it down."""
    pooled: dict[tuple[str, str], list[dict[str, Any]]] = {}
    tasks = {}
    for line in lines():
        tasks[line["set"]] = line["task"]
        pooled.setdefault((line["set"], line["system"]), []).append(line)
    rows = []
    for name in sorted(tasks, key=lambda one: (tasks[one], one)):
        row: dict[str, Any] = {"set": name, "task": tasks[name]}
        for system in SYSTEMS[tasks[name]]:
            parts = [one for one in pooled.get((name, system), []) if "failed" not in one]
            if len(parts) == PARTS:
                row[system] = curve(parts)
            elif parts or (name, system) in pooled:
                failed = [one for one in pooled[name, system] if "failed" in one]
                row[system] = {"failed": failed[0]["failed"]} if failed else {"parts": len(parts)}
        rows.append(row)
    found = {"machine": describe(), "rows": rows, "totals": totals(rows)}
    found["mapie"] = mapie_version()
    SUMMARY.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    show(found)


def mapie_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mapie")
    except PackageNotFoundError:
        return "not installed"


def curve(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Give coverage and mean width by level, over all parts."""
    rows = sum(one["rows"] for one in parts)
    levels = sorted(parts[0]["hits"], key=float)
    covered = {k: sum(one["hits"][k] for one in parts) / rows for k in levels}
    widths = {k: sum(one["widths"][k] for one in parts) / rows for k in levels}
    return {"rows": rows, "covered": covered, "widths": widths, "how": parts[0].get("how", "")}


def width_at(known: dict[str, Any], coverage: float) -> float:
    """Give the width at a measured coverage, between those of the levels asked for."""
    levels = list(known["covered"])
    return float(
        np.interp(
            coverage, [known["covered"][k] for k in levels], [known["widths"][k] for k in levels]
        )
    )


def totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Hold the numbers against what was promised."""
    said: dict[str, Any] = {}
    for task, others in OTHERS.items():
        mine = [row for row in rows if row["task"] == task]
        for system in SYSTEMS[task]:
            known = [row for row in mine if "covered" in row.get(system, {})]
            if known:
                out = coverage(known, system)
                if system not in others:
                    out |= {f"width to {other}": ratio(known, system, other) for other in others}
                said[f"{task}: {system}"] = out
    return said


def coverage(rows: list[dict[str, Any]], system: str) -> dict[str, Any]:
    """Give the mean coverage, and the sets outside their binomial bounds."""
    shares = {row["set"]: row[system]["covered"]["0.9"] for row in rows}
    half = {row["set"]: SURE * math.sqrt(LEVEL * (1 - LEVEL) / row[system]["rows"]) for row in rows}
    outside = [name for name, share in shares.items() if abs(share - LEVEL) > half[name]]
    mean = float(np.mean(list(shares.values())))
    return {"sets": len(rows), "mean_coverage": mean, "outside": outside}


def ratio(rows: list[dict[str, Any]], system: str, other: str) -> dict[str, Any]:
    """Compare our width, at the coverage that the other one reached, with the other's."""
    both = [row for row in rows if "covered" in row.get(other, {})]
    found = [
        width_at(row[system], row[other]["covered"]["0.9"]) / row[other]["widths"]["0.9"]
        for row in both
    ]
    median = float(np.median(found)) if found else None
    return {"median": median, "sets": len(found), "narrower": sum(one <= 1 for one in found)}


def show(found: dict[str, Any]) -> None:
    """Print coverage and width of every set, and the totals."""
    for row in found["rows"]:
        cells = []
        for system in SYSTEMS[row["task"]]:
            one = row.get(system, {})
            known = "covered" in one
            said = f"{one['covered']['0.9']:.3f}/{one['widths']['0.9']:.4g}" if known else "-"
            cells.append(f"{system} {said}")
        print(row["set"], *cells, sep="  ")
    print(json.dumps(found["totals"], indent=1))


if __name__ == "__main__":
    main()
