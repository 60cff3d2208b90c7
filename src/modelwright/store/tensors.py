"""Files of the safetensors format: named arrays, and words beside them.

Eight bytes say how long the header is, the header (JSON) says which array lies where, then come
plain numbers (https://huggingface.co/docs/safetensors). Nothing in such a file can run. Names and
shapes are known, and can be refused, before a single number is read; every byte has one meaning.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError
from modelwright.store.files import atomic_write
from modelwright.store.zips import MAX_JSON

__all__ = [
    "BFLOAT16",
    "Entry",
    "Header",
    "pack_tensors",
    "read_header",
    "read_tensors",
    "unpack_tensors",
    "write_tensors",
]

BFLOAT16 = "BF16"
"""NumPy has no such numbers: their bits come and go as whole numbers of 16 bits."""

_KINDS: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        "BOOL": np.dtype(np.bool_),
        "U8": np.dtype("u1"),
        "I8": np.dtype("i1"),
        "I16": np.dtype("<i2"),
        "U16": np.dtype("<u2"),
        "F16": np.dtype("<f2"),
        BFLOAT16: np.dtype("<u2"),
        "I32": np.dtype("<i4"),
        "U32": np.dtype("<u4"),
        "F32": np.dtype("<f4"),
        "F64": np.dtype("<f8"),
        "I64": np.dtype("<i8"),
        "U64": np.dtype("<u8"),
    }
)
# In the order of the reference writer, which puts the last first: so each array is aligned.
_RANKS = {name: rank for rank, name in enumerate(_KINDS)}
_NAMES = {kind: name for name, kind in _KINDS.items() if name != BFLOAT16}
# Dimensions of a tensor: as many as NumPy has. The product of millions would take hours.
_SIDES = 64
_CURE = "fetch the file again from where it was made"
_UNSOUND = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True)
class Entry:
    """Where an array lies.

    Parameters
    ----------
    kind : str
        Of its numbers, as the format calls it: ``"F32"``, ``"BF16"``.
    shape : tuple of int
        Its sides.
    begin, end : int
        Bytes after the header.
    """

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """What a file says of itself.

    Parameters
    ----------
    entries : mapping of str to Entry
        By name, in the order in which they lie.
    metadata : mapping of str to str
        Whatever the writer added.
    start : int
        The byte at which the numbers begin.
    """

    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]
    start: int


def pack_tensors(
    arrays: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str] | None = None,
    bfloat16: Collection[str] = (),
) -> bytes:
    """Turn arrays into bytes; equal arrays give equal bytes.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Of numbers or booleans.
    metadata : mapping of str to str, optional
        Goes into the header.
    bfloat16 : collection of str
        Names of arrays of uint16 that are the bits of such numbers.

    Raises
    ------
    TypeError
        When an array holds something else.

    Examples
    --------
    >>> arrays, words = unpack_tensors(pack_tensors({"a": np.ones(2, np.float32)}, {"by": "us"}))
    >>> arrays["a"].tolist(), dict(words)
    ([1.0, 1.0], {'by': 'us'})
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    kinds = {name: _kind(name, array, bfloat16) for name, array in arrays.items()}
    parts, at = [], 0
    for name in sorted(arrays, key=lambda name: (-_RANKS[kinds[name]], name)):
        array = arrays[name]
        data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        offsets = [at, at + len(data)]
        header[name] = {"dtype": kinds[name], "shape": [*array.shape], "data_offsets": offsets}
        parts.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def _kind(name: str, array: NDArray[Any], bfloat16: Collection[str]) -> str:
    kind = _NAMES.get(array.dtype.newbyteorder("<"))
    if kind is None or (name in bfloat16 and kind != "U16"):
        raise TypeError(f"array {name!r} has the dtype {array.dtype}, which is never stored")
    return BFLOAT16 if name in bfloat16 else kind


def unpack_tensors(data: bytes) -> tuple[dict[str, NDArray[Any]], Mapping[str, str]]:
    """Read what `pack_tensors` gave, trusting none of it.

    Returns
    -------
    tuple
        The arrays by name, and the metadata.

    Raises
    ------
    ModelFileError
        When the bytes are no such file.
    """
    file = io.BytesIO(data)
    header = _header(file, len(data), "the arrays")
    return _arrays(file, header, header.entries, "the arrays"), header.metadata


