"""How many different values there are, in bounded memory.

Of all hashes the k smallest are kept: where the k-th lies says how many there are (Bar-Yossef et
al. 2002; Beyer et al. 2007). With fewer than k different values the count is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["DistinctSketch", "mixed"]

Keys = NDArray[np.uint64]

_WHOLE = 2.0**64
# Constants of SplitMix64 (Steele, Lea and Flood 2014).
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def mixed(keys: Keys) -> Keys:
    """Spread whole numbers over 64 bits, each to another place.

    Examples
    --------
    >>> spread = mixed(np.arange(4, dtype=np.uint64))
    >>> len(set(spread.tolist())), bool((spread > 2**32).all())
    (4, True)
    """
    z = keys + _STEP
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)


class DistinctSketch:
    """The number of different keys in a stream.

    Parameters
    ----------
    size : int
        How many hashes are kept: the standard error is 1 / sqrt(size) of the count, 0.8 % for
        the usual size.

    Examples
    --------
    >>> sketch = DistinctSketch(size=1000)
    >>> sketch.add(np.arange(500, dtype=np.uint64))
    >>> sketch.count, sketch.exact
    (500, True)
    >>> sketch.add(np.arange(50_000, dtype=np.uint64))
    >>> sketch.exact, 45_000 < sketch.count < 55_000
    (False, True)
    """

    def __init__(self, size: int = 16_384) -> None:
        self.size = size
        self.exact = True
        self._kept: Keys = np.empty(0, np.uint64)

    def add(self, keys: Keys) -> None:
        """Take in keys.

        Parameters
        ----------
        keys : ndarray of uint64, shape (n,)
            Equal values have equal keys; they need not be spread evenly.
        """
        hashes = mixed(keys)
        if not self.exact:
            hashes = hashes[hashes < self._kept[-1]]
        if not len(hashes):
            return
        if len(hashes) > 4 * self.size:  # most of them lie too high whatever came before
            low = np.unique(np.partition(hashes, 2 * self.size)[: 2 * self.size])
            hashes = low if len(low) > self.size else hashes
        kept = np.unique(np.concatenate([self._kept, hashes]))
        if len(kept) > self.size:
            kept, self.exact = kept[: self.size].copy(), False
        self._kept = kept

    @property
    def count(self) -> int:
        """How many different keys came."""
        if self.exact:
            return len(self._kept)
        return round((self.size - 1) / ((float(self._kept[-1]) + 1) / _WHOLE))
