"""Made-up matrices with a signal that every sound learner can find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.task import Target

__all__ = ["Puzzle", "made_up"]


@dataclass(frozen=True)
class Puzzle:
    """Rows and their answers.

    Parameters
    ----------
    X : Matrix
        Four numbers (``n0`` and ``n1`` matter) and two categories (``c0`` matters).
    y : Target
        The answers.
    """

    X: Matrix
    y: Target

    def rows(self, index: NDArray[np.integer]) -> Puzzle:
        """Give some of the rows."""
        return Puzzle(self.X.rows(index), self.y.rows(index))

    def split(self) -> tuple[Puzzle, Puzzle]:
        """Give the first two thirds and the last third."""
        cut = len(self.y) * 2 // 3
        rows = np.arange(len(self.y))
        return self.rows(rows[:cut]), self.rows(rows[cut:])


def made_up(classes: int, rows: int = 300, seed: int = 0, signal: float = 1.0) -> Puzzle:
    """Make numbers, categories, and answers that depend on some of them.

    Parameters
    ----------
    classes : int
        0 for a regression.
    rows : int
        How many.
    seed : int
        Of the random numbers.
    signal : float
        How strongly the answers depend on the columns; 0 makes them pure noise.

    Returns
    -------
    Puzzle

    Examples
    --------
    >>> puzzle = made_up(classes=3, rows=10)
    >>> puzzle.X.shape, puzzle.y.classes
    ((10, 6), 3)
    """
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 4)).astype(np.float32)
    codes = np.column_stack([random.integers(0, 3, rows), random.integers(0, 6, rows)])
    X = Matrix(
        numbers,
        codes.astype(np.int32),
        ("n0", "n1", "n2", "n3"),
        ("c0", "c1"),
        (3, 6),
    )
    score = signal * (2.0 * numbers[:, 0] - numbers[:, 1] + 2.0 * (codes[:, 0] == 1))
    noise = random.normal(size=rows) * 0.5
    if not classes:
        return Puzzle(X, Target((score + noise).astype(np.float64)))
    order = np.argsort(np.argsort(score + noise))
    return Puzzle(X, Target((order * classes // rows).astype(np.int64), classes))
