"""Two runs on the same rows, compared by what they said of rows that they had not seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import UserError
from modelwright.core.evidence import Evidence
from modelwright.core.task import Target, Task
from modelwright.evaluate import find_metric
from modelwright.evaluate.decisions import USUAL, Threshold
from modelwright.evaluate.paired import Paired, Said, paired_bootstrap
from modelwright.evaluate.thresholds import tunable, tune_threshold
from modelwright.model import load
from modelwright.plan.findings.evidence import kept_rows
from modelwright.plan.workspace import Workspace

__all__ = ["PairedRuns", "pair_runs"]


@dataclass(frozen=True)
class PairedRuns:
    """The difference of two runs on rows that both held out.

    Parameters
    ----------
    rows : int
        How many these are.
    score : Paired
        In the metric that decided for both.
    """

    rows: int
    score: Paired


@dataclass(frozen=True)
class _Held:
    """What a run said of the rows that it held out."""

    task: Task
    index: NDArray[np.int64]
    evidence: Evidence
    said: Said


def pair_runs(one: Path, other: Path) -> PairedRuns | None:
    """Compare the final models of two runs on rows that both held out.

    Parameters
    ----------
    one, other : pathlib.Path
        The runs' folders. Both runs were made on the same data.

    Returns
    -------
    PairedRuns or None
        None when a folder no longer holds what is needed, when they were judged by different
        metrics or by a Python function, or when they held out no rows in common.
    """
    first, second = _held(one), _held(other)
    if first is None or second is None or first.task != second.task:
        return None
    _, mine, yours = np.intersect1d(
        first.index, second.index, assume_unique=True, return_indices=True
    )
    y = first.evidence.y[mine]
    if not len(y) or not np.array_equal(y, second.evidence.y[yours]):
        return None
    weight, group = first.evidence.weight, first.evidence.group
    group = second.evidence.group if group is None else group
    index = mine if first.evidence.group is not None else yours
    (score,) = paired_bootstrap(
        [find_metric(first.task.metric, first.task.kind)],
        Target(y, len(first.task.classes)),
        Said(first.said.p[mine], first.said.decision),
        Said(second.said.p[yours], second.said.decision),
        weight=None if weight is None else weight[mine],
        groups=None if group is None else group[index].astype(np.int64),
    )
    return PairedRuns(len(y), score)


def _held(folder: Path) -> _Held | None:
    """Read what a run held out; None when it is not there."""
    try:
        model = load(folder / "model.mw")
        work = Workspace(folder)
        index = kept_rows(work.splits, work.seed)
    except (UserError, OSError, LookupError, ValueError):
        return None
    task, evidence = model.task, model.evidence
    known = not task.metric.startswith("python:")
    if evidence is None or len(index) != len(evidence.y) or not known:
        return None
    y, metric = Target(evidence.y, len(task.classes)), find_metric(task.metric, task.kind)
    said = Said(evidence.p, model.decision)
    if isinstance(model.decision, Threshold) and tunable(metric, y.classes):
        # honest: each row is decided by the threshold of the other folds
        folds = evidence.fold
        if folds.min() < folds.max():
            tuned = tune_threshold(metric, y, evidence.p, folds, evidence.weight)
            said = Said(tuned.certain, USUAL)
    return _Held(task, index, evidence, said)
