"""Kinds of rows on which a model is worse than on the others.

Candidates are levels and ranges of single columns, and pairs of them (slice finding: Chung et al.
2019). Whoever looks at hundreds of them finds some by chance: so they are looked for on one half of
the rows, and only what holds on the other half, corrected for the number of tests (Holm 1979), is
told. What is told of a slice is measured on that other half.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.core.weaknesses import Slice
from modelwright.evaluate.conditions import Condition, conditions_of
from modelwright.stats.tails import above_t, holm

__all__ = ["find_slices", "row_losses"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

# A slice has at least so many rows, and this share of them, in each half.
FEWEST = 30
SHARE = 0.01
# So many of the candidates that look worst are tested on the other half.
TESTED = 20
# Pairs are made of so many of the worst conditions, with each condition of another column.
PAIRED = 12
MOST_CONDITIONS = 400
MOST_ROWS = 20_000
TOLD = 6
# How likely any false alarm may be.
LEVEL = 0.05
# Slices that share so many of their rows (the common over the joint ones) are one.
ALIKE = 0.5
# A few enormous errors would hide everything else: they count as this quantile of all.
_CAP = 0.995
_NORMAL = 1.959964


def row_losses(y: Target, p: NDArray[np.floating]) -> Floats:
    """Say how wrong each prediction is, in units that mean something to people.

    Parameters
    ----------
    y : Target
        The answers.
    p : ndarray of float, shape (n_rows, n_outputs)
        Probabilities, or numbers.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        The probability that the true class did not get, or the absolute error.

    Examples
    --------
    >>> row_losses(Target(np.array([0, 1]), 2), np.array([[0.75, 0.25], [0.5, 0.5]]))
    array([0.25, 0.5 ])
    """
    if y.classes:
        true: Floats = 1.0 - p[np.arange(len(y)), y.values].astype(np.float64)
        return true
    missed: Floats = np.abs(p[:, 0].astype(np.float64) - y.values)
    return missed


@dataclass(frozen=True)
class _Candidate:
    """One condition, or two that both hold."""

    words: tuple[str, ...]
    columns: tuple[str, ...]
    rows: NDArray[np.bool_]
    t: float = -math.inf


@dataclass(frozen=True)
class _Gap:
    """The mean loss inside and outside, and how sure their difference is."""

    inside: float
    outside: float
    error: float
    freedom: int

    @property
    def difference(self) -> float:
        return self.inside - self.outside

    @property
    def t(self) -> float:
        return self.difference / self.error if self.error > 0 else -math.inf

    @property
    def p_value(self) -> float:
        return above_t(self.t, self.freedom) if self.error > 0 else 1.0


@dataclass(frozen=True)
class _Half:
    """Rows on which slices are looked for, or tested."""

    losses: Floats
    weight: Floats
    groups: Index | None

    def gap(self, rows: NDArray[np.bool_]) -> _Gap:
        """Compare rows with all others; rows of one group count as one observation."""
        means, variances, freedom = [], [], len(self.losses)
        for side in (rows, ~rows):
            mass = self.weight * side
            total = float(mass.sum())
            if not total > 0:
                return _Gap(math.nan, math.nan, 0.0, 1)
            mean = float(mass @ self.losses) / total
            units = int(np.count_nonzero(side))
            sums: Floats = mass * (self.losses - mean)
            if self.groups is not None:
                sums = np.bincount(self.groups, sums).astype(np.float64, copy=False)
                units = int(np.count_nonzero(np.bincount(self.groups[side])))
            if units < 2:
                return _Gap(math.nan, math.nan, 0.0, 1)
            means.append(mean)
            variances.append(float(sums @ sums) / total**2 * units / (units - 1))
            freedom = min(freedom, units - 1)
        return _Gap(means[0], means[1], math.sqrt(sum(variances)), freedom)


def find_slices(
    table: Table,
    losses: Floats,
    *,
    columns: Sequence[str] | None = None,
    weight: Floats | None = None,
    groups: Index | None = None,
    seconds: float = math.inf,
    seed: int = 0,
) -> tuple[Slice, ...]:
    """Find kinds of rows on which a model does worse.

    Parameters
    ----------
    table : Table
        Rows that the model has not seen.
    losses : ndarray of float64, shape (n_rows,)
        How wrong the model is about each: see `row_losses`.
    columns : sequence of str, optional
        Those that may tell rows apart, the most telling first; None: the features.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts.
    groups : ndarray of int64, shape (n_rows,), optional
        Rows of one group stay in one half, and count as one observation.
    seconds : float
        Look at no further column after about half of it, and at no further pair of conditions
        after four fifths; what was looked at by then is told.
    seed : int
        The only source of randomness: which rows are in which half.

    Returns
    -------
    tuple of Slice
        At most six, those with the most excess loss first; empty when there are fewer than 120
        rows, or nothing holds. Any false alarm among them is as rare as one in twenty.

    Raises
    ------
    DataError
        When losses and rows do not fit together.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> rng = np.random.default_rng(0)
    >>> town = rng.choice(["Rome", "Oslo", "Lima"], 900)
    >>> table = Table(pl.DataFrame({"town": town}), Schema((Column("town", Kind.CATEGORY),)))
    >>> losses = rng.uniform(0, 1, 900) + (town == "Oslo")
    >>> [found.where for found in find_slices(table, losses)]
    ['town is Oslo']
    """
    if len(losses) != table.height or not np.isfinite(losses).all():
        bad = int((~np.isfinite(losses)).sum())
        raise DataError("a finite loss for each row", f"{bad:,} that are not, of {len(losses):,}")
    rng = np.random.default_rng(seed)
    kept = np.arange(len(losses))
    if len(kept) > MOST_ROWS:
        kept = np.sort(rng.choice(kept, MOST_ROWS, replace=False))
    fewest = max(FEWEST, math.ceil(SHARE * len(kept) / 2))
    if len(kept) < 4 * FEWEST:
        return ()
    owner = None if groups is None else np.unique(groups[kept], return_inverse=True)[1]
    found = table.rows(kept)
    names = found.features() if columns is None else [c for c in columns if c in found.schema]
    mass = np.ones(len(kept)) if weight is None else weight[kept]
    capped = np.minimum(losses[kept], np.quantile(losses[kept], _CAP))
    first = _first_half(np.arange(len(kept)) if owner is None else owner, rng)
    searched, tested = (
        _Half(capped[h], mass[h], None if owner is None else owner[h]) for h in (first, ~first)
    )
    began = time.monotonic()
    conditions: list[Condition] = []
    for condition in conditions_of(found, names, 2 * fewest):
        conditions.append(condition)
        if len(conditions) >= MOST_CONDITIONS or time.monotonic() > began + seconds / 2:
            break
    candidates = _worst(conditions, searched, first, fewest, began + 0.8 * seconds)
    return _told(_confirmed(candidates, tested, ~first, fewest), len(losses) / len(kept))


def _first_half(owner: Index, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw half of the groups (each row is one where there are none)."""
    drawn = rng.permutation(int(owner.max()) + 1) % 2 == 0
    return np.asarray(drawn[owner])


