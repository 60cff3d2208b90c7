from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.joins import aggregate, join_aggregates
from modelwright.core.errors import ColumnError, DataError, OptionError

ORDERS = pl.DataFrame(
    {
        "who": ["b", "a", "b", None, "b"],
        "paid": [1.0, 2.0, 5.0, 9.0, None],
        "card": [True, False, False, True, True],
        "town": ["Rome", "Oslo", "Rome", "Oslo", None],
        "day": [date(2024, 1, d) for d in (3, 1, 2, 1, 9)],
    }
)


def test_aggregates_are_those_of_polars() -> None:
    found = aggregate(ORDERS, "who", order="day")
    expected = (
        ORDERS.drop_nulls("who")
        .sort("day")
        .group_by("who")
        .agg(
            pl.len().cast(pl.Int64).alias("rows"),
            pl.col("paid").mean().alias("paid: mean"),
            pl.col("paid").min().alias("paid: min"),
            pl.col("paid").max().alias("paid: max"),
            pl.col("paid").std().alias("paid: std"),
            pl.col("paid").drop_nulls().last().alias("paid: last"),
            pl.col("card").mean().alias("card: mean"),
        )
    )
    names = expected.columns
    assert found.select(names).sort("who").rows() == expected.sort("who").rows()
    assert found["who"].to_list() == ["b", "a"]
    assert found["town: distinct"].to_list() == [1, 1]
    assert found["town: most frequent"].to_list() == [1.0, 1.0]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(-9, 9)), min_size=1, max_size=25
    ),
    st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 7)), min_size=1, max_size=10),
    st.sampled_from([0.0, 1.0, 2.5]),
)
def test_a_row_sees_earlier_rows_only(
    rows: list[tuple[int, int, int]], asked: list[tuple[int, int]], gap: float
) -> None:
    right = pl.DataFrame(rows, schema=["k", "t", "v"], orient="row")
    left = pl.DataFrame(asked, schema=["k", "t"], orient="row")
    found = join_aggregates(left, right, "k", before="t", gap=gap).frame
    for (k, t), got in zip(asked, found.iter_rows(named=True), strict=True):
        seen = [v for kk, tt, v in rows if kk == k and (tt <= t - gap if gap else tt < t)]
        assert got["rows"] == len(seen)
        if seen:
            assert got["v: mean"] == pytest.approx(np.mean(seen))
            assert (got["v: min"], got["v: max"]) == (min(seen), max(seen))
        else:
            assert got["v: mean"] is None


def test_without_times_all_rows_count() -> None:
    left = pl.DataFrame({"who": ["a", "b", "z", None]})
    found = join_aggregates(left, ORDERS, "who")
    assert found.frame["rows"].to_list() == [1, 3, 0, 0]
    assert found.unmatched_left == ("z",)
    assert found.unmatched_rows == 2
    assert found.frame.height == 4


def test_columns_and_keys_that_are_not_there() -> None:
    with pytest.raises(ColumnError, match="whom"):
        aggregate(ORDERS, "whom")
    with pytest.raises(OptionError, match="gap"):
        join_aggregates(ORDERS, ORDERS, "who", gap=1.0)
    with pytest.raises(DataError, match="one kind"):
        join_aggregates(ORDERS, ORDERS, "who", before="day=paid")


def test_a_column_that_is_there_already_gets_a_suffix() -> None:
    left = pl.DataFrame({"who": ["a"], "rows": [7]})
    assert join_aggregates(left, ORDERS, "who").frame.columns[:3] == ["who", "rows", "rows_right"]


def test_keys_of_two_columns_that_look_alike_as_one_text() -> None:
    right = pl.DataFrame({"a": ["x | y", "x"], "b": ["z", "y | z"], "v": [1.0, 100.0]})
    found = join_aggregates(right.drop("v"), right, ["a", "b"]).frame
    assert found["v: mean"].to_list() == [1.0, 100.0]
    assert aggregate(right, ["a", "b"])["rows"].to_list() == [1, 1]


def test_rows_may_be_counted_where_there_is_nothing_else() -> None:
    keys = ORDERS.select("who")
    assert aggregate(keys, "who").rows() == [("b", 3), ("a", 1)]
    assert join_aggregates(keys, keys, "who").frame["rows"].to_list() == [3, 1, 3, 0, 3]


def test_names_that_mean_something_to_polars_and_keys_that_are_no_numbers() -> None:
    odd = pl.DataFrame({"*": [1.0, float("nan"), float("nan")], "place": [5.0, 6.0, 8.0]})
    assert aggregate(odd, "*")["place: mean"].to_list() == [5.0, 7.0]
    assert aggregate(odd, "place")["*: mean"].to_list() == [1.0, None, None]
    with pytest.raises(OptionError, match="once"):
        aggregate(odd, ["place", "place"])
    with pytest.raises(OptionError, match="gap"):
        join_aggregates(ORDERS, ORDERS, "who", before="day", gap=float("nan"))


def test_keys_without_a_partner_are_listed_once_in_order() -> None:
    right = pl.DataFrame({"who": ["z", "b", "y", "z"], "v": [1, 2, 3, 4]})
    found = join_aggregates(pl.DataFrame({"who": ["c", "b", "c", "a", "b"]}), right, "who")
    assert found.unmatched_left == ("c", "a")
    assert found.unmatched_right == ("z", "y")
    assert found.matches.select("left", "rows").rows() == [("b", 2)]
