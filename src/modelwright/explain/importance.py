"""Which columns a model leans on: how much worse it gets when one is shuffled.

Permutation importance (Breiman, 2001; Fisher, Rudin and Dominici, 2019), on rows that the model
has not seen, so that a column it merely memorised counts for nothing. Each comes with an interval:
other rows might have come, and the shuffles might have fallen otherwise. How much the rows matter
is found by leaving parts of them out (the jackknife; Quenouille 1956, Shao and Tu 1995), where rows
belong together whole groups, and the shuffles are repeated.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Importance
from modelwright.core.table import Table
from modelwright.explain.probing import Predict, rearranged
from modelwright.stats.tails import t_reach

__all__ = ["LEVEL", "Loss", "by_association", "permutation_importance"]

Loss = Callable[[NDArray[np.float32], NDArray[np.int64]], float]
"""Of predictions for some rows, and the positions of these rows; less is better."""

Floats: TypeAlias = NDArray[np.float64]

LEVEL = 0.95
"""How sure intervals are."""

# Rows sent to the model at once: the price of a call is spread over many, memory stays bounded.
BATCH = 20_000
# Parts of the rows that are left out, one after another; fewer than the least say too little.
PARTS = 20
FEWEST = 5


def permutation_importance(
    predict: Predict,
    table: Table,
    loss: Loss,
    columns: Sequence[str | tuple[str, ...]],
    *,
    repeats: int = 5,
    groups: NDArray[np.int64] | None = None,
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
        Of predictions for some of these rows, and their positions; less is better.
    columns : sequence of str or tuple of str
        Those to shuffle, the first ones first when time is short. Columns in a tuple are shuffled
        together, each row taking all of them from one other row.
    repeats : int
        How often each is shuffled.
    groups : ndarray of int64, shape (n_rows,), optional
        Rows that belong together are left out together.
    seconds : float
        Stop after about so long; the columns that were not reached are left out.
    seed : int
        The only source of randomness.

    Returns
    -------
    tuple of Importance
        The greatest rise of the loss first. Intervals are of 95 %, for other rows and other
        shuffles, with the same model; with fewer than 5 rows or groups, or where the loss has no
        value on parts of the rows, the range over repeats stands instead (`level` 0).

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> a, b = np.arange(20.0), np.ones(20)
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> table = Table(pl.DataFrame({"a": a, "b": b}), schema)
    >>> def predict(rows):
    ...     return rows.frame["a"].to_numpy()[:, None].astype(np.float32)
    >>> def loss(p, rows):
    ...     return float(np.abs(p[:, 0] - a[rows]).mean())
    >>> found = permutation_importance(predict, table, loss, ["b", "a"])
    >>> [one.column for one in found], found[0].low > 0
    (['a', 'b'], True)
    """
    deadline = time.monotonic() + seconds
    rng = np.random.default_rng(seed)
    shuffles = [rng.permutation(table.height) for _ in range(repeats)]
    judge = _Judge.of(predict(table), loss, _parts(table.height, groups, rng))
    asked = [(one,) if isinstance(one, str) else tuple(one) for one in columns]
    found: list[Importance] = []
    most = max(1, BATCH // max(table.height * repeats, 1))
    cost = math.inf  # of one column; the first one tells
    while len(found) < len(asked):
        began = time.monotonic()
        at_once = 1 if not found else int(min(most, (deadline - began) / cost))
        if at_once < 1 or began >= deadline:
            break
        some = asked[len(found) : len(found) + at_once]
        found += _shuffled(predict, table, some, shuffles, judge)
        cost = max((time.monotonic() - began) / len(some), 1e-9)
    return tuple(sorted(found, key=lambda importance: -importance.loss))


def _parts(
    height: int, groups: NDArray[np.int64] | None, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Deal rows, or whole groups, into parts of about one size: the part of each row."""
    if groups is None:
        count = min(PARTS, height)
        return np.asarray(rng.permutation(height) % max(count, 1), np.int64)
    units = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(units)
    filled = np.zeros(min(PARTS, len(sizes)))
    part = np.empty(len(sizes), np.int64)
    for unit in sorted(rng.permutation(len(sizes)), key=lambda one: -sizes[one]):
        part[unit] = filled.argmin()
        filled[part[unit]] += sizes[unit]
    return part[units]


@dataclass(frozen=True)
class _Judge:
    """Scores predictions, of all rows and without each part of them."""

    loss: Loss
    parts: tuple[NDArray[np.int64], ...]
    whole: float
    without: Floats

    @classmethod
    def of(cls, p: NDArray[np.float32], loss: Loss, part: NDArray[np.int64]) -> _Judge:
        """Score the predictions as they are."""
        count = int(part.max(initial=-1)) + 1
        kept = tuple(np.flatnonzero(part != k) for k in range(count)) if count >= FEWEST else ()
        rows = np.arange(len(p))
        return cls(loss, kept, loss(p, rows), np.array([loss(p[some], some) for some in kept]))

    def importance(self, names: tuple[str, ...], answers: NDArray[np.float32]) -> Importance:
        """Judge what a model says with columns shuffled: shape (n_repeats, n_rows, n_outputs)."""
        rows = np.arange(answers.shape[1])
        rises = np.array([self.loss(p, rows) for p in answers]) - self.whole
        column, together = " + ".join(names), names if len(names) > 1 else ()
        mean = float(rises.mean())
        reach = self._reach(answers, rises)
        if not math.isfinite(reach):
            return Importance(column, mean, float(rises.min()), float(rises.max()), 0.0, together)
        return Importance(column, mean, mean - reach, mean + reach, LEVEL, together)

    def _reach(self, answers: NDArray[np.float32], rises: Floats) -> float:
        """Say how far off the mean rise may be; NaN where that cannot be known."""
        if not self.parts or len(rises) < 2:
            return math.nan
        left = np.array(
            [np.mean([self.loss(p[some], some) for p in answers]) for some in self.parts]
        )
        drops = left - self.without
        count = len(drops)
        by_rows = (count - 1) / count * float(((drops - drops.mean()) ** 2).sum())
        by_shuffles = float(rises.var(ddof=1)) / len(rises)
        return t_reach(LEVEL, count - 1) * math.sqrt(by_rows + by_shuffles)


def _shuffled(
    predict: Predict,
    table: Table,
    asked: Sequence[tuple[str, ...]],
    shuffles: Sequence[NDArray[np.int64]],
    judge: _Judge,
) -> list[Importance]:
    height, repeats = table.height, len(shuffles)
    rows = np.tile(np.arange(height), len(asked) * repeats)
    moved: dict[str, NDArray[np.int64]] = {}
    for j, names in enumerate(asked):
        start = j * repeats * height
        for name in names:
            source = moved.setdefault(name, rows.copy())
            source[start : start + repeats * height] = np.concatenate(shuffles)
    p = predict(rearranged(table, rows, moved)).reshape(len(asked), repeats, height, -1)
    return [judge.importance(names, answers) for names, answers in zip(asked, p, strict=True)]


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
