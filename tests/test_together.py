"""One fit on images by two processes, as torchrun starts them: one model, one voice, one end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import FitError, LostError
from modelwright.store.archive import read_archive
from modelwright.store.tensors import unpack_tensors
from pictured import write_classes
from training.test_together import free_port

# What stumbles in a process that is not the first, and how.
STUMBLES = {
    "killed": "os.kill(os.getpid(), 9)",
    "memory": "raise MemoryError",
}


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lying and upright bars: train, val and test."""
    return write_classes(tmp_path_factory.mktemp("bars"), {"train": 60, "val": 20, "test": 20}, 8)


def started(
    arguments: list[str], *, rank: int, port: int, first: list[str] | None = None
) -> subprocess.Popen[str]:
    """Start a process as torchrun does."""
    told = {
        "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "RANK": str(rank), "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }  # fmt: skip
    command = [sys.executable, *(first or ["-m", "modelwright"]), *arguments]
    return subprocess.Popen(
        command, env={**os.environ, **told}, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def ended(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    """Wait for all; give exit codes and what was written."""
    try:
        found = []
        for process in processes:
            out, errors = process.communicate(timeout=90)
            found.append((process.returncode, out, errors))
        return found
    finally:
        for process in processes:
            process.kill()


def weights(path: Path) -> Mapping[str, np.ndarray]:
    return unpack_tensors(read_archive(path)["parts/0/blob-weights"])[0]


@pytest.mark.long
def test_torchrun_gives_the_model_of_one_process_and_one_voice(bars: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.mw"
    asked = ["fit", str(bars), "--trials", "1", "--json"]
    here = ["--store", str(tmp_path / "s"), "--out", str(tmp_path / "m.mw")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        assert main([*asked, "--out", str(alone)]) == 0
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*run, "-m", "modelwright", *asked, *here],
        capture_output=True, text=True, timeout=110, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)  # one object, of the first process
    assert told["test"]["rows"] == 40
    assert len([*(tmp_path / "s" / "runs").iterdir()]) == 1, "one of them records a run"
    found, wanted = weights(tmp_path / "m.mw"), weights(alone)
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        # a sum of gradients rounds otherwise, and a hundred steps follow from it
        np.testing.assert_allclose(found[name], value, rtol=0.05, atol=3e-3, err_msg=name)


PYTHON = """
import sys
import modelwright as mw
settings = mw.Settings(trials=2, store=sys.argv[2])
result = mw.fit(sys.argv[1], settings=settings)
print(result.run, result.score, result.predict(sys.argv[1] + "/test").height)
"""


@pytest.mark.long
def test_every_process_of_a_program_has_the_model(bars: Path, tmp_path: Path) -> None:
    port, code = free_port(), PYTHON
    asked = [str(bars), str(tmp_path)]
    found = ended([started(asked, rank=r, port=port, first=["-c", code]) for r in range(2)])
    assert [code for code, _, _ in found] == [0, 0], found
    assert found[0][1] == found[1][1]
    assert found[0][1].split()[2] == "40"


STUMBLING = """
import os, sys
from modelwright.training.loop import Training
plain = Training._taken
def taken(self, index):
    if self.at == 1:
        {stumble}
    return plain(self, index)
if os.environ["RANK"] == "1":
    Training._taken = taken
from modelwright.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "words"),
    [("killed", "got one that is gone without a word"),
     ("memory", "got process 1 ended: expected memory to learn from")],
)  # fmt: skip
def test_the_end_of_one_process_is_the_end_of_all_in_one_line(
    bars: Path, tmp_path: Path, how: str, words: str
) -> None:
    code = STUMBLING.format(stumble=STUMBLES[how])
    out = str(tmp_path / "m.mw")
    asked = ["fit", str(bars), "--trials", "2", "--out", out, "--store", str(tmp_path / "s")]
    port = free_port()
    first, second = ended(
        [started(asked, rank=rank, port=port, first=["-c", code]) for rank in range(2)]
    )
    assert first[0] == 2
    assert second[0] != 0
    lines = (first[1] + first[2] + second[1] + second[2]).splitlines()
    assert len(lines) == 1, lines
    line = lines[0]
    assert line.startswith("error: expected 2 processes to the end")
    assert words in line


@pytest.mark.long
def test_what_is_wrong_with_the_data_is_said_once(tmp_path: Path) -> None:
    write_classes(tmp_path / "in" / "one", {"": 3}, 8)
    port, asked = free_port(), ["fit", str(tmp_path / "in" / "one" / "lying"), "--trials", "1"]
    asked += ["--store", str(tmp_path / "s"), "--out", str(tmp_path / "m.mw")]
    first, second = ended([started(asked, rank=rank, port=port) for rank in range(2)])
    assert (first[0], second[0]) == (2, 2)
    assert first[2].startswith("error: expected")
    assert len(first[2].splitlines()) == 1
    assert second[1] + second[2] == ""


@pytest.mark.long
def test_ctrl_c_keeps_the_best_model_and_ends_all(bars: Path, tmp_path: Path) -> None:
    out, port = tmp_path / "m.mw", free_port()
    asked = ["fit", str(bars), "--time", "60s", "--out", str(out), "--store", str(tmp_path / "s")]
    processes = [started(asked, rank=rank, port=port) for rank in range(2)]
    until = time.monotonic() + 60
    while not out.is_file() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    processes[0].send_signal(signal.SIGINT)
    first, second = ended(processes)
    assert "interrupted; the best model so far is kept" in first[1]
    assert mw.load(out).card.score is not None
    assert second[0] != 0
    assert second[1] + second[2] == ""


def test_a_table_is_for_one_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n2,3\n")
    assert main(["fit", str(path), "--target", "b", "--out", str(tmp_path / "m.mw")]) == 2
    assert "leave torchrun out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "rank", "words"),
    [
        (LostError("2 processes", "one", told=True), "1", ""),
        (LostError("2 processes", "one"), "1", "error: expected 2 processes; got one\n"),
        (LostError("2 processes", "one"), "0", "error: expected 2 processes; got one\n"),
        (ZeroDivisionError("by zero"), "1", ""),
        (FitError("the loss was no number"), "0", "error: nothing could be fitted: the loss was"),
    ],
)
def test_one_process_speaks_for_all(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    rank: str,
    words: str,
) -> None:
    def failing(*_: object) -> None:
        raise error

    told = {"RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("modelwright.cli.fitting.check_data", failing)
    monkeypatch.setattr("modelwright.cli.fitting._help", failing)
    assert main(["fit", "a.zip"]) in (1, 2)
    told_all = capsys.readouterr()
    assert told_all.out == ""
    assert told_all.err.startswith(words)
    assert bool(told_all.err) == bool(words)
