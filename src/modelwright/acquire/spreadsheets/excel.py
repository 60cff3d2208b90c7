"""Spreadsheets: the sheet that is asked for, or the first that holds a table."""

from __future__ import annotations

import zipfile
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import polars as pl

from modelwright.acquire.bounds import MOST_RATIO
from modelwright.acquire.names import unique_names
from modelwright.acquire.raw import Raw, Reading
from modelwright.acquire.spreadsheets.compound import stream_of
from modelwright.acquire.spreadsheets.extent import (
    BinarySheet,
    Extent,
    MalformedError,
    OpenSheets,
    Sheet,
    Strings,
    parse_part,
)
from modelwright.acquire.spreadsheets.old_book import book_extent
from modelwright.acquire.text.header import header_is_absent, nameless, names_are_below, tell_doubts
from modelwright.acquire.text.heading import heading_note, heading_of
from modelwright.acquire.unpacking import Plain
from modelwright.core.deferred import Deferred
from modelwright.core.errors import DataError, did_you_mean

__all__ = ["read_excel"]

_fastexcel = Deferred("fastexcel")

_BLOCK = 2**20
_MOST_BYTES = 2 * 2**30
_MOST_CELLS = 50_000_000  # a sheet is laid out whole, from its first cell to its last
_MOST_SHEETS = 100
_FREE_TEXT = 2**26
_MOST_TEXT = 2**31
_MOST_BINARY = 2**27  # bytes of one part of .xlsb
_COMPOUND = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HEAD_ROWS = 1_000
_OPEN_CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"


def read_excel(plain: Plain, reading: Reading, folder: Path) -> Raw:
    """Read a spreadsheet (.xlsx, .xlsm, .xlsb, .xls, .ods).

    A formula gives its last computed value. Empty rows and columns around the table, and titles
    above it, are left out. Unless a sheet is asked for, it is the first with two columns or more,
    then the first with one.

    Raises
    ------
    DataError
        When it is locked by a password, damaged, swells beyond bounds, or holds no table, or not
        the sheet that is asked for.
    """
    _check_compound(plain)
    if zipfile.is_zipfile(plain.path):
        _check_bounds(plain)
    try:
        book = _fastexcel.read_excel(str(plain.path))
        sheets = book.sheet_names[:_MOST_SHEETS]
        found = _chosen(book, _wanted(sheets, plain), reading)
    except _fastexcel.FastExcelError as error:
        raise _damaged(plain.shown, error) from None
    if found is None:
        raise DataError("a sheet with a table", f"none in {plain.shown}", "save the cells first")
    name, cells = found
    frame, notes = _table(cells, reading)
    others = [other for other in sheets if other != name]
    if others and not plain.sheet:
        cure = f"{plain.name}/{others[0]} reads another."
        notes.insert(0, f"The sheet {name!r} was read, not {_listed(others)}; {cure}")
    return Raw(frame, (*plain.notes, *notes))


def _wanted(sheets: list[str], plain: Plain) -> list[str]:
    """Give the sheets to look at: all, or the one that is asked for."""
    if not plain.sheet:
        return sheets
    near = [name for name in sheets if name.strip().lower() == plain.sheet.strip().lower()]
    if not near:
        raise DataError(
            f"a sheet of {plain.shown}", repr(plain.sheet), did_you_mean(plain.sheet, sheets)
        )
    return near[:1]


def _chosen(book: Any, names: list[str], reading: Reading) -> tuple[str, pl.DataFrame] | None:
    """Take the first sheet that is wide enough for a table; else a list of one column."""
    narrow = None
    for name in names:
        cells = _cells(book, name, reading)
        if cells is not None and cells.width > 1:
            return name, cells
        if cells is not None and narrow is None:
            narrow = name, cells
    return narrow


def _damaged(shown: str, error: Exception) -> DataError:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    if "password" in reason.lower() or "encrypt" in reason.lower():
        return _locked(shown)
    return DataError("a readable spreadsheet", f"{shown}: {reason}", "save it again, or as CSV")


def _locked(shown: str) -> DataError:
    return DataError(
        "a spreadsheet without a password", f"{shown}, which has one", "save it without, or as CSV"
    )


def _check_compound(plain: Plain) -> None:
    """Refuse a compound file that is locked, or an .xls beyond bounds."""
    with plain.path.open("rb") as file:
        if file.read(4) != _COMPOUND:
            return
        before = b""
        while block := file.read(_BLOCK):
            if _ENCRYPTED in before + block:
                raise _locked(plain.shown)
            before = block[-len(_ENCRYPTED) :]
    _check_old(plain)


