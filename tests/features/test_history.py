from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import ModelFileError, OptionError
from modelwright.core.protocols import FittedEncoder, State, Step
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import FittedRecipe, Recipe
from modelwright.features.crossfit import cross_fitted, make_blocks
from modelwright.features.history import FittedHistory, History
from modelwright.testing import StepContract


def sales(rows: int = 240, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "shop": [f"s{i}" for i in rng.integers(0, 8, rows)],
            "day": [
                datetime(2024, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 90, rows)
            ],
            "price": rng.normal(10, 1, rows),
        }
    )
    schema = Schema((
        Column("shop", Kind.CATEGORY), Column("day", Kind.DATETIME, Role.ORDER),
        Column("price", Kind.NUMBER),
    ))  # fmt: skip
    return Table(frame, schema)


def answers(table: Table, seed: int = 1) -> Target:
    return Target(np.random.default_rng(seed).normal(size=table.height))


class TestHistory(StepContract):
    def step(self) -> Step:
        return History()

    def table(self) -> Table:
        return sales()


class TestHistoryOfNumbers(StepContract):
    def step(self) -> Step:
        return History(by=("shop",), gap=2.0, windows=(1, 5))

    def table(self) -> Table:
        return sales()

    def target(self, table: Table) -> Target:
        return answers(table)


def fitted(step: History, table: Table, y: Target) -> FittedHistory:
    found = step.fit(table, y, seed=0)
    assert found is not None
    return found


rows = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 8), st.integers(-9, 9)), min_size=1, max_size=20
)


@given(rows, st.sampled_from([0.0, 1.0, 2.0]), st.integers(1, 4))
def test_a_row_sees_only_earlier_answers_of_its_level(
    rows: list[tuple[str, int, int]], gap: float, window: int
) -> None:
    frame = pl.DataFrame(
        rows, schema={"k": pl.String, "t": pl.Float64, "y": pl.Float64}, orient="row"
    )
    schema = Schema((Column("k", Kind.CATEGORY), Column("t", Kind.NUMBER, Role.ORDER)))
    table = Table(frame.select("k", "t"), schema)
    found = fitted(History(("k",), gap, (window,)), table, Target(frame["y"].to_numpy()))
    said = found.transform(table).numbers
    for i, (key, time, _) in enumerate(rows):
        seen = [
            (t, j, y)
            for j, (k, t, y) in enumerate(rows)
            if k == key and (t <= time - gap if gap else t < time)
        ]
        told = [y for _, _, y in sorted(seen)]
        if told:
            expected = [np.mean(told[-window:]), np.mean(told), len(told), time - max(seen)[0]]
            np.testing.assert_allclose(said[i], expected, rtol=1e-5, atol=1e-5)
        else:
            np.testing.assert_array_equal(said[i], [np.nan, np.nan, 0, np.nan])


@pytest.mark.long
@given(st.integers(0, 89), st.sampled_from([0.0, 7.0]), st.booleans())
def test_no_later_row_is_seen_to_the_bit(now: int, gap: float, in_recipe: bool) -> None:
    """Answers and numbers from a moment on may be anything: rows until then do not change."""
    table, moment = sales(), datetime(2024, 1, 1) + timedelta(days=now)
    y = answers(table)
    late = (table.frame["day"] >= moment).to_numpy()
    wild = pl.when(pl.Series(late)).then(pl.col("price") * 1e12).otherwise(pl.col("price"))
    moved = Table(table.frame.with_columns(price=wild), table.schema)
    changed = replace(y, values=np.where(late, 1e15, y.values))
    before = table.frame["day"] < moment if in_recipe else table.frame["day"] <= moment
    rows = np.flatnonzero(before.to_numpy())
    step, seen = History(gap=gap), []
    for one, said in ((table, y), (moved, changed)):
        found = fitted(step, one, said)
        if in_recipe:
            blocks = make_blocks(one, 0)
            assert blocks is not None
            seen.append(cross_fitted(found, one, said, blocks).numbers[rows])
        else:
            asked = Table(table.frame, table.schema)
            seen.append(found.transform(asked).numbers[rows])
    np.testing.assert_array_equal(seen[0], seen[1])


def test_noise_is_left_out_and_a_lasting_level_is_kept() -> None:
    table = sales(1_000)
    level = table.frame["shop"].rank("dense").to_numpy().astype(float)
    rng = np.random.default_rng(0)
    recipe = Recipe((History(by=("shop",)),))
    lasting, matrix = recipe.fit_transform(table, Target(level + rng.normal(0, 1, 1_000)), seed=0)
    assert "shop: last answer" in lasting.names
    assert matrix.shape == (1_000, len(lasting.names))
    noise, _ = recipe.fit_transform(table, Target(rng.normal(size=1_000)), seed=0)
    assert noise.names == ()
    again = FittedRecipe.restore(lasting.export())
    np.testing.assert_array_equal(again.transform(table).numbers, lasting.transform(table).numbers)


def test_new_rows_see_the_history_of_training_rows() -> None:
    table = sales()
    y = answers(table)
    found = fitted(History(by=("shop", "")), table, y)
    assert isinstance(found, FittedEncoder)
    new = pl.DataFrame(
        {"shop": ["s1", "new"], "day": [datetime(2025, 1, 1)] * 2, "price": [9.0, 9.0]}
    )
    said = dict(
        zip(found.number_names, found.transform(Table(new, table.schema)).numbers.T, strict=True)
    )
    mine = (table.frame["shop"] == "s1").to_numpy()
    assert said["shop: mean answer so far"][0] == pytest.approx(y.values[mine].mean(), abs=1e-6)
    assert np.isnan(said["shop: mean answer so far"][1])
    assert said["shop: rows so far"].tolist() == [mine.sum(), 0]
    assert said["all rows: mean answer so far"][1] == pytest.approx(y.values.mean(), abs=1e-6)


def test_it_is_for_rows_with_an_order() -> None:
    table = sales()
    plain = Table(table.frame, table.schema.with_role("day", Role.FEATURE))
    assert History().fit(plain, answers(plain), seed=0) is None
    many = Target(np.arange(table.height) % 20, classes=20)
    assert History().fit(table, many, seed=0) is None
    assert History(by=("none",)).fit(table, answers(table), seed=0) is None


def test_settings_that_mean_nothing() -> None:
    with pytest.raises(OptionError):
        History(gap=-1.0)
    with pytest.raises(OptionError):
        History(windows=(0,))


@pytest.mark.parametrize("spoiled", ["starts0", "times0", "sums0", "last0"])
def test_a_spoiled_state_is_refused(spoiled: str) -> None:
    table = sales()
    state = fitted(History(), table, answers(table)).export()
    arrays = {**state.arrays, spoiled: state.arrays[spoiled][:-1]}
    with pytest.raises(ModelFileError):
        FittedHistory.restore(State(state.config, arrays))
