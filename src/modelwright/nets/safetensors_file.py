"""Files of the safetensors format, read header first.

Eight bytes say how long the header is, the header (JSON) says which tensor lies where, then come
plain numbers (https://huggingface.co/docs/safetensors). Nothing in such a file can run. Names and
shapes are known, and can be refused, before a single number is read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from modelwright.core.errors import ModelFileError
from modelwright.nets.library import torch
from modelwright.store.files import atomic_write

__all__ = ["Entry", "Header", "read_header", "read_weights", "write_weights"]

_KINDS: Mapping[str, torch.dtype] = MappingProxyType(
    {
        "BOOL": torch.bool,
        "U8": torch.uint8,
        "I8": torch.int8,
        "I16": torch.int16,
        "I32": torch.int32,
        "I64": torch.int64,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "F32": torch.float32,
        "F64": torch.float64,
    }
)
_NAMES = {kind: name for name, kind in _KINDS.items()}
_LONGEST = 100_000_000
"""Bytes of a header, as in the reference reader."""
_SIDES = 64
"""Dimensions of a tensor: as many as NumPy has. The product of millions would take hours."""
_CURE = "fetch the file again from where it was made"


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies.

    Parameters
    ----------
    kind : torch.dtype
        Of its numbers.
    shape : tuple of int
        Its sides.
    begin, end : int
        Bytes after the header.
    """

    kind: torch.dtype
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


def read_header(path: Path) -> Header:
    """Read and check the header of a file, and none of its numbers.

    Raises
    ------
    ModelFileError
        When the file is not there, is no such file, or contradicts itself.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            first = file.read(8)
            length = int.from_bytes(first, "little")
            if len(first) < 8 or not 2 <= length <= min(_LONGEST, size - 8):
                raise _other(path, first, size)
            text = file.read(length)
    except OSError as error:
        why = (error.strerror or "a damaged file").lower()
        raise ModelFileError(f"a readable file at {path}", why, "check the path") from error
    try:
        return _parsed(json.loads(text), 8 + length, size)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        got = f"{type(error).__name__}: {error} in {path.name}"[:200]
        raise ModelFileError("a sound safetensors header", got, _CURE) from error


def _other(path: Path, first: bytes, size: int) -> ModelFileError:
    """Say what a file is whose first bytes are no length of a header."""
    if not first.startswith((b"PK", b"\x80")):
        return ModelFileError("a safetensors file", f"{path.name}, {size} bytes", _CURE)
    return ModelFileError(
        "weights in the safetensors format",
        f"{path.name}, which holds pickles: opening it would run whatever is in it",
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
        kind = _KINDS[told["dtype"]]
        if end - begin != math.prod(shape) * kind.itemsize:
            raise ValueError(f"{name} of shape {shape} in {end - begin} bytes")
        entries[name] = Entry(kind, shape, begin, end)
    ordered = dict(sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)))
    at = 0
    for name, entry in ordered.items():  # no gaps, no overlaps: every byte has one meaning
        if entry.begin != at:
            raise ValueError(f"{name} begins at {entry.begin}, where {at} is expected")
        at = entry.end
    if start + at != size:
        raise ValueError(f"{size - start} bytes of numbers, where {at} are told")
    return Header(ordered, metadata, start)


def read_weights(path: Path, names: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
    """Read tensors.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    names : iterable of str, optional
        Which; by default all.

    Returns
    -------
    dict of str to Tensor

    Raises
    ------
    ModelFileError
        When the file is unsound, or a name is not in it.
    """
    header = read_header(path)
    found = {}
    with path.open("rb") as file:
        for name in header.entries if names is None else names:
            if name not in header.entries:
                raise ModelFileError(f"a tensor {name!r} in {path.name}", "none")
            entry = header.entries[name]
            file.seek(header.start + entry.begin)
            data = bytearray(file.read(entry.end - entry.begin))
            if len(data) != entry.end - entry.begin:
                raise ModelFileError("a whole file", f"{path.name}, cut off in {name}", _CURE)
            flat = torch.frombuffer(data, dtype=entry.kind) if data else torch.empty(0)
            found[name] = flat.to(entry.kind).reshape(entry.shape)
    return found


def write_weights(
    path: Path, weights: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors to a file, whole or not at all; equal tensors give equal bytes.

    Parameters
    ----------
    path : pathlib.Path
        Usually ends in ``.safetensors``.
    weights : mapping of str to Tensor
        On any device.
    metadata : mapping of str to str, optional
        Goes into the header.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.safetensors"
    ...     write_weights(path, {"a": torch.ones(2)}, {"made by": "hand"})
    ...     read_weights(path)["a"].tolist(), dict(read_header(path).metadata)
    ([1.0, 1.0], {'made by': 'hand'})
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    parts, at = [], 0
    # the widest numbers first, as the reference writer does: so each tensor is aligned
    for name in sorted(weights, key=lambda name: (-weights[name].dtype.itemsize, name)):
        tensor = weights[name].detach().cpu().contiguous()
        data = tensor.flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": [*tensor.shape],
            "data_offsets": [at, at + len(data)],
        }
        parts.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    atomic_write(path, b"".join([len(text).to_bytes(8, "little"), text, *parts]))
