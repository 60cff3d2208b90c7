"""Whether the first row holds names, or is a row like the others."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["header_is_absent", "nameless", "names_are_below"]

_NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T]\d{1,2}:\d{2}.*)?")
_WHOLE = re.compile(r"\d{1,9}")
_LEAST_ROWS = 3
_LONGEST = 40  # letters of a number or a moment
_MISSING = frozenset(["", "?", "NA", "NaN", "nan", "null", "NULL", "-", "N/A"])


def nameless(width: int) -> list[str]:
    """Name the columns of a table without a header.

    Examples
    --------
    >>> nameless(2)
    ['column_1', 'column_2']
    """
    return [f"column_{number}" for number in range(1, width + 1)]


def header_is_absent(rows: Sequence[Sequence[str]]) -> bool:
    """Judge by the first rows of a file; in doubt the first row holds names.

    Each cell of the first row must look like the cells below it: a number above numbers, a date
    above dates, a word that comes again. Names do not come again, and numbers that serve as names
    (years, 0, 1, 2...) differ from each other and go up evenly.

    Parameters
    ----------
    rows : sequence of sequences of str
        The first rows, cell by cell.

    Examples
    --------
    >>> header_is_absent([["M", "0.45"], ["F", "0.3"], ["M", "0.5"], ["F", "0.2"]])
    True
    >>> header_is_absent([["sex", "size"], ["F", "0.3"], ["M", "0.5"], ["F", "0.2"]])
    False
    >>> header_is_absent([["2001", "2002"], ["1", "3"], ["4", "5"], ["4", "5"]])
    False
    """
    if len(rows) <= _LEAST_ROWS:
        return False
    first = [cell.strip() for cell in rows[0]]
    columns = [_column(rows[1:], place) for place in range(len(first))]
    likened = [_is_like(cell, below) for cell, below in zip(first, columns, strict=True)]
    if not all(likened):
        return False
    present = [cell for cell in first if cell not in _MISSING]
    return bool(present) and not _could_be_names(present)


def names_are_below(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names groups of columns, and the second the columns.

    Parameters
    ----------
    rows : sequence of sequences of str
        The first rows, cell by cell, all as wide; a merged cell is followed by empty ones.

    Examples
    --------
    >>> below = [["1.5", "2"], ["1.7", "3"], ["1.1", "1"]]
    >>> names_are_below([["Money", ""], ["cost", "revenue"], *below])
    True
    >>> names_are_below([["cost", ""], *below])
    False
    """
    if len(rows) <= _LEAST_ROWS:
        return False
    groups, names = ([cell.strip() for cell in row] for row in rows[:2])
    if "" not in groups or "" in names or len(set(names)) < len(names):
        return False
    if any(_fits(_NUMBER, name) or _fits(_DATE, name) for name in names):
        return False
    below = [_column(rows[2:], place) for place in range(len(names))]
    if any(name in column for name, column in zip(names, below, strict=True)):
        return False
    # a row of words above words may be data
    return any(
        column and all(_fits(_NUMBER, cell) or _fits(_DATE, cell) for cell in column)
        for column in below
    )


def _column(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    cells = [row[place].strip() for row in rows if place < len(row)]
    return [cell for cell in cells if cell not in _MISSING]


def _is_like(cell: str, below: list[str]) -> bool:
    if cell in _MISSING:
        return (
            cell != "" or not below
        )  # a cell without a name may stand above a column of row names
    if not below:
        return False
    for pattern in (_NUMBER, _DATE):
        if _fits(pattern, cell):
            return sum(_fits(pattern, other) for other in below) >= 0.95 * len(below)
    words = sum(not _fits(_NUMBER, other) for other in below)
    return 2 * words > len(below) and cell in below


def _fits(pattern: re.Pattern[str], cell: str) -> bool:
    return len(cell) <= _LONGEST and pattern.fullmatch(cell) is not None


def _could_be_names(cells: list[str]) -> bool:
    """Numbers that are all different, whole and in order may be names of columns."""
    if len(set(cells)) < len(cells):
        return False
    whole = [int(cell) for cell in cells if _WHOLE.fullmatch(cell)]
    return len(whole) == len(cells) and (whole == sorted(whole) or whole == sorted(whole)[::-1])
