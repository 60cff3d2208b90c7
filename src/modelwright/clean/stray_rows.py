"""Totals below a table, and its names among its rows: they stay, and are not looked at."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.stats.strays import Strays, find_strays

__all__ = ["kept_rows", "stray_rows"]


def stray_rows(table: pl.DataFrame, known: Collection[int] = ()) -> Strays:
    """Find the rows of a table that are none.

    Parameters
    ----------
    table : polars.DataFrame
        Text.
    known : collection of int
        Rows of which somebody said that they are rows.

    Examples
    --------
    >>> flats = {"flat": ["a", "Total"], "rooms": ["2", None], "rent": ["9", "9"]}
    >>> table = pl.DataFrame({**flats, "since": ["2001", None]})
    >>> stray_rows(table).rows, stray_rows(table, [1]).rows
    ([1], [])
    """
    found, taken = find_strays(table), set(known)
    return Strays(
        tuple(row for row in found.totals if row not in taken),
        tuple(row for row in found.names if row not in taken),
    )


def kept_rows(table: pl.DataFrame, strays: Strays | None = None) -> NDArray[np.int64]:
    """Give the positions of the rows that are rows.

    Parameters
    ----------
    table : polars.DataFrame
        Text.
    strays : Strays, optional
        Those that are none; None finds them.
    """
    odd = stray_rows(table) if strays is None else strays
    return np.setdiff1d(np.arange(table.height), np.array(odd.rows, np.int64))
