from __future__ import annotations

import random
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.acquire import cast, infer_schema
from modelwright.acquire.meaning.inference import infer as inferred
from modelwright.core.errors import ColumnError
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.table import PHYSICAL


def infer(values: list[object], name: str = "x") -> Column:
    return infer_schema(pl.DataFrame({name: values}, strict=False))[name]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([" 1", "2.5", "?", "-3e4", "NA", "."], Kind.NUMBER),
        (["None", "1", "2", "none"], Kind.NUMBER),
        (["1", "-", "2", "-"], Kind.NUMBER),
        (["+", "-", "+"], Kind.CATEGORY),
        (["-", ".", "?"], Kind.CATEGORY),
        (["t", "f", "-"], Kind.BOOLEAN),
        (["1/31/2020", "-", "2/1/2020"], Kind.DATETIME),
        (["None", "brick", "stone"], Kind.CATEGORY),
        (["0", "1", "1"], Kind.BOOLEAN),
        (["t", "f", "?"], Kind.BOOLEAN),
        (["wahr", "falsch", "Wahr"], Kind.BOOLEAN),
        (["vrai", "faux", "faux"], Kind.BOOLEAN),
        (["Verdadero", "Falso"], Kind.BOOLEAN),
        (["Sí", "No", "No"], Kind.BOOLEAN),
        (["sim", "não"], Kind.BOOLEAN),
        (["True", "False"], Kind.BOOLEAN),
        (["yes", "no", "unknown"], Kind.CATEGORY),
        (["f", "m", "f"], Kind.CATEGORY),
        (["18-29", "30-44", "2-10"], Kind.CATEGORY),
        (["0-0", "1-2", "3-1"], Kind.CATEGORY),
        (["1980:1", "1980:2"], Kind.DATETIME),
        (["8:42:00", "9:10:00"], Kind.NUMBER),
    ],
)
def test_kinds_of_words(values: list[object], kind: Kind) -> None:
    column = infer(values)
    assert (column.kind, column.role) == (kind, Role.FEATURE)


@pytest.mark.parametrize(
    ("values", "format"),
    [
        (["2011-01-01", "2011-01-31"], "%Y-%m-%d"),
        (["2011-01-01 00:00:00", "2011-01-31 10:00:00.25"], "%Y-%m-%d %H:%M:%S%.f"),
        (["2017-07-05T10:51:59Z", "2017-07-05T10:51:59+02:00"], "%Y-%m-%dT%H:%M:%S%.f%#z"),
        (["2011/01/02", "2011/11/12"], "%Y/%m/%d"),
        (["5/21/1992 0:00:00", "5/2/1992 0:00:00"], "%m/%d/%Y %H:%M:%S%.f"),
        (["1/2/1992", "21/5/1992"], "%d/%m/%Y"),
        (["1/2/1992 3:04 PM", "5/21/1992 11:00 am"], "%m/%d/%Y %I:%M %p"),
        (["Jun 12 1998", "May 1 2001", "?"], "%b %d %Y"),
        (["12-Jan-2005", "3-FEB-2006"], "%d-%b-%Y"),
        (["Jan-2018", "Feb-2018"], "%b-%Y"),
        (["March 1, 2018", "May 2, 2018"], "%B %d, %Y"),
    ],
)
def test_dates(values: list[object], format: str) -> None:
    column = infer(values)
    assert (column.kind, column.format) == (Kind.DATETIME, format)
    raw = pl.DataFrame({"x": values})
    missing = sum(value == "?" for value in values)
    assert cast(raw, infer_schema(raw)).frame["x"].null_count() == missing


def test_a_date_decided_only_by_a_late_row() -> None:
    values = ["1/2/2020"] * 30_000
    values[12_345] = "13/2/2020"
    values[12_346] = "1/3/2020"
    assert infer(list(values)).format == "%d/%m/%Y"
    assert "swapped" in infer(["1/2/2020", "3/4/2020"]).evidence


def test_dates_as_numbers_need_the_name() -> None:
    days: list[object] = [19671228, 20160711, 19991231]
    assert infer(days, "tourney_date").format == "%Y%m%d"
    assert infer([str(day) for day in days], "tourney_date").format == "%Y%m%d"
    assert infer(days, "amount").kind is Kind.NUMBER
    assert infer([10132018, 1022018], "Date").format == "%m%d%Y"


