"""How a recorded run stands."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelwright.store import RunRecord

__all__ = ["abandoned", "settled", "summary"]

# A run is recorded a moment before its lock is taken: so young, nobody calls it dead.
STARTING = 10.0


def abandoned(folder: Path, record: RunRecord) -> bool:
    """Whether a run has not finished, and nobody works on it: its lock is free.

    The system frees the lock when a process dies, however it dies.

    Parameters
    ----------
    folder : pathlib.Path
        That of the records.
    record : RunRecord
        The run.
    """
    from modelwright.engine import is_locked
    from modelwright.store import RunStatus
    from modelwright.store.runs import run_folder

    if record.status is not RunStatus.RUNNING:
        return record.status is not RunStatus.FINISHED
    lock = run_folder(folder, record) / "lock"
    if not lock.is_file() and time.time() - record.created < STARTING:
        return False
    return not is_locked(lock)


def settled(folder: Path, record: RunRecord) -> RunRecord:
    """Call a run interrupted that is recorded as running while nobody works on it."""
    from modelwright.store import RunStatus

    if record.status is RunStatus.RUNNING and abandoned(folder, record):
        return replace(record, status=RunStatus.INTERRUPTED)
    return record


def summary(record: RunRecord) -> dict[str, object]:
    """Give what a list of runs says of one, as plain JSON."""
    return {
        "id": record.id,
        "status": record.status.value,
        "target": record.target,
        "metric": record.metric,
        "score": record.score,
        "spent": record.spent,
        "budget": record.budget,
        "model": record.model,
        "version": record.version,
        "notes": list(record.notes),
    }
