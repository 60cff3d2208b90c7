"""Rows that come again: exactly, or nearly.

Exact repeats are counted by the hash of a row. Nearly equal rows are found by MinHash of their
cells (Broder 1997) in bands (Leskovec, Rajaraman and Ullman 2020, chapter 3), so that only rows
that share much are compared: time and memory grow with the number of rows, not of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.stats.cells import Cells, row_keys

__all__ = ["NearPairs", "Repeats", "near_pairs", "repeats"]

Keys = NDArray[np.uint64]

# A column on which so many pairs of rows agree tells rows apart too badly to judge by.
_COARSE = 0.3
_BANDS = 8
_DEEP = 3
_CELLS = 64
_ALIKE = 0.9
# Two numbers are nearly equal when so small a share of the rows lies between them.
_TOUCH = 0.002
_WIDEST = 400
_JUDGED = 100
# Rows that share so much, with so many times the distance allowed, are on the way to being alike.
_HALF = 0.6
_WIDER = 5.0


def _equal_pairs(keys: Keys) -> float:
    """Count pairs of equal keys."""
    ordered = np.sort(keys)
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    counts = np.diff(ends, prepend=-1).astype(np.float64)
    return float((counts * (counts - 1)).sum()) / 2


@dataclass(frozen=True)
class Repeats:
    """Rows that equal an earlier row.

    Parameters
    ----------
    share : float
        The share of the rows that are equal to an earlier one.
    pairs : float
        How many pairs of rows are equal.
    by_chance : float
        How many would be if the cells of one column, the one that explains most, fell at random.
    """

    share: float
    pairs: float
    by_chance: float


def repeats(cells: Cells, agree: NDArray[np.float64] | None = None) -> Repeats:
    """Count rows whose cells are all equal.

    Parameters
    ----------
    cells : Cells
        The columns.
    agree : ndarray of float64, shape (n_columns,), optional
        How likely two rows have the same cell of each column by chance; None: as often as they do.

    Returns
    -------
    Repeats

    Examples
    --------
    >>> codes = np.array([[1, 5], [2, 6], [1, 5], [3, 7]])
    >>> found = repeats(Cells(("a", "b"), codes, np.ones(2, bool)))
    >>> found.share, found.pairs
    (0.25, 1.0)
    """
    keys = row_keys(cells.codes)
    whole = keys.sum(axis=1, dtype=np.uint64)
    pairs = _equal_pairs(whole)
    if not pairs:
        return Repeats(0.0, 0.0, 0.0)
    likely = cells.agree if agree is None else agree
    fine = np.flatnonzero(likely <= _COARSE)
    chance = [_equal_pairs(whole - keys[:, j]) * likely[j] for j in fine]
    return Repeats(
        share=1 - len(np.unique(whole)) / len(whole),
        pairs=pairs,
        by_chance=float(max(chance, default=pairs)),
    )


@dataclass(frozen=True)
class NearPairs:
    """Rows with a twin: another row that is nearer than chance would have it.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_pairs,)
        Positions of twins: at most 100 pairs, drawn at random.
    share : float
        The share of the rows that have a twin.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    share: float


