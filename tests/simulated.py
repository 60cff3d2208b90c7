"""A machine whose clock is ours: work takes as long as a test says, and nobody waits for it.

So what is promised about time can be tested to the second on a machine that is busy with something
else. The work itself is real; only the time that it takes is made up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from modelwright.engine import InlineEngine, Outcome, Status
from modelwright.model import Model
from modelwright.plan import work

__all__ = ["Machine"]


class Machine:
    """One core, for fits with one worker, and a clock that goes on by what is done.

    Parameters
    ----------
    fit, write : float
        Seconds that every fit, and every writing of a model file, takes.
    look : float
        Seconds that pass whenever somebody looks at the clock.
    """

    def __init__(self, *, fit: float, write: float = 0.3, look: float = 1e-4) -> None:
        # Below every moment of the real clock, so that none noted before lies in the past.
        self.now = 0.0
        self._fit = fit
        self._write = write
        self._look = look

    def monotonic(self) -> float:
        """Stand for `time.monotonic`."""
        self.now += self._look
        return self.now

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Have everything that `modelwright.fit` does happen on this machine."""
        patch.setattr("time.monotonic", self.monotonic)
        patch.setattr("modelwright.flow.start_engine", lambda *_, **__: MachineEngine(self))
        patch.setattr(work, "_fit", self._taking(self._fit, work._fit))
        patch.setattr(Model, "save", self._taking(self._write, Model.save))

    def _taking(self, seconds: float, call: Callable[..., Any]) -> Callable[..., Any]:
        def taking(*given: Any, **named: Any) -> Any:
            self.now += seconds
            return call(*given, **named)

        return taking


class MachineEngine(InlineEngine):
    """Does one job after the other, and kills those whose time is over, as workers are killed."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(cores=1)
        self._machine = machine
        self._running: tuple[Outcome, float] | None = None

    @property
    def pending(self) -> tuple[str, ...]:
        """What waits, and what has not ended by the clock."""
        running = () if self._running is None else (self._running[0].job.key,)
        return running + super().pending

    @property
    def free_cores(self) -> int:
        """None while something is under way."""
        return 0 if self._running is not None else super().free_cores

    def wait(self, timeout: float | None = None) -> list[Outcome]:
        """Let the time pass until the next job ends, or until `timeout`."""
        if self._running is None:
            began = self._machine.now
            found = super().wait()
            if not found or found[0].status is Status.CANCELLED:
                return found
            (outcome,) = found
            self._running = self._timed(outcome, self._machine.now - began)
            self._machine.now = began
        outcome, left = self._running
        passed = left if timeout is None else min(left, timeout)
        self._machine.now += passed
        self._running = None if passed == left else (outcome, left - passed)
        return [] if self._running else [outcome]

    @staticmethod
    def _timed(outcome: Outcome, took: float) -> tuple[Outcome, float]:
        most = outcome.job.seconds
        if most is None or took <= most:
            return outcome, took
        return Outcome(outcome.job, Status.TIMED_OUT, error=f"stopped after {most:.1f} s"), most

    def cancel_all(self) -> None:
        """Stop what runs, too."""
        super().cancel_all()
        if self._running is not None:
            self._cancelled.append(
                Outcome(self._running[0].job, Status.CANCELLED, error="cancelled")
            )
            self._running = None
