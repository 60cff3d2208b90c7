"""Fitted parts as bytes and as folders: JSON, plain arrays, and the formats of boosters.

Arrays travel as npz, which is a zip of npy entries (NEP 1). Of both formats we read only the
subset that we write, with our own few lines: a stranger's file never reaches the parts of NumPy
that evaluate a header or unpickle an object, and no array is allocated before its declared size
is known to equal the bytes that are there.
"""

from __future__ import annotations

import io
import json
import math
import re
import secrets
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError, OutputError
from modelwright.core.protocols import State
from modelwright.store.files import atomic_write, output_error
from modelwright.store.zips import MAX_JSON, MAX_NAME, check_directory

__all__ = ["load_state", "pack_state", "save_state", "unpack_state"]

_CONFIG = "config.json"
_ARRAYS = "arrays.npz"
_BLOB = "blob-"
_MAX_ARRAYS = 20_000  # an encoder of categories has one for each column
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<>|][biufU]\d{1,9})', 'fortran_order': (True|False), "
    rb"'shape': \((|\d{1,15},|\d{1,15}(?:, \d{1,15}){1,31})\), \} *\n"
)


def pack_state(state: State) -> dict[str, bytes]:
    """Turn a state into named entries; equal states give equal bytes.

    Parameters
    ----------
    state : State
        Arrays are numbers, booleans or fixed-width text.

    Returns
    -------
    dict of str to bytes
        ``config.json``, ``arrays.npz`` when there are arrays, and ``blob-<name>`` for each blob.

    Raises
    ------
    TypeError
        When an array holds something else, or the config is not plain JSON.
    OutputError
        When the config or the number of arrays is larger than any reader accepts.

    Examples
    --------
    >>> import numpy as np
    >>> entries = pack_state(State({"alpha": 0.5}, {"weights": np.ones(3)}))
    >>> sorted(entries)
    ['arrays.npz', 'config.json']
    >>> unpack_state(entries).arrays["weights"]
    array([1., 1., 1.])
    """
    entries = {_CONFIG: json.dumps(dict(state.config)).encode()}
    if len(entries[_CONFIG]) > MAX_JSON:
        raise _too_large(f"{MAX_JSON / 2**20:g} MiB of JSON", f"{len(entries[_CONFIG])} bytes")
    if len(state.arrays) > _MAX_ARRAYS:
        raise _too_large(f"{_MAX_ARRAYS} arrays", str(len(state.arrays)))
    if state.arrays:
        entries[_ARRAYS] = _pack_arrays(state.arrays)
    entries.update({_BLOB + name: bytes(blob) for name, blob in state.blobs.items()})
    return entries


def _pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    # Stored, not deflated: the model file deflates once, and what is stored cannot be a bomb.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            entry = f"{name}.npy"
            if "\0" in name or "\\" in name or len(entry.encode()) > MAX_NAME:
                raise TypeError(f"an array cannot be named {name[:60]!r}")
            info = zipfile.ZipInfo(entry, _EPOCH)
            info.create_system = 3
            archive.writestr(info, _pack_array(name, arrays[name]))
    return buffer.getvalue()


def _pack_array(name: str, array: NDArray[Any]) -> bytes:
    if array.dtype.kind not in "biufU" or array.dtype.itemsize == 0:
        raise TypeError(f"array {name!r} has the dtype {array.dtype}, which is never stored")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def unpack_state(entries: Mapping[str, bytes]) -> State:
    """Read a state from what `pack_state` gave, trusting none of it.

    Parameters
    ----------
    entries : mapping of str to bytes
        Perhaps from a stranger.

    Returns
    -------
    State
        Equal to the bit to the one that was packed.

    Raises
    ------
    ModelFileError
        When an entry is missing, unknown, damaged, or declares what it does not hold.
    """
    if _CONFIG not in entries:
        raise _unsound(_CONFIG, "no such entry")
    arrays: dict[str, NDArray[Any]] = {}
    blobs: dict[str, bytes] = {}
    for name, data in entries.items():
        if name == _ARRAYS:
            arrays = _unpack_arrays(data)
        elif name.startswith(_BLOB):
            blobs[name.removeprefix(_BLOB)] = data
        elif name != _CONFIG:
            raise _unsound(name, "an entry that no state has")
    return State(_unpack_config(entries[_CONFIG]), arrays, blobs)


