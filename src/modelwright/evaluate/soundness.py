"""Whether a plan can teach and judge: classes on both sides, a metric that has a value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.splits import Splits
from modelwright.core.task import Target
from modelwright.evaluate.metrics import Metric

__all__ = ["check_judged", "check_plan"]

_SHOWN = 4


def check_plan(splits: Splits, y: Target, metric: Metric, classes: Sequence[str]) -> list[str]:
    """Refuse a plan that cannot teach or judge, and tell what weakens it.

    Parameters
    ----------
    splits : Splits
        The plan.
    y : Target
        The answers of all rows.
    metric : Metric
        What decides.
    classes : sequence of str
        The labels in code order; empty for numbers.

    Returns
    -------
    list of str
        Sentences for the user: classes that some folds could not learn, or that are never scored.

    Raises
    ------
    DataError
        When the metric has no value on the scored rows, or every fold is fitted on one class.

    Examples
    --------
    >>> from modelwright.core.splits import Fold
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> y = Target(np.array([0, 1, 0, 1, 2, 2]), classes=3)
    >>> fold = Fold(np.array([0, 1]), np.array([2, 3, 4]))
    >>> plan = Splits((fold,), 6, "given", "")
    >>> check_plan(plan, y, find_metric("log_loss", TaskKind.MULTICLASS), ("a", "b", "c"))
    ["Class 'c' is not among the fitted rows of 1 of 1 folds: there its rows count as missed."]
    """
    told = (
        "among the rows that the plan scores",
        "fewer folds, or another --group or --order column",
    )
    check_judged(y.rows(splits.scored), metric, classes, told)
    if not y.classes:
        return []
    fitted = np.array([_counts(y, fold.train) for fold in splits.folds])
    scored = np.array([_counts(y, fold.valid) for fold in splits.folds])
    lone = (fitted > 0).sum(axis=1) < 2
    if lone.all():
        raise DataError(
            "at least 2 classes among the rows that each fold is fitted on",
            f"1 in each of {len(splits)} folds ({splits.kind})",
            "choose another --group or --order column, or fewer --folds",
        )
    notes = []
    if lone.any():
        notes.append(
            f"{lone.sum()} of {len(splits)} folds are fitted on rows of one class: their models "
            "know nothing of the others."
        )
    missed = [code for code in range(y.classes) if (scored[fitted[:, code] == 0, code] > 0).any()]
    for code in missed[:_SHOWN] if not lone.any() else []:
        folds = int(((fitted[:, code] == 0) & (scored[:, code] > 0)).sum())
        notes.append(
            f"Class {classes[code]!r} is not among the fitted rows of {folds} of {len(splits)} "
            "folds: there its rows count as missed."
        )
    return notes


def check_judged(y: Target, metric: Metric, classes: Sequence[str], told: tuple[str, str]) -> None:
    """Refuse answers on which the metric has no value.

    Parameters
    ----------
    y : Target
        The answers of the rows that would be scored.
    metric : Metric
        What decides.
    classes : sequence of str
        The labels in code order; empty for numbers.
    told : (str, str)
        For the error: which rows these are, and a cure beside another metric.

    Raises
    ------
    DataError
        Naming the classes that are there.
    """
    same = np.full((len(y), y.outputs), 1 / y.outputs, np.float32)
    if np.isfinite(metric.score(y, same)):
        return
    where, cure = told
    if y.classes:
        found = [classes[code] for code in np.unique(y.values)][:_SHOWN]
        got = f"only {', '.join(map(repr, found))}" if found else "no rows"
        expected = f"rows of several classes {where}, for {metric.name}"
        cure = f"choose --metric log_loss, or {cure}"
    else:
        expected, got = f"different answers {where}, for {metric.name}", "one value"
        cure = f"choose --metric rmse, or {cure}"
    raise DataError(expected, got, cure)


def _counts(y: Target, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(y.values[rows], minlength=y.classes)
