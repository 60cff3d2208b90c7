from __future__ import annotations

import math
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.acquire import cast, conform, infer_schema
from modelwright.core.errors import ColumnError
from modelwright.core.schema import Column, Kind, Role, Schema


def one(values: list[object], kind: Kind, format: str = "") -> tuple[list[object], tuple[str, ...]]:
    raw = pl.DataFrame({"x": pl.Series(values, strict=False)})
    table = cast(raw, Schema((Column("x", kind, Role.FEATURE, format),)))
    return table.frame["x"].to_list(), table.notes


@pytest.mark.parametrize(
    ("values", "kind", "format", "expected"),
    [
        ([" 1 ", "?", "2", "None"], Kind.NUMBER, "", [1, None, 2, None]),
        ([True, False, None], Kind.NUMBER, "", [1, 0, None]),
        ([1.0, 2.5, math.nan], Kind.CATEGORY, "", ["1", "2.5", None]),
        ([1, 2, None], Kind.CATEGORY, "", ["1", "2", None]),
        (["1.0", "2", "v1.0"], Kind.CATEGORY, "", ["1", "2", "v1.0"]),
        ([True, False, None], Kind.CATEGORY, "", ["True", "False", None]),
        ([" Yes", "no", "NA"], Kind.CATEGORY, "yes", ["Yes", "no", None]),
        ([" -", "+", ".", "?"], Kind.CATEGORY, "", ["-", "+", ".", None]),
        (["1", "-", "."], Kind.NUMBER, "", [1, None, None]),
        (["2020-01-31", "-", "."], Kind.DATETIME, "", [datetime(2020, 1, 31), None, None]),
        (["Jan-2018", "-", "None"], Kind.DATETIME, "%b-%Y", [datetime(2018, 1, 1), None, None]),
        (["yes", "-", "."], Kind.BOOLEAN, "yes", [True, None, None]),
        (["some words", "-", "."], Kind.TEXT, "", ["some words", None, None]),
        (["YES", "No", "NA"], Kind.BOOLEAN, "yes", [True, False, None]),
        ([1, 0, None], Kind.BOOLEAN, "yes", [True, False, None]),
        ([1e3, None], Kind.ID, "", ["1000", None]),
        ([20200131, None], Kind.DATETIME, "%Y%m%d", [datetime(2020, 1, 31), None]),
        (["2020-01-31"], Kind.DATETIME, "%m/%d/%Y", [datetime(2020, 1, 31)]),
        ([" some  words ", "?"], Kind.TEXT, "", ["some  words", None]),
    ],
)
def test_values(values: list[object], kind: Kind, format: str, expected: list[object]) -> None:
    assert one(values, kind, format) == (expected, ())


@pytest.mark.parametrize(
    ("values", "kind", "expected", "says"),
    [
        (["1", "abc", "x"], Kind.NUMBER, [1, None, None], "2 values of 'x' .* 'abc'"),
        (["1", "inf"], Kind.NUMBER, [1, None], "1 value of 'x'"),
        ([1.0, -math.inf], Kind.NUMBER, [1, None], "1 value of 'x'"),
        (["t", "perhaps"], Kind.BOOLEAN, [True, None], "'perhaps'"),
        (["2020-01-31", "soon"], Kind.DATETIME, [datetime(2020, 1, 31), None], "'soon'"),
    ],
)
def test_losses_are_told(
    values: list[object], kind: Kind, expected: list[object], says: str
) -> None:
    result, notes = one(values, kind)
    assert result == expected
    assert len(notes) == 1
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(notes[0])


RAW = pl.DataFrame(
    {
        "area": ["10", "20.5", "?"],
        "kind": ["1", "2", "x"],
        "sold": ["yes", "no", "yes"],
        "day": ["1/31/2020", "2/1/2020", "2/2/2020"],
        "price": ["1", "2", "3"],
    }
)
SCHEMA = infer_schema(RAW)
REQUIRED = ("area", "kind", "sold", "day")


def test_conform_leaves_out_what_is_not_there() -> None:
    new = RAW.drop("price").with_columns(extra=pl.lit(1)).select("extra", *reversed(REQUIRED))
    table = conform(new, SCHEMA, REQUIRED)
    assert table.schema.names() == REQUIRED
    assert table.frame.equals(cast(RAW, SCHEMA).frame.drop("price"))


def test_conform_tells_what_is_missing() -> None:
    new = RAW.rename({"area": "Area "}).drop("day")
    with pytest.raises(ColumnError) as caught:
        conform(new, SCHEMA, REQUIRED)
    assert str(caught.value) == (
        "expected the columns that were there before; got missing: 'area', 'day'; "
        "unexpected: 'Area '; rename 'Area ' to 'area'"
    )


def test_conform_refuses_a_retyped_column_only_where_it_matters() -> None:
    new = RAW.with_columns(area=pl.Series(["abc", "def", "3"]))
    with pytest.raises(ColumnError, match="expected numbers in 'area'; got for example 'abc'"):
        conform(new, SCHEMA, REQUIRED)
    assert len(conform(new, SCHEMA, ["kind"]).notes) == 1
    half = RAW.with_columns(area=pl.Series(["abc", None, "3"]))
    assert conform(half, SCHEMA, REQUIRED).frame["area"].to_list() == [None, None, 3.0]
    with pytest.raises(ColumnError, match="expected dates in 'day'"):
        conform(RAW.head(1).with_columns(day=pl.lit("noon")), SCHEMA, REQUIRED)