def _check_old(plain: Plain) -> None:
    """Count the cells of an .xls and the text that they point to."""
    if plain.path.stat().st_size > _MOST_BYTES:
        held = f"{plain.shown}, more than {_MOST_BYTES // 2**30} GiB"
        raise DataError("a smaller spreadsheet", held, "save it as CSV")
    try:
        extent = book_extent(stream_of(plain.path.read_bytes(), ("Workbook", "Book")))
    except MalformedError as error:
        raise _damaged(plain.shown, error) from None
    _check_cells(extent, plain)


def _check_bounds(plain: Plain) -> None:
    """Inflate every part, block by block, and count its cells before anything is built of them."""
    try:
        with zipfile.ZipFile(plain.path) as archive:
            if _MANIFEST in archive.namelist():
                with archive.open(_MANIFEST) as manifest:
                    if b"encryption-data" in manifest.read(_BLOCK):
                        raise _locked(plain.shown)
            _check_parts(archive, plain)
    except MalformedError as error:
        raise _damaged(plain.shown, error) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise _damaged(plain.shown, error) from None
    except RuntimeError:  # what zipfile says to a password
        raise _locked(plain.shown) from None


def _check_parts(archive: zipfile.ZipFile, plain: Plain) -> None:
    inflated, parts = 0, _Parts([], [])
    is_binary = any(name.lower().endswith("workbook.bin") for name in archive.namelist())

    def counted(info: zipfile.ZipInfo) -> Iterator[bytes]:
        nonlocal inflated
        for block in _blocks(archive, info):
            inflated += len(block)
            if inflated > _MOST_BYTES:
                held = f"{plain.shown}, more than {_MOST_BYTES // 2**30} GiB"
                raise DataError("a smaller spreadsheet", held, "save it as CSV")
            yield block

    for info in archive.infolist():
        blocks = counted(info)
        first = next(blocks, b"")
        extent = Extent()
        if _is_xml(first):
            extent = parts.xml(info, chain([first], blocks))
        elif is_binary:
            extent = parts.binary(chain([first], blocks), plain)
        for _ in blocks:  # a picture: only inflated
            pass
        _check_cells(extent, plain)
    _check_shared(archive, parts, plain)


def _check_cells(extent: Extent, plain: Plain) -> None:
    if extent.cells > _MOST_CELLS:
        raise DataError(
            f"sheets of at most {_MOST_CELLS:,} cells",
            f"{plain.shown}, with up to {extent.cells:,}",
            "save the part that matters as CSV",
        )
    _check_text(extent.text, plain)


def _check_shared(archive: zipfile.ZipFile, parts: _Parts, plain: Plain) -> None:
    """Count the text of cells that point to shared strings, exactly where it may be much."""
    lengths = array("L")
    for strings in parts.strings:
        found = strings if isinstance(strings, array) else _lengths(archive, strings)
        # a sound book has one such part: of more, each string is as long as the longest of them
        lengths = array("L", map(max, zip_longest(lengths, found, fillvalue=0)))
    longest = max(lengths, default=0)
    for sheet, count in parts.sheets:
        if sheet is None:
            _check_text(count * longest, plain)
        elif count * longest > _FREE_TEXT:
            exact = Sheet(lengths)
            parse_part(_blocks(archive, sheet), exact)
            _check_text(exact.extent.text, plain)


