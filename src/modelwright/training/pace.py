"""How many epochs there are: those asked for, or those that the clock allows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError

__all__ = ["LEAST_EPOCHS", "Pace"]

LEAST_EPOCHS = 8
"""A net that sees its rows less often is not worth its time."""

_SHARE = 0.85
"""Of the time left, so much is planned for epochs: what follows them takes time as well."""

_NEWS = 0.3
"""How much the last epoch counts for the time that the next is expected to take."""


@dataclass
class Pace:
    """Keeps the number of epochs within the time, so that the schedule always comes to its end.

    A schedule that is cut off leaves a net that is not annealed, and much worse than a shorter one.
    So the number of epochs is set before the first, from a measured one; and when the machine gets
    slower on the way it is set anew.

    Parameters
    ----------
    asked : int
        Epochs without a clock. `Budget.units` overrules it.
    budget : Budget
        The clock, or the exact number.

    Examples
    --------
    >>> Pace(100, Budget(units=7)).total
    7
    >>> pace = Pace(100, Budget.seconds(10.0))
    >>> pace.plan(epoch_seconds=0.5)
    >>> 14 <= pace.total <= 17
    True
    """

    asked: int
    budget: Budget
    total: int = 0
    _each: float = 0.0
    _last: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        told = self.budget.units
        self.total = self.asked if told is None else max(told, 1)

    @property
    def timed(self) -> bool:
        """Whether a clock may shorten the training."""
        return self.budget.deadline is not None

    def plan(self, epoch_seconds: float) -> None:
        """Set the number of epochs, given what one takes.

        Raises
        ------
        FitError
            When there is no time for a net that is worth anything.
        """
        affordable = int(_SHARE * self.budget.left / max(epoch_seconds, 1e-9))
        if affordable < min(self.total, LEAST_EPOCHS):
            raise FitError(
                f"no time for a net: an epoch takes {epoch_seconds:.2g} s, "
                f"{max(self.budget.left, 0.0):.2g} s are left"
            )
        self.total = min(self.total, affordable)
        self._each, self._last = epoch_seconds, time.monotonic()

    def goes_on(self, done: int) -> bool:
        """Say whether there is another epoch, and shorten the rest when it would come too late."""
        if self.timed and done:
            now = time.monotonic()
            self._each += _NEWS * (now - self._last - self._each)
            self._last = now
            affordable = int(self.budget.left / max(self._each, 1e-9))
            self.total = max(done, min(self.total, done + affordable))
        return done < self.total
