"""A clean table of mixed columns, as large as one likes, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

ROWS = 200_000  # of one block, which is written again and again under new numbers of rows
WORDS = ("red", "blue", "green", "north side", "unknown")


def write_table(path: Path, size: int) -> int:
    """Write at least `size` bytes of CSV, and give the number of rows."""
    block = _block().write_csv(include_header=False).encode()
    columns = ",".join(["row", *_block().columns[1:]]) + "\n"
    rows = written = 0
    with path.open("wb") as out:
        written += out.write(columns.encode())
        while written < size:
            written += out.write(block)
            rows += ROWS
    return rows


def _block() -> pl.DataFrame:
    draw = np.random.default_rng(0)
    days = np.datetime64("2020-01-01") + draw.integers(0, 1000, ROWS)
    words = np.array(WORDS)
    return pl.DataFrame(
        {
            "row": draw.integers(0, 10**7, ROWS),
            "height": draw.normal(size=ROWS),
            "width": draw.normal(size=ROWS).round(3),
            "count": draw.integers(0, 1000, ROWS),
            "change": draw.integers(-5, 5, ROWS),
            "colour": words[draw.integers(0, 5, ROWS)],
            "side": words[draw.integers(0, 5, ROWS)],
            "weight": draw.normal(size=ROWS) * 1e4,
            "flag": draw.integers(0, 2, ROWS),
            "rate": draw.normal(size=ROWS).round(2),
            "paid": np.array(["yes", "no"])[draw.integers(0, 2, ROWS)],
            "day": days.astype(str),
            "price": draw.normal(size=ROWS).round(4),
        }
    )
