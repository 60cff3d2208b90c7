from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.core.errors import DataError, OptionError, OutputError
from modelwright.store import (
    check_writable,
    data_folder,
    read_json,
    write_frame,
    write_json,
)
from modelwright.store.files import atomic_write, digest, replacing

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
FRAME = pl.DataFrame({"a": [1.5, None], "b": ["x", 'y"\t,é']})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_and_replace(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic_write(path, b"one")
    atomic_write(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a"]


def test_failure_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    atomic_write(path, b"one")
    with suppress(KeyboardInterrupt), replacing(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"one"
    assert names(tmp_path) == ["a"]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        atomic_write(tmp_path / "no" / "a", b"")
    assert f"no folder {str(tmp_path / 'no')!r}; create the folder first" in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    for write in (lambda path: atomic_write(path, b""), check_writable):
        with pytest.raises(OutputError, match="name a file, not a folder"):
            write(tmp_path)
    assert names(tmp_path) == []


@POSIX
def test_file_obeys_the_umask_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a"
    old = os.umask(0o027)
    try:
        atomic_write(path, b"")
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o600)
    atomic_write(path, b"x")
    assert path.stat().st_mode & 0o777 == 0o600


@POSIX
def test_link_is_followed_and_device_is_kept(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    atomic_write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    atomic_write(Path(os.devnull), b"new")
    check_writable(Path(os.devnull))
    assert not Path(os.devnull).is_file()


@pytest.mark.long
@POSIX
def test_file_too_large_for_the_system(tmp_path: Path) -> None:
    script = (
        "import resource, sys\nfrom pathlib import Path\nimport polars as pl\n"
        "from modelwright.core.errors import OutputError\n"
        "from modelwright.store.files import atomic_write, write_frame\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "frame = pl.select(a=pl.int_range(10**5).hash())\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        atomic_write(Path(name), bytes(10**5))\n"
        "    except OutputError as error:\n"
        "        print(error)\n"
        "    try:\n"
        "        write_frame(frame, Path(name))\n"
        "    except OutputError as error:\n"
        "        print(error)\n"
    )
    paths = [str(tmp_path / f"a.{suffix}") for suffix in ("csv", "parquet", "arrow", "jsonl")]
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, *paths], capture_output=True, text=True, check=True
    )
    lines = [f"expected to be able to write {path}; got file too large" for path in paths]
    assert [line.rpartition(";")[0] for line in done.stdout.splitlines()] == [
        line for line in lines for _ in range(2)
    ]
    assert names(tmp_path) == []


@POSIX
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_disk_full() -> None:
    with pytest.raises(OutputError, match="no space left on device; free some space"):
        atomic_write(Path("/dev/full"), b"x")


@POSIX
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may do anything")
def test_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        check_writable(tmp_path / "a")


def test_check_writable(tmp_path: Path) -> None:
    check_writable(tmp_path / "a")
    assert names(tmp_path) == []
    with pytest.raises(OutputError, match="create the folder first"):
        check_writable(tmp_path / "no" / "a")


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".arrow", ".jsonl", ".CSV"])
def test_frames_come_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_frame(FRAME, path)
    read = {
        ".csv": pl.read_csv,
        ".tsv": lambda path: pl.read_csv(path, separator="\t"),
        ".parquet": pl.read_parquet,
        ".arrow": pl.read_ipc,
        ".jsonl": pl.read_ndjson,
    }[suffix.lower()]
    assert read(path).equals(FRAME)
    assert names(tmp_path) == [path.name]


def test_single_precision_is_written_short(tmp_path: Path) -> None:
    values = {"a": [float(np.float32(0.1)), None], "b": [0.1, 1e300], "c": [float("nan"), 2.0]}
    write_frame(pl.DataFrame(values), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "a,b,c\n0.1,0.1,NaN\n,1e+300,2.0\n"
    write_frame(pl.DataFrame(values), tmp_path / "a.parquet")
    assert pl.read_parquet(tmp_path / "a.parquet").equals(pl.DataFrame(values))


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"did you mean '\.csv'"):
        write_frame(FRAME, tmp_path / "a.cvs")
    with pytest.raises(OptionError, match="choose one of"):
        write_frame(FRAME, tmp_path / "a")
    assert names(tmp_path) == []


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    value = {"prix é": [1, 2.5, None, True], "lone \udc80": "日本"}
    write_json(path, value)
    assert read_json(path) == value
    assert "prix é" in path.read_text(encoding="utf-8")
    path.write_text("{half")
    with pytest.raises(DataError, match="expected JSON in"):
        read_json(path)
    with pytest.raises(DataError, match="check the path"):
        read_json(tmp_path / "no.json")


def test_digest() -> None:
    assert digest(b"abc").startswith("ba7816bf8f01cfea")


def test_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWRIGHT_STORE", str(tmp_path / "by name"))
    assert data_folder(tmp_path / "given") == tmp_path / "given"
    assert data_folder() == tmp_path / "by name"
    monkeypatch.delenv("MODELWRIGHT_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "xdg"))
    if sys.platform != "darwin":
        assert data_folder() == tmp_path / "xdg" / "modelwright"
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        data_folder(tmp_path / "file" / "store")
    assert data_folder(tmp_path / "given").is_dir()


def test_a_file_that_is_not_there_yet_is_one_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="an output file of its own"):
        check_writable(tmp_path / "a.html", tmp_path / "b" / ".." / "a.html")
    check_writable(tmp_path / "a.html", "sqlite:///rows.db#orders", tmp_path / "b.csv")
