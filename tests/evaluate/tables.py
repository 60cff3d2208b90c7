"""Tables to split."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target

ROWS = 80
START = datetime(2020, 1, 1)


def table_of(**columns: Any) -> Table:
    """Make a table: floats are numbers, datetimes are dates, anything else categories."""
    frame = pl.DataFrame(columns)
    kinds = {pl.Float64(): Kind.NUMBER, pl.Datetime("us"): Kind.DATETIME}
    names = zip(frame.columns, frame.dtypes, strict=True)
    return Table(frame, Schema(tuple(Column(n, kinds.get(d, Kind.CATEGORY)) for n, d in names)))


def days(values: list[int | None]) -> pl.Series:
    """Give dates, so many days after the first of January 2020."""
    dates = [None if v is None else START + timedelta(days=v) for v in values]
    return pl.Series(dates, dtype=pl.Datetime("us"))


def example() -> Table:
    """Give 80 rows of twelve people, thirty days and eight batches, some of them missing."""
    rng = np.random.default_rng(0)
    return table_of(
        who=[f"w{i}" if i else None for i in rng.integers(0, 12, ROWS)],
        when=[START + timedelta(days=int(d)) if d else None for d in rng.integers(0, 30, ROWS)],
        batch=[f"2020-{i:02}" for i in rng.integers(1, 9, ROWS)],
        size=rng.integers(0, 30, ROWS).astype(float),
        part=[None if i == 4 else f"{i}" for i in rng.integers(0, 5, ROWS)],
    )


def zeros(rows: int) -> Target:
    """Give answers that say nothing."""
    return Target(np.zeros(rows))
