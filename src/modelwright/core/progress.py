"""Progress on the terminal: visible to a person, silent in a pipe."""

from __future__ import annotations

import math
import os
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from modelwright.core.addresses import is_database, masked_place, split_address
from modelwright.core.numerals import number

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from modelwright.core.result import Leaderboard, Standing

__all__ = ["LineProgress", "LiveProgress", "Progress", "SilentProgress", "progress", "reading"]

# Seconds until something is shown: what is over sooner needs no view, and an error no flash.
PATIENCE = 1.0
# Lines of the leaderboard beside that of the ensemble.
SHOWN = 5
# Columns between two figures, and those that a name needs.
GAP = 3
NAME = 13


class Progress(AbstractContextManager["Progress"], Protocol):
    """What long work tells of itself."""

    def advance(self, share: float | None, state: str, left: float = math.inf) -> None:
        """Say how far the work is.

        Parameters
        ----------
        share : float, optional
            The share in [0, 1] of the work or the time that is spent; None: nobody knows.
        state : str
            What is being done, in a few words.
        left : float
            Seconds left; infinite when no clock runs.
        """
        ...

    def standings(self, board: Leaderboard) -> None:
        """Show the leaderboard so far."""
        ...


class SilentProgress:
    """Nothing is shown."""

    def advance(self, share: float | None, state: str, left: float = math.inf) -> None:
        """Do nothing."""

    def standings(self, board: Leaderboard) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class LineProgress(SilentProgress):
    """A line on stderr whenever something better is found: for terminals that cannot redraw."""

    def __init__(self) -> None:
        self._told = ""

    def standings(self, board: Leaderboard) -> None:
        """Print the best line, when it is a new one."""
        if not len(board):
            return
        best = next(iter(board))
        line = f"{best.name}: {board.head} {number(best.score)}"
        if line != self._told:
            self._told = line
            sys.stderr.write(line + "\n")


class LiveProgress:
    """A bar with the time left, what is being done, and the leaderboard so far.

    It is drawn on stderr a few times a second, and gone without a trace when the work ends.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to draw; None: stderr.
    patience : float
        Seconds until something is shown.

    Examples
    --------
    >>> live = LiveProgress()
    >>> live.advance(0.25, "fitting linear-0", left=45.0)
    >>> live.render(width=40).splitlines()[1]
    'fitting linear-0'
    """

    def __init__(self, console: Console | None = None, patience: float = PATIENCE) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = console or Console(stderr=True, highlight=False)
        self._live = Live(
            self, console=self._console, refresh_per_second=5, transient=True, redirect_stdout=False
        )
        self._began = time.monotonic()
        self._patience = patience
        self._share: float | None = None
        self._state = "starting"
        self._deadline = math.inf
        self._board: Leaderboard | None = None

    def advance(self, share: float | None, state: str, left: float = math.inf) -> None:
        """Move the bar; without a share a spinner turns."""
        self._share = None if share is None else min(max(share, 0.0), 1.0)
        self._state = " ".join(state.split())
        self._deadline = time.monotonic() + left

    def standings(self, board: Leaderboard) -> None:
        """Show the leaderboard so far."""
        self._board = board

    def render(self, width: int) -> str:
        """Give what is shown now, as plain text of so many columns."""
        from rich.console import Console, Group

        plain = Console(width=width, color_system=None, highlight=False)
        with plain.capture() as captured:
            plain.print(Group(*self._parts(width, SHOWN)))
        return "\n".join(line.rstrip() for line in captured.get().rstrip().splitlines())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if time.monotonic() - self._began >= self._patience:
            # A leaderboard that does not fit would push the bar out of a low window.
            yield from self._parts(options.max_width, min(SHOWN, max(options.size.height - 6, 0)))

    def _parts(self, width: int, lines: int) -> list[RenderableType]:
        from rich.text import Text

        board = self._board
        if self._share is None and board is None:
            return [_spinner(self._state, time.monotonic() - self._began)]
        state = Text(self._state, style="dim", no_wrap=True, overflow="ellipsis")
        left = self._deadline - time.monotonic()
        clock = f"{_clock(left)} left" if math.isfinite(left) else self._passed()
        parts: list[RenderableType] = [_bar(self._share or 0.0, clock), state]
        if board is not None and len(board) and lines:
            parts += [Text(""), _table(board, lines, width)]
        return parts

    def _passed(self) -> str:
        return _clock(time.monotonic() - self._began)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()


