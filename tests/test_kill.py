"""A killed fit leaves a valid model, and `--resume` loses nothing that was finished."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import modelwright as mw
from test_flow import table

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL"),
]
TRIALS = 3


def command(folder: Path, *more: str) -> list[str]:
    fit = [sys.executable, "-m", "modelwright", "fit", str(folder / "houses.csv")]
    return [
        *(*fit, "--target", "price", "--trials", str(TRIALS), "--workers", "2"),
        *("--out", str(folder / "m.mw"), "--store", str(folder / "store"), "--json", *more),
    ]


def journal(folder: Path) -> list[tuple[str, str]]:
    lines = [
        json.loads(line)
        for path in (folder / "store").rglob("journal.jsonl")
        for line in path.read_text().splitlines()
    ]
    return [(line["event"], line["key"]) for line in lines]


def finished(folder: Path, *more: str) -> dict[str, object]:
    done = subprocess.run(
        command(folder, *more), capture_output=True, text=True, timeout=120, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, object]:
    """Give the seconds and the score of a fit that nobody kills."""
    folder = tmp_path_factory.mktemp("whole")
    table(rows=600).write_csv(folder / "houses.csv")
    began = time.monotonic()
    score = finished(folder)["score"]
    return time.monotonic() - began, score


@pytest.mark.parametrize("number", range(6))
def test_killed_and_resumed(whole: tuple[float, object], tmp_path: Path, number: int) -> None:
    seconds, score = whole
    table(rows=600).write_csv(tmp_path / "houses.csv")
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command(tmp_path), **silent)  # type: ignore[call-overload]
    time.sleep(random.Random(number).uniform(0.1, 1.0) * seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if (tmp_path / "m.mw").exists():
        assert mw.load(tmp_path / "m.mw").predict(tmp_path / "houses.csv").height == 600
    assert finished(tmp_path, "--resume")["score"] == score
    events = journal(tmp_path)
    for index, (event, key) in enumerate(events):
        if event == "start":
            assert ("done", key) not in events[:index], f"{key} was fitted twice"


def test_two_processes_do_not_work_on_one_run(tmp_path: Path) -> None:
    table(rows=3_000).write_csv(tmp_path / "houses.csv")
    first = subprocess.Popen(command(tmp_path), stdout=subprocess.DEVNULL)
    while not list((tmp_path / "store").rglob("journal.jsonl")):
        time.sleep(0.05)
    second = subprocess.run(command(tmp_path, "--resume"), capture_output=True, text=True)
    first.send_signal(signal.SIGINT)
    first.wait()
    assert second.returncode == 2
    assert len(second.stderr.strip().splitlines()) == 1
