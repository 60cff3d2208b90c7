"""The run's wall clock: what is spent, what is left, what must be kept back."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

__all__ = ["Clock", "enough"]

# Round lengths of time, in seconds.
_ROUND = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1200, 1800, 2700)
_MINUTE, _HOUR = 60, 3600


def enough(seconds: float) -> str:
    """Write a round length of time that is no shorter, as ``--time`` takes it.

    Examples
    --------
    >>> enough(7.2), enough(61), enough(200), enough(4000)
    ('10s', '90s', '5m', '2h')
    """
    found = next((length for length in _ROUND if length >= seconds), None)
    if found is None:
        return f"{math.ceil(seconds / _HOUR)}h"
    return f"{found}s" if found % _MINUTE or found == _MINUTE else f"{found // _MINUTE}m"


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
