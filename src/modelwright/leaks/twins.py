"""Rows with a twin: another row that agrees with it in nearly all, as no third row does.

Unlike rows that are alike by degrees, a copy stands alone: the next row is far away. So for each
row that is asked about, the best and the second best agreement with all others are compared. A
cell counts the more the rarer two rows share it; numbers agree when they are close beside the
spread of their column, so that a rounded or a jittered copy is one as well. In a table of few
values no row stands alone; there, rows that differ in one cell only are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.stats.cells import Cells, code_values, row_keys

__all__ = ["Twins", "find_changed", "find_twins"]

Index = NDArray[np.int64]

_ASKED = 500
_MOST_ROWS = 6_000
_MOST_COLUMNS = 60
_CLOSE = 0.02
_FAR = 0.1
_ALIKE = 0.7
_APART = 0.2
_PAIRS = 2_000
_ABOVE = 3.0
_FEWEST_COLUMNS = 4
_MOST_CELLS = 5_000_000


@dataclass(frozen=True)
class Twins:
    """Rows and their twins.

    Parameters
    ----------
    row, twin : ndarray of int64, shape (n_found,)
        Positions.
    share : float
        The share of the rows that were asked about which have one.
    """

    row: Index
    twin: Index
    share: float


def find_twins(table: Table, names: tuple[str, ...], seed: int) -> Twins:
    """Find rows with a twin among a sample.

    Parameters
    ----------
    table : Table
        Typed rows.
    names : tuple of str
        The columns to compare.
    seed : int
        Of the sample.

    Returns
    -------
    Twins

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(100, 5))
    >>> rows[50:75] = rows[:25].round(2)
    >>> frame = pl.DataFrame(rows, schema=list("abcde"))
    >>> schema = Schema(tuple(Column(name, Kind.NUMBER) for name in "abcde"))
    >>> round(find_twins(Table(frame, schema), tuple("abcde"), 0).share, 2)
    0.5
    """
    rng = np.random.default_rng(seed)
    rows = np.arange(table.height)
    none = Twins(rows[:0], rows[:0], 0.0)
    if len(rows) < 20 or not names:
        return none
    if len(rows) > _MOST_ROWS:
        rows = np.sort(rng.choice(len(rows), _MOST_ROWS, replace=False))
    columns = [_scaled(table, name, rows) for name in names[:_MOST_COLUMNS]]
    weights = np.array([_weight(values, ordered, rng) for values, ordered in columns])
    if not weights.sum():
        return none
    weights /= weights.sum()
    asked = np.sort(rng.permutation(len(rows))[:_ASKED])
    best, found = _standing_alone(columns, weights, asked)
    # what columns that know nothing of each other would give: half of them from other rows
    mixed = rng.permutation(len(rows))
    half = rng.permutation(len(columns))[: len(columns) // 2]
    other = [(v[mixed] if i in half else v, o) for i, (v, o) in enumerate(columns)]
    chance = float(_standing_alone(other, weights, asked)[1].mean())
    share = float(found.mean())
    if share < _ABOVE * chance:
        return none
    return Twins(rows[asked[found]], rows[best[found]], share - chance)


def find_changed(cells: Cells, seed: int) -> Twins:
    """Find rows that are equal to another one in all cells but one.

    Parameters
    ----------
    cells : Cells
        The columns to compare.
    seed : int
        Of what chance is judged by: half of the columns taken from other rows.

    Returns
    -------
    Twins
        Nothing when chance gives a third as many, or of more than five million cells.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes = rng.integers(1, 6, (200, 8))
    >>> codes[100:150] = codes[:50]
    >>> codes[np.arange(100, 150), rng.integers(0, 8, 50)] = 6
    >>> found = find_changed(Cells(tuple("abcdefgh"), codes, np.ones(8, bool)), 0)
    >>> bool(found.share > 0.4)
    True
    """
    keys = row_keys(cells.codes)
    rows, width = keys.shape
    none = np.arange(0)
    if width < _FEWEST_COLUMNS or rows < 20 or rows * width > _MOST_CELLS:
        return Twins(none, none, 0.0)
    left, right = _off_by_one(keys)
    rng = np.random.default_rng(seed)
    half = rng.permutation(width)[: width // 2]
    other = keys.copy()
    other[:, half] = keys[rng.permutation(rows)][:, half]
    share, chance = (
        len(np.unique(np.concatenate(pair))) / rows for pair in ((left, right), _off_by_one(other))
    )
    if share < _ABOVE * chance:
        return Twins(none, none, 0.0)
    return Twins(left, right, share - chance)


def _off_by_one(keys: NDArray[np.uint64]) -> tuple[Index, Index]:
    """Pair rows whose keys agree when one column is left out, and not with it."""
    whole = keys.sum(axis=1, dtype=np.uint64)
    pairs = []
    for j in range(keys.shape[1]):
        rest = whole - keys[:, j]
        order = np.lexsort((whole, rest))
        same = rest[order][1:] == rest[order][:-1]
        same &= whole[order][1:] != whole[order][:-1]
        pairs.append((order[:-1][same], order[1:][same]))
    left, right = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return left, right


def _standing_alone(
    columns: list[tuple[NDArray[np.float32], bool]], weights: NDArray[np.float64], asked: Index
) -> tuple[Index, NDArray[np.bool_]]:
    """Give the likest row of each that is asked about, and whether it stands alone."""
    agreed = np.zeros((len(asked), len(columns[0][0])), np.float32)
    for (values, ordered), weight in zip(columns, weights, strict=True):
        if weight > 0:
            agreed += np.float32(weight) * _alike(values[asked][:, None], values[None], ordered)
    agreed[np.arange(len(asked)), asked] = -1.0
    best = agreed.argmax(axis=1)
    first = agreed[np.arange(len(asked)), best]
    second = np.partition(agreed, -2, axis=1)[:, -2]
    return best, (first >= _ALIKE) & (first - second >= _APART)


def _scaled(table: Table, name: str, rows: Index) -> tuple[NDArray[np.float32], bool]:
    """Give a column as numbers in units of its spread, or as codes."""
    series = table.frame[name][rows]
    if table.schema[name].kind not in (Kind.NUMBER, Kind.DATETIME):
        return code_values(series).astype(np.float32), False
    if series.dtype.is_temporal():
        series = series.to_physical()
    values = np.asarray(series.cast(float).to_numpy(), np.float64)
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(len(rows), np.float32), False
    low, high = np.quantile(known, [0.1, 0.9])
    spread = float(high - low) or float(known.std()) or 1.0
    scaled = (values - low) / spread
    return np.where(np.isfinite(scaled), scaled, -1e6).astype(np.float32), True


def _alike(
    one: NDArray[np.float32], other: NDArray[np.float32], ordered: bool
) -> NDArray[np.float32]:
    if not ordered:
        return np.asarray(one == other, np.float32)
    far = np.abs(one - other)
    found: NDArray[np.float32] = np.clip((_FAR - far) / (_FAR - _CLOSE), 0, 1)
    return found


def _weight(values: NDArray[np.float32], ordered: bool, rng: np.random.Generator) -> float:
    """Say how much it tells that two rows agree."""
    left, right = rng.integers(0, len(values), (2, _PAIRS))
    share = float(_alike(values[left], values[right], ordered)[left != right].mean())
    return float(-np.log(np.clip(share, 1 / len(values), 1.0)))
