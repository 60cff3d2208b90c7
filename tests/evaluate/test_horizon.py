"""What is not known yet is not learned from."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import OptionError
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.horizon import Horizon, keep_horizon, known_until, parse_horizon
from modelwright.evaluate.splitters import TimeOrdered


def dated(days: list[int]) -> Table:
    when = [datetime(2024, 1, 1) + timedelta(days=day) for day in days]
    schema = Schema((Column("day", Kind.DATETIME, Role.ORDER),))
    frame = pl.DataFrame({"day": when}, schema={"day": pl.Datetime("us")})
    return Table(frame, schema)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7 days", Horizon(7, "day")),
        ("7d", Horizon(7, "day")),
        ("24 h", Horizon(24, "hour")),
        ("1.5 hours", Horizon(1.5, "hour")),
        ("30min", Horizon(30, "minute")),
        ("3 months", Horizon(3, "month")),
        ("1 quarter", Horizon(1, "quarter")),
        ("2 YEARS", Horizon(2, "year")),
        ("3", Horizon(3, "")),
        (2, Horizon(2, "")),
        ("0", None),
        ("0 days", None),
        ("none", None),
    ],
)
def test_a_horizon_is_read_as_people_write_it(text: str | float, expected: Horizon | None) -> None:
    assert parse_horizon(text) == expected


@pytest.mark.parametrize(
    "text",
    ["soon", "-1 day", "1.5 months", "7 moons", "1m", "days", "1 day 2 h", "9" * 12 + " years"],
)
def test_what_is_no_horizon_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_horizon(text)


def test_minutes_and_months_are_not_confused() -> None:
    with pytest.raises(OptionError, match="min or months"):
        parse_horizon("1m")


@given(
    st.integers(1, 10_000),
    st.sampled_from(["second", "minute", "hour", "day", "week", "month", "year"]),
)
def test_what_is_written_is_read_again(amount: int, unit: str) -> None:
    horizon = Horizon(float(amount), unit)
    if unit != "year" or amount <= 900:
        assert parse_horizon(str(horizon)) == horizon


def test_months_are_those_of_the_calendar() -> None:
    times = pl.Series("t", [datetime(2024, 3, 31), datetime(2024, 5, 15)], dtype=pl.Datetime("us"))
    until = known_until(times, Horizon(1, "month")).to_list()
    assert until == [datetime(2024, 2, 29), datetime(2024, 4, 15)]


def test_a_unit_has_to_fit_the_column() -> None:
    dates = pl.Series("t", [datetime(2024, 3, 31)], dtype=pl.Datetime("us"))
    with pytest.raises(OptionError, match="a horizon with a unit"):
        known_until(dates, Horizon(7, ""))
    with pytest.raises(OptionError, match="holds numbers"):
        known_until(pl.Series("t", [1.0]), Horizon(7, "day"))
    with pytest.raises(OptionError, match="holds words"):
        known_until(pl.Series("t", ["a"]), Horizon(7, ""))


@given(
    st.lists(st.integers(0, 200), min_size=60, max_size=120),
    st.integers(1, 25),
    st.integers(1, 4),
)
def test_no_row_is_fitted_on_whose_answer_was_not_known(
    days: list[int], ahead: int, k: int
) -> None:
    table = dated(days)
    y = Target(np.zeros(len(days)))
    try:
        plan = TimeOrdered("day", k).split(table, y, seed=0)
    except OptionError:  # one day only
        return
    try:
        kept = keep_horizon(plan, table, "day", Horizon(ahead, "day"))
    except OptionError:
        return
    when = np.array(days)
    by_first = {int(fold.valid[0]): fold for fold in plan.folds}
    for fold in kept.folds:
        limit = when[fold.valid].min() - ahead
        assert when[fold.train].max() <= limit
        before = by_first[int(fold.valid[0])]
        assert set(before.train[when[before.train] <= limit]) == set(fold.train)
        assert (before.valid == fold.valid).all()


def test_a_plan_says_that_the_horizon_was_kept() -> None:
    table = dated(list(range(100)))
    plan = TimeOrdered("day", 4).split(table, Target(np.zeros(100)), seed=0)
    kept = keep_horizon(plan, table, "day", Horizon(5, "day"))
    assert "5 days ahead" in kept.reason
    assert [len(fold.train) for fold in kept.folds] == [len(f.train) - 4 for f in plan.folds]
    assert keep_horizon(plan, table, "day", None) is plan


def test_a_horizon_that_leaves_nothing_is_refused() -> None:
    table = dated(list(range(100)))
    plan = TimeOrdered("day", 4).split(table, Target(np.zeros(100)), seed=0)
    with pytest.raises(OptionError, match="leaves rows to learn from"):
        keep_horizon(plan, table, "day", Horizon(99, "day"))
    with pytest.raises(OptionError, match="an order column"):
        keep_horizon(plan, table, None, Horizon(1, "day"))
    fewer = keep_horizon(plan, table, "day", Horizon(25, "day"))
    assert 0 < len(fewer) < len(plan)
    assert "1 of 4 folds" in fewer.reason


def test_all_draws_of_a_repeated_plan_lose_the_same_folds() -> None:
    table = dated(list(range(60)))
    index = np.arange(60)
    late = [Fold(index[:at], index[at : at + 10]) for at in (14, 40, 22, 40)]  # of two draws
    splits = Splits(tuple(late), 60, "group time-ordered", "An example.", times=2)
    kept = keep_horizon(splits, table, "day", parse_horizon("10 days"))
    assert [len(fold.train) for fold in kept.folds] == [31, 31]
    assert [list(places) for places in kept.rounds] == [[0], [1]]
