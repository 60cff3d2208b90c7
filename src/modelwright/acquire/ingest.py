"""A source of any size to one typed file, within a limit of memory."""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from modelwright.acquire.damage import told_in_one_line
from modelwright.acquire.databases.duck import Duck
from modelwright.acquire.databases.sql import Address, batches
from modelwright.acquire.files import NO_TEXT, check_text, is_parquet, located, reader_of
from modelwright.acquire.json_records import read_json_lines
from modelwright.acquire.raw import Reading
from modelwright.acquire.text.delimited import Orderly, find_numbers, open_text, read_delimited
from modelwright.acquire.text.dialect import BLANKS
from modelwright.acquire.text.encodings import in_utf8, is_utf8_throughout
from modelwright.acquire.text.rows import rows_are_even
from modelwright.acquire.unpacking import Plain
from modelwright.core.addresses import is_database, masked
from modelwright.core.errors import DataError, OptionError
from modelwright.store import check_writable

__all__ = ["Ingested", "ingest"]

_SHARE = 0.6  # of the memory is DuckDB's; what reads and what is imported takes the rest
_LEAST = 50 * 10**6
_FORMATS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {rows}",
    ".csv": "FORMAT csv, HEADER",
}
_BAD_COLUMN = re.compile(r'onverting column "(.+?)"\.', re.DOTALL)
_PATTERN = re.compile(r"[*?\[]")
_SQL_TYPES = {"Int64": "BIGINT", "Float64": "DOUBLE"}


@dataclass(frozen=True)
class Ingested:
    """What was written.

    Parameters
    ----------
    out : Path
        The file.
    rows, columns : int
        How many.
    notes : tuple of str
        What the user should know, each a sentence.
    set_aside : tuple of int
        The lines whose rows could not be aligned and were left out.
    """

    out: Path
    rows: int
    columns: int
    notes: tuple[str, ...] = ()
    set_aside: tuple[int, ...] = ()


def ingest(
    source: str,
    out: str | Path,
    *,
    memory: int = 2 * 10**9,
    header: bool | None = None,
    encoding: str | None = None,
    verbatim: frozenset[str] = frozenset(),
) -> Ingested:
    """Write all rows of a source to one file, however many there are.

    Delimited text, JSON lines, Parquet and databases are streamed through DuckDB
    (https://duckdb.org), which spills to a folder beside `out`; spreadsheets and JSON are read
    whole.

    Parameters
    ----------
    source : str
        As for `read_raw`: a file, plain or compressed, ``-``, or a database with a query.
    out : path
        Ends in ``.parquet`` or ``.csv``. It is whole or not there.
    memory : int
        How many bytes the work may take, 50 MB at the least; what Python and its libraries take
        (about 200 MB) comes on top.
    header : bool, optional
        Whether the first row holds names; None finds out.
    encoding : str, optional
        How a text file is encoded, such as ``"cp1250"``; None finds out.
    verbatim : frozenset of str
        Columns of a text file whose exact text matters ("007").

    Returns
    -------
    Ingested
        Rows of the source = rows written + rows set aside.

    Raises
    ------
    OptionError
        When `out` has another ending, `memory` is too small, or an encoding makes no sense.
    DataError
        When the source cannot be read as a table.
    """
    out = Path(out)
    if out.suffix.lower() not in _FORMATS:
        raise OptionError("an output that ends in .parquet or .csv", repr(out.name))
    if memory < _LEAST:
        raise OptionError(f"at least {_LEAST // 10**6} MB of memory", f"{memory:,} bytes")
    check_writable(out, source)
    if encoding is not None and is_database(source):
        raise OptionError("a text file beside --encoding", "a database", NO_TEXT)
    reading = Reading(header=header, encoding=encoding, verbatim=verbatim)
    with (
        TemporaryDirectory(
            prefix=".modelwright-", dir=out.absolute().parent, ignore_cleanup_errors=True
        ) as name,
        closing(Duck(int(memory * _SHARE), Path(name))) as duck,
    ):
        work = _Work(duck, Path(name), out, memory)
        done = (
            work.from_database(source) if is_database(source) else work.from_file(source, reading)
        )
        if not done.rows:
            raise DataError("a table with rows", f"none in {masked(source)}")
        os.replace(work.part, out)
    return done


