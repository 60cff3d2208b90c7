"""Rows as whole numbers: equal cells have equal codes, whatever their type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Kind
from modelwright.core.table import Table

__all__ = ["Cells", "code_cells", "code_values", "row_keys"]

Codes = NDArray[np.int32]

_ORDERED = (Kind.NUMBER, Kind.DATETIME, Kind.BOOLEAN)
# Constants of SplitMix64 (Steele, Lea and Flood 2014), which spreads codes over 64 bits.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def code_values(series: pl.Series) -> Codes:
    """Replace the values of a column by their rank from 1, texts in any order; missing is 0.

    Parameters
    ----------
    series : polars.Series, shape (n_rows,)
        Of any type that a `Table` holds.

    Returns
    -------
    ndarray of int32, shape (n_rows,)

    Examples
    --------
    >>> code_values(pl.Series([7.5, None, -1.0, 7.5])).tolist()
    [2, 0, 1, 2]
    """
    if series.dtype.is_float():
        series = series.fill_nan(None)
    elif series.dtype.is_temporal():
        series = series.to_physical()
    elif series.dtype == pl.String():
        # To sort texts is dear, and their order means nothing: the order of their hashes will do.
        series = pl.select(pl.when(series.is_not_null()).then(series.hash(seed=0))).to_series()
    elif series.dtype == pl.Boolean():
        series = series.cast(pl.Int8)
    ranks = series.rank("dense").cast(pl.Int32).fill_null(0)
    return np.asarray(ranks.to_numpy(), np.int32)


@dataclass(frozen=True)
class Cells:
    """The cells of a table as codes.

    Parameters
    ----------
    names : tuple of str
        The columns.
    codes : ndarray of int32, shape (n_rows, n_columns)
        Ranks from 1, 0 for a missing value.
    ordered : ndarray of bool, shape (n_columns,)
        Whether the ranks of a column mean more and less: numbers, dates, truth values.
    """

    names: tuple[str, ...]
    codes: Codes
    ordered: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def agree(self) -> NDArray[np.float64]:
        """How likely two rows drawn at random have the same cell, shape (n_columns,)."""
        pairs = max(len(self) * (len(self) - 1), 1)
        counts = (np.bincount(column).astype(np.float64) for column in self.codes.T)
        return np.array([float((count * (count - 1)).sum()) / pairs for count in counts])

    @cached_property
    def distinct(self) -> NDArray[np.int64]:
        """How many different values each column has, shape (n_columns,)."""
        most: NDArray[np.int64] = self.codes.max(axis=0, initial=0).astype(np.int64)
        return most

    @cached_property
    def missing(self) -> NDArray[np.float64]:
        """The share of missing cells of each column, shape (n_columns,)."""
        share: NDArray[np.float64] = (self.codes == 0).mean(axis=0)
        return share

    def rows(self, index: NDArray[np.integer]) -> Cells:
        """Give the cells of some rows; their codes are not ranked anew."""
        return Cells(self.names, self.codes[index], self.ordered)

    def without(self, names: tuple[str, ...]) -> Cells:
        """Give the cells of the other columns."""
        kept = [i for i, name in enumerate(self.names) if name not in names]
        return Cells(
            tuple(self.names[i] for i in kept),
            np.ascontiguousarray(self.codes[:, kept]),
            self.ordered[kept],
        )


def code_cells(table: Table, names: tuple[str, ...]) -> Cells:
    """Code some columns of a table.

    Parameters
    ----------
    table : Table
        Typed rows.
    names : tuple of str
        The columns.

    Returns
    -------
    Cells

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> frame = pl.DataFrame({"a": [2.0, 1.0, 2.0]})
    >>> cells = code_cells(Table(frame, Schema((Column("a", Kind.NUMBER),))), ("a",))
    >>> cells.codes.ravel().tolist(), round(float(cells.agree[0]), 3)
    ([2, 1, 2], 0.333)
    """
    codes = np.zeros((table.height, len(names)), np.int32)
    for i, name in enumerate(names):
        codes[:, i] = code_values(table.frame[name])
    ordered = np.array([table.schema[name].kind in _ORDERED for name in names], np.bool_)
    return Cells(names, codes, ordered)


def row_keys(codes: NDArray[np.integer]) -> NDArray[np.uint64]:
    """Hash each cell together with its column; the sum over a row is the key of the row.

    As keys add up, the key of a row without one column is a subtraction.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows, n_columns)
        Codes of cells.

    Returns
    -------
    ndarray of uint64, shape (n_rows, n_columns)

    Examples
    --------
    >>> keys = row_keys(np.array([[1, 2], [1, 2], [2, 1]])).sum(axis=1)
    >>> bool(keys[0] == keys[1]), bool(keys[0] == keys[2])
    (True, False)
    """
    column = np.arange(1, codes.shape[1] + 1, dtype=np.uint64) << np.uint64(32)
    mixed = (codes.astype(np.uint64) + column + np.uint64(1)) * _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), np.uint64)
