"""Rows that come through a pipe: kept in a file, so that they can be looked at twice."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from modelwright.acquire.bounds import copy_bounded
from modelwright.acquire.unpacking import Plain
from modelwright.core.errors import DataError

__all__ = ["is_pipe", "spooled"]

# What a shell makes of `<(command)`: somebody writes into it already.
_OF_THE_SHELL = ("/dev/fd/", "/proc/self/fd/")


def is_pipe(path: str) -> bool:
    """Tell whether rows come from standard input, or from a shell's ``<(command)``.

    Examples
    --------
    >>> is_pipe("-"), is_pipe("rows.csv")
    (True, False)
    """
    if path in ("-", "/dev/stdin"):
        return True
    try:
        return path.startswith(_OF_THE_SHELL) and stat.S_ISFIFO(os.stat(path).st_mode)
    except OSError:
        return False


def spooled(path: str, folder: Path) -> Plain:
    """Copy all that comes through a pipe to a file.

    Raises
    ------
    DataError
        When nobody writes into it (a terminal), nothing comes, or more than the bounds allow.
    """
    into = folder / "spooled"
    with into.open("wb") as out:
        if path in ("-", "/dev/stdin"):
            source: BinaryIO | None = getattr(sys.stdin, "buffer", None)
            if source is None or sys.stdin.isatty():
                raise DataError(
                    "rows on standard input", "a terminal", "write: command | modelwright ... -"
                )
            size = copy_bounded(source, out, "standard input")
        else:
            with open(path, "rb") as pipe:
                size = copy_bounded(pipe, out, path)
    if not size:
        raise DataError("rows on standard input", "nothing at all", "check the command before it")
    return Plain(into, "", "standard input")
