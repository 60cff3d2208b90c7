from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.tables import ROWS, example, table_of, zeros
from modelwright.core.errors import ColumnError, DataError, OptionError
from modelwright.core.protocols import Splitter
from modelwright.core.schema import Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate import (
    GroupKFold,
    HoldOut,
    KFold,
    StratifiedKFold,
    TimeOrdered,
    choose_splitter,
)
from modelwright.evaluate.splitters import (
    ClassBalanced,
    EntityHoldOut,
    Given,
    GroupTime,
    PurgedKFold,
    Repeated,
)
from modelwright.testing.splitters import SplitterContract, assert_sound


class TestKFold(SplitterContract):
    def splitter(self) -> Splitter:
        return KFold(5)

    def table(self) -> Table:
        return example()


class TestStratifiedKFold(SplitterContract):
    def splitter(self) -> Splitter:
        return StratifiedKFold(5)

    def table(self) -> Table:
        return example()


class TestGroupKFold(SplitterContract):
    group = "who"
    by_position = False

    def splitter(self) -> Splitter:
        return GroupKFold("who", 4)

    def table(self) -> Table:
        return example()


class TestTimeOrderedByDate(SplitterContract):
    scores_every_row = False
    by_position = False
    order = "when"

    def splitter(self) -> Splitter:
        return TimeOrdered("when", 4)

    def table(self) -> Table:
        return example()


class TestTimeOrderedByText(TestTimeOrderedByDate):
    order = "batch"

    def splitter(self) -> Splitter:
        return TimeOrdered("batch", 4)


class TestTimeOrderedByNumber(TestTimeOrderedByDate):
    order = "size"

    def splitter(self) -> Splitter:
        return TimeOrdered("size", 6)


class TestHoldOut(TestKFold):
    scores_every_row = False

    def splitter(self) -> Splitter:
        return HoldOut(0.2)


class TestGroupHoldOut(TestGroupKFold):
    scores_every_row = False

    def splitter(self) -> Splitter:
        return HoldOut(0.2, group="who")


class TestTimeHoldOut(TestTimeOrderedByDate):
    def splitter(self) -> Splitter:
        return HoldOut(0.2, order="when")


class TestTimeOrderedWithAGap(TestTimeOrderedByDate):
    gap: ClassVar[Any] = timedelta(days=3)

    def splitter(self) -> Splitter:
        return TimeOrdered("when", 4, gap="2d", horizon="24h", window="2w")


class TestTimeOrderedWithAGapInNumbers(TestTimeOrderedByNumber):
    gap: ClassVar[Any] = 4.5

    def splitter(self) -> Splitter:
        return TimeOrdered("size", 4, gap=4.5)


class TestGroupTime(TestTimeOrderedByDate):
    group = "who"

    def splitter(self) -> Splitter:
        return GroupTime("who", "when", 2, 3)


class TestGroupTimeWithAGap(TestGroupTime):
    gap: ClassVar[Any] = timedelta(days=5)

    def splitter(self) -> Splitter:
        return GroupTime("who", "when", 2, 2, gap="5d")


class TestGroupTimeHoldOut(TestGroupTime):
    def splitter(self) -> Splitter:
        return HoldOut(0.2, group="who", order="when")


class TestPurgedKFold(SplitterContract):
    fits_the_rest = False
    by_position = False

    def splitter(self) -> Splitter:
        return PurgedKFold("size", 4, horizon=2, embargo=1)

    def table(self) -> Table:
        return example()


class TestRepeatedKFold(SplitterContract):
    times = 3

    def splitter(self) -> Splitter:
        return Repeated(KFold(4), 3)

    def table(self) -> Table:
        return example()


class TestRepeatedStratifiedKFold(TestRepeatedKFold):
    def splitter(self) -> Splitter:
        return Repeated(StratifiedKFold(4), 3)


class TestRepeatedGroupKFold(TestRepeatedKFold):
    group = "who"
    by_position = False

    def splitter(self) -> Splitter:
        return Repeated(GroupKFold("who", 4, shuffle=True), 3)


