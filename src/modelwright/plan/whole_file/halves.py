"""Two halves of the rows that a fold holds back: on one something is chosen, the other judges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["halves"]

Positions = NDArray[np.int64]


def halves(rows: Positions, groups: Positions | None) -> tuple[Positions, Positions]:
    """Halve rows, with whole groups on one side: rows of one group know each other's answers.

    Parameters
    ----------
    rows : ndarray of int64
        Positions of rows, at least two.
    groups : ndarray of int64, optional
        The group of every row of the table. None, or one group for all of `rows`: they are halved
        row by row.

    Returns
    -------
    tuple of ndarray of int64
        Positions among `rows`, ascending, as many in both as the sizes of groups allow.

    Examples
    --------
    >>> halves(np.arange(4), None)
    (array([0, 2]), array([1, 3]))
    >>> halves(np.arange(5), np.array([7, 7, 7, 5, 5]))
    (array([0, 1, 2]), array([3, 4]))
    """
    own = np.zeros(len(rows), np.int64) if groups is None else groups[rows]
    found, codes, sizes = np.unique(own, return_inverse=True, return_counts=True)
    if len(found) == 1:
        return np.arange(0, len(rows), 2), np.arange(1, len(rows), 2)
    first, ahead = np.zeros(len(sizes), np.bool_), 0
    for code in np.argsort(-sizes, kind="stable"):  # the largest first, into the smaller half
        first[code] = ahead <= 0
        ahead += sizes[code] if first[code] else -sizes[code]
    return np.flatnonzero(first[codes]), np.flatnonzero(~first[codes])
