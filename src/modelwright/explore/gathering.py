"""What is added up of one column while its rows pass by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Column, Kind
from modelwright.explore.sizes import Sizes
from modelwright.stats.distinct_sketch import DistinctSketch
from modelwright.stats.frequent_sketch import FrequentSketch
from modelwright.stats.quantile_sketch import QuantileSketch

__all__ = ["CUT", "Gatherer", "Moments"]

CUT = 120
"""Longer values are cut before they are kept."""
_MICROSECONDS = 1e6
_ORDERED = (Kind.NUMBER, Kind.DATETIME)
_TRUTH = np.array([0, 1], np.uint64)

Floats = NDArray[np.float64]


@dataclass
class Moments:
    """Mean and central moments, put together from batches (Chan et al. 1979; Pebay 2008).

    Examples
    --------
    >>> moments = Moments()
    >>> moments.add(np.array([1.0, 2.0])), moments.add(np.array([6.0]))
    (None, None)
    >>> moments.mean, round(moments.deviation, 4)
    (3.0, 2.6458)
    """

    count: int = 0
    mean: float = 0.0
    second: float = 0.0
    third: float = 0.0
    fourth: float = 0.0

    def add(self, values: Floats) -> None:
        """Take in values."""
        if not len(values):
            return
        # what overflows is told as not known: no statistic of such values is a number
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            mean = float(values.mean())
            gaps = values - mean
            squares = gaps * gaps
            other = Moments(
                len(values),
                mean,
                float(squares.sum()),
                float((squares * gaps).sum()),
                float((squares * squares).sum()),
            )
            self._put_together(other)

    def _put_together(self, other: Moments) -> None:
        a, b = float(self.count), float(other.count)
        n = a + b
        gap = np.float64(other.mean - self.mean)
        step = gap / n
        fourth = (
            self.fourth + other.fourth
            + gap * step**3 * a * b * (a * a - a * b + b * b)
            + 6 * step**2 * (a * a * other.second + b * b * self.second)
            + 4 * step * (a * other.third - b * self.third)
        )  # fmt: skip
        third = (
            self.third + other.third
            + gap * step**2 * a * b * (a - b)
            + 3 * step * (a * other.second - b * self.second)
        )  # fmt: skip
        self.second = float(self.second + other.second + gap * step * a * b)
        self.third, self.fourth = float(third), float(fourth)
        self.mean = float(self.mean + step * b)
        self.count += other.count

    @property
    def deviation(self) -> float:
        """The standard deviation with n - 1; NaN for fewer than two values."""
        return float(np.sqrt(self.second / (self.count - 1))) if self.count > 1 else float("nan")

    @property
    def skew(self) -> float:
        """The third standardised moment, as `scipy.stats.skew`; NaN for a constant."""
        if not 0 < self.second < np.inf:
            return float("nan")
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return float(np.sqrt(self.count) * self.third / np.float64(self.second) ** 1.5)

    @property
    def kurtosis(self) -> float:
        """The fourth standardised moment less 3, as `scipy.stats.kurtosis`; NaN for a constant."""
        if not 0 < self.second < np.inf:
            return float("nan")
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return float(np.float64(self.count) * self.fourth / self.second / self.second - 3.0)


class Gatherer:
    """One column, added up batch by batch.

    Parameters
    ----------
    column : Column
        What it means.
    sizes : Sizes
        How much is kept.
    seed : int
        Of the sketch.
    """

    def __init__(self, column: Column, sizes: Sizes, seed: int = 0) -> None:
        self.column = column
        self.rows = self.missing = self.marked = 0
        self.zeros = self.negatives = 0
        self.whole = True
        self.moments = Moments()
        self.quantiles = QuantileSketch(sizes.quantiles, seed)
        self.distinct = DistinctSketch(sizes.distinct)
        self.frequent = FrequentSketch(sizes.frequent)
        self.shortest, self.longest, self.characters = 2**62, 0, 0

    def add(self, values: pl.Series, found: pl.Series | None = None) -> None:
        """Take in a batch.

        Parameters
        ----------
        values : polars.Series, shape (n,)
            Typed.
        found : polars.Series, shape (n,), optional
            The same as it stood in the source.
        """
        gone = values.null_count()
        self.rows += len(values)
        self.missing += gone
        if found is not None and gone:
            self.marked += max(gone - _empty(found), 0)
        present = values.drop_nulls() if gone else values
        if not len(present):
            return
        if self.column.kind in _ORDERED:
            self._add_numbers(present)
        elif self.column.kind is Kind.BOOLEAN:
            self._add_truth(present)
        else:
            self._add_words(present)

    def _add_numbers(self, present: pl.Series) -> None:
        if present.dtype.is_temporal():
            numbers = present.to_physical().to_numpy() / _MICROSECONDS
        else:
            numbers = present.to_numpy()
        ordered = np.sort(np.asarray(numbers, np.float64))
        ordered += 0.0  # minus zero is zero
        self.moments.add(ordered)
        self.quantiles.add(ordered)
        first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        each = ordered[first]
        counts = np.diff(np.append(first, len(ordered)))
        keys = each.view(np.uint64)
        self.distinct.add(keys)
        self.frequent.add(keys, counts, lambda at: [float(each[i]) for i in at])
        low, high = np.searchsorted(each, 0.0, "left"), np.searchsorted(each, 0.0, "right")
        self.negatives += int(counts[:low].sum())
        self.zeros += int(counts[low:high].sum())
        if self.whole:
            self.whole = bool((each == np.floor(each)).all())

    def _add_truth(self, present: pl.Series) -> None:
        true = int(present.sum())
        counts = np.array([len(present) - true, true])
        there = counts > 0
        self.distinct.add(_TRUTH[there])
        names = [name for name, some in zip(("false", "true"), there, strict=True) if some]
        self.frequent.add(_TRUTH[there], counts[there], lambda at: [names[i] for i in at])

    def _add_words(self, present: pl.Series) -> None:
        counted = present.alias("value").value_counts(name="rows")
        each = counted["value"]
        counts = counted["rows"].to_numpy().astype(np.int64)
        keys = each.hash(seed=0).to_numpy()
        self.distinct.add(keys)
        self.frequent.add(keys, counts, lambda at: _shown(each, at))
        lengths = each.str.len_chars().to_numpy().astype(np.int64)
        self.shortest = min(self.shortest, int(lengths.min()))
        self.longest = max(self.longest, int(lengths.max()))
        self.characters += int(lengths @ counts)


def _empty(found: pl.Series) -> int:
    """Count the cells of a source that hold nothing."""
    empty = found.null_count()
    if found.dtype.is_float():
        empty += int(found.is_nan().sum())
    elif found.dtype == pl.String:
        empty += int((found.str.strip_chars() == "").sum())
    return empty


def _shown(each: pl.Series, at: Sequence[int]) -> list[Any]:
    """Cut what is shown of some values."""
    some = each.gather(pl.Series(at, dtype=pl.UInt32)) if len(at) else each.clear()
    texts = some.str.slice(0, CUT + 1).to_list()
    return [text if len(text) <= CUT else f"{text[:CUT]}…" for text in texts]
