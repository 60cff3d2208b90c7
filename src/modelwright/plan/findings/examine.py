"""What workers find out about the chosen ensemble: columns shuffled, rows explained.

Every row is asked of models that were fitted without it; a member that was fitted once on all rows
(it bags) is not heard, and where there are only such members nothing is said. The models are opened
in a worker, where their libraries are warm, and where a deadline can stop whatever takes too long.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Attribution, Dependence, Importance
from modelwright.core.numerals import number
from modelwright.core.result import Card, Leaderboard
from modelwright.core.table import Table
from modelwright.core.task import Target, Task
from modelwright.core.version import __version__
from modelwright.evaluate import Metric
from modelwright.evaluate.calibration import Calibration, restore_calibration
from modelwright.evaluate.catalogue import metric_or_usual
from modelwright.evaluate.decisions import restore_decision
from modelwright.explain import (
    Asked,
    Explainer,
    by_association,
    curves,
    permutation_importance,
    telling_rows,
    with_close,
)
from modelwright.model import Model
from modelwright.model.shares import EnsembleShares
from modelwright.plan.publish import Voice, assemble
from modelwright.plan.trial import fold_part
from modelwright.plan.workspace import Workspace

__all__ = ["examine"]

# So many held-out rows are asked about with their columns shuffled.
PROBED = 500
# Folds that these rows may come from; the models of each have to be opened.
PROBED_FOLDS = 5
SHUFFLED_COLUMNS = 60
SHUFFLES = 3
CURVES = 9
# Rows that are set to each value of a column in turn.
CURVE_ROWS = 200
SHARED_COLUMNS = 12
ORDERS = 32
# Of the time there is, at most this share goes into importances.
IMPORTANCE_SHARE = 0.6


def examine(
    folder: str,
    members: Sequence[tuple[int, float, int]],
    calibration: Mapping[str, Any],
    seconds: float | None,
    decision: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Find out what an ensemble leans on.

    Parameters
    ----------
    folder : str
        The run's folder.
    members : sequence of (int, float, int)
        The number, the weight and the units of each trial in the ensemble.
    calibration : mapping
        Its calibration, as JSON.
    seconds : float, optional
        Stop after about so long, with what was found by then; None: take the time it takes.
    decision : mapping, optional
        How it answers, as JSON.

    Returns
    -------
    dict
        ``importances``, ``dependences`` and ``attributions`` as lists of plain JSON, and the
        share of the ensemble that was ``heard``.
    """
    start = time.monotonic()
    deadline = start + (math.inf if seconds is None else seconds)
    until = start + IMPORTANCE_SHARE * (deadline - start)
    work = Workspace(Path(folder))
    classes = len(work.rows.task.classes)
    ensemble = _Ensemble(work, members, restore_calibration(calibration, classes))
    metric = ensemble.metric(decision)
    found: list[tuple[int, tuple[Importance, ...]]] = []
    last: _HeldOut | None = None
    for last in ensemble.held_out(until):
        found.append((len(last.y), _importances(last, metric, until, work.rows.table)))
    importances = _averaged(found)
    attributions: tuple[Attribution, ...] = ()
    dependences: tuple[Dependence, ...] = ()
    if last is not None:
        measured = [importance.column for importance in importances if not importance.together]
        columns = list(dict.fromkeys((*measured, *last.likely)))
        attributions = _attributions(last, columns[:SHARED_COLUMNS], deadline)
        dependences = _dependences(last, columns[:CURVES], deadline)
    return {
        "heard": ensemble.share,
        "importances": [asdict(one) for one in importances],
        "dependences": [asdict(one) for one in dependences],
        "attributions": [asdict(one) for one in attributions],
    }


@dataclass(frozen=True)
class _HeldOut:
    """Rows of one fold, and the models that have not seen them."""

    model: Model
    table: Table
    y: Target
    weight: NDArray[np.float64] | None
    groups: NDArray[np.int64] | None

    @cached_property
    def p(self) -> NDArray[np.float32]:
        """What the models say of the rows."""
        return self.model.predict_table(self.table)

    @cached_property
    def likely(self) -> list[str]:
        """The columns, those first that go with the predictions."""
        return by_association(self.table, self.p, self.model.columns)


