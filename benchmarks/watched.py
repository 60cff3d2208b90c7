"""Run a command, and watch the memory of its whole tree of processes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

PAUSE = 0.05


@dataclass(frozen=True)
class Watched:
    """How a command went.

    Parameters
    ----------
    code : int
        The exit code; -1 when it was killed at the time limit.
    seconds : float
        Wall clock of the whole process, its start included.
    peak_mib : float
        The largest sum of proportional memory (PSS; RSS where there is none) over the tree,
        sampled every 50 ms.
    processes : int
        The largest number of processes at one moment.
    stdout, stderr : str
        What it wrote.
    """

    code: int
    seconds: float
    peak_mib: float
    processes: int
    stdout: str
    stderr: str


def modelwright(*words: str) -> list[str]:
    """Give the command that runs the command line in this environment."""
    return [sys.executable, "-m", "modelwright", *words]


def watch(command: Sequence[str], cwd: Path, limit: float) -> Watched:
    """Run a command to its end, or kill it after `limit` seconds."""
    began = time.monotonic()
    process = subprocess.Popen(
        list(command),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    sampler = _Sampler(process.pid)
    sampler.start()
    try:
        out, err = process.communicate(timeout=limit)
        seconds = time.monotonic() - began
        code = process.returncode
    except subprocess.TimeoutExpired:
        kill_tree(process.pid)
        out, err = process.communicate()
        seconds, code = time.monotonic() - began, -1
    sampler.finish()
    return Watched(code, seconds, sampler.peak / 2**20, sampler.most, out, err)


def tree(pid: int) -> list[psutil.Process]:
    """List a process and everything below it."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill_tree(pid: int) -> None:
    """Kill a process and everything below it, and nothing else."""
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _memory_of(process: psutil.Process) -> int:
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return int(process.memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


class _Sampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.most = 0
        self._pid = pid
        self._stop_now = threading.Event()

    def run(self) -> None:
        while not self._stop_now.wait(PAUSE):
            alive = tree(self._pid)
            self.most = max(self.most, len(alive))
            self.peak = max(self.peak, sum(_memory_of(process) for process in alive))

    def finish(self) -> None:
        self._stop_now.set()
        self.join()
