"""Plain values as TOML 1.0: Python reads it, and has no writer of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

__all__ = ["toml_key", "toml_remark", "toml_value"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def toml_key(name: str) -> str:
    """Write a key, in quotes where it needs them.

    Examples
    --------
    >>> toml_key("zip"), toml_key("zip code")
    ('zip', '"zip code"')
    """
    return name if _BARE.fullmatch(name) else _quoted(name)


def toml_remark(text: str) -> str:
    """Write a remark of one line.

    Examples
    --------
    >>> toml_remark("a line" + chr(10) + "[table]")
    '# a line [table]'
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"# {' '.join(shown.split())}".rstrip()


def toml_value(value: object) -> str:
    r"""Write a text, number, truth value, list or mapping on one line.

    Parameters
    ----------
    value : str, bool, int, float, list, tuple or mapping
        Nested as deep as one likes.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        For anything else: TOML has no null, for one.

    Examples
    --------
    >>> toml_value({"kind": "number", "missing": ["999"]})
    '{kind = "number", missing = ["999"]}'
    >>> toml_value(2.0), toml_value(True), toml_value('say "no"')
    ('2.0', 'true', '"say \\"no\\""')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, Mapping):
        pairs = (f"{toml_key(str(key))} = {toml_value(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _number(value: float) -> str:
    if math.isfinite(value):
        text = repr(value)
        return text if re.search(r"[.e]", text) else f"{text}.0"
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")


def _quoted(text: str) -> str:
    return f'"{"".join(map(_letter, text))}"'


def _letter(letter: str) -> str:
    if letter in _SHORT:
        return _SHORT[letter]
    code = ord(letter)
    if 0xD800 <= code <= 0xDFFF:  # half a letter: no text can hold it
        return "?"
    return letter if code >= 32 and code != 127 else f"\\u{code:04X}"
