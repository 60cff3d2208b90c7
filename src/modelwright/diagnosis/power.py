"""A power law through a few measured losses, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Law", "fit_law"]

Array = NDArray[np.float64]

# Exponents that are tried; learners in practice lie between.
_EXPONENTS = np.linspace(0.1, 2.0, 39)


@dataclass(frozen=True)
class Law:
    """loss(n) = floor + scale * n ** -exponent.

    Parameters
    ----------
    floor, scale, exponent : float
        Of the fit to the means over folds; none below 0.
    others : tuple of (float, float, float)
        The same with each fold left out in turn.

    Examples
    --------
    >>> Law(1.0, 10.0, 1.0).at(10), Law(1.0, 10.0, 1.0).doubling(10)
    (2.0, 0.5)
    """

    floor: float
    scale: float
    exponent: float
    others: tuple[tuple[float, float, float], ...] = ()

    def at(self, rows: float) -> float:
        """Give the loss that is expected at so many rows."""
        return float(self.floor + self.scale * rows**-self.exponent)

    def doubling(self, rows: float) -> float:
        """Give by how much the loss falls from so many rows to twice as many."""
        return self.at(rows) - self.at(2 * rows)

    def range(self, rows: float) -> tuple[float, float]:
        """Say between which values `doubling` lies, by two jackknife standard errors."""
        middle = self.doubling(rows)
        error = self._error(rows)
        return max(middle - 2 * error, 0.0), middle + 2 * error

    def sure(self, rows: float) -> bool:
        """Whether the loss falls further beyond doubt."""
        return self.doubling(rows) > 2 * self._error(rows)

    def _error(self, rows: float) -> float:
        if len(self.others) < 2:
            return 0.0
        found = np.array([Law(*law).doubling(rows) for law in self.others])
        count = len(found)
        return float(np.sqrt((count - 1) / count * np.square(found - found.mean()).sum()))


def fit_law(sizes: Array, losses: Array) -> Law | None:
    """Fit a power law.

    Parameters
    ----------
    sizes : ndarray, shape (n_sizes,)
        Rows, ascending.
    losses : ndarray, shape (n_sizes, n_folds)
        What was measured.

    Returns
    -------
    Law or None
        None with fewer than 3 sizes, or when a loss is not finite.

    Examples
    --------
    >>> sizes = np.array([50.0, 100.0, 200.0, 400.0, 800.0])
    >>> law = fit_law(sizes, (0.2 + 3 / np.sqrt(sizes))[:, None])
    >>> round(law.floor, 3), round(law.scale, 3), round(law.exponent, 3)
    (0.2, 3.0, 0.5)
    """
    if len(sizes) < 3 or not np.isfinite(losses).all():
        return None
    count = losses.shape[1]
    others = ()
    if count > 1:
        left = (np.delete(losses, fold, axis=1).mean(axis=1) for fold in range(count))
        others = tuple(_least_squares(sizes, mean) for mean in left)  # type: ignore[assignment]
    return Law(*_least_squares(sizes, losses.mean(axis=1)), others)


def _least_squares(sizes: Array, losses: Array) -> tuple[float, float, float]:
    """Try exponents; floor and scale follow from each, neither below 0."""
    # Small sizes are far from where the law is asked: they count less.
    weight = np.sqrt(sizes / sizes[-1])
    best, chosen = np.inf, (float(losses.mean()), 0.0, 1.0)
    for exponent in _EXPONENTS:
        falling = (sizes / sizes[-1]) ** -exponent
        floor, scale = _line(falling, losses, weight)
        missed = float(weight @ np.square(losses - floor - scale * falling))
        if missed < best * (1 - 1e-9) - 1e-300:
            best = missed
            power = float(exponent)
            chosen = (floor, scale * float(sizes[-1]) ** power, power)
    return chosen


def _line(x: Array, y: Array, weight: Array) -> tuple[float, float]:
    """Fit y = a + b x by weighted least squares with a and b above or equal 0."""
    total = weight.sum()
    mean_x, mean_y = weight @ x / total, weight @ y / total
    slope = float(weight @ ((x - mean_x) * (y - mean_y)) / (weight @ np.square(x - mean_x)))
    if slope <= 0:
        return float(mean_y), 0.0
    start = mean_y - slope * mean_x
    if start >= 0 or mean_y < 0:
        return float(start), float(slope)
    return 0.0, max(float(weight @ (x * y) / (weight @ np.square(x))), 0.0)