def _lengths(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> array[int]:
    shared = Strings()
    parse_part(_blocks(archive, part), shared)
    return shared.lengths


def _check_text(letters: int, plain: Plain) -> None:
    most = min(max(_FREE_TEXT, MOST_RATIO * plain.path.stat().st_size), _MOST_TEXT)
    if letters > most:
        raise DataError(
            f"cells of at most {most:,} letters in all",
            f"{plain.shown}, with texts that are repeated to {letters:,}",
            "save the part that matters as CSV",
        )


def _is_xml(start: bytes) -> bool:
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith(b"<")


@dataclass
class _Parts:
    """The shared strings of a book, and the sheets that point to them, with how many cells."""

    strings: list[zipfile.ZipInfo | array[int]]
    sheets: list[tuple[zipfile.ZipInfo | None, int]]

    def xml(self, info: zipfile.ZipInfo, blocks: Iterator[bytes]) -> Extent:
        """Count a part, whatever it is."""
        content = OpenSheets() if info.filename == _OPEN_CONTENT else Sheet()
        seen = _Seen(blocks)
        try:
            parse_part(seen, content)
        except MalformedError:
            # drawings of old versions are no XML: they may pass, but nothing with cells
            list(seen)
            if seen.cells or not info.filename.lower().endswith(".vml"):
                raise
        if isinstance(content, Sheet) and content.items:
            self.strings.append(info)
        if content.extent.strings:
            self.sheets.append((info, content.extent.strings))
        return content.extent

    def binary(self, blocks: Iterator[bytes], plain: Plain) -> Extent:
        """Count a part of .xlsb."""
        data = bytearray()
        for block in blocks:
            data += block
            if len(data) > _MOST_BINARY:
                held = f"{plain.shown}, more than {_MOST_BINARY // 2**20} MiB in one sheet"
                raise DataError("a smaller .xlsb", held, "save it as .xlsx or CSV")
        content = BinarySheet()
        content.read(bytes(data))
        if content.lengths:
            self.strings.append(content.lengths)
        if content.extent.strings:
            self.sheets.append((None, content.extent.strings))
        return content.extent


class _Seen:
    """Blocks, and whether they spoke of cells."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.cells = False
        self._blocks = blocks
        self._tail = b""

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            text = self._tail + block
            self.cells = self.cells or b"sheetData" in text
            self._tail = block[-len(b"sheetData") :]
            yield block


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as part:
        while block := part.read(_BLOCK):
            yield block


def _cells(book: Any, name: str, reading: Reading) -> pl.DataFrame | None:
    """Give a sheet's cells as text, without empty rows and columns; None when it has no table.

    In place, empty rows between others stay.
    """
    sheet = book.load_sheet(name, header_row=None, dtypes="string")
    if sheet.height < 1 or sheet.width < 1:
        return None
    cells = pl.DataFrame(sheet)
    filled = [c.name for c in cells if not (c.is_null() | (c.str.strip_chars() == "")).all()]
    cells = cells.select(filled)
    if filled:
        present = cells.select(~pl.all_horizontal(pl.all().is_null())).to_series()
        places = present.arg_true()
        whole = reading.in_place and len(places)
        cells = cells[places[0] : places[-1] + 1] if whole else cells.filter(present)
    if cells.height == 1 and reading.may_be_empty:
        names = ["" if cell is None else cell.strip() for cell in cells.row(0)]
        return cells if _known(names, reading) else None
    return cells if cells.height > 1 else None


def _table(cells: pl.DataFrame, reading: Reading) -> tuple[pl.DataFrame, list[str]]:
    """Find the row of names, and take what is below it."""
    head = [["" if cell is None else cell for cell in row] for row in cells.head(_HEAD_ROWS).rows()]
    filled = [sum(cell.strip() != "" for cell in row) for row in head]
    usual = sorted(filled[:50])[len(filled[:50]) // 2]
    top = next((i for i, count in enumerate(filled) if count >= max(0.6 * usual, 1)), 0)
    notes: list[str] = []
    heading = _heading(head, top, reading)
    if heading is not None and reading.header is None:
        return _below_heading(cells, head, *heading)
    top = _first_of(head, top, reading) if heading is None else heading[0]
    if reading.header is None and names_are_below(head[top:]) and not _known(head[top], reading):
        top += 1
        notes.append("The row above the names was taken as names of groups and left out.")
    notes = [*_title_notes(top - len(notes)), *notes]
    known = {name.strip() for name in reading.known}
    absent = reading.header is False and not (known & {cell.strip() for cell in head[top]})
    if reading.header is None and not known:
        absent = header_is_absent(head[top:])
        if absent:
            notes.append("The first row looks like data, not like names: it was kept as a row; "
                         "--header (header=True) takes it as names.")  # fmt: skip
        else:
            notes += tell_doubts(head[top:])
    names = nameless(cells.width) if absent else unique_names(head[top])
    frame = cells.slice(top if absent else top + 1).rename(
        dict(zip(cells.columns, names, strict=True))
    )
    return frame, notes


def _heading(head: list[list[str]], top: int, reading: Reading) -> tuple[int, list[str]] | None:
    """Find two rows that are names together, and where they begin."""
    for at in (top - 1, top):
        names = heading_of(head[at:], reading.known) if at >= 0 else None
        if names is not None and names != _stripped(head[at + 1]):
            return at, names
    return None


def _first_of(head: list[list[str]], top: int, reading: Reading) -> int:
    """Take the row above for that of the names where more of it is known."""
    known = {name.strip() for name in reading.known}
    above, here = ({*head[max(at, 0)]} & known for at in (top - 1, top))
    return top - 1 if len(above) > len(here) else top


def _below_heading(
    cells: pl.DataFrame, head: list[list[str]], top: int, names: list[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Take what is below the two rows of a heading."""
    named = dict(zip(cells.columns, unique_names(names), strict=True))
    notes = [*_title_notes(top), heading_note(names, head[top + 1])]
    return cells.slice(top + 2).rename(named), notes


def _title_notes(titles: int) -> list[str]:
    if not titles:
        return []
    above = "The row above the table was" if titles == 1 else f"{titles} rows above the table were"
    return [f"{above} taken as a title and left out."]


def _stripped(row: list[str]) -> list[str]:
    return [cell.strip() for cell in row]


def _known(names: list[str], reading: Reading) -> bool:
    """Tell whether these are most of the names that the table had before."""
    return 2 * len({name.strip() for name in reading.known} & set(names)) > len(names)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(repr(name) for name in names[:5]) + more
