"""How many rows equal an earlier one, in bounded memory.

Hashes of rows are kept, each once with its count, until there are too many; then only those that
fall into one half of all places are kept, then into a quarter. All copies of a row fall into the
same place, so what is kept is a fair sample of different rows with all of their copies (Gibbons
2001, "Distinct sampling").
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from modelwright.stats.distinct_sketch import mixed

__all__ = ["RepeatSketch"]

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]

# By so many standard errors the two estimates may differ before the one by counts is given up.
_APART = 4.0


class RepeatSketch:
    """The number of keys that came before.

    Parameters
    ----------
    room : int
        How many different keys are kept, of 16 bytes each.

    Examples
    --------
    >>> sketch = RepeatSketch()
    >>> sketch.add(np.array([1, 2, 1, 3], np.uint64))
    >>> sketch.repeated, sketch.exact
    (1, True)
    """

    def __init__(self, room: int = 2**22) -> None:
        self.room = room
        self.total = 0
        self._bits = 0
        self._keys: Keys = np.empty(0, np.uint64)
        self._counts: Counts = np.empty(0, np.int64)
        self._waiting: list[Keys] = []
        self._held = 0

    @property
    def exact(self) -> bool:
        """Whether every key is there."""
        return self._bits == 0

    @property
    def share(self) -> float:
        """The share of all places that is looked at."""
        return 2.0**-self._bits

    def add(self, keys: Keys) -> None:
        """Take in the keys of rows, shape (n,)."""
        self.total += len(keys)
        part = self._inside(mixed(keys))
        self._waiting.append(part)
        self._held += len(part)
        if self._held > self.room // 2:
            self._gather()

    def _inside(self, hashes: Keys) -> Keys:
        if not self._bits:
            return hashes
        inside: Keys = hashes[(hashes >> np.uint64(64 - self._bits)) == 0]
        return inside

    def _gather(self) -> None:
        """Put what waits to the rest, and look at fewer places while there is too much."""
        fresh, counts = np.unique(
            np.concatenate([self._keys[:0], *self._waiting]), return_counts=True
        )
        every = np.concatenate([self._keys, fresh])
        order = np.argsort(every, kind="stable")
        every, tally = every[order], np.concatenate([self._counts, counts])[order]
        first = np.flatnonzero(np.append(True, every[1:] != every[:-1])) if len(every) else order
        self._keys = every[first]
        self._counts = np.add.reduceat(tally, first) if len(first) else tally
        self._waiting, self._held = [], 0
        while len(self._keys) > self.room and self._bits < 60:
            self._bits += 1
            # sorted keys: those that fall into the first half of the places come first
            end = int(np.searchsorted(self._keys, np.uint64(2 ** (64 - self._bits)), side="left"))
            self._keys, self._counts = self._keys[:end].copy(), self._counts[:end].copy()

    @property
    def repeated(self) -> int:
        """How many keys equal an earlier one; an estimate when not exact."""
        self._gather()
        again = float((self._counts - 1).sum()) / self.share
        if self.exact:
            return round(again)
        # A row with very many copies is in the sample or not: then what is different says more.
        different = len(self._keys) / self.share
        error = math.sqrt(different * (1 - self.share) / self.share)
        if abs(again - (self.total - different)) > _APART * error:
            again = max(self.total - different, 0.0)
        return min(round(again), self.total)
