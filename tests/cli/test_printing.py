"""What the terminal is sent."""

from __future__ import annotations

import io
import warnings

import pytest

from modelwright.cli import main
from modelwright.cli.printing import notes_on_stderr, say
from modelwright.cli.reviewing import Terminal
from modelwright.cli.scoring import Scores, say_scores
from modelwright.core.errors import ModelwrightWarning


def test_nothing_of_the_data_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    name, shown = "a\x1b[2Jb\u202ec", "a\ufffd[2Jb\ufffdc"
    say(name)
    with notes_on_stderr():
        warnings.warn(name, ModelwrightWarning, stacklevel=2)
    assert capsys.readouterr() == (f"{shown}\n", f"note: {shown}\n")
    main([name])
    assert "\x1b" not in capsys.readouterr().err


def test_a_question_moves_no_cursor_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert Terminal().ask("what is believed of the same 'a\x1b[2J' [y/n] ") == "y\n"
    assert capsys.readouterr().err == "what is believed of the same 'a\ufffd[2J' [y/n] "


def test_fresh_rows_may_suit_a_metric_that_all_rows_do_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A logarithmic error has a value where no answer lies below zero."""
    nowhere = (float("nan"), float("nan"))
    some = Scores(9, {"rmse": 2.5, "rmsle": 0.25}, {"rmse": (2.0, 3.0), "rmsle": nowhere}, {})
    every = Scores(12, {"rmse": 1.5}, {"rmse": (1.0, 2.0)}, {})
    say_scores(every, some)
    assert capsys.readouterr().out.splitlines() == [
        "      all 12 rows (95 %)  9 fresh rows (95 %)",
        "rmse  1.5 (1 to 2)        2.5 (2 to 3)",
    ]
