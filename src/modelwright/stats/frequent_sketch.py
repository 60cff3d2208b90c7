"""The most frequent values of a stream in bounded memory, with how far a count may be short.

Of each batch the most frequent are kept, and what is left out is remembered as the largest count
that any of it can have had ("lossy counting", Manku and Motwani 2002).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FrequentSketch"]

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]


class FrequentSketch:
    """Counts of the most frequent keys.

    Parameters
    ----------
    size : int
        How many keys are kept.

    Examples
    --------
    >>> sketch = FrequentSketch(size=2)
    >>> words = ["a", "b", "c"]
    >>> keys = np.array([7, 8, 9], np.uint64)
    >>> sketch.add(keys, np.array([5, 3, 1]), lambda at: [words[i] for i in at])
    >>> sketch.add(keys[:1], np.array([2]), lambda at: [words[i] for i in at])
    >>> sketch.top(2), sketch.short
    ([('a', 7), ('b', 3)], 1)
    """

    def __init__(self, size: int = 1000) -> None:
        self.size = size
        self.short = 0
        """No count is smaller than the truth by more than this; 0: all are exact."""
        self._keys: Keys = np.empty(0, np.uint64)
        self._counts: Counts = np.empty(0, np.int64)
        self._labels: dict[int, Any] = {}

    def add(
        self, keys: Keys, counts: Counts, show: Callable[[Sequence[int]], Sequence[Any]]
    ) -> None:
        """Take in a batch.

        Parameters
        ----------
        keys : ndarray of uint64, shape (n,)
            No key comes twice.
        counts : ndarray of int64, shape (n,)
            How often each came.
        show : callable
            From positions in the batch to what the values are called.
        """
        many = len(keys)
        at = np.arange(many)
        if many > self.size:
            order = np.argpartition(-counts, self.size)
            self.short += int(counts[order[self.size]])
            at = np.sort(order[: self.size])
            keys, counts = keys[at], counts[at]
        self._merge(keys, counts, lambda chosen: show([int(at[i]) for i in chosen]))

    def _merge(
        self, keys: Keys, counts: Counts, show: Callable[[Sequence[int]], Sequence[Any]]
    ) -> None:
        first = len(self._keys)
        every, where = np.unique(np.concatenate([self._keys, keys]), return_inverse=True)
        total = np.bincount(
            where, np.concatenate([self._counts, counts]), minlength=len(every)
        ).astype(np.int64)
        if len(every) > self.size:
            order = np.argsort(-total, kind="stable")
            self.short += int(total[order[self.size]])
            kept = np.sort(order[: self.size])
            every, total = every[kept], total[kept]
        wanted = np.flatnonzero(np.isin(keys, every))
        fresh = [int(i) for i in wanted if int(keys[i]) not in self._labels]
        known = {int(key): self._labels.get(int(key)) for key in every} if first else {}
        known.update(zip(keys[fresh].tolist(), show(fresh), strict=True))
        self._keys, self._counts, self._labels = every, total, known

    def top(self, most: int) -> list[tuple[Any, int]]:
        """List the most frequent values and their counts, the most frequent first."""
        order = np.argsort(-self._counts, kind="stable")[:most]
        return [(self._labels[int(self._keys[i])], int(self._counts[i])) for i in order]

    @property
    def kept(self) -> int:
        """How many values are kept."""
        return len(self._keys)
