"""Measurements in several units: told, counted, and what is advised works."""

from __future__ import annotations

import ast
import re

import polars as pl
import pytest

from modelwright.acquire import cast, infer, read_types
from modelwright.acquire.meaning.units import count_units
from modelwright.core.schema import Kind, Role


def noted(values: list[str], target: str = "") -> tuple[Kind, str]:
    schema, notes = infer(pl.DataFrame({"size": values}), target=target)
    return schema["size"].kind, " ".join(notes)


@pytest.mark.parametrize(
    ("values", "found", "kept"),
    [
        (["70 kg", "154 lb", "81 kg"], "kg in 2 rows, lb in 1", [70.0, None, 81.0]),
        (["70kg", "154 lbs", "81.5 kg"], "kg in 2 rows, lbs in 1", [70.0, None, 81.5]),
        (["1.5 m", "180 cm", "2 m", "1.75 m"], "m in 3 rows, cm in 1", [1.5, None, 2.0, 1.75]),
        (["5 km", "3 mi", "2 km", "7"], "km in 2 rows, mi in 1", [5.0, None, 2.0, 7.0]),
        (["3 years", "6 months", "2 years"], "years in 2 rows, months in 1", [3.0, None, 2.0]),
    ],
)
def test_several_units_are_told(values: list[str], found: str, kept: list[float | None]) -> None:
    kind, told = noted(values)
    assert kind is Kind.CATEGORY
    assert told.startswith(f"'size' holds measurements in 2 units ({found}), read as words, not")
    advised = re.search(r"Settings\(types=(.*)\)$", told)
    assert advised is not None
    frame = pl.DataFrame({"size": values})
    schema, again = infer(frame, read_types(ast.literal_eval(advised[1])))
    assert again == ()
    assert cast(frame, schema).frame["size"].to_list() == kept


def test_where_no_unit_has_most_cells_the_file_has_to_be_mended() -> None:
    told = noted(["70 kg", "154 lb", "150 lb", "81 kg"])[1]
    assert told.endswith("read as words, not as numbers: convert them in the file.")


@pytest.mark.parametrize(
    "values",
    [
        ["70 kg", "154 kgs", "81 KG"],
        ["90 min", "2 Seasons", "85 min"],
        ["3 A", "4 B", "5 A"],
        ["3 H", "4 S", "5 H"],
        ["2 baths", "3 bedrooms", "1 baths"],
        ["1 kg", "2 m", "3 kg"],
        ["$5K", "$6M", "$7"],
    ],
)
def test_one_unit_and_different_things_are_none_of_it(values: list[str]) -> None:
    assert noted(values)[1] == ""


def test_measurements_that_all_differ_are_no_identifiers() -> None:
    values = [f"{70 + number / 7:.2f} {'lb' if number % 5 == 0 else 'kg'}" for number in range(60)]
    schema, notes = infer(pl.DataFrame({"weight": values}))
    assert schema["weight"].role is Role.FEATURE
    assert "kg in 48 rows, lb in 12" in notes[0]


def test_it_is_told_of_answers_too() -> None:
    assert "2 units" in noted(["70 kg", "154 lb", "81 kg"] * 2, target="size")[1]


def test_words_that_are_no_units_do_not_count() -> None:
    assert count_units(pl.Series([f"{n} w{n}" for n in range(300)])) == {}
    assert count_units(pl.Series(["5 apples", "7 kg", "x kg", None, "8"])) == {"kg": 1}
