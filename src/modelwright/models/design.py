"""The design matrix of a linear model: standardised numbers and one-hot categories.

Heavy-tailed columns go through the inverse hyperbolic sine (a signed logarithm; Burbidge, Magee
and Robb 1988), and what lies beyond four standard deviations is softly pulled to within six, so
that one wild value cannot explode a prediction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.models.unpack import array, unsound

__all__ = ["Design", "Features", "missing_patterns"]

Floats = NDArray[np.float64]

_HEAVY = 12.0
"""Kurtosis above which a column is heavy-tailed: 3 is a normal, 9 an exponential column."""


_ENOUGH = 100_000
"""Rows from which medians and moments are taken: every k-th when there are more."""


@dataclass(frozen=True)
class Features:
    """A design matrix, with its one-hot part kept as positions of the ones.

    Parameters
    ----------
    dense : ndarray of shape (n_rows, n_dense)
        float64, or float32 when large.
    slots : ndarray of int32, shape (n_codes, n_rows)
        For each code column and row the one-hot column that is 1; `width` for none.
    width : int
        How many one-hot columns there are.
    """

    dense: NDArray[np.floating]
    slots: NDArray[np.int32]
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.dense), self.dense.shape[1] + self.width

    def times(self, B: Floats) -> Floats:
        """Multiply from the right: shape (n_rows, n_outputs)."""
        split = self.dense.shape[1]
        out = (self.dense @ B[:split].astype(self.dense.dtype, copy=False)).astype(np.float64)
        table = np.vstack([B[split:], np.zeros((1, B.shape[1]))])
        for slots in self.slots:
            out += table[slots]
        return out

    def transposed(self, R: Floats) -> Floats:
        """Multiply the transpose: (n_rows, n_outputs) to (n_columns, n_outputs)."""
        top = self.dense.T @ R.astype(self.dense.dtype, copy=False)
        bottom = np.zeros((self.width + 1, R.shape[1]))
        for slots in self.slots:
            for k in range(R.shape[1]):
                bottom[:, k] += np.bincount(slots, R[:, k], self.width + 1)
        return np.vstack([top.astype(np.float64), bottom[:-1]])

    def gram(self, weight: Floats) -> Floats:
        """Give the weighted matrix of inner products, shape (n_columns, n_columns)."""
        split, wide = self.dense.shape[1], self.width + 1
        full = np.zeros((split + wide, split + wide))
        root = np.sqrt(weight)[:, None].astype(self.dense.dtype)
        for start in range(0, len(self.dense), 65536):
            part = self.dense[start : start + 65536] * root[start : start + 65536]
            full[:split, :split] += part.T @ part
        for j in range(split if len(self.slots) else 0):
            weighted = weight * self.dense[:, j]
            for slots in self.slots:
                full[split:, j] += np.bincount(slots, weighted, wide)
        full[:split, split:] = full[split:, :split].T
        for a, left in enumerate(self.slots):
            full[split:, split:] += np.diag(np.bincount(left, weight, wide))
            for right in self.slots[:a]:
                _add_pairs(full[split:, split:], left, right, weight)
        return full[:-1, :-1]

    def to_dense(self) -> Floats:
        """Give the plain array; for few rows."""
        rows = np.arange(len(self.dense))
        ones = np.zeros((len(rows), self.width + 1))
        for slots in self.slots:
            ones[rows, slots] = 1.0
        return np.hstack([self.dense, ones[:, :-1]])


def _add_pairs(
    block: Floats, left: NDArray[np.int32], right: NDArray[np.int32], weight: Floats
) -> None:
    """Add how often each two levels of two columns meet."""
    (rows, row_of), (columns, column_of) = (_used(slots, len(block)) for slots in (left, right))
    pairs = np.bincount(row_of * len(columns) + column_of, weight, len(rows) * len(columns))
    table = pairs.reshape(len(rows), len(columns))
    block[np.ix_(rows, columns)] += table
    block[np.ix_(columns, rows)] += table.T


def _used(slots: NDArray[np.int32], wide: int) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """List the one-hot columns that occur, and the place of each row's among them."""
    occurs = np.zeros(wide, bool)
    occurs[slots] = True  # to sort the rows, as np.unique does, takes ten times as long
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[slots]