@dataclass(frozen=True)
class _Ensemble:
    """The members of an ensemble, as trials on disk."""

    work: Workspace
    members: Sequence[tuple[int, float, int]]
    calibration: Calibration

    def held_out(self, until: float) -> Iterator[_HeldOut]:
        """Open folds from the last one, which has seen the most when time orders the rows."""
        rows, folds = self.work.rows, self.work.splits.folds
        wanted, opening = PROBED if self.heard else 0, 0.0
        for fold in reversed(range(max(0, len(folds) - PROBED_FOLDS), len(folds))):
            if wanted <= 0 or time.monotonic() + 2 * opening >= until:
                return
            began = time.monotonic()
            index = _drawn(folds[fold].valid, wanted, rows.seed)
            wanted -= len(index)
            weight = None if rows.weight is None else rows.weight[index]
            groups = None if self.work.groups is None else self.work.groups[index]
            model = self.model(self.heard, fold_part(fold))
            yield _HeldOut(model, rows.table.rows(index), rows.y.rows(index), weight, groups)
            opening = time.monotonic() - began

    def metric(self, decision: Mapping[str, Any] | None) -> Metric:
        """Find what columns are judged by; the usual metric for one that is the user's function."""
        task = self.work.rows.task
        weight, scored = self.work.rows.weight, self.work.splits.scored
        total = len(scored) if weight is None else weight[scored].sum()
        metric = metric_or_usual(task).for_part_of(float(total))
        return metric.decided_by(restore_decision(decision, len(task.classes)))

    @cached_property
    def heard(self) -> Sequence[tuple[int, float, int]]:
        """The members that were fitted fold by fold; one that bags has seen every row."""
        parts, part = self.work.parts, fold_part(len(self.work.splits) - 1)
        return [m for m in self.members if parts.result(m[0], part) is not None]

    @property
    def share(self) -> float:
        """How much of the ensemble the members that are heard make up."""
        total = sum(weight for _, weight, _ in self.members)
        return sum(weight for _, weight, _ in self.heard) / total

    def model(self, members: Sequence[tuple[int, float, int]], part: str) -> Model:
        """Assemble some of the members from one part of each."""
        total = sum(weight for _, weight, _ in members)
        parts = self.work.parts
        voices = [
            Voice(parts.spec(number).name, weight / total, number, units, (part,))
            for number, weight, units in members
        ]
        task = self.work.rows.task
        card = Card(__version__, "", "", 0, "", "", None, Leaderboard(task.metric, ()))
        schema = self.work.rows.table.schema
        return assemble(self.work, voices, Model(task, schema, (), self.calibration, card))


def _drawn(rows: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _importances(
    part: _HeldOut, metric: Metric, until: float, table: Table
) -> tuple[Importance, ...]:
    return permutation_importance(
        part.model.predict_table,
        part.table,
        metric.on(part.y, part.weight),
        # by all rows, so that every fold shuffles the same columns together
        with_close(table, part.likely[:SHUFFLED_COLUMNS]),
        repeats=SHUFFLES,
        groups=part.groups,
        seconds=until - time.monotonic(),
    )


def _averaged(found: Sequence[tuple[int, tuple[Importance, ...]]]) -> tuple[Importance, ...]:
    """Average the importances of folds by their rows; columns that no fold reached are absent."""
    by_column: dict[str, list[tuple[int, Importance]]] = {}
    for size, importances in found:
        for importance in importances:
            if math.isfinite(importance.loss):
                by_column.setdefault(importance.column, []).append((size, importance))
    averaged = [_mean(seen) for seen in by_column.values()]
    return tuple(sorted(averaged, key=lambda importance: -importance.loss))


def _mean(seen: Sequence[tuple[int, Importance]]) -> Importance:
    """Average one column over folds, whose rows are others: their errors partly cancel out."""
    share = np.array([size for size, _ in seen], np.float64)
    share /= share.sum()
    ones = [one for _, one in seen]
    loss, low, high = (
        float(share @ [getattr(one, name) for one in ones]) for name in ("loss", "low", "high")
    )
    level = min(one.level for one in ones)
    if level:
        half = share * np.array([(one.high - one.low) / 2 for one in ones])
        low, high = loss - math.sqrt(float(half @ half)), loss + math.sqrt(float(half @ half))
    return Importance(ones[0].column, loss, low, high, level, ones[0].together)


def _dependences(part: _HeldOut, columns: Sequence[str], deadline: float) -> tuple[Dependence, ...]:
    return curves(
        part.model.predict_table,
        part.table,
        columns,
        among=part.likely[:SHUFFLED_COLUMNS],
        until=deadline,
        averaged=CURVE_ROWS,
    )


def _attributions(
    part: _HeldOut, columns: Sequence[str], deadline: float
) -> tuple[Attribution, ...]:
    model, task = part.model, part.model.task
    table = part.table.select(model.columns)
    rng = np.random.default_rng(0)
    behind = table.rows(rng.choice(table.height, ORDERS))
    within = EnsembleShares.of(model.members, task, model.calibration, behind)
    explainer = Explainer(model.predict_table, task, behind, tuple(columns), within=within)
    wrong, far = _errors(part.y, part.p), np.abs(part.p - part.p.mean(axis=0)).sum(axis=1)
    found: list[Attribution] = []
    longest = 0.0
    for name, position in telling_rows(wrong, far):
        began = time.monotonic()
        if began + longest >= deadline:
            break
        found += explainer.explain(table, [Asked(position, name, _answer(task, part.y, position))])
        longest = max(longest, time.monotonic() - began)
    return tuple(found)


def _errors(y: Target, p: NDArray[np.float32]) -> NDArray[np.float64]:
    if y.classes:
        return np.asarray(1.0 - p[np.arange(len(y)), y.values], dtype=np.float64)
    return np.asarray(np.abs(y.values - p[:, 0]), dtype=np.float64)


def _answer(task: Task, y: Target, position: int) -> str:
    value = y.values[position]
    return task.classes[value] if y.classes else number(value, 6)
