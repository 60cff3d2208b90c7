"""Rows told apart by one column: its levels, ranges of its numbers, missing values; in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.numerals import plain
from modelwright.core.schema import Kind
from modelwright.core.table import Table

__all__ = ["Condition", "conditions_of"]

# Numbers are cut into so many ranges of as many rows; labels are told apart up to so many.
RANGES = 5
LEVELS = 30
_LETTERS = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Condition:
    """Rows that one column tells apart.

    Parameters
    ----------
    column : str
        The column.
    words : str
        Which rows, such as ``"age from 30 to 40"``.
    rows : ndarray of bool, shape (n_rows,)
        Whether each row is one of them.
    """

    column: str
    words: str
    rows: NDArray[np.bool_]


def conditions_of(table: Table, columns: Iterable[str], fewest: int) -> Iterator[Condition]:
    """List conditions that hold in enough rows, and not in nearly all.

    Parameters
    ----------
    table : Table
        Typed rows.
    columns : iterable of str
        Those to look at; free text, ids, lists and positions only tell whether a value is there.
    fewest : int
        So many rows must meet a condition, and so many must not.

    Yields
    ------
    Condition

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("age", Kind.NUMBER), Column("job", Kind.CATEGORY)))
    >>> frame = pl.DataFrame({"age": np.arange(50.0), "job": ["cook"] * 20 + ["clerk"] * 30})
    >>> table = Table(frame, schema)
    >>> [c.words for c in conditions_of(table, ["job", "age"], 10)][:4]
    ['job is clerk', 'job is cook', 'age up to 9.8', 'age from 9.8 to 19.6']
    """
    for column in columns:
        kind, values = table.schema[column].kind, table.frame[column]
        found = [(f"{column} is missing", values.is_null().to_numpy())]
        if kind in (Kind.NUMBER, Kind.DATETIME):
            found += _ranges(column, kind, values)
        elif kind in (Kind.CATEGORY, Kind.BOOLEAN):
            found += _levels(column, values)
        for words, rows in found:
            if fewest <= rows.sum() <= len(rows) - fewest:
                yield Condition(column, words, rows)


def _levels(column: str, values: pl.Series) -> list[tuple[str, NDArray[np.bool_]]]:
    counted = values.drop_nulls().alias("level").value_counts()
    counted = counted.sort(["count", "level"], descending=[True, False]).head(LEVELS)
    return [
        (f"{column} is {_short(level)}", (values == level).fill_null(False).to_numpy())
        for level in counted["level"]
    ]


def _short(level: object) -> str:
    text = " ".join(str(level).split())
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"


def _ranges(column: str, kind: Kind, values: pl.Series) -> list[tuple[str, NDArray[np.bool_]]]:
    whole = values.cast(pl.Int64) if kind is Kind.DATETIME else values
    numbers = whole.cast(pl.Float64).to_numpy()
    present = numbers[np.isfinite(numbers)]
    if not len(present):
        return []
    distinct = np.unique(present)
    if len(distinct) <= RANGES:
        return [(f"{column} is {_said(v, kind)}", numbers == v) for v in distinct.tolist()]
    cuts = np.unique(np.quantile(present, np.linspace(0, 1, RANGES + 1)[1:-1]))
    cuts = cuts[cuts < distinct[-1]]
    found = []
    for low, high in zip([None, *cuts.tolist()], [*cuts.tolist(), None], strict=True):
        rows = np.isfinite(numbers)
        if low is not None:
            rows = rows & (numbers > low)
        if high is not None:
            rows = rows & (numbers <= high)
        found.append((f"{column} {_between(low, high, kind)}", rows))
    return found


def _between(low: float | None, high: float | None, kind: Kind) -> str:
    if low is None:
        return "is anything" if high is None else f"up to {_said(high, kind)}"
    if high is None:
        return f"above {_said(low, kind)}"
    return f"from {_said(low, kind)} to {_said(high, kind)}"


def _said(value: float, kind: Kind) -> str:
    if kind is Kind.DATETIME:
        return f"{_EPOCH + timedelta(microseconds=value):%Y-%m-%d}"
    return plain(value)
