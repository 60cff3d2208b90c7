"""Files of known formats, told apart by their first bytes and their ending."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from modelwright.acquire.damage import told_in_one_line
from modelwright.acquire.folders import inside
from modelwright.acquire.homes import expanded
from modelwright.acquire.json_records import read_json, read_json_lines
from modelwright.acquire.nested import flatten
from modelwright.acquire.raw import Drawn, Raw, Reading
from modelwright.acquire.spreadsheets.excel import read_excel
from modelwright.acquire.standard_input import is_pipe, spooled
from modelwright.acquire.text.delimited import read_delimited
from modelwright.acquire.text.sampling import sample_note
from modelwright.acquire.unpacking import Plain, unpacked
from modelwright.core.errors import DataError, OptionError

__all__ = [
    "NO_TEXT",
    "check_text",
    "check_there",
    "is_parquet",
    "located",
    "read_file",
    "reader_of",
    "scanned",
]

Reader = Callable[[Plain, Reading, Path], Raw]

_SQLITE = b"SQLite format 3\0"
_DUCKDB = b"DUCK"
_OF_SEVERAL = (".zip", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://")
_DATABASES = "sqlite:///FILE#TABLE, duckdb:///FILE#TABLE or postgresql://HOST/NAME#TABLE"
_EXPORT = "export the table to CSV or Parquet, or fetch the file first"
NO_TEXT = "leave --encoding (encoding=) out: only text files have one"
"""The cure for an encoding of what has none."""
_SWELL = 4  # times its size is what a Parquet file takes in memory


def read_file(path: str, reading: Reading) -> Raw:
    """Read a file of any known format, plain or compressed.

    Parameters
    ----------
    path : str
        Delimited text, JSON, JSON lines, Parquet, Arrow IPC or a spreadsheet; each also as .gz,
        .zst, .bz2, .xz, or in a zip (``archive.zip/rows.csv`` when there are several); one sheet
        of a spreadsheet as ``book.xlsx/Sheet``; ``-`` is standard input.
    reading : Reading
        What is known of it.

    Returns
    -------
    Raw
        At least one column, and one row unless the table may be empty.

    Raises
    ------
    DataError
        When there is no such file, or it cannot be read as a table with rows.
    OptionError
        When an encoding is given for a file that is no text.
    """
    with TemporaryDirectory(prefix="modelwright-", ignore_cleanup_errors=True) as folder:
        plain = located(path, Path(folder))
        reader = reader_of(plain)
        if reading.encoding is not None:
            check_text(plain, reader)
        with told_in_one_line(plain.shown):
            raw = reader(plain, reading, Path(folder))
    if not raw.frame.width:
        raise DataError("a table with columns", f"none in {plain.shown}")
    if not raw.frame.height and not reading.may_be_empty:
        raise DataError("a table with rows", f"only a header in {plain.shown}")
    return raw


def located(path: str, folder: Path) -> Plain:
    """Find a file, a pipe or an entry of a zip, and unpack it into a folder.

    Raises
    ------
    DataError
        When it is not there, is no file, or cannot be unpacked.
    """
    if is_pipe(path):
        return unpacked(spooled(path, folder), folder)
    place, inner = check_there(path)
    if place.suffix.lower() == ".zip":
        return unpacked(Plain(place, place.name, place.name), folder, inner or None)
    return unpacked(Plain(place, place.name, place.name, sheet=inner), folder)


def check_there(path: str) -> tuple[Path, str]:
    """Find a file, or the file of several that an entry is in; gives the entry, too.

    Raises
    ------
    DataError
        When it is not there, or is no file.

    Examples
    --------
    >>> check_there("no such folder/a.csv")
    Traceback (most recent call last):
    modelwright.core.errors.DataError: expected a file 'a.csv'; got no folder 'no such folder'
    """
    place = expanded(path)
    there = _is_there(place)
    scheme = _SCHEME.match(path)
    if scheme is not None and not there:
        raise DataError(f"a file, or a database as {_DATABASES}", repr(scheme[0]), _EXPORT)
    inner = ""
    if not there:
        whole = next(
            (p for p in place.parents if p.suffix.lower() in _OF_SEVERAL and p.is_file()), None
        )
        if whole is not None:
            inner = place.relative_to(whole).as_posix()
            place = whole
    _check_file(place)
    return place, inner


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a folder that may not be entered, or a table given as text
        shown = repr(str(path)[:60]) + ("..." if len(str(path)) > 60 else "")
        why = (error.strerror or type(error).__name__).lower()
        raise DataError("an existing file", f"{shown}: {why}", "check the path") from None


def _check_file(path: Path) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise DataError("a file", *inside(path))
    if path.exists():
        raise DataError("a file", f"a pipe or device {str(path)!r}", f"write: ... - < {path}")
    if not path.parent.is_dir():
        raise DataError(f"a file {path.name!r}", f"no folder {str(path.parent)!r}")
    known = [other.name for other in path.parent.iterdir() if other.is_file()]
    near = difflib.get_close_matches(path.name, known, n=1)
    cure = f"did you mean {str(path.with_name(near[0]))!r}?" if near else "check the path"
    raise DataError("an existing file", repr(str(path)), cure)


def reader_of(plain: Plain) -> Reader:
    """Choose how a plain file is read.

    Raises
    ------
    DataError
        When it is a database.
    """
    with plain.path.open("rb") as file:
        start = file.read(4096)
    ending = Path(plain.name).suffix.lower()
    if start.startswith(_SQLITE) or start[8:12] == _DUCKDB:
        scheme = "sqlite" if start.startswith(_SQLITE) else "duckdb"
        raise DataError(
            "a table", f"a database {plain.shown}", f"write {scheme}:///{plain.path}#TABLE"
        )
    if start.startswith(b"PAR1"):
        return _read_parquet
    if start.startswith(b"ARROW1") or ending in (".arrow", ".feather", ".ipc"):
        return _read_arrow
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return read_excel
    if ending in (".parquet", ".pq"):
        return _read_parquet
    return _text_reader(start, ending)


def check_text(plain: Plain, reader: Reader) -> None:
    """Refuse a file that is no text where an encoding is given.

    Raises
    ------
    OptionError
        When its reader is none of text.
    """
    if reader not in (read_delimited, read_json, read_json_lines):
        raise OptionError("a text file beside --encoding", plain.shown, NO_TEXT)


def is_parquet(plain: Plain) -> bool:
    """Tell whether a plain file is Parquet."""
    return reader_of(plain) is _read_parquet


def scanned(plain: Plain) -> pl.LazyFrame | None:
    """Open a typed file without reading its rows; None for one that cannot be opened so."""
    reader = reader_of(plain)
    if reader is _read_parquet:
        return pl.scan_parquet(plain.path, glob=False)
    return pl.scan_ipc(plain.path, glob=False) if reader is _read_arrow and _is_ipc(plain) else None


def _text_reader(start: bytes, ending: str) -> Reader:
    if ending in (".jsonl", ".ndjson"):
        return read_json_lines
    if ending == ".json":
        return read_json
    known = ending in (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".psv")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise DataError("a table", "a web page (HTML)", "open it in a spreadsheet, save it as CSV")
    if not known and text.startswith(b"{"):
        return read_json_lines if text.split(b"\n", 1)[0].rstrip().endswith(b"}") else read_json
    return read_json if not known and text.startswith(b"[") else read_delimited


def _read_parquet(plain: Plain, reading: Reading, folder: Path) -> Raw:
    return _columnar(pl.scan_parquet(plain.path, glob=False), _SWELL, plain, reading)


def _read_arrow(plain: Plain, reading: Reading, folder: Path) -> Raw:
    if not _is_ipc(plain):
        return _columnar(pl.read_ipc_stream(plain.path.read_bytes()).lazy(), 0, plain, reading)
    return _columnar(pl.scan_ipc(plain.path, glob=False), 1, plain, reading)


def _columnar(lazy: pl.LazyFrame, swell: int, plain: Plain, reading: Reading) -> Raw:
    """Collect a typed table, or a sample of it that fits into the room there is."""
    notes = plain.notes
    drawn: Drawn | None = None
    size = swell * plain.path.stat().st_size
    if reading.room is not None and size > reading.room:
        total = lazy.select(pl.len()).collect().item()
        keep = max(total * reading.room // size, 1)
        lazy = lazy.filter(pl.int_range(pl.len()).shuffle(seed=reading.seed) < keep)
        notes, drawn = (*notes, sample_note(keep, total)), Drawn(total)
    frame, more = flatten(lazy.collect())
    return Raw(frame, (*notes, *more), drawn=drawn)


def _is_ipc(plain: Plain) -> bool:
    """Tell an Arrow file from a stream of Arrow, which knows not how long it is."""
    with plain.path.open("rb") as file:
        return file.read(6) == b"ARROW1"
