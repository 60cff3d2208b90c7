from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from modelwright.clean.joins import join
from modelwright.clean.joins.keys import comparable
from modelwright.core.errors import ColumnError, DataError, OptionError

LEFT = pl.DataFrame({"id": [3, 1, None, 3, 9], "x": list("abcde")})
RIGHT = pl.DataFrame({"id": [1, 3, 4], "y": [10.0, 30.0, 40.0]})


def test_every_left_row_stays_once_and_in_order() -> None:
    found = join(LEFT, RIGHT, "id")
    assert found.frame.columns == ["id", "x", "y"]
    assert found.frame["x"].to_list() == list("abcde")
    assert found.frame["y"].to_list() == [30.0, 10.0, None, 30.0, None]
    assert found.unmatched_left == ("9",)
    assert found.unmatched_right == ("4",)
    assert found.unmatched_rows == 2
    assert found.notes == ("rows of the left table without a key: 1",)
    assert found.matches["rows"].to_list() == [2, 1]
    assert "3 of 5 rows found a partner" in str(found)


keys = st.lists(st.one_of(st.none(), st.integers(-3, 6)), max_size=20)


@given(keys, st.lists(st.integers(-3, 6), max_size=10, unique=True))
def test_it_gives_what_a_left_join_gives(left: list[int | None], right: list[int]) -> None:
    one = pl.DataFrame(
        {"k": left, "row": range(len(left))}, schema={"k": pl.Int64, "row": pl.Int64}
    )
    other = pl.DataFrame({"k": right, "v": [2.0 * k for k in right]},
                         schema={"k": pl.Int64, "v": pl.Float64})  # fmt: skip
    expected = one.join(other, on="k", how="left", maintain_order="left")
    assert_frame_equal(join(one, other, "k").frame, expected)


def test_a_key_of_many_rows_is_refused_with_the_cure() -> None:
    many = pl.concat([RIGHT, RIGHT.with_columns(y=pl.col("y") + 1)])
    with pytest.raises(DataError, match=r"'1' in 2 rows.*aggregate"):
        join(LEFT, many, "id")


def test_rows_that_come_again_are_taken_once() -> None:
    found = join(LEFT, pl.concat([RIGHT, RIGHT]), "id")
    assert_frame_equal(found.frame, join(LEFT, RIGHT, "id").frame)
    assert any("taken once" in note for note in found.notes)


def test_columns_of_both_tables_get_a_suffix() -> None:
    right = RIGHT.with_columns(x=pl.lit("z"))
    assert join(LEFT, right, "id").frame.columns == ["id", "x", "y", "x_right"]
    with pytest.raises(OptionError, match="suffix"):
        join(LEFT.with_columns(pl.lit(1).alias("x_right")), right, "id")


def test_the_key_of_the_right_table_is_not_repeated() -> None:
    right = RIGHT.rename({"id": "number"})
    assert join(LEFT, right, "id=number").frame.columns == ["id", "x", "y"]
    odd = RIGHT.rename({"id": "a=b"})
    assert join(LEFT.rename({"id": "a=b"}), odd, "a=b").unmatched_rows == 2


@pytest.mark.parametrize("on", ["idd", "id=idd", "nothing"])
def test_a_key_that_is_not_there(on: str) -> None:
    with pytest.raises(ColumnError, match="id"):
        join(LEFT, RIGHT, on)


def test_no_key_and_a_key_twice() -> None:
    with pytest.raises(OptionError, match="key"):
        join(LEFT, RIGHT, [])
    with pytest.raises(OptionError, match="once"):
        join(LEFT, RIGHT, ["id", "id"])


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ([1, 2], ["1", "2.0"], True),
        ([1, 2], ["1", "two"], False),
        (["1", "2"], ["1", "2.0"], False),
        ([date(2024, 1, 1)], [datetime(2024, 1, 1)], True),
        ([" a ", ""], ["a", None], True),
        ([1.0, float("nan")], [1, None], True),
    ],
)
def test_keys_are_compared_by_their_values(left: list, right: list, same: bool) -> None:  # type: ignore[type-arg]
    one, other = comparable(pl.Series(left), pl.Series(right))
    assert one.dtype == other.dtype
    assert (one.to_list() == other.to_list()) is same


