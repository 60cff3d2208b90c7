"""The time that was given is kept, however long the fits take."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import modelwright as mw
from simulated import Machine
from test_flow import table

# What is promised: the whole command within its time, and this at most.
LATE = 2.0


def fitted(machine: Machine, seconds: float, monkeypatch: pytest.MonkeyPatch) -> mw.Result:
    machine.install(monkeypatch)
    return mw.fit(
        table(rows=60), "price", time=seconds, settings=mw.Settings(models=("linear",), workers=1)
    )


@pytest.mark.parametrize(
    ("seconds", "fit"),
    [
        pytest.param(60.0, 0.05, marks=pytest.mark.long),
        (10.0, 0.3),
        (10.0, 1.7),
        (10.0, 60.0),
        (4.0, 0.3),
        (4.0, 60.0),
        (1.0, 0.3),
    ],
)
def test_a_time_budget_is_kept(seconds: float, fit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(fit=fit, write=0.3)
    result = fitted(machine, seconds, monkeypatch)
    assert machine.now <= seconds + LATE
    assert result.timings["total"] == pytest.approx(machine.now, abs=0.1)
    assert result.predict(table()).height == table().height
    told = any("nothing could be validated" in note for note in result.notes)
    assert told == (result.score is None)
    # where ten folds and the writing fit in, there is a score
    assert result.score is not None or 12 * fit + 3 > seconds


@pytest.mark.long
def test_the_time_is_used_while_there_is_something_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(fit=0.7)
    result = fitted(machine, 30.0, monkeypatch)
    assert 20 < machine.now <= 30 + LATE
    assert len(result.leaderboard) >= 3  # the ensemble, and two trials of ten folds each


@pytest.mark.long
def test_a_fit_ends_early_when_nothing_is_left_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(fit=0.1)
    fitted(machine, 600.0, monkeypatch)
    assert machine.now < 30


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [3, 8])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_command_keeps_the_time_of_the_clock_on_the_wall(
    seconds: int, workers: int, tmp_path: Path
) -> None:
    """From the start of the process to its end; the two seconds are for a machine that is busy."""
    table(rows=1_000).write_csv(tmp_path / "houses.csv")
    options = ["--time", f"{seconds}s", "--workers", str(workers), "--report", "r.html"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "modelwright", "fit", "houses.csv", "--target", "price", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    assert mw.load(tmp_path / "model.mw").predict(tmp_path / "houses.csv").height == 1_000
    assert took <= seconds + LATE
