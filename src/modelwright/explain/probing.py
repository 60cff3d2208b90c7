"""Asking a model about rows that never were: columns shuffled, replaced, or set to a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.table import Table

__all__ = ["Predict", "rearranged", "with_value"]

Predict = Callable[[Table], NDArray[np.float32]]
"""A model as a function: typed rows in, predictions of shape (n_rows, n_outputs) out."""


def rearranged(
    table: Table, rows: NDArray[np.int64], moved: Mapping[str, NDArray[np.int64]]
) -> Table:
    """Give rows of a table in which some columns come from other rows.

    Parameters
    ----------
    table : Table
        Where values come from.
    rows : ndarray of int64, shape (n,)
        The row that each new row is a copy of.
    moved : mapping of str to ndarray of int64, shape (n,)
        For some columns, the row that the value is taken from instead.

    Returns
    -------
    Table
        Of n rows.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    >>> table = Table(pl.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), schema)
    >>> rearranged(table, np.array([0, 1]), {"b": np.array([1, 0])}).frame.rows()
    [(1.0, 4.0), (2.0, 3.0)]
    """
    columns = [values.gather(moved.get(values.name, rows)) for values in table.frame]
    return Table(pl.DataFrame(columns), table.schema)


def with_value(table: Table, column: str, value: object) -> Table:
    """Give the same rows with one column set to a value of its own dtype."""
    constant = pl.Series(column, [value], dtype=table.frame.schema[column])
    filled = constant.new_from_index(0, table.height)
    return Table(table.frame.with_columns(filled), table.schema)
