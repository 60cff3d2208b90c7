from __future__ import annotations

import io
import json
import struct
import tempfile
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.core.errors import ModelFileError, OutputError
from modelwright.store import archive, read_archive, write_archive
from modelwright.store.files import digest

ENTRIES = {"task.json": b'{"kind": "binary"}', "members/0/blob-booster": bytes(range(256)) * 20}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.mw"


def refused(path: Path, data: bytes | None = None, key: bytes | None = None) -> str:
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        read_archive(path, key=key)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 400
    return text


def manifest(contents: Mapping[str, bytes], **changes: object) -> bytes:
    listed = {name: {"size": len(data), "sha256": digest(data)} for name, data in contents.items()}
    return json.dumps({"format": 1, "writer": "0.1.0", "entries": listed} | changes).encode()


def crafted(
    entries: list[tuple[str, bytes]], listed: bytes | None = None, kind: int = zipfile.ZIP_DEFLATED
) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of a repeated name
        with zipfile.ZipFile(buffer, "w", kind) as file:
            file.writestr("manifest.json", manifest(dict(entries)) if listed is None else listed)
            for name, data in entries:
                file.writestr(zipfile.ZipInfo(name), data, compress_type=kind)
    return buffer.getvalue()


@pytest.mark.long
@given(
    st.dictionaries(
        st.from_regex(r"[a-zé_ ]{1,5}(/[a-z0-9.]{1,4}x){0,2}", fullmatch=True),
        st.binary(max_size=99),
        max_size=5,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip_and_equal_bytes(tmp_path: Path, entries: dict[str, bytes]) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    write_archive(one, entries, writer="0.1.0")
    write_archive(two, dict(reversed(entries.items())), writer="0.1.0")
    assert read_archive(one) == entries
    assert one.read_bytes() == two.read_bytes()


def test_large_zeros_are_no_bomb(path: Path) -> None:
    entries = {"zeros": bytes(3 * 2**20), "small zeros": bytes(2**20)}
    write_archive(path, entries, writer="0.1.0")
    assert read_archive(path) == entries


@pytest.mark.parametrize(
    "name",
    ["", "/a", "../a", "a/../b", "a/./b", "a//b", "a/", "a\\b", "C:a", "a\0b", "a\nb", "x" * 121,
     "manifest.json", "signature"],
)  # fmt: skip
def test_unsafe_names(path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be named"):
        write_archive(path, {name: b""}, writer="0.1.0")
    if name and "\0" not in name:
        refused(path, crafted([(name, b"x")]))


def test_name_behind_a_nul(path: Path) -> None:
    data = crafted([("aXb", b"x"), ("a", b"y")]).replace(b"aXb", b"a\0b")
    refused(path, data)


def test_repeated_name(path: Path) -> None:
    assert "names of entries" in refused(path, crafted([("a", b"x"), ("a", b"y")]))


def test_entry_outside_the_manifest_and_missing_entry(path: Path) -> None:
    assert "'b'" in refused(path, crafted([("a", b"x"), ("b", b"y")], manifest({"a": b"x"})))
    assert "'b'" in refused(path, crafted([("a", b"x")], manifest({"a": b"x", "b": b"y"})))


def test_altered_entry(path: Path) -> None:
    assert "was altered" in refused(path, crafted([("a", b"x")], manifest({"a": b"y"})))
    assert "sizes" in refused(path, crafted([("a", b"x")], manifest({"a": b"xx"})))


def test_newer_format_names_the_writer_and_the_cure(path: Path) -> None:
    text = refused(path, crafted([], manifest({}, format=2, writer="9.8.7")))
    assert "got format 2, written by modelwright 9.8.7" in text
    assert "pip install 'modelwright>=9.8.7'" in text
    text = refused(path, crafted([], manifest({}, format=2, writer="1'; rm -rf ~; '")))
    assert "-rf" not in text


@pytest.mark.parametrize(
    "listed",
    [b"", b"[]", b"{}", b"[" * 100_000, b'{"format": "x", "writer": ""}', manifest({}, entries=[]),
     manifest({}, entries={"a": 1}), manifest({}, format=1e999), manifest({}, entries=None)],
)  # fmt: skip
def test_unsound_manifest(path: Path, listed: bytes) -> None:
    refused(path, crafted([], listed))


def test_not_a_model_file(path: Path, tmp_path: Path) -> None:
    assert "no such file" in refused(path)
    assert "a folder" in refused(tmp_path)
    assert "an empty file" in refused(path, b"")
    assert "another kind" in refused(path, b"a,b\n1,2\n" * 10)
    assert "without a manifest" in refused(path, _zip_of({"a": b"x"}))
    assert "do not belong" in refused(path, b"#!/bin/sh\n" + crafted([("a", b"x")]))
    refused(path, crafted([("a", b"x")]) + b"tail")


def _zip_of(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return buffer.getvalue()


def test_every_truncation(path: Path) -> None:
    write_archive(path, ENTRIES, writer="0.1.0")
    data = path.read_bytes()
    for length in range(0, len(data), 7):
        refused(path, data[:length])


def _memory_of(act: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_bomb(path: Path) -> None:
    bomb = bytes(50 * 2**20)
    data = crafted([("a", bomb)])
    del bomb
    assert _memory_of(lambda: refused(path, data)) < 2 * 2**20


def test_bomb_behind_a_lying_directory(path: Path) -> None:
    bomb = bytes(50 * 2**20)
    data = bytearray(crafted([("a", bomb)], manifest({"a": bytes(1000)})))
    _patch_directory(data, "a", size=1000)
    assert _memory_of(lambda: refused(path, bytes(data))) < 2 * 2**20


def test_entries_that_overlap(path: Path) -> None:
    block = bytes(range(256)) * 400
    data = bytearray(crafted([("a", block), ("b", b"")], manifest({"a": block, "b": block}),
                             zipfile.ZIP_STORED))  # fmt: skip
    _patch_directory(data, "b", size=len(block), packed=len(block))
    refused(path, bytes(data))


def _patch_directory(
    data: bytearray, name: str, size: int | None = None, packed: int | None = None
) -> None:
    place = data.index(b"PK\1\2")
    while True:
        length = struct.unpack_from("<H", data, place + 28)[0]
        if data[place + 46 : place + 46 + length] == name.encode():
            break
        place = data.index(b"PK\1\2", place + 4)
    if packed is not None:
        struct.pack_into("<L", data, place + 20, packed)
    if size is not None:
        struct.pack_into("<L", data, place + 24, size)


def test_too_many_entries(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = crafted([(str(number), b"") for number in range(30)])
    monkeypatch.setattr(archive, "_MAX_ENTRIES", 18)  # and the manifest and the signature
    assert "at most 20 entries" in refused(path, data)
    with pytest.raises(OutputError, match="GiB"):
        write_archive(path, {str(number): b"" for number in range(30)}, writer="0.1.0")


@pytest.mark.long
def test_directory_that_declares_fewer_entries(path: Path) -> None:
    data = bytearray(crafted([(str(number), b"") for number in range(9_000)]))
    _declare(data, 1)
    assert "1 entries declared" in refused(path, bytes(data))
    assert _memory_of(lambda: refused(path)) < 2 * 2**20


def test_directory_of_too_many_bytes(path: Path) -> None:
    most = archive._MAX_ENTRIES + 2
    directory = bytes(most * (46 + 480) + 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), 0, 0)
    data = directory + end
    assert "bytes of directory" in refused(path, data)
    assert _memory_of(lambda: refused(path)) < 2**20


def _declare(data: bytearray, count: int) -> None:
    struct.pack_into("<2H", data, len(data) - 14, count, count)


@pytest.mark.parametrize("name", ["a.json", "members/0/config.JSON"])
def test_json_is_bounded_before_it_is_inflated(path: Path, name: str) -> None:
    data = bytearray(crafted([(name, b"{}")]))
    _patch_directory(data, name, size=64 * 2**20, packed=64 * 2**20)
    assert "at most 64 MiB" not in refused(path, bytes(data))
    _patch_directory(data, name, size=64 * 2**20 + 1, packed=64 * 2**20 + 1)
    assert "at most 64 MiB" in refused(path, bytes(data))


@pytest.mark.long
def test_no_json_is_written_that_no_reader_accepts(path: Path) -> None:
    with pytest.raises(OutputError, match=r"at most 64 MiB .* got 64\.0 MiB in 'a\.json'"):
        write_archive(path, {"a.json": bytes(64 * 2**20 + 1)}, writer="0.1.0")
    names = {"x" * 100 + f"/{'y' * 100}/{'z' * 100}/{'w' * 100}/{i:06}": b"" for i in range(18_000)}
    with pytest.raises(OutputError, match=r"at most 8 MiB .* in 'manifest\.json'"):
        write_archive(path, names, writer="0.1.0")
    assert not path.exists()


def test_the_longest_name(path: Path) -> None:
    part = "é" * 59 + "/"
    longest = part * 4 + "x" * 4
    assert len(longest.encode()) == 480
    write_archive(path, {longest: b"1"}, writer="0.1.0")
    assert read_archive(path) == {longest: b"1"}
    with pytest.raises(ValueError, match="cannot be named"):
        write_archive(path, {longest + "x": b"1"}, writer="0.1.0")
    refused(path, crafted([(longest + "x", b"1")]))


def test_other_compressions_are_refused(path: Path) -> None:
    assert "deflated" in refused(path, crafted([("a", b"x")], kind=zipfile.ZIP_BZIP2))


def test_signature(path: Path) -> None:
    write_archive(path, ENTRIES, writer="0.1.0", key=b"secret")
    assert read_archive(path, key=b"secret") == ENTRIES
    assert read_archive(path) == ENTRIES
    assert "another signature" in refused(path, key=b"other")
    write_archive(path, ENTRIES, writer="0.1.0")
    assert "an unsigned file" in refused(path, key=b"secret")


def _sound(key: bytes | None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_archive(Path(folder) / "m", ENTRIES, writer="0.1.0", key=key)
        return (Path(folder) / "m").read_bytes()


SOUND = {key: _sound(key) for key in (None, b"secret")}


@pytest.mark.long
@pytest.mark.parametrize("key", [None, b"secret"])
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_any_flipped_byte(path: Path, key: bytes | None, where: float, change: int) -> None:
    data = bytearray(SOUND[key])
    data[int(where * len(data))] ^= change
    path.write_bytes(data)
    try:
        found = read_archive(path, key=key)
    except ModelFileError:
        return
    assert found == ENTRIES


@pytest.mark.long
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), tail=st.binary(min_size=16, max_size=16))
def test_any_bytes_with_the_end_of_a_zip(path: Path, data: bytes, tail: bytes) -> None:
    length = struct.pack("<L", len(data))
    refused(path, data + b"PK\5\6" + tail[:8] + length + bytes(4) + bytes(2))
    refused(path, data + b"PK\5\6" + tail + bytes(2))
