"""One worker process as its parent sees it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.engine.platform import kill_orphans, kill_tree, popen_options, resident_memory

__all__ = ["Gone", "Heard", "WorkerProcess", "death_of", "worker_environment"]

_TAIL = 8192


@dataclass(frozen=True)
class Heard:
    """A worker has said something."""

    worker: WorkerProcess
    message: dict[str, Any]


@dataclass(frozen=True)
class Gone:
    """A worker has died; `code` as in `subprocess.Popen.returncode`."""

    worker: WorkerProcess
    code: int


class WorkerProcess:
    """A child that waits for jobs; what it says, and its death, are put into `inbox`.

    Parameters
    ----------
    inbox : queue
        Takes `Heard` and `Gone` from the threads that listen here.
    cores : int
        How many threads its libraries may use.
    preload : sequence of str
        Modules that it imports at once.
    runtime : str
        For which jobs it is; see `Job`.

    Raises
    ------
    OSError
        When the system cannot start a process.
    """

    def __init__(
        self,
        inbox: queue.SimpleQueue[Any],
        cores: int,
        preload: Sequence[str] = (),
        runtime: str = "",
    ) -> None:
        self.runtime = runtime
        self.started = time.monotonic()
        self.ready = False
        self.jobs = 0
        self._inbox = inbox
        self._tail = b""
        # -P: a random.py in the user's folder is none of ours.
        command = [sys.executable, "-P", "-m", "modelwright.engine.worker", *preload]
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=worker_environment(cores),
            **popen_options(),
        )
        self._words = threading.Thread(target=self._collect_words, daemon=True)
        self._words.start()
        self._ears = threading.Thread(target=self._listen, daemon=True)
        self._ears.start()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._child.pid

    @property
    def memory(self) -> int:
        """The bytes that it holds now; 0 when it is gone."""
        return resident_memory(self._child.pid)

    def send(self, call: str, arguments: str) -> None:
        """Give it a job; `arguments` is JSON text without line breaks."""
        self.jobs += 1
        line = f'{{"call": {json.dumps(call)}, "arguments": {arguments}}}\n'
        pipe = self._child.stdin
        with suppress(OSError):  # it has just died: the listener will say so
            if pipe is not None:
                pipe.write(line.encode())
                pipe.flush()

    def kill(self) -> None:
        """Kill it and whatever it has started; its death is still told to the inbox."""
        if self._child.poll() is None:
            kill_tree(self._child.pid)

    def join(self, timeout: float) -> None:
        """Wait until it is gone and its pipes are closed."""
        self._ears.join(timeout)

    def last_words(self) -> str:
        """Give the end of what it wrote to stderr."""
        return self._tail.decode(errors="replace").strip()

    def _listen(self) -> None:
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdout as pipe:
            for line in pipe:
                with suppress(ValueError):
                    self._inbox.put(Heard(self, json.loads(line)))
        try:
            code = child.wait(1.0)
        except subprocess.TimeoutExpired:  # alive, but deaf and dumb
            self.kill()
            code = child.wait()
        kill_orphans(child.pid)  # what it has started is no use without it
        self._words.join(1.0)
        with suppress(OSError):
            child.stdin.close()
        self._inbox.put(Gone(self, code))

    def _collect_words(self) -> None:
        assert self._child.stderr is not None
        with self._child.stderr as pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                self._tail = (self._tail + chunk)[-_TAIL:]


def death_of(code: int) -> str:
    """Say how a process died.

    Examples
    --------
    >>> death_of(-11), death_of(3)
    ('killed by SIGSEGV', 'exit code 3')
    """
    if code < 0:
        with suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def worker_environment(cores: int) -> dict[str, str]:
    """Give the environment of a worker: this one's, with the threads of its libraries tamed.

    Parameters
    ----------
    cores : int
        How many threads OpenMP and Polars may use. BLAS gets one: the learners here gain nothing
        from more, and idle BLAS threads spin.

    Examples
    --------
    >>> worker_environment(2)["OMP_NUM_THREADS"]
    '2'
    """
    threads = str(cores)
    environment = dict(os.environ) | {
        "OMP_NUM_THREADS": threads,
        "POLARS_MAX_THREADS": threads,
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
        "NUMEXPR_NUM_THREADS": "1",
        # Threads that wait for work sleep instead of spinning: workers outnumber cores at times.
        "OMP_WAIT_POLICY": "PASSIVE",
        "KMP_BLOCKTIME": "0",
        "PYTHONHASHSEED": "0",
    }
    root = Path(__file__).parents[2]
    if root.name not in ("site-packages", "dist-packages"):
        # A source tree that the parent found by other means; an installed package is found anyway,
        # and its folder must not come before the standard library.
        kept = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(root), *([kept] if kept else [])])
    return environment
