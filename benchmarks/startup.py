"""How light is it: import time, time of ``--help``, size of a core installation.

python benchmarks/startup.py [--repeats 10] [--no-size]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

from machine import RESULTS, ROOT, as_text, describe
from watched import modelwright


def main() -> int:
    """Measure, and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--no-size", action="store_true", help="leave the installation out")
    options = parser.parse_args()
    nothing = _median([sys.executable, "-c", "pass"], options.repeats)
    whole = _median([sys.executable, "-c", "import modelwright"], options.repeats)
    results: dict[str, object] = {
        "command": "startup.py",
        "machine": describe(),
        "repeats": options.repeats,
        "python_alone_s": round(nothing, 3),
        "python_and_import_s": round(whole, 3),
        "import_s": round(whole - nothing, 3),
        "help_s": round(_median(modelwright("--help"), options.repeats), 3),
    }
    if not options.no_size:
        results["install_mib"] = round(_install_size() / 2**20, 1)
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1) + "\n"
    (RESULTS / "startup.json").write_text(text, encoding="utf-8")
    (RESULTS / "startup.md").write_text(_report(results), encoding="utf-8")
    print(_report(results))
    return 0


def _median(command: Sequence[str], repeats: int) -> float:
    """Wall clock of a process; one run first, to fill the disk cache and write byte code."""
    seconds = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


def _install_size() -> int:
    """Bytes that a core installation adds to a fresh environment, byte code included."""
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        venv.create(folder, with_pip=True)
        binaries = Path(folder) / ("Scripts" if os.name == "nt" else "bin")
        before = _size(Path(folder))
        command = [str(binaries / "python"), "-m", "pip", "install", "--quiet"]
        command += ["--disable-pip-version-check", "-c", str(ROOT / "constraints.txt"), str(ROOT)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return _size(Path(folder)) - before


def _size(folder: Path) -> int:
    return sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def _report(results: dict[str, object]) -> str:
    machine = results["machine"]
    assert isinstance(machine, dict)
    lines = [
        "# Start-up and size",
        "",
        f"`python benchmarks/startup.py`; medians of {results['repeats']} processes each.",
        "",
        as_text(machine) + ".",
        "",
        "| what | measured |",
        "|---|---|",
        f"| `import modelwright` (above an empty Python) | {results['import_s']} s |",
        f"| a Python that does it and ends | {results['python_and_import_s']} s |",
        f"| `modelwright --help` | {results['help_s']} s |",
    ]
    if "install_mib" in results:
        lines.append(f"| core installation without extras | {results['install_mib']} MiB |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
