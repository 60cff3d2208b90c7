"""The adaptive line: the perceptron's sister for numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError

__all__ = ["AdaptiveLine"]

Floats = NDArray[np.float64]


@dataclass
class AdaptiveLine:
    """``w <- w + rate (y - w' x) x / ||x||^2`` row by row: least mean squares, normalised.

    Widrow and Hoff 1960; the division by ``||x||^2`` makes one rate suit columns of any number
    (Nagumo and Noda 1967). The line that answers is the mean of all on the way, in which older ones
    count less and less where `fading` is below 1, so that it follows a change.

    Parameters
    ----------
    columns : int
        Of a row; one of ones is added.
    rate : float
        The share of a miss that is made up for.
    fading : float
        What a line further back counts for in the mean, against the next one; 1: all alike.

    Examples
    --------
    >>> line, X = AdaptiveLine(1), np.linspace(-1, 1, 50)[:, None]
    >>> for _ in range(40):
    ...     line.learn(X, 3 * X[:, 0] + 1)
    >>> line.scores(np.array([[0.0], [1.0]])).round(1).tolist()
    [[1.0], [3.9]]
    """

    columns: int
    rate: float = 0.1
    fading: float = 1.0
    weight: Floats = field(init=False)
    mean: Floats = field(init=False)
    seen: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        if not (0.0 < self.rate <= 1.0 and 0.0 < self.fading <= 1.0):
            got = f"{self.rate}, {self.fading}"
            raise OptionError("a rate and a fading above 0 and up to 1", got)
        self.weight = np.zeros((1, self.columns + 1))
        self.mean = np.zeros_like(self.weight)

    def learn(self, X: Floats, y: Floats, weight: Floats | None = None) -> None:
        """Learn from rows as they come: (n_rows, n_columns), numbers, and what each counts."""
        wide = np.column_stack([X, np.ones(len(X))])
        loud = np.ones(len(X)) if weight is None else weight
        for row, answer, share in zip(wide, y, loud, strict=True):
            if share <= 0:
                continue
            miss = answer - self.weight[0] @ row
            self.weight[0] += min(self.rate * share, 1.0) * miss * row / (row @ row)
            self.seen = self.fading * self.seen + share
            self.mean += (self.weight - self.mean) * (share / self.seen)

    def scores(self, X: Floats) -> Floats:
        """Give what the mean line says: (n_rows, 1)."""
        scores: Floats = np.column_stack([X, np.ones(len(X))]) @ self.mean.T
        return scores
