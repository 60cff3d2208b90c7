"""How much two columns of any kinds have to do with each other, on one scale from 0 to 1.

Two numbers: Spearman's rank correlation, or, where it is larger, how much the tenths of one say of
the ranks of the other, so that a curve counts as well as a line. A number and words: the
correlation ratio of the ranks. Words and words: Cramér's V. The last two are corrected for what
chance gives (Kelley 1935; Bergsma 2013).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.explore.coding import Coded, standardised

__all__ = [
    "Association",
    "associate",
    "correlation_matrix",
    "correlation_ratio",
    "covariance_matrix",
    "cramers_v",
    "strongest",
]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

LINE, CURVE, RATIO, V = "rank correlation", "curve", "correlation ratio", "Cramér's V"
_FEWEST, _SURE = 10, 50  # so many rows have to be shared, of a long table more
_BENT = 0.1  # a curve is called one when it says so much more than a line


@dataclass(frozen=True)
class Association:
    """How much two columns have to do with each other.

    Parameters
    ----------
    left, right : str
        The columns.
    strength : float
        From 0, nothing, to 1: one says all of the other.
    signed : float
        Spearman's rank correlation of two numbers; NaN for others.
    measure : str
        What was measured.
    rows : int
        Rows that have a value in both.
    """

    left: str
    right: str
    strength: float
    signed: float
    measure: str
    rows: int

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "columns": [self.left, self.right],
            "strength": self.strength,
            "rank_correlation": None if math.isnan(self.signed) else self.signed,
            "measure": self.measure,
            "rows": self.rows,
        }


def associate(a: Coded, b: Coded) -> Association:
    """Compare two columns, on the rows that have a value in both.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 201)
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind
    >>> from modelwright.explore.coding import code
    >>> bowl = [code(pl.Series(n, v), Column(n, Kind.NUMBER)) for n, v in (("x", x), ("y", x * x))]
    >>> found = associate(*bowl)
    >>> found.measure, round(abs(found.signed), 2), found.strength > 0.9
    ('curve', 0.0, True)
    """
    if not (a.whole and b.whole):
        both = (a.codes >= 0) & (b.codes >= 0)
        shared = int(both.sum())
        if shared < max(_FEWEST, min(_SURE, len(both) // 10)):
            return Association(a.name, b.name, 0.0, math.nan, V, shared)
        a, b = (_rows(one, both) for one in (a, b))
    rows = len(a.codes)
    if a.ranks is not None and b.ranks is not None:
        signed = min(max(float(a.standard @ b.standard), -1.0), 1.0)
        bent = max(_ratio(a.codes, a.counts, b.standard), _ratio(b.codes, b.counts, a.standard))
        line = abs(signed)
        measure = CURVE if bent > line + _BENT else LINE
        return Association(a.name, b.name, max(line, bent), signed, measure, rows)
    for words, numbers in ((a, b), (b, a)):
        if numbers.ranks is not None:
            strength = _ratio(words.codes, words.counts, numbers.standard)
            return Association(a.name, b.name, strength, math.nan, RATIO, rows)
    return Association(a.name, b.name, cramers_v(a.codes, b.codes), math.nan, V, rows)


def _rows(one: Coded, index: NDArray[np.bool_]) -> Coded:
    ranks = None if one.ranks is None else one.ranks[index]
    return Coded(one.name, one.codes[index], one.levels, None, ranks)


def _ratio(codes: Codes, counts: Codes, standard: Floats, *, corrected: bool = True) -> float:
    """Give the correlation ratio of numbers that are a vector of length 1 around 0."""
    filled = counts > 0
    n, k = len(codes), int(filled.sum())
    if n <= k or not standard.any():
        return 0.0
    sums = np.bincount(codes, standard, minlength=len(counts))[filled]
    share = float((sums**2 / counts[filled]).sum())
    if corrected:
        share = 1 - (1 - share) * (n - 1) / (n - k)
    return math.sqrt(min(max(share, 0.0), 1.0))


def correlation_ratio(codes: ArrayLike, values: ArrayLike, *, corrected: bool = True) -> float:
    """Say how much groups say of numbers: the root of the share of variance between them.

    Parameters
    ----------
    codes : array_like of int, shape (n,)
        The group of each value, from 0.
    values : array_like of float, shape (n,)
        Finite.
    corrected : bool
        Take off what as many random groups would give (epsilon squared, Kelley 1935).

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> round(correlation_ratio([0, 0, 1, 1], [1.0, 2.0, 5.0, 6.0], corrected=False), 3)
    0.97
    """
    groups = np.asarray(codes, np.int64)
    standard = standardised(np.asarray(values, np.float64))
    return _ratio(groups, np.bincount(groups), standard, corrected=corrected)


def cramers_v(left: ArrayLike, right: ArrayLike, *, corrected: bool = True) -> float:
    """Say how much two columns of labels say of each other.

    Parameters
    ----------
    left, right : array_like of int, shape (n,)
        Codes from 0.
    corrected : bool
        Take off what chance gives (Bergsma 2013).

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> cramers_v([0, 1] * 50, [0, 1] * 50), cramers_v([0, 0, 1, 1] * 50, [0, 1, 0, 1] * 50)
    (1.0, 0.0)
    """
    a, b = np.asarray(left, np.int64), np.asarray(right, np.int64)
    wide = int(b.max(initial=0)) + 1
    cells = np.bincount(a * wide + b, minlength=(int(a.max(initial=0)) + 1) * wide)
    table = cells.reshape(-1, wide).astype(np.float64)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n = float(table.sum())
    r, k = table.shape
    if min(r, k) < 2 or n < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    if not corrected:
        return math.sqrt(min(phi / (min(r, k) - 1), 1.0))
    phi = max(phi - (r - 1) * (k - 1) / (n - 1), 0.0)
    rows, columns = r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    most = min(rows, columns) - 1
    return math.sqrt(min(phi / most, 1.0)) if most > 0 else 0.0


def covariance_matrix(values: ArrayLike) -> Floats:
    """Covariances of columns, each pair on the rows that have both, with n - 1, as pandas has them.

    Parameters
    ----------
    values : array_like of float, shape (n_rows, n_columns)
        NaN where there is no value.

    Returns
    -------
    ndarray of float64, shape (n_columns, n_columns)
        NaN where fewer than two rows have both.

    Examples
    --------
    >>> covariance_matrix([[1.0, 2.0], [2.0, 4.0], [3.0, np.nan]]).tolist()
    [[1.0, 1.0], [1.0, 2.0]]
    """
    products, sizes = _products(values)
    with np.errstate(invalid="ignore", over="ignore"):
        found: Floats = products.covariance * np.outer(sizes, sizes)
    return found


def correlation_matrix(values: ArrayLike) -> Floats:
    """Pearson's correlations of columns, each pair on the rows that have both, as pandas has them.

    Parameters
    ----------
    values : array_like of float, shape (n_rows, n_columns)
        NaN where there is no value; ranks give Spearman's.

    Returns
    -------
    ndarray of float64, shape (n_columns, n_columns)
        NaN where a column does not vary.

    Examples
    --------
    >>> correlation_matrix([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]).round(6).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    products, _ = _products(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = products.covariance / np.sqrt(products.left * products.left.T)
    return np.asarray(np.clip(found, -1, 1), np.float64)


@dataclass(frozen=True)
class _Products:
    """Covariances of scaled columns, and the variance of each where the other is there."""

    covariance: Floats
    left: Floats


def _products(values: ArrayLike) -> tuple[_Products, Floats]:
    """Multiply all pairs at once; columns are centred and scaled first, so as to lose no digits."""
    x = np.array(values, np.float64)
    there = np.isfinite(x)
    x[~there] = 0.0
    counts = np.maximum(there.sum(axis=0), 1)
    most = np.abs(x).max(axis=0, initial=0.0)
    most[most == 0] = 1.0
    x /= most
    x -= x.sum(axis=0) / counts
    x[~there] = 0.0
    spread = np.sqrt((x**2).sum(axis=0) / counts)
    spread[spread == 0] = 1.0
    x /= spread
    mask = there.astype(np.float64)
    n = mask.T @ mask
    sums = x.T @ mask  # of the row's column where the other is there
    squares = (x**2).T @ mask
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = (x.T @ x - sums * sums.T / n) / (n - 1)
        left = (squares - sums**2 / n) / (n - 1)
    covariance[n < 2], left[n < 2] = np.nan, np.nan
    left[left <= 1e-12] = np.nan
    return _Products(covariance, left), most * spread


def strongest(
    columns: Mapping[str, Coded], pairs: Sequence[tuple[str, str]]
) -> tuple[Association, ...]:
    """Compare pairs of columns; the strongest first."""
    found = [associate(columns[a], columns[b]) for a, b in pairs]
    return tuple(sorted(found, key=lambda one: (-one.strength, one.left, one.right)))
