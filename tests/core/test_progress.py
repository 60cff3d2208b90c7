"""What a person sees while a fit runs, and what a pipe does not."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from modelwright.core.progress import (
    LineProgress,
    LiveProgress,
    SilentProgress,
    progress,
    reading,
)
from modelwright.core.result import Leaderboard, Standing

ENSEMBLE = Standing("ensemble", 0.913, 1.0, 9.0)


def board(trials: int, *, place: int = 0, known: bool = False) -> Leaderboard:
    """Make a leaderboard with the ensemble at some place."""
    low, high = (0.8, 0.95) if known else (None, None)
    lines = [Standing(f"lightgbm-{i}", 0.9 - i / 100, 0.5, 2.0, low, high) for i in range(trials)]
    lines.insert(place, ENSEMBLE)
    return Leaderboard("roc_auc", tuple(lines))


def view(width: int, shown: Leaderboard | None = None, state: str = "fitting linear-0") -> str:
    live = LiveProgress()
    live.advance(0.5, state, left=83.0)
    if shown is not None:
        live.standings(shown)
    return live.render(width)


def test_the_view_says_what_is_done_and_how_long_it_takes() -> None:
    bar, state, blank, head, *_ = view(80, board(3)).splitlines()
    assert bar.endswith("1:23 left")
    assert state == "fitting linear-0"
    assert blank == ""
    assert head.split() == ["name", "roc_auc", "weight", "seconds"]


def test_no_clock_shows_the_time_that_passed() -> None:
    live = LiveProgress()
    live.advance(0.5, "fitting")
    assert re.search(r"0:00$", live.render(40).splitlines()[0])


def test_long_times_have_hours() -> None:
    live = LiveProgress()
    live.advance(0.0, "fitting", left=3 * 3600 + 5 * 60)
    assert "3:05:00 left" in live.render(40)


@pytest.mark.parametrize("place", [0, 3, 9])
def test_five_trials_and_the_ensemble_wherever_it_stands(place: int) -> None:
    names = [line.split()[0] for line in view(80, board(9, place=place)).splitlines()[5:]]
    assert sorted(names) == ["ensemble", *(f"lightgbm-{i}" for i in range(5))]
    assert names.index("ensemble") == min(place, 5)


def test_the_view_keeps_its_height_as_trials_come() -> None:
    tall = Console(width=80, height=24, file=io.StringIO())
    heights = set()
    for trials in range(1, 9):
        live = LiveProgress(tall, patience=0.0)
        live.advance(0.5, "fitting", left=1.0)
        live.standings(board(trials))
        heights.add(len(tall.render_lines(live)))
    assert heights == {2 + 1 + 2 + 6}


def test_a_low_window_keeps_the_bar() -> None:
    low = Console(width=80, height=8, file=io.StringIO())
    live = LiveProgress(low, patience=0.0)
    live.advance(0.5, "fitting", left=1.0)
    live.standings(board(9))
    assert len(low.render_lines(live)) <= 8


@pytest.mark.long
@settings(deadline=None, max_examples=60)
@given(
    st.integers(20, 120),
    st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=60),
    st.sampled_from(["rmse", "balanced_accuracy"]),
    st.booleans(),
)
def test_no_line_is_wider_than_the_terminal(
    width: int, name: str, metric: str, known: bool
) -> None:
    lines = (*board(4, known=known).standings, Standing(name, 0.5, 0.1, 1.0))
    text = view(width, Leaderboard(metric, lines), state=f"fitting {name}")
    measure = Console(width=200)
    assert all(measure.measure(line).maximum <= width for line in text.splitlines())


def test_forty_columns_keep_name_and_score() -> None:
    head = view(40, board(3, known=True)).splitlines()[3]
    assert head.split() == ["name", "roc_auc", "weight"]
    wide = view(80, board(3, known=True))
    assert "0.8 to 0.95" in wide


def test_reading_shows_a_spinner_with_name_and_size(tmp_path: Any) -> None:
    path = tmp_path / "houses.csv"
    path.write_bytes(b"x" * 12_300_000)
    live = LiveProgress()
    live.advance(None, reading(path))
    assert re.fullmatch(r"\S reading houses.csv \(12\.3 MB\)", live.render(60))
    assert reading("no such file.csv") == "reading no such file.csv"
    assert reading({"x": [1]}) == "reading the table"


def terminal(patience: float, **options: Any) -> str:
    """Give what a short fit writes to a terminal."""
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=True, width=60, height=24, **options)
    with LiveProgress(console, patience=patience) as live:
        live.advance(0.5, "fitting linear-0", left=5.0)
        live.standings(board(2))
    return paper.getvalue()


def test_what_was_drawn_is_gone_at_the_end() -> None:
    written = terminal(0.0, color_system="truecolor")
    assert "fitting linear-0" in written
    after = written.rpartition("\x1b[?25h")[2]  # the cursor is back
    lines_up = after.count("\x1b[1A\x1b[2K")
    assert lines_up == len(written.partition("\x1b[?25h")[0].rpartition("\r")[2].splitlines())
    assert re.sub(r"\x1b\[\d*[A-Za-z]|\r", "", after) == ""


def test_a_quick_end_shows_nothing() -> None:
    assert "linear" not in terminal(60.0)


def test_no_colour_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    colour = re.compile(r"\x1b\[[\d;]*(3[0-9]|9[0-7]|38)[\d;]*m")
    assert colour.search(terminal(0.0, color_system="standard"))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colour.search(terminal(0.0, color_system="standard"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"TERM": "xterm", "CI": ""}, LiveProgress),
        ({"TERM": "xterm", "CI": "true"}, SilentProgress),
        ({"TERM": "dumb", "CI": ""}, LineProgress),
    ],
)
def test_the_terminal_decides(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], kind: type
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert type(progress()) is SilentProgress
    monkeypatch.setattr("sys.stderr", Terminal())
    assert type(progress()) is kind
    assert type(progress(quiet=True)) is SilentProgress


def test_a_dumb_terminal_gets_a_line_for_each_new_best(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with LineProgress() as lines:
        lines.advance(0.1, "fitting", left=1.0)
        lines.standings(Leaderboard("roc_auc", ()))
        lines.standings(board(1))
        lines.standings(board(2))
    assert capsys.readouterr().err == "ensemble: roc_auc 0.913\n"
