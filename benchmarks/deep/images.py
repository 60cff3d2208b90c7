"""Accuracy of images through the command line, in a given time, on one clock.

    python benchmarks/deep/images.py mnist --time 15s --decoded --seeds 5
    python benchmarks/deep/images.py cifar10 --time 5m --seeds 3

Each run is `modelwright fit FILE --time T --json` in a process of its own: reading, calibration,
training, choosing and scoring the test images are in the time. With --decoded the pixels are kept
from a first run, so that opening the files is not. What was measured stays in the results file and
is not measured again; a run that was interrupted goes on where its last checkpoint was.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import describe

HERE = Path(__file__).resolve()
DATA = HERE.parents[3] / "shared" / "data" / "images"
RESULTS = HERE.parents[1] / "results" / "deep-images.json"
STORE = Path.home() / ".cache" / "modelwright-benchmarks"
_OPENING = 1_000  # the seed of a fit that is not measured


def main() -> None:
    asked = _arguments()
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for seed in range(asked.seeds):
        key = f"{asked.data} {asked.time}{' decoded' if asked.decoded else ''} seed {seed}"
        if key in results:
            print(f"{key}: test accuracy {results[key]['test_accuracy']:.4f} (measured before)")
            continue
        store = STORE / (asked.data if asked.decoded else key.replace(" ", "-"))
        if asked.decoded and not (store / "images").is_dir():
            # opens the files, and keeps their pixels; no later run goes on with it
            _fit(asked.data, "20s", _OPENING, store)
        began = time.perf_counter()
        found = _fit(asked.data, asked.time, seed, store)
        results[key] = {
            "test_accuracy": found["test"]["accuracy"],
            "held_out_accuracy": found["score"],
            "seconds": round(time.perf_counter() - began, 2),
            "timings": found["timings"],
            "notes": found["notes"],
            "leaderboard": found["leaderboard"],
            "machine": describe(),
        }
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        told = results[key]
        print(f"{key}: test accuracy {told['test_accuracy']:.4f} in {told['seconds']:.1f} s")


def _fit(data: str, seconds: str, seed: int, store: Path) -> dict[str, Any]:
    store.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "modelwright", "fit", str(DATA / f"{data}.zip")),
        *("--time", seconds, "--seed", str(seed), "--store", str(store), "--resume", "--json"),
        *("--out", str(store / "model.mw")),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=["mnist", "cifar10"])
    parser.add_argument("--time", default="60s")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--decoded", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
