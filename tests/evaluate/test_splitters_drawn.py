"""Plans that are drawn: repeats, balanced classes, entities, and what scikit-learn does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold as ReferenceGroupKFold
from sklearn.model_selection import GroupShuffleSplit
from sklearn.model_selection import StratifiedKFold as ReferenceStratifiedKFold

from evaluate.tables import example, table_of, zeros
from modelwright.core.errors import DataError, OptionError
from modelwright.core.protocols import Splitter
from modelwright.core.task import Target
from modelwright.evaluate import GroupKFold, HoldOut, KFold, StratifiedKFold, TimeOrdered
from modelwright.evaluate.splitters import (
    ClassBalanced,
    EntityHoldOut,
    GivenFolds,
    GroupTime,
    PurgedKFold,
    Repeated,
)
from modelwright.testing.splitters import assert_sound


@given(st.integers(2, 60), st.integers(2, 6), st.integers(1, 5), st.integers(0, 3))
def test_repeats_score_every_row_as_often(rows: int, k: int, times: int, seed: int) -> None:
    table = table_of(a=np.zeros(rows))
    plan = Repeated(KFold(k), times).split(table, zeros(rows), seed=seed)
    assert_sound(plan, rows)
    assert 1 <= plan.times <= times
    counts = np.bincount(np.concatenate([fold.valid for fold in plan.folds]), minlength=rows)
    assert (counts == plan.times).all()
    first = KFold(k).split(table, zeros(rows), seed=seed)
    for fold, alone in zip(plan.folds, first.folds, strict=False):
        np.testing.assert_array_equal(fold.valid, alone.valid)
    draws = {frozenset(plan.folds[i].valid.tobytes() for i in draw) for draw in plan.rounds}
    assert len(draws) == plan.times, "draws differ"


def test_repeats_are_told_and_exchangeable() -> None:
    plan = Repeated(KFold(5), 3).split(table_of(a=np.zeros(50)), zeros(50), seed=0)
    assert plan.exchangeable
    assert plan.kind == "k-fold"
    assert [list(draw) for draw in plan.rounds] == [[*range(5)], [*range(5, 10)], [*range(10, 15)]]
    assert plan.reason == "50 rows were dealt at random into 5 folds; drawn 3 times over."
    alone = Repeated(KFold(5), 1).split(table_of(a=np.zeros(50)), zeros(50), seed=0)
    assert (alone.times, alone.reason) == (1, plan.reason.replace("; drawn 3 times over", ""))


def test_draws_that_cannot_differ_are_left_out() -> None:
    plan = Repeated(KFold(4), 3).split(table_of(a=np.zeros(4)), zeros(4), seed=0)
    assert (len(plan), plan.times) == (4, 1)
    assert "1 rather than 3 because other draws give the same folds" in plan.reason
    sizes = np.repeat([f"g{i}" for i in range(8)], 2 ** np.arange(8))
    table, y = table_of(g=sizes), zeros(len(sizes))
    assert Repeated(GroupKFold("g", 4), 3).split(table, y, seed=0).times == 1
    close = table_of(g=np.repeat([f"g{i}" for i in range(30)], np.arange(30) + 40))
    y = zeros(close.height)
    assert Repeated(GroupKFold("g", 4), 3).split(close, y, seed=0).times == 1
    shuffled = Repeated(GroupKFold("g", 4, shuffle=True), 3).split(close, y, seed=0)
    assert shuffled.times == 3
    held = [len(fold.valid) for fold in shuffled.folds]
    assert max(held) - min(held) <= 69, "they differ by one group at most"


@pytest.mark.parametrize(
    "splitter",
    [
        TimeOrdered("size"),
        PurgedKFold("size"),
        HoldOut(0.2, order="size"),
        GivenFolds([([0], [1])]),
    ],
    ids=repr,
)
def test_plans_that_are_not_drawn_are_not_repeated(splitter: Splitter) -> None:
    table = example()
    with pytest.raises(OptionError, match="drawn at random"):
        Repeated(splitter, 2).split(table, zeros(table.height), seed=0)


def test_groups_in_time_can_be_drawn_again() -> None:
    table = example()
    repeated = Repeated(GroupTime("who", "size"), 2)
    plan = repeated.split(table, zeros(table.height), seed=0)
    assert plan.times == 2
    assert not plan.exchangeable


@given(st.lists(st.integers(0, 3), min_size=2, max_size=80), st.integers(2, 5), st.integers(0, 2))
def test_scored_classes_are_of_equal_size(values: list[int], k: int, seed: int) -> None:
    y = Target(np.array(values), 4)
    table = table_of(a=np.zeros(len(y)))
    counts = np.bincount(values, minlength=4)
    present = counts > 0
    if present.sum() < 2 or counts[present].min() < k:
        with pytest.raises(DataError):
            ClassBalanced(k).split(table, y, seed=seed)
        return
    plan = ClassBalanced(k).split(table, y, seed=seed)
    assert_sound(plan, len(y))
    assert plan.exchangeable
    for fold in plan.folds:
        held = np.bincount(y.values[fold.valid], minlength=4)
        assert (held[present] == counts[present].min() // k).all()
        assert len(fold.train) + len(fold.valid) == len(y)


def test_a_class_with_too_few_rows_is_named_with_a_cure() -> None:
    y = Target(np.array([0] * 50 + [1] * 3), 2)
    with pytest.raises(DataError, match="3 of class number 1") as told:
        ClassBalanced(5).split(table_of(a=np.zeros(53)), y, seed=0)
    assert "fewer folds" in told.value.cure
    with pytest.raises(OptionError, match="use KFold"):
        ClassBalanced(5).split(table_of(a=np.zeros(53)), zeros(53), seed=0)
    with pytest.raises(DataError, match="2 classes"):
        ClassBalanced(2).split(table_of(a=np.zeros(9)), Target(np.zeros(9, int), 2), seed=0)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=50), st.floats(0.05, 0.95))
def test_entities_stay_whole(names: list[int], share: float) -> None:
    if len(set(names)) < 2:
        return
    table = table_of(g=[f"g{i}" for i in names])
    plan = EntityHoldOut("g", share).split(table, zeros(len(names)), seed=0)
    assert_sound(plan, len(names))
    (fold,) = plan.folds
    held = {names[i] for i in fold.valid}
    assert held.isdisjoint(names[i] for i in fold.train)
    assert len(held) == min(int(np.ceil(share * len(set(names)))), len(set(names)) - 1)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.33])
def test_as_many_entities_as_a_group_shuffle_split_holds_out(share: float) -> None:
    names = np.repeat([f"g{i}" for i in range(37)], 3)
    (_, valid), *_ = GroupShuffleSplit(1, test_size=share, random_state=0).split(
        names, groups=names
    )
    (fold,) = EntityHoldOut("g", share).split(table_of(g=names), zeros(111), seed=0).folds
    assert len(fold.valid) == len(valid)


def test_every_entity_is_as_likely() -> None:
    names = np.repeat(["large", "a", "b", "c", "d"], [60, 1, 1, 1, 1])
    table = table_of(g=names)
    plans = [EntityHoldOut("g", 0.2).split(table, zeros(64), seed=seed) for seed in range(300)]
    large = sum(len(plan.folds[0].valid) == 60 for plan in plans)
    assert large == pytest.approx(60, abs=25)
    with pytest.raises(OptionError, match="above 0 and below 1"):
        EntityHoldOut("g", 1.0)


def test_groups_are_as_balanced_as_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    for seed in range(5):
        group = rng.zipf(1.6, 1000) % 80
        reference = ReferenceGroupKFold(5).split(group, groups=group)
        largest = max(len(valid) for _, valid in reference)
        table = table_of(g=[f"g{i}" for i in group])
        plan = GroupKFold("g", 5).split(table, zeros(1000), seed=seed)
        assert max(len(fold.valid) for fold in plan.folds) <= largest


def test_classes_are_counted_as_in_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    values = rng.choice(4, 501, p=[0.6, 0.25, 0.1, 0.05])
    plan = StratifiedKFold(5).split(table_of(a=np.zeros(501)), Target(values, 4), seed=0)
    ours = sorted(np.bincount(values[fold.valid]).tolist() for fold in plan.folds)
    reference = ReferenceStratifiedKFold(5).split(values, values)
    theirs = sorted(np.bincount(values[valid]).tolist() for _, valid in reference)
    for code in range(4):
        assert sorted(c[code] for c in ours) == sorted(c[code] for c in theirs)


def test_single_rows_as_groups_are_told() -> None:
    table = table_of(g=[f"g{i}" for i in range(20)])
    plan = GroupKFold("g", 4).split(table, zeros(20), seed=0)
    assert "each is one row: the same as no groups" in plan.reason
