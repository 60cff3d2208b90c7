from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError, OutputError
from modelwright.core.protocols import State
from modelwright.store import load_state, pack_state, save_state, states, unpack_state

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(),
    hnp.unsigned_integer_dtypes(),
    hnp.floating_dtypes(),
    hnp.unicode_string_dtypes(),
)
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(
        dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def npz(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def npy(header: str, body: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


def unpack(arrays: bytes) -> State:
    return unpack_state({"config.json": b"{}", "arrays.npz": arrays})


def same(left: NDArray, right: NDArray) -> bool:
    return (
        left.dtype == right.dtype
        and left.shape == right.shape
        and left.tobytes() == right.tobytes()
        and left.flags.f_contiguous == right.flags.f_contiguous
    )


@pytest.mark.long
@settings(max_examples=60)
@given(
    st.dictionaries(st.text("abc/_.é", min_size=1), ARRAYS, max_size=3),
    st.dictionaries(st.text(), JSON, max_size=3),
    st.dictionaries(st.text("abc", min_size=1), st.binary(max_size=20), max_size=2),
)
def test_round_trip_is_equal_to_the_bit(arrays, config, blobs) -> None:
    entries = pack_state(State(config, arrays, blobs))
    assert entries == pack_state(State(config, dict(reversed(arrays.items())), blobs))
    back = unpack_state(entries)
    assert back.config == config
    assert back.blobs == blobs
    assert back.arrays.keys() == arrays.keys()
    assert all(same(back.arrays[name], arrays[name]) for name in arrays)


def test_arrays_are_writeable_aligned_and_keep_their_order() -> None:
    arrays = {
        "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "c": np.arange(12.0).reshape(3, 4)[::2, ::-1],
        "nan": np.array([np.nan, -0.0, np.inf], np.float32),
        "scalar": np.array(3, np.int8),
    }
    back = unpack_state(pack_state(State({}, arrays))).arrays
    assert back["f"].flags.f_contiguous
    assert back["c"].tolist() == arrays["c"].tolist()
    assert back["nan"].tobytes() == arrays["nan"].tobytes()
    assert back["scalar"].shape == ()
    for array in back.values():
        assert array.flags.writeable
        assert array.flags.aligned


def test_numpy_reads_what_we_write() -> None:
    data = pack_state(State({}, {"a": np.arange(3)}))["arrays.npz"]
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        assert found["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "array",
    [np.array([object()]), np.array([1j]), np.array(["2020"], "M8[s]"), np.zeros(2, "i4,f8")],
)
def test_other_types_are_not_written(array: NDArray) -> None:
    with pytest.raises(TypeError, match="never stored"):
        pack_state(State({}, {"a": array}))


def test_huge_declared_shape_allocates_nothing() -> None:
    head = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }"
    for shape in ("999999999999,", "4294967296, 4294967296", "0, 0, 5, 9" + "9" * 30):
        with pytest.raises(ModelFileError):
            unpack(npz(a=npy(head % shape, b"12345678")))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (99,), }",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (__import__('os').getpid(),), }",
        "(" * 5000,
        "1" * 9000,
    ],
)
def test_hostile_headers(header: str) -> None:
    with pytest.raises(ModelFileError, match=r"arrays\.npz"):
        unpack(npz(a=npy(header, b"12345678")))


def test_pickle_is_refused() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(ModelFileError, match="unknown form or type"):
        unpack(npz(a=buffer.getvalue()))


