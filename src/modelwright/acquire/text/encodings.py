"""Text of any encoding as UTF-8, without a byte that no text has."""

from __future__ import annotations

import codecs
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from modelwright.acquire.raw import Reading
from modelwright.acquire.text.code_pages import find_page, spoken_page
from modelwright.acquire.text.told_encoding import check_readable, codec_named
from modelwright.acquire.unpacking import Plain
from modelwright.core.errors import DataError

__all__ = ["Encoded", "as_utf8", "find_encoding", "in_utf8", "is_utf8_throughout"]

_BLOCK = 2**22
_HEAD = 2**20
_READERS = 2
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), *_BOMS)
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
    encoding : str
        How it was encoded, as Python calls it; empty for UTF-8.
    certain : bool
        Whether every byte is known to be UTF-8.
    """

    path: Path
    notes: tuple[str, ...] = ()
    encoding: str = ""
    certain: bool = True


def in_utf8(plain: Plain, reading: Reading, folder: Path) -> Encoded:
    """Give a text file in UTF-8: as its reading says that it is encoded, or as is found out.

    Parameters
    ----------
    plain : Plain
        A file that is not compressed.
    reading : Reading
        With the encoding, when somebody said it.
    folder : Path
        Where a copy goes, if one is needed.

    Raises
    ------
    DataError
        When it is no text, or not in the encoding that was said.
    OptionError
        When there is no such encoding.
    """
    if reading.encoding is not None:
        return _as_told(plain, codec_named(reading.encoding), folder)
    encoding = find_encoding(plain.path, plain.shown, reading.usual)
    if encoding is None:
        return Encoded(plain.path, certain=False)
    return as_utf8(plain.path, encoding, folder, reading.usual)


def _as_told(plain: Plain, codec: str, folder: Path) -> Encoded:
    path, shown = plain.path, plain.shown
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not codec.startswith(("utf-16", "utf-32")):
        _check_text(head, shown)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if marked is not None and not codec.startswith(marked):
        raise DataError(
            f"text in {spoken_page(codec)}",
            f"{shown}, which begins with the mark of {spoken_page(marked)}",
            "leave --encoding (encoding=) out",
        )
    if codec in ("utf-16", "utf-32") and marked is None:
        codec = _wide(head) or f"{codec}-le"
    check_readable(path, shown, marked or codec)
    if codec == "utf-8" and not _has_odd_ends(head) and not _has_nul(path):
        return Encoded(path)
    encoded = _rewritten(path, folder, marked or codec, [])
    if codec.startswith("utf") or head.isascii() or not _is_utf8(head):
        return encoded
    doubt = f"Read as {spoken_page(codec)}, as was said; but it would be sound UTF-8 as well: "
    return replace(encoded, notes=(doubt + "if letters look wrong, leave --encoding out.",))


def find_encoding(path: Path, shown: str, usual: str = "") -> str | None:
    """Find out how a text file is encoded, as far as its start and its NUL bytes tell.

    Parameters
    ----------
    path : Path
        A plain file.
    shown : str
        What the user calls it.
    usual : str
        What text that is not UTF-8 is taken for; empty when nothing is known.

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
    wide = _check_text(head, shown)
    if wide is not None or b"\0" in head:
        return wide or "utf-8"
    if usual and usual != "utf-8" and (not _is_utf8(head) or _says_else(head, usual)):
        return usual
    return "utf-8" if not _is_utf8(head) or _has_odd_ends(head) or _has_nul(path) else None


def _check_text(head: bytes, shown: str) -> str | None:
    """Refuse binary data; tell UTF-16 and UTF-32 that have no mark."""
    if b"\0" not in head:
        return None
    wide = _wide(head)
    odd = len(head) - len(head.translate(None, _CONTROLS))
    if wide is None and odd > max(len(head) * _MOST_CONTROLS, 3):
        raise DataError(
            "a text file",
            f"{shown}, which holds binary data",
            "give CSV, JSON, Parquet, Arrow, Excel or a database URL",
        )
    return wide


def _has_odd_ends(head: bytes) -> bool:
    """Tell the line ends of old Macs: returns, and no line feed."""
    return b"\r" in head and b"\n" not in head


def _says_else(head: bytes, encoding: str) -> bool:
    """Tell whether what looks like ASCII is a code of seven bits, such as ISO-2022-JP."""
    return head.isascii() and head.decode(encoding, errors="replace") != head.decode()


def as_utf8(path: Path, encoding: str, folder: Path, usual: str = "") -> Encoded:
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
    usual : str
        What text that is not UTF-8 is taken for; empty when nothing is known.
    """
    notes = []
    if encoding == "utf-8":
        encoding = _guess(path, usual)
        if encoding not in ("utf-8", usual):
            notes.append(
                f"The text was read as {spoken_page(encoding)}: it is no UTF-8. If letters look "
                "wrong, say --encoding (encoding=)."
            )
    elif encoding != usual:
        notes.append(f"The text was read as {spoken_page(encoding)}.")
    return _rewritten(path, folder, encoding, notes)


def _rewritten(path: Path, folder: Path, encoding: str, notes: list[str]) -> Encoded:
    into = folder / "utf-8.txt"
    nuls, lost = _rewrite(path, into, encoding)
    if nuls:
        what = "1 NUL character was" if nuls == 1 else f"{nuls:,} NUL characters were"
        notes.append(f"{what} removed from the text.")
    if lost:
        what = "1 byte that is" if lost == 1 else f"{lost:,} bytes that are"
        were = "was" if lost == 1 else "were"
        notes.append(f"{what} no {encoding.upper()} {were} replaced by \N{REPLACEMENT CHARACTER}.")
    return Encoded(into, tuple(notes), "" if encoding == "utf-8" else encoding)


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


def _guess(path: Path, usual: str = "") -> str:
    """Choose between UTF-8 with a few bad bytes and a code page, by a sample of what is odd."""
    sample = _odd_parts(path)
    text = sample.decode("utf-8", errors="replace")
    good = sum(ord(letter) > 127 for letter in text) - text.count("\N{REPLACEMENT CHARACTER}")
    if good >= text.count("\N{REPLACEMENT CHARACTER}"):
        return "utf-8"
    return usual if usual not in ("", "utf-8") else find_page(sample)


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
