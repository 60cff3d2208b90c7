"""Predictions of a whole ensemble taken apart."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from modelwright.core.budget import Budget
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.calibration import Temperature
from modelwright.explain.attribution import attribute
from modelwright.features import default_recipe
from modelwright.model.file import Part
from modelwright.model.shares import EnsembleShares
from modelwright.models import make_learner

ROWS = 300
COLUMNS = ("a", "b", "town", "when")


def rows() -> tuple[Table, Target]:
    rng = np.random.default_rng(0)
    towns = rng.choice(["Rome", "Bonn", "Oslo"], ROWS)
    days = (pl.Series("when", rng.integers(0, 2000, ROWS)) * 86_400_000_000).cast(pl.Datetime("us"))
    a, b = rng.normal(size=(2, ROWS))
    frame = pl.DataFrame({"a": a, "b": b, "town": towns}).with_columns(days)
    kinds = (Kind.NUMBER, Kind.NUMBER, Kind.CATEGORY, Kind.DATETIME)
    schema = Schema(tuple(Column(n, k) for n, k in zip(COLUMNS, kinds, strict=True)))
    score = a + (towns == "Rome") + a * b + rng.normal(0, 0.5, ROWS)
    return Table(frame, schema), Target((score > 0.3).astype(np.int64), 2)


def part(name: str, table: Table, y: Target) -> Part:
    recipe = default_recipe().fit(table, y, seed=0)
    fitted = make_learner(name, {}).fit(recipe.transform(table), y, budget=Budget(units=20), seed=0)
    return Part(recipe, fitted)


@pytest.mark.parametrize("names", [("lightgbm",), ("lightgbm", "extra-trees", "linear")])
def test_shares_of_an_ensemble_add_up(names: tuple[str, ...]) -> None:
    table, y = rows()
    parts = [part(name, table, y) for name in names]
    voices = tuple((one, 1 / len(parts)) for one in parts)
    calibration = Temperature(0.7)
    behind = np.arange(1, 41)
    found = EnsembleShares(voices, calibration)(table, behind, ("a", "town"), output=1)
    p = sum(w * one.fitted.predict(one.recipe.transform(table)) for one, w in voices)
    said = calibration.apply(np.asarray(p))[:, 1]
    assert found.prediction == pytest.approx(float(said[0]), abs=1e-6)
    assert found.base == pytest.approx(float(said[behind].mean()), abs=1e-6)
    total = found.base + found.of.sum() + found.rest
    assert total == pytest.approx(found.prediction, abs=1e-9)
    assert abs(found.of[0]) > abs(found.rest) / 10


def test_trees_opened_say_what_drawn_coalitions_say_on_average() -> None:
    table, y = rows()
    regression = Target(np.asarray(table.frame["a"].to_numpy() * 3 + y.values, np.float64))
    one = part("lightgbm", table, regression)

    def predict(some: Table) -> np.ndarray:
        return one.fitted.predict(one.recipe.transform(some))

    for row in (0, 7, 20):
        order = np.r_[row, np.arange(30, 94)]
        some = table.rows(order)
        exact = EnsembleShares(((one, 1.0),), None)(some, np.arange(1, 65), COLUMNS)
        again = np.tile(np.arange(1, 65), 12)
        drawn = attribute(predict, some, again, COLUMNS, seed=row)
        np.testing.assert_allclose(exact.of, drawn.of, atol=0.12)
        assert exact.base == pytest.approx(drawn.base, abs=1e-4)
