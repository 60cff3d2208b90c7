"""Every column of a table at a glance, in little time whatever the number of rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from modelwright.core.evidence import Profile
from modelwright.core.schema import Column, Kind
from modelwright.core.table import Table

__all__ = ["profile_table"]

# All but missing values is counted in so many rows.
SAMPLE = 10_000
BARS = 20
LEVELS = 12
_STEPS = np.linspace(0, 1, 21)
_MICROSECONDS = 1e6
_FAR = 4e307  # beyond it the difference of two numbers may overflow


def profile_table(table: Table) -> tuple[Profile, ...]:
    """Describe every column.

    Parameters
    ----------
    table : Table
        Typed rows.

    Returns
    -------
    tuple of Profile
        In the order of the schema. Of more than 10,000 rows, all but the missing values is
        counted in 10,000 rows spread evenly.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Schema
    >>> frame = pl.DataFrame({"age": [20.0, 30.0, None, 40.0]})
    >>> (profile,) = profile_table(Table(frame, Schema((Column("age", Kind.NUMBER),))))
    >>> profile.missing, profile.distinct, profile.quantiles[10]
    (0.25, 3, 30.0)
    """
    sample = table.frame
    if table.height > SAMPLE:
        rows = np.linspace(0, table.height - 1, SAMPLE).astype(np.int64)
        sample = sample[rows]
    return tuple(
        _profile(column, table.frame[column.name], sample[column.name]) for column in table.schema
    )


def _profile(column: Column, values: pl.Series, sample: pl.Series) -> Profile:
    present = sample.drop_nulls()
    quantiles: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    if column.kind in (Kind.NUMBER, Kind.DATETIME, Kind.BOOLEAN):
        quantiles, edges, counts = _numbers(present)
    elif column.kind not in (Kind.TEXT, Kind.IMAGE) and len(present):
        levels, counts = _levels(present)
    return Profile(
        name=column.name,
        kind=column.kind.value,
        role=column.role.value,
        why=column.evidence,
        missing=values.null_count() / max(len(values), 1),
        distinct=int(present.n_unique()),
        quantiles=quantiles,
        edges=edges,
        levels=levels,
        counts=counts,
    )


def _numbers(present: pl.Series) -> tuple[tuple[float, ...], tuple[float, ...], tuple[int, ...]]:
    if present.is_empty():
        return (), (), ()
    numbers = present.cast(pl.Int64 if present.dtype.is_temporal() else pl.Float64).to_numpy()
    if present.dtype.is_temporal():
        numbers = numbers / _MICROSECONDS
    # Halved, as the distance of two doubles may be too large for one.
    quantiles = 2 * np.quantile(numbers / 2, _STEPS)
    numbers = np.clip(numbers, -_FAR, _FAR)
    # The bars leave out the outermost values, where one error would squeeze all others.
    low, high = np.quantile(numbers, [0.005, 0.995])
    if not high > low:
        low, high = np.clip(quantiles[[0, -1]], -_FAR, _FAR)
    if not high > low:
        pad = max(0.5, abs(low) / 1_000)
        low, high = low - pad, high + pad
    # values may lie so close that there are fewer numbers between them than bars
    edges = np.unique(np.linspace(low, high, BARS + 1))
    counts, _ = np.histogram(numbers, edges)
    return tuple(quantiles.tolist()), tuple(edges.tolist()), tuple(counts.tolist())


def _levels(present: pl.Series) -> tuple[tuple[str, ...], tuple[int, ...]]:
    counted = (
        present.alias("level").value_counts().sort(["count", "level"], descending=[True, False])
    )
    top = counted.head(LEVELS)
    return tuple(top["level"].to_list()), tuple(top["count"].to_list())
