"""The score of the final model on rows that had no part in it.

A worker finds it, where libraries are warm, and where a deadline can stop a model that is slow: the
model is on disk by then, and gets its score as a second edition of its card.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.result import Card, FreshScore
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.engine import Job
from modelwright.evaluate import bootstrap_interval
from modelwright.evaluate.catalogue import metric_or_usual
from modelwright.model import Model, load
from modelwright.plan.folders import load_arrays
from modelwright.plan.fresh import ARRAYS, TABLE, Fresh

__all__ = ["JUDGEMENT", "UNSCORED", "FreshJudge", "judge", "looked"]

JUDGEMENT = "judgement"
UNSCORED = "The test rows were not scored: modelwright evaluate does it."
"""Stands in the card of every model but the last one, which is scored."""
# Kept back for scoring: so many seconds and so many a row, at most this share of the time.
SECONDS = 1.0
SECONDS_A_ROW = 2e-5
SHARE = 0.1
# So many rows are predicted first, to learn how long all will take.
PROBE = 500
_NO_TIME = "There was no time left to score the test rows: modelwright evaluate does it."


def judge(folder: str, seconds: float | None) -> dict[str, Any] | None:
    """Score the model of a run on the test rows in its folder.

    Parameters
    ----------
    folder : str
        The run's folder.
    seconds : float, optional
        What it may take; when that is too little for all rows, some are drawn. None: any.

    Returns
    -------
    dict, optional
        ``metric``, ``score``, ``low`` and ``high`` (None: not known), and how many ``rows``; or
        ``why`` the score has no value. None when there was no time.
    """
    deadline = time.monotonic() + (math.inf if seconds is None else seconds)
    model = load(Path(folder) / "model.mw")
    frame = pl.read_ipc(Path(folder) / TABLE)
    arrays = load_arrays(Path(folder) / ARRAYS)
    table = Table(frame, model.schema.select(frame.columns))
    index = _affordable(model, table, deadline)
    if not len(index):
        return None
    y = Target(arrays["y"][index], len(model.task.classes))
    weight, groups = (arrays[n][index] if n in arrays else None for n in ("weight", "groups"))
    total = float(arrays["weight"].sum() if "weight" in arrays else len(arrays["y"]))
    metric = metric_or_usual(model.task).decided_by(model.decision).for_part_of(total)
    p = model.predict_table(table.rows(index))
    score = metric.score(y, p, weight)
    if not math.isfinite(score):
        return {"why": f"{metric.name} has no value on them"}
    left = deadline - time.monotonic()
    low, high = bootstrap_interval(
        metric, y, p, weight=weight, groups=groups, known=score, seconds=left
    )
    known = math.isfinite(low) and math.isfinite(high)
    between = (low, high) if known else (None, None)
    found = {"metric": metric.name, "score": score, "low": between[0], "high": between[1]}
    return {**found, "rows": len(index)}


def _affordable(model: Model, table: Table, deadline: float) -> NDArray[np.int64]:
    """Choose as many rows as there is time for, by how long the first ones take."""
    count = table.height
    if math.isinf(deadline):
        return np.arange(count)
    order = np.random.default_rng(0).permutation(count)
    probed = min(count, PROBE)
    model.predict_table(table.rows(order[:1]))  # what the first prediction of a process has to load
    began = time.monotonic()
    model.predict_table(table.rows(order[:probed]))
    now = time.monotonic()
    # The rest of the time is for the interval, and for what was guessed wrong.
    most = int(probed * 0.7 * (deadline - now) / max(now - began, 1e-6))
    return np.arange(count) if count <= most else np.sort(order[: max(most, 0)])


@dataclass(frozen=True)
class FreshJudge:
    """Has the final model scored on fresh rows, and writes the score into its card.

    Parameters
    ----------
    fresh : Fresh
        The rows.
    looks : callable
        Says in how many earlier runs the same rows were scored.
    """

    fresh: Fresh
    looks: Callable[[], int]

    def reserve(self, budget: float) -> float:
        """Say how many seconds of a budget are kept back for this."""
        return min(SECONDS + SECONDS_A_ROW * len(self.fresh.y), SHARE * budget)

    def job(self, folder: Path, seconds: float | None) -> Job:
        """Ask a worker for the score within so many seconds."""
        soft = None if seconds is None else 0.8 * seconds
        arguments = {"folder": str(folder), "seconds": soft}
        call = "modelwright.plan.findings.judging:judge"
        return Job(JUDGEMENT, call, arguments, seconds=seconds, retries=0)

    def told(self, card: Card, found: Mapping[str, Any] | None, failed: str = "") -> Card:
        """Write what a worker found into a card, and what there is to know about it.

        Parameters
        ----------
        card : Card
            That of the model.
        found : mapping, optional
            What `judge` gave; None: it did not end.
        failed : str
            What went wrong; empty where the time ended first.
        """
        why = failed if found is None else str(found.get("why", ""))
        if why:
            note = (
                f"The test rows were not scored ({why}): modelwright evaluate looks at them again."
            )
            return replace(card, notes=(*card.notes, note))
        if found is None:
            return replace(card, notes=(*card.notes, _NO_TIME))
        score = FreshScore(
            str(found["metric"]),
            float(found["score"]),
            found["low"],
            found["high"],
            int(found["rows"]),
            len(self.fresh.y),
            self.looks(),
            self.fresh.digest,
            self.fresh.source,
        )
        return replace(card, test=score, notes=(*card.notes, *looked(score)))


def looked(
    score: FreshScore, rows: str = "rows", decisive: str = "out-of-fold scores"
) -> list[str]:
    """Warn of test rows that were scored before.

    Parameters
    ----------
    score : FreshScore
        Of them.
    rows, decisive : str
        What they are, and what to decide by instead.
    """
    if not score.looks:
        return []
    runs = "1 earlier run" if score.looks == 1 else f"{score.looks} earlier runs"
    return [
        f"These test {rows} were scored in {runs} of this target already. Whoever tries again "
        f"after each look chooses by luck as well, and the score gets too good: decide by the "
        f"{decisive}, and keep {rows} that nobody has scored for the last word."
    ]
