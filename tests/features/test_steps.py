from __future__ import annotations

import time
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.errors import OptionError
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import Categories, Dates, Keys, Numbers, Text

LARGEST = np.finfo(np.float32).max


def table_of(kind: Kind, **columns: object) -> Table:
    return Table(pl.DataFrame(columns), Schema(tuple(Column(name, kind) for name in columns)))


def answers(table: Table) -> Target:
    return Target(np.zeros(table.height))


def test_numbers_are_clipped_and_finite() -> None:
    values = [1e300, -1e300, float("inf"), float("nan"), None, 1.5]
    table = table_of(Kind.NUMBER, a=values)
    fitted = Numbers().fit(table, answers(table), seed=0)
    assert fitted is not None
    found = fitted.transform(table).numbers.ravel()
    np.testing.assert_array_equal(found, [LARGEST, -LARGEST, np.nan, np.nan, np.nan, 1.5])


def test_numbers_large_sums_are_not_mistaken_for_missing() -> None:
    table = table_of(Kind.NUMBER, a=[3e38, 3e38, 3e38, 0.0])
    fitted = Numbers().fit(table, answers(table), seed=0)
    assert fitted is not None
    np.testing.assert_array_equal(
        fitted.transform(table).numbers.ravel(), np.float32([3e38, 3e38, 3e38, 0])
    )


@given(
    st.sampled_from([1.7e12, -4e9, 1e15, 3.3e7]),
    st.lists(st.integers(0, 2_000), min_size=2, max_size=50, unique=True),
)
def test_large_numbers_that_lie_close_together_stay_apart(far: float, near: list[int]) -> None:
    table = table_of(Kind.NUMBER, a=[far + step for step in near])
    fitted = Numbers().fit(table, answers(table), seed=0)
    assert fitted is not None
    found = fitted.transform(table).numbers.ravel()
    assert np.argsort(found).tolist() == np.argsort(near).tolist()
    assert len(set(found)) == len(near)
    assert type(fitted).restore(fitted.export()) == fitted


def test_years_are_counted_from_nothing() -> None:
    table = table_of(Kind.NUMBER, year=[1990.0, 2024.0])
    fitted = Numbers().fit(table, answers(table), seed=0)
    assert fitted is not None
    assert fitted.number_names == ("year",)


def test_numbers_drops_constant_and_empty_columns() -> None:
    empty = pl.Series([None] * 3, dtype=pl.Float64)
    table = table_of(
        Kind.NUMBER, one=[7.0, 7.0, 7.0], none=empty, gap=[7.0, None, 7.0], a=[1.0, 2, 3]
    )
    fitted = Numbers().fit(table, answers(table), seed=0)
    assert fitted is not None
    assert fitted.columns == ("gap", "a")


def test_categories_order_ties_and_rare_levels() -> None:
    table = table_of(Kind.CATEGORY, a=["b", "a", "b", "a", "c", "c", "c", "once", None])
    fitted = Categories().fit(table, answers(table), seed=0)
    assert fitted is not None
    assert fitted.levels[0].known == ("c", "a", "b")
    matrix = fitted.transform(table)
    assert matrix.codes.ravel().tolist() == [2, 1, 2, 1, 0, 0, 0, -1, -2]
    assert matrix.levels == (3,)
    assert matrix.number_names == ()


def test_categories_of_many_levels_are_counted_too() -> None:
    values = [f"level {i:02}" for i in range(31)] * 2 + ["common"] * 5 + ["once", None]
    table = table_of(Kind.CATEGORY, a=values)
    fitted = Categories().fit(table, answers(table), seed=0)
    assert fitted is not None
    new = table_of(Kind.CATEGORY, a=["common", "level 07", "once", "new", None])
    matrix = fitted.transform(new)
    assert matrix.number_names == ("a: count",)
    np.testing.assert_array_equal(matrix.numbers.ravel(), [5, 2, 1, 1, np.nan])
    assert matrix.codes.ravel().tolist() == [0, 8, -1, -1, -2]


def test_names_of_rows_in_time_say_nothing_of_their_future() -> None:
    names = [f"player {i:04}" for i in range(1_001)]
    values = [*names, *names[:500], None]
    when = Column("when", Kind.NUMBER, Role.ORDER)
    frame = pl.DataFrame({"name": values, "when": np.arange(len(values), dtype=float)})
    table = Table(frame, Schema((Column("name", Kind.CATEGORY), when)))
    fitted = Categories().fit(table, answers(table), seed=0)
    assert fitted is not None
    assert fitted.code_names == ()
    assert fitted.number_names == ("name: rank",)
    new = frame.head(3).with_columns(name=pl.Series(["player 0700", "somebody", None]))
    ranks = fitted.transform(Table(new, table.schema)).numbers.ravel()
    np.testing.assert_array_equal(ranks, [700, np.nan, np.nan])


