"""What the steps that look at the answers bring: features on and off, on training files alone.

    python benchmarks/features.py [--sets adult,ames] [--seeds 0,1] [--rows 4000] [--out FOLDER]

Each training file is split once more for each seed: 70 : 30 at random or by group, or at a moment
in time. A recipe and a learner are fitted on the first part (the last fold of its own plan says
when to stop) and scored on the second; test files are not opened. Results are written after every
set, and a second call goes on with the sets that are missing.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import DATA, RESULTS, as_text, describe

from modelwright.acquire import read_raw
from modelwright.core.budget import Budget
from modelwright.core.schema import Role
from modelwright.core.settings import Question, Settings
from modelwright.evaluate import choose_splitter, find_metric
from modelwright.features import Dates, Recipe, default_recipe, rich_recipe
from modelwright.features.arithmetic import Arithmetic
from modelwright.features.crossfit import make_blocks
from modelwright.features.means import Means
from modelwright.features.scores import Scores
from modelwright.models import make_learner
from modelwright.plan.pose import pose, reading_for
from modelwright.plan.workspace import Rows

SETS = (
    "adult", "ames", "bank_marketing", "bike_sharing", "birds_struck", "hpc_queue",
    "kershaw_pitch", "life_expectancy", "loans_homeownership", "movies_imdb", "nyc_taxis_tip",
    "trump_tweet_source", "videogame_sales",
)  # fmt: skip
LEARNERS: Mapping[str, Mapping[str, Any]] = {
    "linear": {},
    "lightgbm": {"max_rounds": 300, "learning_rate": 0.1, "leaves": 15},
    "xgboost": {"max_rounds": 300, "learning_rate": 0.1},
}
CUTS = (0.75, 0.6)  # where time is cut; the 20 % after it are scored


def recipes() -> dict[str, Recipe]:
    """Name what is compared: the rich recipe, and that with one kind of step taken away."""
    rich = rich_recipe().steps
    found = {"lean": default_recipe(), "rich": rich_recipe()}
    for kind in (Scores, Means, Arithmetic):
        steps = tuple(step for step in rich if not isinstance(step, kind))
        found[f"rich without {kind.__name__.lower()}"] = Recipe(steps)
    plain = tuple(
        replace(step, cycles=False) if isinstance(step, Dates) else step
        for step in default_recipe().steps
    )
    return {**found, "lean without cycles": Recipe(plain)}


def main() -> int:
    """Run what is asked for."""
    options = _options()
    out = Path(options.out)
    path = out / "features.json"
    results: dict[str, Any] = {"rows": options.rows, "seeds": options.seeds, "sets": {}}
    if path.exists() and not options.fresh:
        results = json.loads(path.read_text(encoding="utf-8"))
    results["machine"] = describe()
    for name in options.sets.split(","):
        if name not in results["sets"]:
            seeds = [int(seed) for seed in options.seeds.split(",")]
            results["sets"][name] = [_run(name, seed, options.rows) for seed in seeds]
            path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            (out / "features.md").write_text(report(results), encoding="utf-8")
            print(name, flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default=",".join(SETS), help="names, comma-separated")
    parser.add_argument("--seeds", default="0,1", help="one split for each")
    parser.add_argument("--rows", type=int, default=4000, help="rows at most, of each side")
    parser.add_argument("--out", default=str(RESULTS), help="folder for features.json and .md")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    return parser.parse_args()


def _run(name: str, seed: int, most: int) -> dict[str, Any]:
    rows = _rows(name)
    train, test = _sides(rows, seed, most)
    found: dict[str, Any] = {}
    for recipe in recipes():
        found[recipe] = _scores(rows, recipes()[recipe], train, test, seed)
    return found


def _rows(name: str) -> Rows:
    meta = json.loads((DATA / name / "meta.json").read_text(encoding="utf-8"))
    order, group = meta.get("time_column"), meta.get("group_column")
    question = Question(meta["target"], meta["task"], meta["metric"], order=order, group=group)
    file = DATA / name / "train.csv.gz"
    raw = read_raw(file, reading_for(question, Settings(), file))
    return pose(raw, question, Settings()).rows


def _sides(rows: Rows, seed: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Split rows again, as the set's own structure asks."""
    count, schema = rows.table.height, rows.table.schema
    rng = np.random.default_rng(1000 + seed)
    order, group = schema.names(Role.ORDER), schema.names(Role.GROUP)
    if order:
        place = rows.table.frame[order[0]].rank("ordinal").fill_null(count).to_numpy() - 1
        cut = CUTS[seed % len(CUTS)]
        train = place < cut * count
        test = ~train & (place < (cut + 0.2) * count)
    elif group:
        codes = rows.table.frame[group[0]].cast(str).rank("dense").to_numpy()
        train = rng.permutation(codes.max() + 1)[codes] < 0.7 * (codes.max() + 1)
        test = ~train
    else:
        train = rng.permutation(count) < 0.7 * count
        test = ~train
    sides = [np.flatnonzero(side) for side in (train, test)]
    return tuple(  # type: ignore[return-value]
        side if len(side) <= most else np.sort(rng.choice(side, most, replace=False))
        for side in sides
    )


