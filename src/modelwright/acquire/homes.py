"""``~`` and ``~ann`` in the names of files."""

from __future__ import annotations

from pathlib import Path

from modelwright.core.errors import DataError

__all__ = ["expanded"]


def expanded(path: str | Path) -> Path:
    """Put the home folder in place of a ``~`` that begins a path.

    Raises
    ------
    DataError
        When there is no such user.

    Examples
    --------
    >>> expanded("sales/a.csv").name
    'a.csv'
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise DataError(
            "a home folder after ~", f"none for {str(path)!r}", "write ./~ where it is a name"
        ) from None
