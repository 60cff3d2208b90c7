"""What is known of the chosen ensemble, gathered for explanations and the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import KEPT, Evidence
from modelwright.core.splits import Splits
from modelwright.evaluate.intervals import group_codes
from modelwright.plan.board import Choice
from modelwright.plan.findings.weaknesses import find_weaknesses
from modelwright.plan.workspace import Workspace
from modelwright.stats import profile_table

__all__ = ["drawn_rows", "gather_evidence", "kept_rows"]


def gather_evidence(
    work: Workspace,
    choice: Choice,
    asked: Mapping[str, Any],
    findings: Mapping[str, Any],
    *,
    seconds: float = math.inf,
) -> Evidence:
    """Collect everything that a report shows.

    Parameters
    ----------
    work : Workspace
        The run's folder, which holds the whole table in this process.
    choice : Choice
        The ensemble, with its out-of-fold predictions.
    asked : mapping
        The question and settings, as plain JSON.
    findings : mapping
        What `examine` gave; empty when there was no time for it.
    seconds : float
        What looking for weak spots may take.

    Returns
    -------
    Evidence
    """
    rows, splits = work.rows, work.splits
    fold = np.full(splits.rows, -1, dtype=np.int16)
    for number, one in reversed([*enumerate(splits.folds)]):  # of a repeated plan the first draw
        fold[one.valid] = number
    kept = drawn_rows(len(splits.scored), rows.seed)
    index = kept_rows(splits, rows.seed)
    groups = group_codes(rows.table)
    leading = [str(one["column"]) for one in findings.get("importances", ())]
    return Evidence(
        y=rows.y.values[index],
        p=choice.oof[kept],
        fold=fold[index],
        weight=None if rows.weight is None else rows.weight[index],
        asked=dict(asked),
        splits=tuple((len(one.train), len(one.valid)) for one in splits.folds),
        profiles=profile_table(rows.table),
        group=None if groups is None else groups[index].astype(np.int32),
        weak=find_weaknesses(work, choice.oof, leading, seconds=seconds),
    ).with_findings(findings)


def kept_rows(splits: Splits, seed: int) -> NDArray[np.int64]:
    """Give the positions, in the fitted table, of the held-out rows that evidence keeps."""
    scored = splits.scored
    return scored[drawn_rows(len(scored), seed)]


def drawn_rows(count: int, seed: int) -> NDArray[np.int64]:
    """Give positions among so many held-out rows: all of them, or as many as evidence keeps."""
    if count <= KEPT:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, KEPT, replace=False))
