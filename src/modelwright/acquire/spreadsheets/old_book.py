"""How far the cells of a book of .xls reach and how much text they hold, before it is laid out.

A book is a list of records, each a kind, a size and so many bytes (Microsoft, [MS-XLS]).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence

from modelwright.acquire.spreadsheets.extent import Extent, MalformedError

__all__ = ["book_extent"]

_END, _CONTINUED = 0x0A, 0x3C
_SHEET, _STRINGS, _DIMENSIONS = 0x85, 0xFC, 0x200
_TO_STRING, _NUMBERS = 0xFD, 0xBD
_CELLS = frozenset([0x06, _TO_STRING, 0x203, 0x204, 0x205, 0x27E])  # formula to RK
_TWO = struct.Struct("<HH")
_STRING = struct.Struct("<HB")


def book_extent(book: bytes) -> Extent:
    """Add up the sheets of a book: all of them are laid out when it is opened.

    Raises
    ------
    MalformedError
        When records are cut short, or sheets lie upon each other.
    """
    try:
        return _added(book)
    except (struct.error, IndexError):
        raise MalformedError("a record cut short") from None


def _added(book: bytes) -> Extent:
    places: list[int] = []
    strings: list[bytes] = []
    before = 0
    for kind, start, end in _records(book, 0):
        if kind == _SHEET:
            places.append(struct.unpack_from("<I", book, start)[0])
        elif kind == _STRINGS:
            strings = [book[start:end]]
        elif kind == _CONTINUED and before == _STRINGS:
            strings.append(book[start:end])
        before = before if kind == _CONTINUED else kind
    lengths = _lengths(strings)
    total, stated, walked = Extent(), 0, 0
    for place in places:
        extent, said, end = _sheet(book, place, lengths)
        walked += end - place
        if walked > len(book):
            raise MalformedError("sheets that lie upon each other")
        total.cells += extent.cells
        total.strings += extent.strings
        total.text += extent.text
        stated = max(stated, said)  # often that of a whole sheet
    total.cells = max(total.cells, stated)
    return total


def _records(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Give the kind, start and end of each record, up to the one that ends the list."""
    while at + 4 <= len(book):
        kind, size = _TWO.unpack_from(book, at)
        yield kind, at + 4, at + 4 + size
        if kind == _END:
            return
        at += 4 + size


def _sheet(book: bytes, at: int, lengths: array[int]) -> tuple[Extent, int, int]:
    """Follow the cells of one sheet; give what they come to, what it says, and where it ends."""
    rows = columns = stated = 0
    extent, end = Extent(), at
    for kind, start, end in _records(book, at):
        if kind in _CELLS or kind == _NUMBERS:
            row, column = _TWO.unpack_from(book, start)
            if kind == _NUMBERS:
                column = struct.unpack_from("<H", book, end - 2)[0]
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if kind == _TO_STRING:
                extent.strings += 1
                place = struct.unpack_from("<I", book, start + 6)[0]
                extent.text += lengths[place] if place < len(lengths) else 0
        elif kind == _DIMENSIONS and end - start == 14:
            _, last_row, _, last_column = struct.unpack_from("<IIHH", book, start)
            stated = last_row * last_column
    extent.cells = rows * columns
    return extent, stated, end


def _lengths(pieces: Sequence[bytes]) -> array[int]:
    """Read how many letters each shared string has."""
    lengths = array("L")
    if not pieces:
        return lengths
    count = struct.unpack_from("<I", pieces[0], 4)[0]
    if 3 * count > sum(map(len, pieces)):
        raise MalformedError("more strings than there is room for")
    strings = _Strings(pieces)
    for _ in range(count):
        lengths.append(strings.letters())
    return lengths


class _Strings:
    """Shared strings, one after another, that go on from piece to piece."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        self._piece, self._at = 0, 8

    def letters(self) -> int:
        """Count the letters of the next string, and pass it."""
        self._skip(0)
        count, flags = _STRING.unpack_from(self._pieces[self._piece], self._at)
        self._at += 3
        behind = 4 * self._number("<H") if flags & 8 else 0  # runs of a font
        behind += self._number("<I") if flags & 4 else 0  # how it is spoken
        left, wide = count, flags & 1
        while left:
            taken = min(left, (len(self._pieces[self._piece]) - self._at) >> wide)
            self._at += taken << wide
            left -= taken
            if left:
                self._piece += 1
                wide, self._at = self._pieces[self._piece][0] & 1, 1
        self._skip(behind)
        return int(count)

    def _number(self, form: str) -> int:
        number = struct.unpack_from(form, self._pieces[self._piece], self._at)[0]
        self._at += struct.calcsize(form)
        return int(number)

    def _skip(self, size: int) -> None:
        """Pass so many bytes, and come to a piece that has more if there is one."""
        left = size
        while self._piece < len(self._pieces) - 1:
            room = len(self._pieces[self._piece]) - self._at
            if left < room:
                break
            left -= room
            self._piece, self._at = self._piece + 1, 0
        self._at += left
