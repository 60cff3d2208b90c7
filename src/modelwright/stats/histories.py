"""What the rows of a key say together, after each of them in turn.

The rows of a key stand in the order of time, and beside each stands what all rows up to it say:
their number, mean, extremes. So a question "what was known before this moment" is a search for one
row, and nothing later can slip in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Summaries", "Timeline", "codes_of", "moments_of", "texts_of"]

Places = NDArray[np.int64]
Floats = NDArray[np.float64]

_KEY = "key"
_DAY = 86_400e6  # microseconds


def texts_of(keys: pl.Series) -> pl.Series:
    """Write keys as text: a whole number as such, however it is stored.

    Examples
    --------
    >>> texts_of(pl.Series([1.0, 2.5, None])).to_list(), texts_of(pl.Series([1])).to_list()
    (['1', '2.5', None], ['1'])
    """
    if keys.dtype.is_float():
        whole = keys.is_finite() & (keys == keys.floor()) & (keys.abs() < 2**53)
        number = keys.cast(pl.Int64, strict=False).cast(pl.String)
        return keys.cast(pl.String).zip_with(~whole.fill_null(False), number)
    return keys.cast(pl.String)


def moments_of(times: pl.Series) -> Floats:
    """Give times as numbers: dates as days, numbers as they are, NaN where there is none.

    Examples
    --------
    >>> from datetime import date
    >>> moments_of(pl.Series([date(1970, 1, 3), None]))
    array([ 2., nan])
    """
    if times.dtype.is_temporal():
        return times.cast(pl.Datetime("us")).to_physical().cast(pl.Float64).to_numpy() / _DAY
    return times.cast(pl.Float64).to_numpy()


@dataclass(frozen=True)
class Timeline:
    """The rows of each key in the order of time.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_keys + 1,)
        Where the rows of each key begin, and where the last ones end.
    times : ndarray of float64, shape (n_rows,)
        When each row was; never falling within a key.

    Examples
    --------
    >>> line, order = Timeline.of(np.array([1, 0, 1]), np.array([7.0, 1.0, 3.0]), keys=2)
    >>> order, line.before(np.array([1, 1, 0]), np.array([7.0, 8.0, 0.5]))
    (array([1, 2, 0]), array([ 1,  2, -1]))
    """

    starts: Places
    times: Floats

    @classmethod
    def of(cls, key: Places, times: Floats, keys: int) -> tuple[Timeline, Places]:
        """Sort rows by key and time; also give their order. Rows of key -1, or NaN, are left out.

        Rows of one moment keep the order they have.
        """
        there = np.flatnonzero((key >= 0) & ~np.isnan(times))
        order = there[np.lexsort((times[there], key[there]))]
        starts = np.searchsorted(key[order], np.arange(keys + 1))
        return cls(starts.astype(np.int64), times[order]), order

    def before(self, key: Places, times: Floats, gap: float = 0.0) -> Places:
        """Find the last row of a key that is earlier than a moment, by a gap at least.

        Parameters
        ----------
        key : ndarray of int64, shape (n_asked,)
            Of -1, and of keys without such a row, nothing is found.
        times : ndarray of float64, shape (n_asked,)
            The moments; NaN finds nothing.
        gap : float
            How much earlier a row has to be, in the units of `times`; with 0 just earlier.

        Returns
        -------
        ndarray of int64, shape (n_asked,)
            Places in the timeline, -1 for none.
        """
        count = len(self.times)
        mine = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        when, who = np.concatenate([self.times, times - gap]), np.concatenate([mine, key])
        # of equal moments the asked row comes first, unless there is a gap: what happens at the
        # same time is not known yet
        later = np.repeat([gap <= 0, gap > 0], [count, len(key)])
        order = np.lexsort((later, when, who))
        place = np.empty(len(when), np.int64)
        place[order] = np.cumsum(order < count) - 1
        found = place[count:]
        begin = np.append(self.starts, count)[np.maximum(key, 0)]
        sound = (key >= 0) & ~np.isnan(times) & (found >= begin)
        return np.where(sound, found, -1)


@dataclass(frozen=True)
class Summaries:
    """What the rows of each key say together, after each of them.

    Parameters
    ----------
    keys : tuple of str
        The keys, ascending.
    line : Timeline
        Their rows in the order of time.
    names : tuple of str
        What is summarised: ``rows``, then for each column of numbers its mean, min, max, std (of a
        sample) and last known value, for each column of text how many different values there are
        and the share of the most frequent one.
    values : ndarray of float64, shape (n_rows, n_names)
        Of all rows of the key up to this one; NaN where nothing is known.

    Examples
    --------
    >>> orders = pl.DataFrame({"paid": [5.0, 7.0, 1.0]})
    >>> found = Summaries.of(orders, pl.Series(["a", "a", "b"]), np.array([1.0, 2.0, 1.0]))
    >>> found.names
    ('rows', 'paid: mean', 'paid: min', 'paid: max', 'paid: std', 'paid: last')
    >>> asked = found.before(pl.Series(["a", "a", "c"]), np.array([2.0, 9.0, 9.0]))
    >>> asked[:, :2].tolist()
    [[1.0, 5.0], [2.0, 6.0], [0.0, nan]]
    """

    keys: tuple[str, ...]
    line: Timeline
    names: tuple[str, ...]
    values: Floats

    @classmethod
    def of(cls, rows: pl.DataFrame, key: pl.Series, times: Floats | None = None) -> Summaries:
        """Summarise rows.

        Parameters
        ----------
        rows : polars.DataFrame
            Columns of numbers, truth values and text; others are passed over.
        key : polars.Series of str
            The key of each row; a row without one is left out.
        times : ndarray of float64, optional
            When each row was; a row without is left out. None: all rows of a key at once.
        """
        keys = tuple(key.drop_nulls().unique().sort())
        moments = np.zeros(len(key)) if times is None else times
        line, order = Timeline.of(codes_of(key, keys), moments, len(keys))
        rows = rows[order] if rows.width else rows
        names, values = _after_each(rows, np.diff(line.starts))
        found = cls(keys, line, names, values)
        return found if times is not None else found._last()

    def _last(self) -> Summaries:
        """Keep what all rows of a key say."""
        kept = self.line.starts[1:] - 1
        line = Timeline(np.arange(len(self.keys) + 1), np.zeros(len(kept)))
        return Summaries(self.keys, line, self.names, self.values[kept])

    def before(self, key: pl.Series, times: Floats | None, gap: float = 0.0) -> Floats:
        """Say what was known of keys before moments.

        Parameters
        ----------
        key : polars.Series of str
            Whom is asked about.
        times : ndarray of float64, optional
            When; None: what all rows say.
        gap : float
            How much earlier a row has to be at least; with 0 just earlier.

        Returns
        -------
        ndarray of float64, shape (n_asked, n_names)
            No rows, and NaN, for a key of which nothing was known.
        """
        moments = np.full(len(key), np.inf) if times is None else times
        place = self.line.before(codes_of(key, self.keys), moments, gap)
        found = np.full((len(key), len(self.names)), np.nan)
        found[:, 0] = 0.0
        found[place >= 0] = self.values[place[place >= 0]]
        return found

    def last_time(self, key: pl.Series, times: Floats, gap: float = 0.0) -> Floats:
        """Say when the last row was that `before` looks at; NaN where there is none."""
        place = self.line.before(codes_of(key, self.keys), times, gap)
        found = np.full(len(key), np.nan)
        found[place >= 0] = self.line.times[place[place >= 0]]
        return found


def codes_of(key: pl.Series, keys: Sequence[str]) -> Places:
    """Give the place of each key among the known ones, -1 for any other.

    Examples
    --------
    >>> codes_of(pl.Series(["b", None, "z"]), ["a", "b"])
    array([ 1, -1, -1])
    """
    if not keys:
        return np.full(len(key), -1)
    known = key.cast(pl.Enum(keys), strict=False).to_physical().cast(pl.Int64)
    return known.fill_null(-1).to_numpy()


def _after_each(rows: pl.DataFrame, sizes: Places) -> tuple[tuple[str, ...], Floats]:
    """Run through sorted rows, key after key."""
    key = np.repeat(np.arange(len(sizes)), sizes)
    count = np.arange(len(key)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1.0
    names, columns = ["rows"], [count]
    for series in rows:
        if series.dtype.is_numeric() or series.dtype == pl.Boolean():
            parts = _numbers(series.cast(pl.Float64), key)
        elif series.dtype == pl.String() or series.dtype in (pl.Categorical(), pl.Enum):
            parts = _texts(series.cast(pl.String), key)
        else:
            continue
        names += [f"{series.name}: {part}" for part in parts.columns]
        columns += [part.cast(pl.Float64).fill_null(np.nan).to_numpy() for part in parts]
    return tuple(names), np.column_stack(columns)


def _numbers(series: pl.Series, key: Places) -> pl.DataFrame:
    known = pl.select(pl.when(series.is_finite()).then(series)).to_series()
    frame = pl.DataFrame({_KEY: key, "value": known})
    value, count = pl.col("value"), pl.col("count")
    # counted from the first known value, which is not later than any: sums keep their digits
    frame = frame.with_columns(origin=value.drop_nulls().first().over(_KEY))
    frame = frame.with_columns(above=(value - pl.col("origin")).fill_null(0.0))
    frame = frame.with_columns(
        value.is_not_null().cast(pl.Int64).cum_sum().over(_KEY).alias("count"),
        pl.col("above").cum_sum().over(_KEY).alias("sum"),
        (pl.col("above") ** 2).cum_sum().over(_KEY).alias("squares"),
    )
    mean = pl.col("sum") / count
    spread = ((pl.col("squares") - count * mean**2) / (count - 1)).clip(lower_bound=0.0).sqrt()
    return frame.select(
        pl.when(count > 0).then(pl.col("origin") + mean).alias("mean"),
        value.cum_min().forward_fill().over(_KEY).alias("min"),
        value.cum_max().forward_fill().over(_KEY).alias("max"),
        pl.when(count > 1).then(spread).alias("std"),
        value.forward_fill().over(_KEY).alias("last"),
    )


def _texts(series: pl.Series, key: Places) -> pl.DataFrame:
    frame = pl.DataFrame({_KEY: key, "value": series})
    value = pl.col("value")
    new = pl.struct(_KEY, "value").is_first_distinct() & value.is_not_null()
    frame = frame.with_columns(
        new.cast(pl.Int64).alias("new"),
        value.is_not_null().cast(pl.Int64).alias("known"),
        value.cum_count().over(_KEY, "value").alias("again"),
    )
    count = pl.col("known").cum_sum().over(_KEY)
    most = pl.col("again").cum_max().over(_KEY)
    return frame.select(
        pl.col("new").cum_sum().over(_KEY).alias("distinct"),
        pl.when(count > 0).then(most / count).alias("most frequent"),
    )
