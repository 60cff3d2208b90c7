"""Rows of delimited text: whether all are as wide as they should be, and what to do if not."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelwright.acquire.text.dialect import BLANKS, Dialect

__all__ = ["Mended", "mend", "rows_are_even"]

_BLOCK = 2**22
_QUOTE, _FEED, _RETURN = ord('"'), ord("\n"), ord("\r")
_SHOWN = 10
# A quoted cell may hold line breaks; an unclosed quote would swallow the rest of the file.
_MOST_LINES = 1_000
_MOST_LETTERS = 2**18
_MOST_TRIES = 50
# Each quote out of place costs a search, so a file made of them is soon taken as plain text.
_MOST_STRAYS = 100  # in one row
_MOST_OPEN = 1_000  # in one file


@dataclass(frozen=True)
class Mended:
    """A copy of a file in which every row has as many cells as there are columns.

    Parameters
    ----------
    path : Path
        Comma-separated, without a header.
    notes : tuple of str
        What was out of order, and in which lines.
    set_aside : tuple of int
        The lines of rows that were left out.
    """

    path: Path
    notes: tuple[str, ...]
    set_aside: tuple[int, ...]


def rows_are_even(path: Path, dialect: Dialect) -> bool:
    """Tell whether every row of a well-quoted file has the right number of cells, blank lines none.

    Delimiters and line ends are counted in blocks; those between quotes do not count (a doubled
    quote closes and opens).
    """
    separator = ord(dialect.separator)
    wanted = dialect.width - 1
    inside, pending = False, 0
    last = _FEED
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            data = np.frombuffer(block, dtype=np.uint8)
            ends, cuts = data == _FEED, data == separator
            if b'"' in block:
                quotes = np.bitwise_xor.accumulate(data == _QUOTE) ^ inside
                inside = bool(quotes[-1])
                ends &= ~quotes
                cuts &= ~quotes
            counts = _counts(np.flatnonzero(ends), np.flatnonzero(cuts))
            if len(counts) > 1:
                counts[0] += pending
                pending = 0
                if (counts[:-1] != wanted).any():
                    return False
            pending += int(counts[-1])
            last = block[-1]
    return not inside and (last == _FEED or pending == wanted)


def _counts(ends: NDArray[np.int64], cuts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the delimiters before each line end, and after the last."""
    before = np.searchsorted(cuts, ends)
    return np.diff(np.concatenate([[0], before, [len(cuts)]]))


@dataclass
class _Oddities:
    short: list[int] = field(default_factory=list)
    long: list[int] = field(default_factory=list)
    quotes: list[int] = field(default_factory=list)


def mend(path: Path, dialect: Dialect, folder: Path, *, in_place: bool) -> Mended:
    """Write a copy that has the right number of cells in each row.

    A row with too few cells gets missing ones; surplus cells that are empty are dropped. A row
    with surplus values cannot be aligned: it is left out, or becomes a row of missing values.
    Blank lines are left out, but for a table of one column, where they are missing values. A quote
    that does not open a whole cell, or is never closed, is text.

    Parameters
    ----------
    path : Path
        UTF-8; bytes that are not are replaced.
    dialect : Dialect
        How it is written.
    folder : Path
        Where the copy goes.
    in_place : bool
        Whether rows that cannot be aligned stay as rows of missing values.

    Returns
    -------
    Mended
    """
    into = folder / "mended.csv"
    odd = _Oddities()
    width, blanks = dialect.width, 0
    with (
        path.open(encoding="utf-8-sig", errors="replace", newline="\n") as source,
        into.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, lineterminator="\n")
        rows = _rows(source, dialect, odd)
        if dialect.header:
            next((row for _, row in rows if row), None)
        for line, cells in rows:
            if not cells or (width == 1 and cells == [""]):
                blanks += 1
                continue
            # within one column a blank line is a missing value, except at the end
            out.write("\n" * blanks if width == 1 else "")
            blanks = 0
            aligned = cells if len(cells) == width else _aligned(cells, line, width, odd)
            if aligned is None and in_place:
                aligned = [""] * width
            if aligned is not None:
                writer.writerow(aligned) if width > 1 or aligned[0] else out.write("\n")
    notes = _notes(odd, in_place)
    return Mended(into, tuple(notes), () if in_place else tuple(odd.long))


def _aligned(cells: list[str], line: int, width: int, odd: _Oddities) -> list[str] | None:
    if len(cells) < width:
        odd.short.append(line)
        return cells + [""] * (width - len(cells))
    if not any(cell.strip() for cell in cells[width:]):
        return cells[:width]
    odd.long.append(line)
    return None


