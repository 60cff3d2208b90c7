"""What a table keeps of itself, and what it does not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import FEW, Table


def numbers(rows: int) -> Table:
    return Table(pl.DataFrame({"*": np.arange(rows) * 1.0}), Schema((Column("*", Kind.NUMBER),)))


@pytest.mark.parametrize(("rows", "times"), [(1, 1), (FEW, 1), (FEW + 1, 2)])
def test_what_was_made_of_few_rows_is_kept(rows: int, times: int) -> None:
    table, made = numbers(rows), []
    for _ in range(2):
        assert table.once("word", lambda: made.append(1) or len(made)) == len(made)
    assert len(made) == times
    assert table.once("another word", lambda: "x") == "x"


def test_parts_of_a_table_are_its_rows_in_order() -> None:
    table = numbers(5)
    assert table.part(0, 9) is table
    assert table.part(1, 3).frame["*"].to_list() == [1.0, 2.0]
    assert table.part(4, 9).height == 1
    assert table.series["*"].to_list() == table.frame["*"].to_list()
