"""Two rows of headings: groups of columns above their names, as merged cells leave them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

__all__ = ["heading_note", "heading_of"]

_LEAST_ROWS = 3  # below the heading
_LEAST_NUMBERS = 2  # columns of numbers with a word above
_LOOKED = 500
_LONGEST = 40
_NUMBER = re.compile(r"[+-]?[$€£]?\s?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?\s?[%$€£]?")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T]\d{1,2}:\d{2}.*)?")
_MISSING = frozenset(["", "?", "NA", "NaN", "nan", "null", "NULL", "-", "N/A", "n/a", "None"])


def heading_of(rows: Sequence[Sequence[str]], known: Collection[str] = ()) -> list[str] | None:
    """Put the two rows of a heading together; None where the first row, or none, holds the names.

    A label of the first row counts for the empty cells behind it. Where nothing is known of the
    table, all of this has to hold: words stand above two columns of numbers or more, one of them
    below such an empty cell; no word of the second row comes again below itself; three rows
    follow.

    Parameters
    ----------
    rows : sequence of sequences of str
        The first rows, cell by cell.
    known : collection of str
        The names that the table had before: then these decide.

    Returns
    -------
    list of str or None
        A name for each column: those of the second row alone, where they tell all columns apart.

    Examples
    --------
    >>> below = [["north", "1", "2", "3", "4"]] * 3
    >>> heading_of([["", "Sales", "", "Cost", ""], ["Area", "Q1", "Q2", "Q1", "Q2"], *below])
    ['Area', 'Sales Q1', 'Sales Q2', 'Cost Q1', 'Cost Q2']
    >>> heading_of([["area", "", "sales"], ["north", "x", "3"], *below]) is None
    True
    """
    if len(rows) < 2 or len(rows[0]) != len(rows[1]):
        return None
    groups, names = ([cell.strip() for cell in row] for row in rows[:2])
    spanned = _spanned(groups, names)
    if spanned is None or not any(spanned):
        return None
    apart = "" not in names and len(set(names)) == len(names)
    joined = names if apart else _joined(groups, names)
    if known:
        wanted = {name.strip() for name in known}
        more = len(wanted & set(joined)) > len(wanted & set(groups))
        return joined if more and 2 * len(wanted & set(joined)) > len(joined) else None
    return joined if _are_clear(groups, names, spanned, rows[2:]) else None


def heading_note(joined: Sequence[str], names: Sequence[str]) -> str:
    """Say what was done with the two rows.

    Examples
    --------
    >>> print(heading_note(["Sales Q1"], ["Q1"]))
    The first two rows were put together as names, such as 'Sales Q1'; --header (header=True) \
takes the first alone.
    """
    if list(joined) == [name.strip() for name in names]:
        return (
            "The row above the names was taken as names of groups and left out; --header "
            "(header=True) takes it as names."
        )
    pairs = zip(joined, names, strict=True)
    made = [one for one, name in pairs if name.strip() and one != name.strip()]
    example = made[0] if made else joined[0]
    return (
        f"The first two rows were put together as names, such as {example[:80]!r}; --header "
        "(header=True) takes the first alone."
    )


def _spanned(groups: Sequence[str], names: Sequence[str]) -> list[bool] | None:
    """Tell which columns have their label from one before; None when a column has no name.

    A name that lacks in the second row is that of the first, where two cells were merged upright.
    """
    found = []
    for place, (group, name) in enumerate(zip(groups, names, strict=True)):
        alone = place + 1 == len(groups) or groups[place + 1] != ""
        if "\n" in group or not (name or (group and alone)):
            return None
        found.append(not group and any(groups[:place]))
    return found


def _joined(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    found, label = [], ""
    for group, name in zip(groups, names, strict=True):
        label = group or label
        within = name.casefold().startswith(label.casefold())
        found.append((name if within else f"{label} {name}").strip() or label)
    return found


def _are_clear(
    groups: Sequence[str],
    names: Sequence[str],
    spanned: Sequence[bool],
    rows: Sequence[Sequence[str]],
) -> bool:
    """Tell whether cells of the second row are plainly names, above plain columns of numbers."""
    if len(rows) < _LEAST_ROWS or not all(map(_is_word, filter(None, (*groups, *names)))):
        return False
    numbers = []
    for place, (group, name) in enumerate(zip(groups, names, strict=True)):
        below = [row[place].strip() for row in rows[:_LOOKED] if place < len(row)]
        present = [cell for cell in below if cell not in _MISSING]
        if (name and name in present) or (group and group in present):
            return False
        plain = bool(present) and all(_is_number(cell) for cell in present)
        numbers.append(plain and name != "")
    over = any(one and gap for one, gap in zip(numbers, spanned, strict=True))
    return over and sum(numbers) >= _LEAST_NUMBERS


def _is_word(cell: str) -> bool:
    return (
        any(letter.isalpha() for letter in cell) and cell not in _MISSING and not _is_number(cell)
    )


def _is_number(cell: str) -> bool:
    short = len(cell) <= _LONGEST
    return short and any(pattern.fullmatch(cell) is not None for pattern in (_NUMBER, _DATE))
