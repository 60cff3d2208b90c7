"""Bias and variance in two processes against one, and against mlxtend on the same resamples.

    python benchmarks/trust/bias_variance.py      about a minute on two cores

A forest of scikit-learn on friedman1, as many resamples as take mlxtend about 20 s.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from mlxtend.evaluate import bias_variance_decomp
from sklearn.datasets import make_friedman1
from sklearn.ensemble import ExtraTreesRegressor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import RESULTS, describe

import modelwright as mw

ROWS, FRESH = 3_000, 1_000
SECONDS = 20.0


def main() -> None:
    X, y = make_friedman1(ROWS + FRESH, n_features=10, noise=1.0, random_state=0)
    forest = ExtraTreesRegressor(40, random_state=0, min_samples_leaf=2)
    began = time.perf_counter()
    forest.fit(X[:ROWS], y[:ROWS]).predict(X[ROWS:])
    rounds = max(round(SECONDS / (time.perf_counter() - began)), 20)
    train, test = (X[:ROWS], y[:ROWS]), (X[ROWS:], y[ROWS:])
    began = time.perf_counter()
    theirs = bias_variance_decomp(
        forest, *train, *test, loss="mse", num_rounds=rounds, random_seed=0
    )
    serial = time.perf_counter() - began
    seconds = {}
    for workers in (0, 2):
        began = time.perf_counter()
        ours = mw.bias_variance(forest, *train, test=test, rounds=rounds, workers=workers)
        seconds[workers] = time.perf_counter() - began
    pairs = zip((ours.loss, ours.bias, ours.variance), theirs, strict=True)
    found = {
        "machine": describe(),
        "rounds": rounds,
        "mlxtend_seconds": round(serial, 2),
        "one_process_seconds": round(seconds[0], 2),
        "two_processes_seconds": round(seconds[2], 2),
        "speed_up_against_mlxtend": round(serial / seconds[2], 3),
        "speed_up_against_one_process": round(seconds[0] / seconds[2], 3),
        "largest_relative_difference": max(abs(a - b) / abs(b) for a, b in pairs),
    }
    print(json.dumps(found, indent=1))
    place = RESULTS / "trust" / "bias_variance.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
