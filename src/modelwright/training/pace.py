"""How many epochs there are: those asked for, or those that the clock allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError

__all__ = ["LEAST_EPOCHS", "Pace", "Pacer", "StepPace"]

LEAST_EPOCHS = 8
"""A net that sees its rows less often is not worth its time."""

_SHARE = 0.85
"""Of the time left, so much is planned for epochs: what follows them takes time as well."""

_NEWS = 0.3
"""How much the last epoch counts for the time that the next is expected to take."""

_TRUST = 0.1
"""So many epochs back an experience counts for a third, where time is told step by step."""

_HALVINGS = 40
"""Of the epochs among which the number is looked for that the time is enough for."""


def _even(t: float) -> float:
    """Every epoch costs alike."""
    return t


class Pacer(Protocol):
    """Says how far it goes: `Pace` epoch by epoch, `StepPace` step by step."""

    @property
    def total(self) -> float:
        """How many epochs there are."""
        ...

    @property
    def by_step(self) -> bool:
        """Whether it is asked before every step, not only before every epoch."""
        ...

    def goes_on(self, done: float) -> bool:
        """Say whether there is more after so many epochs."""
        ...


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
    by_step: ClassVar[bool] = False
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

    def goes_on(self, done: float) -> bool:
        """Say whether there is another epoch, and shorten the rest when it would come too late."""
        if self.timed and done:
            now = time.monotonic()
            self._each += _NEWS * (now - self._last - self._each)
            self._last = now
            affordable = int(self.budget.left / max(self._each, 1e-9))
            self.total = max(int(done), min(self.total, int(done) + affordable))
        return done < self.total


class StepPace:
    """Keeps a training within the time step by step, so that few epochs fill it to the last.

    The number of epochs need not be whole: half an epoch is one. It is set anew before every
    step, from what the last steps took, so that the schedule comes to its end when the time does,
    whatever the neighbours of the process do meanwhile.

    Parameters
    ----------
    asked : float
        Epochs without a clock. `Budget.units` overrules it.
    budget : Budget
        The clock, or the exact number.
    epoch_seconds : float
        What an epoch takes, as far as it is known beforehand; 0: nobody knows.
    done : float
        Epochs that were done before, where a training goes on.
    work : callable, optional
        What a training costs up to a share of it, where not every epoch costs alike: a function
        that rises from 0, such as `Growing.work`. `epoch_seconds` is of an epoch of cost 1.
    least : float
        Epochs that are done whatever the clock says.

    Examples
    --------
    >>> pace = StepPace(10, Budget.seconds(4.0), epoch_seconds=1.0)
    >>> 3.5 < pace.total < 4.1, pace.goes_on(0.0)
    (True, True)
    >>> half = StepPace(10, Budget.seconds(4.0), epoch_seconds=1.0, work=lambda t: 0.5 * t)
    >>> 7.0 < half.total < 8.1
    True
    >>> StepPace(2.5, Budget()).total
    2.5
    >>> StepPace(10, Budget.seconds(0.0), epoch_seconds=1.0, least=0.5).total
    0.5
    """

    by_step = True

    def __init__(
        self,
        asked: float,
        budget: Budget,
        epoch_seconds: float = 0.0,
        done: float = 0.0,
        work: Callable[[float], float] | None = None,
        least: float = 0.0,
    ) -> None:
        self._asked = float(asked if budget.units is None else max(budget.units, 1))
        self._least = min(least, self._asked)
        self._budget, self._work = budget, work or _even
        # Seconds and work in epochs of cost 1, of which the past counts for less and less.
        self._spent, self._moved = epoch_seconds * _TRUST, _TRUST if epoch_seconds else 0.0
        self._last, self._place = time.monotonic(), done
        self.total = self._asked
        self.goes_on(done)

    @property
    def timed(self) -> bool:
        """Whether a clock may shorten the training."""
        return self._budget.deadline is not None

    def goes_on(self, done: float) -> bool:
        """Say whether there is another step after so many epochs, and how many there will be."""
        if self.timed:
            self._learn(done)
            if self._moved > 0:
                affordable = self._budget.left * self._moved / max(self._spent, 1e-9)
                self.total = max(self._reach(done, affordable), 1e-9)
            elif self._budget.expired:
                self.total = max(done, 1e-9)
            self.total = max(self.total, self._least)
        return done < self.total - 1e-9

    def _learn(self, done: float) -> None:
        """Note what the way since the last call took."""
        now = time.monotonic()
        moved = done - self._place
        if moved > 0:
            fades = math.exp(-moved / _TRUST)
            self._spent = fades * self._spent + now - self._last
            self._moved = fades * self._moved + self._between(self._place, done, self.total)
        self._last, self._place = now, done

    def _between(self, begin: float, end: float, total: float) -> float:
        """Give the work from one epoch to another, in a training of so many."""
        whole = max(total, end, 1e-9)
        return whole * (self._work(end / whole) - self._work(begin / whole))

    def _reach(self, done: float, affordable: float) -> float:
        """Give how many epochs there are in all, when so much work is still to be done."""
        low, high = done, max(self._asked, done)
        if self._between(done, high, high) <= affordable:
            return high
        for _ in range(_HALVINGS):  # what is left rises with the epochs that there are
            middle = (low + high) / 2
            if self._between(done, middle, middle) <= affordable:
                low = middle
            else:
                high = middle
        return low
