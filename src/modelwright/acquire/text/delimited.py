"""Delimited text: CSV, TSV and their cousins.

The file is read at once when it is in order. When it is not (ragged rows, stray quotes, blank
lines), a copy is made that is, and read instead.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from polars.exceptions import ComputeError, NoDataError

from modelwright.acquire.meaning.plain_numbers import plain_numbers
from modelwright.acquire.raw import Drawn, Raw, Reading
from modelwright.acquire.text.dialect import BLANKS, Dialect, find_dialect
from modelwright.acquire.text.encodings import as_utf8, in_utf8
from modelwright.acquire.text.quotes import quotes_are_sound
from modelwright.acquire.text.rows import mend, rows_are_even
from modelwright.acquire.text.sampling import sample_rows
from modelwright.acquire.text.titles import find_titles
from modelwright.acquire.unpacking import Plain
from modelwright.core.errors import DataError

__all__ = ["Orderly", "find_numbers", "open_text", "read_delimited"]

_HEAD = 2**20
_LONGEST_LINE = 2**26
# Smaller files are read as text, which is quick, and keeps every cell as it stands.
TYPED_FROM = 2**24
_WINDOWS = 8
_MOST_RETRIES = 3
_BAD_COLUMN = re.compile(r"at column '(.*)' \(column number \d+\)", re.DOTALL)


@dataclass(frozen=True)
class Orderly:
    """A text file and how it is written.

    Parameters
    ----------
    path : Path
        UTF-8 as far as is known.
    dialect : Dialect
        How it is written.
    notes : tuple of str
        What was found out on the way.
    set_aside : tuple of int
        Lines that were left out.
    recoded, mended : bool
        Whether it is certainly UTF-8, and a copy that is certainly in order.
    encoding : str
        How the text was encoded before; empty for UTF-8.
    drawn : Drawn, optional
        What it is a sample of.
    """

    path: Path
    dialect: Dialect
    notes: tuple[str, ...] = ()
    set_aside: tuple[int, ...] = ()
    recoded: bool = False
    mended: bool = False
    encoding: str = ""
    drawn: Drawn | None = None

    def in_utf8(self, folder: Path, usual: str = "") -> Orderly:
        """Give the same text in UTF-8; `usual` is what it may have been instead."""
        encoded = as_utf8(self.path, "utf-8", folder, usual)
        notes = (*encoded.notes, *self.notes)
        found = replace(self, path=encoded.path, notes=notes, encoding=encoded.encoding)
        return replace(found, set_aside=(), recoded=True, mended=False)

    def in_order(self, folder: Path, in_place: bool) -> Orderly:
        """Give the same rows, each with the right number of cells."""
        mended = mend(self.path, self.dialect, folder, in_place=in_place)
        dialect = Dialect(",", False, self.dialect.names)
        notes = (*self.notes, *mended.notes)
        found = replace(self, path=mended.path, dialect=dialect, notes=notes)
        return replace(found, set_aside=mended.set_aside, recoded=True, mended=True)

    def raw(self, frame: pl.DataFrame) -> Raw:
        """Give what was read of it."""
        return Raw(frame, self.notes, self.set_aside, self.encoding, drawn=self.drawn)


def read_delimited(plain: Plain, reading: Reading, folder: Path) -> Raw:
    """Read a delimited text file.

    Parameters
    ----------
    plain : Plain
        A file that is not compressed.
    reading : Reading
        What is known of it.
    folder : Path
        For copies of files that are not in order.

    Returns
    -------
    Raw
        Strings as they stand in the file, null where empty. In a large file, columns that are
        plainly numbers are read as such, unless they are wanted verbatim.

    Raises
    ------
    DataError
        When the file is empty, binary or one endless line.
    """
    raw = _read(open_text(plain, reading, folder), plain, reading, folder)
    if raw.set_aside and not raw.frame.height:
        raise DataError(
            f"rows of {raw.frame.width} cells, as the header has",
            f"{len(raw.set_aside):,} rows with more in {plain.shown}, and no other",
            "mend the header, or say --no-header (header=False)",
        )
    return raw


def _read(text: Orderly, plain: Plain, reading: Reading, folder: Path) -> Raw:
    if reading.room is not None and plain.path.stat().st_size > reading.room:
        text = _sampled(text, reading, reading.room, folder)
    if text.dialect.separator == BLANKS or not text.dialect.even:
        text = text.in_order(folder, reading.in_place)
    try:
        frame = _frame(text, reading)
    except ComputeError as error:
        if "utf-8" in str(error).lower() and not text.recoded:
            text = text.in_utf8(folder, reading.usual)
        elif not text.mended:
            text = text.in_order(folder, reading.in_place)
        return _second_look(text, reading, folder)
    except NoDataError:
        raise _empty(plain.shown) from None
    if not text.mended and not _is_even(frame, text):
        return _second_look(text.in_order(folder, reading.in_place), reading, folder)
    return text.raw(frame)


def _sampled(text: Orderly, reading: Reading, room: int, folder: Path) -> Orderly:
    """Draw rows; where quotes or blank lines hide where rows begin, it is put in order first."""
    separator = text.dialect.separator
    if not text.dialect.even or not quotes_are_sound(text.path, separator):
        text = text.in_order(folder, reading.in_place)
    sampled = sample_rows(
        text.path, room, folder, header=text.dialect.header, quoted=True, seed=reading.seed
    )
    notes, drawn = (*text.notes, sampled.note), Drawn(sampled.total)
    return replace(text, path=sampled.path, notes=notes, drawn=drawn)


def _second_look(text: Orderly, reading: Reading, folder: Path) -> Raw:
    if not text.mended:
        try:
            frame = _frame(text, reading)
        except ComputeError:
            text = text.in_order(folder, reading.in_place)
        else:
            if _is_even(frame, text):
                return text.raw(frame)
            text = text.in_order(folder, reading.in_place)
    return text.raw(_frame(text, reading))


def open_text(plain: Plain, reading: Reading, folder: Path) -> Orderly:
    """Find encoding and dialect of a text file.

    Raises
    ------
    DataError
        When the file is empty, binary, one endless line, or not in the encoding that was said.
    """
    encoded = in_utf8(plain, reading, folder)
    path, notes = encoded.path, (*plain.notes, *encoded.notes)
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if b"\n" not in head and len(head) == _HEAD:
            _check_line(head, file.read(_LONGEST_LINE), plain.shown)
            file.seek(0)
            head = file.read(_LONGEST_LINE)
            head = head[: head.find(b"\n") + _HEAD]
    start = head.decode("utf-8-sig", errors="replace")
    titles = find_titles(start, reading)
    if titles.lines:
        start = start.split("\n", titles.lines)[-1]
    dialect = find_dialect(start, reading, titles.separator)
    if dialect is None:
        raise _empty(plain.shown)
    dialect = replace(dialect, above=titles.lines + dialect.above)
    if dialect.above:
        path = _below(path, dialect.above, folder)
    notes = (*notes, *titles.notes, *dialect.notes)
    certain, before = encoded.certain, encoded.encoding
    return Orderly(path, dialect, notes, recoded=certain, encoding=before)


def _below(path: Path, lines: int, folder: Path) -> Path:
    """Copy what is below some lines."""
    into = folder / "below.csv"
    with path.open("rb") as source, into.open("wb") as out:
        for _ in range(lines):
            source.readline()
        shutil.copyfileobj(source, out, _HEAD)
    return into


def _check_line(head: bytes, more: bytes, shown: str) -> None:
    if b"\n" not in more and len(more) == _LONGEST_LINE:
        raise DataError(
            "lines, each a row",
            f"{shown}: one line of more than {_LONGEST_LINE // 2**20} MiB",
            "check that it is delimited text",
        )


def _empty(shown: str) -> DataError:
    return DataError("a table with a header row", f"an empty file {shown}")


def _frame(text: Orderly, reading: Reading) -> pl.DataFrame:
    """Read it with typed numbers, or, when a later value is none, with that column as text."""
    numbers = {}
    if text.path.stat().st_size >= TYPED_FROM:
        found_numbers = find_numbers(text)
        numbers = {name: found_numbers[name] for name in reading.typed(found_numbers)}
    for _ in range(_MOST_RETRIES):
        try:
            return _parsed(text, text.path, numbers)
        except ComputeError as error:
            found = _BAD_COLUMN.search(str(error))
            if found is None or found[1] not in numbers:
                raise
            del numbers[found[1]]
    return _parsed(text, text.path, {})


def find_numbers(text: Orderly) -> dict[str, pl.DataType]:
    """Look at the start and at some places further on for columns that are plainly numbers."""
    size = text.path.stat().st_size
    with text.path.open("rb") as file:
        parts = [file.read(_HEAD)]
        if b'"' not in parts[0]:  # else a window might begin within a cell
            for place in range(1, _WINDOWS):
                file.seek(size * place // _WINDOWS)
                file.readline(_HEAD)
                parts.append(file.read(_HEAD // 8))
    whole = b"".join(part[: part.rfind(b"\n") + 1] for part in parts)
    try:
        return plain_numbers(_parsed(text, whole, {}))
    except (ComputeError, NoDataError):
        return {}


def _parsed(text: Orderly, source: Path | bytes, numbers: dict[str, pl.DataType]) -> pl.DataFrame:
    dialect = text.dialect
    if text.mended and not text.path.stat().st_size:
        return pl.DataFrame(schema=dict.fromkeys(dialect.names, pl.String()))
    return pl.read_csv(
        source,
        separator=dialect.separator,
        has_header=dialect.header,
        new_columns=list(dialect.names),
        schema_overrides=[numbers.get(name, pl.String()) for name in dialect.names],
        infer_schema=False,
        glob=False,
    )


def _is_even(frame: pl.DataFrame, text: Orderly) -> bool:
    """Tell whether no row is short or blank: only those end in a missing value."""
    if not frame.height or not frame.to_series(frame.width - 1).null_count():
        return True
    if frame.width == 1:
        return frame.to_series()[-1] is not None
    return rows_are_even(text.path, text.dialect)