class TestRepeatedHoldOut(TestRepeatedKFold):
    scores_every_row = False

    def splitter(self) -> Splitter:
        return Repeated(HoldOut(0.2), 3)


class TestClassBalanced(SplitterContract):
    scores_every_row = False

    def splitter(self) -> Splitter:
        return ClassBalanced(3)

    def table(self) -> Table:
        return example()


class TestEntityHoldOut(TestGroupKFold):
    scores_every_row = False

    def splitter(self) -> Splitter:
        return EntityHoldOut("who", 0.25)


class TestGiven(SplitterContract):
    scores_every_row = False
    by_position = False

    def splitter(self) -> Splitter:
        return Given("part")

    def table(self) -> Table:
        return example()


codes = st.lists(st.integers(0, 4), min_size=2, max_size=50)


@given(codes, st.integers(2, 12), st.integers(0, 3))
def test_every_class_is_spread_evenly(values: list[int], k: int, seed: int) -> None:
    y = Target(np.array(values), 5)
    splits = StratifiedKFold(k).split(table_of(a=np.zeros(len(y))), y, seed=seed)
    assert_sound(splits, len(y))
    counts = np.array([np.bincount(y.values[f.valid], minlength=5) for f in splits.folds])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert np.ptp(counts.sum(axis=1)) <= 1


@given(st.lists(st.integers(0, 9), min_size=2, max_size=50), st.integers(2, 6), st.integers(0, 3))
def test_groups_stay_whole(groups: list[int], k: int, seed: int) -> None:
    names = [f"g{g}" for g in groups]
    y = Target(np.arange(len(names)) % 2, 2)
    if len(set(names)) < 2:
        with pytest.raises(OptionError, match="at least 2 groups"):
            GroupKFold("g", k).split(table_of(g=names), y, seed=seed)
        return
    splits = GroupKFold("g", k).split(table_of(g=names), y, seed=seed)
    assert_sound(splits, len(names))
    assert len(splits) == min(k, len(set(names)))
    assert sum(len({names[i] for i in fold.valid}) for fold in splits.folds) == len(set(names))


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=2, max_size=60), st.integers(1, 8)
)
def test_time_never_runs_backwards(times: list[int | None], k: int) -> None:
    table = table_of(
        t=pl.Series([None if t is None else float(t) for t in times], dtype=pl.Float64)
    )
    known = [t for t in times if t is not None]
    if len(set(known)) < 2:
        with pytest.raises((OptionError, DataError)):
            TimeOrdered("t", k).split(table, zeros(len(times)), seed=0)
        return
    splits = TimeOrdered("t", k).split(table, zeros(len(times)), seed=0)
    assert_sound(splits, len(times))
    assert len(splits) <= min(k, len(set(known)) - 1)
    before = -1
    for fold in splits.folds:
        assert all(times[i] is not None for i in (*fold.train, *fold.valid))
        past, future = [times[i] for i in fold.train], [times[i] for i in fold.valid]
        assert max(past) < min(future)
        assert len(past) == sum(t <= max(past) for t in known)
        assert before < min(future)
        before = max(future)
    assert before == max(known), "the latest rows are scored"


def test_time_blocks_are_of_equal_size() -> None:
    table = table_of(t=np.random.default_rng(0).permutation(600).astype(float))
    splits = TimeOrdered("t", 5).split(table, zeros(600), seed=0)
    assert [len(fold.train) for fold in splits.folds] == [100, 200, 300, 400, 500]
    assert [len(fold.valid) for fold in splits.folds] == [100] * 5


def test_one_late_block_of_ties_is_scored() -> None:
    table = table_of(t=[1.0] * 5 + [2.0] * 95)
    (fold,) = TimeOrdered("t", 5).split(table, zeros(100), seed=0).folds
    assert (len(fold.train), len(fold.valid)) == (5, 95)


