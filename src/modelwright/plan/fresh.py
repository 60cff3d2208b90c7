"""Rows that no fit and no choice sees: read at the start, scored once, at the end."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import Reading, conform, read_raw, totals_below
from modelwright.core.addresses import is_database, masked
from modelwright.core.errors import DataError
from modelwright.core.framing import encode_target
from modelwright.core.result import FreshScore
from modelwright.core.schema import Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate import bootstrap_interval, find_metric
from modelwright.evaluate.soundness import check_judged
from modelwright.evaluate.splitters import says_test
from modelwright.model import Model
from modelwright.plan.workspace import Rows, group_codes

__all__ = ["Fresh", "Judge", "read_fresh", "set_apart"]

# Kept back for scoring: so many seconds and so many a row, at most this share of the time.
SECONDS = 0.2
SECONDS_A_ROW = 2e-5
SHARE = 0.1
# So many rows are predicted first, to learn how long all will take.
PROBE = 500
_NO_TIME = "There was no time left to score the test rows: modelwright evaluate does it."


@dataclass(frozen=True)
class Fresh:
    """Rows with answers that had no part in anything yet.

    Parameters
    ----------
    table : Table
        Typed as the rows that are learned from.
    y : Target
        Their answers.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts.
    digest : str
        The hash of the file as it lies on disk, or of the rows of a frame.
    source : str
        What to call them.
    notes : tuple of str
        What was noticed while reading.
    """

    table: Table
    y: Target
    weight: NDArray[np.float64] | None
    digest: str
    source: str
    notes: tuple[str, ...] = ()


def read_fresh(data: object, rows: Rows) -> Fresh:
    """Read a test file as the rows before it were read.

    Parameters
    ----------
    data : path or frame
        With the columns of the table, the target among them; rows without an answer are left out.
    rows : Rows
        What is learned from.

    Returns
    -------
    Fresh

    Raises
    ------
    ColumnError
        When a column is missing, renamed or retyped.
    DataError
        When no row has an answer, a label is new, these are the rows that are learned from, or the
        metric has no value on them.
    """
    source = read_raw(data, Reading.like(rows.table.schema))
    raw = source.frame
    digest = _digest(data, raw)
    table = conform(
        raw.head(raw.height - totals_below(raw)),
        rows.table.schema,
        (*rows.table.features(), rows.task.target),
    )
    known = table.frame[rows.task.target].is_not_null().arg_true().to_numpy().astype(np.int64)
    if not len(known):
        raise DataError(f"answers in column {rows.task.target!r} of --test", "none in any row")
    notes = tuple(f"Test rows: {note}" for note in (*source.notes, *table.notes))
    table = table.rows(known)
    if table.fingerprint() == rows.table.fingerprint():
        raise DataError(
            "rows for --test that are not learned from",
            "the very rows of the table",
            "name a file of other rows, or leave --test out: scores are out of fold anyway",
        )
    return replace(_fresh(table, rows, digest, _source(data)), notes=notes)


def set_apart(rows: Rows, column: str) -> tuple[Rows, Fresh | None]:
    """Take the rows away that a column of folds calls test.

    Parameters
    ----------
    rows : Rows
        All rows.
    column : str
        The column of folds.

    Returns
    -------
    rows : Rows
        What is learned from.
    fresh : Fresh, optional
        The others; None when there are none.

    Raises
    ------
    DataError
        When nothing is left to learn from, or the metric has no value on the others.
    """
    apart = says_test(rows.table.frame[column])
    if not apart.any():
        return rows, None
    if apart.sum() > len(apart) - 2:
        raise DataError(
            f"rows to learn from in column {column!r} (--splits)", "test in nearly every row"
        )
    kept, held = np.flatnonzero(~apart), np.flatnonzero(apart)
    weight = None if rows.weight is None else rows.weight[kept]
    rest = replace(rows, table=rows.table.rows(kept), y=rows.y.rows(kept), weight=weight)
    table = rows.table.rows(held)
    return rest, _fresh(table, rows, table.fingerprint(), f"column {column!r}")


def _fresh(table: Table, rows: Rows, digest: str, source: str) -> Fresh:
    y = encode_target(rows.task, table.frame[rows.task.target])
    told = "among the test rows", "bring test rows of the other classes too"
    metric = find_metric(rows.task.metric, rows.task.kind)
    check_judged(y, metric, rows.task.classes, told)
    names = [name for name in table.schema.names(Role.WEIGHT) if name in table.frame.columns]
    weight = table.frame[names[0]].to_numpy().astype(np.float64) if names else None
    if weight is not None and (not (weight >= 0).all() or not weight.any()):
        raise DataError(
            f"weights at or above zero in column {names[0]!r} of the test rows",
            "others",
            "mend or drop these rows",
        )
    return Fresh(table, y, weight, digest, source)


def _digest(data: object, raw: pl.DataFrame) -> str:
    """Hash what was given: the bytes of a file, or the rows of anything else."""
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(data, str | Path) and not is_database(str(data)):
        path = Path(data).expanduser()
        if path.is_file():
            with path.open("rb") as file:
                while block := file.read(2**20):
                    digest.update(block)
            return digest.hexdigest()
    digest.update(repr(raw.columns).encode())
    digest.update(raw.hash_rows(seed=0).to_numpy().tobytes())
    return digest.hexdigest()


def _source(data: object) -> str:
    if not isinstance(data, str | Path):
        return f"a {type(data).__name__} in memory"
    return masked(str(data)) if is_database(str(data)) else Path(data).name


@dataclass(frozen=True)
class Judge:
    """Scores the final model on fresh rows, and writes the score into its card.

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

    def judge(self, model: Model, seconds: float) -> Model:
        """Give the model with its score on the fresh rows.

        Parameters
        ----------
        model : Model
            The final one.
        seconds : float
            What it may take; when that is too little for all rows, some are drawn.

        Returns
        -------
        Model
            The same with another card.
        """
        score = self._score(model, seconds)
        if score is None:
            return replace(model, card=replace(model.card, notes=(*model.card.notes, _NO_TIME)))
        notes = (*model.card.notes, *_told(score, model.task.target))
        return replace(model, card=replace(model.card, test=score, notes=notes))

    def _score(self, model: Model, seconds: float) -> FreshScore | None:
        deadline = time.monotonic() + seconds
        fresh, task = self.fresh, model.task
        index = _affordable(model, fresh, seconds)
        if not len(index):
            return None
        table, y = fresh.table.rows(index), fresh.y.rows(index)
        weight = None if fresh.weight is None else fresh.weight[index]
        metric = find_metric(task.metric, task.kind)
        p = model.predict_table(table)
        score = metric.score(y, p, weight)
        if not math.isfinite(score):
            return None
        low, high = bootstrap_interval(
            metric,
            y,
            p,
            weight=weight,
            groups=group_codes(table),
            known=score,
            seconds=deadline - time.monotonic(),
        )
        known = math.isfinite(low) and math.isfinite(high)
        return FreshScore(
            task.metric,
            score,
            low if known else None,
            high if known else None,
            len(index),
            len(fresh.y),
            self.looks(),
            fresh.digest,
            fresh.source,
        )


def _affordable(model: Model, fresh: Fresh, seconds: float) -> NDArray[np.int64]:
    """Choose as many rows as there is time for, by how long the first ones take."""
    count = len(fresh.y)
    if math.isinf(seconds) or seconds <= 0:
        return np.arange(count if seconds > 0 else 0)
    order = np.random.default_rng(0).permutation(count)
    began = time.monotonic()
    model.predict_table(fresh.table.rows(order[:PROBE]))
    spent = time.monotonic() - began
    # Half of the time is for the interval, and for what was guessed wrong.
    most = int(PROBE * (0.5 * seconds - spent) / max(spent, 1e-6))
    if count <= most or (count <= PROBE and 2 * spent < seconds):
        return np.arange(count)
    return np.sort(order[: max(most, 0)])


def _told(score: FreshScore, target: str) -> list[str]:
    if not score.looks:
        return []
    runs = "1 earlier run" if score.looks == 1 else f"{score.looks} earlier runs"
    return [
        f"These test rows were scored in {runs} of {target!r} already. Whoever tries again after "
        "each look chooses by luck as well, and the score gets too good: decide by the out-of-fold "
        "scores, and keep rows that nobody has scored for the last word."
    ]
