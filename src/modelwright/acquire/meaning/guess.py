"""A guess at what a column means, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.core.schema import Kind

__all__ = ["Guess", "allowed"]

_STRAYS_FROM = 1000  # from so many values on, one in a thousand may be a typing error


@dataclass(frozen=True)
class Guess:
    """What a column means.

    Parameters
    ----------
    kind : Kind
        The semantic type.
    evidence : str
        One clause that says why.
    format, levels, missing
        As in `Column`.
    ignored : bool
        Whether the column says nothing that could be learned.
    note : str
        A sentence for the user, when the guess needs an eye.
    """

    kind: Kind
    evidence: str
    format: str = ""
    ignored: bool = False
    levels: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    note: str = ""


def allowed(count: int) -> int:
    """Say how many of so many values may be something else.

    Examples
    --------
    >>> allowed(999), allowed(5000)
    (0, 5)
    """
    return count // 1000 if count >= _STRAYS_FROM else 0
