"""Plans in time: gaps, windows, horizons, groups, and what scikit-learn does."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from evaluate.tables import START, days, table_of, zeros
from modelwright.core.errors import DataError, OptionError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.evaluate import TimeOrdered
from modelwright.evaluate.splitters import GroupTime, PurgedKFold
from modelwright.evaluate.splitters.times import read_times
from modelwright.testing.splitters import assert_sound

numbers = st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=4, max_size=60)


@pytest.mark.parametrize("gap", [0, 2, 7])
@pytest.mark.parametrize("window", [None, 5, 12])
def test_equal_to_time_series_split(gap: int, window: int | None) -> None:
    order = np.random.default_rng(0).permutation(60)
    table = table_of(t=order.astype(float))
    plan = TimeOrdered("t", 5, gap=gap, window=window).split(table, zeros(60), seed=0)
    reference = TimeSeriesSplit(5, gap=gap, max_train_size=window).split(np.zeros(60))
    for fold, (train, valid) in zip(plan.folds, reference, strict=True):
        assert sorted(order[fold.train]) == train.tolist()
        assert sorted(order[fold.valid]) == valid.tolist()


@given(numbers, st.integers(1, 6), st.integers(0, 9), st.integers(0, 9), st.integers(1, 30))
def test_gap_window_and_horizon_mean_what_they_say(
    times: list[int | None], k: int, gap: int, horizon: int, window: int
) -> None:
    table = table_of(t=pl.Series(times, dtype=pl.Float64))
    splitter = TimeOrdered("t", k, gap=gap, window=window, horizon=horizon)
    try:
        plan = splitter.split(table, zeros(len(times)), seed=0)
    except (OptionError, DataError):
        return
    assert_sound(plan, len(times))
    for fold in plan.folds:
        start = min(t for i in fold.valid if (t := times[i]) is not None)
        wanted = [
            i
            for i, t in enumerate(times)
            if t is not None and t + horizon + gap < start and t >= start - horizon - gap - window
        ]
        assert fold.train.tolist() == wanted


@given(numbers, st.integers(2, 6), st.integers(0, 5), st.integers(0, 5))
def test_no_answer_of_a_purged_fold_looks_across(
    times: list[int | None], k: int, horizon: int, embargo: int
) -> None:
    table = table_of(t=pl.Series(times, dtype=pl.Float64))
    try:
        plan = PurgedKFold("t", k, horizon, embargo).split(table, zeros(len(times)), seed=0)
    except (OptionError, DataError):
        return
    assert_sound(plan, len(times))
    known = [i for i, t in enumerate(times) if t is not None]
    assert plan.scored.tolist() == known, "every row with a time is scored once"
    for fold in plan.folds:
        inside = [t for i in fold.valid if (t := times[i]) is not None]
        first, last = min(inside), max(inside)
        for i, t in enumerate(times):
            if t is None:
                continue
            apart = t + horizon < first or t > last + horizon + embargo
            assert (i in fold.train) == apart


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 20)), min_size=4, max_size=60),
    st.integers(1, 4),
    st.integers(2, 4),
    st.integers(0, 5),
)
def test_scored_rows_are_later_and_of_other_groups(
    pairs: list[tuple[int, int]], k: int, parts: int, gap: int
) -> None:
    group, time = [f"g{g}" for g, _ in pairs], [float(t) for _, t in pairs]
    table = table_of(g=group, t=time)
    try:
        plan = GroupTime("g", "t", k, parts, gap=gap).split(table, zeros(len(pairs)), seed=0)
    except (OptionError, DataError):
        return
    assert_sound(plan, len(pairs))
    for fold in plan.folds:
        assert not {group[i] for i in fold.train} & {group[i] for i in fold.valid}
        assert max(time[i] for i in fold.train) + gap < min(time[i] for i in fold.valid)


def test_every_later_row_is_scored_once_where_groups_go_on() -> None:
    rng = np.random.default_rng(0)
    group = np.tile(np.arange(30), 20)
    time = np.repeat(np.arange(20.0), 30)
    table = table_of(g=group.astype(str), t=time + rng.random(600) / 2)
    plan = GroupTime("g", "t", 3, 3).split(table, zeros(600), seed=0)
    assert len(plan) == 9
    np.testing.assert_array_equal(plan.scored, np.flatnonzero(time >= 5))
    assert [len(fold.train) for fold in plan.folds] == [100] * 3 + [200] * 3 + [300] * 3


def test_dates_are_measured_in_days_and_hours() -> None:
    table = table_of(t=days([*range(12)]))
    plan = TimeOrdered("t", 2, gap="36h", window="2d").split(table, zeros(12), seed=0)
    assert [fold.train.tolist() for fold in plan.folds] == [[1, 2], [5, 6]]
    same = TimeOrdered("t", 2, gap="1d 12h", window=f"{48 * 60}min")
    folds = same.split(table, zeros(12), seed=0).folds
    assert [fold.train.tolist() for fold in folds] == [[1, 2], [5, 6]]
    assert "with a gap of 36h between them, fitted on a window of 2d" in plan.reason
    week = TimeOrdered("t", 1, gap="1w").split(table_of(t=days([*range(20)])), zeros(20), seed=0)
    assert week.folds[0].train.tolist() == [0, 1, 2]


def test_a_gap_costs_folds_and_says_so() -> None:
    table = table_of(t=np.arange(60.0))
    plan = TimeOrdered("t", 5, gap=25).split(table, zeros(60), seed=0)
    assert len(plan) == 3
    assert "3 rather than 5 because a gap of 25 leaves nothing to fit on" in plan.reason
    for splitter in (TimeOrdered("t", 5, gap=70), GroupTime("g", "t", gap=70)):
        with pytest.raises(OptionError, match="a gap of 70") as told:
            splitter.split(table_of(t=np.arange(60.0), g=["a", "b"] * 30), zeros(60), seed=0)
        assert "shorter" in told.value.cure
    with pytest.raises(OptionError, match="outside every block"):
        PurgedKFold("t", 2, horizon=90).split(table, zeros(60), seed=0)


@pytest.mark.parametrize("gap", ["7", "a week", "7 months", "-7d", "7dd", ""])
def test_gaps_between_dates_need_a_unit(gap: str) -> None:
    with pytest.raises(OptionError, match="12h, 7d or 2w"):
        TimeOrdered("t", gap=gap).split(table_of(t=days([*range(20)])), zeros(20), seed=0)


@pytest.mark.parametrize("gap", ["7d", -1, "nan", "inf", "x"])
def test_gaps_between_numbers_are_numbers(gap: str | float) -> None:
    with pytest.raises(OptionError, match="a number at or above zero for the gap"):
        TimeOrdered("t", gap=gap).split(table_of(t=np.arange(20.0)), zeros(20), seed=0)


def test_a_window_of_nothing_and_a_gap_between_texts_are_refused() -> None:
    with pytest.raises(OptionError, match="a window above zero"):
        TimeOrdered("t", window=0).split(table_of(t=np.arange(20.0)), zeros(20), seed=0)
    weeks = table_of(t=[f"2020-W{i:02}" for i in range(20)])
    with pytest.raises(OptionError, match="dates or numbers"):
        TimeOrdered("t", gap="7d").split(weeks, zeros(20), seed=0)


@pytest.mark.parametrize(
    "texts",
    [
        ["3 Jan", "12 Feb", "soon"],
        ["01/02/2020", "02/01/2019", "05/05/2018"],
        ["Q1 2020", "Q2 2019", "Q3 2018"],
        ["9", "10", "11"],
        ["early", "late", "later"],
    ],
)
def test_texts_that_are_no_order_of_time_are_refused(texts: list[str]) -> None:
    with pytest.raises(DataError, match="dates or numbers in the order column 't'") as told:
        TimeOrdered("t").split(table_of(t=texts * 5), zeros(15), seed=0)
    assert "--types" in told.value.cure


def test_texts_that_are_one() -> None:
    for texts in (["2020-Q1", "2019-Q4"], ["week 07", "week 11"], ["2020-01-05 10:00"] * 2):
        read_times(table_of(t=texts), "t")


def test_levels_are_an_order() -> None:
    schema = Schema((Column("t", Kind.CATEGORY, levels=("dawn", "noon", "dusk")),))
    table = Table(pl.DataFrame({"t": ["dusk", "noon", "dawn", "noon"]}), schema)
    (fold,) = TimeOrdered("t", 1).split(table, zeros(4), seed=0).folds
    assert (fold.train.tolist(), fold.valid.tolist()) == ([1, 2, 3], [0])


def test_rows_without_a_time_are_told() -> None:
    plan = TimeOrdered("t", 2).split(table_of(t=days([1, None, 3, 4, None, 6])), zeros(6), seed=0)
    assert "2 rows have no time and are in no fold" in plan.reason
    with pytest.raises(DataError, match="at least 2 rows"):
        TimeOrdered("t", 2).split(table_of(t=days([None, None, 3])), zeros(3), seed=0)


def test_times_far_away_keep_their_order() -> None:
    far = [START + timedelta(days=365 * i) for i in range(-300, 3000, 300)]
    table = table_of(t=far)
    plan = TimeOrdered("t", 2).split(table, zeros(len(far)), seed=0)
    assert_sound(plan, len(far))
    assert plan.folds[-1].valid[-1] == len(far) - 1


def test_both_meanings_of_groups_in_time() -> None:
    table = table_of(g=["a", "b"] * 20, t=np.arange(40.0) // 2)
    same = TimeOrdered("t", 1).split(table, zeros(40), seed=0).folds[0]
    groups = table.frame["g"]
    assert set(groups.gather(same.train)) == set(groups.gather(same.valid)) == {"a", "b"}
    for fold in GroupTime("g", "t", 1, 2).split(table, zeros(40), seed=0).folds:
        assert set(groups.gather(fold.train)).isdisjoint(groups.gather(fold.valid))
