"""When a boosted model stops growing, and which of its stages are kept."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.protocols import Stages

__all__ = ["Growth"]

_STAGES = 40
_BYTES = 64_000_000
_STEP = 1.08


@dataclass
class Growth:
    """Watches rounds go by: the validation loss, the clock, and a thinned record of predictions.

    Patience grows with the best round, as in AutoGluon's adaptive early stopping: a slow learner
    gets longer to recover. Stages lie about 8 % apart, and only the latest 40 are kept.

    Parameters
    ----------
    most : int
        Rounds after which to stop in any case.
    budget : Budget
        The clock, or the exact number of rounds.

    Examples
    --------
    >>> growth = Growth(500, Budget())
    >>> all(growth.goes_on(r, loss=abs(r - 10)) for r in range(1, 40))
    True
    >>> growth.goes_on(40, loss=30.0)
    False
    """

    most: int
    budget: Budget
    _best: int = 0
    _loss: float = np.inf
    _next: int = 1
    _since: float | None = None
    _units: list[int] = field(default_factory=list)
    _predictions: list[NDArray[np.float32]] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """How many rounds there are at most."""
        return self.most if self.budget.units is None else max(self.budget.units, 1)

    def goes_on(self, done: int, loss: float | None) -> bool:
        """Say whether to fit another round after so many, given the validation loss now.

        None or NaN: nobody has looked, as where there are no validation rows.
        """
        now = time.monotonic()
        # what the first round took, the data were laid out in as well: it says nothing of others
        took = 0.0 if self._since is None else now - self._since
        self._since = now
        if done >= self.rounds:
            return False
        # the round to come takes about as long as the last, and must end in time
        if self.budget.left <= took:
            return False
        if self.budget.units is not None or loss is None or math.isnan(loss):
            return True
        if loss < self._loss:
            self._best, self._loss = done, loss
        return done - self._best < max(30.0, 0.3 * self._best + 20.0)

    def due(self, done: int) -> bool:
        """Say whether the predictions after so many rounds are to be recorded."""
        return done >= self._next

    def record(self, done: int, predictions: NDArray[np.float32]) -> None:
        """Keep the predictions for the validation rows; forget the earliest when there are many."""
        if self._units and self._units[-1] == done:
            return
        self._units.append(done)
        self._predictions.append(predictions)
        most = int(min(_STAGES, max(_BYTES // max(predictions.nbytes, 1), 1)))
        del self._units[:-most], self._predictions[:-most]
        self._next = max(done + 1, int(np.ceil(done * _STEP)))

    def stages(self) -> Stages | None:
        """Give what was recorded; None when nothing was."""
        if not self._units:
            return None
        return Stages(np.array(self._units, np.int64), np.stack(self._predictions))
