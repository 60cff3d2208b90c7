"""Delimited text: CSV, TSV and their cousins, every cell as the text that stands there."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from itertools import islice
from pathlib import Path

import polars as pl
from polars.exceptions import ComputeError, NoDataError, PolarsError

from modelwright.acquire.bounds import GZIP, ZSTD, compression
from modelwright.acquire.names import unique_names
from modelwright.core.errors import DataError

__all__ = ["read_delimited", "read_start"]

_HEAD = 2**20
_DELIMITERS = ",;\t|"
_SINGLE = "\x1f"  # stands in no text, so that a file of one column stays one column


def read_delimited(path: Path) -> pl.DataFrame:
    """Read a delimited text file, plain or compressed by gzip or Zstandard.

    The delimiter is found from the first rows. Text that is not UTF-8 is read as UTF-16 where
    it says so, else as Latin-1.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    polars.DataFrame, shape (n_rows, n_columns)
        Strings as they stand in the file; an empty cell is null. Blank lines are left out.

    Raises
    ------
    DataError
        When the file is empty, binary, damaged or ragged.
    """
    head = read_start(path)
    source: Path | bytes = path
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        source = _recoded(path, "utf-16")
    elif b"\0" in head:
        raise DataError("a text file", f"{path.name}, which holds binary data", _FORMATS)
    elif b"\r" in head and b"\n" not in head:  # the line ends of old Macs
        source = _recoded(path, "latin-1" if _not_utf8(head) else "utf-8-sig")
    try:
        return _parse(source, head, path)
    except ComputeError as error:
        if "utf-8" not in str(error).lower():
            raise _malformed(path, error) from None
    try:
        return _parse(_recoded(path, "latin-1"), head, path)
    except ComputeError as error:
        raise _malformed(path, error) from None


_FORMATS = "give CSV, TSV, JSON, JSON lines, Parquet or Arrow"


def read_start(path: Path) -> bytes:
    """Give the first bytes of a file, decompressed.

    Raises
    ------
    DataError
        When the compressed data is damaged.
    """
    magic = compression(path)
    try:
        if magic == GZIP:
            with gzip.open(path) as file:
                return file.read(_HEAD)
        if magic == ZSTD:
            lines = pl.scan_csv(
                path, infer_schema=False, has_header=False, separator=_SINGLE, quote_char=None,
                n_rows=200, encoding="utf8-lossy", glob=False,
            ).collect()  # fmt: skip
            return "\n".join(line or "" for line in lines.to_series()).encode()
        with path.open("rb") as plain:
            return plain.read(_HEAD)
    except NoDataError:
        return b""
    except (OSError, EOFError, zlib.error, PolarsError) as error:
        raise DataError("a readable file", f"{path.name}: {error}", "fetch it again") from None


def _not_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start < len(data) - 4  # the head may end inside a letter
    return False


def _recoded(path: Path, encoding: str) -> bytes:
    magic = compression(path)
    if magic == ZSTD:
        raise DataError(
            "UTF-8 text inside a .zst file", f"another encoding in {path.name}", "re-encode it"
        )
    data = gzip.decompress(path.read_bytes()) if magic == GZIP else path.read_bytes()
    text = data.decode(encoding, errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").encode()


def _parse(source: Path | bytes, head: bytes, path: Path) -> pl.DataFrame:
    start = source[:_HEAD] if isinstance(source, bytes) else head
    text = start.decode("utf-8-sig", errors="replace")
    separator = _delimiter(text)
    try:
        frame = _frame(source, separator)
    except NoDataError:
        raise DataError("a table with a header row", f"an empty file {path.name}") from None
    except OSError as error:
        raise DataError("a readable file", f"{path.name}: {error}", "fetch it again") from None
    header = _rows(text, separator, 1)[0]
    if len(header) == frame.width:
        frame.columns = unique_names(header)
    return _without_blank_lines(frame, source, separator)


def _frame(source: Path | bytes, separator: str) -> pl.DataFrame:
    try:
        return pl.read_csv(source, separator=separator, infer_schema=False, glob=False)
    except ComputeError:
        if separator != "\t":
            raise
        # cells between tabs need no quotes, and many such files have stray ones in their text
        return pl.read_csv(
            source, separator=separator, infer_schema=False, glob=False, quote_char=None
        )


def _rows(text: str, separator: str, count: int) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return list(islice((row for row in reader if row), count)) or [[]]
    except csv.Error:  # a field beyond the csv module's limit
        return [[]]


def _delimiter(text: str) -> str:
    best, best_score = _SINGLE, (0.0, 1)
    for delimiter in _DELIMITERS:
        rows = _rows(text, delimiter, 101)
        width = len(rows[0])
        # The last row may be cut off by the end of the head.
        rest = rows[1:-1] if len(rows) > 2 else rows[1:]
        same = sum(len(row) == width for row in rest) / len(rest) if rest else 1.0
        score = (round(same, 1), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _without_blank_lines(frame: pl.DataFrame, source: Path | bytes, separator: str) -> pl.DataFrame:
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    if not empty.any():
        return frame
    if frame.width == 1:  # within one column a blank line is a missing value, except at the end
        return frame if empty.all() else frame.head(int((~empty).arg_true()[-1]) + 1)
    lines = pl.read_csv(
        source, separator=_SINGLE, infer_schema=False, has_header=False, quote_char=None, glob=False
    ).to_series()
    # A row takes one line, and one more for each line break within its cells.
    breaks = pl.all().str.count_matches("\n", literal=True).fill_null(0).cast(pl.Int64)
    spans = frame.select(pl.sum_horizontal(breaks) + 1).to_series()
    above = len(lines) - int(spans.sum())  # the header, and blank lines before it
    if above < 1:
        return frame
    first = lines.gather(spans.cum_sum() - spans + above)
    # A row of separators only is a row; a line of nothing is none. Any other line shows that
    # lines and rows do not match: then every row stays.
    if (first.filter(empty).str.strip_chars(separator) != "").any():
        return frame
    return frame.filter(~(empty & first.is_null()))


def _malformed(path: Path, error: ComputeError) -> DataError:
    first = str(error).splitlines()[0]
    return DataError(
        "rows of as many cells as the header, quotes closed",
        f"{path.name}: {first}",
        "mend the row, or quote cells that hold the delimiter",
    )
