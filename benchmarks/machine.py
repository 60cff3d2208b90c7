"""What a number was measured on: without it, a number says nothing."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
DATA = ROOT.parent / "shared" / "data" / "tabular"
LIBRARIES = ("modelwright", "duckdb", "lightgbm", "numpy", "polars", "scikit-learn", "scipy")
# Where they are installed, their learners take part.
OPTIONAL = ("xgboost-cpu", "catboost", "torch")


def describe() -> dict[str, object]:
    """Describe the machine and what is installed; no names of hosts or people."""
    return {
        "date": dt.date.today().isoformat(),
        "commit": _commit(),
        "cores": _cores(),
        "processor": _processor(),
        "memory_gib": round(_memory() / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": _versions(),
    }


def _versions() -> dict[str, str]:
    """Give what is installed; what is not is called absent: it changes what was fitted."""
    found = {name: version(name) for name in LIBRARIES}
    for name in OPTIONAL:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def as_text(machine: dict[str, object]) -> str:
    """Say the same in one line of Markdown."""
    libraries = machine["libraries"]
    assert isinstance(libraries, dict)
    versions = ", ".join(f"{name} {number}" for name, number in libraries.items())
    return (
        f"{machine['date']}, commit {machine['commit']}; {machine['cores']} cores of "
        f"{machine['processor']}, {machine['memory_gib']} GiB, {machine['system']}, "
        f"Python {machine['python']}; {versions}"
    )


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):
        return 0
