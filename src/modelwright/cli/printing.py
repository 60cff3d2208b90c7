"""What goes to stdout and what to stderr."""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

from cyclopts import Parameter

from modelwright.core.errors import ModelwrightWarning
from modelwright.core.printable import printable
from modelwright.core.unopened import UnopenedWarning

__all__ = ["Source", "answer", "notes_on_stderr", "rows_written", "say", "unopened_images"]

Source = Annotated[str | Path, Parameter(allow_leading_hyphen=True)]
"""Where rows come from; ``-`` is standard input, not an option."""


def say(line: str) -> None:
    """Print a line for a person; what the data holds moves no cursor and changes no colour."""
    sys.stdout.write(printable(line) + "\n")


def rows_written(rows: int, out: Path, empty: int = 0) -> str:
    """Say how many answers went to a file, and why where there is none.

    Examples
    --------
    >>> rows_written(1200, Path("a.csv"))
    '1,200 rows: a.csv'
    >>> rows_written(12, Path("a.csv"), empty=2)
    '12 rows, 10 of them with a prediction: a.csv'
    >>> rows_written(0, Path("a.csv"))
    '0 rows: a.csv (there was no row to predict)'
    """
    some = f", {rows - empty:,} of them with a prediction" if empty else ""
    return f"{rows:,} rows{some}: {out}" + ("" if rows else " (there was no row to predict)")


@contextmanager
def notes_on_stderr() -> Iterator[None]:
    """Show our own warnings as notes, one line each."""

    def take(message: Warning | str) -> bool:
        ours = isinstance(message, ModelwrightWarning)
        if ours:
            sys.stderr.write(f"note: {printable(str(message))}\n")
        return ours

    with warnings.catch_warnings():
        warnings.simplefilter("always", ModelwrightWarning)
        with _offered(take):
            yield


@contextmanager
def unopened_images() -> Iterator[list[tuple[str, str]]]:
    """Collect the images of which notes say that they could not be opened, and why."""
    found = list[tuple[str, str]]()

    def take(message: Warning | str) -> bool:
        if isinstance(message, UnopenedWarning):
            found.extend(message.images)
        return False

    with _offered(take):
        yield found


@contextmanager
def _offered(take: Callable[[Warning | str], bool]) -> Iterator[None]:
    """Offer each warning to `take`; what it does not take is shown as usual."""
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not take(message):
            usual(message, category, filename, lineno, file, line)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual


def answer(value: dict[str, Any]) -> None:
    """Print one JSON object on stdout; what is not a finite number becomes null."""
    sys.stdout.write(json.dumps(_plain(value)) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
