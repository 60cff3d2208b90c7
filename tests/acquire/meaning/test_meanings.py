"""What a careful analyst would say of columns made up for the purpose."""

from __future__ import annotations

import random
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.acquire import cast, conform, infer_schema
from modelwright.core.schema import Column, Kind, Role
from modelwright.core.table import PHYSICAL


def infer(values: list[object], name: str = "x") -> Column:
    return infer_schema(pl.DataFrame({name: values}, strict=False))[name]


@pytest.mark.parametrize(
    ("values", "format"),
    [
        (["3rd March 2019", "21st May 2020"], "%d %B %Y"),
        (["Monday, June 1, 2009", "Tue, Jan 5, 2010"], "%B %d, %Y"),
        (
            ["Mon Jun 01 12:00:00 +0000 2009", "Tue Jun 02 01:00:00 +0000 2009"],
            "%b %d %H:%M:%S %z %Y",
        ),
        (["10/Oct/2000:13:55:36 -0700"], "%d/%b/%Y:%H:%M:%S%.f %#z"),
        (["January-2005", "March-2006"], "%B-%Y"),
        (["2005 Q3", "2006Q1"], "%Y Q%q"),
        (["2019-W05", "2019W06"], "%G-W%V"),
        (["31DEC2019", "01JAN2020"], "%d%b%Y"),
        (["Sept. 3, 2019", "Oct. 4, 2019"], "%b %d, %Y"),
        (["2019-01-01 10:00:00 EST", "2019-02-01 10:00:00 UTC"], "%Y-%m-%d %H:%M:%S%.f %#z"),
        (["2020-01-31", "9999-12-31", "0001-01-01"], "%Y-%m-%d"),
        (["2019-03-01", "3 Mar 2019", "4 Apr 2019"], "%d %b %Y | %Y-%m-%d"),
        (["03/2019", "12/2020"], "%m/%Y"),
        (["3. März 2021", "15. August 2021", "Montag, 1. Mai 2020"], "%d %B %Y"),
        (["15 janv. 2021", "1er mars 2021", "14 juil. 2020", "2 sept. 2020"], "%d %B %Y"),
        (["3 de marzo de 2021", "lunes, 5 de abril de 2021"], "%d %B %Y"),
        (["3. März 2021 um 14:35 Uhr", "4. Mai 2021 8:05"], "%d %B %Y %H:%M"),
        (["mars 2021", "AOÛT 2020"], "%B %Y"),
        (["Okt-20", "Dez-21", "Jan-21"], "%b-%y"),
        (["12.Okt.2020", "13.Mär.2021"], "%d.%b.%Y"),
    ],
)
def test_dates(values: list[object], format: str) -> None:
    two = [*values, *values, "2 Feb 2019"] if " | " in format and "%Y-" in format else values
    column = infer(two)
    assert column.kind is Kind.DATETIME
    assert set(column.format.split(" | ")) == set(format.split(" | "))


@pytest.mark.parametrize(
    ("value", "format", "day"),
    [
        ("2019-01-01 10:00:00 EST", "%Y-%m-%d %H:%M:%S%.f %#z", datetime(2019, 1, 1, 15)),
        ("2005 Q3", "%Y Q%q", datetime(2005, 7, 1)),
        ("2019W05", "%G-W%V", datetime(2019, 1, 28)),
        ("Sun 3rd March 2019", "%d %B %Y", datetime(2019, 3, 3)),
        ("3. August 2021", "%d %B %Y", datetime(2021, 8, 3)),
        ("12 déc. 2021", "%d %B %Y", datetime(2021, 12, 12)),
        ("43831", "days since 1899-12-30", datetime(2020, 1, 1)),
        ("1600000000000", "milliseconds since 1970", datetime(2020, 9, 13, 12, 26, 40)),
        ("9999-12-31", "%Y-%m-%d", None),
        ("0000-00-00", "%Y-%m-%d", None),
        ("1e300", "seconds since 1970", None),
    ],
)
def test_values_of_dates(value: str, format: str, day: datetime | None) -> None:
    column = Column("x", Kind.DATETIME, format=format)
    raw = pl.DataFrame({"x": [value]})
    table = conform(raw, infer_schema(raw).with_columns(column), [])
    assert table.frame["x"].to_list() == [day]
    assert len(table.notes) == (day is None and value != "0000-00-00")


