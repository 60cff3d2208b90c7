"""Histories of OpenRefine: what is taken over does the same, the rest is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from modelwright.clean.recipes import read_history
from modelwright.clean.recipes.openrefine import parse_history
from modelwright.clean.recipes.replay import run_steps
from modelwright.clean.recipes.steps import Working
from modelwright.core.errors import DataError

PLAIN = {"engineConfig": {"facets": [], "mode": "row-based"}}


def transform(expression: str, **more: Any) -> dict[str, Any]:
    return {
        "op": "core/text-transform",
        "columnName": "town",
        "expression": expression,
        "onError": "keep-original",
        "repeat": False,
        "description": f"Text transform: {expression}",
        **PLAIN,
        **more,
    }


def after(operations: list[dict[str, Any]], towns: list[str | None]) -> list[str | None]:
    history = parse_history(operations)
    assert not history.not_understood
    working = run_steps(Working.of(pl.DataFrame({"town": towns})), history.steps)
    return working.frame["town"].to_list()


@pytest.mark.parametrize(
    ("expression", "old", "new"),
    [
        ("value.trim()", " Rome ", "Rome"),
        ("grel:value.trim()", " Rome ", "Rome"),
        ("grel:value.toLowercase()", "ROME", "rome"),
        ("value.toUppercase()", "Rome", "ROME"),
        ("value.toTitlecase()", "new york", "New York"),
        ("value.toTitlecase()", "DON'T o'neil st.gallen", "Don't O'neil St.Gallen"),
        ("value.replace(/[\\p{Zs}\\s]+/,' ')", "New \u00a0 York", "New York"),
        ("value.replace(/\\s+/,' ')", "New   York", "New York"),
        ('grel:value.replace(/\\s+/, " ")', "New   York", "New York"),
        ("value.unescape('html')", "A &amp; B", "A & B"),
        ('value.replace("ow", "\\"u\\"")', "town", 't"u"n'),
        ("grel:value.replace('.', '')", "a.b", "ab"),
    ],
)
def test_texts_are_transformed(expression: str, old: str, new: str) -> None:
    assert after([transform(expression), transform(expression)], [old, None]) == [new, None]


def test_mass_edits_and_filling_do_what_they_did_there() -> None:
    edits = [{"from": ["Rom", "rome"], "to": "Rome", "fromBlank": False, "fromError": False},
             {"from": [""], "to": "nowhere", "fromBlank": True}]  # fmt: skip
    edit = {"op": "core/mass-edit", "columnName": "town", "expression": "value", "edits": edits}
    assert after([{**edit, **PLAIN}], ["Rom", "rome", None, "Oslo"]) == [
        "Rome",
        "Rome",
        "nowhere",
        "Oslo",
    ]
    down = {"op": "core/fill-down", "columnName": "town", **PLAIN}
    assert after([down], ["a", None, "b", None]) == ["a", "a", "b", "b"]
    blank = {"op": "core/blank-down", "columnName": "town", **PLAIN}
    assert after([blank], ["a", "a", "b", "a"]) == ["a", None, "b", "a"]


def test_columns_are_renamed_removed_and_reordered() -> None:
    history = parse_history(
        [
            {"op": "core/column-rename", "oldColumnName": "a", "newColumnName": "z"},
            {"op": "core/column-removal", "columnName": "b"},
            {"op": "core/column-reorder", "columnNames": ["c", "z"]},
        ]
    )
    working = run_steps(
        Working.of(pl.DataFrame({"a": ["1"], "b": ["2"], "c": ["3"]})), history.steps
    )
    assert working.frame.to_dicts() == [{"c": "3", "z": "1"}]


@pytest.mark.parametrize(
    "operation",
    [
        transform("grel:cells['a'].value + value"),
        transform("jython:return value.upper()"),
        transform("value.replace(/a+/, 'b')"),
        transform("value.replace(/\\S+/,' ')"),
        transform("value.replace('aa', 'a')", repeat=True, repeatCount=10),
        transform("value.unescape('html')", repeat=True),
        {"op": "core/mass-edit", "columnName": "town", "edits": [{"from": "ab", "to": "x"}]},
        transform("value.trim()", engineConfig={"facets": [{"type": "list"}], "mode": "row-based"}),
        transform("value.trim()", engineConfig={"facets": [], "mode": "record-based"}),
        {"op": "core/row-removal", "description": "Remove rows", **PLAIN},
        {"op": "core/mass-edit", "columnName": "town", "expression": "value.trim()", "edits": []},
        {"op": "core/text-transform", "description": "no column"},
        {"op": "core/column-reorder", "columnNames": "town"},
    ],
)
def test_what_means_something_else_is_named_and_not_guessed(operation: dict[str, Any]) -> None:
    found = parse_history([operation])
    assert found.steps == ()
    assert len(found.not_understood) == 1


def test_both_forms_of_the_file_are_read(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    entry = {"description": "Trim", "operation": transform("value.trim()")}
    file.write_text(json.dumps({"entries": [entry, {"description": "Star rows"}]}), "utf-8")
    found = read_history(file)
    assert len(found.steps) == 1
    assert found.not_understood == ("Star rows",)
    for text in ("{}", "x", '["x"]', '[{"operation": [1]}]'):
        file.write_text(text, "utf-8")
        with pytest.raises(DataError, match="OpenRefine"):
            read_history(file)
    with pytest.raises(DataError, match="no such file"):
        read_history(tmp_path / "none.json")