@dataclass(frozen=True)
class _Work:
    """One source on its way to one file."""

    duck: Duck
    folder: Path
    out: Path
    memory: int

    @property
    def part(self) -> Path:
        """Where the output grows."""
        return self.folder / f"part{self.out.suffix.lower()}"

    def from_database(self, url: str) -> Ingested:
        """Write batches to small files, and join them."""
        pieces = []
        address = Address.parse(url)
        with told_in_one_line(address.shown):
            for number, frame in zip(count(), batches(address), strict=False):
                if frame.height:
                    pieces.append(self.folder / f"batch-{number}.parquet")
                    frame.write_parquet(pieces[-1])
        if not pieces:
            raise DataError("rows", f"none from {address.shown}", "check the query")
        files = ", ".join(_file(piece) for piece in pieces)
        return self._copied(f"read_parquet([{files}], union_by_name = true)")

    def from_file(self, source: str, reading: Reading) -> Ingested:
        """Choose how a file is streamed."""
        plain = located(source, self.folder)
        read = reader_of(plain)
        if reading.encoding is not None:
            check_text(plain, read)
        if read is read_delimited:
            return self._delimited(plain, reading)
        if is_parquet(plain):
            return self._copied(f"read_parquet({_file(plain.path)})", plain.notes)
        if read is read_json_lines:
            text = in_utf8(plain, reading, self.folder)
            form = "format = 'newline_delimited', sample_size = -1"
            notes = (*plain.notes, *text.notes)
            return self._copied(f"read_json({_file(text.path)}, {form})", notes)
        with told_in_one_line(plain.shown):
            raw = read(plain, reading, self.folder)
        piece = self.folder / "whole.parquet"
        raw.frame.write_parquet(piece)
        return self._copied(f"read_parquet({_file(piece)})", raw.notes, raw.set_aside)

    def _delimited(self, plain: Plain, reading: Reading) -> Ingested:
        text = open_text(plain, reading, self.folder)
        if not text.recoded and not is_utf8_throughout(text.path):
            text = text.in_utf8(self.folder)
        known = text.dialect.even and text.dialect.separator != BLANKS
        if not known or not rows_are_even(text.path, text.dialect):
            text = text.in_order(self.folder, in_place=False)
        found_numbers = find_numbers(text)
        typed = reading.typed(found_numbers)
        numbers = {name: _SQL_TYPES[str(found_numbers[name])] for name in typed}
        while True:
            try:
                table = _csv(text, numbers, self.memory)
                return self._copied(table, text.notes, text.set_aside)
            except DataError as error:
                found = _BAD_COLUMN.search(str(error.__cause__))
                if found is not None and found[1] in numbers:
                    del numbers[found[1]]  # a later value is no number: the column is text
                    continue
                if text.mended:
                    raise
            text = text.in_order(self.folder, in_place=False)

    def _copied(
        self, table: str, notes: tuple[str, ...] = (), set_aside: tuple[int, ...] = ()
    ) -> Ingested:
        # a group of rows is held in memory until it is written
        rows = max(min(122_880, self.memory // 2**13), 2_048)
        form = _FORMATS[self.out.suffix.lower()].format(rows=rows)
        done = self.duck.run(f"COPY (SELECT * FROM {table}) TO {_text(str(self.part))} ({form})")
        return Ingested(self.out, int(done[0][0]), self._width(), notes, set_aside)

    def _width(self) -> int:
        """Count the columns of what was written: the source may be dear to read once more."""
        scan = pl.scan_csv if self.part.suffix == ".csv" else pl.scan_parquet
        return len(scan(self.part, glob=False).collect_schema())


def _csv(text: Orderly, numbers: dict[str, str], memory: int) -> str:
    dialect = text.dialect
    columns = ", ".join(
        f"{_text(name)}: {_text(numbers.get(name, 'VARCHAR'))}" for name in dialect.names
    )
    options = [
        f"delim = {_text(dialect.separator)}", f"header = {str(dialect.header).lower()}",
        f"columns = {{{columns}}}", "auto_detect = false", "quote = '\"'", "escape = '\"'",
        "strict_mode = false", "new_line = '\\n'",
        f"buffer_size = {min(max(memory // 32, 2**22), 2**25)}",
    ]  # fmt: skip
    return f"read_csv({_file(text.path)}, {', '.join(options)})"


def _file(path: Path) -> str:
    """Write the name of one file into a statement, whose ``*``, ``?`` and ``[`` are letters."""
    return _text(_PATTERN.sub(r"[\g<0>]", str(path)))


def _text(value: str) -> str:
    """Write a string into a statement."""
    return "'" + value.replace("'", "''") + "'"