@pytest.mark.parametrize(
    "names",
    [
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv févr mars avr mai juin juil août sept oct nov déc",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "ene feb mar abr may jun jul ago sep oct nov dic",
    ],
)
def test_months_in_other_languages(names: str) -> None:
    days = [f"2 {name} 2021" for name in names.split()]
    raw = pl.DataFrame({"x": days})
    schema = infer_schema(raw)
    assert schema["x"].kind is Kind.DATETIME
    assert cast(raw, schema).frame["x"].to_list() == [datetime(2021, m, 2) for m in range(1, 13)]
    for day, month in zip(days, range(1, 13), strict=True):  # each without the others
        alone = conform(pl.DataFrame({"x": [day]}), schema, ["x"]).frame["x"].to_list()
        assert alone == [datetime(2021, month, 2)]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("created_at", [1_500_000_000, 1_600_000_000, 1_550_000_000], Kind.DATETIME),
        ("order date", [43_831, 43_900, 44_000], Kind.DATETIME),
        ("salary", [43_831, 43_900, 44_000], Kind.NUMBER),
        ("yearmonth_date", [199_812, 200_101], Kind.DATETIME),
        ("updates", [43_831, 43_900, 44_000], Kind.NUMBER),
        ("zip", ["02134", "10001", "02134"], Kind.CATEGORY),
        ("zip code", [60_601 + i for i in range(40)] * 3, Kind.CATEGORY),
        ("region_code", [1, 2, 7, 9] * 9, Kind.CATEGORY),
        ("Plot ID", [1, 2, 7, 9] * 9, Kind.CATEGORY),
        ("patient_id", [i // 3 for i in range(900)], Kind.ID),
        ("class size", [20, 25, 30] * 9, Kind.NUMBER),
        ("satisfaction", [1, 2, 3, 4, 5] * 9, Kind.NUMBER),
        ("year", [1999, 2000, 2001] * 9, Kind.NUMBER),
        ("hour", [0, 5, 23] * 9, Kind.NUMBER),
        ("owns_car", [0, 1, 1, None] * 9, Kind.BOOLEAN),
        ("num_pets", [0, 1, 1] * 9, Kind.NUMBER),
        ("smoker", ["smoker", "non-smoker"] * 9, Kind.BOOLEAN),
        ("sex", ["male", "female"] * 9, Kind.CATEGORY),
        ("switch", ["ON", "off", "on"], Kind.BOOLEAN),
        ("answer", ["Yes", "yes", "N", "No", "y"], Kind.BOOLEAN),
        ("test", ["positive", "negative"], Kind.BOOLEAN),
        ("origin", [1, 2, 3] * 9, Kind.CATEGORY),
        ("Subject", [308 + i // 10 for i in range(600)], Kind.ID),
        ("mobile", [6_175_550_000 + 37 * i for i in range(40)], Kind.ID),
        ("rating", ["4.5/5", "3/5", "4/5"] * 9, Kind.NUMBER),
        ("asked", ["8.61 Lakh", "1.28 Cr"] * 9, Kind.NUMBER),
        ("pressure", ["120/80", "130/85", "110/70"] * 9, Kind.CATEGORY),
        ("mail", [f"user{i % 9}@example.org" for i in range(40)], Kind.ID),
        ("page", [f"https://example.org/{i % 9}" for i in range(40)], Kind.ID),
        ("phone", [f"(617) 555-{1000 + i}" for i in range(40)], Kind.ID),
        ("key", [f"{i:032x}" for i in range(40)], Kind.ID),
        ("genre", ["Drama|War", "War", "Drama", "Crime|War|Drama"] * 9, Kind.LIST),
        ("tags", ["['a', 'b']", "['b']", "['c', 'a']"] * 9, Kind.LIST),
        ("place", ["Rome, Italy", "Pisa, Italy", "Oslo, Norway"] * 9, Kind.CATEGORY),
        ("where", ["POINT (-73.9 40.7)", "POINT (-74 41)"], Kind.GEO),
        ("where", ["(40.71, -73.9)", "(40.72, -73.91)"], Kind.GEO),
        ("where", ["40.7128 N 74.0060 W", "41.5 N 73 W"], Kind.GEO),
    ],
)
def test_kinds(name: str, values: list[object], kind: Kind) -> None:
    assert infer(values, name).kind is kind


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("x", ["low", "medium", "high"]),
        ("x", ["none", "mild", "moderate", "severe"]),
        ("x", ["Never", "rarely", "Sometimes", "often", "always"]),
        ("x", ["poor", "fair", "good", "very good", "excellent"]),
        ("x", ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"]),
        ("x", ["XS", "S", "M", "L", "XL", "XXL"]),
        ("x", ["freshman", "sophomore", "junior", "senior"]),
        ("x", ["Mon", "Tue", "Wed", "Sun"]),
        ("x", ["under $20K", "$20K - $60K", "$60K - $80K", "$80K+"]),
        ("x", ["<5", "5-9", "10-19", "20+"]),
        ("x", ["< 1 year", "1 year", "2 years", "10+ years"]),
        ("x", ["do not watch", "<1", "1", "2", "3+"]),
        ("x", ["non-stop", "1 stop", "2 stops"]),
        ("x", ["1 to 3 times", "4 to 9 times", "10 or more times"]),
        ("x", ["1. very bad", "2. bad", "3. good"]),
        ("grade", ["A", "B", "C"]),
        ("x", ["A+", "A", "B", "B-"]),
        ("x", ["not rude at all", "somewhat rude", "very rude"]),
    ],
)
def test_orders(name: str, levels: list[str]) -> None:
    rows: list[object] = [*levels, "don't know"] * 9
    random.Random(0).shuffle(rows)
    column = infer(rows, name)
    assert (column.kind, list(column.levels)) == (Kind.CATEGORY, levels)


@pytest.mark.parametrize(
    "labels",
    [
        ["red", "green", "blue"],
        ["A", "B", "C"],
        ["1-2", "2-1", "0-0"],
        ["12 Main St", "1 High St", "7 Low Rd"],
        ["yes", "no", "maybe"],
    ],
)
def test_no_orders(labels: list[str]) -> None:
    assert infer([*labels] * 9).levels == ()


def test_keys_of_rows_are_ignored_and_keys_of_entities_are_not() -> None:
    assert infer([*range(900)], "patient_id").role is Role.IGNORED
    assert infer([f"u{i}" for i in range(900)], "user_id").role is Role.IGNORED
    for values in ([i // 3 for i in range(900)], [f"u{i // 3}" for i in range(900)]):
        column = infer([*values], "patient_id")
        assert (column.kind, column.role) == (Kind.ID, Role.FEATURE)


cells = st.one_of(
    st.none(),
    st.sampled_from(
        ["?", "-", "inf", "1e400", "\x00", "🦀", "9" * 400, "1,5", "$3", "(2)", "12 kg", "5'11\"",
         "0001-01-01", "9999-12-31", "2019W54", "Q5 2000", "99:99", "a|b", "['a'", "POINT (1 2)",
         "91.00, 181.00", "<5", "1 - 2", "t", "yes", "0", "1", "01", "low", "high", "1/2/2020"]
    ),
    st.text(max_size=12),
    st.from_regex(r"[-+$(]?[0-9.,' ]{1,8}[%kKM)]?", fullmatch=True),
)  # fmt: skip
names = st.sampled_from(["x", "date", "zip", "user_id", "grade", "phone", "n_id", "time"])


@pytest.mark.long
@given(names, st.lists(cells, min_size=1, max_size=30))
def test_any_column_of_text_is_read_and_its_rows_alike(name: str, values: list[str | None]) -> None:
    raw = pl.DataFrame({name: pl.Series(values, dtype=pl.String)})
    schema = infer_schema(raw)
    column = schema[name]
    table = cast(raw, schema)
    assert table.frame[name].dtype == PHYSICAL[column.kind]
    assert set(column.levels) <= set(table.frame[name].drop_nulls().cast(pl.String))
    half = conform(raw[len(values) // 2 :], schema, [])
    assert half.frame.equals(table.frame[len(values) // 2 :])


days = st.dates(datetime(1900, 1, 1).date(), datetime(2099, 12, 31).date())


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%b %d, %Y", "%Y/%m/%d", "%A, %B %d, %Y", "%d-%b-%Y"]
    ),
    st.lists(days, min_size=1, max_size=20, unique=True),
)
def test_dates_are_read_back(format: str, dates: list[datetime]) -> None:
    values = [date.strftime(format) for date in dates]
    raw = pl.DataFrame({"x": [*values, datetime(2001, 1, 31).strftime(format)]})
    table = cast(raw, infer_schema(raw))
    assert table.schema["x"].kind is Kind.DATETIME
    assert table.frame["x"].dt.date().to_list()[:-1] == dates
