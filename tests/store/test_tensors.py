"""Named arrays in one file: round trips, the reference library, damage."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.errors import ModelFileError
from modelwright.store.tensors import pack_tensors, unpack_tensors

KINDS = ["b1", "u1", "i1", "u2", "i2", "f2", "u4", "i4", "f4", "u8", "i8", "f8"]


def some(kind: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, shape).astype(kind)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.lists(st.integers(0, 3), max_size=3))))
@settings(max_examples=60)
def test_arrays_of_every_kind_and_shape_come_back(told: list[tuple[str, list[int]]]) -> None:
    arrays = {f"a{i}": some(kind, tuple(shape), i) for i, (kind, shape) in enumerate(told)}
    data = pack_tensors(arrays, {"by": "us"})
    found, words = unpack_tensors(data)
    assert set(found) == set(arrays)
    assert dict(words) == {"by": "us"}
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
        assert found[name].flags.writeable
    assert pack_tensors(dict(reversed(arrays.items())), {"by": "us"}) == data


def test_the_bytes_are_those_of_the_reference_library() -> None:
    theirs = pytest.importorskip("safetensors.numpy")
    arrays = {f"{kind}.{i}": some(kind, (i, 3), i) for kind in KINDS for i in range(3)}
    assert pack_tensors(arrays, {"by": "us"}) == theirs.save(arrays, metadata={"by": "us"})
    assert pack_tensors(arrays) == theirs.save(arrays)
    for name, array in unpack_tensors(theirs.save(arrays))[0].items():
        assert np.array_equal(array, arrays[name])


def test_what_is_no_number_is_never_stored() -> None:
    for array in (np.array(["a"]), np.array([None]), np.ones(1, complex)):
        with pytest.raises(TypeError, match="never stored"):
            pack_tensors({"a": array})
    with pytest.raises(TypeError, match="never stored"):
        pack_tensors({"a": np.ones(2, np.float32)}, bfloat16=["a"])


def test_a_byte_that_is_no_truth_becomes_one() -> None:
    data = bytearray(pack_tensors({"a": np.array([True, False])}))
    data[-2] = 7
    assert unpack_tensors(bytes(data))[0]["a"].view(np.uint8).tolist() == [1, 0]


@given(st.integers(0, 300), st.integers(1, 255), st.booleans())
@settings(max_examples=80)
def test_damage_is_refused_or_changes_a_number(place: int, by: int, cut: bool) -> None:
    arrays = {"a": np.ones(20, np.float32), "b": np.zeros((3, 4), np.int16)}
    data = bytearray(pack_tensors(arrays, {"by": "us"}))
    if cut:
        data = data[: place % len(data)]
    else:
        data[place % len(data)] = (data[place % len(data)] + by) % 256
    try:
        found, _ = unpack_tensors(bytes(data))
    except ModelFileError:
        return
    assert not cut
    assert sum(array.nbytes for array in found.values()) == 104


def test_a_header_longer_than_any_is_refused() -> None:
    text = json.dumps({"a": 3}).encode()
    with pytest.raises(ModelFileError, match="safetensors"):
        unpack_tensors((2**40).to_bytes(8, "little") + text)
