"""The loop of a worker process: ``python -m modelwright.engine.worker MODULE...``.

Jobs come as JSON lines on stdin and reports go as JSON lines to stdout. Both are moved away from
their numbers first, so that a library that prints, or reads, cannot garble the conversation. When
stdin ends, the parent is gone, and so is the worker at once.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from modelwright.engine.jobs import perform
from modelwright.engine.platform import die_with_parent, resident_memory

__all__ = ["main"]


def main(preload: list[str]) -> None:
    """Work until the parent is gone.

    Parameters
    ----------
    preload : list of str
        Modules to import before the first job, so that it finds them warm.
    """
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    commands, reports = _take_channels()
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(commands, inbox), daemon=True).start()
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    for name in preload:
        with suppress(Exception):  # the job that needs it will say what is wrong with it
            importlib.import_module(name)
    _say(reports, {"ready": os.getpid()})
    while True:
        job: dict[str, Any] = json.loads(inbox.get())
        report = perform(str(job["call"]), job["arguments"])
        # Large objects have just been freed: this is what the worker holds between jobs.
        _say(reports, {**asdict(report), "memory": resident_memory(os.getpid())})


def _take_channels() -> tuple[int, int]:
    commands, reports = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return commands, reports


def _listen(commands: int, inbox: queue.SimpleQueue[bytes]) -> None:
    with suppress(OSError), os.fdopen(commands, "rb") as file:
        for line in file:
            inbox.put(line)
    os._exit(0)


def _watch_parent(parent: int) -> None:
    # Someone else may hold the other end of our stdin: a process that the parent forked.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def _say(reports: int, message: dict[str, Any]) -> None:
    data = memoryview(json.dumps(message).encode() + b"\n")
    try:
        while data:
            data = data[os.write(reports, data) :]
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
