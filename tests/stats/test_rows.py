"""Rows as codes, in groups, in orders, and as twins."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.task import Target
from modelwright.stats.cells import Cells, code_values, row_keys
from modelwright.stats.groups import (
    fixed_columns,
    group_sizes,
    intraclass_correlation,
    stands_together,
)
from modelwright.stats.nearest import ask_nearest, place_rows, scaled_answers
from modelwright.stats.orders import autocorrelation, drift, explained, newness, sortedness
from modelwright.stats.twins import near_pairs, repeats


def cells_of(codes: np.ndarray, ordered: bool = True) -> Cells:
    width = codes.shape[1]
    names = tuple(f"c{i}" for i in range(width))
    return Cells(names, codes.astype(np.int32), np.full(width, ordered))


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([2.0, None, 1.0, 2.0]),
        pl.Series([2.0, float("nan"), 1.0, 2.0]),
        pl.Series([True, None, False, True]),
        pl.Series([2, None, 1, 2], dtype=pl.Int64).cast(pl.Datetime("us")),
    ],
)
def test_every_type_is_coded_alike(series: pl.Series) -> None:
    assert code_values(series).tolist() == [2, 0, 1, 2]


@given(st.lists(st.none() | st.text(max_size=3), max_size=30))
def test_texts_are_coded_densely_and_equal_only_when_they_are(texts: list[str | None]) -> None:
    codes = code_values(pl.Series(texts, dtype=pl.String)).tolist()
    assert all((code == 0) == (text is None) for code, text in zip(codes, texts, strict=True))
    assert len({*codes, 0}) == len(set(texts) | {None}) == max(codes, default=0) + 1
    assert len(set(zip(codes, texts, strict=True))) == len(set(texts))


@given(st.integers(0, 10_000))
def test_keys_are_equal_exactly_for_equal_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, (40, 4))
    keys = row_keys(codes).sum(axis=1, dtype=np.uint64)
    for i in range(0, 40, 7):
        assert ((keys == keys[i]) == (codes == codes[i]).all(axis=1)).all()


@given(st.integers(0, 10_000), st.integers(1, 30))
def test_repeats_count_what_a_loop_counts(seed: int, wide: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 1 + wide, (30, 3))
    found = repeats(cells_of(codes))
    pairs = [(i, j) for i in range(30) for j in range(i) if (codes[i] == codes[j]).all()]
    assert found.pairs == len(pairs)
    assert found.share == pytest.approx(len({i for i, _ in pairs}) / 30)


def test_repeats_by_chance_are_told_from_copies() -> None:
    rng = np.random.default_rng(0)
    coarse = repeats(cells_of(rng.integers(1, 6, (2_000, 4))))
    assert coarse.pairs / coarse.by_chance == pytest.approx(1, abs=0.15)
    fine = np.vstack([rows := rng.integers(1, 60, (2_000, 4)), rows[:100]])
    assert repeats(cells_of(fine)).by_chance < 30


@given(st.integers(0, 500), st.integers(5, 25))
def test_a_copy_with_one_other_cell_is_found_wherever_it_lies(seed: int, wide: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 400, (200, wide + 7))
    i, j = rng.choice(200, 2, replace=False)
    codes[i] = codes[j]
    codes[i, rng.integers(0, wide)] += 200
    found = near_pairs(cells_of(codes), seed)
    pairs = {tuple(sorted(pair)) for pair in zip(found.left, found.right, strict=True)}
    assert pairs == {tuple(sorted((i, j)))}
    assert found.share == pytest.approx(2 / 200)


@given(st.integers(0, 500), st.integers(3, 20), st.booleans())
def test_unrelated_rows_have_no_twins(seed: int, wide: int, ordered: bool) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, rng.integers(3, 500), (300, wide))
    assert near_pairs(cells_of(codes, ordered), seed).share <= 0.02


def test_rows_on_a_smooth_curve_are_no_twins() -> None:
    phase = np.random.default_rng(0).permutation(1_000)
    codes = np.column_stack([phase + 1, (phase * 2) + 1, 2_001 - phase, phase // 2 + 1])
    assert near_pairs(cells_of(codes), 0).share <= 0.01


def test_intraclass_correlation_is_that_of_the_model() -> None:
    rng = np.random.default_rng(0)
    who = rng.permutation(np.repeat(np.arange(400), 6))
    for between in (0.0, 0.2, 0.6):
        level = np.sqrt(between) * rng.normal(size=(400, 1))[who]
        noise = np.sqrt(1 - between) * rng.normal(size=(2_400, 1))
        found = intraclass_correlation(level + noise, who, 0)
        assert found.share == pytest.approx(between, abs=0.06)
        assert (found.z > 4) == (between > 0)


def test_sizes_tell_planned_from_drawn() -> None:
    rng = np.random.default_rng(0)
    assert group_sizes(np.repeat(np.arange(50), 4)).even
    drawn = group_sizes(rng.integers(0, 50, 200))
    assert not drawn.even
    assert drawn.effective == pytest.approx(50 / (1 + 0.25), rel=0.2)
    assert group_sizes(np.array([1] * 90 + list(range(2, 12)))).largest == 0.9


def test_rows_of_groups_stand_together_or_not() -> None:
    who = np.repeat(np.arange(50), 4)
    assert stands_together(who) == 1.0
    assert abs(stands_together(np.random.default_rng(0).permutation(who))) < 0.1


def test_fixed_columns_are_no_constants_and_no_accidents() -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(60), 5)
    columns = [rng.integers(1, 40, 60)[who], rng.integers(1, 3, 300), np.ones(300), np.arange(300)]
    assert fixed_columns(cells_of(np.column_stack(columns)), who) == ("c0",)


def test_a_sorted_file_and_sorted_blocks_are_told_from_a_shuffled_one() -> None:
    rng = np.random.default_rng(0)
    values = np.sort(rng.normal(size=300))
    assert sortedness(values).rank == pytest.approx(1.0)
    assert sortedness(-values).rank == pytest.approx(-1.0)
    assert sortedness(np.tile(values[:30], 10)).steps > 0.95
    assert abs(sortedness(rng.permutation(values)).steps - 0.5) < 0.1
    assert sortedness(np.array([np.nan, 1.0])).changes == 0
    assert sortedness(rng.permutation(values)).apart == pytest.approx(1.0, abs=0.1)
    assert sortedness(rng.permutation(np.repeat(values[:9], 30))).apart == pytest.approx(1, abs=0.1)
    assert sortedness(np.tile(values[:30], 10)).apart < 0.3


def test_what_moves_along_an_order_is_listed() -> None:
    rng = np.random.default_rng(0)
    still, rising = rng.integers(1, 90, 500), np.arange(500) // 5 + rng.integers(1, 60, 500)
    month = np.arange(500) // 50 + 1
    cells = cells_of(np.column_stack([still, rising, month]))
    assert [one.column for one in drift(cells, np.arange(500))] == ["c1"]
    assert drift(cells, rng.permutation(500)) == ()


def test_of_many_columns_none_moves_by_chance() -> None:
    told = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        cells = cells_of(rng.integers(1, 300, (400, 60)))
        told += len(drift(cells, np.arange(400)))
    assert told <= 1  # a share of .01 of twenty tables


def test_new_levels_are_beyond_chance_only_in_their_order() -> None:
    rng = np.random.default_rng(0)
    cells = cells_of((np.arange(600) // 30)[:, None] + 1, ordered=False)
    found = newness(cells, np.arange(600), 0)
    assert found.share == 1.0
    assert found.chance < 0.05
    again = newness(cells, rng.permutation(600), 0)
    assert again.share - again.chance < 0.05


def test_shares_explained_by_chance_are_around_zero() -> None:
    rng = np.random.default_rng(0)
    part = rng.integers(0, 10, 400)
    shares = [explained(rng.normal(size=(400, 1)), part) for _ in range(200)]
    z = np.array([share / noise for share, noise in shares])
    assert abs(z.mean()) < 0.2
    assert z.std() == pytest.approx(1, abs=0.25)


def test_autocorrelation_is_that_of_numpy() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(size=400))
    centred = walk - walk.mean()
    expected = np.correlate(centred, centred, "full")[400] / (centred @ centred)
    assert autocorrelation(walk[:, None], np.arange(400)) == pytest.approx(expected)
    assert autocorrelation(np.ones((9, 1)), np.arange(9)) == 0.0


def test_scaled_answers_have_unit_variance_and_equal_ties() -> None:
    numbers = scaled_answers(Target(np.array([5.0, 1.0, 5.0, 1e9])))
    assert numbers[0] == numbers[2]
    assert float((numbers**2).mean()) == pytest.approx(1.0)
    classes = scaled_answers(Target(np.array([0, 1, 2, 0]), classes=3))
    assert float((classes**2).sum(axis=1).mean()) == pytest.approx(1.0)
    assert not scaled_answers(Target(np.ones(4))).any()


def test_the_nearest_rows_know_the_answer_unless_they_may_not_be_asked() -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(50), 4)
    level = rng.normal(size=50)[who]
    y = scaled_answers(Target(level + 0.1 * rng.normal(size=200)))
    height = np.argsort(np.argsort(rng.normal(size=50)))[who] + 1
    points = place_rows(cells_of(height[:, None]), y, 0)
    everyone = np.arange(200)
    free = ask_nearest(points, y, everyone, lambda rows: rows[:, None] == everyone)
    apart = ask_nearest(points, y, everyone, lambda rows: who[rows][:, None] == who)
    assert float(((y - free) ** 2).mean()) < 0.5
    assert float(((y - apart) ** 2).mean()) > 0.8


def test_a_row_that_may_ask_nobody_gets_the_mean() -> None:
    y = np.ones((5, 1), np.float32)
    said = ask_nearest(y, y, np.arange(5), lambda rows: np.ones((len(rows), 5), bool))
    assert said.ravel().tolist() == [0.0] * 5
