"""Rows that share a value: how they are sized, what they have in common, how alike they answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.stats.cells import Cells

__all__ = [
    "Alike",
    "Sizes",
    "fixed_columns",
    "group_sizes",
    "intraclass_correlation",
    "runs_on",
    "stands_together",
    "within_groups",
]

Codes = NDArray[np.integer]
# A column is fixed within groups when so many of the pairs that could differ by chance agree.
_FIXED = 0.97
# A column that nearly all rows agree on says nothing.
_TRIVIAL = 0.95
_LEAST_PAIRS = 20
_MOST_PAIRS = 5_000
_SHUFFLES = 20


@dataclass(frozen=True)
class Sizes:
    """How rows spread over groups.

    Parameters
    ----------
    groups : int
        How many there are.
    mean : float
        Rows of a group on average.
    effective : float
        How many groups of equal size would agree as rarely (inverse Simpson index, Hill 1973).
    largest : float
        The share of the largest group.
    repeated : float
        The share of rows that are not alone in their group.
    even : bool
        Whether sizes differ much less than by chance: somebody planned how often each comes.
    """

    groups: int
    mean: float
    effective: float
    largest: float
    repeated: float
    even: bool


def group_sizes(codes: Codes) -> Sizes:
    """Describe how rows spread over groups.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        The group of each row, at or above zero.

    Examples
    --------
    >>> sizes = group_sizes(np.array([1, 1, 2, 2, 3, 4]))
    >>> sizes.groups, sizes.mean, round(sizes.repeated, 2), sizes.largest == 1 / 3
    (4, 1.5, 0.67, True)
    """
    counts = np.bincount(codes)
    counts = counts[counts > 0]
    rows = max(int(counts.sum()), 1)
    mean = rows / max(len(counts), 1)
    planned = len(counts) >= 10 and mean >= 2 and float(counts.var()) < 0.25 * mean
    return Sizes(
        groups=len(counts),
        mean=mean,
        effective=1 / max(float(((counts / rows) ** 2).sum()), 1 / rows),
        largest=float(counts.max(initial=0)) / rows,
        repeated=float(counts[counts > 1].sum()) / rows,
        even=planned,
    )


def fixed_columns(cells: Cells, codes: Codes) -> tuple[str, ...]:
    """List the columns that do not vary within groups, though they vary between them.

    Parameters
    ----------
    cells : Cells
        The other columns of the same rows.
    codes : ndarray of int, shape (n_rows,)
        The group of each row.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> who = np.repeat(np.arange(1, 31), 2)
    >>> height, hour = who * 7 % 31, np.arange(60) % 7
    >>> cells = Cells(("height", "hour"), np.column_stack([height, hour]), np.ones(2, bool))
    >>> fixed_columns(cells, who)
    ('height',)
    """
    left, right = _pairs(codes)
    if len(left) < _LEAST_PAIRS:
        return ()
    same = (cells.codes[left] == cells.codes[right]).mean(axis=0)
    beyond = (same - cells.agree) / np.maximum(1 - cells.agree, 1e-12)
    found = (beyond >= _FIXED) & (cells.agree <= _TRIVIAL)
    return tuple(name for name, fixed in zip(cells.names, found, strict=True) if fixed)


def _pairs(codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair each row with the next one of its group."""
    order = np.argsort(codes, kind="stable")
    same = codes[order][1:] == codes[order][:-1]
    step = max(1, int(same.sum()) // _MOST_PAIRS)
    return order[:-1][same][::step], order[1:][same][::step]


def stands_together(codes: Codes) -> float:
    """Say how far rows of a group stand beside each other in the file.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        The group of each row, at or above zero.

    Returns
    -------
    float
        0 as by chance, 1 when every group is one block.

    Examples
    --------
    >>> stands_together(np.repeat([3, 1, 2], 5)), stands_together(np.tile([3, 1, 2], 5)) < 0
    (1.0, True)
    """
    rows = len(codes)
    counts = np.bincount(codes)
    counts = counts[counts > 0]
    most = rows - len(counts)
    if rows < 2 or most < 1:
        return 0.0
    chance = float((counts * (counts - 1.0)).sum()) / rows
    beside = float((codes[1:] == codes[:-1]).sum())
    return (beside - chance) / (most - chance) if most > chance else 0.0


@dataclass(frozen=True)
class Alike:
    """How alike the answers within groups are.

    Parameters
    ----------
    share : float
        The intraclass correlation: the share of the variation that lies between groups.
    chance : float
        The same for groups drawn at random.
    z : float
        The distance of both in standard deviations of chance.
    """

    share: float
    chance: float
    z: float


def intraclass_correlation(answers: NDArray[np.floating], codes: Codes, seed: int) -> Alike:
    """Compare how alike answers are within groups and within groups drawn at random.

    The intraclass correlation is that of the one-way random effects model (Fisher 1925; Donner
    1986), for several outputs with their sums of squares added.

    Parameters
    ----------
    answers : ndarray of float, shape (n_rows, n_outputs)
        Answers, or what a model leaves unexplained of them.
    codes : ndarray of int, shape (n_rows,)
        The group of each row.
    seed : int
        Of the shuffles.

    Returns
    -------
    Alike

    Examples
    --------
    >>> who = np.repeat(np.arange(40), 5)
    >>> level = np.random.default_rng(0).normal(size=(40, 1))[who]
    >>> noise = np.random.default_rng(1).normal(size=(200, 1))
    >>> found = intraclass_correlation(level + noise, who, 0)
    >>> bool(0.3 < found.share < 0.7), bool(found.z > 5)
    (True, True)
    """
    _, group = np.unique(codes, return_inverse=True)
    centred = np.asarray(answers, np.float64) - answers.mean(axis=0)
    counts = np.bincount(group).astype(np.float64)
    rng = np.random.default_rng(seed)
    share = _share(centred, group, counts)
    shuffled = [_share(rng.permutation(centred), group, counts) for _ in range(_SHUFFLES)]
    chance, spread = float(np.mean(shuffled)), float(np.std(shuffled, ddof=1))
    return Alike(share, chance, (share - chance) / max(spread, 1e-9))


def _share(
    centred: NDArray[np.float64], group: NDArray[np.integer], counts: NDArray[np.float64]
) -> float:
    rows, groups = len(centred), len(counts)
    if groups < 2 or rows <= groups:
        return 0.0
    sums = np.column_stack([np.bincount(group, column, groups) for column in centred.T])
    between = float((sums**2 / counts[:, None]).sum())
    within = max(float((centred**2).sum()) - between, 0.0)
    mean_between, mean_within = between / (groups - 1), within / (rows - groups)
    usual = (rows - float((counts**2).sum()) / rows) / (groups - 1)
    total = mean_between + (usual - 1) * mean_within
    return (mean_between - mean_within) / total if total > 0 else 0.0


def within_groups(values: NDArray[np.floating], codes: Codes) -> float:
    """Say which share of the variance of values is left within groups.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows,)
        What is compared.
    codes : ndarray of int, shape (n_rows,)
        The group of each row.

    Returns
    -------
    float
        0: all rows of a group have one value; about 1: groups say nothing, or each has one row.

    Examples
    --------
    >>> who = np.repeat(np.arange(30), 2)
    >>> within_groups(who * 2.0, who), within_groups(np.arange(60.0), np.arange(60))
    (0.0, 1.0)
    """
    _, group = np.unique(codes, return_inverse=True)
    counts = np.bincount(group)
    free = len(values) - len(counts)
    spread = float(np.var(values, ddof=1)) if len(values) > 1 else 0.0
    if free < 1 or spread <= 0:
        return 1.0
    means = np.bincount(group, values) / counts
    return float(((values - means[group]) ** 2).sum()) / free / spread


def runs_on(values: NDArray[np.floating], codes: Codes) -> float:
    """Say how far groups go with the next ones: the covariance of their means, summed over outputs.

    Of names that are numbers the next one is a stranger; of a quantity it is nearly the same.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows, n_outputs)
        What is compared.
    codes : ndarray of int, shape (n_rows,)
        The group of each row, at or above zero: its rank.

    Returns
    -------
    float
        About the variance between groups for a smooth quantity, about 0 for names.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rank = np.repeat(np.arange(100), 5)
    >>> smooth = np.sin(rank / 15)[:, None]
    >>> strange = rng.normal(size=(100, 1))[rank]
    >>> bool(runs_on(smooth, rank) > 0.9 * smooth.var() and runs_on(strange, rank) < 0.3)
    True
    """
    _, group = np.unique(codes, return_inverse=True)
    counts = np.bincount(group).astype(np.float64)
    if len(counts) < 2:
        return 0.0
    centred = np.asarray(values, np.float64) - values.mean(axis=0)
    means = np.column_stack([np.bincount(group, one) / counts for one in centred.T])
    weight = np.minimum(counts[1:], counts[:-1])
    return float(((means[1:] * means[:-1]).sum(axis=1) * weight).sum() / weight.sum())
