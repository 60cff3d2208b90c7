"""Rows on which a model is worse: found where they are, and rarely where they are not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from modelwright.core.errors import DataError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.conditions import conditions_of
from modelwright.evaluate.slices import find_slices, row_losses


def people(rows: int, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "age": rng.integers(18, 90, rows).astype(float),
            "pay": np.where(rng.random(rows) < 0.2, np.nan, rng.lognormal(3, 1, rows)),
            "job": rng.choice(["cook", "clerk", "nurse", "smith"], rows),
            "town": rng.choice([f"town {i}" for i in range(25)], rows),
        }
    ).fill_nan(None)
    kinds = (Kind.NUMBER, Kind.NUMBER, Kind.CATEGORY, Kind.CATEGORY)
    return Table(
        frame, Schema(tuple(Column(n, k) for n, k in zip(frame.columns, kinds, strict=True)))
    )


@pytest.mark.long
def test_chance_alone_is_rarely_told() -> None:
    false = 0
    for seed in range(40):
        losses = np.random.default_rng(seed + 1000).gamma(0.5, 1, 1500)
        false += bool(find_slices(people(1500, seed), losses, seed=seed))
    assert false <= 6  # one in twenty is promised: more than six of forty has a chance of 1 %


def test_a_level_a_range_and_missing_values_are_found_in_words() -> None:
    table = people(3000, 0)
    rng = np.random.default_rng(1)
    old = table.frame["age"].to_numpy() > 75
    cook = (table.frame["job"] == "cook").to_numpy()
    unpaid = table.frame["pay"].is_null().to_numpy()
    losses = rng.uniform(0, 0.2, 3000) + 0.3 * old + 0.2 * cook + 0.2 * unpaid
    found = {one.where: one for one in find_slices(table, losses)}
    assert "job is cook" in found
    assert "pay is missing" in found
    assert any(where.startswith("age above 7") for where in found)
    one = found["job is cook"]
    assert one.low < one.loss - one.rest < one.high
    assert one.low < 0.2 < one.high + 0.03
    assert one.rows == cook.sum()
    assert one.p_value < 0.05


def test_two_columns_together_are_found() -> None:
    table = people(6000, 3)
    both = ((table.frame["job"] == "nurse") & (table.frame["age"] > 75)).to_numpy()
    losses = np.random.default_rng(4).uniform(0, 0.3, 6000) + 0.6 * both
    found = find_slices(table, losses)
    assert set(found[0].columns) == {"job", "age"}
    assert "job is nurse" in found[0].where
    assert found[0].ratio > 2


def test_pairs_are_not_looked_at_when_the_time_is_over() -> None:
    table = people(6000, 3)
    both = ((table.frame["job"] == "nurse") & (table.frame["age"] > 75)).to_numpy()
    losses = np.random.default_rng(4).uniform(0, 0.3, 6000) + 0.6 * both
    assert all(len(one.columns) == 1 for one in find_slices(table, losses, seconds=0.0))


def test_groups_of_one_row_each_are_no_groups() -> None:
    table, rng = people(2000, 6), np.random.default_rng(7)
    losses = rng.uniform(0, 1, 2000) + (table.frame["job"] == "cook").to_numpy()
    alone = find_slices(table, losses)
    each = find_slices(table, losses, groups=np.arange(2000))
    assert alone[0].where == each[0].where == "job is cook"
    assert [one.where for one in alone] == [one.where for one in each]
    assert alone[0].p_value == pytest.approx(each[0].p_value)
    assert alone[0].low == pytest.approx(each[0].low)


def test_rows_of_one_group_count_once() -> None:
    rng = np.random.default_rng(5)
    pupils, classes = 3000, 30
    room = rng.integers(0, classes, pupils)
    luck = rng.normal(0, 1, classes)[room]  # each room has its own, whatever the column says
    side = np.array(["left", "right"])[(np.arange(classes) % 2)[room]]
    table = Table(pl.DataFrame({"side": side}), Schema((Column("side", Kind.CATEGORY),)))
    told = [
        len(find_slices(table, luck + 5 + rng.normal(0, 0.1, pupils), groups=groups, seed=seed))
        for seed in range(10)
        for groups in (room,)
    ]
    assert sum(told) <= 2


def test_weights_count() -> None:
    table = people(2000, 6)
    cook = (table.frame["job"] == "cook").to_numpy()
    losses = np.random.default_rng(7).uniform(0, 1, 2000) + cook
    light = np.where(cook & (losses > 1.2), 1e-9, 1.0)  # nearly nothing of the excess counts
    assert find_slices(table, losses)[0].where == "job is cook"
    (found,) = [s for s in find_slices(table, losses, weight=light) if s.where == "job is cook"]
    assert found.loss < 1.2


def test_conditions_cover_a_column() -> None:
    table = people(500, 8)
    for column in ("age", "pay", "job"):
        rows = np.stack([c.rows for c in conditions_of(table, [column], 1)])
        assert (rows.sum(axis=0) == 1).all()


def test_few_rows_say_nothing() -> None:
    assert find_slices(people(100, 0), np.arange(100.0)) == ()


def test_losses_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DataError, match="1 that are not, of 200"):
        find_slices(people(200, 0), np.r_[np.nan, np.zeros(199)])


def test_losses_of_numbers_are_absolute_errors() -> None:
    found = row_losses(Target(np.array([1.0, 4.0])), np.array([[2.0], [1.0]]))
    assert found.tolist() == [1.0, 3.0]