def _notes(odd: _Oddities, in_place: bool) -> list[str]:
    notes = []
    if odd.short:
        notes.append(
            f"{_rows_at(odd.short)} fewer cells than there are columns: the missing cells are "
            "empty."
        )
    if odd.long:
        fate = "read as missing values" if in_place else "left out"
        one = "it was" if len(odd.long) == 1 else "they were"
        notes.append(
            f"{_rows_at(odd.long)} more cells than there are columns and cannot be aligned: "
            f"{one} {fate}."
        )
    if odd.quotes:
        notes.append(
            f"{_lines(odd.quotes)}: a quote is not closed or stands within a cell, and was read "
            "as text."
        )
    return notes


def _rows_at(lines: list[int]) -> str:
    where = _lines(lines).lower()
    return f"1 row ({where}) has" if len(lines) == 1 else f"{len(lines):,} rows ({where}) have"


def _lines(lines: list[int]) -> str:
    shown = ", ".join(str(line) for line in lines[:_SHOWN])
    more = f" and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else ""
    return f"{'Line' if len(lines) == 1 else 'Lines'} {shown}{more}"


def _rows(
    source: Iterator[str], dialect: Dialect, odd: _Oddities
) -> Iterator[tuple[int, list[str]]]:
    """Give the line number and the cells of each row; no cells for a blank line."""
    separator = dialect.separator
    splitter = _Splitter(separator, dialect.width)
    ahead: deque[str] = deque()
    number = dialect.above
    while True:
        line = ahead.popleft() if ahead else next(source, None)
        if line is None:
            return
        number += 1
        text = line.rstrip("\r\n")
        if separator == BLANKS:
            yield number, text.split()
        elif not text:
            yield number, []
        elif '"' not in text:
            yield number, text.split(separator)
        else:
            far = len(odd.quotes) < _MOST_OPEN
            found, taken = _quoted(line, source if far else iter(()), ahead, splitter)
            if found.strays:
                odd.quotes.append(number)
            yield number, found.cells
            number += taken


def _quoted(
    line: str, source: Iterator[str], ahead: deque[str], splitter: _Splitter
) -> tuple[_Split, int]:
    """Split a row with quotes, which may go on over several lines; say how many more it took."""
    alone = splitter.split(line)
    if not alone.is_open:
        return alone, 0
    text, size, tries = [line], len(line), 0
    while len(text) <= _MOST_LINES and size < _MOST_LETTERS and tries < _MOST_TRIES:
        if len(text) > len(ahead):
            more = next(source, None)
            if more is None:
                break
            ahead.append(more)
        following = ahead[len(text) - 1]
        text.append(following)
        size += len(following)
        if '"' not in following:
            continue
        tries += 1
        whole = splitter.split("".join(text))
        if whole.is_open:
            continue
        if whole.misquoted or (len(whole.cells) != splitter.width and splitter.are_rows(text)):
            break
        for _ in text[1:]:
            ahead.popleft()
        return whole, len(text) - 1
    return alone, 0


class _Split(NamedTuple):
    """The cells of a row, and which quotes enclose none.

    `is_open`: one was opened and the row ended before it was closed; `misquoted`: so many cells
    begin with one and are not enclosed; `strays`: so many cells hold one that is text.
    """

    cells: list[str]
    is_open: bool
    misquoted: int
    strays: int


class _Splitter:
    """Splits one row; a quote that encloses no whole cell is text."""

    def __init__(self, separator: str, width: int) -> None:
        mark = re.escape(separator)
        self.width = width
        self._separator = separator
        self._cell = re.compile(rf' *"((?:[^"]|"")*+)" *(?={mark}|\Z)')
        self._opened = re.compile(r' *"(?:[^"]|"")*+\Z')

    def split(self, text: str) -> _Split:
        """Give the cells of a row."""
        text = text.rstrip("\r\n")
        cells: list[str] = []
        is_open, misquoted, strays = False, 0, 0
        place = 0
        while True:
            closed = self._cell.match(text, place) if strays < _MOST_STRAYS else None
            if closed is not None:
                cells.append(closed[1].replace('""', '"'))
                place = closed.end()
            else:
                end = text.find(self._separator, place)
                end = len(text) if end < 0 else end
                cell = text[place:end]
                cells.append(cell)
                if '"' in cell:
                    strays += 1
                    if cell.lstrip(" ").startswith('"'):
                        is_open = is_open or (not misquoted and self._is_open(text, place))
                        misquoted += 1
                place = end
            if place >= len(text):
                return _Split(cells, is_open, misquoted, strays)
            place += 1
            if place == len(text):
                return _Split([*cells, ""], is_open, misquoted, strays)

    def are_rows(self, lines: list[str]) -> bool:
        """Tell whether most of some lines are rows of their own."""
        whole = sum(line.count(self._separator) == self.width - 1 for line in lines)
        return whole * 2 > len(lines)

    def _is_open(self, text: str, place: int) -> bool:
        return self._opened.match(text, place) is not None
