"""A table of many rows a key made into one of one row a key, also as of a moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.joins.keys import Distinct, Keys, comparable, complete, key_pairs
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
    if len(set(keys)) < len(keys):
        raise OptionError("each column to group by once", ", ".join(keys))
    wanted = list(columns or (c for c in table.columns if c not in (*keys, order)))
    place = np.arange(table.height, dtype=np.float64)
    times = place if order is None else _moments(table[order], table[order])[0]
    # by place: a name such as "*" would be a pattern
    parts = pl.DataFrame([table[name].alias(str(i)) for i, name in enumerate(keys)])
    there = complete(parts) & ~np.isnan(times)
    found = Distinct.of(parts.filter(there))
    rows = Summaries.of(_part(table.filter(there), wanted), _numbers(found.of_row), times[there])
    different = np.arange(found.keys.height)
    values = rows.before(_numbers(different), np.full(len(different), np.inf))
    named = [key.alias(name) for key, name in zip(found.keys, keys, strict=True)]
    return pl.DataFrame([*named, *_columns(rows.names, values, keys)])


def _part(table: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Take columns by name, perhaps none; a name such as "*" would be a pattern."""
    return pl.DataFrame([table[name] for name in names])


def _numbers(places: NDArray[np.int64]) -> pl.Series:
    """Name keys by their places; two keys of several columns may look alike as text."""
    named = pl.Series(places).cast(pl.String)
    return pl.select(pl.when(pl.Series(places >= 0)).then(named)).to_series()


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
    both = Distinct.of(pl.concat([keys.left, keys.right]))
    asked, told = both.of_row[: left.height], both.of_row[left.height :]
    aside = {other for _, other in pairs}
    times = None
    if before is not None:
        ((one, other),) = key_pairs(before, left.columns, right.columns)
        times = _moments(left[one], right[other])
        aside.add(other)
    elif gap:
        raise OptionError("a gap between times", "no times", "say before which times")
    if not gap >= 0:
        raise OptionError("a gap of 0 or more", repr(gap))
    rows = _part(right, [name for name in right.columns if name not in aside])
    found = Summaries.of(rows, _numbers(told), None if times is None else times[1])
    values = found.before(_numbers(asked), None if times is None else times[0], gap)
    known = values[:, 0] > 0
    height = both.keys.height
    often = np.bincount(asked[asked >= 0], minlength=height)
    met = np.bincount(asked[known], minlength=height) > 0
    ours, theirs = _first_met(asked), _first_met(told)
    shown = both.shown
    return Joined(
        left.hstack(_columns(found.names, values, left.columns)),
        _found([shown[i] for i in ours if met[i]], often[ours[met[ours]]]),
        tuple(shown[i] for i in ours if not met[i]),
        tuple(shown[i] for i in theirs if not often[i]),
        int((~known).sum()),
    )


def _first_met(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the different keys of some rows in the order in which they come."""
    found, first = np.unique(places, return_index=True)
    ordered: NDArray[np.int64] = found[np.argsort(first)]
    return ordered[ordered >= 0]


def _found(keys: list[str], rows: NDArray[np.int64]) -> pl.DataFrame:
    """Write keys that were found as `Joined.matches` has them."""
    one = np.ones(len(keys))
    return pl.DataFrame(
        {
            "left": keys,
            "right": keys,
            "how": ["exact"] * len(keys),
            "likeness": one,
            "rival": np.zeros(len(keys)),
            "confidence": one,
            "applied": one.astype(np.bool_),
            "rows": rows.astype(np.int64),
        },
        schema_overrides={"left": pl.String, "right": pl.String, "how": pl.String},
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