@pytest.mark.parametrize(
    ("name", "says"), [("area", "numbers in 'area'"), ("sold", "true and false in 'sold'")]
)
def test_conform_refuses_dates_as_numbers_or_booleans(name: str, says: str) -> None:
    days = RAW.with_columns(pl.Series(name, [datetime(2020, 1, 31), None, None]))
    for new in (days, days.with_columns(pl.col(name).dt.date())):
        with pytest.raises(ColumnError, match=f"{says}; got for example '2020-01-31"):
            conform(new, SCHEMA, REQUIRED)
        loose = conform(new, SCHEMA, ["kind"])
        assert loose.frame[name].null_count() == 3
        assert "2020-01-31" in loose.notes[0]
    nothing = days.with_columns(pl.lit(None, pl.Datetime("us")).alias(name))
    assert conform(nothing, SCHEMA, REQUIRED).frame[name].null_count() == 3


def test_conform_refuses_other_words_as_booleans() -> None:
    new = RAW.with_columns(sold=pl.Series(["male", "female", "yes"]))
    with pytest.raises(ColumnError, match="true and false in 'sold'; got for example 'male'"):
        conform(new, SCHEMA, REQUIRED)
    assert conform(new, SCHEMA, ["kind"]).frame["sold"].to_list() == [None, None, True]
    for words in (["True", "0", "maybe"], ["no", "-", "?"], [None, None, "NA"]):
        known = RAW.with_columns(sold=pl.Series(words))
        assert conform(known, SCHEMA, REQUIRED).height == 3


def test_a_single_row_is_typed_like_all() -> None:
    whole = cast(RAW, SCHEMA).frame
    for i in range(RAW.height):
        assert conform(RAW[i], SCHEMA, REQUIRED).frame.equals(whole[i])


def test_a_rename_is_proposed_only_where_the_names_are_close() -> None:
    schema = Schema((Column("Kaution", Kind.NUMBER),))
    with pytest.raises(ColumnError, match="add the missing columns"):
        conform(pl.DataFrame({"duration": [1.0]}), schema, ["Kaution"])
    with pytest.raises(ColumnError, match="rename 'kaution ' to 'Kaution'"):
        conform(pl.DataFrame({"kaution ": [1.0]}), schema, ["Kaution"])


def test_what_a_label_becomes_does_not_depend_on_the_rows_beside_it() -> None:
    assert one(["1.00"], Kind.CATEGORY)[0] == one(["1.00", "2.0"], Kind.CATEGORY)[0][:1] == ["1.00"]


CELLS = [
    None, "", " 1 ", "1.0", "-1,234.5", "(3)", "$7", "inf", "1e3", "yes", " No", "A b", "a  B",
    "NA", "9:05", "1h 5m", "-", "\u22125", "POINT (1 2)", "x|y", "999", "2.0",
]  # fmt: skip
READ = [
    (Kind.NUMBER, ""), (Kind.NUMBER, "$1,234.5"), (Kind.NUMBER, "%H:%M"), (Kind.NUMBER, "%Hh %Mm"),
    (Kind.CATEGORY, ""), (Kind.CATEGORY, "any case"), (Kind.BOOLEAN, "yes"), (Kind.TEXT, ""),
    (Kind.BOOLEAN, "a b / no"), (Kind.ID, ""), (Kind.LIST, "|"), (Kind.GEO, "lat, lon"),
]  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(CELLS), min_size=3, max_size=3), min_size=2, max_size=4),
    st.sampled_from(READ),
    st.sampled_from([(), ("999",)]),
)
def test_columns_that_are_read_alike_are_read_as_each_alone(
    cells: list[list[str | None]], way: tuple[Kind, str], missing: tuple[str, ...]
) -> None:
    columns = [Column(str(i), way[0], format=way[1], missing=missing) for i, _ in enumerate(cells)]
    raw = pl.DataFrame([pl.Series(str(i), own, pl.String) for i, own in enumerate(cells)])
    together = cast(raw, Schema(tuple(columns)))
    alone = [cast(raw.select(c.name), Schema((c,))) for c in columns]
    for column, one in zip(columns, alone, strict=True):
        assert together.frame[column.name].equals(one.frame[column.name], null_equal=True)
    assert together.notes == tuple(note for one in alone for note in one.notes)


def test_numbers_that_came_as_numbers_are_read_below_each_other() -> None:
    raw = pl.DataFrame({"a": [1.0, math.nan], "b": [math.inf, 2.0], "c": [3, None]})
    table = cast(raw, Schema(tuple(Column(name, Kind.NUMBER) for name in "abc")))
    assert table.frame.to_dict(as_series=False) == {"a": [1, None], "b": [None, 2], "c": [3, None]}
    assert len(table.notes) == 1


def test_other_columns_may_stay_unread() -> None:
    table = conform(RAW, SCHEMA, ["kind", "area"], others=False)
    assert table.schema.names() == ("area", "kind")
    with pytest.raises(ColumnError, match="unexpected: 'zone'"):
        conform(RAW.rename({"kind": "zone"}), SCHEMA, ["kind"], others=False)
