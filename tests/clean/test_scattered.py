"""Dependencies between columns of few values: found through errors, not where none holds."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from modelwright.clean.cleaning import clean_cells
from modelwright.clean.coded import code_table
from modelwright.clean.dependencies import dependencies
from modelwright.clean.glance import glance
from modelwright.clean.rules.discover import discover
from modelwright.clean.rules.rules import Determines

FLOOR = np.array([1, 2, 2, 3, 1, 4])


def staff(broken: float, seed: int = 0, rows: int = 600) -> tuple[pl.DataFrame, list[int]]:
    """Six departments on four floors, some rows of which name any other floor."""
    draw = np.random.default_rng(seed)
    department = draw.integers(0, 6, rows)
    wrong = draw.random(rows) < broken
    other = (FLOOR[department] + draw.integers(0, 3, rows)) % 4 + 1
    frame = pl.DataFrame(
        {
            "department": [f"D{one}" for one in department],
            "floor": np.where(wrong, other, FLOOR[department]),
            "age": draw.integers(20, 60, rows),
            "office": draw.choice(["Bonn", "Ulm"], rows),
        }
    )
    return frame.cast(pl.String), np.flatnonzero(wrong).tolist()


def found(table: pl.DataFrame) -> set[tuple[str, str]]:
    """Name the dependencies whose exceptions look like errors."""
    coded = code_table(table)
    every = (one for each in dependencies(coded) for one in each if one.scattered)
    return {(coded.columns[one.given[0]], coded.columns[one.column]) for one in every}


@pytest.mark.parametrize("broken", [0.04, 0.08, 0.15])
def test_few_values_are_settled_through_errors(broken: float) -> None:
    assert found(staff(broken)[0]) == {("department", "floor")}


def test_broken_cells_are_proposed_and_told() -> None:
    table, wrong = staff(0.08)
    done = clean_cells(table)
    assert [(one.row, one.new) for one in done.repairs.proposed] == [
        (row, str(FLOOR[int(table["department"][row][1:])])) for row in wrong
    ]
    assert not done.repairs.applied  # the department may be what is wrong
    (glimpse,) = glance(table, table.columns)
    assert (glimpse.column, glimpse.by, glimpse.cells) == ("floor", ("department",), len(wrong))
    offered = [one for one in discover(staff(0.15)[0]) if isinstance(one.rule, Determines)]
    assert [one.words for one in offered] == ["'department' settles 'floor'"]


def test_a_tendency_is_no_dependency() -> None:
    table, _ = staff(0.0)
    draw = np.random.default_rng(1)
    floor = table["floor"].to_numpy().copy()
    second = table["department"].to_numpy() == "D3"
    floor[second & (draw.random(600) < 0.3)] = "1"  # one department has two floors
    assert found(table.with_columns(floor=pl.Series(floor))) == set()
    floor = table["floor"].to_numpy().copy()
    floor[(table["office"] == "Bonn").to_numpy() & (draw.random(600) < 0.2)] = "4"
    assert found(table.with_columns(floor=pl.Series(floor))) == set()  # the office knows which
    floor = table["floor"].to_numpy().copy()
    floor[540:] = draw.permutation(floor[540:])  # the last rows are of another building
    assert found(table.with_columns(floor=pl.Series(floor))) == set()
    assert not clean_cells(table).repairs.all
