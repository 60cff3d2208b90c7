"""Cells that break rules are marked, the one that is likelier wrong louder."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.coded import code_table
from modelwright.clean.rules.file import parse_rules
from modelwright.clean.rules.violations import broken_rules

PEOPLE = pl.DataFrame(
    {
        "id": ["1", "2", "3", "3", "5"],
        "age": ["31", "-4", None, "4.5", "x"],
        "born": ["1990-02-03", "1990-02-30", "2001-01-01", "", "03.02.1990"],
        "start": ["2020-01-01", "2021-01-01", "2020-05-05", "2020-01-01", "2020-01-01"],
        "end": ["2020-01-02", "2020-01-01", None, "2020-01-01", "2022-01-01"],
        "zip": ["53111", "53111", "53111", "53111", "89073"],
        "town": ["Bonn", "Bonn", "Bonn", "Bom", "Ulm"],
        "vip": ["yes", "NO", "maybe", "true", "0"],
    }
)


def marked(text: str, above: float = 0.5) -> dict[str, list[int]]:
    """Give the rows that rules mark, by column."""
    found: dict[str, list[int]] = {}
    for one in broken_rules(PEOPLE, code_table(PEOPLE), parse_rules(text)):
        rows = np.flatnonzero(one.chance > above).tolist()
        if rows:
            found.setdefault(PEOPLE.columns[one.column], []).extend(rows)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[columns.age]\ntype = 'integer'", {"age": [3, 4]}),
        ("[columns.age]\ntype = 'number'\nleast = 0", {"age": [4, 1]}),
        ("[columns.age]\nmost = 30", {"age": [0]}),
        ("[columns.age]\nrequired = true", {"age": [2]}),
        ("[columns.born]\ntype = 'date'", {"born": [1, 4]}),
        ("[columns.born]\nrequired = true", {"born": [3]}),
        ("[columns.town]\nvalues = ['Bonn', 'Ulm']", {"town": [3]}),
        ("[columns.zip]\npattern = '5[0-9]{4}'", {"zip": [4]}),
        ("[columns.zip]\npattern = '5'", {"zip": [0, 1, 2, 3, 4]}),
        ("[columns.vip]\ntype = 'boolean'", {"vip": [2]}),
        ("[columns.id]\nunique = true", {"id": [3]}),
        ("[[unique]]\ncolumns = ['zip', 'town']", {"zip": [1, 2], "town": [1, 2]}),
        ("[[determines]]\ngiven = ['zip']\ncolumn = 'town'", {"town": [3]}),
        (
            "[[compare]]\nleft = 'start'\noperator = '<='\nright = 'end'",
            {"start": [1], "end": [1]},
        ),
        (
            "[[denial]]\nconditions = ['t1.zip = t2.zip', 't1.town != t2.town']",
            {"town": [3]},
        ),
        ("[[denial]]\nconditions = ['t1.age < 0']", {"age": [1]}),
        ("[[denial]]\nconditions = [\"t1.town = 'Ulm'\", 't1.age = x']", {"town": [4], "age": [4]}),
    ],
)
def test_broken_rules_mark_cells(text: str, expected: dict[str, list[int]]) -> None:
    assert marked(text) == expected


def test_a_pattern_that_would_hang_elsewhere_takes_no_time() -> None:
    table = pl.DataFrame({"a": ["a" * 50_000 + "!"]})
    rules = parse_rules("[columns.a]\npattern = '(a+)+$'")
    (found,) = broken_rules(table, code_table(table), rules)
    assert found.chance.tolist() == [pytest.approx(0.97)]


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 2)), min_size=1, max_size=25))
def test_pairs_are_those_of_a_loop(rows: list[tuple[int, int]]) -> None:
    table = pl.DataFrame(
        {"a": [None if a < 0 else str(a) for a, _ in rows], "b": [str(b) for _, b in rows]}
    )
    rules = parse_rules("[[denial]]\nconditions = ['t1.a = t2.a', 't1.b < t2.b']")
    found = broken_rules(table, code_table(table), rules)
    marked = {row for one in found for row in np.flatnonzero(one.chance).tolist()}
    assert marked == {
        i
        for i, (a, b) in enumerate(rows)
        if any(a == c >= 0 and b != d for j, (c, d) in enumerate(rows) if i != j)
    }


def test_pairs_are_bounded() -> None:
    table = pl.DataFrame({"a": ["same"] * 5000, "b": [str(i % 2) for i in range(5000)]})
    rules = parse_rules("[[denial]]\nconditions = ['t1.a = t2.a', 't1.b < t2.b']")
    (found,) = broken_rules(table, code_table(table), rules)
    assert (found.chance > 0).sum() == 200
