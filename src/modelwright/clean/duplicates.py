"""Rows that come again, exactly or nearly: they are told, and left out only when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from modelwright.stats.cells import Cells, code_values
from modelwright.stats.twins import near_pairs, repeats

__all__ = ["Duplicates", "find_duplicates"]


@dataclass(frozen=True)
class Duplicates:
    """How many rows of a table come again.

    Parameters
    ----------
    exact : int
        Rows that equal an earlier one.
    near : int
        Rows that differ from another one in a cell or two of many, as no two others do.
    rows : int
        Of so many.
    """

    exact: int = 0
    near: int = 0
    rows: int = 0

    def notes(self) -> tuple[str, ...]:
        """Say so, each in a sentence; where most rows come again they are no copies.

        Examples
        --------
        >>> Duplicates(1, 4, 90).notes()[0]
        '1 row equals an earlier one: --drop duplicates leaves it out.'
        """
        told = []
        if self.exact and 2 * self.exact <= self.rows:
            one = self.exact == 1
            rows = "1 row equals" if one else f"{self.exact:,} rows equal"
            them = "it" if one else "them"
            told.append(f"{rows} an earlier one: --drop duplicates leaves {them} out.")
        if self.near:
            told.append(
                f"{self.near:,} rows nearly equal another one: --drop duplicates leaves out "
                "exact copies only."
            )
        return tuple(told)


def find_duplicates(cells: pl.DataFrame, seed: int = 0) -> Duplicates:
    """Count the rows of a table that come again.

    Parameters
    ----------
    cells : polars.DataFrame
        Columns of text.
    seed : int
        Of what is drawn.

    Returns
    -------
    Duplicates

    Examples
    --------
    >>> find_duplicates(pl.DataFrame({"a": ["1", "2", "1"], "b": ["x", "y", "x"]}))
    Duplicates(exact=1, near=0, rows=3)
    """
    if not cells.width or not cells.height:
        return Duplicates()
    codes = np.column_stack([code_values(column) for column in cells])
    coded = Cells(tuple(cells.columns), codes, np.zeros(cells.width, np.bool_))
    exact = round(repeats(coded).share * cells.height)
    near = round(near_pairs(coded, seed).share * cells.height)
    return Duplicates(exact, near, cells.height)
