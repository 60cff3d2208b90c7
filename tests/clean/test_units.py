"""Measurements in another unit than most of their column: converted, replayed, as labels say."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from modelwright.clean import Labels
from modelwright.clean.cleaning import Wishes, clean_cells
from modelwright.clean.mending.rewriting import restore_rewrite
from modelwright.clean.recipes import replay
from modelwright.clean.units import conversions
from modelwright.core.units import unit_of

KILOS = [f"{60 + i % 30} kg" for i in range(80)]


def weights(*odd: str) -> pl.DataFrame:
    return pl.DataFrame({"weight": [*KILOS, *odd]})


def made(values: list[str]) -> dict[str | None, str | None]:
    return {one.old: one.new for one in conversions(pl.DataFrame({"size": values}))}


@pytest.mark.parametrize(
    ("usual", "odd", "new"),
    [
        ("80 kg", "154 lb", "70 kg"),
        ("80 kg", "3 lbs", "1.36 kg"),
        ("80kg", "500 g", "0.5kg"),
        ("21.5 °C", "70.7 °F", "21.5 °C"),
        ("1,75 m", "180 cm", "1,80 m"),
        ("1.75 m", "6 ft", "1.83 m"),
        ("1,250 m", "2.5 km", "2500 m"),
        ("90 min", "2 h", "120 min"),
        ("21 °C", "-4 °F", "-20 °C"),
    ],
)
def test_a_measurement_is_written_as_the_others_are(usual: str, odd: str, new: str) -> None:
    assert made([usual, usual, odd]) == {odd: new}


@pytest.mark.parametrize(
    "values",
    [
        ["70 kg", "81 kgs", "66 KG"],  # one unit
        ["70 kg", "81 kg", "154 lb", "150 lb"],  # no unit of most cells
        ["3 gal", "4 gal", "9 l"],  # of which country?
        ["3 years", "2 years", "6 months"],
        ["3 m", "4 m", "5 l"],  # letters of flats
        ["70 kg", "81 kg", "2 m", "154 lb"],  # different things
        ["12", "13 kg", "9", "154 lb"],
    ],
)
def test_what_is_not_certain_is_left(values: list[str]) -> None:
    assert made(values) == {}


def test_a_mixed_column_is_converted_logged_and_replayed() -> None:
    table = weights("154 lb", "176 lbs", "", "165 pounds")
    done = clean_cells(table)
    assert done.table["weight"].to_list()[80:] == ["70 kg", "80 kg", None, "75 kg"]
    changes = done.log().filter("applied")
    assert set(changes["rule"]) == {
        "'lb' is converted to 'kg'",
        "'pounds' is converted to 'kg'",
    }
    assert changes["confidence"].to_list() == [0.95] * 3
    assert done.suspicious == 3
    again = replay(table, done.recipe)
    assert again.same
    assert again.table.equals(done.table)
    # the rule is of the unit, not of the values that stood there
    assert replay(weights("200 lb"), done.recipe).table["weight"][80] == "91 kg"


def test_each_column_keeps_its_own_decimals() -> None:
    fine = [f"{60 + i * 17 % 31}.{i * 7 % 10} kg" for i in range(80)]
    table = weights("154 lb", "165 lb", "170 lb").with_columns(
        second=pl.Series([*fine, "154 lb", "165 lb", "170 lb"])
    )
    done = clean_cells(table)
    assert done.table["weight"].to_list()[80:] == ["70 kg", "75 kg", "77 kg"]
    assert done.table["second"].to_list()[80:] == ["69.9 kg", "74.8 kg", "77.1 kg"]
    assert [len(one.rewrites) for one in done.recipe.mends] == [1, 1]
    assert replay(table, done.recipe).table.equals(done.table)


def test_far_from_the_others_it_is_proposed() -> None:
    done = clean_cells(weights("900 lb"))
    assert not done.repairs.applied
    assert [(one.old, one.new) for one in done.repairs.proposed] == [("900 lb", "408 kg")]


def labelled(*said: tuple[int, str]) -> Labels:
    texts = [text for _, text in said]
    return Labels(np.array([row for row, _ in said]), pl.DataFrame({"weight": texts}))


def test_labels_decide() -> None:
    table = weights("900 lb", "154 lb", "165 lb")
    sure = [one.confidence for one in conversions(table, labelled((3, "63 kg"), (81, "70 kg")))]
    assert sure == [0.99] * 3
    for said in ("154 lb", "154 kg", "70 st"):
        assert not len(conversions(table, labelled((3, "63 kg"), (81, said))))


@pytest.mark.long
def test_what_labels_show_is_done_everywhere() -> None:
    table = weights("900 lb", "154 lb", "165 lb")
    done = clean_cells(table, Wishes(labels=labelled((3, "63 kg"), (81, "70 kg"))))
    assert done.table["weight"].to_list()[80:] == ["408 kg", "70 kg", "75 kg"]
    assert replay(table, done.recipe).table.equals(done.table)


def test_a_rule_of_a_stranger_is_checked() -> None:
    rule = {"how": "unit", "find": "lb", "put": " kg", "factor": "0.4", "shift": "0",
            "digits": 0, "mark": "."}  # fmt: skip
    assert restore_rewrite(rule).apply("100 lb") == "40 kg"
    for odd in ({"find": "USD"}, {"factor": "nan"}, {"factor": "1e99"}, {"digits": 99},
                {"digits": True}, {"mark": ";"}, {"put": "x" * 99}, {"shift": 1}):  # fmt: skip
        with pytest.raises(ValueError, match=r"unit|write|conversion"):
            restore_rewrite({**rule, **odd})


def test_units_are_worth_what_they_are() -> None:
    for one, two, factor in [("ft", "in", "12"), ("km", "m", "1000"), ("h", "min", "60"),
                             ("lb", "oz", "16"), ("ms", "s", "0.001")]:  # fmt: skip
        units = unit_of(one), unit_of(two)
        assert units[0] is not None
        assert units[1] is not None
        assert units[0].to(units[1]) == (Decimal(factor), 0)
