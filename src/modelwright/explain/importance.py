"""Which columns a model leans on: how much worse it gets when one is shuffled.

Permutation importance (Breiman, 2001; Fisher, Rudin and Dominici, 2019), on rows that the model
has not seen, so that a column it merely memorised counts for nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Importance
from modelwright.core.table import Table
from modelwright.explain.probing import Predict, rearranged

__all__ = ["by_association", "permutation_importance"]

# Rows sent to the model at once: the price of a call is spread over many, memory stays bounded.
BATCH = 20_000


def permutation_importance(
    predict: Predict,
    table: Table,
    loss: Callable[[NDArray[np.float32]], float],
    columns: Sequence[str],
    *,
    repeats: int = 3,
    seconds: float = math.inf,
    seed: int = 0,
) -> tuple[Importance, ...]:
    """Measure how much each column matters.

    Parameters
    ----------
    predict : callable
        The model.
    table : Table
        Held-out rows.
    loss : callable
        Of predictions for these rows; less is better.
    columns : sequence of str
        Those to shuffle; the first ones first, when time is short.
    repeats : int
        How often each is shuffled.
    seconds : float
        Stop after about so long; the columns that were not reached are left out.
    seed : int
        The only source of randomness.

    Returns
    -------
    tuple of Importance
        The greatest rise of the loss first.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> a, b = np.arange(20.0), np.ones(20)
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> table = Table(pl.DataFrame({"a": a, "b": b}), schema)
    >>> def predict(rows):
    ...     return rows.frame["a"].to_numpy()[:, None].astype(np.float32)
    >>> def loss(p):
    ...     return float(np.abs(p[:, 0] - a).mean())
    >>> [i.column for i in permutation_importance(predict, table, loss, ["b", "a"])]
    ['a', 'b']
    """
    deadline = time.monotonic() + seconds
    base = loss(predict(table))
    rng = np.random.default_rng(seed)
    shuffles = [rng.permutation(table.height) for _ in range(repeats)]
    found: list[Importance] = []
    most = max(1, BATCH // max(table.height * repeats, 1))
    cost = math.inf  # of one column; the first one tells
    while len(found) < len(columns):
        began = time.monotonic()
        at_once = 1 if not found else int(min(most, (deadline - began) / cost))
        if at_once < 1 or began >= deadline:
            break
        some = columns[len(found) : len(found) + at_once]
        found += _shuffled(predict, table, loss, some, shuffles, base)
        cost = max((time.monotonic() - began) / len(some), 1e-9)
    return tuple(sorted(found, key=lambda importance: -importance.loss))


def _shuffled(
    predict: Predict,
    table: Table,
    loss: Callable[[NDArray[np.float32]], float],
    columns: Sequence[str],
    shuffles: Sequence[NDArray[np.int64]],
    base: float,
) -> list[Importance]:
    height, repeats = table.height, len(shuffles)
    rows = np.tile(np.arange(height), len(columns) * repeats)
    moved = {}
    for j, column in enumerate(columns):
        source = rows.copy()
        start = j * repeats * height
        source[start : start + repeats * height] = np.concatenate(shuffles)
        moved[column] = source
    p = predict(rearranged(table, rows, moved)).reshape(len(columns), repeats, height, -1)
    found = []
    for column, answers in zip(columns, p, strict=True):
        rises = [loss(once) - base for once in answers]
        found.append(Importance(column, float(np.mean(rises)), min(rises), max(rises)))
    return found


def by_association(table: Table, p: NDArray[np.float32], columns: Sequence[str]) -> list[str]:
    """Order columns by how much of the predictions' variance they explain alone, most first.

    A cheap guess at which columns matter, so that the dear measurement starts with those. Values
    are taken in their order and cut into at most 30 parts of as many distinct values.

    Parameters
    ----------
    table : Table
        Rows.
    p : ndarray of shape (n_rows, n_outputs)
        Predictions for them.
    columns : sequence of str
        Columns of the table.

    Returns
    -------
    list of str
        The same columns.
    """
    centred = p - p.mean(axis=0)
    total = float((centred**2).sum()) or 1.0
    shares = {column: _explained(table, centred, column) / total for column in columns}
    return sorted(columns, key=lambda column: -shares[column])


def _explained(table: Table, centred: NDArray[np.float32], column: str) -> float:
    ranks = table.frame[column].rank("dense").fill_null(0).cast(int).to_numpy()
    distinct = int(ranks.max(initial=0)) + 1
    parts = min(distinct, max(2, len(ranks) // 10), 30)
    codes = ranks if distinct <= parts else ranks * parts // distinct
    counts = np.bincount(codes, minlength=parts)
    total = 0.0
    for output in centred.T:
        sums = np.bincount(codes, output, minlength=parts)
        # Chance explains 1 of n for each part: without this, columns of many values would lead.
        total += float((sums**2 / np.maximum(counts, 1)).sum())
    noise = float((centred**2).sum()) * (np.count_nonzero(counts) - 1) / max(len(ranks), 1)
    return total - noise