def test_group_sizes_and_classes_are_balanced() -> None:
    rng = np.random.default_rng(0)
    group = np.sort(rng.zipf(1.7, 3000) % 200)
    rate = rng.random(200)
    y = Target((rng.random(3000) < rate[group] * 0.3).astype(np.int64), 2)
    big = np.bincount(group).max()
    splits = GroupKFold("g", 5).split(table_of(g=group.astype(str)), y, seed=0)
    sizes = np.array([len(fold.valid) for fold in splits.folds])
    share = np.array([y.values[fold.valid].mean() for fold in splits.folds])
    assert sizes.max() <= max(big, 1.1 * 600)
    assert np.ptp(share) < 0.5 * np.ptp(rate) * 0.3
    plain = GroupKFold("g", 5).split(table_of(g=(group % 60).astype(str)), zeros(3000), seed=0)
    assert_sound(plain, 3000)


def test_more_groups_than_are_placed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.evaluate.splitters.groups._PLACED", 7)
    names = [f"g{i % 300}" for i in range(900)]
    y = Target(np.arange(900) % 3, 3)
    splits = GroupKFold("g", 4).split(table_of(g=names), y, seed=0)
    assert_sound(splits, 900)
    assert np.ptp([len(fold.valid) for fold in splits.folds]) <= 9


def test_fewer_folds_are_said() -> None:
    plan = KFold(10).split(table_of(a=np.zeros(4)), zeros(4), seed=0)
    assert len(plan) == 4
    assert (
        plan.reason
        == "4 rows were dealt at random into 4 folds, 4 rather than 10 because there are 4 rows."
    )
    y = Target(np.array([0] * 50 + [1] * 3), 2)
    plan = StratifiedKFold(10).split(table_of(a=np.zeros(53)), y, seed=0)
    assert len(plan) == 3
    assert "3 rather than 10 because only one class has over 3 rows" in plan.reason
    plan = GroupKFold("g", 5).split(table_of(g=["a", "b"] * 9), zeros(18), seed=0)
    assert "2 rather than 5 because there are 2 groups" in plan.reason
    plan = TimeOrdered("t", 5).split(table_of(t=[1.0, 2.0, 3.0] * 9), zeros(27), seed=0)
    assert "2 rather than 5 because 't' has 3 different values" in plan.reason


def test_a_rare_class_does_not_cost_folds() -> None:
    y = Target(np.array([0] * 60 + [1] * 40 + [2]), 3)
    plan = StratifiedKFold(10).split(table_of(a=np.zeros(101)), y, seed=0)
    assert len(plan) == 10
    assert sum(100 in fold.train for fold in plan.folds) == 9


def test_one_class_only() -> None:
    plan = StratifiedKFold(3).split(table_of(a=np.zeros(9)), Target(np.zeros(9, int), 2), seed=0)
    assert len(plan) == 3


def test_seeds_differ() -> None:
    table = table_of(a=np.zeros(100))
    one, other = (KFold(5).split(table, zeros(100), seed=s).folds[0] for s in (0, 1))
    assert not np.array_equal(one.valid, other.valid)


@pytest.mark.parametrize("share", [0.5, 0.2, 0.1, 1 / 14])
def test_hold_out_is_a_fold_of_its_family(share: float) -> None:
    table, rows = example(), ROWS
    y = Target(np.arange(rows) % 2, 2)
    parts = round(1 / share)
    families = {
        HoldOut(share): KFold(parts).split(table, zeros(rows), seed=1),
        HoldOut(share, group="who"): GroupKFold("who", parts).split(table, zeros(rows), seed=1),
        HoldOut(share, order="size"): TimeOrdered("size", parts - 1).split(table, y, seed=1),
    }
    for hold_out, family in families.items():
        (fold,) = hold_out.split(table, zeros(rows), seed=1).folds
        assert any(np.array_equal(fold.valid, other.valid) for other in family.folds)
    assert HoldOut(share).split(table, y, seed=1).kind == "stratified hold-out"
    assert not HoldOut(share, group="who").split(table, y, seed=1).exchangeable
    assert not HoldOut(share, order="size").split(table, y, seed=1).exchangeable
    assert HoldOut(share).split(table, zeros(rows), seed=1).exchangeable


