from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.acquire import conform
from modelwright.core.errors import ColumnError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table


def read(rows: dict[str, list[object]], **formats: str) -> Table:
    """Type new rows of columns of numbers, whose formats at the fit are given by name."""
    schema = Schema(tuple(Column(name, Kind.NUMBER, format=formats.get(name, "")) for name in rows))
    return conform(pl.DataFrame(rows), schema, list(rows))


def test_decimal_commas_are_read_and_told() -> None:
    found = read({"a": ["3,5", "4", None, "-0,25"], "b": ["1", "2", "3", "4"]})
    assert found.frame["a"].to_list() == [3.5, 4.0, None, -0.25]
    assert found.frame["b"].to_list() == [1.0, 2.0, 3.0, 4.0]
    assert found.notes == (
        "Read with a decimal comma, which this column did not have before: 'a' (such as '3,5', "
        "which is 3.5).",
    )


def test_decimal_points_where_there_were_commas() -> None:
    found = read({"a": ["3.5", "1,200.5"], "b": ["2.75", "3"]}, a="1,5", b="1.234,5")
    assert found.frame.rows() == [(3.5, 2.75), (1200.5, 3.0)]
    assert "Read with a decimal point" in found.notes[0]


def test_marks_between_thousands() -> None:
    found = read({"a": ["1,234.5", "7"], "b": ["1 234 567", "8"], "c": ["1,234,567", "2"]})
    assert found.frame.rows() == [(1234.5, 1234567.0, 1234567.0), (7.0, 8.0, 2.0)]
    assert [note.split(",")[0] for note in found.notes] == [
        "Read with thousands parted by a comma",
        "Read with thousands parted by a blank",
    ]


def test_units_and_currencies_stay_what_they_were() -> None:
    found = read({"w": ["7,5 kg", "8 kg"], "p": ["€ 1.200,50", "€ 3"]}, w="12 kg", p="€12")
    assert found.frame.rows() == [(7.5, 1200.5), (8.0, 3.0)]
    with pytest.raises(ColumnError, match="numbers"):
        read({"w": ["7,5 lb", "8,5 lb"]}, w="12 kg")
    with pytest.raises(ColumnError, match="numbers"):
        read({"p": ["$1,5", "$2,5"]}, p="€12")


def test_what_can_be_read_in_two_ways_is_refused_with_the_cure() -> None:
    with pytest.raises(ColumnError) as told:
        read({"a": ["1,234", "2,500"]})
    assert str(told.value).endswith(
        "got for example '1,234'; write 1.234 or 1234: this comma may mark decimals or part "
        "thousands"
    )
    with pytest.raises(ColumnError, match=r"write 1,234 or 1234: this point"):
        read({"a": ["1.234", "2.500"]}, a="1,5")


def test_other_columns_of_the_file_settle_it() -> None:
    german = read({"a": ["1,234", "2,500"], "b": ["0,5", "7"]})
    assert german.frame["a"].to_list() == [1.234, 2.5]
    english = read({"a": ["1,234", "2,500"], "b": ["1,234.5", "7"]})
    assert english.frame["a"].to_list() == [1234.0, 2500.0]
    with pytest.raises(ColumnError, match="this comma may mark decimals"):
        read({"a": ["1,234", "2,500"], "b": ["1,234.5", "7"], "c": ["0,5", "7"]})


def test_a_dot_beside_decimal_commas_is_not_read_in_silence() -> None:
    with pytest.raises(ColumnError) as told:
        read({"price": ["3,5", "4,5"], "people": ["1.200", "30.000"]})
    assert "'1.200' in 'people' beside '3,5' in 'price': its point may mark" in str(told.value)
    # a fraction of one digit, or of four, is none of thousands
    assert read({"a": ["3,5"] * 2, "b": ["1.200", "2.5"]}).frame["b"].to_list() == [1.2, 2.5]
    assert read({"a": ["3,5"] * 2, "b": ["1.200", "0.1234"]}).frame["b"].to_list() == [1.2, 0.1234]
    # large files are read as numbers at once
    with pytest.raises(ColumnError, match="its point may mark"):
        read({"price": ["3,5", "4,5"], "people": [1.234, 30.0]})
    assert read({"price": ["3,5", "4,5"], "size": [1.25, 30.5]}).frame["size"].to_list() == [
        1.25,
        30.5,
    ]


def test_a_stray_cell_stays_missing() -> None:
    points = [f"{number}.5" for number in range(40)]
    found = read({"a": [*points, "7,5"]})
    assert found.frame["a"].null_count() == 1
    assert found.notes[0].startswith("1 value of 'a' became missing")


def test_columns_that_nobody_needs_refuse_nothing() -> None:
    schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    rows = pl.DataFrame({"a": ["3,5", "4,5"], "b": ["1.200", "3.000"]})
    assert conform(rows, schema, ["a"]).frame.rows() == [(3.5, 1.2), (4.5, 3.0)]


@given(
    st.lists(
        st.floats(-1e9, 1e9).filter(lambda x: round(x, 2) % 1 != 0).map(lambda x: round(x, 2)),
        min_size=1,
        max_size=30,
    )
)
def test_what_is_read_is_what_was_meant(numbers: list[float]) -> None:
    texts = [f"{number:.2f}".replace(".", ",") for number in numbers]
    assert read({"a": list(texts)}).frame["a"].to_list() == pytest.approx(numbers)
