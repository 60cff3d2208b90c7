"""What lags and histories of answers bring on sets with an order, on training files alone.

    python benchmarks/history.py [--sets bike_sharing] [--seeds 0,1] [--rows 4000]

As `benchmarks/features.py`: each training file is cut at a moment, features and learners are fitted
before it and scored on the 20 % after it; test files are not opened.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from machine import RESULTS, describe

from features import _rows, _scores, _sides
from modelwright.features import Recipe, rich_recipe
from modelwright.features.history import History

SETS = ("bike_sharing", "kershaw_pitch", "nyc_taxis_tip", "portal_weight", "space_missions")
LEARNERS = ("linear", "lightgbm", "xgboost")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--rows", type=int, default=4000)
    options = parser.parse_args()
    recipes = {"rich": rich_recipe(), "with history": Recipe((*rich_recipe().steps, History()))}
    path = RESULTS / "history.json"
    found = json.loads(path.read_text("utf-8")) if path.exists() else {"sets": {}}
    found["machine"] = describe()
    for name in options.sets.split(","):
        rows, runs = _rows(name), []
        for seed in map(int, options.seeds.split(",")):
            train, test = _sides(rows, seed, options.rows)
            runs.append({word: _scores(rows, one, train, test, seed)
                         for word, one in recipes.items()})  # fmt: skip
        change = {
            learner: round(100 * float(np.mean(
                [np.log(run["with history"][learner] / run["rich"][learner]) for run in runs]
            )), 2)
            for learner in LEARNERS
        }  # fmt: skip
        found["sets"][name] = {"change in percent": change, "runs": runs}
        print(name, change, flush=True)
        path.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
