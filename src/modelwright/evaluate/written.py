"""Metrics as they are written: a name, and parameters in brackets.

::

    metric     = name | name "(" [parameter {"," parameter}] ")"
    parameter  = key "=" value
    value      = a word without , ( ) [ ] ' " | '...' | "..." | [...]

Nothing is evaluated: a value is a piece of text, and who asks for it says how it is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from modelwright.core.errors import OptionError

__all__ = ["Call", "read_call"]

# Longer than any matrix of costs of a thousand classes is not.
LONGEST = 10_000_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ \-]{0,59}")
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*")
_VALUE = re.compile(r"'([^']*)'|\"([^\"]*)\"|\[([^\[\]]*)\]|([^,()\[\]'\"]*)")
_PLAIN = re.compile(r"[^,()\[\]'\"\s](?:[^,()\[\]'\"]*[^,()\[\]'\"\s])?")
_OPENED_AND_CLOSED = re.compile(r"\s*\)")
_ENDED = re.compile(r"\s*([,)])")
_EXAMPLE = 'write it like "profit(tp=100, fp=-5)"'


@dataclass(frozen=True)
class Call:
    """A name and its parameters, in the order in which they were written.

    Parameters
    ----------
    name : str
        In lower case, with underscores.
    parameters : tuple of (str, str)
        Keys and values.

    Examples
    --------
    >>> str(Call("fbeta", (("beta", "2"),)))
    'fbeta(beta=2)'
    """

    name: str
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(f'{k}={_quoted(v)}' for k, v in self.parameters)})"


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    marks = [("[", "]"), ("'", "'"), ('"', '"')]
    left, right = next((m for m in marks if m[0] not in value and m[1] not in value), marks[2])
    return f"{left}{value}{right}"


def read_call(text: str) -> Call:
    """Read a metric as it was written.

    Parameters
    ----------
    text : str
        Such as ``"f1"`` or ``"profit(tp=100, fp=-5)"``.

    Returns
    -------
    Call

    Raises
    ------
    OptionError
        When it is not written like that.

    Examples
    --------
    >>> read_call("Profit(tp=100, fp = -5)").parameters
    (('tp', '100'), ('fp', '-5'))
    """
    if len(text) > LONGEST:
        raise OptionError("a metric", f"{len(text):,} characters", _EXAMPLE)
    head, bracket, _ = text.partition("(")
    if not _NAME.fullmatch(head.strip()):
        raise OptionError("the name of a metric", _shown(text) or "nothing", _EXAMPLE)
    name = re.sub(r"[ \-]+", "_", head.strip().lower())
    if not bracket:
        return Call(name)
    parameters, end = _parameters(text, len(head) + 1)
    if text[end:].strip():
        got = f"{_shown(text[end:].strip())} behind it in {_shown(text)}"
        raise OptionError("nothing behind the closing bracket of a metric", got, _EXAMPLE)
    return Call(name, tuple(parameters.items()))


def _parameters(text: str, start: int) -> tuple[dict[str, str], int]:
    """Read up to the closing bracket; say where it ends."""
    found: dict[str, str] = {}
    at = start
    while True:
        closed = None if found else _OPENED_AND_CLOSED.match(text, at)
        if closed is not None:
            return found, closed.end()
        key = _KEY.match(text, at)
        if key is None:
            expected = f"key=value in the brackets of {_shown(text)}"
            raise OptionError(expected, _shown(text[at:].strip()) or "nothing", _EXAMPLE)
        if key[1].lower() in found:
            raise OptionError(f"{key[1]} once in {_shown(text)}", "twice", "leave one of them out")
        value = _VALUE.match(text, key.end())
        assert value is not None  # the last form may be empty
        found[key[1].lower()] = next(part for part in value.groups() if part is not None).strip()
        ended = _ENDED.match(text, value.end())
        if ended is None:
            expected = f"a comma or a closing bracket after {key[1]} in {_shown(text)}"
            raise OptionError(expected, _shown(text[value.end() :]) or "the end", _EXAMPLE)
        if ended[1] == ")":
            return found, ended.end()
        at = ended.end()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...") if text else ""
