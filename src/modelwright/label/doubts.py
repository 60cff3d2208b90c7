"""Doubtful labels as people read them: which rows, what they say, and what is suggested."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.numerals import plain
from modelwright.core.picture_place import short_place
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target, Task
from modelwright.core.weaknesses import SURELY, LabelDoubts, Suspect
from modelwright.label.noise import LabelNoise

__all__ = ["describe_doubts"]

Index = NDArray[np.int64]

# So many rows of each kind are listed, and so many of them are shown with their values.
MISLABELLED, HARD = 1_000, 200
SHOWN = 12
PAIRS = 12
_LETTERS = 60
_LEAST_TOLD = 0.005  # less is written as 0 %


def describe_doubts(
    noise: LabelNoise,
    y: Target,
    task: Task,
    position: Index,
    table: Table | None = None,
    columns: Sequence[str] = (),
) -> LabelDoubts:
    """Say which labels are to be doubted.

    Parameters
    ----------
    noise : LabelNoise
        What was found.
    y : Target
        The given labels.
    task : Task
        The names of the classes.
    position : ndarray of int64, shape (n_rows,)
        Where each row was in the data as it was read.
    table : Table, optional
        The rows.
    columns : sequence of str
        Those whose values are shown of the worst rows; of every row listed where these are
        places of images, and nothing else.

    Returns
    -------
    LabelDoubts

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.label.noise import label_noise
    >>> true = np.arange(400) % 2
    >>> given = true.copy()
    >>> given[:30] = 1 - given[:30]
    >>> p = np.where(true[:, None] == [0, 1], 0.9, 0.1)
    >>> task = Task(TaskKind.BINARY, "spam", "roc_auc", ("no", "yes"))
    >>> found = describe_doubts(label_noise(p, given), Target(given, 2), task, np.arange(400))
    >>> found.mislabelled, found.pairs[0], found.suspects[0].kind
    (30, ('no', 'yes', 15), 'mislabelled')
    """
    order = noise.order
    flagged = order[noise.mislabelled[order]]
    worst = flagged[: _most(noise)]
    merely = noise.hard | noise.mislabelled
    merely[worst] = False
    if not task.classes:  # of numbers nothing is told where there is nothing to tell
        merely &= (noise.wrong >= _LEAST_TOLD) & (_written(y.values) != _written(noise.suggested))
    hard = order[merely[order]]
    names = [] if table is None else [name for name in columns if name in table.schema]
    shown = MISLABELLED if names and _are_places(table, names) else SHOWN
    listed = [(worst[:MISLABELLED], False), (hard[:HARD], True)]
    suspects = tuple(
        Suspect(
            int(position[row]),
            _label(task, y.values[row]),
            _label(task, noise.suggested[row]),
            float(noise.wrong[row]),
            kind,
            _values(table, names, row) if place < shown else (),
        )
        for rows, kind in listed
        for place, row in enumerate(rows.tolist())
    )
    return LabelDoubts(
        rows=len(y),
        rate=noise.rate,
        low=noise.low,
        high=noise.high,
        mislabelled=len(worst),
        hard=len(hard),
        pairs=_pairs(noise, y, task, worst),
        suspects=suspects,
        columns=tuple(names),
    )


def _most(noise: LabelNoise) -> int:
    """Count how many labels are wrong by the estimated share; at most, where it may be none."""
    share = noise.rate if noise.low >= SURELY else noise.high
    return math.ceil(share * len(noise.wrong)) if math.isfinite(share) else len(noise.wrong)


def _label(task: Task, value: np.generic) -> str:
    return task.classes[int(value)] if task.classes else f"{float(value):.6g}"


def _written(values: NDArray[np.generic]) -> NDArray[np.str_]:
    return np.array([f"{float(value):.6g}" for value in values.tolist()])


def _pairs(
    noise: LabelNoise, y: Target, task: Task, rows: Index
) -> tuple[tuple[str, str, int], ...]:
    if not task.classes:
        return ()
    both = y.values[rows] * len(task.classes) + noise.suggested[rows].astype(np.int64)
    kinds, counts = np.unique(both, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:PAIRS]
    found = []
    for i in order.tolist():
        given, suggested = divmod(int(kinds[i]), len(task.classes))
        found.append((task.classes[given], task.classes[suggested], int(counts[i])))
    return tuple(found)


def _values(table: Table | None, names: Sequence[str], row: int) -> tuple[str, ...]:
    if table is None:
        return ()
    return tuple(
        short_place(str(table.frame[name][row]))
        if table.schema[name].kind is Kind.IMAGE
        else _cell(table.frame[name], row)
        for name in names
    )


def _are_places(table: Table | None, names: Sequence[str]) -> bool:
    return table is not None and all(table.schema[name].kind is Kind.IMAGE for name in names)


def _cell(values: pl.Series, row: int) -> str:
    value = values[row]
    if value is None:
        return "missing"
    text = plain(value) if isinstance(value, float) else " ".join(str(value).split())
    text = text.removesuffix(" 00:00:00")
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
