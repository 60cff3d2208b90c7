"""What people write above a table: titles, dates, remarks, and the line ``sep=;`` of Excel."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from modelwright.acquire.raw import Reading
from modelwright.acquire.text.heading import heading_of

__all__ = ["Titles", "find_titles"]

_DELIMITERS = ",;\t|"
_MOST = 20
_LOOK = 100
_STEADY = 0.9
_NAMED = re.compile(r'\ufeff?"?sep=([^\r\n"])"?[,;\t]*\r?(?:\n|$)', re.IGNORECASE)
_NAME = re.compile(r".*[^\W\d_].*|(19|20)\d\d", re.DOTALL)  # a letter, or a year


@dataclass(frozen=True)
class Titles:
    """The lines above a table.

    Parameters
    ----------
    lines : int
        How many they are.
    separator : str
        What a line ``sep=;`` names; empty when there is none.
    notes : tuple of str
        What was left out.
    """

    lines: int = 0
    separator: str = ""
    notes: tuple[str, ...] = ()


def find_titles(text: str, reading: Reading) -> Titles:
    r"""Find the lines above a table of delimited text.

    They fill at most half as many cells as the table has columns; the line below them holds names,
    and nearly all lines below that are as wide. In doubt the table begins with the first line.

    Parameters
    ----------
    text : str
        The first lines; the last may be cut.
    reading : Reading
        Whoever says whether there is a header knows the first line: only ``sep=;`` is left out.

    Examples
    --------
    >>> text = "Sales of May\n\nshop,area,sold\n" + "a,30,4\nb,20,2\n" * 3
    >>> find_titles(text, Reading()).lines
    2
    >>> find_titles("sep=;\na;b\n1;2\n", Reading())
    Titles(lines=1, separator=';', notes=())
    """
    named = _NAMED.match(text)
    separator = named[1] if named else ""
    start = int(named is not None)
    if reading.header is not None:
        return Titles(start, separator)
    text = text[named.end() :] if named else text
    found = [_titled(_rows(text, mark), start) for mark in separator or _DELIMITERS]
    _, _, above = max(found)
    if not above or _knows_first(text, reading):
        return Titles(start, separator)
    what = "The line above the table was taken as a title and"
    if above > 1:
        what = f"The {above} lines above the table were taken as titles and"
    return Titles(
        start + above,
        separator,
        (f"{what} left out; --header (header=True) takes the first line as names.",),
    )


def _rows(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Give the first rows, and how many lines are above each."""
    lines = io.StringIO(text, newline="\n")
    reader = csv.reader(lines, delimiter=separator, skipinitialspace='"' in text)
    rows, above = [], 0
    try:
        for cells in islice(reader, _MOST + _LOOK):
            rows.append((above, [cell.strip() for cell in cells]))
            above = reader.line_num
    except csv.Error:
        return []
    return rows[:-1] if not text.endswith("\n") or len(rows) == _MOST + _LOOK else rows


def _titled(rows: Sequence[tuple[int, list[str]]], start: int) -> tuple[float, int, int]:
    """Say how steady the table below the titles is, how wide, and how many lines they take."""
    none = (0.0, 0, 0)
    width, _ = max(Counter(len(row) for _, row in rows if row).items(), key=lambda item: item[1],
                   default=(0, 0))  # fmt: skip
    filled = [sum(cell != "" for cell in row) for _, row in rows]
    top = next((i for i, count in enumerate(filled) if 2 * count > width), 0)
    above, names = rows[top] if rows else (0, [])
    joined = heading_of([row for _, row in rows[top - 1 :]]) if top else None
    grouped = joined is not None and joined != names
    if grouped:  # the row above names groups, and belongs to the table
        top, above = top - 1, rows[top - 1][0]
    if width < 2 or not any(filled[:top]) or top > _MOST or len(names) != width:
        return none
    # one word above two columns may be a name with a cell missing beside it
    if width == 2 and above == 1 and not start:
        return none
    below = [row for _, row in rows[top + 1 :] if row]
    steady = sum(len(row) == width for row in below) / len(below) if below else 0.0
    if len(below) < 2 or steady < _STEADY or not (grouped or _are_names(names, below)):
        return none
    return steady, width, above


def _are_names(names: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    given = [name for name in names if name]
    if 2 * sum(_NAME.fullmatch(name) is not None for name in given) < len(names):
        return False
    columns = [{row[i] for row in below if i < len(row)} for i in range(len(names))]
    again = sum(name in column for name, column in zip(names, columns, strict=True) if name)
    # names differ, and do not come again below; a label may, by chance, be called as its column
    return again <= len(names) // 10 and 2 * len(set(given)) > len(given)


def _knows_first(text: str, reading: Reading) -> bool:
    """Tell whether the first line holds names that the table had before."""
    known = {name.strip() for name in reading.known}
    first = text.lstrip("\r\n").split("\n", 1)[0]
    return any(cell.strip(' \r"') in known for cell in re.split(r"[,;\t|]", first))
