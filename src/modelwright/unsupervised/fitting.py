"""Clusterings fitted by scikit-learn, kept as plain arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from modelwright.core.deferred import Deferred
from modelwright.unsupervised.groups import NOBODY, Centres, Dense, Hierarchy, distances
from modelwright.unsupervised.mixture import Mixture, fit_mixture
from modelwright.unsupervised.space import Rows

__all__ = ["METHODS", "Asked", "Groups", "fit_groups", "fit_hierarchy", "fit_k_means"]

cluster_library = Deferred("sklearn.cluster")

Floats = NDArray[np.float64]
Groups: TypeAlias = Centres | Hierarchy | Dense | Mixture
"""A clustering that puts new rows into its groups, from plain arrays."""

STARTS = 8
"""Starts of k-means; the tightest end is taken."""
MERGED = 2_000
"""Rows that are merged or compared pair by pair; of more a sample."""
_SMALLEST_SHARE = 0.02
_SMALLEST = 8
_LEAST = 5


@dataclass(frozen=True)
class Asked:
    """What a clustering is to find.

    Parameters
    ----------
    count : int
        How many groups; those that find the number themselves do not look at it.
    seed : int
        The only source of randomness.
    sizes : tuple of int
        How many levels each category has.
    starts : int
        Starts of what may end in different places.
    """

    count: int
    seed: int = 0
    sizes: tuple[int, ...] = ()
    starts: int = STARTS


def fit_k_means(rows: Rows, asked: Asked, *, centres: Floats | None = None) -> Centres:
    """Find groups around centres (k-means++; Arthur and Vassilvitskii 2007).

    Parameters
    ----------
    rows : Rows
        At least as many as groups.
    asked : Asked
        How many groups.
    centres : ndarray of float64, shape (k, n_coordinates), optional
        Where to start from, once; None draws starts.
    """
    start = "k-means++" if centres is None else centres
    runs = asked.starts if centres is None else 1
    found = cluster_library.KMeans(asked.count, init=start, n_init=runs, random_state=asked.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer different rows than centres
        found.fit(rows.points)
    return Centres(np.asarray(found.cluster_centers_, np.float64))


def fit_hierarchy(rows: Rows, asked: Asked, *, ward: bool = True) -> Hierarchy:
    """Merge rows pair by pair, and cut where so many groups are left."""
    points = _sample(rows.points, asked.seed)
    found = cluster_library.AgglomerativeClustering(
        n_clusters=asked.count,
        linkage="ward" if ward else "average",
        compute_distances=True,
        compute_full_tree=True,
    ).fit(points)
    merges = np.asarray(found.children_, np.int64)
    heights = np.asarray(found.distances_, np.float64)
    return Hierarchy(points, _by_size(found.labels_), merges, heights, ward)


def _fit_average(rows: Rows, asked: Asked) -> Hierarchy:
    return fit_hierarchy(rows, asked, ward=False)


def _fit_dense(rows: Rows, asked: Asked) -> Dense:
    """Find where rows lie densely (HDBSCAN; Campello, Moulavi and Sander 2013)."""
    points = _sample(rows.points, asked.seed)
    least = max(_SMALLEST, round(_SMALLEST_SHARE * len(points)))
    found = cluster_library.HDBSCAN(
        min_cluster_size=min(least, max(len(points) // 2, 2)),
        min_samples=min(_LEAST, len(points)),
        copy=True,
    ).fit(points)
    labels = _by_size(found.labels_)
    kept = labels != NOBODY
    apart = distances(points, points)
    # as scikit-learn counts: the row itself is its first neighbour
    core = np.sort(apart, axis=1)[:, min(_LEAST, len(points)) - 1]
    inside, own, points = core[kept], labels[kept], points[kept]
    apart = apart[np.ix_(kept, kept)]
    reach = np.zeros(int(labels.max(initial=-1)) + 1)
    for k in range(len(reach)):
        mine = own == k
        steps = np.maximum(apart[np.ix_(mine, mine)], inside[mine])
        np.fill_diagonal(steps, np.inf)
        reach[k] = max(float(steps.min(axis=1).max()), float(inside[mine].max()))
    return Dense(points, own, inside, reach)


def _fit_mixture(rows: Rows, asked: Asked) -> Mixture:
    return fit_mixture(rows, asked.sizes, asked.count, seed=asked.seed, starts=min(asked.starts, 3))


def _sample(points: Floats, seed: int) -> Floats:
    if len(points) <= MERGED:
        return points
    drawn = np.random.default_rng(seed).choice(len(points), MERGED, replace=False)
    return points[np.sort(drawn)]


def _by_size(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Give numbers to groups by their size, the largest first; -1 stays."""
    known = labels[labels >= 0]
    order = np.argsort(-np.bincount(known), kind="stable") if len(known) else np.empty(0, np.int64)
    place = np.full(len(order) + 1, NOBODY, np.int64)
    place[order] = np.arange(len(order))
    return np.asarray(place[labels], np.int64)


METHODS: Mapping[str, Callable[[Rows, Asked], Groups]] = MappingProxyType(
    {
        "k-means": fit_k_means,
        "ward": fit_hierarchy,
        "average": _fit_average,
        "mixture": _fit_mixture,
        "hdbscan": _fit_dense,
    }
)
"""Every way of clustering by the word for it."""


def fit_groups(method: str, rows: Rows, asked: Asked) -> Groups:
    """Fit a clustering by its name, the largest group first.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    rows : Rows
        Rows.
    asked : Asked
        How many groups, and the seed.

    Examples
    --------
    >>> points = np.repeat([[0.0], [9.0]], [6, 4], axis=0)
    >>> rows = Rows(points, points, np.zeros((10, 0), np.int64))
    >>> fit_groups("k-means", rows, Asked(2)).labels(rows).tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]
    """
    found = METHODS[method](rows, asked)
    if isinstance(found, Centres):
        order = _largest_first(found, rows)
        return Centres(found.centres[order])
    if isinstance(found, Mixture):
        order = _largest_first(found, rows)
        levels = tuple(table[order] for table in found.levels)
        return Mixture(found.weights[order], found.means[order], found.roots[order], levels)
    return found


def _largest_first(found: Groups, rows: Rows) -> NDArray[np.int64]:
    return np.argsort(-np.bincount(found.labels(rows), minlength=found.count), kind="stable")
