"""How much a feature says of the answer, cheaply: by the means of its bins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["additive_rest", "binned", "clearness"]

_BINS = 16
_QUANTILE_ROWS = 2_000
_ROUNDS = 2
_CAUTION = 5.0  # rows with the mean answer that are added to each bin

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


def binned(values: NDArray[np.float32]) -> Codes:
    """Cut numbers at their quantiles into up to 16 bins; missing ones have a bin of their own.

    Examples
    --------
    >>> binned(np.array([1, 2, np.nan, 3], np.float32)).tolist()
    [0, 1, 16, 2]
    """
    step = max(len(values) // _QUANTILE_ROWS, 1)
    some = values[::step]
    some = some[~np.isnan(some)]
    out = np.full(len(values), _BINS, np.int64)
    if len(some):
        cuts = np.unique(np.quantile(some, np.linspace(0, 1, _BINS + 1)[1:-1], method="lower"))
        known = ~np.isnan(values)
        out[known] = np.searchsorted(cuts, values[known])
    return out


def clearness(keys: Codes, rest: Floats) -> float:
    """Say by how many standard errors groups differ more than by chance: an F-test's score.

    Parameters
    ----------
    keys : ndarray of int64, shape (n_rows,)
        The group of each row.
    rest : ndarray of float64, shape (n_rows, n_answers)
        What is to be explained.

    Returns
    -------
    float
        Of the answer that is explained best; about 0 for groups that say nothing.

    Examples
    --------
    >>> keys = np.arange(100) % 2
    >>> clearness(keys, keys[:, None] + np.sin(np.arange(100.0))[:, None]) > 5
    True
    """
    levels, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    rows, groups = len(keys), len(levels)
    if groups < 2 or rows <= groups + 1:
        return 0.0
    centred = rest - rest.mean(axis=0)
    sums = np.column_stack([np.bincount(place, column, groups) for column in centred.T])
    explained = (sums**2 / counts[:, None]).sum(axis=0)
    left = np.maximum((centred**2).sum(axis=0) - explained, 1e-300)
    ratio = (explained / (groups - 1)) / (left / (rows - groups))
    error = np.sqrt(2.0 / (groups - 1) + 2.0 / (rows - groups))
    return float(((ratio - 1) / error).max())


def additive_rest(columns: Sequence[Codes], answers: Floats) -> Floats:
    """Give what is left of answers after the mean of each bin of each column is taken away.

    Parameters
    ----------
    columns : sequence of ndarray of int64, shape (n_rows,)
        Bins of each column.
    answers : ndarray of float64, shape (n_rows, n_answers)
        What is to be explained.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_answers)

    Examples
    --------
    >>> y = np.array([[1.0], [1.0], [5.0], [5.0]] * 50)
    >>> bool(np.abs(additive_rest([np.array([0, 0, 1, 1] * 50)], y)).max() < 0.1)
    True
    """
    rest: Floats = answers - answers.mean(axis=0)
    for _ in range(_ROUNDS):
        for keys in columns:
            counts = np.bincount(keys) + _CAUTION
            for k in range(rest.shape[1]):
                rest[:, k] -= (np.bincount(keys, rest[:, k]) / counts)[keys]
    return rest
