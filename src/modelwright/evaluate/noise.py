"""How much of the error no model could do without: the noise of the answers, from neighbours.

Rows that are alike in every column and differ in their answer differ by noise alone. No two rows
are quite alike; but as neighbours come closer, the difference of their answers comes closer to
noise, and a straight line through the nearest ones says where it ends.

Sources: Stefansson, Koncar and Jones, A note on the gamma test, 1997 (numbers); Cover and Hart,
Nearest neighbor pattern classification, 1967 (classes).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["noise_of_classes", "noise_of_numbers"]

Array = NDArray[np.float64]

NEIGHBOURS = 10
# With more columns there are no near neighbours, and what they differ by is not noise: of
# friedman1, with ten columns and a noise of 1, it would be 2. With fewer rows there are none.
MOST_COLUMNS = 4
FEWEST_ROWS = 200
MOST_ROWS = 4_000


def noise_of_numbers(X: Array, y: Array) -> float:
    """Estimate the variance of the answers around what the columns determine.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_columns)
        Finite numbers; each column is scaled here.
    y : ndarray, shape (n_rows,)
        The answers.

    Returns
    -------
    float
        The expected squared error of the best possible model; NaN with fewer than 200 rows or more
        than 4 columns. It is a rough figure: a column that matters less than its neighbours in
        space suggest makes it too large.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(2000, 2))
    >>> y = np.sin(4 * X[:, 0]) + X[:, 1] + rng.normal(0, 0.3, 2000)
    >>> 0.07 < noise_of_numbers(X, y) < 0.11
    True
    """
    near = _near(X)
    if near is None:
        return math.nan
    rows, distance, place = near
    gamma = np.square(y[rows][place] - y[rows][:, None]).mean(axis=0) / 2
    return float(np.clip(_at_zero(distance, gamma), 0.0, y.var()))


def noise_of_classes(X: Array, y: NDArray[np.int64]) -> float:
    """Estimate the share of errors that no model could avoid.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_columns)
        Finite numbers; each column is scaled here.
    y : ndarray of int64, shape (n_rows,)
        Class codes from 0.

    Returns
    -------
    float
        The least that it can be, by Cover and Hart's bound, when the limit of neighbours that
        differ is known; NaN with fewer than 200 rows or more than 4 columns.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(3000, 2))
    >>> y = np.where(rng.random(3000) < 0.1, X[:, 0] < 0.5, X[:, 0] > 0.5).astype(int)
    >>> 0.07 < noise_of_classes(X, y) < 0.12
    True
    """
    near = _near(X)
    if near is None:
        return math.nan
    rows, distance, place = near
    differ = (y[rows][place] != y[rows][:, None]).mean(axis=0)
    classes = max(int(y.max(initial=0)) + 1, 2)
    most = (classes - 1) / classes
    limit = float(np.clip(_at_zero(distance, differ), 0.0, most))
    return most * (1 - math.sqrt(max(1 - limit / most, 0.0)))


def _near(X: Array) -> tuple[NDArray[np.int64], Array, NDArray[np.int64]] | None:
    """Find the nearest rows: which rows, mean squared distances, and who the neighbours are."""
    known = np.flatnonzero(np.isfinite(X).all(axis=1))
    if len(known) < FEWEST_ROWS or not 1 <= X.shape[1] <= MOST_COLUMNS:
        return None
    if len(known) > MOST_ROWS:
        known = np.sort(np.random.default_rng(0).choice(known, MOST_ROWS, replace=False))
    scaled = X[known] - X[known].mean(axis=0)
    spread = scaled.std(axis=0)
    scaled = scaled[:, spread > 0] / spread[spread > 0]
    square = np.square(scaled).sum(axis=1)
    places, distances = [], []
    for start in range(0, len(scaled), 500):
        part = scaled[start : start + 500]
        away = np.maximum(square[start : start + 500, None] + square - 2 * part @ scaled.T, 0.0)
        away[np.arange(len(part)), start + np.arange(len(part))] = np.inf
        nearest = np.argpartition(away, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        own = np.take_along_axis(away, nearest, axis=1)
        order = np.argsort(own, axis=1)
        places.append(np.take_along_axis(nearest, order, axis=1))
        distances.append(np.take_along_axis(own, order, axis=1))
    return known, np.concatenate(distances).mean(axis=0), np.concatenate(places)


def _at_zero(distance: Array, values: Array) -> float:
    """Carry a line on to a distance of zero."""
    if np.ptp(distance) <= 1e-12:
        return float(values.mean())
    slope, start = np.polyfit(distance, values, 1)
    return float(start) if slope >= 0 else float(values.min())
