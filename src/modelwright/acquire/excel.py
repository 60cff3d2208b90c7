"""Spreadsheets: the sheet that is asked for, or the first that holds a table."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from modelwright.acquire.header import header_is_absent, nameless
from modelwright.acquire.names import unique_names
from modelwright.acquire.raw import Raw, Reading
from modelwright.acquire.unpacking import Plain
from modelwright.core.deferred import Deferred
from modelwright.core.errors import DataError, did_you_mean

__all__ = ["read_excel"]

_fastexcel = Deferred("fastexcel")

_BLOCK = 2**20
_MOST_BYTES = 2 * 2**30
_MOST_CELLS = 50_000_000  # a sheet is laid out whole, from its first cell to its last
_MOST_SHEETS = 100
_CELL = re.compile(rb'<c [^>]{0,200}?r="([A-Z]{1,3})(\d{1,7})"')
_ROW = re.compile(rb'<row [^>]{0,200}?r="(\d{1,7})"')
_CELLS_REPEATED = re.compile(
    rb'<table:table-cell(?=[^>]{0,500}value-type)[^>]{0,500}?columns-repeated="(\d{1,9})"'
)
_ROWS_REPEATED = re.compile(
    rb'<table:table-row[^>]{0,500}?rows-repeated="(\d{1,9})"[^>]{0,500}>(.{0,2000}?)</table:table-row',
    re.DOTALL,
)
_OVERLAP = 4096
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HEAD_ROWS = 1_000
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
    _check_lock(plain)
    if zipfile.is_zipfile(plain.path):
        _check_bounds(plain)
    try:
        book = _fastexcel.read_excel(str(plain.path))
        sheets = book.sheet_names[:_MOST_SHEETS]
        found = _chosen(book, _wanted(sheets, plain))
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


def _chosen(book: Any, names: list[str]) -> tuple[str, pl.DataFrame] | None:
    """Take the first sheet that is wide enough for a table; else a list of one column."""
    narrow = None
    for name in names:
        cells = _cells(book, name)
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


def _check_lock(plain: Plain) -> None:
    with plain.path.open("rb") as file:
        if file.read(4) != b"\xd0\xcf\x11\xe0":
            return
        before = b""
        while block := file.read(_BLOCK):
            if _ENCRYPTED in before + block:
                raise _locked(plain.shown)
            before = block[-len(_ENCRYPTED) :]


@dataclass
class _Extent:
    """How far the cells of a book reach, counted while it is inflated."""

    inflated: int = 0
    row: int = 0
    column: int = 0
    rows_repeated: int = 1
    columns_repeated: int = 1
    tail: bytes = b""

    def add(self, block: bytes) -> None:
        """Count one block of a part."""
        self.inflated += len(block)
        text = self.tail + block  # what is cut by the end of a block is whole in the next
        self.tail = block[-_OVERLAP:]
        found = _CELL.findall(text)
        if found:
            self.row = max(self.row, *(int(number) for _, number in found))
            self.column = max(self.column, *(_place(name) for name in {f[0] for f in found}))
        self.row = max(self.row, *(int(number) for number in _ROW.findall(text)), 0)
        for times in _CELLS_REPEATED.findall(text):
            self.columns_repeated = max(self.columns_repeated, int(times))
        for times, cells in _ROWS_REPEATED.findall(text):
            # rows of nothing, to the end of the sheet, are not laid out
            if b"value-type" in cells:
                self.rows_repeated = max(self.rows_repeated, int(times))

    @property
    def cells(self) -> int:
        """How many cells a sheet may have, laid out whole."""
        return max(self.row * self.column, self.rows_repeated * self.columns_repeated)


def _check_bounds(plain: Plain) -> None:
    """Inflate every part once, block by block, before anything is built of it."""
    extent = _Extent()
    try:
        with zipfile.ZipFile(plain.path) as archive:
            if _MANIFEST in archive.namelist():
                with archive.open(_MANIFEST) as manifest:
                    if b"encryption-data" in manifest.read(_BLOCK):
                        raise _locked(plain.shown)
            for info in archive.infolist():
                for block in _blocks(archive, info):
                    extent.add(block)
                    if extent.inflated > _MOST_BYTES:
                        held = f"{plain.shown}, more than {_MOST_BYTES // 2**30} GiB"
                        raise DataError("a smaller spreadsheet", held, "save it as CSV")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise _damaged(plain.shown, error) from None
    except RuntimeError:  # what zipfile says to a password
        raise _locked(plain.shown) from None
    if extent.cells > _MOST_CELLS:
        raise DataError(
            f"sheets of at most {_MOST_CELLS:,} cells",
            f"{plain.shown}, with one of up to {extent.cells:,}",
            "save the part that matters as CSV",
        )


def _blocks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as part:
        while block := part.read(_BLOCK):
            yield block


def _place(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place


def _cells(book: Any, name: str) -> pl.DataFrame | None:
    """Give a sheet's cells as text, without empty rows and columns; None when it has no table."""
    sheet = book.load_sheet(name, header_row=None, dtypes="string")
    if sheet.height < 1 or sheet.width < 1:
        return None
    cells = pl.DataFrame(sheet)
    filled = [c.name for c in cells if not (c.is_null() | (c.str.strip_chars() == "")).all()]
    cells = cells.select(filled)
    cells = cells.filter(~pl.all_horizontal(pl.all().is_null())) if filled else cells
    return cells if cells.height > 1 else None


def _table(cells: pl.DataFrame, reading: Reading) -> tuple[pl.DataFrame, list[str]]:
    """Find the row of names, and take what is below it."""
    head = [["" if cell is None else cell for cell in row] for row in cells.head(_HEAD_ROWS).rows()]
    filled = [sum(cell.strip() != "" for cell in row) for row in head]
    usual = sorted(filled[:50])[len(filled[:50]) // 2]
    top = next((i for i, count in enumerate(filled) if count >= max(0.6 * usual, 1)), 0)
    notes = []
    if top:
        above = "The row above the table was" if top == 1 else f"{top} rows above the table were"
        notes.append(f"{above} taken as a title and left out.")
    below = [row for row in head[top:] if len(row) == cells.width]
    known = {name.strip() for name in reading.known}
    absent = reading.header is False and not (known & {cell.strip() for cell in head[top]})
    if reading.header is None and not known:
        absent = header_is_absent(below)
        if absent:
            notes.append("The first row looks like data, not like names: it was kept as a row; "
                         "--header (header=True) takes it as names.")  # fmt: skip
    names = nameless(cells.width) if absent else unique_names(head[top])
    frame = cells.slice(top if absent else top + 1).rename(
        dict(zip(cells.columns, names, strict=True))
    )
    return frame, notes


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(repr(name) for name in names[:5]) + more
