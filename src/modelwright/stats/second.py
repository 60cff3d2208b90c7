"""Rows that were measured a second time: each number is nearly that of another row.

How near the nearest row is says little: rows of a smooth or a narrow table are near each other by
nature. How much nearer it is than the second nearest says more. Among points that fill k
dimensions evenly that ratio is below r in r ** k of the rows (Facco et al. 2017), and k is read
off the ratio of rows farther away, which second measurements leave alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from modelwright.stats.cells import Cells
from modelwright.stats.twins import NearPairs

__all__ = ["measured_twice"]

Numbers = NDArray[np.float32]

# So much nearer is the nearest row than the second nearest; of so many rows that are asked.
_NEARER = 0.2
_ASKED = 500
_SHOWN = 100
# A number of fewer values is rounded too much; fewer numbers tell too little.
_FINE, _FEWEST = 50, 6
_MOST = 60
_FEWEST_ROWS = 100
_BEYOND = 3.0
_LEAST = 0.02  # a few houses that were built alike are no copies
_AGREE = 0.8
_FAR = 4  # the fourth and the fifth nearest say how many dimensions there are
_FURTHEST = 4.0  # in standard deviations: a wild value has no neighbours


def measured_twice(cells: Cells, numbers: NDArray[np.float64], seed: int) -> NearPairs:
    """Find rows all whose numbers are far nearer to those of one other row than to any third's.

    Parameters
    ----------
    cells : Cells
        All columns.
    numbers : ndarray of float64, shape (n_rows, n_columns)
        The same as numbers where they are ordered; others are not looked at.
    seed : int
        Of the rows that are asked about.

    Returns
    -------
    NearPairs
        Nothing where points that fill as many dimensions give a third as many.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(300, 8))
    >>> rows[200:] = rows[:100] + rng.normal(0, 0.005, (100, 8))
    >>> codes = rows.argsort(axis=0).argsort(axis=0).astype(np.int32) + 1
    >>> cells = Cells(tuple("abcdefgh"), codes, np.ones(8, bool))
    >>> bool(measured_twice(cells, rows, 0).share > 0.5)
    True
    """
    none = np.empty(0, np.int64)
    nothing = NearPairs(none, none, 0.0)
    fine = np.flatnonzero(cells.ordered & (cells.distinct >= _FINE) & (cells.missing == 0))[:_MOST]
    if len(fine) < _FEWEST or len(cells) < _FEWEST_ROWS:
        return nothing
    points = _scaled(numbers[:, fine])
    asked = np.sort(np.random.default_rng(seed).permutation(len(points))[:_ASKED])
    nearest, away = _nearest(points, asked)
    ratio = np.log(np.maximum(away[:, _FAR], 1e-9) / np.maximum(away[:, _FAR - 1], 1e-9))
    dimensions = math.log(2) / (_FAR * max(float(np.median(ratio)), 1e-3))
    chance = _NEARER ** min(dimensions, len(fine))
    twins = (away[:, 0] > 0) & (away[:, 0] <= _NEARER * away[:, 1])
    others = cells.codes[:, ~cells.ordered]
    if others.shape[1]:
        twins &= (others[asked] == others[nearest]).mean(axis=1) >= _AGREE
    share = float(twins.mean())
    if share < _BEYOND * chance or share - chance < _LEAST:
        return nothing
    shown = np.flatnonzero(twins)[:_SHOWN]
    return NearPairs(asked[shown], nearest[shown], share - chance)


def _scaled(numbers: NDArray[np.float64]) -> Numbers:
    spread = numbers.std(axis=0)
    units = (numbers - numbers.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.clip(units, -_FURTHEST, _FURTHEST), np.float32)


def _nearest(points: Numbers, asked: NDArray[np.int64]) -> tuple[NDArray[np.int64], Numbers]:
    """Give the nearest other row of each, and how far the nearest five are: the widest gap."""
    nearest = np.empty(len(asked), np.int64)
    away = np.empty((len(asked), _FAR + 1), np.float32)
    for place, row in enumerate(asked.tolist()):
        gap = np.zeros(len(points), np.float32)
        for column in points.T:
            np.maximum(gap, np.abs(column - column[row]), out=gap)
        gap[row] = np.inf
        nearest[place] = int(gap.argmin())
        away[place] = np.sort(np.partition(gap, _FAR)[: _FAR + 1])
    return nearest, away