def _clock(seconds: float) -> str:
    whole = max(round(seconds), 0)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _spinner(state: str, seconds: float) -> RenderableType:
    from rich.text import Text

    frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    line = f"{frames[int(seconds * 5) % len(frames)]} {state}"
    return Text(line, no_wrap=True, overflow="ellipsis")


def _bar(share: float, clock: str) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    line = Table.grid(padding=(0, 2, 0, 0), expand=True, pad_edge=False)
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(
        ProgressBar(total=1.0, completed=share, complete_style="green", finished_style="green"),
        clock,
    )
    return line


def _table(board: Leaderboard, lines: int, width: int) -> RenderableType:
    """Draw the ensemble and the best trials; what is not there yet keeps its line free."""
    from rich import box
    from rich.table import Table

    shown = _shown(board, lines)
    rows = [_cells(standing) for standing in shown]
    widths = {head: max(len(head), *(len(row[head]) for row in rows)) + GAP for head in rows[0]}
    room = width - NAME - len(board.head) - GAP
    heads = []
    for head in ("weight", "seconds", "95 % held-out"):  # the dearest first
        room -= widths[head]
        if room >= 0 and any(row[head] for row in rows):
            heads.append(head)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column("name", no_wrap=True, overflow="ellipsis")
    for head in (board.head, *heads):
        table.add_column(head, justify="right", no_wrap=True)
    for standing, row in zip(shown, rows, strict=True):
        style = "bold green" if standing.name == "ensemble" else ""
        cells = [number(standing.score), *(row[head] for head in heads)]
        table.add_row(standing.name, *cells, style=style)
    for _ in range(lines + 1 - len(shown)):
        table.add_row()
    return table


def _shown(board: Leaderboard, lines: int) -> list[Standing]:
    """Choose the lines: the best trials, and the ensemble wherever it stands."""
    shown: list[Standing] = []
    for standing in board:
        trials = sum(s.name != "ensemble" for s in shown)
        if standing.name == "ensemble" or trials < lines:
            shown.append(standing)
    return shown


def _cells(standing: Standing) -> dict[str, str]:
    member = standing.name != "ensemble" and standing.weight > 0
    between = ""
    if standing.low is not None and standing.high is not None:
        between = f"{number(standing.low, 4)} to {number(standing.high, 4)}"
    return {
        "95 % held-out": between,
        "weight": f"{standing.weight:.2f}" if member else "",
        "seconds": f"{standing.seconds:.1f}",
    }


def reading(data: object) -> str:
    """Say what is being read: a file by its name and size.

    Examples
    --------
    >>> reading({"x": [1]})
    'reading the table'
    """
    if not isinstance(data, str | Path):
        return "reading the table"
    if is_database(str(data)):
        return f"reading {masked_place(split_address(str(data))[0])}"
    path = Path(data)
    try:
        path = path.expanduser()
        size = path.stat().st_size if path.is_file() else 0
    except (OSError, RuntimeError):
        size = 0
    return f"reading {path.name}" + (f" ({size / 1e6:,.1f} MB)" if size else "")


def progress(quiet: bool = False) -> Progress:
    """Choose a live view when stderr is a person's terminal and `quiet` is not asked for."""
    if quiet or os.environ.get("CI") or not sys.stderr.isatty():
        return SilentProgress()
    return LineProgress() if os.environ.get("TERM") in ("dumb", "unknown") else LiveProgress()
