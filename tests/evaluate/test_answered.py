from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.evaluate import bootstrap_interval, find_metric

RNG = np.random.default_rng(0)
OWNERS = 60


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """Houses of owners, each of whom asks too much or too little for all that he has."""
    owner = np.repeat(np.arange(OWNERS), 10)
    area = RNG.uniform(30, 200, len(owner))
    price = 3 * area + RNG.normal(0, 40, OWNERS)[owner] + RNG.normal(0, 1, len(owner))
    return pl.DataFrame({"area": area, "owner": [f"o{i}" for i in owner], "price": price})


@pytest.fixture(scope="module")
def model(table: pl.DataFrame) -> mw.Model:
    settings = mw.Settings(trials=1, models=("linear",), workers=0)
    return mw.fit(table.head(300), "price", group="owner", settings=settings).model


def test_whole_groups_are_drawn(model: mw.Model, table: pl.DataFrame) -> None:
    rows = model.answered(table.tail(300))
    assert rows.groups is not None
    assert len(np.unique(rows.groups)) == 30
    low, high = rows.intervals()["rmse"]
    assert low < rows.scores()["rmse"] < high
    alone = bootstrap_interval(find_metric("rmse", model.task.kind), rows.y, rows.p)
    assert high - low > 1.5 * (alone[1] - alone[0])


def test_no_interval_without_the_groups(model: mw.Model, table: pl.DataFrame) -> None:
    rows = model.answered(table.tail(300).drop("owner"))
    assert np.isnan(list(rows.intervals().values())).all()
    assert rows.scores() == model.answered(table.tail(300)).scores()