def _scores(
    rows: Rows, recipe: Recipe, train: np.ndarray, test: np.ndarray, seed: int
) -> dict[str, float]:
    """Give the error of each learner, the seconds of the features and their number."""
    table, y = rows.table.rows(train), rows.y.rows(train)
    splits = choose_splitter(table, y).split(table, y, seed=seed)
    fold = splits.folds[-1]
    seen = table.select(table.features())
    own, answers = seen.rows(fold.train), y.rows(fold.train)
    began = time.process_time()
    blocks = make_blocks(own, seed, splits, fold.train)
    fitted, X = recipe.fit_transform(own, answers, seed=seed, blocks=blocks)
    found = {"seconds": round(time.process_time() - began, 3), "columns": X.shape[1]}
    watch, known = fitted.transform(seen.rows(fold.valid)), y.rows(fold.valid)
    metric = find_metric(rows.task.metric, rows.task.kind)
    sign = -1 if metric.name == "roc_auc" else 1
    for name, config in LEARNERS.items():
        model = make_learner(name, config).fit(
            X, answers, valid=watch, valid_y=known, budget=Budget(), seed=seed
        )
        if model.stages is not None:
            losses = [sign * metric.score(known, p, None) for p in model.stages.predictions]
            model = model.at(int(model.stages.units[int(np.argmin(losses))]))
        p = model.predict(fitted.transform(rows.table.rows(test)))
        score = metric.score(rows.y.rows(test), p, None)
        found[name] = 1 - score if metric.name == "roc_auc" else score
    return found


def report(results: dict[str, Any]) -> str:
    """Write tables of the mean log ratio of errors, in percent: below 0 the features help."""
    lines = ["# Features on and off", "", as_text(results["machine"]), "",
             "Training files only. Percent by which the error (RMSE, log loss, 1 - AUC) changes;"
             " mean over splits; below 0 is better.", ""]  # fmt: skip
    pairs = [("rich", "lean")]
    pairs += [("rich", name) for name in recipes() if name.startswith("rich without")]
    pairs += [("lean", "lean without cycles")]
    for learner in LEARNERS:
        heads = [f"{a} / {b}" for a, b in pairs]
        lines += [f"## {learner}", "", f"| set | {' | '.join(heads)} |", "|---" * 6 + "|"]
        table = np.array([[_change(runs, learner, *pair) for pair in pairs]
                          for runs in results["sets"].values()])  # fmt: skip
        for name, row in zip(results["sets"], table, strict=True):
            lines.append(f"| {name} | " + " | ".join(f"{value:+.1f}" for value in row) + " |")
        means = " | ".join(f"{value:+.1f}" for value in table.mean(axis=0))
        counts = " | ".join(f"{(c < -0.5).sum()} : {(c > 0.5).sum()}" for c in table.T)
        lines += [f"| **mean** | {means} |", f"| better : worse by .5 % | {counts} |", ""]
    return "\n".join(lines)


def _change(runs: list[dict[str, Any]], learner: str, on: str, off: str) -> float:
    ratios = [np.log(run[on][learner] / run[off][learner]) for run in runs]
    return 100 * float(np.mean(ratios))


if __name__ == "__main__":
    raise SystemExit(main())
