"""How fast is a clean text file read and typed: against Polars' own reader with its inference.

python benchmarks/reading.py [--megabytes 1000] [--repeats 5]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from generated import write_table
from machine import RESULTS, as_text, describe

LIMIT = 0.8
# Each is timed in a process of its own, after its imports, so that none profits from another.
TIMED = {
    "polars": """
import sys, time
import polars as pl
began = time.perf_counter()
frame = pl.read_csv(sys.argv[1])
print(frame.shape, time.perf_counter() - began)
""",
    "ours": """
import sys, time
from modelwright.acquire import infer_schema, read_raw
import polars, numpy, narwhals
began = time.perf_counter()
raw = read_raw(sys.argv[1])
read = time.perf_counter()
schema = infer_schema(raw.frame)
print(raw.frame.shape, time.perf_counter() - began, read - began)
""",
}


def main() -> int:
    """Measure, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reading-") as folder:
        path = Path(folder) / "clean.csv"
        rows = write_table(path, options.megabytes * 10**6)
        size = path.stat().st_size
        # one after the other in turns, so that what disturbs the machine disturbs both
        turns = [{name: _time(name, path) for name in TIMED} for _ in range(options.repeats + 1)]
    polars = statistics.median(turn["polars"][0] for turn in turns[1:])
    ours = statistics.median(turn["ours"][0] for turn in turns[1:])
    results: dict[str, object] = {
        "command": "reading.py",
        "machine": describe(),
        "repeats": options.repeats,
        "bytes": size,
        "rows": rows,
        "polars_s": round(polars, 3),
        "ours_s": round(ours, 3),
        "ours_reading_s": round(statistics.median(turn["ours"][1] for turn in turns[1:]), 3),
        "speed": round(polars / ours, 2),
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1) + "\n"
    (RESULTS / "reading.json").write_text(text, encoding="utf-8")
    (RESULTS / "reading.md").write_text(_report(results), encoding="utf-8")
    print(_report(results))
    return 0 if polars / ours >= LIMIT else 1


def _time(name: str, path: Path) -> Sequence[float]:
    command = [sys.executable, "-c", TIMED[name], str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.rpartition(")")[2].split()]


def _report(results: dict[str, object]) -> str:
    machine = results["machine"]
    assert isinstance(machine, dict)
    size = results["bytes"]
    assert isinstance(size, int)
    lines = [
        "# Reading",
        "",
        f"`python benchmarks/reading.py`; a clean CSV file of {size / 1e6:,.0f} MB, "
        f"{results['rows']:,} rows of 13 columns; medians of {results['repeats']} processes each, "
        "in turns.",
        "",
        as_text(machine) + ".",
        "",
        "| what | measured |",
        "|---|---|",
        f"| `polars.read_csv`, its inference on | {results['polars_s']} s |",
        f"| `read_raw` and `infer_schema` | {results['ours_s']} s |",
        f"| of these, `read_raw` | {results['ours_reading_s']} s |",
        f"| speed against Polars (wanted: at least {LIMIT}) | {results['speed']} |",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
