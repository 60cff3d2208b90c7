"""Folders that appear whole or not at all, and arrays in them."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.store.files import replacing

__all__ = ["load_arrays", "save_arrays", "whole_folder"]


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Fill a folder that gets its name when the block ends without an error.

    Parameters
    ----------
    path : pathlib.Path
        The final name; when it exists already, it stays as it is.

    Yields
    ------
    pathlib.Path
        The folder to fill.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    part.mkdir(parents=True)
    try:
        yield part
        if not path.exists():
            part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write named arrays to an npz file; the file appears whole or not at all."""
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **dict(arrays))


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read every array of an npz file; objects are refused."""
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
