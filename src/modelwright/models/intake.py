"""What nets for tables see: scaled numbers, flags and one-hot levels, and rows of a vector table.

Numbers are centred at their median, divided by their interquartile range and softly clipped to
within three, as in RealMLP (Holzmüller, Grinsztajn and Steinwart 2024): no outlier, and no wild
value at prediction, moves the net far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.models.design import missing_patterns
from modelwright.models.unpack import array, unsound

__all__ = ["Intake", "quantile_bins"]

Floats = NDArray[np.float64]

_ENOUGH = 100_000
"""Rows from which medians and ranges are taken: every k-th when there are more."""

_ONE = np.float32(2.0 / np.sqrt(1.0 + 4.0 / 9.0))
"""A level that is there: what scaling and clipping make of a rare 1 among zeros."""

_NOWHERE = np.float32(1e6)
"""Where bins begin in which no value lies."""


@dataclass(frozen=True)
class Intake:
    """How a `Matrix` becomes the inputs of a net; fitted on training rows.

    Parameters
    ----------
    middle : ndarray of float64, shape (n_numbers,)
        The median of each number, put where it is missing.
    unit : ndarray of float64, shape (n_numbers,)
        The range by which it is divided; 0 marks a constant, which is left out.
    flagged : ndarray of int32
        Numbers whose missingness is a column of its own.
    lookup : ndarray of int32
        For each code column what missing, unseen, and each level become: of a column with few
        levels the one-hot column, or `hot` for none; of another a row of the vector table.
    starts : ndarray of int64, shape (n_codes + 1,)
        Where each code column begins in `lookup`.
    embedded : ndarray of bool, shape (n_codes,)
        Which code columns take vectors.
    hot : int
        How many one-hot columns there are.
    rows : int
        How many rows the vector table has.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.array([[1.0], [2.0], [3.0], [np.nan]], np.float32), ["x"])
    >>> Intake.fit(X, None, onehot=9).dense(X).round(2).tolist()
    [[-0.49, 0.0], [0.0, 0.0], [0.49, 0.0], [0.0, 1.0]]
    """

    middle: Floats
    unit: Floats
    flagged: NDArray[np.int32]
    lookup: NDArray[np.int32]
    starts: NDArray[np.int64]
    embedded: NDArray[np.bool_]
    hot: int
    rows: int

    @classmethod
    def fit(cls, X: Matrix, weight: Floats | None, *, onehot: int) -> Intake:
        """Learn medians, ranges and levels from training rows.

        Parameters
        ----------
        X : Matrix
            Training rows.
        weight : ndarray of shape (n_rows,), optional
            How much each counts.
        onehot : int
            Levels up to which a code column becomes one-hot columns.
        """
        every = slice(None, None, 1 + len(X.numbers) // _ENOUGH)
        some = None if weight is None else weight[every]
        middle, unit = _ranges(X.numbers[every], some)
        tables: list[NDArray[np.int32]] = []
        embedded = np.array([levels > onehot for levels in X.levels], np.bool_)
        hot = rows = 0
        for j, levels in enumerate(X.levels):
            known = np.clip(X.codes[:, j], -2, levels - 1)
            counts = np.bincount(known + 2, minlength=levels + 2)
            if embedded[j]:
                table, rows = _vectors(counts, rows)
            else:
                table, hot = _columns(counts, hot)
            tables.append(table)
        lookup = np.concatenate([*tables, np.empty(0, np.int32)])
        starts = np.cumsum([0, *(len(table) for table in tables)]).astype(np.int64)
        for j in np.flatnonzero(~embedded).tolist():
            own = lookup[starts[j] : starts[j + 1]]
            own[own < 0] = hot
        return cls(middle, unit, missing_patterns(X.numbers), lookup, starts, embedded, hot, rows)

    @property
    def numbers(self) -> int:
        """How many of the dense columns are numbers; they come first."""
        return int((self.unit > 0).sum())

    @property
    def others(self) -> int:
        """How many dense columns come after them: flags and one-hot levels."""
        return len(self.flagged) + self.hot

    @property
    def columns(self) -> int:
        """How many columns take vectors."""
        return int(self.embedded.sum())

    @property
    def width(self) -> int:
        """How many columns come out in all; 0: there is nothing to learn from."""
        return self.numbers + self.others + self.columns

    @property
    def shared(self) -> tuple[int, ...]:
        """The rows of the vector table that stand for rare and unseen levels, one a column."""
        return tuple(self.lookup[self.starts[:-1][self.embedded] + 1].tolist())

    def dense(self, X: Matrix) -> NDArray[np.float32]:
        """Make the float block of some rows, shape (n_rows, numbers + others).

        Raises
        ------
        ColumnError
            When the matrix has other columns than the one seen in training.
        """
        wanted, codes = len(self.unit), len(self.embedded)
        if X.numbers.shape[1] != wanted or X.codes.shape[1] != codes:
            raise ColumnError(
                f"{wanted} numbers and {codes} categories",
                f"{X.numbers.shape[1]} and {X.codes.shape[1]}",
            )
        # one more column takes the ones of levels that have none
        out = np.zeros((len(X.numbers), self.numbers + self.others + 1), np.float32)
        for start in range(0, len(out), 16384):
            rows = slice(start, start + 16384)
            out[rows, : self.numbers] = self._scaled(X.numbers[rows])
        ends = self.numbers + len(self.flagged)
        out[:, self.numbers : ends] = np.isnan(X.numbers[:, self.flagged])
        every = np.arange(len(out))
        for j in np.flatnonzero(~self.embedded).tolist():
            out[every, ends + self._found(X, j)] = _ONE
        return np.ascontiguousarray(out[:, :-1])

    def codes(self, X: Matrix) -> NDArray[np.int64]:
        """Make the block of rows of the vector table, shape (n_rows, columns)."""
        out = np.empty((len(X.codes), self.columns), np.int64)
        for place, j in enumerate(np.flatnonzero(self.embedded).tolist()):
            out[:, place] = self._found(X, j)
        return out

    def _found(self, X: Matrix, j: int) -> NDArray[np.int32]:
        table = self.lookup[self.starts[j] : self.starts[j + 1]]
        code = np.where(X.codes[:, j] < len(table) - 2, X.codes[:, j], -1)
        found: NDArray[np.int32] = table[np.maximum(code, -2) + 2]
        return found

    def _scaled(self, numbers: NDArray[np.float32]) -> Floats:
        varies = self.unit > 0
        z = (numbers[:, varies] - self.middle[varies]) / self.unit[varies]
        z[np.isnan(z)] = 0.0
        clipped: Floats = z / np.sqrt(1.0 + (z / 3.0) ** 2)
        return clipped

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give the arrays that `of_state` reads."""
        return {
            "middle": self.middle, "unit": self.unit, "flagged": self.flagged,
            "lookup": self.lookup, "starts": self.starts, "embedded": self.embedded,
            "counts": np.array([self.hot, self.rows], np.int64),
        }  # fmt: skip

    @classmethod
    def of_state(cls, state: State) -> Intake:
        """Read what `to_arrays` gave; raises `ModelFileError`."""
        middle, unit = (array(state, name, np.float64, 1) for name in ("middle", "unit"))
        flagged = array(state, "flagged", np.int32, 1)
        lookup = array(state, "lookup", np.int32, 1)
        starts = array(state, "starts", np.int64, 1)
        embedded = array(state, "embedded", np.bool_, 1)
        counts = array(state, "counts", np.int64, 1)
        if len(middle) != len(unit) or (unit < 0).any():
            raise unsound("one median and range a number", "others")
        if ((flagged < 0) | (flagged >= len(unit))).any():
            raise unsound("flags of known numbers", "others")
        framed = len(starts) > 0 and starts[0] == 0 and starts[-1] == len(lookup)
        if not framed or (np.diff(starts) < 2).any() or len(embedded) != len(starts) - 1:
            raise unsound("a table of levels for each category column", "another")
        if len(counts) != 2 or (counts < 0).any() or (counts > 10_000_000).any():
            raise unsound("counts of columns and vectors", f"{counts[:3]}")
        hot, rows = counts.tolist()
        # every one-hot column may be hit, and one more for none; every row of the vector table
        most = np.repeat(np.where(embedded, rows - 1, hot), np.diff(starts))
        if ((lookup < 0) | (lookup > most)).any():
            raise unsound("levels inside their tables", "others")
        return cls(middle, unit, flagged, lookup, starts, embedded, hot, rows)


