"""Thousands of damaged files: each becomes a table or one clear line, never a traceback.

200 of them in the default suite, 5,000 in `make test-slow`. A number names a file for ever: what a
find was is repeated by its number.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from modelwright.acquire import cast, infer_schema, read_raw
from modelwright.core.errors import ModelwrightWarning, UserError

HEAD = ["rooms", "zone", "sold", "price", "said", "when"]
NASTY = [
    b"\0", b'"', b"\n", b"\r", b",,,", b"\xff\xfe", b"\xe9", b";", b"inf", b"-inf", b"1e999",
    b"NaN", b"=1+1", b"'", b"\\", b"\t", b"0000-00-00", b"9999-12-31", b"0001-01-01",
    b"10000-01-01", b"9" * 400, b"\xf0\x9f\x98\x80", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"{", b"[",
    b"</script>", b"%s%n", b"$1,234.50", b"12 %", b"1.234,5", b"POINT (1 2)", b"\x1f", b"\x1a",
]  # fmt: skip


def rows_of(draw: random.Random, count: int) -> list[list[str]]:
    return [
        [
            str(draw.randint(1, 9)),
            draw.choice(["north", "south", "à l'est", "west; far"]),
            f"2021-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
            f"{draw.uniform(1, 1e6):.2f}",
            draw.choice(["", "a word", 'said "no", twice', "two\nlines", "NA"]),
            f"{draw.randint(1, 12)}/{draw.randint(1, 28)}/{draw.randint(1999, 2025)}",
        ]
        for _ in range(count)
    ]


def delimited(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> bytes:
    def cell(text: str) -> str:
        quoted = any(mark in text for mark in (delimiter, '"', "\n"))
        return '"' + text.replace('"', '""') + '"' if quoted else text

    return (end.join(delimiter.join(map(cell, row)) for row in rows) + end).encode()


def frame_of(rows: list[list[str]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=HEAD, orient="row")
    return frame.with_columns(pl.col("rooms").cast(pl.Int64), pl.col("price").cast(pl.Float64))


def parquet(rows: list[list[str]], draw: random.Random) -> bytes:
    buffer = io.BytesIO()
    frame_of(rows).write_parquet(buffer)
    return buffer.getvalue()


def arrow(rows: list[list[str]], draw: random.Random) -> bytes:
    buffer = io.BytesIO()
    frame_of(rows).write_ipc(buffer)
    return buffer.getvalue()


def json_records(rows: list[list[str]], draw: random.Random) -> bytes:
    odd = [1, None, [1, 2], {"a": {"b": [1]}}, "text", True, 1e300, -0.0, 10**30]
    records = [dict(zip(HEAD, row, strict=True)) for row in rows]
    for _ in range(draw.randint(0, 8)):
        draw.choice(records)[draw.choice([*HEAD, "more"])] = draw.choice(odd)
    return json.dumps(records).encode()


def json_lines(rows: list[list[str]], draw: random.Random) -> bytes:
    return b"\n".join(
        json.dumps(record).encode() for record in json.loads(json_records(rows, draw))
    )


def text(rows: list[list[str]], draw: random.Random) -> bytes:
    data = delimited([HEAD, *rows], draw.choice(",;\t|"), draw.choice(["\n", "\r\n", "\r"]))
    return data.decode().encode(draw.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))


def zipped(rows: list[list[str]], draw: random.Random) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(draw.choice([1, 1, 1, 2])):
            archive.writestr(f"rows{i}.csv", delimited([HEAD, *rows]))
    return buffer.getvalue()


def sheet(rows: list[list[str]], draw: random.Random) -> bytes:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    for row in [HEAD, *rows]:
        book.active.append(row)
    for _ in range(draw.randint(0, 4)):
        cell = f"{draw.choice('ABCDEF')}{draw.randint(1, 30)}"
        book.active[cell] = draw.choice(["=1+1", "=A1/0", 10**30, -1.5, True, "#REF!", "x" * 4000])
    book.save(buffer)
    return buffer.getvalue()


MAKERS: dict[str, Callable[[list[list[str]], random.Random], bytes]] = {
    ".csv": text,
    ".tsv": text,
    ".txt": text,
    ".csv.gz": lambda rows, draw: gzip.compress(text(rows, draw)),
    ".csv.bz2": lambda rows, draw: bz2.compress(text(rows, draw)),
    ".csv.xz": lambda rows, draw: lzma.compress(text(rows, draw)),
    ".json": json_records,
    ".jsonl": json_lines,
    ".json.gz": lambda rows, draw: gzip.compress(json_records(rows, draw)),
    ".parquet": parquet,
    ".arrow": arrow,
    ".zip": zipped,
    ".xlsx": sheet,
}


def damaged(data: bytearray, draw: random.Random) -> bytes:
    """Cut, overwrite, insert, repeat or flip, a few times; sometimes nothing at all."""
    for _ in range(draw.choice([0, 1, 1, 1, 2, 3, 6])):
        if not data:
            break
        at = draw.randrange(len(data))
        match draw.randrange(7):
            case 0:
                del data[at : at + draw.randint(1, 400)]
            case 1:
                data[at:at] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 9)))
            case 2:
                data[at:at] = draw.choice(NASTY)
            case 3:
                data[at:at] = data[at : at + draw.randint(1, 300)]
            case 4:
                del data[at:]
            case 5:
                data[at : at + 3] = draw.choice(NASTY)
            case 6:
                data[at] ^= 1 << draw.randrange(8)
    return bytes(data)


def make_file(number: int, folder: Path) -> Path:
    draw = random.Random(number)
    ending = draw.choice(list(MAKERS))
    rows = rows_of(draw, draw.choice([0, 1, 2, 30, 30, 30, 200]))
    path = folder / f"rows{ending}"
    try:
        whole = MAKERS[ending](rows, draw)
    except (pl.exceptions.PolarsError, IndexError, UnicodeEncodeError):  # no rows to write
        whole = b""
    path.write_bytes(damaged(bytearray(whole), draw))
    return path


def read_to_types(path: Path) -> None:
    """Read and type a file; what is told must be a sentence, what comes out must be a table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelwrightWarning)
        try:
            raw = read_raw(path)
            schema = infer_schema(raw.frame)
            table = cast(raw.frame, schema)
        except UserError as error:
            line = str(error)
            assert line.startswith("expected ")
            assert "; got " in line
            assert len(line) < 1500
            return
    assert table.height == raw.frame.height >= 1
    assert len(set(schema.names())) == len(schema)
    assert all(isinstance(note, str) for note in (*raw.notes, *table.notes))


@pytest.mark.long
@pytest.mark.parametrize("start", range(0, 200, 50))
def test_damaged_files(start: int, tmp_path: Path) -> None:
    for number in range(start, start + 50):
        try:
            read_to_types(make_file(number, tmp_path))
        except BaseException as error:
            raise AssertionError(f"file {number}") from error


@pytest.mark.slow
@pytest.mark.parametrize("start", range(200, 5_200, 250))
def test_many_damaged_files(start: int, tmp_path: Path) -> None:
    for number in range(start, start + 250):
        try:
            read_to_types(make_file(number, tmp_path))
        except BaseException as error:
            raise AssertionError(f"file {number}") from error
