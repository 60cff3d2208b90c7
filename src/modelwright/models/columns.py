"""What tree learners see: one table of numbers, in which a category is its rank by frequency."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.models.unpack import array, unsound

__all__ = ["Ranks"]

_TOGETHER = 16_384
"""Rows whose levels are ranked at a time: their places take eight bytes each."""
_SHRINK = 5.0
"""So many rows with the mean answer are added to each level before its mean is taken."""


@dataclass(frozen=True)
class Ranks:
    """Category codes as numbers: 0 for the most frequent level, then 1, and so on.

    The order by frequency needs no target (so out-of-bag rows stay honest) and puts rare levels
    together, where a tree can cut them off at once. Missing and unseen levels become NaN.

    Parameters
    ----------
    numbers : int
        How many columns of numbers come first.
    ranks : ndarray of float32
        The rank of each level of each code column, one column after another; -1 for a level
        that no training row has.
    starts : ndarray of int64, shape (n_codes + 1,)
        Where each code column begins in `ranks`.

    Examples
    --------
    >>> X = Matrix.of_codes(np.array([[1], [1], [0], [-2]], np.int32), ["c"], [2])
    >>> Ranks.fit(X).table(X)[:, 0]
    array([ 0.,  0.,  1., nan], dtype=float32)
    """

    numbers: int
    ranks: NDArray[np.float32]
    starts: NDArray[np.int64]

    @classmethod
    def fit(cls, X: Matrix) -> Ranks:
        """Count the levels of training rows."""
        parts = []
        for j, levels in enumerate(X.levels):
            known = X.codes[:, j]
            counts = np.bincount(known[(known >= 0) & (known < levels)], minlength=levels)
            rank = np.empty(levels, np.float32)
            rank[np.argsort(-counts, kind="stable")] = np.arange(levels)
            parts.append(np.where(counts > 0, rank, -1).astype(np.float32))
        starts = np.cumsum([0, *(len(part) for part in parts)]).astype(np.int64)
        return cls(X.numbers.shape[1], np.concatenate([*parts, np.empty(0, np.float32)]), starts)

    @classmethod
    def by_answer(cls, X: Matrix, answers: NDArray[np.float64]) -> Ranks:
        """Order levels by the mean answer of their rows instead (Breiman et al. 1984, section 9.4).

        The best split of a category into two sets of levels then is a threshold: for numbers and
        two classes exactly, for more along the direction in which the levels differ most. Means
        of rare levels are pulled to the mean of all rows.

        Parameters
        ----------
        X : Matrix
            Training rows.
        answers : ndarray of float64, shape (n_rows, n_outputs)
            Numbers, or one column a class.

        Examples
        --------
        >>> X = Matrix.of_codes(np.array([[0], [0], [1]], np.int32), ["c"], [2])
        >>> Ranks.by_answer(X, np.array([[5.0], [5.0], [1.0]])).ranks
        array([1., 0.], dtype=float32)
        """
        counted = cls.fit(X)
        ranks, centred = counted.ranks.copy(), answers - answers.mean(axis=0)
        for j, levels in enumerate(X.levels):
            known = (X.codes[:, j] >= 0) & (X.codes[:, j] < levels)
            code, own = X.codes[known, j], slice(counted.starts[j], counted.starts[j + 1])
            sums = [np.bincount(code, column[known], levels) for column in centred.T]
            counts = np.bincount(code, minlength=levels)
            means = np.column_stack(sums) / (counts[:, None] + _SHRINK)
            score = means[:, 0]
            if means.shape[1] > 1 and levels:
                score = means @ np.linalg.svd(means * np.sqrt(counts[:, None]))[2][0]
            rank = np.argsort(np.argsort(score, kind="stable"), kind="stable")
            ranks[own] = np.where(counts > 0, rank, -1)
        return cls(counted.numbers, ranks, counted.starts)

    @property
    def width(self) -> int:
        """How many columns the table has."""
        return self.numbers + len(self.starts) - 1

    def table(self, X: Matrix) -> NDArray[np.float32]:
        """Make the table of some rows: float32, C order, NaN for missing.

        Raises
        ------
        ColumnError
            When the matrix has other columns than the one seen in training.
        """
        codes = len(self.starts) - 1
        if X.numbers.shape[1] != self.numbers or X.codes.shape[1] != codes:
            raise ColumnError(
                f"{self.numbers} numbers and {codes} categories",
                f"{X.numbers.shape[1]} and {X.codes.shape[1]}",
            )
        out = np.empty((len(X.numbers), self.width), np.float32)
        out[:, : self.numbers] = X.numbers
        sizes, none = np.diff(self.starts), len(self.ranks)
        for start in range(0, len(out) if codes else 0, _TOGETHER):
            rows = slice(start, start + _TOGETHER)
            code = X.codes[rows]
            place = np.where((code >= 0) & (code < sizes), code + self.starts[:-1], none)
            out[rows, self.numbers :] = self._seen[place]
        return out

    @cached_property
    def _seen(self) -> NDArray[np.float32]:
        """The ranks with NaN for a level without one, and behind them NaN for what is no level."""
        known = np.append(self.ranks, np.float32(-1))
        return np.where(known < 0, np.float32(np.nan), known)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give the arrays that `of_state` reads."""
        count = np.array([self.numbers], np.int64)
        return {"ranks": self.ranks, "rank_starts": self.starts, "numbers": count}

    @classmethod
    def of_state(cls, state: State) -> Ranks:
        """Read what `to_arrays` gave; raises `ModelFileError`."""
        ranks = array(state, "ranks", np.float32, 1)
        starts = array(state, "rank_starts", np.int64, 1)
        numbers = array(state, "numbers", np.int64, 1)
        framed = len(starts) > 0 and starts[0] == 0 and starts[-1] == len(ranks)
        if not framed or (np.diff(starts) < 0).any():
            raise unsound("a table of ranks for each category column", "another")
        if len(numbers) != 1 or not 0 <= numbers[0] <= 10_000_000:
            raise unsound("a count of number columns", f"{numbers[:3]}")
        return cls(int(numbers[0]), ranks, starts)
