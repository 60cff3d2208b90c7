"""The workers of one engine: who is idle, who does what, and who is to be replaced."""

from __future__ import annotations

import queue
import time
from collections import Counter
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
        Processes that work at once. Those of another runtime than the jobs at hand wait beside
        them.
    cores : int
        Cores that running jobs may keep busy together.
    memory : int, optional
        Bytes that all workers may hold together; when they hold more, the largest is killed. None:
        what is free decides.
    preload : tuple of str
        Modules that each ordinary worker imports at once.
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
        self._wanted = False
        self._failed_starts: Counter[str] = Counter()
        self._why: dict[str, str] = {}

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
    def offered(self) -> frozenset[str]:
        """The runtimes of which a worker waits for a job; none while as many work as may."""
        if len(self.items) >= self._limits.workers:
            return frozenset()
        waiting = [worker for worker, item in self._tasks.items() if item is None and worker.ready]
        return frozenset(worker.runtime for worker in waiting)

    def hopeless(self, runtime: str) -> str:
        """Say why no worker of a runtime can be started here; empty when some can."""
        alive = any(worker.runtime == runtime for worker in self._tasks)
        if alive or self._failed_starts[runtime] < _FAILED_STARTS:
            return ""
        return self._why[runtime]

    def hire(self, wanted: Counter[str]) -> None:
        """Replace the missing, and those that do not wake up; start what jobs that wait need.

        Parameters
        ----------
        wanted : Counter of str
            How many jobs of each runtime wait. An ordinary worker is always there, all of them
            from the first job on; others come when they are needed, and stay.
        """
        for worker in [*self._tasks]:
            if not worker.ready and time.monotonic() > worker.started + _START_SECONDS:
                self.discard(worker)
                why = f"no sign of life within {_START_SECONDS:g} s"
                self.note_failed_start(worker.runtime, why)
        most = self._limits.workers
        self._wanted |= bool(wanted)
        for runtime, jobs in {**wanted, "": most if self._wanted else 1}.items():
            own = [worker for worker in self._tasks if worker.runtime == runtime]
            busy = sum(self._tasks[worker] is not None for worker in own)
            for _ in range(min(most, busy + jobs) - len(own)):
                self._start(runtime)

    def _start(self, runtime: str) -> None:
        if self._failed_starts[runtime] >= _FAILED_STARTS:
            return
        preload = (runtime,) if runtime else self._limits.preload
        try:
            worker = WorkerProcess(self._inbox, self._limits.cores, preload, runtime)
        except OSError as error:
            self.note_failed_start(runtime, one_line(error))
        else:
            self._tasks[worker] = None

    def note_failed_start(self, runtime: str, why: str) -> None:
        """Remember that a worker did not come up; after a few in a row nobody is hired."""
        self._failed_starts[runtime] += 1
        self._why[runtime] = why

    def note_ready(self, worker: WorkerProcess) -> None:
        """Remember that a worker has come up."""
        worker.ready = True
        self._failed_starts[worker.runtime] = 0

    def assign(self, item: Item) -> None:
        """Send a job to a worker that waits; its runtime must be among those offered."""
        idle = (worker for worker, held in self._tasks.items() if held is None and worker.ready)
        worker = next(worker for worker in idle if worker.runtime == item.job.runtime)
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
