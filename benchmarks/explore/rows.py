"""A table of mixed columns in Parquet, written piece by piece, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

__all__ = ["write_rows"]

_PIECE = 4_000_000  # cells of a piece
_WORDS = np.array(
    ["red", "blue", "green", "north side", "unknown", "Rome", "Oslo", "Lima", "Kyoto", "Accra"]
)


def write_rows(path: Path, rows: int, columns: int) -> None:
    """Write a table of so many rows and columns."""
    draw = np.random.default_rng(0)
    each = max(_PIECE // columns, 1_000)
    writer: pq.ParquetWriter | None = None
    for start in range(0, rows, each):
        piece = _piece(draw, start, min(each, rows - start), columns).to_arrow()
        writer = writer or pq.ParquetWriter(path, piece.schema)
        writer.write_table(piece)
    if writer is not None:
        writer.close()


def _piece(draw: np.random.Generator, start: int, rows: int, columns: int) -> pl.DataFrame:
    return pl.DataFrame(
        {f"{_KINDS[i % len(_KINDS)]}_{i}": _column(draw, start, rows, i) for i in range(columns)}
    )


_KINDS = ("amount", "rate", "count", "town", "day", "flag", "share", "code", "gap", "remark")


def _column(draw: np.random.Generator, start: int, rows: int, i: int) -> pl.Series:
    kind = _KINDS[i % len(_KINDS)]
    if kind == "amount":
        return pl.Series(draw.lognormal(3, 1, rows).round(2))
    if kind in ("rate", "share"):
        return pl.Series(draw.normal(size=rows))
    if kind == "count":
        return pl.Series(draw.poisson(4, rows))
    if kind == "town":
        return pl.Series(_WORDS[draw.integers(0, len(_WORDS), rows)])
    if kind == "day":
        days = np.datetime64("2020-01-01") + draw.integers(0, 1500, rows)
        return pl.Series(days.astype("datetime64[us]"))
    if kind == "flag":
        return pl.Series(draw.random(rows) < 0.2)
    if kind == "code":
        return pl.Series(draw.integers(0, 10**6, rows)).cast(pl.String)
    if kind == "gap":
        values = pl.Series(draw.normal(size=rows))
        return values.set(pl.Series(draw.random(rows) < 0.3), None)
    words = [pl.Series(_WORDS[draw.integers(0, len(_WORDS), rows)]) for _ in range(3)]
    number = pl.Series(np.arange(start, start + rows)).cast(pl.String)
    return pl.select(pl.concat_str([*words, number], separator=" ")).to_series()
