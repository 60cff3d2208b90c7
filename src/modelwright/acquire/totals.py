"""Totals below a table, as people leave them in spreadsheets: a sum is no row like the others."""

from __future__ import annotations

import polars as pl

__all__ = ["totals_below"]

_WORDS = frozenset(
    ["total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "gesamtsumme",
     "insgesamt", "zwischensumme", "totaal", "totale", "totaux", "somme", "suma", "soma", "totalt",
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
