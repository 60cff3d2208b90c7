"""Text whose encoding somebody said: read so from the first byte to the last, or refused."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from modelwright.acquire.text.code_pages import common_pages, spoken_page
from modelwright.core.errors import DataError, OptionError, did_you_mean

__all__ = ["check_readable", "codec_named", "is_encoding"]

_BLOCK = 2**22
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.: -]{0,39}")
# What Python counts among the encodings, though no file is written so.
_NO_FILES = frozenset(["idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"])
_CURE = "name another --encoding (encoding=), or leave it out: then it is found"


def codec_named(name: str) -> str:
    """Find an encoding by any of its names.

    Parameters
    ----------
    name : str
        Such as ``"utf8"``, ``"latin1"``, ``"windows-1250"`` or ``"Shift_JIS"``.

    Returns
    -------
    str
        As Python calls it; always the same for the same encoding.

    Raises
    ------
    OptionError
        When there is none.

    Examples
    --------
    >>> codec_named("UTF8"), codec_named("Windows-1250"), codec_named("latin1")
    ('utf-8', 'cp1250', 'iso8859-1')
    >>> codec_named("utf-9")
    Traceback (most recent call last):
    modelwright.core.errors.OptionError: expected a known encoding for --encoding; got 'utf-9'; \
did you mean 'utf-8'?
    """
    try:
        known = isinstance(name, str) and _NAME.fullmatch(name.strip()) is not None
        codec = codecs.lookup(name.strip()).name if known else ""
        is_text = bool(codec) and isinstance(b"0".decode(codec, "ignore"), str)
    except (LookupError, UnicodeError):
        codec, is_text = "", False
    if not is_text or codec in _NO_FILES:
        cure = did_you_mean(name, common_pages())
        raise OptionError("a known encoding for --encoding", repr(name), cure)
    return "utf-8" if codec == "utf-8-sig" else codec


def is_encoding(name: str) -> bool:
    """Tell whether there is such an encoding.

    Examples
    --------
    >>> is_encoding("latin1"), is_encoding("base64")
    (True, False)
    """
    try:
        codec_named(name)
    except OptionError:
        return False
    return True


def check_readable(path: Path, shown: str, codec: str) -> None:
    """Refuse a text that is not written in an encoding.

    Parameters
    ----------
    path : Path
        A plain file.
    shown : str
        What the user calls it.
    codec : str
        From `codec_named`, or one that a mark at the start of the file told.

    Raises
    ------
    DataError
        When a byte is none of the encoding's, or no line ends as it writes line ends.
    """
    decoder = codecs.getincrementaldecoder(codec)()
    line, may_end, ends = 1, False, False
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeError as error:
                raise _unreadable(error, line, shown, codec) from None
            line += text.count("\n")
            may_end |= b"\n" in block or b"\r" in block
            ends |= line > 1 or "\r" in text
            if not block:
                break
    if may_end and not ends:
        raise DataError(f"text in {spoken_page(codec)}", f"{shown}: no line of it ends so", _CURE)


def _unreadable(error: UnicodeError, line: int, shown: str, codec: str) -> DataError:
    got = f"{shown}, which is not"
    if isinstance(error, UnicodeDecodeError):
        before, bad = error.object[: error.start], error.object[error.start : error.end][:4]
        line += bytes(before).decode(codec, "ignore").count("\n")
        what = "byte" if len(bad) == 1 else "bytes"
        shown_bytes = " ".join(f"0x{byte:02X}" for byte in bytes(bad))
        got = f"the {what} {shown_bytes} in line {line:,} of {shown}"
    return DataError(f"text in {spoken_page(codec)}", got, _CURE)
