"""Text of any encoding as UTF-8, without a byte that no text has."""

from __future__ import annotations

import codecs
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelwright.acquire.code_pages import find_page, spoken_page
from modelwright.core.errors import DataError

__all__ = ["Encoded", "as_utf8", "find_encoding", "is_utf8_throughout"]

_BLOCK = 2**22
_HEAD = 2**20
_READERS = 2
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\x1f"))
_MOST_CONTROLS = 0.01  # of the bytes of a text file; a binary file has more
_SAMPLE = 2**16
_AROUND = 40  # bytes kept on each side of one that is not ASCII
_COUNTED = "modelwright.counted"


@dataclass(frozen=True)
class Encoded:
    """A text file in UTF-8.

    Parameters
    ----------
    path : Path
        The file itself when it was UTF-8 already, else a copy.
    notes : tuple of str
        What was changed.
    """

    path: Path
    notes: tuple[str, ...] = ()


def find_encoding(path: Path, shown: str) -> str | None:
    """Find out how a text file is encoded, as far as its start and its NUL bytes tell.

    Parameters
    ----------
    path : Path
        A plain file.
    shown : str
        What the user calls it.

    Returns
    -------
    str or None
        What `as_utf8` has to be told; None when the file can be read as it is: UTF-8 at its start
        (a later byte may prove otherwise), line feeds, no NUL.

    Raises
    ------
    DataError
        When it is no text.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        wide = _wide(head)
        odd = len(head) - len(head.translate(None, _CONTROLS))
        if wide is None and odd > max(len(head) * _MOST_CONTROLS, 3):
            raise DataError(
                "a text file",
                f"{shown}, which holds binary data",
                "give CSV, JSON, Parquet, Arrow, Excel or a database URL",
            )
        return wide or "utf-8"
    if not _is_utf8(head) or (b"\r" in head and b"\n" not in head) or _has_nul(path):
        return "utf-8"
    return None


def as_utf8(path: Path, encoding: str, folder: Path) -> Encoded:
    """Write a file anew as UTF-8, with line feeds and without NULs.

    Parameters
    ----------
    path : Path
        A plain text file.
    encoding : str
        From `find_encoding`; ``"utf-8"`` when it is not known: then it is found from the bytes
        that are not ASCII.
    folder : Path
        Where the copy goes.
    """
    notes = []
    if encoding == "utf-8":
        encoding = _guess(path)
        if encoding != "utf-8":
            notes.append(
                f"The text was read as {spoken_page(encoding)}: it is no UTF-8. If letters look "
                "wrong, save the file as UTF-8."
            )
    else:
        notes.append(f"The text was read as {spoken_page(encoding)}.")
    into = folder / "utf-8.txt"
    nuls, lost = _rewrite(path, into, encoding)
    if nuls:
        what = "1 NUL character was" if nuls == 1 else f"{nuls:,} NUL characters were"
        notes.append(f"{what} removed from the text.")
    if lost:
        what = "1 byte that is" if lost == 1 else f"{lost:,} bytes that are"
        were = "was" if lost == 1 else "were"
        notes.append(f"{what} no {encoding.upper()} {were} replaced by \N{REPLACEMENT CHARACTER}.")
    return Encoded(into, tuple(notes))


def is_utf8_throughout(path: Path) -> bool:
    """Read a whole file to tell whether it is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _rewrite(path: Path, into: Path, encoding: str) -> tuple[int, int]:
    _lost.count = 0
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)(
        errors=_COUNTED
    )
    nuls, pending = 0, ""
    only_returns = _only_returns(path, encoding)
    with path.open("rb") as source, into.open("wb") as out:
        while True:
            block = source.read(_BLOCK)
            text = pending + decoder.decode(block, final=not block)
            nuls += text.count("\0")
            text = text.replace("\0", "")
            pending = "\r" if text.endswith("\r") and block else ""
            text = text.removesuffix("\r") if pending else text
            text = text.replace("\r\n", "\n")
            out.write((text.replace("\r", "\n") if only_returns else text).encode())
            if not block:
                return nuls, _lost.count


def _only_returns(path: Path, encoding: str) -> bool:
    """Tell the line ends of old Macs: returns, and no line feed."""
    with path.open("rb") as file:
        text = file.read(_HEAD).decode(encoding, errors="replace")
    return "\r" in text and "\n" not in text


class _Lost(threading.local):
    """How many bytes this thread could not read: error handlers of codecs are for all threads."""

    count = 0


_lost = _Lost()


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    _lost.count += error.end - error.start
    return "\N{REPLACEMENT CHARACTER}", error.end


codecs.register_error(_COUNTED, _replaced)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        # what is read of a file may end inside a letter
        return error.start >= len(data) - 4 and error.reason == "unexpected end of data"
    return True


def _has_nul(path: Path) -> bool:
    size = path.stat().st_size
    ends = [size * i // _READERS for i in range(_READERS + 1)] if size > _BLOCK else [0, size]
    # Reading, which is most of the work, is done outside the interpreter's lock.
    with ThreadPoolExecutor(_READERS) as pool:
        return any(pool.map(lambda start, end: _nul_between(path, start, end), ends, ends[1:]))


def _nul_between(path: Path, start: int, end: int) -> bool:
    buffer = bytearray(_HEAD)
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < end and (count := file.readinto(buffer)):
            if buffer.find(0, 0, count) >= 0:
                return True
            start += count
    return False


def _wide(head: bytes) -> str | None:
    """Tell UTF-16 or UTF-32 without a mark by where the NULs of its ASCII letters stand."""
    data = np.frombuffer(head[: len(head) // 4 * 4], dtype=np.uint8).reshape(-1, 4)
    if not len(data):
        return None
    empty = (data == 0).mean(axis=0)
    patterns = {"utf-32-le": (0, 1, 1, 1), "utf-32-be": (1, 1, 1, 0)}
    patterns |= {"utf-16-le": (0, 1, 0, 1), "utf-16-be": (1, 0, 1, 0)}
    for name, pattern in patterns.items():
        if all(
            share > 0.7 if nul else share < 0.1 for share, nul in zip(empty, pattern, strict=True)
        ):
            return name
    return None


def _guess(path: Path) -> str:
    """Choose between UTF-8 with a few bad bytes and a code page, by a sample of what is odd."""
    sample = _odd_parts(path)
    text = sample.decode("utf-8", errors="replace")
    good = sum(ord(letter) > 127 for letter in text) - text.count("\N{REPLACEMENT CHARACTER}")
    if good >= text.count("\N{REPLACEMENT CHARACTER}"):
        return "utf-8"
    return find_page(sample)


def _odd_parts(path: Path) -> bytes:
    """Gather the words around bytes that are not ASCII, from the whole file."""
    window = re.compile(rb"[^\n]{0,%d}[\x80-\xff][^\n]{0,%d}" % (_AROUND, _AROUND))
    parts: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while size < _SAMPLE and (block := file.read(_BLOCK)):
            if block.isascii():
                continue
            for found in window.finditer(block):
                parts.append(found[0])
                size += len(found[0]) + 1
                if size >= _SAMPLE:
                    break
    return b"\n".join(parts)
