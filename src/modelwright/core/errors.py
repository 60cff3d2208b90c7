"""What can go wrong, as one small tree.

::

    ModelwrightError
    ├── UserError            the input is wrong: exit code 2, one line (expected, got, cure)
    │   ├── DataError        a file or table cannot be used as it is
    │   ├── ColumnError      a column is missing, renamed or retyped
    │   ├── OptionError      an option has a value that means nothing
    │   ├── ModelFileError   a model file is truncated, altered, unsafe or from the future
    │   ├── OutputError      a result cannot be written (full disk, read-only folder)
    │   ├── MissingExtraError  an optional dependency is needed and absent
    │   └── LostError        another of several processes that work together has ended
    └── FitError             a learner could not be fitted; the run goes on without it

    ModelwrightWarning       something works, but not as well as it could
    └── UnopenedWarning      images could not be opened (`core.unopened`)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ColumnError",
    "DataError",
    "FitError",
    "LostError",
    "MissingExtraError",
    "ModelFileError",
    "ModelwrightError",
    "ModelwrightWarning",
    "OptionError",
    "OutputError",
    "UserError",
    "did_you_mean",
    "sentences",
]


class ModelwrightError(Exception):
    """Base of every error that modelwright raises on purpose."""


class UserError(ModelwrightError):
    """The input is wrong; the message says what was expected, what came, and the cure.

    Parameters
    ----------
    expected : str
        What would have been right.
    got : str
        What came instead.
    cure : str
        What to do about it; empty when nothing better than "do that" can be said.

    Examples
    --------
    >>> print(OptionError("a duration above zero", "'0'", "write --time 60s or --time 5m"))
    expected a duration above zero; got '0'; write --time 60s or --time 5m
    """

    def __init__(self, expected: str, got: str, cure: str = "") -> None:
        self.expected = expected
        self.got = got
        self.cure = cure
        parts = [f"expected {expected}", f"got {got}", cure]
        super().__init__("; ".join(" ".join(part.split()) for part in parts if part))


class DataError(UserError):
    """A file or table cannot be used as it is."""


class ColumnError(UserError):
    """A column is missing, renamed or retyped."""


class OptionError(UserError):
    """An option has a value that means nothing."""


class ModelFileError(UserError):
    """A model file is truncated, altered, unsafe or from the future."""


class OutputError(UserError):
    """A result cannot be written: full disk, read-only folder, no such folder."""


class MissingExtraError(UserError):
    """An optional dependency is needed and absent."""


class LostError(UserError):
    """Another of several processes that work together has ended.

    Parameters
    ----------
    expected, got, cure : str
        As of `UserError`.
    told : bool
        Whether another process tells the user of it.
    """

    def __init__(self, expected: str, got: str, cure: str = "", *, told: bool = False) -> None:
        super().__init__(expected, got, cure)
        self.told = told


class ModelwrightWarning(UserWarning):
    """Something works, but not as well as it could."""


class FitError(ModelwrightError):
    """A learner could not be fitted on this data; the run goes on without it."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Name the nearest known word, or list the known ones.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        The words that exist.

    Returns
    -------
    str
        A clause for the ``cure`` of an error.

    Examples
    --------
    >>> did_you_mean("prise", ["price", "area"])
    "did you mean 'price'?"
    >>> did_you_mean("zzz", ["price", "area"])
    'choose one of: price, area'
    """
    words = list(known)
    lower = {word.lower().strip(): word for word in reversed(words)}
    near = difflib.get_close_matches(name.lower().strip(), lower, n=1, cutoff=0.6)
    if near:
        return f"did you mean {lower[near[0]]!r}?"
    shown = ", ".join(words[:12]) + (f" and {len(words) - 12} more" if len(words) > 12 else "")
    return f"choose one of: {shown}"


def sentences(*parts: str) -> str:
    """Put parts behind each other; one that does not end as a sentence gets a full stop.

    Examples
    --------
    >>> sentences("did you mean 'price'?", "", "the first line was taken for a title")
    "did you mean 'price'? the first line was taken for a title."
    """
    return " ".join(
        part if part.endswith((".", "?", "!")) else f"{part}." for part in parts if part
    )