@dataclass(frozen=True)
class Design:
    """How a `Matrix` becomes `Features`; fitted on training rows.

    Parameters
    ----------
    fill : ndarray of float64, shape (n_numbers,)
        The median of each number, put where it is missing.
    shift, unit : ndarray of float64, shape (n_numbers,)
        What is taken away, and by what the rest is divided.
    heavy : ndarray of bool, shape (n_numbers,)
        Whether the column goes through the inverse hyperbolic sine.
    mean, scale : ndarray of float64, shape (n_numbers,)
        Moments after that; a scale of 0 marks a constant, which is left out.
    flagged : ndarray of int32
        Numbers whose missingness is a column of its own.
    knots : ndarray of float64, shape (n_knots, n_numbers)
        Where hinges bend, in standardised units.
    lookup : ndarray of int32
        For each code column: the one-hot column of missing, unseen, and each level.
    starts : ndarray of int64, shape (n_codes + 1,)
        Where each code column begins in `lookup`.
    width : int
        How many one-hot columns there are.
    """

    fill: Floats
    shift: Floats
    unit: Floats
    heavy: NDArray[np.bool_]
    mean: Floats
    scale: Floats
    flagged: NDArray[np.int32]
    knots: Floats
    lookup: NDArray[np.int32]
    starts: NDArray[np.int64]
    width: int

    @classmethod
    def fit(
        cls, X: Matrix, weight: Floats | None, *, knots: int, min_count: int, max_onehot: int
    ) -> Design:
        """Learn medians, moments, knots and levels from training rows."""
        every = slice(None, None, 1 + len(X.numbers) // _ENOUGH)
        numbers, some = X.numbers[every], None if weight is None else weight[every]
        weights = np.ones(len(numbers)) if some is None else some
        middle, unit = _middles(numbers, some)
        count = len(middle)
        start = cls(
            middle, middle, unit, np.zeros(count, bool), np.zeros(count), np.ones(count),
            missing_patterns(X.numbers), np.empty((0, count)), *_levels(X, min_count, max_onehot),
        )  # fmt: skip
        heavy = _kurtosis(start._stretched(numbers), weights) > _HEAVY
        shift, unit = _log_scales(numbers, heavy, middle, unit)
        start = replace(start, shift=shift, unit=unit, heavy=heavy)
        z = start._stretched(numbers)
        mean = np.average(z, axis=0, weights=weights)
        scale = np.sqrt(np.average((z - mean) ** 2, axis=0, weights=weights))
        scale[scale < 1e-9] = 0.0
        start = replace(start, mean=mean, scale=scale)
        if not knots:
            return start
        z = _soft((z - mean) / np.where(scale > 0, scale, 1.0))
        bends = np.quantile(z, np.linspace(0, 1, knots + 2)[1:-1], axis=0)
        return replace(start, knots=bends)

    def _stretched(self, numbers: NDArray[np.float32]) -> Floats:
        z = np.asarray(numbers, np.float64)
        z = np.where(np.isnan(z), self.fill, z)
        z -= self.shift
        z /= self.unit
        z[:, self.heavy] = np.arcsinh(z[:, self.heavy])
        return z

    def __call__(self, X: Matrix, dtype: type[np.floating] = np.float64) -> Features:
        """Make the features of some rows.

        Raises
        ------
        ColumnError
            When the matrix has other columns than the one seen in training.
        """
        wanted, codes = len(self.fill), len(self.starts) - 1
        if X.numbers.shape[1] != wanted or X.codes.shape[1] != codes:
            raise ColumnError(
                f"{wanted} numbers and {codes} categories",
                f"{X.numbers.shape[1]} and {X.codes.shape[1]}",
            )
        dense = np.empty((len(X.numbers), self.columns - self.width), dtype)
        for start in range(0, len(dense), 16384):
            rows = slice(start, start + 16384)
            self._fill(X.numbers[rows], dense[rows])
        return Features(dense, self._slots(X.codes), self.width)

    def _fill(self, numbers: NDArray[np.float32], out: NDArray[np.floating]) -> None:
        varies = self.scale > 0
        z = self._stretched(numbers)
        z -= self.mean
        z /= np.where(varies, self.scale, 1.0)
        z = _soft(z[:, varies])
        count = z.shape[1]
        out[:, :count] = z
        for k, bend in enumerate(self.knots, 1):
            out[:, k * count : (k + 1) * count] = np.maximum(z - bend[varies], 0.0)
        out[:, out.shape[1] - len(self.flagged) :] = np.isnan(numbers[:, self.flagged])

    def _slots(self, codes: NDArray[np.int32]) -> NDArray[np.int32]:
        slots = np.empty((codes.shape[1], len(codes)), np.int32)
        levels = np.diff(self.starts) - 2
        for start in range(0, len(codes), 16384):
            some = codes[start : start + 16384]
            code = np.maximum(np.where(some < levels, some, -1), -2)
            slots[:, start : start + 16384] = self.lookup[code + self.starts[:-1] + 2].T
        return slots

    @property
    def columns(self) -> int:
        """How many columns `Features` have."""
        varying = int((self.scale > 0).sum())
        return varying * (1 + len(self.knots)) + len(self.flagged) + self.width

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Give the arrays that `of_state` reads."""
        return {
            "fill": self.fill, "shift": self.shift, "unit": self.unit, "heavy": self.heavy,
            "mean": self.mean, "scale": self.scale, "flagged": self.flagged, "knots": self.knots,
            "lookup": self.lookup, "starts": self.starts, "width": np.array([self.width], np.int64),
        }  # fmt: skip

    @classmethod
    def of_state(cls, state: State) -> Design:
        """Read what `to_arrays` gave; raises `ModelFileError`."""
        fill, shift, unit, mean, scale = (
            array(state, name, np.float64, 1) for name in ("fill", "shift", "unit", "mean", "scale")
        )
        heavy = array(state, "heavy", np.bool_, 1)
        flagged = array(state, "flagged", np.int32, 1)
        knots = array(state, "knots", np.float64, 2)
        lookup = array(state, "lookup", np.int32, 1)
        starts = array(state, "starts", np.int64, 1)
        width = array(state, "width", np.int64, 1)
        count = len(fill)
        whole = {len(shift), len(unit), len(mean), len(scale), len(heavy), knots.shape[1]} == {
            count
        }
        if not whole or (unit <= 0).any() or (scale < 0).any() or len(width) != 1:
            raise unsound("one median, spread, mean and scale a number", "others")
        if ((flagged < 0) | (flagged >= count)).any():
            raise unsound("missing-value flags of known columns", "others")
        framed = len(starts) > 0 and starts[0] == 0 and starts[-1] == len(lookup)
        if not framed or (np.diff(starts) < 2).any():
            raise unsound("a table of levels for each category column", "another")
        if ((lookup < 0) | (lookup > width[0])).any():
            raise unsound("one-hot columns inside the design matrix", "others")
        return cls(
            fill, shift, unit, heavy, mean, scale, flagged, knots, lookup, starts, int(width[0]),
        )  # fmt: skip


def _soft(z: Floats) -> Floats:
    """Leave what lies within four alone, and pull the rest softly to within six."""
    if not z.size or max(z.max(), -z.min()) <= 4.0:
        return z
    size = np.abs(z)
    return np.where(size <= 4.0, z, np.sign(z) * (4.0 + 2.0 * np.tanh((size - 4.0) / 2.0)))


def _kurtosis(z: Floats, weight: Floats) -> Floats:
    centred = z - np.average(z, axis=0, weights=weight)
    square = centred * centred
    variance = np.average(square, axis=0, weights=weight)
    fourth = np.average(square * square, axis=0, weights=weight)
    ratio: Floats = fourth / np.maximum(variance * variance, 1e-300)
    return ratio


def _middles(numbers: NDArray[np.float32], weight: Floats | None) -> tuple[Floats, Floats]:
    """Give the median and a positive spread of each column, whatever is missing."""
    middle, unit = np.zeros(numbers.shape[1]), np.ones(numbers.shape[1])
    for j in range(numbers.shape[1]):
        column = numbers[:, j]
        known = ~np.isnan(column)
        values = column[known].astype(np.float64)
        if not len(values):
            continue
        weights = None if weight is None else weight[known]
        low, middle[j], high = np.quantile(
            values, (0.25, 0.5, 0.75), weights=weights, method="inverted_cdf"
        )
        spread = (high - low) / 1.35 or np.sqrt(
            np.average((values - middle[j]) ** 2, weights=weights)
        )
        unit[j] = spread if spread > 1e-30 else 1.0
    return middle, unit


def _log_scales(
    numbers: NDArray[np.float32], heavy: NDArray[np.bool_], middle: Floats, unit: Floats
) -> tuple[Floats, Floats]:
    """Measure heavy-tailed columns without negative values from 0, by their small values.

    The inverse hyperbolic sine of such a measure is a logarithm over all but the smallest 5 %.
    """
    shift, unit = middle.copy(), unit.copy()
    for j in np.flatnonzero(heavy):
        column = numbers[:, j]
        above = column[column > 0]
        if len(above) and not (column < 0).any():
            shift[j], unit[j] = 0.0, max(float(np.quantile(above, 0.05)), 1e-30)
    return shift, unit


def missing_patterns(numbers: NDArray[np.float32]) -> NDArray[np.int32]:
    """Find columns in which something is missing, one for each pattern of missingness."""
    patterns: dict[bytes, int] = {}
    for j in range(numbers.shape[1]):
        missing = np.isnan(numbers[:, j])
        if missing.any() and not missing.all():
            patterns.setdefault(np.packbits(missing).tobytes(), j)
    return np.array(list(patterns.values()), np.int32)


def _levels(
    X: Matrix, min_count: int, max_onehot: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], int]:
    """Give each frequent level a one-hot column; rare and unseen ones share one a column."""
    tables = [
        np.bincount(np.maximum(X.codes[:, j], -2) + 2, minlength=levels + 2)[: levels + 2]
        for j, levels in enumerate(X.levels)
    ]
    starts = np.concatenate([[0], np.cumsum([len(table) for table in tables])]).astype(np.int64)
    counts = np.concatenate([*tables, np.empty(0, np.int64)])
    frequent = np.argsort(-counts, kind="stable")[:max_onehot]
    own = np.zeros(len(counts), bool)
    own[frequent] = counts[frequent] >= min_count
    own[starts[:-1] + 1] = False
    lookup = np.where(own, np.cumsum(own) - 1, -1).astype(np.int32)
    width = int(own.sum())
    for begin, end in pairwise(starts.tolist()):
        part, left = lookup[begin:end], counts[begin:end].copy()
        left[part >= 0] = 0
        merged = np.flatnonzero(part < 0)
        merged = merged[merged > 0]
        if left[merged].sum() >= min_count:
            part[merged] = width
            width += 1
    lookup[lookup < 0] = width
    return lookup, starts, width
