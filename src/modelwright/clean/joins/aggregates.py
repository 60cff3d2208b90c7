"""A table of many rows a key made into one of one row a key, also as of a moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.joins.keys import Keys, comparable, key_pairs, shown_key
from modelwright.clean.joins.tables import Joined
from modelwright.core.errors import ColumnError, DataError, OptionError, did_you_mean
from modelwright.stats.histories import Summaries, moments_of

__all__ = ["aggregate", "join_aggregates"]


def aggregate(
    table: pl.DataFrame,
    by: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    order: str | None = None,
) -> pl.DataFrame:
    """Make one row of each key: counts, means and extremes of its rows.

    Parameters
    ----------
    table : polars.DataFrame
        Any rows.
    by : str or sequence of str
        The columns that make the key. Rows without one are left out.
    columns : sequence of str, optional
        What is summarised; all other columns when left out. Numbers and truth values give mean,
        min, max, std and last value, text how many different values there are and the share of the
        most frequent; other types are passed over.
    order : str, optional
        By which "last" goes; the order of rows when left out. Rows without it are left out.

    Returns
    -------
    polars.DataFrame
        The key columns, ``rows``, and a column a summary; keys in the order in which they come.

    Raises
    ------
    ColumnError
        When the table lacks a column.

    Examples
    --------
    >>> orders = pl.DataFrame({"who": ["b", "a", "b"], "paid": [1.0, 2.0, 5.0]})
    >>> aggregate(orders, "who").select("who", "rows", "paid: mean", "paid: last").rows()
    [('b', 2, 3.0, 5.0), ('a', 1, 2.0, 2.0)]
    """
    keys = [by] if isinstance(by, str) else list(by)
    told = [*keys, *(columns or ()), *(() if order is None else (order,))]
    for name in told:
        if name not in table.columns:
            raise ColumnError(f"a column {name!r}", "none", did_you_mean(name, table.columns))
    if not keys:
        raise OptionError("a column to group by", "none")
    wanted = columns or [c for c in table.columns if c not in (*keys, order)]
    place = np.arange(table.height, dtype=np.float64)
    times = place if order is None else _moments(table[order], table[order])[0]
    key = shown_key(table.select(keys))
    there = key.is_not_null().to_numpy() & ~np.isnan(times)
    table, key, times = table.filter(there), key.filter(there), times[there]
    found = Summaries.of(table.select(wanted), key, times)
    first = table.select(keys).unique(keep="first", maintain_order=True)
    values = found.before(shown_key(first), np.full(first.height, np.inf))
    return first.hstack(_columns(found.names, values, first.columns))


def join_aggregates(
    left: pl.DataFrame,
    right: pl.DataFrame,
    on: str | Sequence[str],
    *,
    before: str | None = None,
    gap: float = 0.0,
) -> Joined:
    """Put beside each row what the rows of a second table with its key say together.

    Parameters
    ----------
    left, right : polars.DataFrame
        The tables; a key of the right one may come in any number of rows.
    on : str or sequence of str
        The keys, as for `join`.
    before : str, optional
        The times, as a column of both tables or ``left=right``: a row sees only earlier rows of
        the right table. Without it, it sees all of them, later ones too.
    gap : float
        How much earlier a row of the right table has to be, in days, or in the units of the column
        where that holds numbers; with 0 just earlier.

    Returns
    -------
    Joined
        Its `matches` list which keys were found; columns are called after those of the right
        table, ``paid: mean``.

    Raises
    ------
    ColumnError
        When a table lacks a column.
    DataError
        When times are dates in one table and numbers in the other.

    Examples
    --------
    >>> people = pl.DataFrame({"who": ["a", "b", "c"], "day": [5, 5, 5]})
    >>> orders = pl.DataFrame({"who": ["a", "a", "b"], "day": [1, 9, 5], "paid": [3.0, 90.0, 4.0]})
    >>> found = join_aggregates(people, orders, "who", before="day").frame
    >>> found.select("rows", "paid: mean").rows()
    [(1, 3.0), (0, None), (0, None)]
    """
    pairs = key_pairs(on, left.columns, right.columns)
    keys = Keys.of(left, right, pairs)
    asked, told = shown_key(keys.left), shown_key(keys.right)
    aside = {other for _, other in pairs}
    times = None
    if before is not None:
        ((one, other),) = key_pairs(before, left.columns, right.columns)
        times = _moments(left[one], right[other])
        aside.add(other)
    elif gap:
        raise OptionError("a gap between times", "no times", "say before which times")
    if gap < 0:
        raise OptionError("a gap of 0 or more", repr(gap))
    rows = right.select(name for name in right.columns if name not in aside)
    found = Summaries.of(rows, told, None if times is None else times[1])
    values = found.before(asked, None if times is None else times[0], gap)
    known = values[:, 0] > 0
    with_key = pl.DataFrame({"key": asked, "known": known}).drop_nulls()
    by_key = with_key.group_by("key", maintain_order=True).agg(pl.col("known").any(), pl.len())
    seen, met = by_key.filter("known"), set(by_key["key"])
    return Joined(
        left.hstack(_columns(found.names, values, left.columns)),
        _found(seen),
        tuple(by_key.filter(~pl.col("known"))["key"]),
        tuple(name for name in found.keys if name not in met),
        int((~known).sum()),
    )


def _found(seen: pl.DataFrame) -> pl.DataFrame:
    """Write keys that were found as `Joined.matches` has them."""
    one = pl.lit(1.0)
    return seen.select(
        pl.col("key").alias("left"),
        pl.col("key").alias("right"),
        pl.lit("exact").alias("how"),
        one.alias("likeness"),
        pl.lit(0.0).alias("rival"),
        one.alias("confidence"),
        pl.lit(True).alias("applied"),
        pl.col("len").cast(pl.Int64).alias("rows"),
    )


def _moments(left: pl.Series, right: pl.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if left.dtype.is_temporal() != right.dtype.is_temporal():
        kinds = [f"{one.name!r} is {one.dtype}" for one in (left, right)]
        raise DataError("times of one kind, dates or numbers", " and ".join(kinds))
    one, other = comparable(left, right)
    if one.dtype == pl.String():
        raise DataError("times that are dates or numbers", f"text in {left.name!r}")
    return moments_of(one), moments_of(other)


def _columns(
    names: Sequence[str], values: NDArray[np.float64], taken: Sequence[str]
) -> list[pl.Series]:
    """Make columns of summaries; a name that is taken gets a suffix."""
    made, there = [], set(taken)
    for name, column in zip(names, values.T, strict=True):
        series = pl.Series(column).fill_nan(None)
        if name == "rows" or name.endswith(": distinct"):
            series = series.cast(pl.Int64)
        free = name
        while free in there:
            free += "_right"
        there.add(free)
        made.append(series.alias(free))
    return made
