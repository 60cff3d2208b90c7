"""Columns as a few bins each: what additive models are tables over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.models.unpack import array, unsound

__all__ = ["Bins"]

_ENOUGH = 200_000
"""Rows from which quantiles are taken: every k-th when there are more."""


@dataclass(frozen=True)
class Bins:
    """How each column is cut. Bin 0 is missing; of a category, bin 1 is rare or unseen.

    Parameters
    ----------
    edges : ndarray of float32
        For each number its edges, ascending, one column after another. A value up to the first
        edge is in bin 1, up to the second in bin 2, and so on.
    edge_starts : ndarray of int64, shape (n_numbers + 1,)
        Where each number begins in `edges`.
    lookup : ndarray of int32
        For each category the bin of each level, one column after another.
    lookup_starts : ndarray of int64, shape (n_codes + 1,)
        Where each category begins in `lookup`.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.array([[1], [2], [4], [np.nan]], np.float32), ["x"])
    >>> bins = Bins.fit(X, most=10, min_count=1)
    >>> bins.edges, bins(X)[0]
    (array([1.5, 3. ], dtype=float32), array([1, 2, 3, 0], dtype=uint16))
    """

    edges: NDArray[np.float32]
    edge_starts: NDArray[np.int64]
    lookup: NDArray[np.int32]
    lookup_starts: NDArray[np.int64]

    @classmethod
    def fit(cls, X: Matrix, most: int, min_count: int) -> Bins:
        """Cut numbers at quantiles, and give each frequent level a bin.

        Parameters
        ----------
        X : Matrix
            Training rows.
        most : int
            Bins of a column at most, besides the one for missing values.
        min_count : int
            Levels in fewer rows share a bin.
        """
        every = X.numbers[:: 1 + len(X.numbers) // _ENOUGH]
        edges = [_edges(column[~np.isnan(column)], most) for column in every.T]
        lookups = []
        for j, levels in enumerate(X.levels):
            code = X.codes[:, j]
            counts = np.bincount(code[(code >= 0) & (code < levels)], minlength=levels)
            order = np.argsort(-counts, kind="stable")[: most - 1]
            order = order[counts[order] >= min_count]
            table = np.ones(levels, np.int32)
            table[order] = 2 + np.arange(len(order))
            lookups.append(table)
        return cls(
            np.concatenate([*edges, np.empty(0, np.float32)]),
            np.cumsum([0, *(len(part) for part in edges)]).astype(np.int64),
            np.concatenate([*lookups, np.empty(0, np.int32)]),
            np.cumsum([0, *(len(part) for part in lookups)]).astype(np.int64),
        )

    @property
    def numbers(self) -> int:
        """How many columns are numbers; categories come after them."""
        return len(self.edge_starts) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many bins each column has."""
        codes = [
            max(int(self.levels(j).max(initial=0)), 1) + 1
            for j in range(len(self.lookup_starts) - 1)
        ]
        return np.concatenate([np.diff(self.edge_starts) + 2, np.array(codes, np.int64)])

    def cuts(self, number: int) -> NDArray[np.float32]:
        """Give the edges of a number."""
        return self.edges[self.edge_starts[number] : self.edge_starts[number + 1]]

    def levels(self, code: int) -> NDArray[np.int32]:
        """Give the bin of each level of a category."""
        return self.lookup[self.lookup_starts[code] : self.lookup_starts[code + 1]]

    def __call__(self, X: Matrix) -> NDArray[np.uint16]:
        """Give the bin of each value: shape (n_columns, n_rows).

        Raises
        ------
        ColumnError
            When the matrix has other columns than the one seen in training.
        """
        codes = len(self.lookup_starts) - 1
        if X.numbers.shape[1] != self.numbers or X.codes.shape[1] != codes:
            raise ColumnError(
                f"{self.numbers} numbers and {codes} categories",
                f"{X.numbers.shape[1]} and {X.codes.shape[1]}",
            )
        out = np.empty((self.numbers + codes, X.shape[0]), np.uint16)
        for j in range(self.numbers):
            column = X.numbers[:, j]
            found = 1 + np.searchsorted(self.cuts(j), column, side="left")
            out[j] = np.where(np.isnan(column), 0, found)
        for j in range(codes):
            table, code = self.levels(j), X.codes[:, j]
            known = (code >= 0) & (code < len(table))
            found = np.append(table, 1)[np.where(known, code, len(table))]
            out[self.numbers + j] = np.where(code == -2, 0, found)
        return out

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give the arrays that `of_state` reads."""
        return {
            "edges": self.edges,
            "edge_starts": self.edge_starts,
            "lookup": self.lookup,
            "lookup_starts": self.lookup_starts,
        }

    @classmethod
    def of_state(cls, state: State) -> Bins:
        """Read what `to_arrays` gave; raises `ModelFileError`."""
        bins = cls(
            array(state, "edges", np.float32, 1),
            array(state, "edge_starts", np.int64, 1),
            array(state, "lookup", np.int32, 1),
            array(state, "lookup_starts", np.int64, 1),
        )
        pairs = ((bins.edges, bins.edge_starts), (bins.lookup, bins.lookup_starts))
        for values, starts in pairs:
            framed = len(starts) > 0 and starts[0] == 0 and starts[-1] == len(values)
            if not framed or (np.diff(starts) < 0).any():
                raise unsound("one column of bins after another", "others")
        ascending = all((np.diff(bins.cuts(j)) > 0).all() for j in range(bins.numbers))
        if not ascending or ((bins.lookup < 1) | (bins.lookup > 60_000)).any():
            raise unsound("ascending edges, and bins of levels", "others")
        if len(bins.sizes) and bins.sizes.max() > 60_000:
            raise unsound("at most 60000 bins a column", str(bins.sizes.max()))
        return bins


def _edges(values: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """Cut between neighbouring values, or at quantiles when there are too many."""
    distinct = np.unique(values)
    if len(distinct) > most:
        distinct = np.unique(
            np.quantile(values, np.linspace(0, 1, most + 1), method="inverted_cdf")
        )
    low, high = distinct[:-1].astype(np.float64), distinct[1:].astype(np.float64)
    middle = (low + (high - low) / 2).astype(np.float32)
    # rounding must not put an edge onto the upper value
    edges: NDArray[np.float32] = np.unique(np.where(middle >= distinct[1:], distinct[:-1], middle))
    return edges
