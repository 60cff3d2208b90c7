"""Progress on the terminal: visible to a person, silent in a pipe."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["LiveProgress", "Progress", "SilentProgress", "progress"]


class Progress(AbstractContextManager["Progress"], Protocol):
    """What long work tells of itself."""

    def advance(self, done: float, message: str) -> None:
        """Say that a fraction `done` in [0, 1] of the work or the time is spent."""
        ...


class SilentProgress:
    """No bar."""

    def advance(self, done: float, message: str) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class LiveProgress:
    """A bar on stderr, with the last message beside it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._bar: RichProgress = RichProgress(
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=1.0)

    def advance(self, done: float, message: str) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=min(max(done, 0.0), 1.0), description=message)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()


def progress(quiet: bool = False) -> Progress:
    """Choose a live bar when stderr is a terminal and `quiet` is not asked for."""
    return SilentProgress() if quiet or not sys.stderr.isatty() else LiveProgress()
