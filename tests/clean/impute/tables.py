"""Tables with gaps."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.table import Table


def numbers_with_gaps(rows: int = 120, columns: int = 5, seed: int = 0) -> NDArray[np.float64]:
    """Draw numbers that go with each other, scaled to mean 0 and deviation 1, with gaps."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 2)) @ rng.normal(size=(2, columns))
    values += rng.normal(0, 0.3, values.shape)
    values[rng.random(values.shape) < 0.15] = np.nan
    values[0] = np.where(np.isnan(values[0]), 0.1, values[0])
    scaled: NDArray[np.float64] = (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0)
    return scaled


def table_of(values: NDArray[np.float64]) -> Table:
    """Make a table of numbers; NaN is missing."""
    names = [f"x{j}" for j in range(values.shape[1])]
    frame = pl.DataFrame(values, schema=names).fill_nan(None)
    return Table(frame, Schema(tuple(Column(name, Kind.NUMBER) for name in names)))


def mixed(rows: int = 200, seed: int = 0, share: float = 0.2) -> Table:
    """Make a table of every kind, with gaps, a target and a column of text."""
    rng = np.random.default_rng(seed)
    size = rng.normal(50, 10, rows)
    town = rng.choice(["Rome", "Oslo", "Lima"], rows, p=[0.5, 0.3, 0.2])
    frame = pl.DataFrame(
        {
            "size": size,
            "weight": 2 * size + rng.normal(0, 2, rows),
            "town": town,
            "warm": (town != "Oslo") ^ (rng.random(rows) < 0.05),
            "met": [datetime(2024, 1, 1) + timedelta(days=float(s)) for s in size],
            "remark": ["some words"] * rows,
            "price": size * 3,
        }
    )
    gaps = {
        name: pl.when(pl.Series(rng.random(rows) >= share)).then(pl.col(name)).alias(name)
        for name in frame.columns
    }
    kinds = (Kind.NUMBER, Kind.NUMBER, Kind.CATEGORY, Kind.BOOLEAN, Kind.DATETIME, Kind.TEXT,
             Kind.NUMBER)  # fmt: skip
    columns = [Column(name, kind) for name, kind in zip(frame.columns, kinds, strict=True)]
    columns[-1] = Column("price", Kind.NUMBER, Role.TARGET)
    return Table(frame.with_columns(gaps.values()), Schema(tuple(columns)))
