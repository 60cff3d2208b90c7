"""One model of all rows, or the mean of the models of folds? Evidence for the rule of `fit`.

    python benchmarks/refit.py [--sets abalone,sick] [--seeds 0,1] [--rows 1500] [--seconds 150]

Each training file is split 70 : 30 at random (test files are not opened). A learner is fitted on
the five folds of the first part; the stage is chosen across folds, as a fit does. Then the mean of
the five models, and one model of all rows with that many rounds, are scored on the second part.
Results are written after every set; a second call goes on with what is missing.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from machine import DATA, RESULTS, describe

from modelwright.acquire import read_raw
from modelwright.core.budget import Budget
from modelwright.core.settings import Question, Settings
from modelwright.core.task import Target
from modelwright.evaluate import choose_splitter, find_metric
from modelwright.features import default_recipe
from modelwright.models import make_learner
from modelwright.plan.pose import pose, reading_for
from modelwright.plan.selection import choose_stages
from modelwright.plan.workspace import Rows

SETS = (
    "abalone", "audiology", "car_choice", "hepatic_injury", "hepatitis", "hitters_salary",
    "ibm_attrition", "phoneme", "segment", "sick", "star_math", "toxicity_steroid", "triazines",
)  # fmt: skip
LEARNERS: Mapping[str, Mapping[str, Any]] = {
    "linear": {},
    "lightgbm": {"max_rounds": 300, "learning_rate": 0.1, "leaves": 15},
    "xgboost": {"max_rounds": 300, "learning_rate": 0.1},
    "additive": {},
}


def read(name: str, rows: int, seed: int) -> Rows:
    """Read some of the training rows of a set."""
    folder = DATA / name
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    question = Question(meta["target"], meta["task"], meta["metric"])
    settings = Settings(seed=seed)
    path = folder / "train.csv.gz"
    posed = pose(read_raw(path, reading_for(question, settings, path)), question, settings)
    found = posed.rows
    kept = np.random.default_rng(seed).permutation(found.table.height)[:rows]
    return Rows(found.table.rows(kept), found.task, found.y.rows(kept), None, seed)


def compare(name: str, config: Mapping[str, Any], rows: Rows) -> tuple[float, float]:
    """Give the error of the mean of the folds' models, and of one model of all rows."""
    kind = rows.task.kind
    metric = find_metric("log_loss" if rows.y.classes else "rmse", kind)
    cut = int(0.7 * len(rows.y))
    index = np.arange(len(rows.y))
    train, test = rows.table.rows(index[:cut]), rows.table.rows(index[cut:])
    y, answers = rows.y.rows(index[:cut]), rows.y.rows(index[cut:])
    splits = choose_splitter(train, y, folds=5).split(train, y, seed=rows.seed)
    fitted, said, stages, losses = [], [], [], []
    for number, fold in enumerate(splits.folds):
        own = y.rows(fold.train)
        recipe = default_recipe().fit(train.rows(fold.train), own, seed=rows.seed)
        valid, valid_y = recipe.transform(train.rows(fold.valid)), y.rows(fold.valid)
        model = make_learner(name, config).fit(
            recipe.transform(train.rows(fold.train)), own, valid=valid, valid_y=valid_y,
            budget=Budget(), seed=rows.seed * 100 + number,
        )  # fmt: skip
        fitted.append(model)
        said.append(recipe.transform(test))
        assert model.stages is not None
        stages.append(model.stages)
        losses.append(np.array([metric.loss(valid_y, p, None) for p in model.stages.predictions]))
    units = choose_stages(stages, losses, [len(f.valid) for f in splits.folds]).overall
    mean = np.mean(
        [m.at(min(units, m.units)).predict(s) for m, s in zip(fitted, said, strict=True)], axis=0
    )
    recipe = default_recipe().fit(train, y, seed=rows.seed)
    whole = make_learner(name, config).fit(
        recipe.transform(train), y, budget=Budget(units=units), seed=rows.seed
    )
    alone = whole.predict(recipe.transform(test))
    return _error(metric, answers, mean), _error(metric, answers, alone)


def _error(metric: Any, answers: Target, p: Any) -> float:
    return float(metric.loss(answers, p, None))


def summary(found: Mapping[str, Any]) -> list[str]:
    """Say for each learner by how much the error of one model of all rows is other."""
    lines = [
        "| learner | splits | one model of all rows | better | worse |",
        "|---|---|---|---|---|",
    ]
    for learner in LEARNERS:
        logs = np.array([np.log(b / a) for k, (a, b) in found.items() if k.endswith(learner)])
        if len(logs):
            change = f"{100 * (np.exp(logs.mean()) - 1):+.1f} %"
            better, worse = int((logs < -0.005).sum()), int((logs > 0.005).sum())
            lines.append(f"| {learner} | {len(logs)} | {change} | {better} | {worse} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--rows", type=int, default=1_500)
    parser.add_argument("--seconds", type=float, default=150)
    told = parser.parse_args()
    path, began = RESULTS / "refit.json", time.monotonic()
    kept: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"results": {}}
    results = kept["results"]
    for seed in map(int, told.seeds.split(",")):
        for name in told.sets.split(","):
            rows = None
            for learner, config in LEARNERS.items():
                key = f"{name} {seed} {learner}"
                if key in results or time.monotonic() - began > told.seconds:
                    continue
                rows = rows or read(name, told.rows, seed)
                results[key] = compare(learner, config, rows)
                kept = {"machine": describe(), "rows": told.rows, "results": results}
                path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print("\n".join(summary(results)))


if __name__ == "__main__":
    main()
