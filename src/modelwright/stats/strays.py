"""Rows that are none: totals below a table, and its names, pasted again among the rows."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from modelwright.core.table import FEW

__all__ = ["Strays", "find_strays", "names_again", "totals_below", "without_strays"]

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
    if raw.width < _LEAST_WIDTH or raw.height < 2:
        return 0
    found = 0
    for row in reversed(raw.tail(_MOST).rows()):
        place = next((i for i, cell in enumerate(row) if _words(cell)), None)
        if place is None or _words(row[place]).rstrip(" :").casefold() not in _WORDS:
            break
        if 2 * sum(not _words(cell) for cell in row) < raw.width:
            break
        above = raw.to_series(place).head(raw.height - found - 1)
        if (above.cast(pl.String).str.strip_chars() == _words(row[place])).any():
            break
        found += 1
    return found if found < raw.height else 0


def _words(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


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
    first, name = raw.to_series(0), raw.columns[0].strip()
    if raw.height <= FEW and not any(name in cell for cell in first if cell is not None):
        return []
    rows = first.str.strip_chars() == name
    for name in raw.columns[1:]:
        if not rows.any():
            return []
        rows &= (raw[name].str.strip_chars() == name.strip()).fill_null(value=False)
    return rows.arg_true().to_list()


@dataclass(frozen=True)
class Strays:
    """Rows of a table that are none.

    Parameters
    ----------
    totals : tuple of int
        Positions of the rows at the end that sum the others up.
    names : tuple of int
        Positions of rows that repeat the names of the columns.
    """

    totals: tuple[int, ...]
    names: tuple[int, ...]

    @property
    def rows(self) -> list[int]:
        """Their positions, ascending."""
        return sorted(self.totals + self.names)

    def notes(self, done: str = "were left out") -> list[str]:
        """Say what was done with them; nothing when there are none."""
        told = (
            ("Totals at the end", self.totals),
            ("Names of columns again among the rows", self.names),
        )
        return [f"{what} {done}: {_counted(len(rows))}." for what, rows in told if rows]


def find_strays(raw: pl.DataFrame) -> Strays:
    """Find rows that are none; see `totals_below` and `names_again`.

    Examples
    --------
    >>> flats = {"flat": ["a", "flat", "Sum"], "rent": ["9", "rent", "9"]}
    >>> found = find_strays(pl.DataFrame({**flats, "in": ["x", "in", None], "at": ["y", "at", ""]}))
    >>> found.rows, found.notes()[0]
    ([1, 2], 'Totals at the end were left out: 1 row.')
    """
    first = raw.height - totals_below(raw)
    return Strays(tuple(range(first, raw.height)), tuple(names_again(raw.head(first))))


def without_strays(raw: pl.DataFrame) -> tuple[pl.DataFrame, Strays]:
    """Leave out rows that are none, and say which they were."""
    found = find_strays(raw)
    if not found.rows:
        return raw, found
    return raw.filter(~pl.int_range(raw.height, eager=True).is_in(found.rows)), found


def _counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"
