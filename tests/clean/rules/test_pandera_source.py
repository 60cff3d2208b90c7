"""Rules as a schema of pandera: source that is Python, whatever the table is called."""

from __future__ import annotations

import ast
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.rules.pandera_source import pandera_source
from modelwright.clean.rules.rules import ColumnRule, Comparison, Determines, Rules, Unique

RULES = Rules(
    (
        ColumnRule("zip", pattern=r"\d{5}", required=True),
        ColumnRule("age", kind="integer", least=0, most=120),
        ColumnRule("sex", values=("f", "m")),
        ColumnRule("id", unique=True),
        ColumnRule("day", kind="date"),
    ),
    unique=(Unique(("zip", "age")), Unique(("sex", "id"))),
    determines=(Determines(("zip",), "sex"),),
    comparisons=(Comparison("id", "<=", "age"),),
)


def column(source: str, name: str) -> ast.Call:
    """Give the call that makes a column of the schema."""
    found = ast.parse(source).body[-1]
    assert isinstance(found, ast.Assign)
    assert isinstance(found.value, ast.Call)
    table = found.value.args[0]
    assert isinstance(table, ast.Dict)
    names = [ast.literal_eval(key) for key in table.keys if key is not None]
    made = table.values[names.index(name)]
    assert isinstance(made, ast.Call)
    return made


def test_each_rule_becomes_a_check_or_a_remark() -> None:
    source = pandera_source(RULES, ["zip", "age", "sex", "id", "day", "note"])
    told = {name: ast.unparse(column(source, name)) for name in ("zip", "age", "sex", "id", "note")}
    assert told["zip"].endswith("str_matches('^(?:\\\\d{5})$')], nullable=False)")
    assert "ge(0" in told["age"]
    assert "le(120" in told["age"]
    assert "pl.Int64" in told["age"]
    assert "isin(['f', 'm'])" in told["sex"]
    assert "unique=True" in told["id"]
    assert told["note"] == "pa.Column(pl.String, [], nullable=True)"
    assert "unique=['zip', 'age']" in source
    remarks = [line for line in source.splitlines() if line.startswith("# not written")]
    assert len(remarks) == 4


@given(st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_no_name_or_value_is_more_than_a_literal(name: str, value: str) -> None:
    rules = Rules(
        (ColumnRule(name, values=(value,)),), determines=(Determines((name,), name + "x"),)
    )
    source = pandera_source(rules, [name])
    tree = ast.parse(source)
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert calls == {"pa.DataFrameSchema", "pa.Column", "pa.Check.isin"}
    checks = column(source, name).args[1]
    assert isinstance(checks, ast.List)
    check = checks.elts[0]
    assert isinstance(check, ast.Call)
    assert ast.literal_eval(check.args[0]) == [value]


def test_pandera_takes_it() -> None:
    pytest.importorskip("pandera")
    made: dict[str, Any] = {}
    exec(pandera_source(RULES, ["zip", "age", "sex", "id", "day"]), made)
    good = pl.DataFrame(
        {"zip": ["53111"], "age": ["7"], "sex": ["f"], "id": ["a"], "day": ["2024-01-01"]}
    )
    assert made["schema"].validate(good)["age"].to_list() == [7]
    bad = good.with_columns(zip=pl.lit("5311"))
    with pytest.raises(Exception, match="zip"):
        made["schema"].validate(bad)
