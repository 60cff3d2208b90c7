"""Tiny jobs with which an engine is tested: they wait, fail, print, crash and eat memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["allocate", "chatter", "child", "crash", "crash_once", "echo", "fail", "nap", "whoami"]


def echo(value: Any) -> Any:
    """Give back what came."""
    return value


def nap(seconds: float) -> list[float]:
    """Sleep; gives the moments of `time.time` at which it began and ended."""
    began = time.time()
    time.sleep(seconds)
    return [began, time.time()]


def fail(message: str) -> None:
    """Raise a ValueError."""
    raise ValueError(message)


def crash(words: str = "") -> None:
    """Die at once, as a library does that calls abort; `words` go to stderr first."""
    os.write(2, words.encode())
    os._exit(3)


def crash_once(marker: str) -> str:
    """Die when called first, and return when called again; `marker` is a file to remember by."""
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(3)
    return "survived"


def allocate(megabytes: int, seconds: float = 0.0) -> int:
    """Hold so much memory for so long, every page of it touched."""
    block = bytearray(megabytes * 2**20)
    block[::4096] = b"x" * len(block[::4096])
    time.sleep(seconds)
    return len(block)


def chatter(lines: int) -> str:
    """Print to stdout in three ways, as libraries do, and read stdin."""
    for line in range(lines):
        sys.stdout.write(f'{{"noise": {line}}}\n')
        os.write(1, b"noise past the interpreter\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-c", "print('noise of a child')"], check=True)
    return sys.stdin.read() + "quiet"


def child(seconds: float) -> int:
    """Start a process that sleeps, write nothing, and sleep too; gives its id."""
    with subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"]) as process:
        time.sleep(seconds)
        return process.pid


def whoami() -> dict[str, Any]:
    """Give the id of the process and what of its environment concerns threads."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY", "PYTHONHASHSEED")
    environment = {name: os.environ.get(name) for name in names}
    return {"pid": os.getpid(), "environment": environment, "modules": sorted(sys.modules)}
