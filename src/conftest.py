"""Examples of modules that import PyTorch are left alone where it is not installed."""

from __future__ import annotations

import importlib.util

HAS_TORCH = importlib.util.find_spec("torch") is not None
# schedules and pace need no PyTorch
collect_ignore_glob = (
    []
    if HAS_TORCH
    else [
        "modelwright/nets/*",
        *(f"modelwright/training/{n}.py" for n in ("loop", "losses", "optimiser")),
    ]
)


def pytest_report_header() -> str:
    """Say what is left out, and why."""
    return "" if HAS_TORCH else "examples of nets and training are skipped: no PyTorch (extra deep)"
