"""The workers of one engine: who is idle, who does what, and who is to be replaced."""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelwright.engine.jobs import one_line
from modelwright.engine.process import WorkerProcess
from modelwright.engine.waiting import Item

__all__ = ["Crew", "Limits", "choose_victim"]

_START_SECONDS = 120.0  # a worker that has not said a word by then hangs
_FAILED_STARTS = 3  # in a row: workers cannot be started here


@dataclass(frozen=True)
class Limits:
    """What an engine may use.

    Parameters
    ----------
    workers : int
        Processes.
    cores : int
        Cores that running jobs may keep busy together.
    memory : int, optional
        Bytes that all workers may hold together; when they hold more, the largest is killed.
    preload : tuple of str
        Modules that each worker imports at once.
    """

    workers: int
    cores: int
    memory: int | None = None
    preload: tuple[str, ...] = ()


class Crew:
    """The workers, for the one thread that owns them.

    Parameters
    ----------
    limits : Limits
        What may be used.
    inbox : queue
        Takes what workers say.
    """

    def __init__(self, limits: Limits, inbox: queue.SimpleQueue[Any]) -> None:
        self._limits = limits
        self._inbox = inbox
        self._tasks: dict[WorkerProcess, Item | None] = {}
        self._failed_starts = 0
        self._why = ""

    def __contains__(self, worker: WorkerProcess) -> bool:
        return worker in self._tasks

    @property
    def items(self) -> list[Item]:
        """What is being worked on."""
        return [item for item in self._tasks.values() if item is not None]

    @property
    def free_cores(self) -> int:
        """Cores that no running job was given."""
        return self._limits.cores - sum(item.cores for item in self.items)

    @property
    def hopeless(self) -> str:
        """Why no worker can be started here; empty when some can."""
        return "" if self._tasks or self._failed_starts < _FAILED_STARTS else self._why

    def hire(self) -> None:
        """Replace the missing, and those that do not wake up."""
        for worker in [*self._tasks]:
            if not worker.ready and time.monotonic() > worker.started + _START_SECONDS:
                self.discard(worker)
                self.note_failed_start(f"no sign of life within {_START_SECONDS:g} s")
        while len(self._tasks) < self._limits.workers and self._failed_starts < _FAILED_STARTS:
            try:
                worker = WorkerProcess(self._inbox, self._limits.cores, self._limits.preload)
            except OSError as error:
                self.note_failed_start(one_line(error))
            else:
                self._tasks[worker] = None

    def note_failed_start(self, why: str) -> None:
        """Remember that a worker did not come up; after a few in a row nobody is hired."""
        self._failed_starts += 1
        self._why = why

    def note_ready(self, worker: WorkerProcess) -> None:
        """Remember that a worker has come up."""
        worker.ready = True
        self._failed_starts = 0

    def idle(self) -> WorkerProcess | None:
        """Give a worker that waits for a job."""
        ready = (worker for worker, item in self._tasks.items() if item is None and worker.ready)
        return next(ready, None)

    def assign(self, worker: WorkerProcess, item: Item) -> None:
        """Send a job to an idle worker."""
        self._tasks[worker] = item
        worker.send(item.job.call, item.arguments)

    def release(self, worker: WorkerProcess) -> Item | None:
        """Take back the job that a worker has done; it is idle now."""
        item = self._tasks[worker]
        self._tasks[worker] = None
        return item

    def lose(self, worker: WorkerProcess) -> Item | None:
        """Strike off a worker that has died; gives the job it had."""
        return self._tasks.pop(worker)

    def discard(self, worker: WorkerProcess) -> None:
        """Kill a worker; nothing that it says counts any more."""
        del self._tasks[worker]
        worker.kill()

    def discard_holder(self, item: Item) -> None:
        """Kill the worker that has this job, if one has."""
        for worker in [worker for worker, held in self._tasks.items() if held is item]:
            self.discard(worker)

    def tasks(self) -> dict[WorkerProcess, Item | None]:
        """List the workers with their jobs."""
        return dict(self._tasks)

    def dismiss(self) -> None:
        """Kill everybody, and wait until they are gone."""
        workers = [*self._tasks]
        for worker in workers:
            self.discard(worker)
        for worker in workers:
            worker.join(2.0)


def choose_victim(
    held: Mapping[WorkerProcess, int], tasks: Mapping[WorkerProcess, Item | None], limit: int
) -> WorkerProcess | None:
    """Choose who dies when all workers together hold too much.

    Parameters
    ----------
    held : mapping of worker to int
        Bytes.
    tasks : mapping of worker to Item or None
        Their jobs; None for the idle.
    limit : int
        Bytes they may hold together.

    Returns
    -------
    WorkerProcess or None
        The largest idle one that kept much from an earlier job, since nothing is lost with it;
        else the largest busy one; None when the limit is kept, or killing would not help.
    """
    if sum(held.values()) <= limit:
        return None
    # A fresh worker holds its libraries too: to replace one as small as that gains nothing.
    least = min(held.values())
    idle = [worker for worker, item in tasks.items() if item is None and worker.jobs]
    bloated = [worker for worker in idle if held[worker] > least + limit // 20]
    busy = [worker for worker, item in tasks.items() if item is not None]
    return max(bloated or busy, key=held.__getitem__, default=None)
