"""How a delimited file is written: its delimiter, its header, its width."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from modelwright.acquire.names import unique_names
from modelwright.acquire.raw import Reading
from modelwright.acquire.text.header import header_is_absent, nameless, tell_doubts
from modelwright.acquire.text.heading import heading_note, heading_of
from modelwright.core.errors import ColumnError

__all__ = ["BLANKS", "SINGLE", "Dialect", "find_dialect"]

SINGLE = "\x1f"
"""The delimiter of a file of one column: it stands in no text."""

BLANKS = " "
"""Stands for any number of blanks between cells."""

_COMMON = ",;\t|"
_RARE = ("\x01", "^", "~", ":")
_SAMPLE_ROWS = 2_000
_NUMBER = re.compile(r"[+-]?(\d+(?:[.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_LONGEST = 40  # letters of a number


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written.

    Parameters
    ----------
    separator : str
        Stands between cells.
    header : bool
        Whether the first row holds names.
    names : tuple of str
        Of the columns; unique.
    notes : tuple of str
        What was decided.
    even : bool
        Whether the first row is as wide as the names, with no line above it.
    above : int
        How many lines of the file are above that of the names, for the numbers of lines.
    """

    separator: str
    header: bool
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    even: bool = True
    above: int = 0

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.names)


def find_dialect(text: str, reading: Reading, separator: str = "") -> Dialect | None:
    r"""Find out how a file is written from its start.

    Parameters
    ----------
    text : str
        The first lines; the last may be cut.
    reading : Reading
        What the user or a model knows of it.
    separator : str
        When the file names it; else it is found.

    Returns
    -------
    Dialect or None
        None when there is no cell at all.

    Raises
    ------
    ColumnError
        When a file without a header has not as many columns as the table that it goes on with.

    Examples
    --------
    >>> find_dialect("a;b\n1,5;x\n", Reading()).separator
    ';'
    """
    separator = separator or _delimiter(text)
    rows = list(islice(_rows(text, separator), _SAMPLE_ROWS))
    if not rows:
        return None
    if reading.header is None and all(line.strip() for line in text.split("\n", 2)[:2]):
        joined = heading_of(rows, reading.known)
        if joined is not None:
            note = heading_note(joined, rows[1])
            names = tuple(unique_names(joined))
            even = all(len(row) == len(names) for row in rows[:2])
            return Dialect(separator, True, names, (note,), even=even, above=1)
    known = {name.strip() for name in reading.known}
    absent = reading.header is False
    if reading.header is None or reading.known:
        named = bool(known) and any(cell.strip() in known for cell in rows[0])
        absent = not named and (absent or (reading.header is None and header_is_absent(rows)))
    if absent:
        return _without_header(rows, separator, reading)
    first, notes = _squared(rows)
    names = tuple(unique_names(first))
    notes += _name_notes(first, names)
    if reading.header is None and not reading.known:
        notes += tell_doubts(rows)
    top = text.startswith(("\n", "\r\n")) or len(rows[0]) != len(names)
    return Dialect(separator, True, names, tuple(notes), even=not top)


def _without_header(rows: list[list[str]], separator: str, reading: Reading) -> Dialect:
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    names = nameless(width)
    notes: list[str] = []
    if reading.known:
        names = list(reading.known)
        if width == len(names) - 1 and reading.target in names:
            names.remove(reading.target)
        if width != len(names):
            raise ColumnError(
                f"{len(reading.known)} columns as before, or a header that names them",
                f"{width} columns and no header",
                "give the columns in the order that they had",
            )
    if reading.header is None and reading.known:
        notes.append(
            "The file has no header: its columns were taken in the order that they had before."
        )
    elif reading.header is None:
        notes.append(
            "The first row looks like data, not like names: it was kept as a row, and the columns "
            "are called column_1, column_2...; --header (header=True) takes it as names."
        )
    return Dialect(separator, False, tuple(names), tuple(notes), even=len(rows[0]) == width)


def _squared(rows: list[list[str]]) -> tuple[list[str], list[str]]:
    """Match the names to the width of the rows below them."""
    first = rows[0]
    below = Counter(len(row) for row in rows[1:])
    if not below:
        return first, []
    width, count = below.most_common(1)[0]
    usual = count >= 0.9 * below.total()
    if usual and width == len(first) + 1 and len(first) > 1:
        # R writes row names without a name above them
        note = "The rows have one cell more than the header: the first column was named 'rownames'."
        return ["rownames", *first], [note]
    if usual and width < len(first) and not any(cell.strip() for cell in first[width:]):
        return first[:width], []
    return first, []


def _name_notes(first: list[str], names: tuple[str, ...]) -> list[str]:
    notes = []
    repeated = [name for name, count in Counter(first).items() if count > 1 and name.strip()]
    if repeated:
        shown = ", ".join(repr(name) for name in repeated[:5])
        changed = [new for new, old in zip(names, first, strict=True) if new != old and old.strip()]
        notes.append(
            f"Columns of the same name ({shown}) were numbered: "
            f"{', '.join(repr(name) for name in changed[:5])}{'...' if len(changed) > 5 else ''}."
        )
    return notes


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    if separator == BLANKS:
        yield from (line.split() for line in text.splitlines() if line.strip())
        return
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace='"' in text
    )
    empty = True
    try:
        for row in reader:
            if row:
                empty = False
                yield row
    except csv.Error:  # a field beyond the csv module's limit: what is above it tells enough
        if empty:
            first = text.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
            yield first.split(separator)


def _delimiter(text: str) -> str:
    best, best_score = SINGLE, (0.0, 1)
    for delimiter in _COMMON:
        same, width = _fit(list(islice(_rows(text, delimiter), 101)))
        score = (round(same, 1), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    if best != SINGLE:
        return best
    for delimiter in (*_RARE, BLANKS):
        rows = list(islice(_rows(text, delimiter), 101))
        same, width = _fit(rows)
        # so rare that every row has to agree, and most cells have to be numbers
        if same == 1.0 and width > 2 and len(rows) > 2 and _are_numbers(rows[1:-1]):
            return delimiter
    return SINGLE


def _fit(rows: list[list[str]]) -> tuple[float, int]:
    """Give the share of rows that are as wide as the first, and its width."""
    if not rows:
        return 0.0, 0
    width = len(rows[0])
    # The last row may be cut off by the end of the head.
    rest = rows[1:-1] if len(rows) > 2 else rows[1:]
    return (sum(len(row) == width for row in rest) / len(rest) if rest else 1.0), width


def _are_numbers(rows: list[list[str]]) -> bool:
    cells = [cell.strip() for row in rows for cell in row]
    numbers = sum(len(cell) <= _LONGEST and _NUMBER.fullmatch(cell) is not None for cell in cells)
    return numbers > len(cells) / 2
