from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.acquire import cast, conform, infer_schema
from modelwright.acquire.meaning.quantities import Written, find_written, parse_numbers
from modelwright.core.schema import Column, Kind


def infer(values: list[str], name: str = "x") -> Column:
    return infer_schema(pl.DataFrame({name: values}))[name]


@pytest.mark.parametrize(
    ("values", "format", "numbers"),
    [
        (["$1,234.50", "$5"], "$1,234.5", [1234.5, 5]),
        (["1.234,5", "7"], "1.234,5", [1234.5, 7]),
        (["1 234,5 €", "1\u202f234 €"], "1 234,5 €", [1234.5, 1234]),
        (["1'234.5", "22"], "1'234.5", [1234.5, 22]),
        (["1,23,456", "12,34,567"], "1,234.5", [123456, 1234567]),
        (["0,5", "1,25"], "1,5", [0.5, 1.25]),
        (["USD 1,000", "usd 5"], "USD 1,234.5", [1000, 5]),
        (["1 200 kr", "5 kr"], "1 234.5 kr", [1200, 5]),
        (["3.6 %", "4%"], "12%", [3.6, 4]),
        (["12 kg", "13.5 kg"], "12 kg", [12, 13.5]),
        (["5.5in", "6in"], "12 in", [5.5, 6]),
        (["7 years", "1 year"], "12 years", [7, 1]),
        (["23°C", "-4 °C"], "12°C", [23, -4]),
        (["(432)", "5"], "12", [-432, 5]),
        (["5-", "+6"], "12", [-5, 6]),
        (["\u22125", "3"], "12", [-5, 3]),
        (["5K", "1.2M", "7"], "12K", [5000, 1.2e6, 7]),
        (["$5m", "$3bn"], "$12K", [5e6, 3e9]),
        (["1.5 million", "2 million"], "12K", [1.5e6, 2e6]),
        (["08:15", "23:59"], "%H:%M", [29700, 86340]),
        (["14h35", "08:15:20 Uhr"], "%H:%M:%S", [52500, 29720]),
        (["9 AM", "12am", "9:30 p.m."], "%I:%M %p", [32400, 0, 77400]),
        (["1h 20m", "90 min", "2 hours"], "%Hh %Mm", [4800, 5400, 7200]),
        (["1 day, 2 hrs", "45s", "1.5h"], "%Hh %Mm", [93600, 45, 5400]),
        (["5m30s", "5m", "1m 1s"], "%Hh %Mm", [330, 300, 61]),
    ],
)
def test_numbers_in_disguise(values: list[str], format: str, numbers: list[float]) -> None:
    column = infer(values)
    assert (column.kind, column.format) == (Kind.NUMBER, format)
    raw = pl.DataFrame({"x": values})
    assert cast(raw, infer_schema(raw)).frame["x"].to_list() == pytest.approx(numbers)


@pytest.mark.parametrize(
    "values",
    [
        ["12A", "7A"],  # codes
        ["A12", "A13"],
        ["555 1234", "555 9999"],
        ["1.2.3", "1.2.4"],
        ["123-45", "543-21"],
        ["EUR 5", "USD 10"],
        ["12 kg", "30 lb"],
        ["5:1", "3:2"],
    ],
)
def test_no_numbers(values: list[str]) -> None:
    assert infer(values).kind is not Kind.NUMBER


def test_what_is_unsure_is_said() -> None:
    assert "comma could also mark decimals" in infer(["1,234", "5,678"]).evidence
    assert "could" not in infer(["1,234", "5,678.5"]).evidence
    assert "different units, such as kg and lb" in infer(["12 kg", "30 lb"]).evidence
    assert "different currencies" in infer(["EUR 5", "USD 10"]).evidence


def test_a_word_among_many_numbers_is_missing_and_told() -> None:
    sizes = [f"{i}.5M" for i in range(30)] + ["Varies with device"] * 5
    column = infer(sizes)
    assert (column.kind, column.missing) == (Kind.NUMBER, ("Varies with device",))
    raw = pl.DataFrame({"x": sizes})
    table = cast(raw, infer_schema(raw))
    assert (table.frame["x"].null_count(), table.notes) == (5, ())
    assert infer([*map(str, range(5)), "a", "a"]).kind is Kind.CATEGORY
    assert infer([*map(str, range(30)), "30+", "30+"]).kind is Kind.CATEGORY


def test_new_rows_in_another_way_are_told() -> None:
    raw = pl.DataFrame({"x": ["1.234,5", "7"]})
    schema = infer_schema(raw)
    table = conform(pl.DataFrame({"x": ["1,234.5", "2.345,0"]}), schema, ["x"])
    assert table.frame["x"].to_list() == [None, 2345]
    assert "'1,234.5'" in table.notes[0]
    assert conform(pl.DataFrame({"x": [12.5]}), schema, ["x"]).frame["x"].to_list() == [12.5]


ways = st.builds(
    Written,
    st.sampled_from(["", "$", "€", "CHF", "US$"]),
    st.sampled_from(["", "%", "kg", "€", "years"]),
    st.just(""),
    st.just("."),
    st.booleans(),
).flatmap(
    lambda way: st.sampled_from(
        [(",", "."), (".", ","), (" ", ","), ("'", "."), ("", "."), ("", ","), (" ", ".")]
    ).map(lambda pair: Written(way.before, way.after, *pair, way.scaled))
)


def write(value: float, way: Written) -> str:
    text = f"{abs(value):,.2f}".replace(",", "_").replace(".", way.decimal)
    sign = "-" if value < 0 else ""
    return f"{sign}{way.before}{text.replace('_', way.group)}{way.after}"


@given(ways)
def test_an_example_says_how_numbers_are_written(way: Written) -> None:
    assert Written.of(way.example()) == way


@given(ways, st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
def test_what_is_written_one_way_is_read_back(way: Written, cents: list[int]) -> None:
    texts = pl.Series([write(value / 100, way) for value in cents])
    assert parse_numbers(texts, way.example()).to_list() == pytest.approx(
        [value / 100 for value in cents]
    )
    sure = [123_456_789, 150, *cents]  # a number with both separators settles it
    unique = pl.Series([write(value / 100, way) for value in sure]).unique(maintain_order=True)
    found, unsure = find_written(unique)
    assert found is not None
    assert unsure == ""
    assert (found.group, found.decimal) == (way.group, way.decimal)


@pytest.mark.long
@given(st.text(max_size=30))
def test_any_format_is_met_with_a_column(format: str) -> None:
    assert len(parse_numbers(pl.Series(["1", "x", None]), format)) == 3