def _unpack_config(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_JSON:
        raise _unsound(_CONFIG, f"more than {MAX_JSON / 2**20:g} MiB of JSON")
    try:
        config = json.loads(data)
    except Exception as error:  # too deep, too large for the memory, no Unicode, no JSON
        raise _unsound(_CONFIG, f"no JSON ({str(error) or type(error).__name__})") from error
    if not isinstance(config, dict):
        raise _unsound(_CONFIG, "JSON that is no object")
    return config


def _unpack_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    try:
        file = io.BytesIO(data)
        check_directory(file, _MAX_ARRAYS)
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            # Entries may overlap in a hostile zip: together they may not exceed what is there.
            if sum(info.file_size for info in infos) > len(data):
                raise _unsound(_ARRAYS, "more declared than is there")
            for info in infos:
                name = info.filename.removesuffix(".npy")
                if info.compress_type != zipfile.ZIP_STORED or name in arrays:
                    raise _unsound(_ARRAYS, f"a compressed or repeated array {name[:40]!r}")
                arrays[name] = _unpack_array(name, archive.read(info))
    except ModelFileError as error:
        raise _unsound(_ARRAYS, error.got) from error
    except Exception as error:  # zipfile meets hostile bytes with a dozen kinds of exception
        raise _unsound(_ARRAYS, f"a damaged file ({type(error).__name__})") from error
    return arrays


def _unpack_array(name: str, data: bytes) -> NDArray[Any]:
    start = len(_MAGIC) + 2
    length = int.from_bytes(data[start - 2 : start], "little")
    header = _HEADER.fullmatch(data[start : start + length])
    if not data.startswith(_MAGIC) or header is None:
        raise _unsound(_ARRAYS, f"array {name[:40]!r} of an unknown form or type")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(size) for size in re.findall(rb"\d+", header[3]))
    body = len(data) - start - length
    if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != body:
        raise _unsound(_ARRAYS, f"array {name[:40]!r} declares what it does not hold")
    flat = np.frombuffer(data, dtype, offset=start + length)
    # A copy, because a buffer of bytes is read-only and need not be aligned.
    return flat.reshape(shape, order="F" if header[2] == b"True" else "C").copy(order="K")


def _unsound(entry: str, got: str) -> ModelFileError:
    return ModelFileError(
        f"a sound entry {entry[:60]!r}", got, "fetch the file again from where it was made"
    )


def _too_large(most: str, got: str) -> OutputError:
    return OutputError(f"at most {most} in each part of a model", got, "use fewer columns")


def save_state(folder: Path, state: State) -> None:
    """Write a state as a folder that is either complete or not there.

    Parameters
    ----------
    folder : Path
        The folder to make; its parent exists. An older one of that name is replaced.
    state : State
        What to write.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.part")
    try:
        part.mkdir()
        for name, data in pack_state(state).items():
            atomic_write(part / name, data)
        if folder.exists():
            old = part.with_suffix(".old")
            folder.rename(old)
            shutil.rmtree(old, ignore_errors=True)
        part.rename(folder)
    except OSError as error:
        raise output_error(folder, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load_state(folder: Path) -> State:
    """Read what `save_state` wrote.

    Parameters
    ----------
    folder : Path
        The folder of one state.

    Returns
    -------
    State

    Raises
    ------
    ModelFileError
        When the folder is missing or damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_state(Path(folder) / "fold-0", State({"depth": 3}))
    ...     load_state(Path(folder) / "fold-0").config
    {'depth': 3}
    """
    try:
        entries = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ModelFileError(f"a saved state in {folder}", why, "fit it again") from error
    return unpack_state(entries)
