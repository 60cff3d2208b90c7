from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.table import Table


def mixed_table(rows: int = 60) -> Table:
    """Every kind and role, with missing values and a rare level."""
    rng = np.random.default_rng(0)
    towns = ["Rome", "Bonn", "Oslo", 'it\'s, a "town"', ""]
    words = ["red", "blue", "Car", "house!", "12", "http://a.b"]
    frame = pl.DataFrame(
        {
            "area": rng.normal(50, 9, rows),
            "rooms": rng.integers(1, 5, rows).astype(float),
            "lift": rng.random(rows) < 0.5,
            "town": [towns[i] for i in rng.integers(0, 5, rows)],
            "street": [f"street {i}" for i in rng.integers(0, 40, rows)],
            "sold": [
                datetime(2020, 1, 1) + timedelta(hours=int(h)) for h in rng.integers(0, 9999, rows)
            ],
            "note": [" ".join(rng.choice(words, 4)) for _ in range(rows)],
            "seller": [f"s{i}" for i in rng.integers(0, 9, rows)],
            "key": [f"k{i}" for i in range(rows)],
            "price": rng.normal(0, 1, rows),
        }
    )
    gaps = pl.Series(rng.random(rows) < 0.1)
    names = ["area", "lift", "town", "street", "sold", "note"]
    frame = frame.with_columns(pl.when(~gaps).then(pl.col(name)).alias(name) for name in names)
    schema = Schema(
        (
            Column("area", Kind.NUMBER),
            Column("rooms", Kind.NUMBER),
            Column("lift", Kind.BOOLEAN),
            Column("town", Kind.CATEGORY),
            Column("street", Kind.CATEGORY),
            Column("sold", Kind.DATETIME, Role.ORDER),
            Column("note", Kind.TEXT),
            Column("seller", Kind.CATEGORY, Role.GROUP),
            Column("key", Kind.ID),
            Column("price", Kind.NUMBER, Role.TARGET),
        )
    )
    return Table(frame, schema)


@pytest.fixture
def mixed() -> Table:
    return mixed_table()