@pytest.mark.parametrize("name", ["joined", "opened", "member since", "start", "end", "geboren"])
def test_days_of_eight_digits_need_the_name_of_an_event(name: str) -> None:
    days = [year * 10_000 + 1203 + year % 9 for year in range(1950, 2010)]
    for values in (days, [str(day) for day in days]):
        column = infer(list(values), name)
        assert (column.kind, column.format) == (Kind.DATETIME, "%Y%m%d")
    assert infer([*days, 19981303], name).kind is not Kind.DATETIME
    assert infer(list(range(120101, 120131)), name).kind is not Kind.DATETIME
    assert infer(list(days), "amount").kind is not Kind.DATETIME
    assert infer([20200101, 20200102] * 30, name).kind is not Kind.DATETIME


def test_words_for_true_become_true() -> None:
    raw = pl.DataFrame({"x": ["wahr", "falsch", "Wahr", None]})
    assert cast(raw, infer_schema(raw)).frame["x"].to_list() == [True, False, True, None]


def test_identifiers() -> None:
    rng = random.Random(0)
    shuffled = rng.sample(range(10**6), 50)
    for name in ("rownames", "PID", "RespondentID", "customer_id", "id_str", "Order", "invoice no"):
        assert infer([*shuffled], name).role is Role.IGNORED, name
        assert infer([str(value) for value in shuffled], name).kind is Kind.ID, name
    for name in ("paid", "price", "number of rooms", "income"):
        assert infer([*shuffled], name).kind is Kind.NUMBER, name
    assert infer([*range(1, 51)]).kind is Kind.ID
    assert infer([*range(500, 550)]).kind is Kind.ID
    assert infer([*range(1950, 2020)], "year").kind is Kind.NUMBER
    assert infer([i + 0.5 for i in range(50)], "id").kind is Kind.NUMBER
    assert infer([f"AB-{i}" for i in range(50)]).kind is Kind.ID
    assert infer(["1", "2", "3"], "id").kind is Kind.NUMBER
    assert infer([f"${i},000" for i in range(50)]).kind is Kind.NUMBER
    assert infer([f"8:{i}" for i in range(10, 60)]).kind is Kind.NUMBER


def test_text() -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices("abcdefgh", k=6)) for _ in range(40)]
    assert infer([*texts]).kind is Kind.TEXT
    assert infer([*texts[:4]] * 10).kind is Kind.CATEGORY


def test_typing_errors_are_forgiven_in_long_columns_only() -> None:
    values: list[object] = [str(i % 100) for i in range(2000)]
    values[1500] = "1o"
    column = infer(values)
    assert column.kind is Kind.NUMBER
    assert "1o" in column.evidence
    assert infer([*values[1400:1600]]).kind is Kind.CATEGORY
    values[1700:1705] = ["x"] * 5
    assert infer(values).kind is Kind.CATEGORY


@pytest.mark.parametrize("strays", [["Q1"], ["see note", "closed", "<0.1"]])
def test_a_few_cells_among_measurements_are_missing(strays: list[str]) -> None:
    values = [*strays, *(f"{i * 0.37:.2f}" for i in range(200))]
    schema, notes = inferred(pl.DataFrame({"length": values}))
    assert schema["length"].kind is Kind.NUMBER
    assert f"{len(strays)} cell" in notes[0]
    assert "the other 200 values are numbers" in notes[0]
    many = [f"w{i}" for i in range(30)]
    assert infer([*many, *values]).kind is not Kind.NUMBER


def test_bounds_of_what_was_not_measured_are_numbers() -> None:
    measured = [f"{i * 0.37 + 0.3:.2f}" for i in range(100)]
    values: list[object] = [*measured, *["<0.3"] * 40, ">= 38", None]
    column = infer(values)
    assert (column.kind, column.format) == (Kind.NUMBER, "<12")
    assert "bounds" in column.evidence
    _, notes = inferred(pl.DataFrame({"crp": values}))
    assert "41 cells of 'crp' are bounds, such as '<0.3'" in notes[0]
    read = cast(pl.DataFrame({"x": [*values, "<0.1", "word"]}), Schema((column,)))
    found = read.frame["x"].to_list()
    assert found[100] < found[0] == 0.3
    assert found[100] == pytest.approx(0.3, rel=1e-5)
    assert found[140] > 38
    assert found[-2] == pytest.approx(0.1, rel=1e-5)
    assert found[-1] is None


def test_bounds_among_groups_of_numbers_stay_groups() -> None:
    ages = ["<5", "5-9", "10-19", "20-64", "65+"] * 30
    assert infer(ages).kind is Kind.CATEGORY
    assert infer([*["<10", "20", "30", ">40"] * 30]).kind is Kind.CATEGORY