def test_few_levels_of_rows_in_time_stay_categories() -> None:
    values = ["a", "b", "b", "a", "c", "c"]
    when = Column("when", Kind.NUMBER, Role.ORDER)
    frame = pl.DataFrame({"name": values, "when": np.arange(6.0)})
    table = Table(frame, Schema((Column("name", Kind.CATEGORY), when)))
    fitted = Categories().fit(table, answers(table), seed=0)
    assert fitted is not None
    assert (fitted.code_names, fitted.number_names) == (("name",), ())


@pytest.mark.parametrize("values", [["x"] * 4, ["a", "b", "c", "d"], [None, "a", "b", "c"]])
def test_categories_without_use_are_dropped(values: list[str | None]) -> None:
    table = table_of(Kind.CATEGORY, a=values)
    assert Categories().fit(table, answers(table), seed=0) is None


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_categories_count_like_python(values: list[str | None]) -> None:
    table = table_of(Kind.CATEGORY, a=pl.Series(values, dtype=pl.String))
    fitted = Categories().fit(table, answers(table), seed=0)
    known = {v for v in values if v is not None and values.count(v) >= 2}
    by_count = sorted(known, key=lambda level: (-values.count(level), level.encode()))
    expected = [-2 if v is None else by_count.index(v) if v in known else -1 for v in values]
    if not known or len(set(expected)) == 1:
        assert fitted is None
    else:
        assert fitted is not None
        assert fitted.transform(table).codes.ravel().tolist() == expected


def test_categories_refuse_nonsense() -> None:
    with pytest.raises(OptionError, match="min_count"):
        Categories(min_count=0)


@given(st.lists(st.integers(0, 10**18 - 1), min_size=2, max_size=40, unique=True))
@settings(max_examples=60, deadline=None)
def test_keys_stay_apart_and_in_order(keys: list[int]) -> None:
    table = table_of(Kind.ID, user=[*map(str, keys), None])
    fitted = Keys().fit(table, answers(table), seed=0)
    assert fitted is not None
    found = fitted.transform(table).numbers.ravel()
    assert np.isnan(found[-1])
    np.testing.assert_array_equal(np.argsort(found[:-1]), np.argsort(keys))
    assert len(set(found[:-1].tolist())) == len(keys)


def test_new_long_keys_lie_between_their_neighbours() -> None:
    first = 987_654_321_012_345_678
    table = table_of(Kind.ID, user=[str(first + i) for i in (0, 1, 3)])
    fitted = Keys().fit(table, answers(table), seed=0)
    assert fitted is not None
    new = table_of(Kind.ID, user=[str(first + i) for i in (-1, 0, 2, 3, 9)] + ["A7", None])
    found = fitted.transform(new).numbers.ravel()
    np.testing.assert_array_equal(found, [-0.5, 0, 1.5, 2, 2.5, np.nan, np.nan])


def test_keys_that_are_numbers_are_counted_but_get_no_code() -> None:
    keys = [str(10**6 + i) for i in range(40)] + [str(10**6)] * 3
    table = table_of(Kind.ID, user=keys)
    fitted = Categories().fit(table, answers(table), seed=0)
    assert fitted is not None
    assert (fitted.number_names, fitted.code_names) == (("user: count",), ())
    new = table_of(Kind.ID, user=[str(10**6), "7", None])
    np.testing.assert_array_equal(fitted.transform(new).numbers.ravel(), [4, 1, np.nan])