def near_pairs(cells: Cells, seed: int) -> NearPairs:
    """Find rows that agree in nearly all that tells rows apart, though not in every cell.

    Two rows are compared when MinHash puts them into one band. They are twins when they agree in
    90 % of their cells, a cell weighing as much as it tells (the logarithm of how rarely two rows
    share it), and when hardly any other row agrees in 60 %: in a table of few values, or of
    smooth measurements, rows become alike by degrees, and the nearest are no copies.

    Parameters
    ----------
    cells : Cells
        The columns; of more than 400 every k-th is looked at.
    seed : int
        Of hashes and samples.

    Returns
    -------
    NearPairs

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes = rng.integers(1, 300, (300, 12))
    >>> codes[10] = codes[200]
    >>> codes[10, 3] += 1
    >>> found = near_pairs(Cells(tuple("abcdefghijkl"), codes, np.ones(12, bool)), 0)
    >>> sorted([found.left[0], found.right[0]]) == [10, 200], len(found.left)
    (True, 1)
    """
    none = np.empty(0, np.int64)
    telling = np.flatnonzero(cells.agree <= 0.5)
    telling = telling[:: max(1, -(-len(telling) // _WIDEST))]
    if len(telling) < 3 or len(cells) < 20:
        return NearPairs(none, none, 0.0)
    shares, coarse = _positions(cells, telling)
    weight = -np.log(np.clip(cells.agree[telling], 1 / len(cells), 1.0))
    touch = np.where(cells.ordered[telling], _TOUCH, 0.0)
    seen = _Seen(shares, np.asarray(touch, np.float32), weight / weight.sum())
    rng = np.random.default_rng(seed)
    left, right = _banded(coarse, rng)
    close = _agreement(seen, left, right) >= _ALIKE
    left, right = left[close], right[close]
    close = (cells.codes[left] != cells.codes[right]).any(axis=1)
    left, right = left[close], right[close]
    if not len(left):
        return NearPairs(none, none, 0.0)
    having = len(np.unique(np.concatenate([left, right]))) / len(cells)
    judged = np.sort(rng.permutation(len(left))[:_JUDGED])
    left, right = left[judged], right[judged]
    kept = np.array([_alone(seen, int(row)) for row in left])
    return NearPairs(left[kept], right[kept], having * float(kept.mean()))


@dataclass(frozen=True)
class _Seen:
    """The cells that tell rows apart: where each lies, what counts as equal, what it weighs."""

    shares: NDArray[np.float32]
    touch: NDArray[np.float32]
    weight: NDArray[np.float64]


def _positions(
    cells: Cells, columns: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.uint64]]:
    """Give each cell as the share of rows below it, and as one of a few coarse cells."""
    shares = np.empty((len(cells), len(columns)), np.float32)
    coarse = np.empty((len(cells), len(columns)), np.uint64)
    for at, i in enumerate(columns.tolist()):
        codes = cells.codes[:, i]
        counts = np.bincount(codes)
        if cells.ordered[i]:
            shares[:, at] = ((np.cumsum(counts) - counts / 2) / len(cells))[codes]
            few = (counts > 0).sum() <= _CELLS
            coarse[:, at] = codes if few else (shares[:, at] * _CELLS).astype(np.uint64)
        else:
            shares[:, at] = codes
            coarse[:, at] = codes
    return shares, coarse


def _banded(
    coarse: NDArray[np.uint64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair rows whose smallest hashes are the same in a band."""
    tokens = row_keys(coarse)
    odd = rng.integers(1, 2**62, (_BANDS, _DEEP), np.int64).astype(np.uint64) * np.uint64(2)
    pairs = []
    for band in odd + np.uint64(1):
        key = np.zeros(len(coarse), np.uint64)
        for factor in band:
            mixed = tokens * factor
            key = key * np.uint64(31) + (mixed ^ (mixed >> np.uint64(29))).min(axis=1)
        # Inside a band, rows that share more of their first cells come to lie side by side.
        order = np.lexsort((*coarse.T[:3], key))
        same = key[order][1:] == key[order][:-1]
        a, b = order[:-1][same], order[1:][same]
        pairs.append(np.minimum(a, b) * len(coarse) + np.maximum(a, b))
    found = np.unique(np.concatenate(pairs))
    return found // len(coarse), found % len(coarse)


def _agreement(
    cells: _Seen, left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Say how much of what tells rows apart the rows of each pair share."""
    agreed = np.empty(len(left))
    for start in range(0, len(left), 8192):
        rows = slice(start, start + 8192)
        gap = np.abs(cells.shares[left[rows]] - cells.shares[right[rows]])
        agreed[rows] = (gap <= cells.touch) @ cells.weight
    return agreed


def _alone(cells: _Seen, row: int) -> bool:
    """Tell whether hardly any row is half alike: the twins of a row are not the end of a slope."""
    others = np.delete(np.arange(len(cells.shares)), row)
    gap = np.abs(cells.shares[others] - cells.shares[row])
    twins = ((gap <= cells.touch) @ cells.weight >= _ALIKE).sum()
    near = ((gap <= _WIDER * cells.touch) @ cells.weight >= _HALF).sum()
    return int(near) < 2 * int(twins)
