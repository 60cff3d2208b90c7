"""Work in this process, one job after the other: for tests, and for work too small to send away.

A job that asks for a runtime of its own goes to a worker all the same.
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self

from modelwright.engine.jobs import Job, Outcome, Status, perform
from modelwright.engine.local import LocalEngine

__all__ = ["InlineEngine"]


class InlineEngine:
    """Calls jobs here, when somebody waits for them. It has no deadlines and no memory limits.

    Parameters
    ----------
    cores : int
        What `free_cores` counts from.

    Examples
    --------
    >>> with InlineEngine() as engine:
    ...     engine.submit(Job("a", "modelwright.testing.jobs:echo", {"value": 1}))
    ...     [outcome.value for outcome in engine.wait()]
    [1]
    """

    def __init__(self, cores: int = 1) -> None:
        self._cores = max(cores, 1)
        self._waiting: dict[str, tuple[Job, str]] = {}
        self._cancelled: list[Outcome] = []
        self._closed = False
        self._elsewhere: LocalEngine | None = None

    @property
    def pending(self) -> tuple[str, ...]:
        """The keys of submitted jobs whose outcome has not been decided, in order."""
        return tuple(self._waiting)

    @property
    def free_cores(self) -> int:
        """Cores that no submitted, unfinished job asks for; never below zero."""
        return max(0, self._cores - sum(max(job.cores, 1) for job, _ in self._waiting.values()))

    def submit(self, job: Job) -> None:
        """Take a job; see `Engine.submit`."""
        if self._closed:
            raise RuntimeError("the engine is closed")
        if job.key in self._waiting:
            raise ValueError(f"an unfinished job has the key {job.key!r} already")
        # As text and back, so that a job sees here exactly what it sees in a worker.
        self._waiting[job.key] = job, json.dumps(dict(job.arguments))

    def wait(self, timeout: float | None = None) -> list[Outcome]:
        """Run the next job to its end, whatever the timeout; see `Engine.wait`."""
        found, self._cancelled = self._cancelled, []
        if found or not self._waiting:
            return found
        key = next(iter(self._waiting))
        job, text = self._waiting[key]
        if job.runtime:
            return self._sent_away(job)
        arguments: dict[str, Any] = json.loads(text)
        try:
            report = perform(job.call, arguments)
        finally:
            del self._waiting[key]
        status = Status.FAILED if report.error else Status.DONE
        value = json.loads(report.value) if report.value else None
        return [Outcome(job, status, value, report.error, report.seconds, 0, report.trace)]

    def _sent_away(self, job: Job) -> list[Outcome]:
        """Run a job in a worker that holds its runtime, which this process must not."""
        if self._elsewhere is None:
            self._elsewhere = LocalEngine(workers=1, cores=self._cores)
        try:
            self._elsewhere.submit(job)
            return self._elsewhere.wait()
        except KeyboardInterrupt:
            self._elsewhere.cancel_all()
            raise
        finally:
            del self._waiting[job.key]

    def cancel(self, key: str) -> None:
        """Stop a job that has not begun."""
        if key in self._waiting:
            job, _ = self._waiting.pop(key)
            self._cancelled.append(Outcome(job, Status.CANCELLED, error="cancelled"))

    def cancel_all(self) -> None:
        """Stop every job that has not begun."""
        for key in self.pending:
            self.cancel(key)

    def close(self) -> None:
        """Forget what waits; a second time does nothing."""
        self._closed = True
        self._waiting.clear()
        if self._elsewhere is not None:
            self._elsewhere.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
