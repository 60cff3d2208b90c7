"""Which columns a fitted estimator looks at: moving their cells changes what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.leaks.case import Case, take

__all__ = ["used_columns"]

_MOST_ASKED = 600


def used_columns(case: Case, fitted: Any, rows: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    """Find the columns that matter, by halves: a half that changes nothing is done.

    Parameters
    ----------
    case : Case
        The rows.
    fitted : object
        What is asked.
    rows : ndarray of int64
        About which rows.

    Returns
    -------
    ndarray of bool, shape (n_columns,), or None
        None when it cannot be found out with a few hundred questions.
    """
    X = take(case.X, rows)
    width = int(X.shape[1])
    before = case.ask(fitted, X)
    turned = np.roll(np.arange(len(rows)), 1 + len(rows) // 3)
    used = np.zeros(width, bool)
    stack, asked = [np.arange(width)], 0
    while stack:
        columns = stack.pop()
        asked += 1
        if asked > _MOST_ASKED:
            return None
        if np.array_equal(case.ask(fitted, _moved(X, columns, turned)), before):
            continue
        if len(columns) == 1:
            used[columns] = True
        else:
            stack += np.array_split(columns, 2)
    return used


def _moved(X: Any, columns: NDArray[np.int64], turned: NDArray[np.int64]) -> Any:
    """Give the same rows with the cells of some columns moved to other rows."""
    if isinstance(X, pl.DataFrame):
        return X.with_columns(X[:, int(j)].gather(turned) for j in columns)
    if hasattr(X, "iloc"):
        other = X.copy()
        for j in columns:
            other.isetitem(int(j), X.iloc[:, int(j)].to_numpy()[turned])
        return other
    other = X.copy()
    if hasattr(other, "tolil"):
        other = other.toarray()
        other[:, columns] = other[turned][:, columns]
        return type(X)(other)
    other[:, columns] = X[turned][:, columns]
    return other
