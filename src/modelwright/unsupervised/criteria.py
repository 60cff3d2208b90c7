"""What speaks for a clustering: tight and apart, beyond chance, and found again in other rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from modelwright.unsupervised.fitting import Groups
from modelwright.unsupervised.groups import NOBODY, distances
from modelwright.unsupervised.space import Rows, Space

__all__ = [
    "agreement",
    "jaccard",
    "one_cloud",
    "prediction_strength",
    "silhouette",
    "uniform_boxes",
    "within",
]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Fit = Callable[[Rows], Groups]

# Rows whose distances are all looked at.
COMPARED = 800


def within(points: Floats, labels: Codes) -> float:
    """Add up the squared distances of rows from the mean of their group.

    Examples
    --------
    >>> within(np.array([[0.0], [2.0], [9.0]]), np.array([0, 0, 1]))
    2.0
    """
    total = 0.0
    for group in np.unique(labels[labels != NOBODY]):
        mine = points[labels == group]
        total += float(((mine - mine.mean(axis=0)) ** 2).sum())
    return total


def silhouette(points: Floats, labels: Codes, most: int = COMPARED) -> float:
    """Say how much nearer rows are to their own group than to the next one (Rousseeuw 1987).

    Parameters
    ----------
    points : ndarray of float64, shape (n, n_coordinates)
        Rows; of more than `most`, as many spread evenly are judged.
    labels : ndarray of int64, shape (n,)
        Their groups; those of none are left out.
    most : int
        How many rows to compare.

    Returns
    -------
    float
        The mean over rows, from -1 to 1; NaN with fewer than two groups.

    Examples
    --------
    >>> round(silhouette(np.array([[0.0], [1.0], [9.0], [10.0]]), np.array([0, 0, 1, 1])), 3)
    0.889
    """
    inside = np.flatnonzero(labels != NOBODY)
    if len(inside) > most:
        inside = inside[np.linspace(0, len(inside) - 1, most).astype(np.int64)]
    points = points[inside]
    names, own = np.unique(labels[inside], return_inverse=True)
    if len(names) < 2:
        return float("nan")
    sizes = np.bincount(own).astype(np.float64)
    sums = distances(points, points) @ (own[:, None] == np.arange(len(names)))
    rows = np.arange(len(own))
    near = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[rows, own] = np.inf
    far = means.min(axis=1)
    values = np.where(sizes[own] > 1, (far - near) / np.maximum(np.maximum(near, far), 1e-300), 0.0)
    return float(values.mean())


def prediction_strength(rows: Rows, fit: Fit, *, splits: int, seed: int) -> float:
    """Say how well groups found in one half of the rows are found again in the other.

    Tibshirani and Walther (2005): of each group of one half, the share of pairs that the groups of
    the other half put together as well; of the worst group.

    Parameters
    ----------
    rows : Rows
        Rows.
    fit : callable
        Finds groups.
    splits : int
        How often rows are halved.
    seed : int
        The only source of randomness.

    Returns
    -------
    float
        From 0 to 1, the mean over halves; 1 for one group. .8 and more is called stable. Rows of
        no group stay out; a group of fewer than 3 rows is not found again.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(splits):
        order = rng.permutation(len(rows))
        halves = [rows.take(np.sort(part)) for part in (order[::2], order[1::2])]
        fits = [fit(half) for half in halves]
        for here, there in ((0, 1), (1, 0)):
            half = halves[here]
            found.append(_found_again(fits[here].labels(half), fits[there].labels(half)))
    return float(np.mean(found))


def _found_again(own: Codes, other: Codes) -> float:
    names = np.unique(own[own != NOBODY])
    if not len(names) or not (other != NOBODY).any():
        return 0.0
    worst = 1.0
    for group in names:
        mine = other[own == group]
        pairs = len(mine) * (len(mine) - 1) / 2
        if len(mine) < 3:
            return 0.0
        counts = np.bincount(mine[mine != NOBODY]) if (mine != NOBODY).any() else np.zeros(1)
        worst = min(worst, float((counts * (counts - 1) / 2).sum() / pairs))
    return worst