def test_a_fuzzy_join_of_text_within_equal_years() -> None:
    left = pl.DataFrame({"town": ["Sao Paulo", "Sao Paulo", "Roma"], "year": [2020, 2021, 2020]})
    right = pl.DataFrame(
        {"town": ["São Paulo", "SÃO PAULO", "Rome"], "year": [2021, 2020, 2021], "n": [1, 2, 3]}
    )
    found = join(left, right, ["town", "year"], fuzzy=True)
    assert found.frame["n"].to_list() == [2, 1, None]


def test_a_fuzzy_join_of_rows_that_repeat_their_key() -> None:
    left = pl.DataFrame({"firm": ["ACME", "Acme.", "ACME", None]})
    right = pl.DataFrame({"firm": ["Acme", "Apex"], "size": [5, 6]})
    found = join(left, right, "firm", fuzzy=True)
    assert found.frame["size"].to_list() == [5, 5, 5, None]
    assert found.matches["rows"].to_list() == [2, 1]


def test_a_fuzzy_join_needs_text() -> None:
    with pytest.raises(DataError, match="text"):
        join(LEFT, RIGHT, "id", fuzzy=True)


def test_a_decision_on_a_key_that_is_not_there_is_passed_over() -> None:
    left, right = pl.DataFrame({"k": ["a"]}), pl.DataFrame({"k": ["b"], "v": [1]})
    found = join(left, right, "k", fuzzy=True, decided={("a", "c"): True})
    assert found.unmatched_rows == 1
    assert found.notes == ("decisions on keys that are not there, passed over: 1",)
    assert join(left, right, "k", fuzzy=True, decided={("a", "b"): True}).frame["v"][0] == 1


def test_empty_tables() -> None:
    assert join(LEFT.head(0), RIGHT, "id").frame.shape == (0, 3)
    assert join(LEFT, RIGHT.head(0), "id").unmatched_rows == 5
    text = pl.DataFrame({"k": ["a"]})
    assert join(text, text.head(0).with_columns(v=1), "k", fuzzy=True).unmatched_rows == 1


def test_it_says_itself_as_json() -> None:
    found = join(LEFT, RIGHT, "id").to_json()
    assert found["exact"] == 2
    assert found["matches"] == []


def test_long_numbers_keep_all_their_digits() -> None:
    big = 2**53
    left = pl.DataFrame({"id": [big + 1, 7]})
    for ids in ([str(big), "7"], [float(big), 7.0], [str(big), "7.5"]):
        right = pl.DataFrame({"id": ids, "x": ["other", "right"]})
        assert join(left, right, "id").frame["x"][0] is None
    same = pl.DataFrame({"id": [str(big + 1), "8"], "x": ["right", "other"]})
    assert join(left, same, "id").frame["x"].to_list() == ["right", None]
    unsigned = pl.DataFrame({"id": pl.Series([2**64 - 1, 7], dtype=pl.UInt64), "x": ["a", "b"]})
    assert join(left, unsigned, "id").frame["x"].to_list() == [None, "b"]


def test_whole_numbers_that_are_stored_as_decimals_are_found_in_text() -> None:
    left = pl.DataFrame({"id": [1.0, None, 2.5]})
    right = pl.DataFrame({"id": ["1", "2.5", "n/a"], "x": ["a", "b", "c"]})
    assert join(left, right, "id").frame["x"].to_list() == ["a", None, "b"]


def test_a_right_table_of_nothing_but_its_key() -> None:
    found = join(LEFT, RIGHT.select("id"), "id")
    assert found.frame.columns == LEFT.columns
    assert found.unmatched_rows == 2


def test_decisions_count_within_their_blocks() -> None:
    years = list(range(300))
    left = pl.DataFrame({"k": ["a"] * 300, "year": years})
    right = pl.DataFrame({"k": ["b"] * 299, "year": years[1:], "v": years[1:]})
    said = {(f"a | {year}", f"b | {year}"): True for year in years}
    found = join(left, right, ["k", "year"], fuzzy=True, decided=said)
    assert found.frame["v"].to_list() == [None, *years[1:]]
