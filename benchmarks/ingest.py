"""Is a file that is larger than memory ingested within a limit: time, rows and peak memory.

python benchmarks/ingest.py [--gigabytes 20] [--memory 4GB] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from generated import write_table
from machine import RESULTS, as_text, describe
from watched import modelwright, watch

from modelwright.core.sizes import parse_size


def main() -> int:
    """Measure, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--memory", default="4GB", help="the limit for the whole process")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--limit", type=float, default=3600, help="seconds until it is killed")
    options = parser.parse_args()
    size = int(options.gigabytes * 10**9)
    if shutil.disk_usage(options.folder).free < 2 * size:
        print(f"needs {2 * size / 1e9:.0f} GB on {options.folder}", file=sys.stderr)
        return 2
    most = parse_size(options.memory)
    # what Python and the libraries take comes on top of what --memory gives
    given = f"{(most - 300 * 10**6) // 10**6}MB"
    with tempfile.TemporaryDirectory(prefix="ingest-", dir=options.folder) as name:
        folder = Path(name)
        rows = write_table(folder / "large.csv", size)
        words = ["acquire", "large.csv", "--out", "large.parquet", "--memory", given, "--json"]
        run = watch(modelwright(*words), folder, options.limit)
        if run.code != 0:
            print(run.stderr, file=sys.stderr)
            return 1
        done = json.loads(run.stdout)
        results: dict[str, object] = {
            "command": "ingest.py",
            "machine": describe(),
            "bytes": (folder / "large.csv").stat().st_size,
            "rows": rows,
            "rows_written": done["rows"],
            "bytes_written": (folder / "large.parquet").stat().st_size,
            "limit_mib": round(most / 2**20),
            "peak_mib": round(run.peak_mib),
            "seconds": round(run.seconds, 1),
        }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1) + "\n"
    (RESULTS / "ingest.json").write_text(text, encoding="utf-8")
    (RESULTS / "ingest.md").write_text(_report(results, given), encoding="utf-8")
    print(_report(results, given))
    return 0 if done["rows"] == rows and run.peak_mib * 2**20 <= most else 1


def _report(results: dict[str, object], given: str) -> str:
    machine = results["machine"]
    assert isinstance(machine, dict)
    size, written = results["bytes"], results["bytes_written"]
    assert isinstance(size, int)
    assert isinstance(written, int)
    lines = [
        "# Files larger than memory",
        "",
        f"`python benchmarks/ingest.py`; `modelwright acquire large.csv --out large.parquet "
        f"--memory {given}` of a generated file.",
        "",
        as_text(machine) + ".",
        "",
        "| what | measured |",
        "|---|---|",
        f"| the file | {size / 1e9:.1f} GB, {results['rows']:,} rows of 13 columns |",
        f"| rows written | {results['rows_written']:,}, {written / 1e9:.2f} GB of Parquet |",
        f"| wall clock | {results['seconds']} s |",
        f"| peak memory (PSS of the whole tree) | {results['peak_mib']:,} MiB |",
        f"| limit | {results['limit_mib']:,} MiB |",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
