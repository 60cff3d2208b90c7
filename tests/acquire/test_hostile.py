"""Files made to hurt: one line, bounded memory, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from modelwright.acquire import read_raw
from modelwright.acquire.text import delimited
from modelwright.core.errors import DataError


def test_many_columns_and_one_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = [f"x{i}" for i in range(5_000)]
    path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert read_raw(path).frame.shape == (1, 5_000)


@pytest.mark.long
def test_a_hundred_thousand_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = [f"x{i}" for i in range(100_000)]
    row = ",".join("1" for _ in names)
    path.write_text(",".join(names) + f"\n{row}\n{row},2\n{row}\n")
    raw = read_raw(path)
    assert raw.frame.shape == (2, 100_000)
    assert raw.set_aside == (3,)


def test_one_endless_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_LONGEST_LINE", 2**22)
    path = tmp_path / "t.csv"
    path.write_bytes(b"1,2," * 2**21)
    with pytest.raises(DataError, match="one line of more than 4 MiB"):
        read_raw(path)


LIMITED = """
import resource, sys
from modelwright.acquire import read_raw
from modelwright.core.errors import DataError
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_raw(sys.argv[1])
except DataError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as Unix does")
def test_an_endless_line_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("wb") as out:
        for _ in range(300):
            out.write(b"1,2," * 2**18)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True
    )
    said, mebibytes = done.stdout.strip().splitlines()
    assert "one line of more than 64 MiB" in said
    assert int(mebibytes) < 200


def test_quotes_without_end_are_read_in_linear_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + '"x,"y\n' * 30_000)
    raw = read_raw(path)
    assert raw.frame.height == 30_000
    path.write_text("a,b\n" + '""","' * 40_000 + "\n1,2\n")
    raw = read_raw(path)
    assert raw.frame.height + len(raw.set_aside) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n\n",
        b"\xef\xbb\xbf",
        b"a,b",
        b"a,b\r\n",
        b"\0",
        b"\0" * 5_000,
        b"\xff\xfe",
        b"\xff\xfea",
        b'"',
        b'"\n',
        b'a,"\n',
        b",",
        b",\n,\n",
    ],
)
def test_files_of_almost_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    rows, said = 0, ""
    try:
        rows = read_raw(path).frame.height
    except DataError as error:
        said = str(error)
    assert (rows > 0) is (said == "")
    assert "\n" not in said


@pytest.mark.long
def test_a_panic_in_compiled_code_is_one_line(tmp_path: Path) -> None:
    pl.DataFrame({"a": range(50), "b": ["w"] * 50}).write_ipc(tmp_path / "whole.arrow")
    whole = (tmp_path / "whole.arrow").read_bytes()
    path = tmp_path / "t.arrow"
    for at in range(8, len(whole) - 8, 16):
        data = bytearray(whole)
        data[at : at + 4] = b"\xff\xff\xff\x7f"
        path.write_bytes(data)
        said = ""
        try:
            read_raw(path)
        except DataError as error:
            said = str(error)
        assert "\n" not in said
