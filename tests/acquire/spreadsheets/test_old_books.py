"""Books of .xls, written here byte by byte: nothing that is installed writes them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from modelwright.acquire import read_raw
from modelwright.acquire.spreadsheets.compound import stream_of
from modelwright.acquire.spreadsheets.extent import MalformedError
from modelwright.acquire.spreadsheets.old_book import book_extent
from modelwright.core.errors import DataError

END = 0xFFFFFFFE
Cells = Sequence[tuple[int, int, int]]  # row, column, and which string


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def strings(texts: Sequence[str]) -> bytes:
    """Shared strings, each in a record of its own; long ones go on in a further one."""
    records = record(0xFC, struct.pack("<II", len(texts), len(texts)))
    for text in texts:
        first, rest = text[:8_000], text[8_000:]
        head = struct.pack("<HB", len(text), 0)
        records += record(0x3C, head + first.encode("latin-1"))
        while rest:
            piece, rest = rest[:4_000], rest[4_000:]
            records += record(0x3C, b"\1" + piece.encode("utf-16-le"))
    return records


def book(texts: Sequence[str], sheets: Sequence[Cells]) -> bytes:
    begun = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    bodies = []
    for cells in sheets:
        body = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
        for row, column, place in cells:
            body += record(0xFD, struct.pack("<HHHI", row, column, 0, place))
        bodies.append(body + record(0x0A))
    shared = strings(texts) + record(0x0A)
    at = len(begun) + len(sheets) * len(record(0x85, b"\0" * 10)) + len(shared)
    named = b""
    for number, body in enumerate(bodies):
        named += record(0x85, struct.pack("<IBBBB", at, 0, 0, 2, 0) + f"s{number}".encode())
        at += len(body)
    return begun + named + shared + b"".join(bodies)


def compound(stream: bytes) -> bytes:
    stream = stream.ljust(4_096, b"\0")
    sectors = [stream[i : i + 512].ljust(512, b"\0") for i in range(0, len(stream), 512)]
    tables = -(-(len(sectors) + 1) // 127)  # of 128 numbers, which name these sectors too
    first = tables + 1
    follows = [0xFFFFFFFD] * tables + [END]
    follows += [first + i + 1 for i in range(len(sectors) - 1)] + [END]
    follows += [0xFFFFFFFF] * (128 * tables - len(follows))

    def entry(name: str, kind: int, start: int, size: int, child: int) -> bytes:
        words = (name + "\0").encode("utf-16-le")
        head = words.ljust(64, b"\0") + struct.pack("<HBB", len(words), kind, 1)
        return (
            head
            + struct.pack("<III", END + 1, END + 1, child)
            + b"\0" * 36
            + struct.pack("<IQ", start, size)
        )

    directory = entry("Root Entry", 5, END, 0, 1) + entry(
        "Workbook", 2, first, len(stream), END + 1
    )
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4_096,
                        END, 0, END, 0)  # fmt: skip
    assert len(head) == 76
    head += struct.pack("<109I", *range(tables), *[0xFFFFFFFF] * (109 - tables))
    table = struct.pack(f"<{len(follows)}I", *follows)
    return head + table + directory.ljust(512, b"\0") + b"".join(sectors)


def test_an_old_book_is_read(tmp_path: Path) -> None:
    texts = ["a", "b", "x", "y" * 9_000]
    cells = [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3), (2, 0, 3), (2, 1, 2)]
    path = tmp_path / "t.xls"
    path.write_bytes(compound(book(texts, [cells])))
    frame = read_raw(path).frame
    assert frame.to_dict(as_series=False) == {"a": ["x", "y" * 9_000], "b": ["y" * 9_000, "x"]}


def test_the_extent_of_all_sheets_is_counted() -> None:
    texts = ["abc", "x" * 13_000, "de"]
    stream = book(texts, [[(0, 0, 0), (9, 4, 1)], [(0, 0, 2), (1, 0, 2), (1, 1, 7)]])
    extent = book_extent(stream_of(compound(stream), ("Workbook",)))
    assert extent.text == 3 + 13_000 + 2 + 2
    assert extent.strings == 5
    assert extent.cells == 10 * 5 + 2 * 2


def test_texts_that_are_repeated_without_bound(tmp_path: Path) -> None:
    path = tmp_path / "t.xls"
    cells = [(row, 0, 0) for row in range(10_000)]
    path.write_bytes(compound(book(["x" * 32_000], [cells])))
    with pytest.raises(DataError, match="texts that are repeated to 320,000,000"):
        read_raw(path)


def test_a_far_cell_of_an_old_book(tmp_path: Path) -> None:
    path = tmp_path / "t.xls"
    path.write_bytes(compound(book(["x"], [[(0, 0, 0), (65_535, 20_000, 0)]])))
    with pytest.raises(DataError, match="at most 50,000,000 cells"):
        read_raw(path)


def test_more_strings_than_bytes(tmp_path: Path) -> None:
    path = tmp_path / "t.xls"
    said = record(0xFC, struct.pack("<II", 2**31 - 1, 2**31 - 1))
    path.write_bytes(compound(book(["x"], [[(0, 0, 0)]]).replace(strings(["x"])[:12], said)))
    with pytest.raises(DataError, match="more strings than there is room for"):
        read_raw(path)


def test_sectors_without_end() -> None:
    data = bytearray(compound(book(["x"], [[(0, 0, 0)]])))
    struct.pack_into("<I", data, 512 + 4 * 3, 2)  # the second sector of the book: back to the first
    with pytest.raises(MalformedError, match="without end"):
        stream_of(bytes(data), ("Workbook",))


def test_sheets_upon_each_other() -> None:
    one = book(["x"], [[(0, 0, 0)] * 50])
    place = struct.unpack_from("<I", one, one.index(record(0x85, b"\0" * 10)[:4]) + 4)[0]
    sheet = record(0x85, struct.pack("<IBBBB", place, 0, 0, 2, 0) + b"s0")
    moved = struct.pack("<I", place + 9 * len(sheet))
    many = one.replace(sheet, sheet.replace(struct.pack("<I", place), moved) * 10)
    with pytest.raises(MalformedError, match="upon each other"):
        book_extent(many)


@pytest.mark.parametrize("length", [0, 30, 100, 600, 1_700])
def test_old_books_cut_short(length: int) -> None:
    data = compound(book(["x"], [[(0, 0, 0)]]))[:length]
    with pytest.raises(MalformedError):
        book_extent(stream_of(data, ("Workbook",)))
