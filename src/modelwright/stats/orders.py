"""Rows in an order: whether the file follows it, what changes along it, what is new at its end."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.stats.cells import Cells

__all__ = [
    "Drift",
    "Newness",
    "Sorted",
    "autocorrelation",
    "drift",
    "explained",
    "mean_ranks",
    "newness",
    "sortedness",
]

Floats = NDArray[np.floating]

_BINS = 10
_LEVELS = 8
# In one table of so many without any change is one told, however many columns are looked at.
_FALSE = 0.01
# A column that the order says nearly everything of is another way to write the order.
_SAME = 0.9
_LAST = 0.25
_FEWEST_LEVELS = 5


@dataclass(frozen=True)
class Sorted:
    """How far the rows of a file follow a column.

    Parameters
    ----------
    rank : float
        The rank correlation of value and position, from -1 to 1 (Spearman 1904).
    steps : float
        Of neighbouring rows with different values, the share that goes the more common way:
        about 0.5 in a shuffled file, 1 in a sorted one, nearly 1 where blocks are sorted.
    changes : int
        How many neighbouring rows have different values.
    apart : float
        How far the ranks of neighbouring rows lie apart, as a share of what chance gives: about 1
        in a shuffled file, near 0 where neighbours belong together, as in blocks and panels.
    """

    rank: float
    steps: float
    changes: int
    apart: float


def sortedness(values: Floats) -> Sorted:
    """Measure how far rows follow a column; rows without a value are passed over.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows,)
        NaN is missing.

    Examples
    --------
    >>> found = sortedness(np.array([1.0, 1.0, 2.0, np.nan, 3.0]))
    >>> found.steps, found.changes, found.rank > 0.9
    (1.0, 2, True)
    """
    known = values[~np.isnan(values)]
    if len(known) < 3:
        return Sorted(0.0, 0.5, 0, 1.0)
    steps = np.diff(known)
    up, down = int((steps > 0).sum()), int((steps < 0).sum())
    ranks = mean_ranks(known)
    spread = float(ranks.std())
    place = np.arange(len(known)) - (len(known) - 1) / 2
    shared = float((place * ranks).mean()) / (spread * float(place.std())) if spread else 0.0
    usual = _mean_difference(ranks)
    apart = float(np.abs(np.diff(ranks)).mean()) / usual if usual else 1.0
    return Sorted(shared, max(up, down) / max(up + down, 1), up + down, apart)


def _mean_difference(values: Floats) -> float:
    """Give the mean distance of two values drawn at random (Gini 1912)."""
    count = len(values)
    weights = 2 * np.arange(count) - (count - 1)
    return 2 * float(weights @ np.sort(values)) / (count * (count - 1))


def mean_ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Rank from low to high around 0; equal values share their mean rank.

    Examples
    --------
    >>> mean_ranks(np.array([3, 1, 3, 2])).tolist()
    [1.0, -1.5, 1.0, -0.5]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts + 1) / 2)[place] - (len(values) - 1) / 2, np.float64)


def autocorrelation(answers: Floats, order: NDArray[np.integer]) -> float:
    """Correlate each answer with the next one in an order.

    Of unrelated rows it lies within two in 1 / sqrt(n_rows) of zero (Bartlett 1946).

    Parameters
    ----------
    answers : ndarray of float, shape (n_rows, n_outputs)
        For several outputs, products and squares are added.
    order : ndarray of int, shape (n_ordered,)
        Positions of rows.

    Examples
    --------
    >>> wave = np.sin(np.arange(100) / 5)[:, None]
    >>> bool(autocorrelation(wave, np.arange(100)) > 0.9)
    True
    """
    centred = np.asarray(answers, np.float64)[order]
    centred = centred - centred.mean(axis=0)
    whole = float((centred**2).sum())
    return float((centred[1:] * centred[:-1]).sum()) / whole if whole > 0 else 0.0


@dataclass(frozen=True)
class Drift:
    """How much a column changes along an order.

    Parameters
    ----------
    column : str
        Its name.
    share : float
        The share of its variation that ten parts of the order explain, less what chance gives.
    """

    column: str
    share: float


def drift(cells: Cells, order: NDArray[np.integer]) -> tuple[Drift, ...]:
    """List the columns that change along an order, those that change most first.

    Columns that are nearly a function of the order, such as its month, are left out.

    Parameters
    ----------
    cells : Cells
        The other columns.
    order : ndarray of int, shape (n_ordered,)
        Positions of rows.

    Returns
    -------
    tuple of Drift

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> price = np.arange(400) + rng.integers(0, 200, 400)
    >>> luck = rng.integers(1, 50, 400)
    >>> cells = Cells(("price", "luck"), np.column_stack([price, luck]), np.ones(2, bool))
    >>> [found.column for found in drift(cells, np.arange(400))]
    ['price']
    """
    part = np.arange(len(order)) * _BINS // max(len(order), 1)
    sure = _beyond_chance(len(cells.names))
    found = []
    for i, name in enumerate(cells.names):
        values = _spread(cells.codes[order, i], ordered=bool(cells.ordered[i]))
        share, noise = explained(values, part)
        if sure * noise < share < _SAME:
            found.append(Drift(name, share))
    return tuple(sorted(found, key=lambda one: -one.share))


def _beyond_chance(columns: int) -> float:
    """Say how many standard deviations no share of so many columns is likely to reach.

    What parts explain by chance is about chi-squared (its quantile: Wilson and Hilferty 1931), and
    the level is divided by the number of columns (Bonferroni 1936).
    """
    free = _BINS - 1
    normal = NormalDist().inv_cdf(1 - _FALSE / max(columns, 1))
    most = free * (1 - 2 / (9 * free) + normal * (2 / (9 * free)) ** 0.5) ** 3
    return float((most - free) / (2 * free) ** 0.5)


def _spread(codes: NDArray[np.integer], *, ordered: bool) -> NDArray[np.float64]:
    """Give ranks of ordered codes, and a column of 0 and 1 for each common level of others."""
    if ordered:
        return mean_ranks(codes.astype(np.float64))[:, None]
    counts = np.bincount(codes)
    levels = np.argsort(-counts, kind="stable")[:_LEVELS]
    return np.asarray(codes[:, None] == levels, np.float64)


def explained(values: NDArray[np.float64], part: NDArray[np.integer]) -> tuple[float, float]:
    """Say which share of the variation of values lies between parts.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows, n_outputs)
        Sums of squares are added over outputs.
    part : ndarray of int, shape (n_rows,)
        The part of each row, counted from 0.

    Returns
    -------
    share : float
        Less what is expected by chance; at or below 0 when there is nothing.
    noise : float
        Its standard deviation by chance.
    """
    rows = len(values)
    centred = values - values.mean(axis=0)
    whole = float((centred**2).sum())
    counts = np.bincount(part).astype(np.float64)
    parts = int((counts > 0).sum())
    if whole <= 0 or parts < 2 or rows <= parts:
        return 0.0, 1.0
    sums = np.column_stack([np.bincount(part, column, len(counts)) for column in centred.T])
    between = float((sums**2 / np.maximum(counts, 1)[:, None]).sum()) / whole
    return between - (parts - 1) / (rows - 1), float(np.sqrt(2 * (parts - 1))) / rows


@dataclass(frozen=True)
class Newness:
    """How many of the last rows have a level that no earlier row has.

    Parameters
    ----------
    column : str
        The column for which it is furthest above chance; empty when there is none.
    share, chance : float
        The share of the last quarter of the rows, in this order and in a shuffled one.
    z : float
        Their difference in standard errors.
    """

    column: str
    share: float
    chance: float
    z: float = 0.0


def newness(cells: Cells, order: NDArray[np.integer], seed: int) -> Newness:
    """Find the column whose levels come and go along an order.

    Parameters
    ----------
    cells : Cells
        The other columns; those with an order of their own are passed over.
    order : ndarray of int, shape (n_ordered,)
        Positions of rows.
    seed : int
        Of the shuffle that says what chance gives.

    Returns
    -------
    Newness

    Examples
    --------
    >>> model = np.arange(400)[:, None] // 20 + 1
    >>> cells = Cells(("model",), model, np.zeros(1, bool))
    >>> found = newness(cells, np.arange(400), 0)
    >>> found.column, found.share > 0.9, found.chance
    ('model', True, 0.0)
    """
    shuffled = np.random.default_rng(seed).permutation(order)
    best = Newness("", 0.0, 0.0)
    for i, name in enumerate(cells.names):
        if cells.ordered[i] or not _FEWEST_LEVELS <= cells.distinct[i] <= len(order) / 2:
            continue
        share, chance = (_new(cells.codes[rows, i]) for rows in (order, shuffled))
        if share - chance > best.share - best.chance:
            usual, late = (share + chance) / 2, max(len(order) * _LAST, 1)
            error = (2 * max(usual * (1 - usual), 1 / late) / late) ** 0.5
            best = Newness(name, share, chance, (share - chance) / error)
    return best


def _new(codes: NDArray[np.integer]) -> float:
    cut = len(codes) - int(len(codes) * _LAST)
    known = np.zeros(int(codes.max(initial=0)) + 1, bool)
    known[codes[:cut]] = True
    late = codes[cut:][codes[cut:] > 0]
    return float((~known[late]).mean()) if len(late) else 0.0
