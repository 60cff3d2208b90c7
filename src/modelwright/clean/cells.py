"""Which cells of a table are wrong, and what somebody said of a few of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Errors", "Labels"]


@dataclass(frozen=True)
class Errors:
    """How likely each cell of a table is wrong, and why.

    Parameters
    ----------
    columns : tuple of str
        The columns, in the table's order.
    chance : float array of shape (rows, columns)
        From 0 (nothing speaks against the cell) to 1 (it is wrong).
    reason : int array of shape (rows, columns)
        The strongest reason against each cell: a place in `reasons`, -1 for none.
    reasons : tuple of str
        Reasons in plain words.
    """

    columns: tuple[str, ...]
    chance: NDArray[np.float32]
    reason: NDArray[np.int16]
    reasons: tuple[str, ...]

    def wrong(self, above: float = 0.5) -> NDArray[np.bool_]:
        """Mark the cells that are more likely wrong than so."""
        return self.chance > above


@dataclass(frozen=True)
class Labels:
    """The right values of a few whole rows.

    Parameters
    ----------
    rows : int array of shape (n,)
        Rows of the table, counted from 0.
    values : polars.DataFrame of n rows
        What their cells ought to be: text, null for a missing value; the table's columns or some
        of them.
    """

    rows: NDArray[np.int64]
    values: pl.DataFrame
