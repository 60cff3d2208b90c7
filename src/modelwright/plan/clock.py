"""The run's wall clock: what is spent, what is left, what must be kept back."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

__all__ = ["Clock"]


@dataclass(frozen=True)
class Clock:
    """Counts one run's time, from the start of the process to the end of the budget.

    Parameters
    ----------
    budget : float
        Seconds in all; infinite when no clock may have a say.
    started : float
        The moment of `time.monotonic` from which this process's time counts.
    before : float
        Seconds that an interrupted run of the same work had already spent.

    Examples
    --------
    >>> Clock(math.inf).left
    inf
    """

    budget: float
    started: float = field(default_factory=time.monotonic)
    before: float = 0.0

    @property
    def timed(self) -> bool:
        """Whether there is a deadline at all."""
        return math.isfinite(self.budget)

    @property
    def here(self) -> float:
        """Seconds spent by this process."""
        return time.monotonic() - self.started

    @property
    def spent(self) -> float:
        """Seconds spent by the run, earlier processes included."""
        return self.before + self.here

    @property
    def left(self) -> float:
        """Seconds left; negative when past the deadline."""
        return self.budget - self.spent

    @property
    def share(self) -> float:
        """The share of the budget that is spent, 0 when there is no deadline."""
        return min(self.spent / self.budget, 1.0) if self.timed else 0.0
