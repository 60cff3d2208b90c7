"""The thread that starts jobs, enforces limits, and has the dead replaced.

It alone touches the workers; the rest of the program talks to it through its inbox. So limits hold
also while the caller computes.
"""

from __future__ import annotations

import queue
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelwright.engine.crew import Crew, Limits, choose_victim
from modelwright.engine.jobs import Outcome, Status
from modelwright.engine.platform import available_memory
from modelwright.engine.process import Gone, Heard, WorkerProcess, death_of
from modelwright.engine.waiting import Item, choose

__all__ = ["Cancel", "Close", "Submit", "Supervisor"]

Message = dict[str, Any]

_LOOK_SECONDS = 0.1  # how often the memory of busy workers is looked at
_MEMORY_SHARE = 0.8  # of what is free; the rest is for the rest of the machine


@dataclass(frozen=True)
class Submit:
    """Take this job."""

    item: Item


@dataclass(frozen=True)
class Cancel:
    """Stop this job, or all (None)."""

    key: str | None


@dataclass(frozen=True)
class Close:
    """Kill everything and end."""


class Supervisor:
    """What one engine decides, in one thread that calls `run`.

    Parameters
    ----------
    limits : Limits
        What may be used.
    inbox : queue
        Takes `Submit`, `Cancel` and `Close`, and what workers say.
    report : callable
        Is given each outcome; its value is still JSON text.
    """

    def __init__(
        self,
        limits: Limits,
        inbox: queue.SimpleQueue[Any],
        report: Callable[[Outcome], None],
    ) -> None:
        self._inbox = inbox
        self._report = report
        self._crew = Crew(limits, inbox)
        self._memory = limits.memory
        self._waiting: list[Item] = []
        self._looked = 0.0

    def run(self) -> None:
        """Serve until a `Close` comes."""
        try:
            while True:
                self._crew.hire(Counter(item.job.runtime for item in self._waiting))
                self._dispatch()
                event = self._next_event()
                if isinstance(event, Close):
                    return
                self._handle(event)
                self._enforce_deadlines()
                self._enforce_memory()
        finally:
            self._crew.dismiss()

    def _dispatch(self) -> None:
        for lost in [*self._waiting]:
            why = self._crew.hopeless(lost.job.runtime)
            if why:
                self._stop(lost, Status.CRASHED, f"no worker can be started: {why}")
        while offered := self._crew.offered:
            item = choose(self._waiting, self._crew.free_cores, offered)
            if item is None:
                return
            self._waiting.remove(item)
            item.started = time.monotonic() if item.started is None else item.started
            self._crew.assign(item)

    def _next_event(self) -> object:
        now = time.monotonic()
        ends = [end for item in self._all_items() if (end := item.deadline) is not None]
        look = _LOOK_SECONDS if self._crew.items else 1.0
        try:
            return self._inbox.get(timeout=max(0.0, min([look, *(end - now for end in ends)])))
        except queue.Empty:
            return None

    def _all_items(self) -> list[Item]:
        return [*self._waiting, *self._crew.items]

    def _handle(self, event: object) -> None:
        if isinstance(event, Submit):
            if self._memory is None:  # now, as the caller has read its data by then
                self._memory = int(available_memory() * _MEMORY_SHARE)
            self._waiting.append(event.item)
        elif isinstance(event, Cancel):
            for item in self._all_items():
                if event.key in (None, item.job.key):
                    self._stop(item, Status.CANCELLED, "cancelled")
        elif isinstance(event, Heard) and event.worker in self._crew:
            self._hear(event.worker, event.message)
        elif isinstance(event, Gone) and event.worker in self._crew:
            self._bury(event.worker, event.code)

    def _hear(self, worker: WorkerProcess, message: Message) -> None:
        if "ready" in message:
            self._crew.note_ready(worker)
            return
        item = self._crew.release(worker)
        if item is not None:
            item.peak = max(item.peak, int(message["memory"]))
            status = Status.FAILED if message["error"] else Status.DONE
            self._end(item, status, str(message["error"]), message)

    def _bury(self, worker: WorkerProcess, code: int) -> None:
        item = self._crew.lose(worker)
        words = worker.last_words()
        why = " ".join(f"{death_of(code)} {words.splitlines()[-1] if words else ''}".split())
        if not worker.ready:
            self._crew.note_failed_start(worker.runtime, why)
        if item is None:
            return
        item.crashes += 1
        if item.crashes <= item.job.retries:
            self._waiting.insert(0, item)
        else:
            self._end(item, Status.CRASHED, f"the worker died: {why[:400]}", {"trace": words})

    def _enforce_deadlines(self) -> None:
        now = time.monotonic()
        for item in self._all_items():
            if item.deadline is not None and now >= item.deadline:
                self._stop(item, Status.TIMED_OUT, f"stopped after {item.job.seconds:g} s")

    def _enforce_memory(self) -> None:
        now = time.monotonic()
        if now < self._looked + _LOOK_SECONDS or not self._crew.items:
            return
        self._looked = now
        held = {worker: worker.memory for worker in self._crew.tasks()}
        for worker, item in self._crew.tasks().items():
            if item is None:
                continue
            item.peak = max(item.peak, held[worker])
            if item.job.memory is not None and held[worker] > item.job.memory:
                del held[worker]
                self._stop(item, Status.OUT_OF_MEMORY, _too_much(item.peak, item.job.memory))
        if self._memory is not None:
            self._relieve(held, self._memory)

    def _relieve(self, held: dict[WorkerProcess, int], limit: int) -> None:
        tasks = self._crew.tasks()
        victim = choose_victim(held, tasks, limit)
        item = tasks[victim] if victim is not None else None
        if item is not None:
            self._stop(item, Status.OUT_OF_MEMORY, _too_much(sum(held.values()), limit))
        elif victim is not None:
            self._crew.discard(victim)

    def _stop(self, item: Item, status: Status, why: str) -> None:
        if item in self._waiting:
            self._waiting.remove(item)
        self._crew.discard_holder(item)
        self._end(item, status, why)

    def _end(self, item: Item, status: Status, error: str, said: Message | None = None) -> None:
        said = said or {}
        passed = 0.0 if item.started is None else time.monotonic() - item.started
        seconds, trace = float(said.get("seconds", passed)), str(said.get("trace", ""))
        value = said.get("value")
        self._report(Outcome(item.job, status, value, error, seconds, item.peak, trace))


def _too_much(held: int, limit: int) -> str:
    return f"stopped at {held / 2**20:.0f} MiB of memory, {limit / 2**20:.0f} MiB are allowed"
