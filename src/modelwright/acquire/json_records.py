"""JSON and JSON lines: a record is a row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from modelwright.acquire.names import unique_names
from modelwright.acquire.nested import flatten
from modelwright.acquire.raw import Drawn, Raw, Reading
from modelwright.acquire.text.encodings import in_utf8
from modelwright.acquire.text.sampling import sample_rows
from modelwright.acquire.unpacking import Plain
from modelwright.core.errors import DataError
from modelwright.engine import available_memory

__all__ = ["read_json", "read_json_lines", "series"]

_SWELL = 10  # times its size is what a parsed JSON file takes
_SHOWN = 10
_JSON = (bool, int, float, list, tuple, dict)
_SHAPE = "write [{...}, {...}], or one record a line"


def read_json(plain: Plain, reading: Reading, folder: Path) -> Raw:
    """Read a list of records or of rows, a record of columns, or a record that holds one such list.

    Raises
    ------
    DataError
        When the file holds other JSON, is damaged, or is too large to be read whole.
    """
    encoded = in_utf8(plain, reading, folder)
    path, notes = encoded.path, (*plain.notes, *encoded.notes)
    if path.stat().st_size * _SWELL > available_memory():
        raise DataError(
            "JSON that fits into memory", f"{path.stat().st_size:,} bytes in {plain.shown}",
            "write one record a line: JSON lines are read piece by piece",
        )  # fmt: skip
    try:
        content = json.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except RecursionError:
        raise DataError("records", f"JSON nested without end in {plain.shown}", _SHAPE) from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # one record a line, under another name
            return read_json_lines(plain, reading, folder)
        raise _broken(plain.shown, error) from None
    if reading.may_be_empty and _has_no_record(content, reading):
        return Raw(_no_records(reading), notes, encoding=encoded.encoding)
    frame, more = flatten(_table(content, plain.shown))
    return Raw(frame, (*notes, *more), encoding=encoded.encoding)


def read_json_lines(plain: Plain, reading: Reading, folder: Path) -> Raw:
    """Read one record a line; a line that holds none is set aside, or a row of missing values.

    Raises
    ------
    DataError
        When most lines hold no record.
    """
    encoded = in_utf8(plain, reading, folder)
    path, notes = encoded.path, (*plain.notes, *encoded.notes)
    drawn: Drawn | None = None
    if reading.room is not None and path.stat().st_size > reading.room:
        sampled = sample_rows(
            path, reading.room, folder, header=False, quoted=False, seed=reading.seed
        )
        path, notes, drawn = sampled.path, (*notes, sampled.note), Drawn(sampled.total)
    try:
        frame = pl.read_ndjson(path, infer_schema_length=None)
        aside: tuple[int, ...] = ()
    except PolarsError:  # a column of several types, or a line that is no record
        frame, aside = _line_by_line(path, plain.shown, reading.in_place)
    if not frame.width and reading.may_be_empty:  # no line at all
        frame = _no_records(reading)
    if aside:
        fate = "read as missing values" if reading.in_place else "left out"
        shown = ", ".join(str(line) for line in aside[:_SHOWN])
        more = f" and {len(aside) - _SHOWN:,} more" if len(aside) > _SHOWN else ""
        notes = (*notes, f"Lines that hold no JSON record were {fate}: {shown}{more}.")
    flat, spread = flatten(frame)
    left = () if reading.in_place else aside
    return Raw(flat, (*notes, *spread), left, encoded.encoding, drawn=drawn)


def _line_by_line(path: Path, shown: str, in_place: bool) -> tuple[pl.DataFrame, tuple[int, ...]]:
    records: list[dict[str, Any]] = []
    aside: list[int] = []
    broken: Exception | None = None
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                record, broken = None, broken or error
            if isinstance(record, dict):
                records.append(record)
                continue
            aside.append(number)
            if in_place:
                records.append({})
    if len(aside) > len(records) - in_place * len(aside):
        if broken is not None:
            raise _broken(shown, broken)
        raise DataError("one record a line", f"other JSON in {shown}", _SHAPE)
    return _records(records), tuple(aside)


def _broken(shown: str, error: Exception) -> DataError:
    return DataError("a readable file", f"{shown}: {error}", "mend it, or fetch it again")


def _table(content: object, shown: str) -> pl.DataFrame:
    if isinstance(content, dict):
        return _of_record(content, shown)
    if isinstance(content, list) and content:
        if all(isinstance(item, dict) for item in content):
            return _records(content)
        if all(isinstance(item, list) for item in content):
            return _rows(content)
    raise DataError("a list of records", f"other JSON in {shown}", _SHAPE)


def _has_no_record(content: object, reading: Reading) -> bool:
    """Tell whether JSON holds a list of records in which there is none."""
    if not isinstance(content, dict):
        return content == []
    lists = [value for value in content.values() if isinstance(value, list)]
    return lists == [[]] and not set(reading.known) & set(content)


def _no_records(reading: Reading) -> pl.DataFrame:
    """Give no rows of the columns that are known: records that are not there name none."""
    return pl.DataFrame(schema=dict.fromkeys(reading.known, pl.String()))


def _of_record(content: dict[str, Any], shown: str) -> pl.DataFrame:
    lists = {name: value for name, value in content.items() if isinstance(value, list)}
    tables = [v for v in lists.values() if v and all(isinstance(item, dict) for item in v)]
    if len(tables) == 1:
        return _records(tables[0])
    if len(lists) == len(content) and content:
        if len({len(value) for value in lists.values()}) > 1:
            lengths = str({name: len(value) for name, value in lists.items()})[:200]
            raise DataError("columns of one length", f"{lengths} in {shown}", "fill the short ones")
        names = unique_names(content)
        return pl.DataFrame([series(n, v) for n, v in zip(names, lists.values(), strict=True)])
    inner = [value for value in content.values() if isinstance(value, dict)]
    if content and len(inner) == len(content) and _are_columns(inner):
        keys = dict.fromkeys(key for column in inner for key in column)  # as pandas writes it
        columns = [
            series(name, [column.get(key) for key in keys])
            for name, column in zip(unique_names(content), inner, strict=True)
        ]
        return pl.DataFrame(columns)
    raise DataError("a list of records", f"other JSON in {shown}", _SHAPE)


def _are_columns(columns: list[dict[str, Any]]) -> bool:
    return all(list(column) == list(columns[0]) for column in columns)


def _records(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    keys = list(dict.fromkeys(name for record in records for name in record))
    return pl.DataFrame(
        [
            series(name, [record.get(key) for record in records])
            for key, name in zip(keys, unique_names(keys), strict=True)
        ]
    )


def _rows(rows: Sequence[list[Any]]) -> pl.DataFrame:
    width = max(len(row) for row in rows)
    first = rows[0]
    named = len(rows) > 1 and len(first) == width and all(isinstance(cell, str) for cell in first)
    names = unique_names(first) if named else [f"column_{i + 1}" for i in range(width)]
    body = rows[1:] if named else rows
    columns = [[row[j] if j < len(row) else None for row in body] for j in range(width)]
    return pl.DataFrame([series(n, column) for n, column in zip(names, columns, strict=True)])


def series(name: str, values: list[Any]) -> pl.Series:
    """Make a column of any values; those of several types become text.

    Examples
    --------
    >>> series("a", [1, "x", None]).to_list()
    ['1', 'x', None]
    """
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) <= 1:
        try:
            made = pl.Series(name, values, strict=kinds == {int})
        except (TypeError, ValueError, OverflowError, PolarsError):  # whole numbers beyond 128 bits
            made = pl.Series(dtype=pl.Object())
        if made.dtype != pl.Object:  # what Polars does not know, such as UUIDs
            return made
    return pl.Series(name, [None if v is None else _text(v) for v in values], dtype=pl.String)


def _text(value: object) -> str:
    if isinstance(value, _JSON):
        return json.dumps(value, default=str)
    return str(value)
