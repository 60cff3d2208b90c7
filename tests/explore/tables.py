"""Small tables with everything in them that a profile has to find."""

from __future__ import annotations

import numpy as np
import polars as pl

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.explore import Batch, TableProfile, profile, scan

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><svg onload=alert(2)>",
    "{{7*7}}",
    "'; DROP TABLE x; --",
    "\u202eevil\u202c",
    "日本語の列",
    "a" * 300,
)


def orders(rows: int = 600, seed: int = 0) -> pl.DataFrame:
    """Give sales with gaps, a sentinel, an outlier, copies, codes, dates, remarks."""
    rng = np.random.default_rng(seed)
    days = rng.integers(1, 40, rows).astype(float)
    days[rng.random(rows) < 0.05] = 999
    town = rng.choice(["Rome", "Oslo", "Lima", "Kyoto"], rows, p=[0.5, 0.3, 0.15, 0.05])
    amount = (rng.lognormal(3, 0.7, rows) * np.where(town == "Rome", 1, 2)).round(2)
    amount[5] = 1e7
    gone = rng.random(rows) < 0.4
    begin = np.datetime64("2023-01-01")
    words = ["late", "good", "broken", "cheap", "again", "never", "parcel", "quick"]
    return pl.DataFrame(
        {
            "order": [f"A-{i:05}" for i in range(rows)],
            "amount": amount,
            "net": amount / 1.2,
            "days": days,
            "town": town,
            "floor": [None if g else float(v)
                      for g, v in zip(gone, rng.integers(0, 9, rows), strict=True)],
            "door": [None if g else "left" if v else "right"
                     for g, v in zip(gone, rng.integers(0, 2, rows), strict=True)],
            "placed": (begin + rng.integers(0, 700, rows)).astype("datetime64[us]"),
            "remark": [" ".join(rng.choice(words, 6)) for _ in range(rows)],
            "country": ["IT"] * rows,
            "paid": rng.random(rows) < np.where(town == "Rome", 0.9, 0.4),
        }
    ).with_columns(pl.col("placed").cast(pl.Datetime("us")))  # fmt: skip


def wide(columns: int, rows: int = 200, seed: int = 0) -> pl.DataFrame:
    """Give many columns of numbers and words."""
    rng = np.random.default_rng(seed)
    block = rng.normal(size=(rows, columns))
    words = np.array(["red", "green", "blue", "a rather long word"])
    return pl.DataFrame(
        {
            f"a column with a name {i}": block[:, i] if i % 3 else words[rng.integers(0, 4, rows)]
            for i in range(columns)
        }
    )


def profiled(frame: pl.DataFrame) -> TableProfile:
    """Profile a frame of numbers and words without judging what its columns mean: that is slow."""
    kinds = {pl.Float64(): Kind.NUMBER, pl.String(): Kind.CATEGORY}
    schema = Schema(tuple(Column(s.name, kinds[s.dtype]) for s in frame))
    return profile(scan([Batch(frame, Table(frame, schema))], schema), source="wide")
