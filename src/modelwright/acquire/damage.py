"""Whatever a reader of files says of a damaged one, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from polars.exceptions import PolarsError

from modelwright.core.errors import DataError

__all__ = ["told_in_one_line"]


@contextmanager
def told_in_one_line(shown: str) -> Iterator[None]:
    """Turn what libraries raise on a damaged file into an error for the user.

    Parameters
    ----------
    shown : str
        What the user calls the file.

    Raises
    ------
    DataError
        In place of errors of Polars and the system, and of panics in compiled code.

    Examples
    --------
    >>> with told_in_one_line("a.csv"):
    ...     raise ValueError("no footer")
    Traceback (most recent call last):
    modelwright.core.errors.DataError: expected a readable file; got a.csv: no footer; \
fetch it again
    """
    try:
        yield
    except (PolarsError, OSError, ValueError) as error:
        raise _unreadable(shown, error) from None
    except BaseException as error:
        # a panic of Rust is no Exception, and each library has a class of its own for it
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable(shown, error) from None


def _unreadable(shown: str, error: BaseException) -> DataError:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
    return DataError("a readable file", f"{shown}: {reason}", "fetch it again")