def _worst(
    conditions: Sequence[Condition],
    half: _Half,
    first: NDArray[np.bool_],
    fewest: int,
    until: float,
) -> list[_Candidate]:
    """Rank single conditions, then pairs of the worst with any other, on the first half."""
    singles = [
        _Candidate((c.words,), (c.column,), c.rows, half.gap(c.rows[first]).t) for c in conditions
    ]
    singles.sort(key=lambda one: -one.t)
    pairs = _pairs(singles, half, first, fewest, until)
    ranked = sorted([*singles, *pairs], key=lambda one: (-one.t, len(one.columns)))
    return [one for one in ranked if one.t > _NORMAL][:TESTED]


def _pairs(
    singles: Sequence[_Candidate],
    half: _Half,
    first: NDArray[np.bool_],
    fewest: int,
    until: float,
) -> list[_Candidate]:
    """Make pairs that are clearly worse than either condition alone."""
    if not singles:
        return []
    inside = np.stack([one.rows[first] for one in singles]).astype(np.float32)
    leading = min(PAIRED, len(singles))
    mass, loss = half.weight.astype(np.float32), half.losses.astype(np.float32)
    counts = inside[:leading] @ inside.T
    totals = (inside[:leading] * mass) @ inside.T
    sums = (inside[:leading] * (mass * loss)) @ inside.T
    alone = (inside @ (mass * loss)) / np.maximum(inside @ mass, 1e-12)
    means = sums / np.maximum(totals, 1e-12)
    made: dict[tuple[int, int], _Candidate] = {}
    for i in range(leading):
        for j in np.flatnonzero(counts[i] >= fewest).tolist():
            one, other = singles[i], singles[j]
            if time.monotonic() > until:
                return list(made.values())
            if one.columns == other.columns or (j, i) in made:
                continue
            if means[i, j] <= max(alone[i], alone[j]):
                continue
            rows = one.rows & other.rows
            both = _Candidate(one.words + other.words, one.columns + other.columns, rows)
            parents = (one.rows & ~rows, other.rows & ~rows)
            if all(_clearly(half, rows[first], rest[first]) for rest in parents):
                made[i, j] = replace(both, t=half.gap(rows[first]).t)
    return list(made.values())


def _clearly(half: _Half, rows: NDArray[np.bool_], rest: NDArray[np.bool_]) -> bool:
    """Whether rows are worse than the rest of a condition that holds in all of them."""
    both = rows | rest
    if rest.sum() < 2:
        return False
    groups = None if half.groups is None else half.groups[both]
    part = _Half(half.losses[both], half.weight[both], groups)
    return part.gap(rows[both]).t > _NORMAL


def _confirmed(
    candidates: Sequence[_Candidate], half: _Half, second: NDArray[np.bool_], fewest: int
) -> list[tuple[_Candidate, _Gap, float]]:
    """Test the candidates on the other half, all together."""
    there = [one for one in candidates if one.rows[second].sum() >= fewest]
    gaps = [half.gap(one.rows[second]) for one in there]
    adjusted = holm([gap.p_value for gap in gaps])
    return [
        (one, gap, float(p)) for one, gap, p in zip(there, gaps, adjusted, strict=True) if p < LEVEL
    ]


def _told(confirmed: Sequence[tuple[_Candidate, _Gap, float]], scale: float) -> tuple[Slice, ...]:
    """Keep the slices with the most excess loss, one of those that are nearly the same rows."""
    order = sorted(confirmed, key=lambda one: -one[1].difference * one[0].rows.sum() ** 0.5)
    kept: list[_Candidate] = []
    told = []
    for one, gap, p in order:
        if any(_alike(one.rows, other.rows) for other in kept):
            continue
        kept.append(one)
        reach = _NORMAL * gap.error
        low, high = gap.difference - reach, gap.difference + reach
        rows = round(scale * int(one.rows.sum()))
        where = " and ".join(one.words)
        told.append(Slice(where, one.columns, rows, gap.inside, gap.outside, low, high, p))
    return tuple(told[:TOLD])


def _alike(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    return bool((one & other).sum() > ALIKE * (one | other).sum())
