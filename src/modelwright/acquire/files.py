"""Files of known formats, told apart by their ending and their first bytes."""

from __future__ import annotations

import difflib
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from modelwright.acquire.bounds import GZIP, check_size, compression
from modelwright.acquire.delimited import read_delimited, read_start
from modelwright.acquire.names import unique_names
from modelwright.core.errors import DataError

__all__ = ["read_file"]


def read_file(path: Path) -> pl.DataFrame:
    """Read a file of any known format.

    Parameters
    ----------
    path : Path
        CSV, TSV or other delimited text, JSON, JSON lines (each also .gz or .zst), Parquet or
        Arrow IPC.

    Returns
    -------
    polars.DataFrame, shape (n_rows, n_columns)
        At least one row and one column.

    Raises
    ------
    DataError
        When there is no such file, or it cannot be read as a table with rows.
    """
    _check_exists(path)
    check_size(path)
    reader = _reader(path)
    try:
        frame = reader(path)
    except (PolarsError, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError("a readable file", f"{path.name}: {reason}", "fetch it again") from None
    if not frame.width:
        raise DataError("a table with columns", f"none in {path.name}")
    if not frame.height:
        raise DataError("a table with rows", f"only a header in {path.name}")
    return frame


def _check_exists(path: Path) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise DataError("a file", f"the folder {str(path)!r}", "name a file in it")
    if not path.parent.is_dir():
        raise DataError(f"a file {path.name!r}", f"no folder {str(path.parent)!r}")
    known = [other.name for other in path.parent.iterdir() if other.is_file()]
    near = difflib.get_close_matches(path.name, known, n=1)
    cure = f"did you mean {str(path.with_name(near[0]))!r}?" if near else "check the path"
    raise DataError("an existing file", repr(str(path)), cure)


def _reader(path: Path) -> Callable[[Path], pl.DataFrame]:
    endings = [ending.lower() for ending in path.suffixes]
    ending = next((e for e in reversed(endings) if e not in (".gz", ".zst")), "")
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PAR1"):
        return _read_parquet
    if start.startswith(b"ARROW1") or ending in (".arrow", ".feather", ".ipc"):
        return _read_arrow
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise DataError("a file of a known format", f"an archive or Excel file {path.name}",
                        "save it as CSV or Parquet")  # fmt: skip
    if ending in (".parquet", ".pq"):
        return _read_parquet
    if ending in (".jsonl", ".ndjson"):
        return _read_json_lines
    return _read_json if ending == ".json" else read_delimited


def _read_parquet(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path, glob=False)


def _read_arrow(path: Path) -> pl.DataFrame:
    with path.open("rb") as file:
        is_file = file.read(6) == b"ARROW1"
    data = path.read_bytes()
    return pl.read_ipc(data) if is_file else pl.read_ipc_stream(data)


def _bytes(path: Path) -> bytes:
    read_start(path)
    return gzip.decompress(path.read_bytes()) if compression(path) == GZIP else path.read_bytes()


def _read_json_lines(path: Path) -> pl.DataFrame:
    data = _bytes(path).removeprefix(b"\xef\xbb\xbf")
    try:
        return pl.read_ndjson(data, infer_schema_length=None)
    except PolarsError:  # a column of several types
        return _records([json.loads(line) for line in data.splitlines() if line.strip()], path)


def _read_json(path: Path) -> pl.DataFrame:
    data = _bytes(path).removeprefix(b"\xef\xbb\xbf")
    content = json.loads(data)
    if isinstance(content, dict) and all(isinstance(v, list) for v in content.values()):
        return pl.DataFrame(content, strict=False)
    return _records(content, path)


def _records(content: object, path: Path) -> pl.DataFrame:
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise DataError("a list of records", f"other JSON in {path.name}", "write [{...}, {...}]")
    names = unique_names(dict.fromkeys(name for item in content for name in item))
    return pl.DataFrame({name: _series([item.get(name) for item in content]) for name in names})


def _series(values: list[object]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) <= 1:
        return pl.Series(values, strict=False)
    return pl.Series(
        [v if v is None or isinstance(v, str) else json.dumps(v) for v in values], dtype=pl.String
    )
