"""Which columns go together: the strongest pairs, and the matrices behind the heat maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.explore.associations import (
    Association,
    associate,
    correlation_matrix,
    covariance_matrix,
    strongest,
)
from modelwright.explore.coding import Coded

__all__ = ["Relations", "relate", "side_by_side", "with_target"]

Floats = NDArray[np.float64]

MOST = 40
"""So many columns are compared with each other."""
NUMBERS = 400
"""So many columns of numbers are searched for copies of each other."""
_PAIRS = 100
_COPY = 0.9999
_SCREENED = 2_000


@dataclass(frozen=True)
class Relations:
    """How columns go together.

    Parameters
    ----------
    names : tuple of str
        The columns compared, like beside like.
    strength : ndarray of float64, shape (n_names, n_names)
        How much each pair has to do with each other, from 0 to 1.
    pairs : tuple of Association
        The strongest first, at most 100.
    numbers : tuple of str
        Those of them that are numbers.
    correlation, covariance : ndarray of float64, shape (n_numbers, n_numbers)
        Pearson's correlations, and covariances in the units of the columns.
    copies : tuple of (str, str)
        Columns of numbers of which one is a straight line of the other.
    rows : int
        How many rows were compared.
    comparable : int
        How many columns could have been compared.
    """

    names: tuple[str, ...]
    strength: Floats
    pairs: tuple[Association, ...]
    numbers: tuple[str, ...]
    correlation: Floats
    covariance: Floats
    copies: tuple[tuple[str, str], ...]
    rows: int
    comparable: int

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "rows": self.rows,
            "columns": list(self.names),
            "strength": _plain(self.strength),
            "pairs": [pair.to_json() for pair in self.pairs],
            "numbers": list(self.numbers),
            "correlation": _plain(self.correlation),
            "covariance": _plain(self.covariance),
            "copies": [list(pair) for pair in self.copies],
        }


def _plain(matrix: Floats) -> list[list[float | None]]:
    return [[value if math.isfinite(value) else None for value in row] for row in matrix.tolist()]


def relate(coded: dict[str, Coded], first: Sequence[str] = ()) -> Relations:
    """Compare columns with each other.

    Parameters
    ----------
    coded : dict of str to Coded
        The columns of a sample of rows.
    first : sequence of str
        Those that matter most: of more than 40 columns these are compared, then the ones that a
        quick look finds to go together.

    Returns
    -------
    Relations
    """
    chosen = _chosen(coded, first)
    found = strongest(coded, list(combinations(chosen, 2)))
    place = {name: i for i, name in enumerate(chosen)}
    strength = np.eye(len(chosen))
    for one in found:
        i, j = place[one.left], place[one.right]
        strength[i, j] = strength[j, i] = one.strength
    order = side_by_side(strength)
    names = tuple(chosen[i] for i in order)
    numbers = tuple(n for n in names if coded[n].values is not None and not coded[n].time)
    values = _block(coded, numbers)
    rows = len(next(iter(coded.values())).codes) if coded else 0
    return Relations(
        names,
        strength[np.ix_(order, order)],
        found[:_PAIRS],
        numbers,
        correlation_matrix(values) if numbers else np.empty((0, 0)),
        covariance_matrix(values) if numbers else np.empty((0, 0)),
        _copies(coded),
        rows,
        len(coded),
    )


def _block(coded: dict[str, Coded], names: Sequence[str]) -> Floats:
    columns = [coded[name].values for name in names]
    return np.column_stack([v for v in columns if v is not None]) if columns else np.empty((0, 0))


def _chosen(coded: dict[str, Coded], first: Sequence[str]) -> list[str]:
    if len(coded) <= MOST:
        return list(coded)
    chosen = [name for name in first if name in coded][:MOST]
    numbers = [name for name, one in coded.items() if one.ranks is not None][:NUMBERS]
    rest = [name for name in coded if name not in set(chosen)]
    if numbers:
        ranks = np.column_stack([_few(coded[name].ranks) for name in numbers])
        matrix = np.nan_to_num(np.abs(correlation_matrix(ranks)))
        np.fill_diagonal(matrix, 0.0)
        most = dict(zip(numbers, matrix.max(axis=0).tolist(), strict=True))
        rest.sort(key=lambda name: -most.get(name, 0.3))  # words stand between: nothing is known
    kept = set(chosen + rest[: MOST - len(chosen)])
    return [name for name in coded if name in kept]


def _few(ranks: Floats | None) -> Floats:
    """Take every k-th row for a first look."""
    assert ranks is not None
    return ranks[:: max(1, len(ranks) // _SCREENED)]


def side_by_side(strength: Floats) -> NDArray[np.int64]:
    """Order columns so that like ones stand beside each other: each next one is the nearest.

    Parameters
    ----------
    strength : ndarray of float64, shape (n, n)
        How much each pair has in common.

    Returns
    -------
    ndarray of int64, shape (n,)
        Positions.

    Examples
    --------
    >>> side_by_side(np.array([[1, 0, 0.9], [0, 1, 0.1], [0.9, 0.1, 1]])).tolist()
    [2, 0, 1]
    """
    count = len(strength)
    if count == 0:
        return np.empty(0, np.int64)
    others = strength - np.eye(count)
    order = [int(np.argmax(others.sum(axis=0)))] if count > 2 else [0]
    left = set(range(count)) - set(order)
    while left:
        near = others[order[-1]] + 0.5 * others[order[-2]] if len(order) > 1 else others[order[-1]]
        following = min(left, key=lambda i: (-near[i], i))
        order.append(following)
        left.remove(following)
    return np.array(order, np.int64)


def _copies(coded: dict[str, Coded]) -> tuple[tuple[str, str], ...]:
    """Find numbers that are a straight line of each other."""
    numbers = [name for name, one in coded.items() if one.values is not None][:NUMBERS]
    if len(numbers) < 2:
        return ()
    matrix = np.nan_to_num(np.abs(correlation_matrix(_block(coded, numbers))))
    left, right = np.nonzero(np.triu(matrix, 1) >= _COPY)
    return tuple((numbers[i], numbers[j]) for i, j in zip(left[:_PAIRS], right, strict=False))


def with_target(
    coded: dict[str, Coded], target: Coded, names: Sequence[str]
) -> tuple[Association, ...]:
    """Compare each of some columns with the answer; the strongest first."""
    found = [associate(coded[name], target) for name in names if name != target.name]
    return tuple(sorted(found, key=lambda one: (-one.strength, one.left)))