def jaccard(rows: Rows, fit: Fit, labels: Codes, *, draws: int, seed: int) -> Floats:
    """Say how far each group is found again when rows are drawn again (Hennig 2007).

    Parameters
    ----------
    rows : Rows
        Rows.
    fit : callable
        Finds groups.
    labels : ndarray of int64, shape (n_rows,)
        The groups to be found again.
    draws : int
        How often rows are drawn, with replacement.
    seed : int
        The only source of randomness.

    Returns
    -------
    ndarray of float64, shape (n_groups,)
        The mean share of rows that a group and the most alike one of a draw have in common, of
        the drawn rows of both: .75 and more is called stable, below .6 a group means little.
    """
    rng = np.random.default_rng(seed)
    count = int(labels.max(initial=-1)) + 1
    total = np.zeros(count)
    for _ in range(draws):
        drawn = np.unique(rng.integers(0, len(rows), len(rows)))
        again, before = fit(rows.take(drawn)).labels(rows.take(drawn)), labels[drawn]
        for group in range(count):
            mine = before == group
            shares = [
                float((mine & (again == other)).sum() / (mine | (again == other)).sum())
                for other in np.unique(again[again != NOBODY])
            ]
            total[group] += max(shares, default=0.0)
    return total / draws


def agreement(one: Codes, other: Codes) -> float:
    """Say how far two clusterings agree on pairs of rows, 0 by chance (Hubert and Arabie 1985).

    Examples
    --------
    >>> agreement(np.array([0, 0, 1, 1]), np.array([5, 5, 2, 2]))
    1.0
    """
    a, b = (np.unique(labels, return_inverse=True)[1] for labels in (one, other))
    cells = np.bincount(a * (int(b.max(initial=0)) + 1) + b).astype(np.float64)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    left, right = (pairs(np.bincount(side).astype(np.float64)) for side in (a, b))
    both = pairs(cells)
    chance = left * right / max(len(one) * (len(one) - 1) / 2, 1.0)
    most = (left + right) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)


def uniform_boxes(rows: Rows, rng: np.random.Generator, count: int) -> list[Rows]:
    """Draw as many rows evenly from a box around the data, turned along its main directions.

    The reference of the gap statistic (Tibshirani, Walther and Hastie 2001): no groups at all.
    """
    centre = rows.points.mean(axis=0)
    _, _, turn = np.linalg.svd(rows.points - centre, full_matrices=False)
    seen = (rows.points - centre) @ turn.T
    ends = seen.min(axis=0), seen.max(axis=0)
    drawn = [rng.uniform(*ends, seen.shape) @ turn + centre for _ in range(count)]
    return [Rows(points, rows.numbers, rows.codes) for points in drawn]


def one_cloud(rows: Rows, space: Space, rng: np.random.Generator) -> Rows:
    """Draw as many rows from one normal cloud of the same shape, with levels of the same shares.

    What a clustering finds in these is what it finds where there are no groups.
    """
    size = rows.numbers.shape[1]
    inner = np.clip(rows.numbers, -6, 6)
    numbers = np.empty((len(rows), 0))
    if size:
        covariance = np.atleast_2d(np.cov(inner, rowvar=False))
        numbers = rng.multivariate_normal(inner.mean(axis=0), covariance, len(rows), method="eigh")
    drawn = [rng.permutation(column) for column in rows.codes.T]
    codes = np.column_stack(drawn) if drawn else rows.codes
    spread = [
        (codes[:, [i]] == np.arange(len(axis.levels))) * axis.weight
        for i, axis in enumerate(space.categories)
    ]
    return Rows(np.hstack([np.clip(numbers, -6, 6), *spread]), numbers, codes)
