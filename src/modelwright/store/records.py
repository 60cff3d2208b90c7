"""What is kept of a run and of its trials, and how it lies in a row of a table."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from modelwright.core.errors import DataError

__all__ = [
    "RUN_FIELDS",
    "TRIAL_FIELDS",
    "RunRecord",
    "RunStatus",
    "TrialRecord",
    "read_rows",
    "run_of",
    "run_row",
    "trial_of",
    "trial_row",
]

T = TypeVar("T")
Row = tuple[Any, ...]

RUN_FIELDS = (
    "id, created, data_hash, config_hash, status, request, spent, budget, target, metric, score, "
    "model, version, notes, facts"
)
"""The columns of a run, in the order of `run_row`."""

TRIAL_FIELDS = "run, number, name, learner, config, status, score, seconds, error"
"""The columns of a trial, in the order of `trial_row`."""


class RunStatus(StrEnum):
    """How a run stands; one whose time was too short to validate anything may be resumed."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    TOO_SHORT = "too short"
    FAILED = "failed"


@dataclass(frozen=True)
class RunRecord:
    """One run, as it is kept.

    Parameters
    ----------
    id : str
        Short, and sorted by time; empty until the store has given one.
    created : float
        Seconds since 1970; 0 until the store has set it.
    data_hash, config_hash : str
        What the run is about: equal hashes ask the same question of the same data.
    status : RunStatus
        How it stands; "running" also after a crash, when no one could say otherwise: whether
        its lock is free tells.
    request : mapping
        What the user asked for, as plain JSON.
    spent, budget : float
        Seconds used, summed over resumptions, and seconds allowed (infinite: no clock).
    target, metric : str
        The column that is predicted, and the metric that decides.
    score : float, optional
        The score at the end.
    model : str
        The path of the model file; empty when there is none.
    version : str
        The version of modelwright.
    notes : tuple of str
        Sentences for the user.
    facts : mapping
        What it was done with, as plain JSON: the file, rows and columns, splits, settings,
        libraries, machine, and at the end the leaderboard. Empty in records of older versions.
    """

    id: str = ""
    created: float = 0.0
    data_hash: str = ""
    config_hash: str = ""
    status: RunStatus = RunStatus.RUNNING
    request: Mapping[str, Any] = field(default_factory=dict)
    spent: float = 0.0
    budget: float = math.inf
    target: str = ""
    metric: str = ""
    score: float | None = None
    model: str = ""
    version: str = ""
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TrialRecord:
    """One trial of a run, as it is kept.

    Parameters
    ----------
    run : str
        The id of the run.
    number : int
        Its place in the plan, from 0; unique within the run.
    name, learner : str
        What the leaderboard calls it, and the learner's word.
    config : mapping
        Hyper-parameters, as plain JSON.
    status : str
        How it ended, such as ``"done"`` or ``"timed out"``.
    score : float, optional
        The out-of-fold score.
    seconds : float
        Time spent fitting.
    error : str
        One line; empty when it went well.
    """

    run: str
    number: int
    name: str
    learner: str
    config: Mapping[str, Any] = field(default_factory=dict)
    status: str = "done"
    score: float | None = None
    seconds: float = 0.0
    error: str = ""


def run_row(record: RunRecord) -> Row:
    """Give the row of a run."""
    return (
        record.id,
        record.created,
        record.data_hash,
        record.config_hash,
        record.status.value,
        json.dumps(dict(record.request)),
        record.spent,
        None if math.isinf(record.budget) else record.budget,
        record.target,
        record.metric,
        record.score,
        record.model,
        record.version,
        json.dumps(list(record.notes)),
        json.dumps(dict(record.facts)),
    )


def run_of(row: Row) -> RunRecord:
    """Read a run from its row."""
    return RunRecord(
        id=row[0],
        created=row[1],
        data_hash=row[2],
        config_hash=row[3],
        status=RunStatus(row[4]),
        request=json.loads(row[5]),
        spent=row[6],
        budget=math.inf if row[7] is None else row[7],
        target=row[8],
        metric=row[9],
        score=row[10],
        model=row[11],
        version=row[12],
        notes=tuple(json.loads(row[13])),
        facts=dict(json.loads(row[14])),
    )


def trial_row(trial: TrialRecord) -> Row:
    """Give the row of a trial."""
    return (
        trial.run,
        trial.number,
        trial.name,
        trial.learner,
        json.dumps(dict(trial.config)),
        trial.status,
        trial.score,
        trial.seconds,
        trial.error,
    )


def trial_of(row: Row) -> TrialRecord:
    """Read a trial from its row."""
    return TrialRecord(
        run=row[0],
        number=row[1],
        name=row[2],
        learner=row[3],
        config=json.loads(row[4]),
        status=row[5],
        score=row[6],
        seconds=row[7],
        error=row[8],
    )


def read_rows(path: Path, rows: Iterable[Row], read: Callable[[Row], T]) -> list[T]:
    """Read rows of the database at `path`; one that another hand wrote raises `DataError`."""
    try:
        return [read(row) for row in rows]
    except (ValueError, TypeError) as error:
        cure = "move the file away and start again; models and reports are not affected"
        raise DataError(f"run records in {path}", str(error), cure) from error
