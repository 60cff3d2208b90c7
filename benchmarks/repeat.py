"""Does the number of workers change a prediction? It must not, to the bit.

python benchmarks/repeat.py [--sets ames,adult,segment] [--trials 6]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from machine import DATA, RESULTS, as_text, describe
from watched import modelwright, watch

LIMIT = 900.0
# The hash of every row of the frame: a CSV could hide a last bit.
PREDICT = (
    "import sys, modelwright as mw;"
    "answers = mw.load(sys.argv[1]).predict(sys.argv[2]);"
    "sys.stdout.write(answers.hash_rows(seed=0).to_numpy().tobytes().hex())"
)


def main() -> int:
    """Compare, and keep the result; exit 1 when a set differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default="ames,bank_marketing,segment")
    parser.add_argument("--trials", type=int, default=6)
    options = parser.parse_args()
    rows = {name: _compare(name, options.trials) for name in options.sets.split(",")}
    results = {
        "command": f"repeat.py --sets {options.sets} --trials {options.trials}",
        "machine": describe(),
        "sets": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1) + "\n"
    (RESULTS / "repeat.json").write_text(text, encoding="utf-8")
    (RESULTS / "repeat.md").write_text(_report(results), encoding="utf-8")
    print(_report(results))
    return 0 if all(row["equal"] for row in rows.values()) else 1


def _compare(name: str, trials: int) -> dict[str, Any]:
    meta = json.loads((DATA / name / "meta.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="repeat-") as folder:
        for workers in (1, 2):
            model = Path(folder) / f"{workers}.mw"
            command = modelwright(
                *("fit", str(DATA / name / "train.csv.gz"), "--target", meta["target"]),
                *("--metric", meta["metric"], "--trials", str(trials)),
                *("--workers", str(workers), "--out", str(model)),
                *("--store", str(Path(folder) / f"store-{workers}"), "--json"),
            )
            fit = watch(command, Path(folder), LIMIT)
            found[f"exit_{workers}"] = fit.code
            found[f"seconds_{workers}"] = round(fit.seconds, 1)
            found[f"predictions_{workers}"] = _digest(model, DATA / name / "test.csv.gz")
    first, second = found["predictions_1"], found["predictions_2"]
    return {**found, "equal": first is not None and first == second}


def _digest(model: Path, test: Path) -> str | None:
    done = watch([sys.executable, "-c", PREDICT, str(model), str(test)], test.parent, LIMIT)
    return hashlib.sha256(done.stdout.encode()).hexdigest()[:16] if done.code == 0 else None


def _report(results: dict[str, Any]) -> str:
    lines = [
        "# One worker and two",
        "",
        f"`python benchmarks/{results['command']}`: the same fit with `--workers 1` and `2`;",
        "every prediction for the test rows is compared to the bit.",
        "",
        as_text(results["machine"]) + ".",
        "",
        "| set | equal | 1 worker s | 2 workers s |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {'yes' if row['equal'] else 'NO'} | {row['seconds_1']} | {row['seconds_2']} |"
        for name, row in results["sets"].items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
