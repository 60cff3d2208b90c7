"""What a model does to rows: each by itself, whatever stands beside it, and without its answer."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.mending.rewriting import Reend
from modelwright.clean.recipes import Recipe
from modelwright.clean.recipes.mends import Given, Mends, New
from modelwright.clean.recipes.recipe import Origin
from modelwright.clean.recipes.rowwise import Cleaning, cleaning_of
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
)
from modelwright.clean.recipes.texts import as_text
from modelwright.core.errors import ColumnError, OptionError

COLUMNS = ("one", "two", "*", "y")
CELL = st.one_of(st.none(), st.sampled_from(["a", "b", "ab ", "12 oz", "8 oz", "12", "8", ""]))
ROW = st.tuples(CELL, CELL, CELL, CELL)
NEW = st.builds(New, CELL.filter(lambda text: text != ""), st.just("why"), st.just(0.9))


def table(rows: list[tuple[str | None, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


@st.composite
def mends(draw: st.DrawFn) -> tuple[Mends, ...]:
    found = []
    for column in draw(st.sets(st.sampled_from(COLUMNS), max_size=3)):
        others = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=2, unique=True))
        key = st.tuples(*(CELL for _ in others))
        cells = draw(st.dictionaries(st.tuples(key, CELL), NEW, max_size=3))
        near = draw(st.dictionaries(key, NEW, max_size=2))
        given_by = () if column in others else (Given(tuple(others), cells, near),)
        text = CELL.filter(lambda one: one is not None)
        values = draw(st.dictionaries(text, NEW, max_size=3))
        rewrites = ((Reend(" oz", "", "end"), New(None, "unit", 0.9)),)
        rows = {("00", "a"): New("b", "this row", 1.0)}
        found.append(Mends(column, rows, given_by, values, rewrites))
    return tuple(found)


STEPS = st.lists(
    st.sampled_from(
        [
            Text("one", "trim"),
            Text("two", "upper"),
            MassEdit("*", (("a", "b"),), "gone"),
            Replace("one", "a", "bb"),
            Remove("two"),
        ]
    ),
    max_size=3,
    unique_by=str,
)


def recipe_of(
    rules: tuple[Mends, ...], before: tuple[Step, ...] = (), after: tuple[Step, ...] = ()
) -> Recipe:
    return Recipe(COLUMNS, Origin("a.csv", 9, "", ""), 0.9, before, rules, after)


@pytest.mark.long
@given(st.lists(ROW, min_size=1, max_size=9), mends(), STEPS, st.randoms(use_true_random=False))
def test_a_row_becomes_the_same_alone_and_in_any_company(
    rows: list[tuple[str | None, ...]], rules: tuple[Mends, ...], steps: list[Step], random: object
) -> None:
    frame = table(rows)
    before = tuple(step for step in steps if not isinstance(step, Remove))
    after = tuple(step for step in steps if isinstance(step, Remove))
    cleaning, _ = cleaning_of(recipe_of(rules, before, after), COLUMNS, "y")
    stored = Cleaning.from_json(json.loads(json.dumps(cleaning.to_json())))
    assert stored == cleaning
    whole = cleaning.mend(frame)
    assert stored.mend(frame).frame.equals(whole.frame)
    order = list(range(frame.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert cleaning.mend(frame[order]).frame.equals(whole.frame[order])
    for row in range(frame.height):
        assert cleaning.mend(frame[[row]]).frame.equals(whole.frame[[row]])
    # every changed cell is told, and nothing else; an empty text is a missing value
    cells = {(row, name): frame[name][row] or None for row in order for name in COLUMNS}
    for one in whole.changes:
        assert cells[one.row, one.column] == one.old != one.new
        cells[one.row, one.column] = one.new
    for column in whole.frame:
        told = [cells[row, column.name] for row in range(frame.height)]
        assert told == [text or None for text in column.to_list()]


@given(st.lists(ROW, min_size=1, max_size=9), mends())
def test_the_answer_changes_no_other_cell(
    rows: list[tuple[str | None, ...]], rules: tuple[Mends, ...]
) -> None:
    frame = table(rows)
    cleaning, _ = cleaning_of(recipe_of(rules), COLUMNS, "y")
    other = frame.with_columns(pl.Series("y", ["a"] * frame.height))
    left = [name for name in COLUMNS if name != "y"]
    found = cleaning.mend(frame).frame[left]
    assert cleaning.mend(other).frame[left].equals(found)
    assert cleaning.mend(frame[left]).frame.equals(found)  # nor does a row need one


def test_rules_of_single_rows_and_of_answers_are_left_out_and_told() -> None:
    rules = (
        Mends("one", {("00", "a"): New("b", "", 1.0), ("01", "a"): New("a", "", 1.0)}),
        Mends("two", given=(Given(("y",), {(("a",), None): New("b", "", 1.0)}),)),
        Mends("y", given=(Given(("one",), {(("a",), None): New("b", "", 1.0)}),)),
    )
    cleaning, notes = cleaning_of(recipe_of(rules), COLUMNS, "y")
    assert cleaning.recipe.mends == ()
    assert [note.split(" of the recipe")[0] for note in notes] == ["1 repair", "2 rules"]


def test_a_table_of_other_columns_is_refused_with_what_differs() -> None:
    with pytest.raises(ColumnError) as told:
        cleaning_of(recipe_of(()), ("one", "Two", "y"), "y")
    assert "none of the name 'two', '*', but 'Two', which the recipe does not know" in (
        str(told.value)
    )
    assert "it was made for 'a.csv'" in str(told.value)


def test_new_rows_without_what_settles_a_column_are_refused() -> None:
    rules = (Mends("one", given=(Given(("two",), {(("a",), None): New("b", "", 1.0)}),)),)
    cleaning, _ = cleaning_of(recipe_of(rules), COLUMNS, "y")
    rows = pl.DataFrame({"one": ["a"], "zwei": ["a"]})
    with pytest.raises(ColumnError, match="missing: 'two', by which 'one' was mended"):
        cleaning.mend(rows, ("one",))
    assert cleaning.mend(rows, ("zwei",)).changes == ()


def test_steps_that_look_at_other_rows() -> None:
    with pytest.raises(OptionError, match="one row at a time"):
        cleaning_of(recipe_of((), (FillDown("one"),)), COLUMNS, "y")
    cleaning, _ = cleaning_of(recipe_of((), after=(DropRows("duplicates"),)), COLUMNS, "y")
    frame = table([("a", "a", "a", "a")] * 2)
    assert cleaning.mend(frame).frame.height == 2  # one prediction for each row


def test_columns_may_be_renamed_left_out_and_put_in_order() -> None:
    steps = (Rename("one", "first"), Reorder(("*", "first", "y")))
    cleaning, _ = cleaning_of(recipe_of((), steps), COLUMNS, "y")
    rows = pl.DataFrame({"one": [1, 2], "two": ["a", "b"], "*": [None, "c"], "more": [True, False]})
    done = cleaning.mend(rows).frame
    assert done.columns == ["*", "first", "more"]
    assert done["first"].to_list() == [1, 2]
    assert [one.column for one in cleaning.told(cleaning.mend(rows)).done] == ["one"]


def test_types_stay_where_values_allow_it() -> None:
    values = {"999": New(None, "", 0.9), "7": New("7.5", "", 0.9), "3": New("three", "", 0.9)}
    frame = pl.DataFrame({"one": [1, 999, 5], "two": [1.0, 7.0, 999.0], "*": [3, 4, 5]})
    rules = tuple(Mends(name, values=values) for name in frame.columns)
    done = cleaning_of(recipe_of(rules), (*frame.columns, "y"), "y")[0].mend(frame)
    assert done.frame["one"].to_list() == [1, None, 5]
    assert done.frame["two"].to_list() == [1.0, 7.5, None]
    assert done.frame["*"].to_list() == ["three", "4", "5"]
    assert str(done) == "4 cells mended as at the fit: 'two' 2, '*' 1, 'one' 1"


def test_a_number_is_written_the_same_whatever_it_is_stored_as() -> None:
    stored = [pl.Series("a", [5, 7]), pl.Series("a", [5.0, 7.0]), pl.Series("a", ["5", "7"])]
    assert {tuple(as_text(pl.DataFrame([one]))["a"].to_list()) for one in stored} == {("5", "7")}


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": 7},
        {"columns": [1]},
        {"done": [{"column": "a"}]},
        {"tried": 3},
        {"target": None},
    ],
)
def test_an_altered_file_is_refused(change: dict[str, object]) -> None:
    told = {**cleaning_of(recipe_of(()), COLUMNS, "y")[0].to_json(), **change}
    with pytest.raises((ValueError, TypeError, KeyError)):
        Cleaning.from_json(told)


def test_steps_of_a_stranger_stay_within_bounds() -> None:
    told = cleaning_of(recipe_of(()), COLUMNS, "y")[0].to_json()
    doubling = recipe_of((), tuple(Replace("one", "a", "a" * 60) for _ in range(8)))
    cleaning = Cleaning(COLUMNS, "y", doubling)
    with pytest.raises(OptionError, match="grow beyond"):
        cleaning.mend(pl.DataFrame({"one": ["a" * 100] * 100}))
    rows = recipe_of((Mends("one", {("00", "a"): New("b", "", 1.0)}),))
    with pytest.raises(ValueError, match="single rows"):
        Cleaning.from_json({**told, "recipe": rows.to_json()})


def test_a_long_table_is_mended_by_its_different_rows() -> None:
    rng = np.random.default_rng(0)
    frame = table([])
    frame = pl.DataFrame({"one": rng.choice(["a", "b"], 50_000), "two": rng.choice(["a"], 50_000)})
    rules = (Mends("one", given=(Given(("two",), {(("a",), "a"): New("c", "", 1.0)}),)),)
    done = cleaning_of(recipe_of(rules), COLUMNS, "y")[0].mend(frame)
    assert set(done.frame["one"]) == {"b", "c"}
    assert len(done.changes) == int((frame["one"] == "a").sum())


def test_a_new_column_called_as_a_renamed_one_is_passed_over() -> None:
    cleaning, _ = cleaning_of(recipe_of((), (Rename("one", "first"),)), COLUMNS, "y")
    rows = pl.DataFrame({"one": ["a"], "first": ["other"], "two": ["b"]})
    assert cleaning.mend(rows).frame["first"].to_list() == ["a"]


def test_a_column_that_is_left_out_may_be_the_only_one_that_is_looked_at() -> None:
    cleaning, _ = cleaning_of(recipe_of((), after=(Remove("two"),)), COLUMNS, "y")
    rows = pl.DataFrame({"one": ["a", "b"], "two": ["c", "d"]})
    assert cleaning.mend(rows).frame.to_dicts() == [{"one": "a"}, {"one": "b"}]
