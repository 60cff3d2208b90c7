"""Who goes with whom: a stable assignment, and how sure a pair is beside its rivals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_pairs", "rivals", "stable_pairs", "sure"]

Places = NDArray[np.int64]
Floats = NDArray[np.float64]

_RIVAL = 0.5  # a rival as good leaves half of the likeness
_STEEP = 4


def stable_pairs(left: Places, right: Places, score: Floats) -> Places:
    """Pair names one to one, the most alike first (Gale and Shapley 1962, with one order for both).

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_pairs,)
        Candidate pairs.
    score : ndarray of float64, shape (n_pairs,)
        How good each is.

    Returns
    -------
    ndarray of int64
        The candidates that are taken, ascending: no name comes twice, and no candidate is left
        that is better than what both of its names have got.

    Examples
    --------
    >>> stable_pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.5, 0.8]))
    array([0])
    """
    order = np.lexsort((right, left, -score))
    taken_left, taken_right = set[int](), set[int]()
    kept = []
    for i in order.tolist():
        a, b = int(left[i]), int(right[i])
        if a not in taken_left and b not in taken_right:
            taken_left.add(a)
            taken_right.add(b)
            kept.append(i)
    return np.array(sorted(kept), np.int64)


def best_pairs(left: Places, right: Places, score: Floats) -> Places:
    """Take for each left name the best right one, which may serve several.

    Parameters
    ----------
    left, right, score
        As for `stable_pairs`.

    Returns
    -------
    ndarray of int64
        The candidates that are taken, ascending.

    Examples
    --------
    >>> best_pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.5, 0.8]))
    array([0, 2])
    """
    order = np.lexsort((right, -score, left))
    first = np.ones(len(order), np.bool_)
    first[1:] = left[order][1:] != left[order][:-1]
    return np.sort(order[first])


def rivals(names: Places, score: Floats, kept: Places) -> Floats:
    """Give the best score that the name of each kept candidate has with any other partner.

    Parameters
    ----------
    names : ndarray of int64, shape (n_pairs,)
        One side of the candidates.
    score : ndarray of float64, shape (n_pairs,)
        How good each is.
    kept : ndarray of int64
        The candidates asked about.

    Returns
    -------
    ndarray of float64, shape (n_kept,)
        0 where there is no other.

    Examples
    --------
    >>> rivals(np.array([0, 0, 1]), np.array([0.9, 0.5, 0.8]), np.array([0, 2]))
    array([0.5, 0. ])
    """
    count = int(names.max(initial=-1)) + 1
    first, second = np.zeros(count), np.zeros(count)
    np.maximum.at(first, names, score)
    order = np.argsort(-score, kind="stable")
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(order))
    best = np.full(count, len(names))
    np.minimum.at(best, names, place)
    others = place != best[names]
    np.maximum.at(second, names[others], score[others])
    is_best = place[kept] == best[names[kept]]
    found: Floats = np.where(is_best, second[names[kept]], first[names[kept]])
    return found


def sure(likeness: Floats, rival: Floats) -> Floats:
    """Say how sure a pair is: its likeness, less what the best rival of either name takes.

    A rival as good takes half, one of 84 % of the likeness a quarter, a distant one nothing.

    Examples
    --------
    >>> sure(np.array([0.8, 0.8]), np.array([0.8, 0.0]))
    array([0.4, 0.8])
    """
    share = np.divide(rival, likeness, out=np.zeros_like(likeness), where=likeness > 0)
    found: Floats = likeness * (1 - _RIVAL * np.minimum(share, 1.0) ** _STEEP)
    return found
