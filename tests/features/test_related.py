from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from modelwright.core.errors import ColumnError, ModelFileError, OptionError
from modelwright.core.protocols import State, Step
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import FittedRecipe, Recipe, default_recipe
from modelwright.features.related import FittedRelated, Related
from modelwright.testing import StepContract

START = datetime(2024, 1, 1)


def orders(rows: int = 200, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "customer": [f"c{i}" for i in rng.integers(0, 12, rows)],
            "placed": [START + timedelta(hours=int(h)) for h in rng.integers(0, 2_000, rows)],
            "paid": rng.lognormal(2, 1, rows),
            "card": rng.random(rows) < 0.5,
            "town": rng.choice(["Rome", "Oslo", "Lima"], rows),
        }
    )
    kinds = (Kind.CATEGORY, Kind.DATETIME, Kind.NUMBER, Kind.BOOLEAN, Kind.CATEGORY)
    return Table(frame, Schema(tuple(map(Column, frame.columns, kinds))))


def people(rows: int = 60) -> Table:
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(
        {
            "customer": [f"c{i}" for i in rng.integers(0, 14, rows)],
            "asked": [START + timedelta(hours=int(h)) for h in rng.integers(0, 2_000, rows)],
            "age": rng.integers(20, 80, rows).astype(float),
            "secret": rng.normal(size=rows),
        }
    )
    schema = Schema((
        Column("customer", Kind.CATEGORY), Column("asked", Kind.DATETIME, Role.ORDER),
        Column("age", Kind.NUMBER), Column("secret", Kind.NUMBER, Role.TARGET),
    ))  # fmt: skip
    return Table(frame, schema)


class TestRelated(StepContract):
    def step(self) -> Step:
        return Related(orders(), "customer")

    def table(self) -> Table:
        return people()


class TestRelatedInTime(StepContract):
    def step(self) -> Step:
        return Related(orders(), "customer", time="asked", other_time="placed", gap=1.0)

    def table(self) -> Table:
        return people()


def fitted(step: Related, table: Table) -> FittedRelated:
    found = step.fit(table, Target(np.zeros(table.height)), seed=0)
    assert found is not None
    return found


def test_in_time_nothing_later_is_seen() -> None:
    table, second = people(), orders()
    now = table.frame["asked"].sort()[30]
    wild = pl.when(pl.col("placed") >= now).then(1e9).otherwise(pl.col("paid")).alias("paid")
    moved = Table(second.frame.with_columns(wild), second.schema)
    early = table.rows(np.flatnonzero((table.frame["asked"] <= now).to_numpy()))
    steps = [Related(one, "customer", time="asked", other_time="placed") for one in (second, moved)]
    before, after = (fitted(step, table).transform(early).numbers for step in steps)
    np.testing.assert_array_equal(before, after)
    assert (fitted(steps[1], table).transform(table).numbers > 1e6).any()


def test_the_numbers_are_those_of_the_rows() -> None:
    table, second = people(), orders()
    names = fitted(Related(second, "customer", called="orders"), table).number_names
    found = fitted(Related(second, "customer", called="orders"), table).transform(table).numbers
    row = table.frame["customer"].to_list().index("c5")
    mine = second.frame.filter(pl.col("customer") == table.frame["customer"][row])
    said = dict(zip(names, found[row].tolist(), strict=True))
    assert said["orders: rows"] == mine.height
    assert said["orders: paid: mean"] == pytest.approx(mine["paid"].mean(), rel=1e-5)
    assert said["orders: town: distinct"] == mine["town"].n_unique()


def test_a_recipe_with_it_goes_through_a_file() -> None:
    table = people()
    y = Target(np.zeros(table.height))
    recipe = Recipe((*default_recipe().steps, Related(orders(), "customer")))
    one = recipe.fit(table, y, seed=0)
    again = FittedRecipe.restore(one.export())
    assert again.names == one.names
    np.testing.assert_array_equal(again.transform(table).numbers, one.transform(table).numbers)


def test_keys_that_are_numbers_meet_keys_that_are_text() -> None:
    second = Table(pl.DataFrame({"id": ["1", "2"], "v": [5.0, 6.0]}),
                   Schema((Column("id", Kind.ID), Column("v", Kind.NUMBER))))  # fmt: skip
    first = Table(pl.DataFrame({"id": [2.0, 1.0]}), Schema((Column("id", Kind.NUMBER),)))
    found = fitted(Related(second, "id"), first)
    assert found.transform(first).numbers[:, 1].tolist() == [6.0, 5.0]


def test_it_has_nothing_to_say_of_a_table_without_the_key() -> None:
    table = people().select(["age"])
    assert Related(orders(), "customer").fit(table, Target(np.zeros(60)), seed=0) is None


def test_settings_that_mean_nothing() -> None:
    with pytest.raises(ColumnError, match="klient"):
        Related(orders(), "klient")
    with pytest.raises(OptionError, match="gap"):
        Related(orders(), "customer", gap=2.0)


@pytest.mark.parametrize("spoiled", ["starts", "times", "values"])
def test_a_spoiled_state_is_refused(spoiled: str) -> None:
    state = fitted(Related(orders(), "customer"), people()).export()
    arrays = {**state.arrays, spoiled: state.arrays[spoiled][:-1]}
    with pytest.raises(ModelFileError):
        FittedRelated.restore(State(state.config, arrays))
