"""Tables in letters: columns that line up in a terminal, whatever stands in them."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelwright.core.printable import printable

__all__ = ["cut", "lay_out", "letters_wide", "padded", "terminal_width"]

GAP = 2
# In a pipe a table is as wide as in such a window; in a wider one it is not spread further.
_USUAL, _WIDEST = 100, 120
# What is left at least of a column of words, of the names that lines begin with, and of either
# where there is no room at all.
_WORDS, _NAMES, _FEWEST = 12, 16, 8
_NUMBER = re.compile(
    r"[~<>]?[-+\u2212]?(?:\d[\d,]*(?:\.\d*)?|\.\d+|inf|nan)(?:e[-+]?\d+)?(?: ?(?:%|s|[kMG]?B))?\*?"
)
_EMPTY = frozenset(["", "-", "\u2013", "none"])
# What may stand between numbers, as in "0.91 (0.88 to 0.93)*": cut, they would be other numbers.
_BETWEEN = frozenset(["to", "of", "over", "under", "none", "decided", "%", "%:", "s", "kB", "MB"])
_LONGEST = 60
_PROSE = 3  # blanks; a text of so many words is read from its beginning
_BREAKS = re.compile(r"[^\S ]+")  # whatever is blank and no blank


def terminal_width(width: int | None = None) -> int:
    """Say how many letters a line may have: as the terminal is wide, but at most 120.

    Parameters
    ----------
    width : int, optional
        Columns of the terminal; None asks it.
    """
    return min(width or shutil.get_terminal_size((_USUAL, 24)).columns, _WIDEST)


def letters_wide(text: str) -> int:
    r"""Say how many columns of a terminal a text takes: a letter of Chinese, say, takes two.

    Examples
    --------
    >>> letters_wide("name"), letters_wide("\u65e5\u672c"), letters_wide("e\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(map(_letter_wide, text))


def _letter_wide(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):  # accents and marks of direction
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text up with blanks to so many columns, on its left side where it is to end there.

    Examples
    --------
    >>> padded("a", 3) + "|", padded("a", 3, right=True) + "|"
    ('a  |', '  a|')
    """
    blanks = " " * max(width - letters_wide(text), 0)
    return blanks + text if right else text + blanks


def cut(text: str, width: int, *, name: bool = False) -> str:
    """Cut the middle of a name out, whose end says much, and the end of a longer text off.

    Examples
    --------
    >>> cut("a_very_long_name_of_a_column", 12), cut("short", 12)
    ('a_v…a_column', 'short')
    >>> cut("Rome 54 %, Oslo 30 %, Lima 16 %", 12)
    'Rome 54 %,…'
    """
    if letters_wide(text) <= width:
        return text
    if not name and text.count(" ") >= _PROSE:
        return _start(text, width - 1).rstrip() + "…"
    head = _start(text, (width - 1) // 3)
    tail = _start(text[::-1], width - 1 - letters_wide(head))[::-1]
    return f"{head}…{tail}"


def _start(text: str, width: int) -> str:
    """Give as many of the first letters as there is room for."""
    left = width
    for place, letter in enumerate(text):
        left -= _letter_wide(letter)
        if left < 0:
            return text[:place]
    return text


def lay_out(rows: Sequence[Sequence[str]], width: int | None = None, *, names: int = 1) -> str:
    """Lay out rows of cells so that columns line up, numbers by their right ends.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first row may be a head; a row may end early.
    width : int, optional
        Columns of the terminal; None asks it.
    names : int
        So many cells at the beginning of a row say what it is about. They stand again in each part
        of a table that is too wide for one.

    Returns
    -------
    str
        Lines without blanks at their ends. Where there is no room, words lose their middle, but no
        number a digit: columns for which there is none left follow below.

    Examples
    --------
    >>> print(lay_out([("name", "rmse"), ("linear", "2.5"), ("boosted", "12.25")], 40))
    name      rmse
    linear     2.5
    boosted  12.25
    """
    most = max(map(len, rows), default=0)
    if not most:
        return ""
    cells = [[_tidy(row[i], i) if i < len(row) else "" for row in rows] for i in range(most)]
    columns = [_Column.of(column, naming=i < names) for i, column in enumerate(cells)]
    wide = terminal_width(width)
    for column in columns:  # it is made narrower letter by letter, and a cell may have millions
        column.wide = column.whole = min(column.whole, max(wide, column.least))
    parts = _parts(columns[:names], columns[names:], wide)
    return "\n\n".join("\n".join(_lines(part)) for part in parts)


def _tidy(cell: str, place: int) -> str:
    """Make one line of a cell; the first one of a row may be set in."""
    text = printable(_BREAKS.sub(" ", cell))
    return text.strip() if place else text.rstrip()


@dataclass
class _Column:
    """A column: how wide it is now, would like to be, and has to be."""

    cells: list[str]
    wide: int
    whole: int
    least: int
    fewest: int
    right: bool
    name: bool = False

    @classmethod
    def of(cls, cells: list[str], *, naming: bool) -> _Column:
        """Find out how far a column may be cut, and which of its ends is even."""
        below = cells[1:] or cells
        body = [cell for cell in below if cell not in _EMPTY]
        kept, head = max(map(letters_wide, below)), letters_wide(cells[0])
        wide = max(kept, head)
        if not naming and body and all(map(_holds_numbers, body)):
            least = max(kept, min(head, _FEWEST))
            return cls(cells, wide, wide, least, least, all(map(_is_number, body)))
        least = min(wide, _NAMES if naming else _WORDS)
        return cls(cells, wide, wide, least, min(least, _FEWEST), right=False, name=naming)


def _is_number(cell: str) -> bool:
    return len(cell) <= _LONGEST and _NUMBER.fullmatch(cell) is not None


def _holds_numbers(cell: str) -> bool:
    """Tell whether nothing stands in a cell but numbers and what joins them."""
    if len(cell) > _LONGEST:
        return False
    words = [word for word in re.split(r"[() *]+", cell) if word and word not in _BETWEEN]
    return _is_number(cell) or (bool(words) and all(map(_is_number, words)))


def _parts(first: list[_Column], rest: list[_Column], wide: int) -> Iterator[list[_Column]]:
    """Make columns narrower until they stand side by side; else put some below the others."""
    _narrow([*first, *rest], wide)
    parts: list[list[_Column]] = [[]]
    for column in rest:
        if parts[-1] and _needed([*first, *parts[-1], column]) > wide:
            parts.append([])
        parts[-1].append(column)
    for part in parts:
        shown = [*first, *part]
        for column in shown:
            column.wide = column.whole
        _narrow(shown, wide)
        _narrow(shown, wide, hard=True)
        yield shown


def _needed(columns: Sequence[_Column]) -> int:
    return sum(column.wide for column in columns) + GAP * (len(columns) - 1)


def _narrow(columns: Sequence[_Column], wide: int, *, hard: bool = False) -> None:
    """Take letters from the widest column that has some to spare, one by one."""
    while _needed(columns) > wide:
        spare = [c for c in columns if c.wide > (c.fewest if hard else c.least)]
        if not spare:
            return
        max(spare, key=lambda column: column.wide).wide -= 1


def _lines(columns: Sequence[_Column]) -> Iterator[str]:
    for row in zip(*(column.cells for column in columns), strict=True):
        cells = (
            padded(cut(cell, column.wide, name=column.name), column.wide, right=column.right)
            for cell, column in zip(row, columns, strict=True)
        )
        yield (" " * GAP).join(cells).rstrip()
