"""Cells that are written in another form than the others of their column."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import polars as pl
import pytest

from modelwright.clean.cells import Labels
from modelwright.clean.cleaning import Wishes, clean_cells
from modelwright.clean.coded import code_table
from modelwright.clean.detect import detect
from modelwright.clean.mending.redating import FORMS, Redate, day_of
from modelwright.clean.other_forms import other_forms, reformed
from modelwright.clean.recipes.replay import replay
from modelwright.clean.rules.rules import ColumnRule, Rules
from modelwright.clean.rules.violations import broken_rules

ROWS = 400


def days(odd: Collection[int], form: str = "%d.%m.%Y") -> list[str]:
    first = np.datetime64("2021-01-01")
    every = [(first + 3 * i).item() for i in range(ROWS)]
    return [f"{day:{form}}" if i in odd else str(day) for i, day in enumerate(every)]


def addresses(odd: Collection[int]) -> list[str]:
    return [f"ann{i}{' at ' if i in odd else '@'}mail.com" for i in range(ROWS)]


def codes(odd: Collection[int]) -> list[str]:
    return [f"AB{'/' if i in odd else '-'}{7919 * i % 99991:05}" for i in range(ROWS)]


@pytest.mark.parametrize("count", [1, 4, 40])
@pytest.mark.parametrize("make", [days, addresses, codes])
def test_another_form_is_wrong_whether_rare_or_not(
    make: Callable[[Collection[int]], list[str]], count: int
) -> None:
    odd = {*range(7, ROWS, ROWS // count)}
    wrong = detect(pl.DataFrame({"it": make(odd)})).wrong()[:, 0]
    assert set(np.flatnonzero(wrong).tolist()) == odd


def test_dates_are_mended_where_the_day_is_certain_and_the_recipe_does_so_again() -> None:
    odd = {*range(7, ROWS, 20)}
    table = pl.DataFrame({"day": days(odd)})
    done = clean_cells(table)
    assert done.table["day"].to_list() == days(())
    assert {one.rule for one in done.changes} == {"a date written dd.mm.yyyy is written yyyy-mm-dd"}
    assert "written in another form than the others of 'day'" in done.errors.reasons
    assert replay(table, done.recipe).hash == done.recipe.origin.cleaned
    later = pl.DataFrame({"day": ["2025-01-31", "01.02.2025", "99.02.2025"]})
    mended = replay(later, done.recipe).table["day"].to_list()
    assert mended == ["2025-01-31", "2025-02-01", "99.02.2025"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["25/12/2023"], {"25/12/2023": ("2023-12-25", True)}),
        (["03/04/2023"], {}),  # the third of April, or the fourth of March
        (["03/04/2023", "25/12/2023", "26/12/2023"],
         {"03/04/2023": ("2023-04-03", True), "25/12/2023": ("2023-12-25", True),
          "26/12/2023": ("2023-12-26", True)}),
        (["03/04/2023", "12/25/2023", "25/12/2023"],
         {"12/25/2023": ("2023-12-25", True), "25/12/2023": ("2023-12-25", True)}),
        (["03.04.2023"], {"03.04.2023": ("2023-04-03", False)}),
        (["3 Apr 2023"], {"3 Apr 2023": ("2023-04-03", True)}),
        (["31.02.2023"], {}),
    ],
)  # fmt: skip
def test_the_order_of_day_and_month_is_told_and_not_guessed(
    cells: list[str], expected: dict[str, tuple[str, bool]]
) -> None:
    table = pl.DataFrame({"day": [*days(()), *cells]})
    assert {one.old: (one.new, one.applied) for one in reformed(table)} == expected


def test_among_days_first_a_month_first_is_a_proposal() -> None:
    table = pl.DataFrame({"day": [*days({*range(ROWS)}, "%d/%m/%Y"), "12/25/2023"]})
    assert [(one.new, one.applied) for one in reformed(table)] == [("25/12/2023", False)]


def test_an_address_and_a_code_are_proposed_and_a_sign_of_money_is_a_name() -> None:
    table = pl.DataFrame({"to": addresses({5}), "code": codes({6}),
                          "money": ["EUR"] * (ROWS - 3) + ["\u20ac"] * 2 + ["USD"]})  # fmt: skip
    found = {(one.row, one.new): one.applied for one in reformed(table)}
    assert found == {
        (5, addresses(())[5]): False,
        (6, codes(())[6]): False,
        (ROWS - 3, "EUR"): True,
        (ROWS - 2, "EUR"): True,
    }


def test_labels_decide() -> None:
    table = pl.DataFrame({"day": days({7, 60, 70})})
    as_is = Labels(np.array([7]), pl.DataFrame({"day": [table["day"][7]]}))
    assert not len(reformed(table, as_is))
    mended = Labels(np.array([7]), pl.DataFrame({"day": [days(())[7]]}))
    assert {one.confidence for one in reformed(table, mended)} == {0.99}


@pytest.mark.parametrize(
    "honest",
    [
        [f"AB-{i:05}" for i in range(350)] + [f"XY/{i:05}" for i in range(50)],
        [f"+49 30 {i:06}" for i in range(360)] + [f"+1-555-{i:04}" for i in range(40)],
        ["Ann Mary Lee", "Bo Kim Park", "Cy Lou Ray"] * 120 + ["Ann Mary-Lee", "Bo Kim-Park"] * 20,
        [f"ann{i}@mail.com" for i in range(360)] + [f"+49 30 {i:06}" for i in range(40)],
        [f"{i / 10} kg" for i in range(360)] + [f"1,{i:03} kg" for i in range(40)],
        ["EUR"] * 360 + ["USD"] * 40,
        [f"{2000 + i % 20}" for i in range(360)] + [f"{2000 + i % 20}-01-01" for i in range(40)],
        [f"Call {i} of us, at {i % 24}:00" for i in range(300)] + ["Nothing new"] * 100,
    ],
)
def test_honest_forms_are_left_alone(honest: list[str]) -> None:
    found = other_forms({text: honest.count(text) for text in honest})
    assert found is None or not found.values
    assert not len(reformed(pl.DataFrame({"it": honest})))


def test_more_than_a_seventh_is_a_form_of_its_own() -> None:
    table = pl.DataFrame({"day": days({*range(0, ROWS, 5)})})
    assert not len(reformed(table))


@pytest.mark.parametrize("form", FORMS)
def test_a_form_reads_what_it_writes(form: str) -> None:
    for text in ("2024-02-29", "1999-12-03"):
        made = Redate("yyyy-mm-dd", form).apply(text) or ""
        assert str(day_of(made, form)) == text


def test_a_rule_says_that_it_is_a_date_of_another_form() -> None:
    table = pl.DataFrame({"day": [*days(()), "10.02.2022", "soon"]})
    found = broken_rules(table, code_table(table), Rules((ColumnRule("day", kind="date"),)))
    assert {one.reason: np.flatnonzero(one.chance).tolist() for one in found} == {
        "'day' is no date": [ROWS + 1],
        "'day' is a date of another form than the others": [ROWS],
    }


def test_a_threshold_asks_for_more() -> None:
    table = pl.DataFrame({"day": days({7, 60, 70})})
    assert not clean_cells(table, Wishes(threshold=0.995)).changes
