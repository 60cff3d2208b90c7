"""Rows that are none: totals below a table, and its names, pasted again among the rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Strays", "names_again", "strays_of", "totals_below"]

_WORDS = frozenset(
    ["total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme",
     "insgesamt", "zwischensumme", "totaal", "totale", "totaux", "suma", "soma", "totalt",
     "summa", "yhteensä", "razem", "celkem", "итого", "合计", "合計"]
)  # fmt: skip
_MOST = 3
_LEAST_WIDTH = 3


def totals_below(raw: pl.DataFrame) -> int:
    """Count the last rows of a table that hold totals.

    Such a row begins with a word for "total" that stands nowhere above in its column, and at least
    half of its cells are empty.

    Parameters
    ----------
    raw : polars.DataFrame, shape (n_rows, n_columns)
        As found.

    Examples
    --------
    >>> flats = {"flat": ["a", "b", "Total:"], "rooms": ["2", "3", None], "rent": ["9", "8", "17"]}
    >>> totals_below(pl.DataFrame({**flats, "since": ["2001", "2004", None]}))
    1
    """
    if raw.width < _LEAST_WIDTH:
        return 0
    found = 0
    for row in reversed(raw.tail(_MOST).rows()):
        cells = ["" if cell is None else str(cell).strip() for cell in row]
        place = next((i for i, cell in enumerate(cells) if cell), None)
        if place is None or cells[place].rstrip(" :").casefold() not in _WORDS:
            break
        if 2 * cells.count("") < raw.width:
            break
        above = raw.to_series(place).head(raw.height - found - 1)
        if (above.cast(pl.String).str.strip_chars() == cells[place]).any():
            break
        found += 1
    return found if found < raw.height else 0


def names_again(raw: pl.DataFrame) -> list[int]:
    """Find rows that repeat the names of the columns, as in tables pasted below each other.

    Parameters
    ----------
    raw : polars.DataFrame, shape (n_rows, n_columns)
        As found.

    Returns
    -------
    list of int
        Their positions. A table with one column, or with columns that are no text, has none.

    Examples
    --------
    >>> names_again(pl.DataFrame({"flat": ["a", "flat", "b"], "rooms": ["2", "rooms", "3"]}))
    [1]
    """
    if raw.width < 2 or any(dtype != pl.String for dtype in raw.dtypes):
        return []
    rows = raw.to_series(0).str.strip_chars() == raw.columns[0].strip()
    for name in raw.columns[1:]:
        if not rows.any():
            return []
        rows &= (raw[name].str.strip_chars() == name.strip()).fill_null(value=False)
    return rows.arg_true().to_list()


@dataclass(frozen=True)
class Strays:
    """The rows of a table that are none.

    Parameters
    ----------
    totals : tuple of int
        Positions of totals below the table.
    names : tuple of int
        Positions of rows that repeat the names of the columns.
    """

    totals: tuple[int, ...] = ()
    names: tuple[int, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """All of them, ascending."""
        return tuple(sorted({*self.totals, *self.names}))

    def kept(self, height: int) -> NDArray[np.int64]:
        """Give the positions of the other rows of a table that is so high."""
        return np.setdiff1d(np.arange(height), np.array(self.rows, np.int64))

    def told(self, left_out: str) -> tuple[str, ...]:
        """Say what was done with them, such as "left out"; nothing where there are none.

        Examples
        --------
        >>> Strays((9,)).told("left out")
        ('Totals at the end were left out: 1 row.',)
        """
        said = (
            (self.totals, "Totals at the end"),
            (self.names, "Names of columns again among the rows"),
        )
        return tuple(
            f"{what} were {left_out}: {'1 row' if len(rows) == 1 else f'{len(rows):,} rows'}."
            for rows, what in said
            if rows
        )


def strays_of(raw: pl.DataFrame, known: Collection[int] = ()) -> Strays:
    """Find totals below a table, and its names among its rows.

    Parameters
    ----------
    raw : polars.DataFrame, shape (n_rows, n_columns)
        As found.
    known : collection of int
        Rows of which somebody said that they are rows.

    Examples
    --------
    >>> flats = {"flat": ["a", "Total"], "rooms": ["2", None], "rent": ["9", "9"]}
    >>> strays_of(pl.DataFrame(flats)).rows
    ()
    >>> strays_of(pl.DataFrame({**flats, "since": ["2001", None]})).rows
    (1,)
    """
    count = totals_below(raw)
    totals = range(raw.height - count, raw.height)
    names = [row for row in names_again(raw) if row not in totals]
    if count + len(names) >= raw.height:
        return Strays()
    taken = set(known)
    return Strays(
        tuple(row for row in totals if row not in taken),
        tuple(row for row in names if row not in taken),
    )