def test_keys_that_are_numbers_are_not_counted_where_rows_are_in_time() -> None:
    keys, days = [str(i // 2) for i in range(2_500)], [float(i) for i in range(2_500)]
    schema = Schema((Column("user", Kind.ID), Column("day", Kind.NUMBER, Role.ORDER)))
    table = Table(pl.DataFrame({"user": keys, "day": days}), schema)
    assert Categories().fit(table, answers(table), seed=0) is None


def test_dates_match_the_calendar() -> None:
    dates = [datetime(1969, 12, 31, 23, 30), datetime(2024, 2, 29, 6, 0), datetime(2000, 7, 1)]
    table = table_of(Kind.DATETIME, date=pl.Series([*dates, None], dtype=pl.Datetime("us")))
    fitted = Dates().fit(table, answers(table), seed=0)
    assert fitted is not None
    found = fitted.transform(table).numbers
    for row, date in enumerate(dates):
        day = date.timetuple()
        days = date.date().toordinal() - datetime(1970, 1, 1).toordinal()
        hour = date.hour + date.minute / 60
        expected = [days, date.year, date.month, date.day, date.isoweekday(), day.tm_yday, hour]
        np.testing.assert_array_equal(found[row, :7], np.float32(expected))
        turns = [day.tm_yday / 365.25, date.isoweekday() / 7, hour / 24]
        cycles = [turn(2 * np.pi * share) for share in turns for turn in (np.sin, np.cos)]
        np.testing.assert_allclose(found[row, 7:], cycles, atol=1e-6)
    assert np.isnan(found[3]).all()


def test_dates_drop_constant_parts() -> None:
    dates = pl.Series([datetime(2024, 5, 1), datetime(2024, 5, 8), None], dtype=pl.Datetime("us"))
    table = table_of(Kind.DATETIME, date=dates)
    fitted = Dates().fit(table, answers(table), seed=0)
    assert fitted is not None
    season = ("date: season, sine", "date: season, cosine")
    assert fitted.number_names == ("date: days", "date: day", "date: day of year", *season)
    assert not any("season" in name for name in _names(Dates(cycles=False), table))


def _names(step: Dates, table: Table) -> tuple[str, ...]:
    fitted = step.fit(table, answers(table), seed=0)
    return () if fitted is None else fitted.number_names


def test_midnight_lies_beside_the_minute_before() -> None:
    hours = [datetime(2024, 12, 31, 23, 59), datetime(2025, 1, 1), datetime(2025, 1, 1, 12)]
    table = table_of(Kind.DATETIME, date=pl.Series(hours, dtype=pl.Datetime("us")))
    fitted = Dates().fit(table, answers(table), seed=0)
    assert fitted is not None
    cycles = [
        i for i, name in enumerate(fitted.number_names) if "season" in name or "clock" in name
    ]
    before, midnight, noon = fitted.transform(table).numbers[:, cycles]
    assert np.abs(before - midnight).max() < 0.03
    assert np.abs(noon - midnight).max() > 1.9


def test_text_surface() -> None:
    table = table_of(Kind.TEXT, t=["Ab 12! http://x", "", None, "plain words here"])
    fitted = Text(words=0).fit(table, answers(table), seed=0)
    assert fitted is not None
    assert fitted.number_names == tuple(
        f"t: {part}"
        for part in ("characters", "words", "digits", "capitals", "punctuation", "urls")
    )
    first, empty, missing, _ = fitted.transform(table).numbers
    np.testing.assert_allclose(first, [15, 4, 2 / 15, 1 / 15, 4 / 15, 1 / 4], rtol=1e-6)
    assert (empty == 0).all()
    assert np.isnan(missing).all()


def test_text_words_are_frequent_but_not_everywhere() -> None:
    texts = [f"always common{i % 3} rare{i}" for i in range(90)]
    table = table_of(Kind.TEXT, t=texts)
    fitted = Text().fit(table, answers(table), seed=0)
    assert fitted is not None
    assert fitted.texts[0].words == ("common0", "common1", "common2")
    assert Text(words=2).fit(table, answers(table), seed=0).texts[0].words == (  # type: ignore[union-attr]
        "common0",
        "common1",
    )
    marks = fitted.transform(table).numbers[:, -3:]
    np.testing.assert_array_equal(marks, np.tile(np.eye(3), (30, 1)))


def test_text_in_chunks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(
        Kind.TEXT, t=["red car", "blue car", None, "red bus", "red", "", "blue bus"] * 9
    )
    fitted = Text().fit(table, answers(table), seed=0)
    assert fitted is not None
    whole = fitted.transform(table).numbers
    monkeypatch.setattr("modelwright.features.text._CHUNK", 5)
    np.testing.assert_array_equal(fitted.transform(table).numbers, whole)


@pytest.mark.long
def test_text_is_fast_on_twenty_thousand_tweets() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(3000)])
    picks = np.minimum(rng.zipf(1.3, (20_000, 18)) - 1, 2999)
    table = table_of(Kind.TEXT, t=[" ".join(row) for row in words[picks]])
    start = time.perf_counter()
    fitted = Text().fit(table, answers(table), seed=0)
    assert fitted is not None
    assert fitted.transform(table).shape[0] == 20_000
    assert time.perf_counter() - start < 4  # about 0.3 s on an idle machine


def test_a_column_called_star_is_one_column() -> None:
    name = "*"
    days = [datetime(2020, 1, 1 + day) for day in range(9)]
    dates = table_of(Kind.DATETIME, **{name: days, "b": days[::-1]})
    texts = table_of(Kind.TEXT, **{name: ["word " * count for count in range(1, 10)]})
    for table, step in ((dates, Dates()), (texts, Text())):
        fitted = step.fit(table, answers(table), seed=0)
        assert fitted is not None
        assert fitted.transform(table).numbers.shape == (9, len(fitted.number_names))
        assert fitted.columns == tuple(table.frame.columns)
    assert dates.select([name]).frame.columns == [name]