def _ranges(numbers: NDArray[np.float32], weight: Floats | None) -> tuple[Floats, Floats]:
    """Give the median and the interquartile range of each column; without one, half its range."""
    middle, unit = np.zeros(numbers.shape[1]), np.zeros(numbers.shape[1])
    for j in range(numbers.shape[1]):
        known = ~np.isnan(numbers[:, j])
        values = numbers[known, j].astype(np.float64)
        if not len(values):
            continue
        weights = None if weight is None else weight[known]
        low, middle[j], high = np.quantile(
            values, (0.25, 0.5, 0.75), weights=weights, method="inverted_cdf"
        )
        width = high - low or (values.max() - values.min()) / 2
        unit[j] = width if width > 1e-30 else 0.0
    return middle, unit


def _columns(counts: NDArray[np.int64], hot: int) -> tuple[NDArray[np.int32], int]:
    """Give each level that occurs, and missing if it does, a one-hot column from `hot` on."""
    own = counts > 0
    own[1] = False
    table = np.where(own, hot + np.cumsum(own) - 1, -1).astype(np.int32)
    return table, hot + int(own.sum())


def _vectors(counts: NDArray[np.int64], rows: int) -> tuple[NDArray[np.int32], int]:
    """Give each level a row of the vector table; those seen once or never share the first."""
    own = counts > 1
    own[1] = False
    table = np.where(own, rows + np.cumsum(own), rows).astype(np.int32)
    return table, rows + 1 + int(own.sum())


def quantile_bins(
    numbers: NDArray[np.float32], most: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut each column at its quantiles, into bins with about as many rows each.

    Parameters
    ----------
    numbers : ndarray of float32, shape (n_rows, n_numbers)
        Scaled numbers, without NaN.
    most : int
        Bins a column at most; a column of few values has fewer.

    Returns
    -------
    left, width : ndarray of float32, shape (n_numbers, most)
        Where each bin begins, and how wide it is; what a column has too many begins where no
        value lies.

    Examples
    --------
    >>> left, width = quantile_bins(np.arange(9, dtype=np.float32)[:, None], 4)
    >>> left.tolist(), width.tolist()
    ([[0.0, 2.0, 4.0, 6.0]], [[2.0, 2.0, 2.0, 2.0]])
    """
    some = numbers[:: 1 + len(numbers) // _ENOUGH]
    left = np.full((numbers.shape[1], most), _NOWHERE, np.float32)
    width = np.ones_like(left)
    for j in range(numbers.shape[1]):
        edges = np.unique(np.quantile(some[:, j], np.linspace(0, 1, most + 1)))
        bins = len(edges) - 1
        left[j, :bins], width[j, :bins] = edges[:-1], np.maximum(np.diff(edges), 1e-6)
    return left, width
