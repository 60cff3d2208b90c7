"""Arrays with a text beside them in one file of the safetensors format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.deferred import Deferred
from modelwright.core.errors import ModelFileError
from modelwright.store.files import atomic_write
from modelwright.store.zips import MAX_JSON

__all__ = ["pack_tensors", "read_tensors", "unpack_tensors", "write_tensors"]

safetensors = Deferred("safetensors.numpy", extra="deep")

_TEXT = "modelwright"
_CURE = "fetch the file again from where it was made"


def pack_tensors(arrays: Mapping[str, NDArray[Any]], text: str = "") -> bytes:
    """Turn arrays into bytes; equal arrays give equal bytes.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Of numbers or booleans.
    text : str
        Goes into the header.

    Examples
    --------
    >>> arrays, text = unpack_tensors(pack_tensors({"a": np.ones(2, np.float32)}, "hello"))
    >>> arrays["a"].tolist(), text
    ([1.0, 1.0], 'hello')
    """
    # a single number stays one: np.ascontiguousarray would give it a dimension
    whole = {name: np.array(arrays[name], order="C") for name in sorted(arrays)}
    packed: bytes = safetensors.load().save(whole, metadata={_TEXT: text})
    return packed


def unpack_tensors(data: bytes) -> tuple[dict[str, NDArray[Any]], str]:
    """Read what `pack_tensors` gave, trusting none of it.

    Raises
    ------
    ModelFileError
        When the bytes are no such file.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        if not 0 < length <= min(MAX_JSON, len(data)):
            raise ValueError("a header of a strange length")
        header = json.loads(data[8 : 8 + length])
        text = str(header.get("__metadata__", {}).get(_TEXT, ""))
        arrays: dict[str, NDArray[Any]] = safetensors.load().load(data)
    except Exception as error:  # the library has an exception of its own for every damage
        got = f"{type(error).__name__}: {error}"[:120]
        raise ModelFileError("arrays in the safetensors format", got, _CURE) from error
    return arrays, text


def write_tensors(path: Path, arrays: Mapping[str, NDArray[Any]], text: str = "") -> None:
    """Write arrays to a file, whole or not at all.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.
    """
    atomic_write(path, pack_tensors(arrays, text))


def read_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    """Read what `write_tensors` wrote.

    Raises
    ------
    ModelFileError
        When there is no such file, or it is damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        why = (error.strerror or "a damaged file").lower()
        raise ModelFileError(f"a readable file at {path}", why, "check the path") from error
    return unpack_tensors(data)
