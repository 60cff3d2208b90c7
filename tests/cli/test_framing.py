"""``modelwright frame``: questions on a terminal, options without one, and what fit makes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import modelwright as mw
from framing.tables import kiosks, patients
from modelwright.cli import main
from modelwright.cli.framing import Known, framed
from modelwright.core.errors import OptionError
from modelwright.store.task_file import read_task


class Script:
    """A console whose answers are written down beforehand."""

    def __init__(self, *answers: str) -> None:
        self.answers: Iterator[str] = iter(answers)
        self.said: list[str] = []

    def say(self, line: str) -> None:
        """Keep a line."""
        self.said.append(line)

    def ask(self, prompt: str) -> str:
        """Give the next answer."""
        self.said.append(prompt)
        try:
            return next(self.answers)
        except StopIteration:
            raise EOFError from None

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(self.said)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kiosks().write_csv(tmp_path / "kiosks.csv")
    patients().write_csv(tmp_path / "patients.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(script: Script, data: str, known: Known | None = None) -> mw.Question:
    framed(data, known or Known(), mw.Settings(), Path("task.toml"), script)
    return read_task("task.toml").question


@pytest.mark.long
def test_enter_takes_what_the_data_suggests(folder: Path) -> None:
    script = Script("", "", "", "", "", "till", "", "")
    question = asked(script, "kiosks.csv")
    assert question.target == "sold"
    assert (question.order, question.unknown, question.metric) == ("day", ("till",), "rmse")
    assert next(script.answers, "all taken") == "all taken"


@pytest.mark.long
def test_wrong_answers_are_refused_and_asked_again(folder: Path) -> None:
    script = Script(
        *("solt", "sold"),
        *("kiosk", "kiosk and day"),
        *("dya", "day"),
        *("7", "3 weeks ago", "7 days"),
        *("sold", "none"),
        *("tll", "till"),
        *("auc", "mae"),
        *("frequencies", "last by kiosk"),
    )
    question = asked(script, "kiosks.csv")
    assert question == mw.Question(
        "sold", "regression", "mae", None, None, "day", None, "kiosk and day", "7 days", ("till",),
        "last by kiosk",
    )  # fmt: skip
    for reason in (
        "did you mean 'sold'?",
        "3 values of it in 360 rows",
        "a column of the table for --order",
        "a horizon with a unit",
        "expected a horizon; got '3 weeks ago'",
        "different columns for --target and --group",
        "did you mean 'till'?",
        "a metric for regression",
        "write mean",
    ):
        assert reason in script.text, reason
    assert "last by kiosk: mae" in script.text


@pytest.mark.long
def test_a_question_mark_explains_and_numbers_name_columns(folder: Path) -> None:
    script = Script("?", "7", "", "visit", "none", "none", "5,6", "accuracy", "column today")
    question = asked(script, "patients.csv")
    assert "will predict this column for new rows" in script.text
    assert "p0" in script.text  # examples of values
    assert (question.target, question.unknown) == ("state", ("today", "letter"))
    assert (question.metric, question.baseline) == ("accuracy", "column today")


@pytest.mark.long
def test_a_number_beyond_the_list_is_refused(folder: Path) -> None:
    script = Script("70", "sold", *[""] * 9)
    asked(script, "kiosks.csv")
    assert "its number up to 6; got 70" in script.text


@pytest.mark.long
def test_what_is_given_is_not_asked(folder: Path) -> None:
    script = Script("", "", "")
    known = Known(
        target="sold", order="day", horizon="1 week", group="none", metric="mae", unknown="till"
    )
    question = asked(script, "kiosks.csv", known)
    assert question.horizon == "1 week"
    assert "What do you want to know" not in script.text
    assert "What does a wrong answer cost" not in script.text
    wrong = Known(target="sold", order="day", horizon="x")
    with pytest.raises(OptionError, match="a horizon"):
        framed("kiosks.csv", wrong, mw.Settings(), Path("a"), script)


def test_answers_that_end_too_early_stop_it(folder: Path) -> None:
    with pytest.raises(OptionError, match="an answer to each question"):
        asked(Script("sold", ""), "kiosks.csv")
    assert not Path("task.toml").exists()


@pytest.mark.long
def test_without_a_terminal_nothing_is_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["frame", "kiosks.csv", "--target", "sold", "--unknown", "till", "--horizon", "7 days"]
    assert main([*given, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    answer = json.loads(captured.out)
    assert answer["question"]["horizon"] == "7 days"
    assert answer["data"]["answered"] == 360
    assert tomllib.loads(Path("task.toml").read_text())["unknown"] == ["till"]
    assert main([*given, "--overwrite"]) == 0
    shown = capsys.readouterr().out
    assert "next: modelwright fit kiosks.csv --frame task.toml" in shown
    assert "validated by: " in shown


WRONG = {
    "frame": "DATA after modelwright frame; got none; write: modelwright frame DATA --target",
    "frame kiosks.csv": "the option --target where there is no terminal",
    "frame kiosks.csv --yes": "the option --target where there is no terminal",
    "frame none.csv --target sold": "an existing file; got 'none.csv'",
    "frame kiosks.csv --target solt": "did you mean 'sold'?",
    "frame kiosks.csv --target sold --horizon soon": "a horizon; got 'soon'",
    "frame kiosks.csv --target sold --unknown tll": "columns of the table that are unknown",
    "frame kiosks.csv --target sold --baseline -3d": "a baseline",
    "frame kiosks.csv --target sold --metric f1": "a metric for regression",
    "frame kiosks.csv --target sold --out no/task.toml": "no folder",
    "frame kiosks.csv --tarket sold": "did you mean '--target'?",
    "frame kiosks.csv --target sold --out kiosks.csv --overwrite": "an output file of its own",
    "fit kiosks.csv --frame none.toml": "a task file; got 'none.toml'",
    "fit kiosks.csv --target till --frame there.toml": "the same --target as in --frame",
    "fit patients.csv --frame there.toml": "a column of the table for --target; got 'sold'",
    "fit kiosks.csv --metric mae --frame score.toml": "the metric of the task file",
    "frame kiosks.csv --target sold --out there.toml": "a new file for the task",
}


@pytest.mark.long
@pytest.mark.parametrize(("line", "said"), WRONG.items(), ids=list(WRONG))
def test_what_is_wrong_is_one_line(
    folder: Path, line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("there.toml").write_text('target = "sold"\n')
    Path("score.toml").write_text('target = "sold"\nmetric = "rmse"\nbaseline = 3.5\n')
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.strip().splitlines()) == 1


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_a_real_terminal_is_asked(folder: Path) -> None:
    import pty

    master, slave = pty.openpty()
    answers = "\n\nday\n7 days\nnone\ntill\nmae\nlast by kiosk\n"
    os.write(master, answers.encode())
    done = subprocess.run(
        [sys.executable, "-m", "modelwright", "frame", "kiosks.csv", "--json"],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        timeout=60,
        check=False,
    )
    os.close(slave)
    shown = os.read(master, 2**16).decode()
    os.close(master)
    assert done.returncode == 0, shown
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["question"]["baseline"] == "last by kiosk"
    assert answer["question"]["unknown"] == ["till"]
    assert "What do you want to know?" in shown
