"""Everything that is done to a table can be done again, and is in the log."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean import Repair, Repairs
from modelwright.clean.cleaning import clean_cells
from modelwright.clean.mending.rewriting import Reend
from modelwright.clean.recipes import Recipe, read_recipe, replay
from modelwright.clean.recipes.compiling import compiled
from modelwright.clean.recipes.expected import expect, restore_expected, surprises
from modelwright.clean.recipes.keys import row_keys, table_hash
from modelwright.clean.recipes.mends import Given, Mends, New, mend
from modelwright.clean.recipes.recipe import Origin
from modelwright.clean.recipes.steps import (
    DropRows,
    FillDown,
    MassEdit,
    Remove,
    Rename,
    Reorder,
    Replace,
    Step,
    Text,
    Working,
    restore_step,
    step_json,
)
from modelwright.core.errors import ColumnError, DataError, OptionError

CELL = st.one_of(st.none(), st.sampled_from(["a", "b", "ab ", "12 oz", "8 oz", "12", "8", "x,y"]))


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    rows = draw(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=14))
    return pl.DataFrame(rows, schema=dict.fromkeys(("one", "two", "*"), pl.String), orient="row")


@st.composite
def repaired(draw: st.DrawFn) -> tuple[pl.DataFrame, Repairs]:
    """Draw a table and repairs of any of its cells, with rules that may or may not fit them."""
    table = draw(tables())
    unit = Reend(" oz", "", "end")
    means = {"unit": unit, "as the others": ("one",), "both": ("one", "*")}
    places = st.tuples(st.integers(0, table.height - 1), st.sampled_from(table.columns))
    found = []
    for row, column in draw(st.sets(places, max_size=20)):
        old = table[column][row]
        rule = draw(st.sampled_from(["unit", "as the others", "both", "said"]))
        new = draw(CELL)
        if rule == "unit" and old is not None and unit.apply(old):
            new = unit.apply(old)
        if new != old:
            found.append(Repair(row, column, old, new, rule, 0.9, True))
    return table, Repairs.of(found, means)


def recipe_of(
    table: pl.DataFrame, mends: tuple[Mends, ...], after: tuple[Step, ...] = ()
) -> Recipe:
    origin = Origin("a.csv", table.height, table_hash(table), "")
    return Recipe(tuple(table.columns), origin, 0.9, (), mends, after, expected=expect(table))


@given(repaired())
def test_a_recipe_does_the_same_to_the_same_table_and_logs_every_cell(
    drawn: tuple[pl.DataFrame, Repairs],
) -> None:
    table, repairs = drawn
    wanted = repairs.apply(table)
    written = json.loads(json.dumps(recipe_of(table, compiled(table, repairs)).to_json()))
    done = replay(table, Recipe.from_json(written))
    assert done.same
    assert done.table.equals(wanted, null_equal=True)
    assert done.hash == table_hash(wanted)
    log = {(one.row, one.column): (one.old, one.new) for one in done.changes}
    changed = {
        (row, name): (table[name][row], wanted[name][row])
        for name in table.columns
        for row in range(table.height)
        if table[name][row] != wanted[name][row]
    }
    assert log == changed


STEPS = st.lists(
    st.sampled_from(
        [
            Text("one", "trim"),
            Text("two", "upper"),
            Text("*", "title"),
            Replace("one", "oz", "g"),
            MassEdit("two", (("a", "b"),), "none"),
            FillDown("one"),
            FillDown("*", blank=True),
            DropRows("duplicates"),
            DropRows("sparse", 0.5),
        ]
    ),
    max_size=5,
)


@given(tables(), STEPS)
def test_the_log_of_steps_tells_every_changed_cell_and_row(
    table: pl.DataFrame, steps: list[Step]
) -> None:
    working = Working.of(table)
    for step in steps:
        working = restore_step(json.loads(json.dumps(step_json(step)))).run(working)
    dropped = {one.row for one in working.log if not one.column}
    assert sorted({*range(table.height)} - dropped) == working.rows.tolist()
    last: dict[tuple[int, str], str | None] = {}
    for one in working.log:
        if one.column:
            before = last.get((one.row, one.column), table[one.column][one.row])
            assert before == one.old != one.new
            last[one.row, one.column] = one.new
    for place, row in enumerate(working.rows.tolist()):
        for name in table.columns:
            wanted = last.get((row, name), table[name][row])
            assert working.frame[name][place] == wanted


def test_columns_are_renamed_left_out_and_put_in_order() -> None:
    table = pl.DataFrame({"a": ["1"], "b": ["2"], "c": ["3"]})
    working = Working.of(table)
    for step in (Rename("a", "z"), Reorder(("c", "z"))):
        working = step.run(working)
    assert working.frame.columns == ["c", "z"]
    assert [(one.row, one.column) for one in working.log] == [(-1, "a"), (-1, "b")]
    with pytest.raises(ValueError, match="second column"):
        Rename("c", "z").run(working)


def test_next_month_gets_what_was_learned_this_month() -> None:
    rows = [("S1", "rome", "8 oz")] * 6 + [("S2", "oslo", "12")] * 6 + [("S1", "rxme", "9 oz")]
    table = pl.DataFrame(rows, schema=["shop", "town", "size"], orient="row")
    unit = Reend(" oz", "", "end")
    done = [
        Repair(i, "size", size, size[:-3], str(unit), 0.95, True)
        for i, (_, _, size) in enumerate(rows)
        if size.endswith("oz")
    ]
    done.append(Repair(12, "town", "rxme", "rome", "shop", 0.97, True))
    mends = compiled(table, Repairs.of(done, {str(unit): unit, "shop": ("shop",)}))
    new = pl.DataFrame(
        {"shop": ["S1", "S1", "S2", "S3"], "town": ["roxe", "rxme", "osla", "lima"],
         "size": ["99 oz", "7", "5 lb", None]}
    )  # fmt: skip
    found = replay(new, recipe_of(table, mends))
    assert not found.same
    assert found.table["size"].to_list() == ["99", "7", "5 lb", None]
    # a slip that was never seen is mended where the shop is known, and only there
    assert found.table["town"].to_list() == ["rome", "rome", "osla", "lima"]
    told = {one.what: one.column for one in found.surprises}
    assert "new values" in told


def test_the_most_special_rule_counts() -> None:
    table = pl.DataFrame({"shop": ["S1", "S2", "S3"], "town": ["x", "x", "x"]})
    key = row_keys(table)[0]
    rules = Mends(
        "town",
        rows={(key, "x"): New("x", "as it stands", 1.0)},
        given=(Given(("shop",), {(("S2",), "x"): New("oslo", "shop", 0.9)}),),
        values={"x": New("rome", "slip", 0.9)},
    )
    assert [(one.row, one.new) for one in mend(table, [rules])] == [(1, "oslo"), (2, "rome")]


def test_a_recipe_for_another_table_is_refused_with_the_columns() -> None:
    table = pl.DataFrame({"shop": ["S1"], "town": ["rome"]})
    recipe = recipe_of(table, ())
    with pytest.raises(ColumnError, match=r"'town', but 'city'"):
        replay(pl.DataFrame({"shop": ["S1"], "city": ["rome"]}), recipe)
    more = replay(table.with_columns(note=pl.lit("x")), recipe)
    assert more.table.columns == ["shop", "town", "note"]
    assert "unknown to the recipe" in more.notes[0]


def test_a_typed_table_is_refused() -> None:
    with pytest.raises(DataError, match="text in column 'a'"):
        replay(pl.DataFrame({"a": [1]}), recipe_of(pl.DataFrame({"a": ["1"]}), ()))


def test_a_step_that_does_not_fit_is_one_line() -> None:
    table = pl.DataFrame({"a": ["1"]})
    with pytest.raises(OptionError, match="steps that fit"):
        replay(table, recipe_of(table, (), (Remove("b"),)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 99}',
        '{"format": 1, "columns": [1]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_recipe_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "recipe.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError):
        read_recipe(file)
    with pytest.raises(DataError, match="no such file"):
        read_recipe(tmp_path / "none.json")


@given(st.data())
def test_a_spoiled_recipe_is_read_or_refused(data: st.DataObject) -> None:
    table = pl.DataFrame({"a": ["1 oz", "2 oz", "3"], "b": ["x", None, "y"]})
    unit = Reend(" oz", "", "end")
    done = [Repair(i, "a", f"{i + 1} oz", str(i + 1), "unit", 0.9, True) for i in range(2)]
    mends = compiled(table, Repairs.of(done, {"unit": unit}))
    whole = recipe_of(table, mends, (Text("b", "trim"), DropRows("sparse"))).to_json()
    places = _places(whole)
    where, key = data.draw(st.sampled_from(places))
    where[key] = data.draw(st.sampled_from([None, 1, "x", [], {}, [[1]], True, -1.0]))
    try:
        spoiled = Recipe.from_json(whole)
    except (ValueError, TypeError, KeyError, AttributeError):
        return
    with contextlib.suppress(ColumnError, OptionError):
        replay(table, spoiled)


def _places(value: object) -> list[tuple[dict[str, object], str]]:
    if isinstance(value, list):
        return [place for one in value for place in _places(one)]
    if not isinstance(value, dict):
        return []
    own = [(value, key) for key in value]
    return own + [place for one in value.values() for place in _places(one)]


def test_equal_rows_have_names_of_their_own() -> None:
    table = pl.DataFrame({"^a.*$": ["x", "x", None], "*": ["1", "1", "1"]})
    assert len(set(row_keys(table))) == 3
    assert row_keys(table)[:1] == row_keys(table[:1])
    assert table_hash(table) != table_hash(table.rename({"*": "b"}))
    assert np.all([len(key) == 16 for key in row_keys(table)])


def test_a_column_that_the_recipe_makes_is_not_lost_when_it_is_there_already() -> None:
    table = pl.DataFrame({"town": ["Rome"]})
    recipe = recipe_of(table, (), (Rename("town", "city"),))
    with pytest.raises(ColumnError, match="no column 'city' beside 'town'"):
        replay(table.with_columns(city=pl.lit("Oslo")), recipe)
    assert replay(table, recipe).table.to_dicts() == [{"city": "Rome"}]


def test_columns_that_the_recipe_does_not_know_stay_to_the_letter() -> None:
    table = pl.DataFrame({"a": ["1", "1", None], "note": ["", "x", None]})
    recipe = recipe_of(table[["a"]], (), (DropRows("duplicates"),))
    assert replay(table, recipe).table["note"].to_list() == ["", None]


def test_the_last_column_stays() -> None:
    table = pl.DataFrame({"a": ["1"], "b": ["2"]})
    both = (Remove("a"), Remove("b"))
    for steps in (both, (*both, DropRows("sparse")), (Reorder(()),)):
        with pytest.raises(OptionError, match=r"no column is left|leave a column"):
            replay(table, recipe_of(table, (), steps))


def test_cells_of_a_stranger_s_recipe_do_not_grow_beyond_all_bounds() -> None:
    table = pl.DataFrame({"a": ["a" * 100] * 1_000})
    flood = tuple(Replace("a", "a", "a" * 50) for _ in range(8))
    edits = (MassEdit("a", (("a" * 100, "b" * 2_000_000),)),)
    long = Mends("a", values={"a" * 100: New("b" * 2_000_000, "", 1.0)})
    for recipe in (recipe_of(table, (), flood), recipe_of(table, (), edits)):
        with pytest.raises(OptionError, match="grow beyond"):
            replay(table, recipe)
    with pytest.raises(OptionError, match="grow beyond"):
        replay(table, recipe_of(table, (long,)))
    with pytest.raises(ValueError, match="letters"):
        Recipe.from_json(
            recipe_of(
                table, (Mends("a", rewrites=((Reend("", "b" * 20_000, "end"), New(None, "", 1)),)),)
            ).to_json()
        )


def test_what_no_cleaning_writes_is_refused() -> None:
    table = pl.DataFrame({"a": ["1"], "b": ["x"]})
    one = Mends("a", values={"1": New("2", "", 1.0)})
    ways = tuple((Reend(str(i), "", "end"), New(None, "", 1.0)) for i in range(501))
    twice = recipe_of(table, (one, one))
    steps = recipe_of(table, (), (Text("a", "trim"),) * 10_001)
    many = recipe_of(table, (Mends("a", rewrites=ways),))
    for recipe, said in ((twice, "two sets"), (steps, "10,000 steps"), (many, "500 ways")):
        with pytest.raises(ValueError, match=said):
            Recipe.from_json(recipe.to_json())
    whole = recipe_of(table, ()).to_json()
    for changed in (
        {"columns": ["a", "a"]},
        {"before": [{"step": "reorder", "columns": [0]}]},
        {"before": [{"step": "drop-rows", "which": "named", "keys": [1]}]},
        {"before": [{"step": "replace", "column": "a", "find": "", "put": "x"}]},
        {"expected": [{**whole["expected"][0], "missing": 7}]},
    ):
        with pytest.raises(ValueError, match=r".+"):
            Recipe.from_json({**whole, **changed})
    told = {**whole, "expected": [{**whole["expected"][0], "values": {"1": "0.5"}}]}
    assert Recipe.from_json(told).expected[0].values == {"1": 0.5}


def test_what_chance_explains_is_no_drift() -> None:
    rng = np.random.default_rng(0)
    levels = [f"v{i}" for i in range(50)]
    before = expect(pl.DataFrame({"a": levels * 40}))
    for _ in range(20):
        drawn = pl.DataFrame({"a": rng.choice(levels, 60)})
        assert not [one for one in surprises(before, drawn) if one.what == "drift"]
    half = pl.DataFrame({"a": rng.choice(levels[:20], 60)})
    assert [one.what for one in surprises(before, half)] == ["drift"]


def months(scale: float, seed: int, rows: int = 800) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    temperature = rng.normal(20, 2, rows) * scale
    amount = rng.lognormal(3, 0.6, rows) * scale
    return pl.DataFrame(
        {
            "id": [str(10_000 + rows * seed + i) for i in range(rows)],
            "temperature": [f"{one:.2f}" for one in temperature],
            "amount": [f"{one:,.2f}" for one in amount],
        }
    )


def test_numbers_that_moved_are_drift_and_those_of_another_month_are_not() -> None:
    before = expect(months(1.0, 0))
    kept = json.loads(json.dumps([one.to_json() for one in before]))
    assert tuple(restore_expected(one) for one in kept) == before
    told = [one for one in surprises(before, months(3.0, 1)) if one.what == "drift"]
    assert [one.column for one in told] == ["temperature", "amount"]
    assert "median 19.91 -> 59.8" in str(told[0])
    for seed in range(1, 21):
        found = surprises(before, months(1.0, seed))
        assert not [one for one in found if one.what == "drift"], seed


@pytest.mark.parametrize("odd", [[1.0], [float(i) for i in range(21, 0, -1)], [float("nan")] * 21])
def test_quantiles_that_nobody_wrote_are_refused(odd: list[float]) -> None:
    [one] = expect(pl.DataFrame({"a": ["1.5", "2.5"] * 40}))
    with pytest.raises(ValueError, match="quantiles"):
        restore_expected({**one.to_json(), "quantiles": odd, "cells": 5})


def test_a_table_with_another_column_is_not_the_very_table() -> None:
    cells = pl.DataFrame({"a": ["1", "2"]})
    recipe = clean_cells(cells).recipe
    assert replay(cells, recipe).same
    again = replay(cells.with_columns(b=pl.lit("x")), recipe)
    assert not again.same
    assert not again.surprises


def test_what_is_no_recipe_is_said_so(tmp_path: Path) -> None:
    for text in ("{}", "[]", "7"):
        (tmp_path / "r.json").write_text(text)
        with pytest.raises(DataError, match="a recipe for cleaning") as raised:
            read_recipe(tmp_path / "r.json")
        assert "KeyError" not in str(raised.value)
