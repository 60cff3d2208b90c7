from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from modelwright.core.protocols import FittedEncoder, Step
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import Recipe
from modelwright.features.crossfit import Blocks, cross_fitted, make_blocks
from modelwright.features.means import Means
from modelwright.features.scores import Scores

ENCODERS = [Means(), Scores()]


def people(rows: int, levels: int, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    jobs = rng.integers(0, levels, rows)
    frame = pl.DataFrame(
        {
            "job": [f"worker {i % 37} of class {i}" for i in jobs],
            "town": [f"town {i}" for i in rng.integers(0, 12, rows)],
        }
    )
    return Table(frame, Schema((Column("job", Kind.CATEGORY), Column("town", Kind.CATEGORY))))


def encoder_of(step: Step, table: Table, y: Target) -> FittedEncoder:
    fitted = step.fit(table, y, seed=0)
    assert isinstance(fitted, FittedEncoder)
    return fitted


def telling(table: Table, noise: float = 0.1) -> Target:
    """Answers that the job tells, up to noise."""
    rng = np.random.default_rng(1)
    level = table.frame["job"].rank("dense").to_numpy() % 37
    return Target(level + rng.normal(0, noise * 37, table.height))


@pytest.mark.parametrize("step", ENCODERS, ids=str)
def test_a_training_row_is_encoded_without_its_own_answer(step: Step) -> None:
    table = people(300, 60)
    y, blocks = telling(table), make_blocks(table, 0)
    assert blocks is not None
    encoder = encoder_of(step, table, y)
    before = cross_fitted(encoder, table, y, blocks).numbers
    for row in (0, 17, 299):
        values = y.values.copy()
        values[row] += 1e4
        after = cross_fitted(encoder, table, replace(y, values=values), blocks).numbers
        np.testing.assert_array_equal(after[row], before[row])
        assert (after != before).any()


@pytest.mark.parametrize("step", ENCODERS, ids=str)
def test_in_time_no_later_answer_is_used(step: Step) -> None:
    table = people(320, 60)
    y = telling(table)
    encoder = encoder_of(step, table, y)
    blocks = Blocks(np.arange(320) // 40, in_time=True)
    before = cross_fitted(encoder, table, y, blocks).numbers
    values = y.values.copy()
    values[200:] = 1e4
    after = cross_fitted(encoder, table, replace(y, values=values), blocks).numbers
    np.testing.assert_array_equal(after[:200], before[:200])
    assert np.isnan(before[:40]).all()  # the first rows have nobody to learn from
    assert not np.isnan(before[40:]).any()


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0


@pytest.mark.parametrize("step", ENCODERS, ids=str)
def test_noise_says_nothing_in_training_or_later(step: Step) -> None:
    table, new = people(2_000, 400), people(2_000, 400, seed=1)
    y = Target(np.random.default_rng(2).normal(size=2_000))
    encoder, blocks = encoder_of(step, table, y), make_blocks(table, 0)
    assert blocks is not None
    own, later = cross_fitted(encoder, table, y, blocks).numbers, encoder.transform(new).numbers
    for column in range(own.shape[1]):
        assert abs(correlation(own[:, column], y.values)) < 0.1
        assert abs(correlation(later[:, column], y.values)) < 0.1
    fitted, matrix = Recipe((step,)).fit_transform(table, y, seed=0)
    assert fitted.names == ()  # it is found out, and left out
    assert matrix.shape == (2_000, 0)


@pytest.mark.parametrize("step", ENCODERS, ids=str)
def test_training_rows_look_like_new_rows(step: Step) -> None:
    table, new = people(3_000, 300), people(3_000, 300, seed=1)
    y, answers = telling(table, 0.3), telling(new, 0.3).values
    fitted, matrix = Recipe((step,)).fit_transform(table, y, seed=0)
    honest = correlation(matrix.numbers[:, 0], y.values)
    later = correlation(fitted.transform(new).numbers[:, 0], answers)
    seen = correlation(fitted.transform(table).numbers[:, 0], y.values)
    assert honest > 0.5
    assert abs(honest - later) < 0.05
    assert seen > honest + 0.02  # what a fit on encodings of its own answers would believe


def test_the_folds_of_the_plan_keep_groups_whole() -> None:
    group = np.repeat(np.arange(6), 5)
    folds = tuple(
        Fold(np.flatnonzero(group % 3 != i), np.flatnonzero(group % 3 == i)) for i in range(3)
    )
    splits = Splits(folds, 30, "group k-fold", "")
    table = people(30, 5)
    whole = make_blocks(table, 0, splits)
    assert whole is not None
    np.testing.assert_array_equal(whole.block, group % 3)
    train = folds[0].train
    part = make_blocks(table.rows(train), 0, splits, train)
    assert part is not None
    for g in np.unique(group[train]):
        assert len(np.unique(part.block[group[train] == g])) == 1


def test_one_hold_out_of_groups_has_no_blocks() -> None:
    fold = Fold(np.arange(20), np.arange(20, 30))
    table = people(20, 5)
    assert make_blocks(table, 0, Splits((fold,), 30, "group k-fold", ""), fold.train) is None
    drawn = make_blocks(table, 0, Splits((fold,), 30, "hold-out", ""), fold.train)
    assert drawn is not None
    assert len(np.unique(drawn.block)) == 5


def test_blocks_in_time_follow_the_moments() -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 50, 200)
    dates = [datetime(2020, 1, 1) + timedelta(days=int(day)) for day in days]
    schema = Schema((Column("day", Kind.DATETIME, Role.ORDER),))
    blocks = make_blocks(Table(pl.DataFrame({"day": dates}), schema), 0)
    assert blocks is not None
    assert blocks.in_time
    for part in range(1, 8):
        early, late = days[blocks.block < part], days[blocks.block >= part]
        assert early.max() < late.min()


def test_a_recipe_without_encoders_shows_what_it_always_shows() -> None:
    from modelwright.features import default_recipe
    from modelwright.testing.steps import assert_same

    table = people(100, 9)
    fitted, matrix = default_recipe().fit_transform(table, telling(table), seed=0)
    assert_same(matrix, fitted.transform(table))