def write_tensors(
    path: Path,
    arrays: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str] | None = None,
    bfloat16: Collection[str] = (),
) -> None:
    """Write arrays to a file, whole or not at all; see `pack_tensors`.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.
    """
    atomic_write(path, pack_tensors(arrays, metadata, bfloat16))


def read_header(path: Path) -> Header:
    """Read and check the header of a file, and none of its numbers.

    Raises
    ------
    ModelFileError
        When the file is not there, is no such file, or contradicts itself.
    """
    try:
        with path.open("rb") as file:
            return _header(file, path.stat().st_size, path.name)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_tensors(
    path: Path, names: Iterable[str] | None = None
) -> tuple[dict[str, NDArray[Any]], Mapping[str, str]]:
    """Read arrays of a file, trusting none of it.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    names : iterable of str, optional
        Which; by default all.

    Returns
    -------
    tuple
        The arrays by name, and the metadata.

    Raises
    ------
    ModelFileError
        When the file is not there or unsound, or a name is not in it.
    """
    try:
        with path.open("rb") as file:
            header = _header(file, path.stat().st_size, path.name)
            wanted = header.entries if names is None else names
            return _arrays(file, header, wanted, path.name), header.metadata
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ModelFileError:
    why = (error.strerror or "a damaged file").lower()
    return ModelFileError(f"a readable file at {path}", why, "check the path")


def _header(file: BinaryIO, size: int, name: str) -> Header:
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8 or not 2 <= length <= min(MAX_JSON, size - 8):
        raise _other(name, first, size)
    try:
        return _parsed(json.loads(file.read(length)), 8 + length, size)
    except _UNSOUND as error:
        got = f"{type(error).__name__}: {error} in {name}"[:200]
        raise ModelFileError("a sound safetensors header", got, _CURE) from error


def _other(name: str, first: bytes, size: int) -> ModelFileError:
    """Say what a file is whose first bytes are no length of a header."""
    if not first.startswith((b"PK", b"\x80")):
        return ModelFileError("a safetensors file", f"{name}, {size} bytes", _CURE)
    return ModelFileError(
        "weights in the safetensors format",
        f"{name}, which holds pickles: opening it would run whatever is in it",
        "take the .safetensors file beside it, or convert it where you trust it",
    )


def _parsed(header: dict[str, Any], start: int, size: int) -> Header:
    metadata = {str(key): str(value) for key, value in header.pop("__metadata__", {}).items()}
    entries = {}
    for name, told in header.items():
        shape = tuple(told["shape"])
        begin, end = told["data_offsets"]
        if len(shape) > _SIDES:
            raise ValueError(f"{name} has {len(shape)} sides")
        if any(type(side) is not int or side < 0 for side in (*shape, begin, end)):
            raise ValueError(f"{name} has sides {shape} at {begin}:{end}")
        if told["dtype"] not in _KINDS:
            raise ValueError(f"{name} holds {told['dtype']}, which is not read here")
        if end - begin != math.prod(shape) * _KINDS[told["dtype"]].itemsize:
            raise ValueError(f"{name} of shape {shape} in {end - begin} bytes")
        entries[name] = Entry(told["dtype"], shape, begin, end)
    ordered = dict(sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)))
    at = 0
    for name, entry in ordered.items():  # no gaps, no overlaps: every byte has one meaning
        if entry.begin != at:
            raise ValueError(f"{name} begins at {entry.begin}, where {at} is expected")
        at = entry.end
    if start + at != size:
        raise ValueError(f"{size - start} bytes of numbers, where {at} are told")
    return Header(ordered, metadata, start)


def _arrays(
    file: BinaryIO, header: Header, names: Iterable[str], where: str
) -> dict[str, NDArray[Any]]:
    found = {}
    for name in names:
        if name not in header.entries:
            raise ModelFileError(f"an array {name!r} in {where}", "none")
        entry = header.entries[name]
        file.seek(header.start + entry.begin)
        data = bytearray(file.read(entry.end - entry.begin))
        if len(data) != entry.end - entry.begin:
            raise ModelFileError("a whole file", f"{where}, cut off in {name}", _CURE)
        kind = _KINDS[entry.kind]
        flat: NDArray[Any]
        if not data:
            flat = np.empty(0, kind)
        elif kind == np.bool_:  # a byte of a stranger may be neither 0 nor 1
            flat = np.frombuffer(data, np.uint8) != 0
        else:
            flat = np.frombuffer(data, kind)
        found[name] = flat.reshape(entry.shape)
    return found
