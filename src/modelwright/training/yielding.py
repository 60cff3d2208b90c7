"""Fewer threads while others keep the cores busy: threads that wait for each other cost most."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from modelwright.engine.platform import Neighbours
from modelwright.nets.library import torch

__all__ = ["Crowd", "Yielding"]

# So often neighbours are looked at, in seconds: less would take moments for neighbours.
_LOOK = 0.5
# Steps that take so many times the shortest are held up, if neighbours are busy.
_SLOW = 1.5


class Crowd(Protocol):
    """Says how many cores others have kept busy since it was made."""

    def busy(self, seconds: float) -> float:
        """Give their mean over at least so many seconds."""
        ...


class Yielding:
    """Leaves the cores that neighbours keep busy to them, as long as that is so.

    Threads of one operation meet at its end, and spin until the last has come. Where a neighbour
    has taken a core, that one comes late every time: a step takes up to 15 times as long, on one
    thread only twice. Called after each step.

    Parameters
    ----------
    threads : int
        Of an operation on a quiet machine.
    set_threads : callable
        Sets them.
    clock : callable
        Gives seconds.
    watch : callable
        Begins to watch the neighbours.

    Attributes
    ----------
    times : int
        How often threads were given up.

    Examples
    --------
    >>> class Busy:
    ...     def busy(self, seconds):
    ...         return 1.9
    >>> steps = iter([0.0, 0.1, 0.4, 0.7, 1.0])
    >>> told = []
    >>> guard = Yielding(4, told.append, clock=lambda: next(steps), watch=Busy)
    >>> for _ in range(4):
    ...     guard()
    >>> told, guard.times
    ([2], 1)
    """

    def __init__(
        self,
        threads: int,
        set_threads: Callable[[int], None] = torch.set_num_threads,
        clock: Callable[[], float] = time.perf_counter,
        watch: Callable[[], Crowd] = Neighbours,
    ) -> None:
        self._threads, self._set, self._clock, self._begin = threads, set_threads, clock, watch
        self._now, self._watch = threads, watch()
        self._last = self._looked = clock()
        self._shortest, self._work = float("inf"), 0.0
        self.times = 0

    def __call__(self, work: float = 1.0) -> None:
        """Look at what the step took, which had so much work to do, others having 1."""
        if self._threads < 2:
            return
        now = self._clock()
        if self._now == self._threads:
            self._shortest = min(self._shortest, (now - self._last) / work)
        self._last = now
        self._work += work
        if now - self._looked >= _LOOK:
            self._look(now)

    def _look(self, now: float) -> None:
        """Set the threads that neighbours leave, where steps since the last look were held up."""
        left = max(self._threads - round(self._watch.busy(0.0)), 1)
        slow = now - self._looked > _SLOW * self._shortest * self._work
        if left > self._now or (left < self._now and slow):
            self.times += left < self._now
            self._now = left
            self._set(left)
        self._watch, self._looked, self._work = self._begin(), now, 0.0