def test_whole_numbers_beside_cells_with_digits_are_codes() -> None:
    numbers = [str(i * 7 % 900) for i in range(200)]
    schema = infer_schema(pl.DataFrame({"a": [*numbers, "V57"], "b": [*numbers, "none yet"]}))
    assert [column.kind for column in schema] == [Kind.CATEGORY, Kind.NUMBER]


@pytest.mark.parametrize(
    "address",
    [lambda i: f"{i * 7919:032x}", lambda i: f"https://shop{i}.org/a", lambda i: f"a{i}@b.org"],
)
def test_addresses_that_come_again_tell_of_their_entity(address: Callable[[int], str]) -> None:
    names = [address(i) for i in range(1, 101)]
    once = infer(names)
    assert (once.kind, once.role) == (Kind.ID, Role.IGNORED)
    assert infer([*names, *names[:50]]).role is Role.IGNORED
    for times in (2, 300):
        again = infer(names * times)
        assert (again.kind, again.role) == (Kind.ID, Role.FEATURE)


def test_errors_outside_the_sample_are_seen() -> None:
    values: list[object] = ["1", "2"] * 20_000
    values[1:200:2] = ["x"] * 100
    assert infer(values).kind is Kind.CATEGORY
    assert infer(["t", "f"] * 20_000 + ["maybe"]).kind is Kind.CATEGORY


def test_a_sign_alone_is_a_label_among_words_only() -> None:
    raw = pl.DataFrame(
        {"x": ["1", "-", "2.5"], "y": ["+", "-", "+"], "date": ["19980612", "-", "-"]}
    )
    schema = infer_schema(raw)
    assert schema["y"].evidence == "words, 2 distinct"
    table = cast(raw, schema)
    assert table.notes == ()
    assert table.frame["x"].to_list() == [1, None, 2.5]
    assert table.frame["y"].to_list() == ["+", "-", "+"]
    assert schema["date"].kind is Kind.DATETIME
    assert infer(["1", "-", "1"]).evidence == "constant"
    assert infer(["yes", "-"]).evidence == "constant"
    assert infer(["-", "-"]).evidence == "constant"
    assert infer([f"AB-{i}" for i in range(50)] + ["-"] * 50).kind is Kind.ID
    assert infer(["-", "-"] * 20_000 + ["1", "2"], "x").kind is Kind.NUMBER


def test_constant_and_empty() -> None:
    assert infer(["a", "a"]).evidence == "constant"
    assert infer([3, 3]).role is Role.IGNORED
    assert infer(["?", ""]).evidence == "empty"
    assert infer([None, None]).evidence == "empty"
    assert infer([1.5, None, 1.5]).kind is Kind.NUMBER


def test_overrides() -> None:
    raw = pl.DataFrame({"zip": ["1", "2"], "day": ["x", "y"], "id": [1, 2]})
    schema = infer_schema(raw, {"zip": Kind.CATEGORY, "id": Kind.ID})
    assert schema["zip"].kind is Kind.CATEGORY
    assert schema["id"].role is Role.IGNORED
    with pytest.raises(ColumnError, match="did you mean 'zip'"):
        infer_schema(raw, {"zap": Kind.NUMBER})
    with pytest.raises(ColumnError, match="expected dates in 'day'"):
        infer_schema(raw, {"day": Kind.DATETIME})
    sexes = pl.DataFrame({"sex": ["male", "female", None]})
    table = cast(sexes, infer_schema(sexes, {"sex": Kind.BOOLEAN}))
    assert table.frame["sex"].to_list() == [True, False, None]


cells = st.one_of(
    st.none(),
    st.sampled_from(["?", "-", "+", "1", "2.0", "inf", "t", "yes", "1/2/2020", " "]),
    st.text(),
)


@pytest.mark.long
@given(st.lists(cells, min_size=1, max_size=40))
def test_any_column_of_text_can_be_read(values: list[str | None]) -> None:
    raw = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    schema = infer_schema(raw)
    frame = cast(raw, schema).frame
    assert frame["x"].dtype == PHYSICAL[schema["x"].kind]
    assert len(frame) == len(values)


@pytest.mark.parametrize("name", ["*", "^a$"])
def test_a_name_that_is_a_pattern_to_polars_is_refused(name: str) -> None:
    with pytest.raises(ColumnError, match="rename the column"):
        infer_schema(pl.DataFrame({name: [1, 2], "b": [3, 4]}))
