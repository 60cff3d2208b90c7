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
_JUDGED = 400
_AROUND = 2_000
_TENTH = 10
# So few rows would lie as near by chance.
_BY_CHANCE = 0.05


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
        The share of the rows that are equal to another one.
    pairs : float
        How many pairs of rows are equal.
    by_chance : float
        How many would be if the cells of one column, the one that explains most, fell at random.
    differ : float
        The share of the equal pairs whose answers differ.
    """

    share: float
    pairs: float
    by_chance: float
    differ: float


def repeats(cells: Cells, answers: NDArray[np.integer]) -> Repeats:
    """Count rows whose cells are all equal.

    Parameters
    ----------
    cells : Cells
        The columns.
    answers : ndarray of int, shape (n_rows,)
        A code of each answer, at or above zero.

    Returns
    -------
    Repeats

    Examples
    --------
    >>> codes = np.array([[1, 5], [2, 6], [1, 5], [3, 7]])
    >>> found = repeats(Cells(("a", "b"), codes, np.ones(2, bool)), np.array([0, 0, 1, 0]))
    >>> found.share, found.pairs, found.differ
    (0.5, 1.0, 1.0)
    """
    keys = row_keys(cells.codes)
    whole = keys.sum(axis=1, dtype=np.uint64)
    pairs = _equal_pairs(whole)
    if not pairs:
        return Repeats(0.0, 0.0, 0.0, 0.0)
    _, place, counts = np.unique(whole, return_inverse=True, return_counts=True)
    same = _equal_pairs(whole + row_keys(answers[:, None] + 1)[:, 0] * np.uint64(3))
    fine = np.flatnonzero(cells.agree <= _COARSE)
    chance = [_equal_pairs(whole - keys[:, j]) * cells.agree[j] for j in fine]
    return Repeats(
        share=float((counts[place] > 1).mean()),
        pairs=pairs,
        by_chance=float(max(chance, default=pairs)),
        differ=1 - same / pairs,
    )


@dataclass(frozen=True)
class NearPairs:
    """Rows with a twin: another row that is nearer than chance would have it.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_pairs,)
        Positions of twins: at most 400 pairs, drawn at random.
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
    share it), and when so few rows as near would be expected by chance, judged by how many lie
    around other rows (the local dimension: Levina and Bickel 2004).

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
    rng = np.random.default_rng(seed)
    left, right = _banded(coarse, rng)
    weight = -np.log(np.clip(cells.agree[telling], 1 / len(cells), 1.0))
    agreed = _agreement(shares, cells.ordered[telling], left, right, weight)
    close = agreed >= _ALIKE
    left, right = left[close], right[close]
    close = (cells.codes[left] != cells.codes[right]).any(axis=1)
    left, right = left[close], right[close]
    if not len(left):
        return NearPairs(none, none, 0.0)
    having = len(np.unique(np.concatenate([left, right]))) / len(cells)
    judged = np.sort(rng.permutation(len(left))[:_JUDGED])
    left, right = left[judged], right[judged]
    kept = _beyond_chance(shares, cells.ordered[telling], (left, right), rng)
    return NearPairs(left[kept], right[kept], having * float(kept.mean()))


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
    shares: NDArray[np.float32],
    ordered: NDArray[np.bool_],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Say how much of what tells rows apart the rows of each pair share."""
    agreed = np.empty(len(left))
    for start in range(0, len(left), 8192):
        rows = slice(start, start + 8192)
        gap = np.abs(shares[left[rows]] - shares[right[rows]])
        agreed[rows] = (gap <= np.where(ordered, _TOUCH, 0)) @ weight / weight.sum()
    return agreed


def _beyond_chance(
    shares: NDArray[np.float32],
    ordered: NDArray[np.bool_],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Tell for each pair whether chance would hardly put a row so near."""
    left, right = pairs
    rows = len(shares)
    around = np.sort(rng.choice(rows, min(rows, _AROUND), replace=False))
    kept = np.empty(len(left), np.bool_)
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        others = around[(around != a) & (around != b)]
        far = np.sort(_distance(shares, ordered, a, others))[:_TENTH]
        near = float(_distance(shares, ordered, a, np.array([b]))[0])
        near = near or float(far[0]) / 2  # cells that are not looked at here differ
        usual = float(far[-1])
        if usual <= 0 or len(far) < _TENTH:
            kept[i] = False
            continue
        logs = np.log(usual / np.maximum(far[1:-1], usual * 1e-3))
        dimension = min(1 / max(float(logs.mean()), 1e-2), float(shares.shape[1]))
        expected = rows * _TENTH / len(others) * (max(near, 1e-12) / usual) ** dimension
        kept[i] = expected < _BY_CHANCE
    return kept


def _distance(
    shares: NDArray[np.float32], ordered: NDArray[np.bool_], one: int, others: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Sum over cells: by how many rows numbers are apart, 1/3 (as at random) for other levels."""
    gap = np.abs(shares[others].astype(np.float64) - shares[one])
    return np.asarray(np.where(ordered, gap, (gap > 0) / 3).sum(axis=1), np.float64)
