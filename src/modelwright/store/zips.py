"""What a zip may hold at most, checked before `zipfile` builds one object per entry.

`zipfile` ignores the number of entries that the end record declares and parses as many bytes of
directory as it declares, so both are bounded here, and must agree with what is there.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from modelwright.core.errors import ModelFileError

__all__ = ["MAX_JSON", "MAX_NAME", "check_directory"]

MAX_JSON = 64 * 2**20
"""The most bytes of one JSON entry: parsed, it takes 20 to 30 times as much memory."""

MAX_NAME = 480
"""The most bytes of UTF-8 in the name of an entry."""

_END = struct.Struct("<4s4H2LH")  # the end record of a zip (APPNOTE 4.3.16)
_LOCATOR = 20  # bytes of the 64-bit extension's locator, which would stand right before it
_HEADER = 46  # bytes of a directory header before its name, extra field and comment (4.3.12)
_LENGTHS = struct.Struct("<3H")  # of those three, 28 bytes from its start
_CURE = "fetch the file again from where it was made"


def check_directory(file: BinaryIO, most: int) -> None:
    """Refuse a zip whose directory is larger than a reader should parse, or lies about itself.

    Parameters
    ----------
    file : BinaryIO
        A zip, open for reading; ours ends with its directory, without a comment. It is left at
        its start.
    most : int
        The most entries.

    Raises
    ------
    ModelFileError
        When there is no such directory, it is too large, or it declares another number of entries
        than it has.

    Examples
    --------
    >>> import io, zipfile
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as archive:
    ...     archive.writestr("a", b"1")
    ...     archive.writestr("b", b"2")
    >>> check_directory(file, most=2)
    >>> check_directory(file, most=1)
    Traceback (most recent call last):
        ...
    modelwright.core.errors.ModelFileError: expected at most 1 entries; got 2 entries; ...
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size - _LOCATOR))
    tail = file.read()
    file.seek(0)
    if len(tail) < _END.size or not tail[-_END.size :].startswith(b"PK\5\6"):
        got = "an empty file" if size == 0 else "a truncated file, or one of another kind"
        raise ModelFileError("a whole model file", got, _CURE)
    _, _, _, _, count, length, offset, comment = _END.unpack(tail[-_END.size :])
    if count > most:
        raise ModelFileError(f"at most {most} entries", f"{count} entries", _CURE)
    if comment or offset + length + _END.size != size or tail.startswith(b"PK\6\7"):
        raise ModelFileError("a whole model file", "bytes that do not belong there", _CURE)
    if length > most * (_HEADER + MAX_NAME):
        raise ModelFileError(f"at most {most} entries", f"{length} bytes of directory", _CURE)
    file.seek(offset)
    directory = file.read(length)
    file.seek(0)
    if _counted(directory) != count:
        raise ModelFileError("a sound zip", f"{count} entries declared but not there", _CURE)


def _counted(directory: bytes) -> int | None:
    # The same steps as those of zipfile, which then makes exactly so many objects.
    place = count = 0
    while place + _HEADER <= len(directory):
        place += _HEADER + sum(_LENGTHS.unpack_from(directory, place + 28))
        count += 1
    return count if place == len(directory) else None
