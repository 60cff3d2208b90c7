"""Zips of others, whose names may be UTF-8 though nothing in them says so."""

from __future__ import annotations

import zipfile
from pathlib import Path

__all__ = ["open_zip"]


def open_zip(path: str | Path) -> zipfile.ZipFile:
    r"""Open a zip to read; names without a mark are UTF-8 where all of them can be.

    The Finder of macOS and other packers write UTF-8 and leave its flag out; by the format
    (APPNOTE 4.4.4) such names are code page 437, which they stay where they are no UTF-8.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    zipfile.BadZipFile, OSError, ValueError, NotImplementedError
        When it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.zip"
    ...     with zipfile.ZipFile(path, "w") as archive:
    ...         archive.writestr("é.txt", b"")
    ...     _ = path.write_bytes(path.read_bytes().replace(b"\x00\x08", b"\x00\x00"))
    ...     with open_zip(path) as archive:
    ...         archive.namelist()
    ['é.txt']
    """
    try:
        return zipfile.ZipFile(path, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        return zipfile.ZipFile(path)