def test_compressed_arrays_are_refused() -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=np.zeros(10**6))
    with pytest.raises(ModelFileError, match=r"arrays\.npz"):
        unpack(buffer.getvalue())


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"config.json": b"{"},
        {"config.json": b"[]"},
        {"config.json": b"[" * 100_000},
        {"config.json": b'{"a":' * 100_000},
        {"config.json": b'{"a": ' + b"9" * 5_000 + b"}"},
        {"config.json": b'{"a": "\xff"}'},
        {"config.json": b"\xff\xfe{\x00\xd8"},
        {"config.json": b"{}", "other": b""},
        {"config.json": b"{}", "arrays.npz": b""},
        {"config.json": b"{}", "arrays.npz": b"PK\5\6" + b"\xff" * 18},
    ],
)
def test_unsound_entries(entries: dict[str, bytes]) -> None:
    with pytest.raises(ModelFileError) as caught:
        unpack_state(entries)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error", [MemoryError(), OverflowError("too large"), RecursionError("too deep")]
)
def test_whatever_a_part_provokes_is_a_model_file_error(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    sound = pack_state(State({"n": 1}, {"a": np.ones(2)}))
    for place, name, entry in (
        (json, "loads", "config.json"),
        (states, "_unpack_array", "arrays.npz"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, fail)
            with pytest.raises(ModelFileError, match=entry) as caught:
                unpack_state(sound)
        assert "()" not in str(caught.value)


@given(
    st.from_regex(r"[<>|][biufU]\d{1,9}", fullmatch=True),
    st.lists(st.integers(0, 10**15 - 1) | st.integers(0, 3), max_size=32),
    st.binary(max_size=40),
)
def test_any_declared_size(descr: str, shape: list[int], body: bytes) -> None:
    sizes = f"{shape[0]}," if len(shape) == 1 else ", ".join(map(str, shape))
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}"
    try:
        back = unpack(npz(a=npy(header, body)))
    except ModelFileError:
        return
    assert back.arrays["a"].nbytes == len(body)


def test_config_is_bounded_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda _: pytest.fail("parsed"))
    with pytest.raises(ModelFileError, match=r"config\.json.* more than 64 MiB"):
        unpack_state({"config.json": bytes(64 * 2**20 + 1)})


@pytest.mark.long
def test_nothing_is_packed_that_no_reader_accepts() -> None:
    with pytest.raises(OutputError, match="at most 64 MiB of JSON"):
        pack_state(State({"a": "x" * 64 * 2**20}))
    with pytest.raises(OutputError, match="at most 20000 arrays"):
        pack_state(State({}, dict.fromkeys(map(str, range(20_001)), np.ones(1))))
    with pytest.raises(TypeError, match="cannot be named"):
        pack_state(State({}, {"é" * 239: np.ones(1)}))
    longest = {"é" * 238: np.ones(1)}
    assert unpack_state(pack_state(State({}, longest))).arrays.keys() == longest.keys()


def directory(count: int, declared: int, name: bytes = b"") -> bytes:
    header = b"PK\1\2" + bytes(24) + struct.pack("<H", len(name)) + bytes(16) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, declared, declared, count * len(header), 0, 0)
    return header * count + end


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (directory(30_000, 1), "1 entries declared"),
        (directory(30_000, 30_000), "30000 entries"),
        (directory(10, 9), "9 entries declared"),
        (directory(10, 11), "11 entries declared"),
        (directory(200, 200, b"x" * 60_000), "bytes of directory"),
        (directory(1, 1)[1:], "do not belong"),
    ],
    ids=["lying", "many", "fewer", "more", "long", "cut"],
)
def test_directory_of_arrays_is_bounded(data: bytes, said: str) -> None:
    entries = {"config.json": b"{}", "arrays.npz": data}
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match=rf"arrays\.npz.* {said}"):
            unpack_state(entries)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


SOUND = pack_state(State({}, {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x", "yy"])}))


@given(st.integers(0, len(SOUND["arrays.npz"]) - 1), st.integers(1, 255))
def test_any_flipped_byte(place: int, change: int) -> None:
    data = bytearray(SOUND["arrays.npz"])
    data[place] ^= change
    try:
        back = unpack(bytes(data))
    except ModelFileError:
        return
    for array in back.arrays.values():
        assert array.nbytes <= len(data)


def test_folders(tmp_path: Path) -> None:
    folder = tmp_path / "fold"
    save_state(folder, State({"n": 1}, {"a": np.ones(2)}, {"b": b"1"}))
    save_state(folder, State({"n": 2}))
    assert load_state(folder) == State({"n": 2}, {}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["fold"]
    with pytest.raises(ModelFileError, match="fit it again"):
        load_state(tmp_path / "no")
    (folder / "config.json").unlink()
    with pytest.raises(ModelFileError, match=r"config\.json"):
        load_state(folder)


def test_failed_save_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save_state(tmp_path / "fold", State({}, {"a": np.array([object()])}))
    assert list(tmp_path.iterdir()) == []
