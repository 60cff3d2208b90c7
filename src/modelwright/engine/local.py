"""Work in processes of this machine."""

from __future__ import annotations

import json
import queue
import threading
import time
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from modelwright.engine.crew import Limits
from modelwright.engine.jobs import Job, Outcome
from modelwright.engine.supervisor import Cancel, Close, Submit, Supervisor
from modelwright.engine.waiting import Item

__all__ = ["LocalEngine"]


class LocalEngine:
    """Warm worker processes that call functions of modelwright, within limits.

    The first worker starts at once in the background, the others with the first job; after a crash
    or a kill they start anew. They are gone when this process is.

    Parameters
    ----------
    workers : int
        Processes.
    cores : int
        Cores that running jobs may keep busy together.
    memory : int, optional
        Bytes that all workers may hold together; when they hold more, the largest is killed and
        its job is out of memory. None: most of what is free when the first job comes.
    preload : tuple of str
        Modules that each worker imports at once, so that the first job finds them warm.

    Examples
    --------
    >>> with LocalEngine(workers=1, cores=1) as engine:
    ...     engine.submit(Job("a", "modelwright.testing.jobs:echo", {"value": 1}))
    ...     [outcome.value for outcome in engine.wait(30)]
    [1]
    """

    def __init__(
        self, workers: int, cores: int, memory: int | None = None, preload: tuple[str, ...] = ()
    ) -> None:
        self._cores = max(cores, 1)
        self._changed = threading.Condition()
        self._pending: dict[str, Item] = {}
        self._outcomes: list[Outcome] = []
        self._closed = False
        self._broken: BaseException | None = None
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        limits = Limits(max(workers, 1), self._cores, memory, preload)
        supervisor = Supervisor(limits, self._inbox, self._take)
        self._thread = threading.Thread(
            target=self._supervise, args=(supervisor,), name="modelwright-engine", daemon=True
        )
        self._thread.start()

    @property
    def pending(self) -> tuple[str, ...]:
        """The keys of submitted jobs whose outcome has not been decided, in order."""
        with self._changed:
            return tuple(self._pending)

    @property
    def free_cores(self) -> int:
        """Cores that no submitted, unfinished job asks for; never below zero."""
        with self._changed:
            return max(0, self._cores - sum(item.cores for item in self._pending.values()))

    def submit(self, job: Job) -> None:
        """Take a job; see `Engine.submit`."""
        item = Item(job, json.dumps(dict(job.arguments)), min(max(job.cores, 1), self._cores))
        with self._changed:
            if self._closed:
                raise RuntimeError("the engine is closed")
            if job.key in self._pending:
                raise ValueError(f"an unfinished job has the key {job.key!r} already")
            self._pending[job.key] = item
        self._inbox.put(Submit(item))

    def wait(self, timeout: float | None = None) -> list[Outcome]:
        """Wait for outcomes; see `Engine.wait`."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._outcomes and self._pending:
                if self._broken is not None:
                    raise RuntimeError("the engine broke") from self._broken
                left = 1.0 if end is None else end - time.monotonic()
                if left <= 0:
                    break
                # In slices, because Windows lets no Ctrl-C through a wait without an end.
                self._changed.wait(min(left, 1.0))
            found, self._outcomes = self._outcomes, []
        return found

    def cancel(self, key: str) -> None:
        """Stop a job; see `Engine.cancel`."""
        self._inbox.put(Cancel(key))

    def cancel_all(self) -> None:
        """Stop every job."""
        self._inbox.put(Cancel(None))

    def close(self) -> None:
        """Kill what runs and forget what waits; a second time does nothing."""
        with self._changed:
            self._closed = True
            self._pending.clear()
            self._changed.notify_all()
        self._inbox.put(Close())
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _supervise(self, supervisor: Supervisor) -> None:
        try:
            supervisor.run()
        except BaseException as error:  # told to whoever waits: a dead thread tells nobody
            with self._changed:
                self._broken = error
                self._changed.notify_all()

    def _take(self, outcome: Outcome) -> None:
        if outcome.value is not None:
            outcome = replace(outcome, value=json.loads(outcome.value) if outcome.value else None)
        with self._changed:
            if self._pending.pop(outcome.job.key, None) is not None:
                self._outcomes.append(outcome)
                self._changed.notify_all()
