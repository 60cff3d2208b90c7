"""Compressed files, archives and pipes: the same rows, within bounds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from modelwright.acquire import bounds, read_raw
from modelwright.core.deferred import Deferred
from modelwright.core.errors import DataError

TABLE = b"a,b\n1,x\n2,\n"
ROWS = [("1", "x"), ("2", None)]

zstd = Deferred("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: bytes(zstd.compress(data)),
}


def zipped(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("ending", PACKERS)
def test_each_compression(tmp_path: Path, ending: str) -> None:
    packed = PACKERS[ending](TABLE)
    assert read_raw(write(tmp_path / f"t.csv{ending}", packed)).frame.rows() == ROWS
    assert read_raw(write(tmp_path / "no ending", packed)).frame.rows() == ROWS
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "t.parquet")
    packed = PACKERS[ending]((tmp_path / "t.parquet").read_bytes())
    assert read_raw(write(tmp_path / f"t.parquet{ending}", packed)).frame.rows() == [(1,)]


@pytest.mark.parametrize("ending", PACKERS)
def test_each_compression_cut_short(tmp_path: Path, ending: str) -> None:
    packed = PACKERS[ending](bytes(range(65, 91)) * 2_000 + os.urandom(20_000).hex().encode())
    with pytest.raises(DataError, match="damaged"):
        read_raw(write(tmp_path / f"t.csv{ending}", packed[: len(packed) // 2]))


def test_a_zip_of_one_table(tmp_path: Path) -> None:
    litter = {"__MACOSX/._t.csv": b"junk", ".DS_Store": b"junk"}
    path = write(tmp_path / "t.zip", zipped({"deep/t.csv": TABLE, **litter}))
    assert read_raw(path).frame.rows() == ROWS


def test_a_zip_of_several_tables_wants_a_name(tmp_path: Path) -> None:
    entries = {"in/t.csv": TABLE, "u.csv.gz": gzip.compress(TABLE)}
    path = write(tmp_path / "t.zip", zipped(entries))
    with pytest.raises(DataError, match=r"name one, such as t\.zip/in/t\.csv"):
        read_raw(path)
    for name in entries:
        assert read_raw(f"{path}/{name}").frame.rows() == ROWS
    with pytest.raises(DataError, match=r"did you mean 'in/t\.csv'"):
        read_raw(path / "in/tt.csv")


def test_a_locked_zip(tmp_path: Path) -> None:
    data = bytearray(zipped({"t.csv": TABLE}))
    for mark, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.index(mark) + flags] |= 1
    with pytest.raises(DataError, match="without a password"):
        read_raw(write(tmp_path / "t.zip", bytes(data)))


@pytest.mark.parametrize("cut", [10, 60, -30, -5])
def test_a_damaged_zip(tmp_path: Path, cut: int) -> None:
    with pytest.raises(DataError, match="damaged"):
        read_raw(write(tmp_path / "t.zip", zipped({"t.csv": TABLE * 99})[:cut]))


def test_layers_are_bounded(tmp_path: Path) -> None:
    data = gzip.compress(TABLE)
    assert read_raw(write(tmp_path / "t.csv.gz.gz", gzip.compress(data))).frame.rows() == ROWS
    with pytest.raises(DataError, match="layers"):
        read_raw(write(tmp_path / "t.gz", gzip.compress(gzip.compress(data))))


@pytest.mark.parametrize("wrap", [bytes, gzip.compress, lambda data: zipped({"t.csv.gz": data})])
def test_bombs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrap: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(bounds, "_FREE_BYTES", 2**20)
    bomb = wrap(gzip.compress(b"0" * 2**24, 9))
    monkeypatch.setattr(bounds, "MOST_RATIO", 100)
    with pytest.raises(DataError, match="holds more"):
        read_raw(write(tmp_path / "bomb.gz", bomb))


@pytest.mark.slow
def test_the_real_bounds(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    block = packer.compress(b"0" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    repeat = packer.compress(b"0" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    with pytest.raises(DataError, match="holds more"):
        read_raw(write(tmp_path / "bomb.csv.gz", block + repeat * 300))
    # A frame of run-length blocks of 128 KiB, 4 bytes each.
    run = (2**17 << 3 | 1 << 1).to_bytes(3, "little") + b"0"
    zst = write(tmp_path / "bomb.csv.zst", b"\x28\xb5\x2f\xfd\x00\x58" + run * 2500)
    with pytest.raises(DataError, match="holds more"):
        read_raw(zst)


READ = """
import sys
from modelwright.acquire import read_raw
print(read_raw(sys.argv[1]).frame.rows())
"""


@pytest.mark.long
def test_standard_input_of_a_process() -> None:
    command = [sys.executable, "-c", READ, "-"]
    done = subprocess.run(command, input=gzip.compress(TABLE), capture_output=True, check=True)
    assert done.stdout.decode().strip() == str(ROWS)


@pytest.mark.parametrize(
    "data", [TABLE, gzip.compress(TABLE), zipped({"t.csv": TABLE})], ids=["plain", "gzip", "zip"]
)
def test_standard_input(data: bytes, piped: Callable[[bytes], None]) -> None:
    piped(data)
    assert read_raw("-").frame.rows() == ROWS


def test_standard_input_is_known_by_its_content(piped: Callable[[bytes], None]) -> None:
    for data in (b'[{"a": 1}, {"a": 2}]', b'{"a": 1}\n{"a": 2}\n'):
        piped(data)
        assert read_raw("-").frame.rows() == [(1,), (2,)]
    piped(b"")
    with pytest.raises(DataError, match="nothing at all"):
        read_raw("-")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd on this system")
def test_a_pipe_of_the_shell() -> None:
    reader, writer = os.pipe()
    os.write(writer, TABLE)
    os.close(writer)
    try:
        assert read_raw(f"/dev/fd/{reader}").frame.rows() == ROWS
    finally:
        os.close(reader)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_devices_and_named_pipes_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", "/dev/null", tmp_path / "pipe"):
        with pytest.raises(DataError, match="a pipe or device"):
            read_raw(path)


def test_a_zip_without_members_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "none.zip"
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(DataError, match="got an empty zip: none"):
        read_raw(path)


@pytest.mark.parametrize("url", ["mysql://x/y#t", "mysql://ann:pw@x/y", "s3://bucket/rows.csv"])
def test_an_unknown_kind_of_address_names_the_known_databases(url: str) -> None:
    with pytest.raises(DataError, match="sqlite:///FILE#TABLE, duckdb") as caught:
        read_raw(url)
    assert repr(url.split(":")[0] + "://") in str(caught.value)
    assert "pw" not in str(caught.value)
