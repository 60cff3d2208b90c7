"""Whether the first row holds names, or is a row like the others."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["header_is_absent", "nameless", "names_are_below", "tell_doubts"]

_NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T]\d{1,2}:\d{2}.*)?")
_WHOLE = re.compile(r"\d{1,9}")
_LEAST_ROWS = 3
_LONGEST = 40  # letters of a number or a moment
# A value such as "A-0042" has a form; so many of the cells below have to have it as well.
_ALIKE, _SHORTEST = 0.05, 4
_LOOKED = 200
_SHOWN = 3
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
    above dates, an amount or a code above others of its form, a word that comes again. Names do not
    come again, and numbers that serve as names (years, 0, 1, 2...) differ from each other and go
    up evenly.

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
    if not all(_is_like(cell, below) for cell, below in zip(first, columns, strict=True)):
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
    if _fits(_NUMBER, cell):
        return sum(_fits(_NUMBER, other) for other in below) >= 0.95 * len(below)
    if _fits(_DATE, cell) and all(_fits(_DATE, other) for other in below):
        return True
    form = _form(cell)
    if form and _share_of(form, below[:_LOOKED]) >= _ALIKE:
        return True
    words = sum(not _fits(_NUMBER, other) for other in below)
    return 2 * words > len(below) and cell in below


def _share_of(form: str, cells: list[str]) -> float:
    """Give the share of cells of a form; 0 of a single one."""
    count = sum(_form(cell) == form for cell in cells)
    return count / len(cells) if count > 1 else 0.0


def _form(cell: str) -> str:
    """Write 9 for a number and a for letters, however many; nothing where there is no digit."""
    short = _SHORTEST <= len(cell) <= _LONGEST
    if not short or not any(letter.isdigit() for letter in cell):
        return ""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+(?:[.,]\d+)*", "9", cell))


def _fits(pattern: re.Pattern[str], cell: str) -> bool:
    return len(cell) <= _LONGEST and pattern.fullmatch(cell) is not None


def _could_be_names(cells: list[str]) -> bool:
    """Tell whether cells may name columns: none, or numbers that differ, whole and in order."""
    if len(set(cells)) < len(cells):
        return False
    whole = [int(cell) for cell in cells if _WHOLE.fullmatch(cell)]
    return len(whole) == len(cells) and (whole == sorted(whole) or whole == sorted(whole)[::-1])


def tell_doubts(rows: Sequence[Sequence[str]]) -> list[str]:
    """Say when a first row that was taken for names may be data; nothing where no doubt is left.

    Parameters
    ----------
    rows : sequence of sequences of str
        The first rows, cell by cell.

    Examples
    --------
    >>> print(tell_doubts([["Ann", "1.5"], ["Bob", "2.5"], ["Cid", "0.5"]])[0])
    The first row was taken for names, though '1.5' looks like a value: if it is data, \
--no-header (header=False) keeps it as a row.
    >>> tell_doubts([["name", "size"], ["Bob", "2.5"], ["Cid", "0.5"]])
    []
    """
    if len(rows) < 2:
        return []
    first = [cell.strip() for cell in rows[0]]
    if any(first == [cell.strip() for cell in row] for row in rows[1:]):
        return []  # the names stand there once more
    below = [_column(rows[1 : 1 + _LOOKED], place) for place in range(len(first))]
    alike = [
        cell
        for cell, others in zip(first, below, strict=True)
        if cell not in _MISSING and _is_like(cell, others)
    ]
    certain = [cell for cell in alike if any(letter.isdigit() for letter in cell)]
    if _could_be_names(alike) or (not certain and 2 * len(alike) <= len(first)):
        return []
    told = certain or alike
    shown = ", ".join(repr(cell[:_LONGEST]) for cell in told[:_SHOWN])
    shown += f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    what = f"{shown} looks like a value" if len(told) == 1 else f"{shown} look like values"
    return [
        f"The first row was taken for names, though {what}: if it is data, --no-header "
        "(header=False) keeps it as a row."
    ]