def test_refusals() -> None:
    for bad in (lambda: KFold(1), lambda: StratifiedKFold(0), lambda: GroupKFold("g", 1)):
        with pytest.raises(OptionError, match="at least 2"):
            bad()
    with pytest.raises(OptionError, match="at least 1"):
        TimeOrdered("t", 0)
    with pytest.raises(OptionError, match="share"):
        HoldOut(0.7)
    with pytest.raises(OptionError, match="a column of the order"):
        HoldOut(0.2, group="a", gap="7d")
    with pytest.raises(ColumnError, match="did you mean 'who'"):
        GroupKFold("whom").split(example(), zeros(ROWS), seed=0)
    with pytest.raises(OptionError, match="use KFold"):
        StratifiedKFold().split(example(), zeros(ROWS), seed=0)


@pytest.mark.parametrize(
    ("rows", "folds"),
    [(2, 10), (500, 10), (501, 8), (2000, 8), (2001, 5), (50_000, 5), (50_001, 3), (200_000, 3)],
)
def test_folds_by_row_count(rows: int, folds: int) -> None:
    table = table_of(a=np.zeros(rows))
    assert choose_splitter(table, zeros(rows)) == KFold(folds)
    y = Target(np.zeros(rows, int), 2)
    assert choose_splitter(table, y) == StratifiedKFold(folds)


@pytest.mark.long
@pytest.mark.parametrize(("rows", "valid"), [(220_000, 44_000), (700_000, 50_000)])
def test_large_tables_are_held_out(rows: int, valid: int) -> None:
    table = table_of(a=np.arange(rows).astype(float))
    y = Target(np.arange(rows) % 2, 2)
    plan = choose_splitter(table, y).split(table, y, seed=0)
    assert (plan.kind, len(plan)) == ("stratified hold-out", 1)
    assert len(plan.folds[0].valid) == pytest.approx(valid, rel=0.05)
    ordered = Table(table.frame, table.schema.with_role("a", Role.ORDER))
    plan = choose_splitter(ordered, y).split(ordered, y, seed=0)
    assert (plan.kind, len(plan)) == ("time-ordered", 1)
    np.testing.assert_array_equal(plan.folds[0].valid, np.arange(rows)[-len(plan.folds[0].valid) :])


def test_structure_decides() -> None:
    table = example()
    grouped = Table(table.frame, table.schema.with_role("who", Role.GROUP))
    y = Target(np.arange(ROWS) % 2, 2)
    assert choose_splitter(grouped, y) == GroupKFold("who", 10)
    assert choose_splitter(grouped, y, folds=3) == GroupKFold("who", 3)
    assert choose_splitter(grouped, y, folds=1) == HoldOut(0.2, group="who")
    both = Table(table.frame, grouped.schema.with_role("when", Role.ORDER))
    assert choose_splitter(both, y) == GroupTime("who", "when", 3, 3)
    assert choose_splitter(both, y, folds=5, gap="7d") == GroupTime("who", "when", 2, 3, gap="7d")
    assert choose_splitter(both, y, folds=2) == GroupTime("who", "when", 1, 2)
    assert choose_splitter(both, y, folds=1) == HoldOut(0.2, group="who", order="when")
    ordered = Table(table.frame, table.schema.with_role("when", Role.ORDER))
    chosen = choose_splitter(ordered, y, folds=3, gap="1d", window="9d")
    assert chosen == TimeOrdered("when", 3, "1d", "9d")
    assert choose_splitter(table, y, repeats=2) == Repeated(StratifiedKFold(10), 2)
    repeated = choose_splitter(grouped, y, folds=3, repeats=2)
    assert repeated == Repeated(GroupKFold("who", 3, shuffle=True), 2)
    with pytest.raises(OptionError, match="--gap"):
        choose_splitter(grouped, y, gap="7d")
    with pytest.raises(OptionError, match="--window"):
        choose_splitter(table, y, window=3)
    with pytest.raises(OptionError, match="repeats"):
        choose_splitter(table, y, repeats=0)
    with pytest.raises(OptionError, match="folds"):
        choose_splitter(table, y, folds=0)
    with pytest.raises(DataError, match="at least 2 rows"):
        choose_splitter(table.rows(np.array([0])), zeros(1))
