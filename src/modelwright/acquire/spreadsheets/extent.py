"""How far the cells of a spreadsheet reach and how much text they hold, before it is laid out."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat

__all__ = [
    "BinarySheet",
    "Extent",
    "MalformedError",
    "OpenSheets",
    "Sheet",
    "Strings",
    "parse_part",
]

_REFERENCE = re.compile(r"([A-Za-z]{1,7})(\d{1,9})")
Attributes = dict[str, str]


@dataclass
class Extent:
    """What one sheet comes to.

    Parameters
    ----------
    cells : int
        From the first to the last row and column that hold something.
    strings : int
        Cells that point to a shared string.
    text : int
        Characters that repeated or shared strings take.
    """

    cells: int = 0
    strings: int = 0
    text: int = 0


class MalformedError(Exception):
    """A part that is no XML, or has a document type."""


def parse_part(blocks: Iterable[bytes], content: Strings | Sheet | OpenSheets) -> None:
    """Hand the elements of one part to its content, by their local names.

    Raises
    ------
    MalformedError
        When it is no XML or declares entities.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = content.start
    parser.EndElementHandler = content.end
    if content.reads_text:
        parser.CharacterDataHandler = content.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for block in blocks:
            parser.Parse(block)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise MalformedError(str(error)) from None


def _refuse(*_: object) -> None:
    raise MalformedError("a document type")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class Strings:
    """The lengths of the shared strings of a book."""

    reads_text = True

    def __init__(self) -> None:
        self.lengths = array("L")
        self._inside = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin one."""
        if _local(name) == "si":
            self._inside = True
            self.lengths.append(0)

    def end(self, name: str) -> None:
        """End one."""
        self._inside = self._inside and _local(name) != "si"

    def text(self, data: str) -> None:
        """Count its letters."""
        if self._inside:
            self.lengths[-1] += len(data)


class Sheet:
    """A sheet of .xlsx; with the lengths of strings, what they come to in its cells."""

    def __init__(self, lengths: array[int] | None = None) -> None:
        self.extent = Extent()
        self.items = 0  # a part of shared strings, not a sheet
        self.reads_text = lengths is not None
        self._lengths = lengths or array("L")
        self._row = self._column = 0
        self._last_row = self._last_column = 0
        self._place: str | None = None
        self._shared = False
        self._value: str | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        """Follow rows and cells; a cell counts when it holds something."""
        name = _local(name)
        if name == "c":
            self._column += 1
            self._place = attributes.get("r")
            self._shared = attributes.get("t") == "s"
            self.extent.strings += self._shared
        elif name in ("v", "f", "is"):
            self._fill()
            self._value = "" if name == "v" and self._shared else None
        elif name == "si":
            self.items += 1
        elif name == "row":
            said = attributes.get("r", "")
            self._row = int(said[:9]) if said.isdecimal() else self._row + 1
            self._column = 0

    def end(self, name: str) -> None:
        """Add the length of the string that a cell points to."""
        if self._value is not None and _local(name) == "v":
            said = self._value.strip()[:9]
            place = int(said) if said.isdecimal() else 0
            if place < len(self._lengths):
                self.extent.text += self._lengths[place]
            self._value = None

    def text(self, data: str) -> None:
        """Gather the number of a string."""
        if self._value is not None:
            self._value += data

    def _fill(self) -> None:
        found = _REFERENCE.fullmatch(self._place) if self._place else None
        if found:
            self._row, self._column = int(found[2]), _number_of(found[1])
        if self._row > self._last_row or self._column > self._last_column:
            self._last_row = max(self._last_row, self._row)
            self._last_column = max(self._last_column, self._column)
            self.extent.cells = self._last_row * self._last_column


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


class OpenSheets:
    """The sheets of .ods: cells and rows say how often they are repeated."""

    reads_text = True

    def __init__(self) -> None:
        self.extent = Extent()
        self._row = self._column = 0
        self._last_row = self._last_column = 0
        self._rows = self._times = 1
        self._letters = self._row_letters = 0
        self._filled = self._inside = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Follow tables, rows and cells."""
        name = _local(name)
        if name in ("table-cell", "covered-table-cell"):
            said = {_local(key): value for key, value in attributes.items()}
            self._times = _repeated(said.get("number-columns-repeated"))
            self._filled = "value-type" in said or "formula" in said
            self._letters = max(map(len, said.values()), default=0) if self._filled else 0
            self._inside = True
        elif name == "table-row":
            said = {_local(key): value for key, value in attributes.items()}
            self._rows = _repeated(said.get("number-rows-repeated"))
            self._column = self._row_letters = 0
        elif name == "table":
            self._row = self._last_row = self._last_column = 0

    def end(self, name: str) -> None:
        """Count a cell, or a row."""
        name = _local(name)
        if name in ("table-cell", "covered-table-cell"):
            self._column += self._times
            if self._filled:
                self._last_column = max(self._last_column, self._column)
                self._row_letters += self._letters * self._times
                self._last_row = max(self._last_row, self._row + self._rows)
            self._inside = False
        elif name == "table-row":
            self._row += self._rows
            self.extent.text += self._row_letters * self._rows
            cells = self._last_row * self._last_column
            self.extent.cells = max(self.extent.cells, cells)

    def text(self, data: str) -> None:
        """Count the letters of a cell."""
        if self._inside and data.strip():
            self._filled = True
            self._letters += len(data)


def _repeated(said: str | None) -> int:
    return max(int(said[:9]), 1) if said and said.isdecimal() else 1


class BinarySheet:
    """A part of .xlsb: records of a kind, a size and so many bytes."""

    def __init__(self) -> None:
        self.extent = Extent()
        self.lengths = array("L")
        self._row = self._last_row = self._last_column = 0
        self._begun = 0

    def read(self, data: bytes) -> None:
        """Follow the rows, cells and shared strings."""
        place = 0
        while place < len(data):
            kind, place = _packed(data, place, 2)
            size, place = _packed(data, place, 4)
            first = int.from_bytes(data[place : place + 4], "little")
            if kind in (145, 159):  # BrtBeginSheetData, BrtBeginSst: before them other things
                self._begun = kind
            elif kind == 0 and self._begun:  # BrtRowHdr
                self._row = first + 1
            elif 2 <= kind <= 11 and self._begun:  # BrtCellRk to BrtFmlaError
                self._last_row = max(self._last_row, self._row)
                self._last_column = max(self._last_column, first + 1)
                self.extent.strings += kind == 7
            elif kind == 19 and self._begun:  # BrtSSTItem
                self.lengths.append(size // 2)
            place += size
        self.extent.cells = self._last_row * self._last_column


def _packed(data: bytes, place: int, most: int) -> tuple[int, int]:
    """Read a number of 7 bits a byte."""
    number = 0
    for step in range(most):
        byte = data[place] if place < len(data) else 0
        place += 1
        number |= (byte & 127) << (7 * step)
        if byte < 128:
            break
    return number, place
