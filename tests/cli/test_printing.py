"""What the terminal is sent."""

from __future__ import annotations

import warnings

import pytest

from modelwright.cli import main
from modelwright.cli.printing import notes_on_stderr, say
from modelwright.core.errors import ModelwrightWarning


def test_nothing_of_the_data_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    name, shown = "a\x1b[2Jb\u202ec", "a\ufffd[2Jb\ufffdc"
    say(name)
    with notes_on_stderr():
        warnings.warn(name, ModelwrightWarning, stacklevel=2)
    assert capsys.readouterr() == (f"{shown}\n", f"note: {shown}\n")
    main([name])
    assert "\x1b" not in capsys.readouterr().err
