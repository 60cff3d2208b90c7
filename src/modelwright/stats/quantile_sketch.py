"""Quantiles of any number of values in bounded memory.

Values lie in levels; a value of level h stands for 2**h of them. A level that is full is sorted,
and every second value goes up, the first or the second of each pair by a coin (Munro and Paterson
1980; Agarwal et al. 2012, "Mergeable summaries"; Karnin, Lang and Liberty 2016). Until the first
level is full, answers are exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["QuantileSketch"]

Floats = NDArray[np.float64]


class QuantileSketch:
    """Quantiles, ranks and histograms of a stream of numbers.

    The error of a rank is below levels / size of all values, and usually a tenth of that: with the
    usual size and 20 million values, a few in ten thousand.

    Parameters
    ----------
    size : int
        How many values a level holds.
    seed : int
        Of the coins.

    Examples
    --------
    >>> sketch = QuantileSketch(size=1000)
    >>> for start in range(0, 100_000, 10_000):
    ...     sketch.add(np.arange(start, start + 10_000))
    >>> sketch.count, sketch.exact, abs(sketch.quantile(0.5) - 50_000) < 500
    (100000, False, True)
    """

    def __init__(self, size: int = 8192, seed: int = 0) -> None:
        self.size = size
        self.count = 0
        self.least, self.most = np.inf, -np.inf
        self._levels: list[Floats] = []
        self._coin = np.random.default_rng(seed)

    @property
    def exact(self) -> bool:
        """Whether every value is still there."""
        return len(self._levels) <= 1

    def add(self, values: ArrayLike) -> None:
        """Take in values; sorted ones are taken in sooner.

        Parameters
        ----------
        values : array_like of float, shape (n,)
            None of them NaN.
        """
        items = np.sort(np.asarray(values, np.float64), kind="stable")
        if not len(items):
            return
        self.count += len(items)
        self.least = min(self.least, float(items[0]))
        self.most = max(self.most, float(items[-1]))
        level = 0
        while len(items):
            if level == len(self._levels):
                self._levels.append(np.empty(0))
            held = np.sort(np.concatenate([self._levels[level], items]), kind="stable")
            if len(held) <= self.size:
                self._levels[level] = held
                return
            pairs = len(held) // 2 * 2
            self._levels[level] = held[pairs:]
            items = held[int(self._coin.integers(2)) : pairs : 2]
            level += 1

    def points(self) -> tuple[Floats, Floats]:
        """Give the values that are kept, ascending, and how many each stands for."""
        if not self.count:
            return np.empty(0), np.empty(0)
        values = np.concatenate(self._levels)
        weights = np.repeat(2.0 ** np.arange(len(self._levels)), [len(v) for v in self._levels])
        order = np.argsort(values, kind="stable")
        return values[order], weights[order]

    def quantiles(self, shares: ArrayLike) -> Floats:
        """Give the values below which these shares lie, as `numpy.quantile` does.

        Parameters
        ----------
        shares : array_like of float, shape (n,)
            From 0 to 1.

        Returns
        -------
        ndarray of float64, shape (n,)
            NaN where there are no values.
        """
        wanted = np.asarray(shares, np.float64)
        if not self.count:
            return np.full(wanted.shape, np.nan)
        values, weights = self.points()
        if self.exact:
            # halved, as the distance of two doubles may be too large for one
            return np.asarray(2 * np.quantile(values / 2, wanted), np.float64)
        middle = (np.cumsum(weights) - weights / 2) / weights.sum()
        found = np.interp(wanted, middle, values)
        found = np.where(wanted <= 0, self.least, np.where(wanted >= 1, self.most, found))
        return np.asarray(found, np.float64)

    def quantile(self, share: float) -> float:
        """Give one quantile."""
        return float(self.quantiles([share])[0])

    def histogram(self, edges: ArrayLike) -> Floats:
        """Count the values between edges, as `numpy.histogram` does; those outside are left out.

        Returns
        -------
        ndarray of float64, shape (n_edges - 1,)
        """
        values, weights = self.points()
        return np.asarray(np.histogram(values, np.asarray(edges), weights=weights)[0], np.float64)

    def above(self, value: float) -> float:
        """Count the values that are greater than this one."""
        values, weights = self.points()
        return float(weights[values > value].sum())

    def below(self, value: float) -> float:
        """Count the values that are less than this one."""
        values, weights = self.points()
        return float(weights[values < value].sum())

    def spread(self) -> float:
        """Give the median distance from the median (MAD); NaN where there are no values."""
        values, weights = self.points()
        if not len(values):
            return float("nan")
        # halves again; what overflows all the same is infinitely far
        with np.errstate(over="ignore"):
            gaps = 2 * np.abs(values / 2 - self.quantile(0.5) / 2)
        order = np.argsort(gaps, kind="stable")
        if self.exact:
            return float(np.median(gaps))
        middle = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
        return float(np.interp(0.5, middle, gaps[order]))
