"""Rows recognised by what they hold, wherever they turn up."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.table import Table
from modelwright.stats.cells import row_keys

__all__ = ["Known", "marks", "row_count"]

Marks = NDArray[np.uint64]

_MOST_CELLS = 50_000_000
_MISSING = np.uint32(0x7FC00001)


def row_count(value: Any) -> int:
    """Give the number of rows of a two-dimensional thing; 0 for anything else.

    Examples
    --------
    >>> row_count(np.zeros((3, 2))), row_count(np.zeros(3)), row_count("abc")
    (3, 0, 0)
    """
    if isinstance(value, Table):
        return value.height
    if isinstance(value, Matrix):
        return len(value.numbers)
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or len(shape) != 2:
        return 0
    return int(shape[0])


def marks(value: Any) -> Marks | None:
    """Mark each row of a two-dimensional thing by its cells.

    Numbers count to the precision of float32, so that a copy in another type has the same marks.

    Parameters
    ----------
    value : Any
        An array, a sparse matrix, a frame of any library, a `Table` or a `Matrix`.

    Returns
    -------
    ndarray of uint64, shape (n_rows,), or None
        None for anything else.

    Examples
    --------
    >>> rows = np.array([[1.5, 2.0], [3.0, 4.0]])
    >>> frame = pl.DataFrame({"a": rows[:, 0].astype(np.float32), "b": [2, 4]})
    >>> bool((marks(rows) == marks(frame)).all()), marks([1, 2]) is None
    (True, True)
    """
    if not row_count(value):
        return None
    if isinstance(value, Table):
        value = value.frame
    if isinstance(value, Matrix):
        value = np.hstack([value.numbers, value.codes.astype(np.float32)])
    if value.shape[0] * max(value.shape[1], 1) > _MOST_CELLS:
        return None
    if hasattr(value, "toarray"):
        value = value.toarray()
    columns = _columns(value)
    if not columns:
        return None
    keys = np.zeros(len(columns[0]), np.uint64)
    for start in range(0, len(columns), 64):
        block = np.column_stack(columns[start : start + 64]).astype(np.uint64)
        place = np.uint64((start + 1) * 0x9E3779B97F4A7C15 % 2**64)
        keys += row_keys(block).sum(axis=1, dtype=np.uint64) * (place | np.uint64(1))
    return keys


def _columns(value: Any) -> list[NDArray[np.uint32]]:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        bits = _bits(value)
        return [bits[:, j] for j in range(bits.shape[1])]
    if isinstance(value, np.ndarray):
        return [_coded(value[:, j]) for j in range(value.shape[1])]
    if isinstance(value, pl.DataFrame):
        return [_coded_series(series) for series in value]
    if hasattr(value, "iloc"):
        return [_coded(np.asarray(value.iloc[:, j])) for j in range(value.shape[1])]
    if hasattr(value, "columns") and hasattr(value, "to_pylist"):  # Arrow
        return [_coded(np.asarray(column.to_pylist())) for column in value.columns]
    return []


def _bits(values: NDArray[Any]) -> NDArray[np.uint32]:
    with np.errstate(over="ignore"):
        small = values.astype(np.float32) + np.float32(0)  # no minus zero
    bits = np.ascontiguousarray(small).view(np.uint32)
    return np.where(np.isnan(small), _MISSING, bits)


def _coded(values: NDArray[Any]) -> NDArray[np.uint32]:
    if values.dtype.kind in "biuf":
        return _bits(values.reshape(-1, 1))[:, 0]
    if values.dtype.kind == "M":
        return _coded_series(pl.Series(values.astype("datetime64[us]")))
    items = values.tolist()
    if all(isinstance(item, int | float | np.number) or item is None for item in items):
        return _coded(np.asarray([np.nan if i is None else i for i in items], np.float64))
    return _coded_series(pl.Series([None if i is None or i != i else str(i) for i in items]))


def _coded_series(series: pl.Series) -> NDArray[np.uint32]:
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        return _coded(np.asarray(series.cast(pl.Float64).to_numpy()))
    if series.dtype.is_temporal():
        series = series.to_physical()
    elif series.dtype != pl.String():
        series = series.cast(pl.String, strict=False)
    hashed = series.hash(seed=0).to_numpy() >> np.uint64(32)
    return np.asarray(hashed, np.uint32)


class Known:
    """Which row a mark belongs to: the first that was said to have it.

    Examples
    --------
    >>> known = Known()
    >>> known.add(np.array([7, 9], np.uint64), np.array([0, 1]))
    >>> known.rows(np.array([9, 8], np.uint64)).tolist()
    [1, -1]
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[Marks, NDArray[np.int64]]] = []

    def add(self, found: Marks, rows: NDArray[np.integer]) -> None:
        """Say which rows have these marks; what is known already stays."""
        new = self.rows(found) < 0
        if not new.any():
            return
        unique, first = np.unique(found[new], return_index=True)
        self._blocks.append((unique, np.asarray(rows, np.int64)[new][first]))

    def rows(self, asked: Marks) -> NDArray[np.int64]:
        """Give the row of each mark; -1 for one that is not known."""
        found = np.full(len(asked), -1, np.int64)
        for unique, rows in self._blocks:
            open_ = np.flatnonzero(found < 0)
            if not len(open_):
                break
            place = np.minimum(np.searchsorted(unique, asked[open_]), len(unique) - 1)
            hit = unique[place] == asked[open_]
            found[open_[hit]] = rows[place[hit]]
        return found
