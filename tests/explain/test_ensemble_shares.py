"""Predictions of a whole ensemble taken apart."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.calibration import Temperature
from modelwright.explain.attribution import attribute
from modelwright.explain.probing import Predict
from modelwright.features import FittedRecipe, default_recipe
from modelwright.features.arithmetic import FittedArithmetic
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
    behind = table.rows(np.arange(1, 41))
    asked = np.r_[0, 50:130]
    outputs = np.arange(len(asked)) % 2
    take = EnsembleShares(voices, calibration, behind)
    found = take(table.rows(asked), ("a", "town"), outputs)
    p = sum(w * one.fitted.predict(one.recipe.transform(table)) for one, w in voices)
    said = calibration.apply(np.asarray(p))
    for shares, row, output in zip(found, asked, outputs, strict=True):
        assert shares.prediction == pytest.approx(float(said[row, output]), abs=1e-6)
        assert shares.base == pytest.approx(float(said[1:41, output].mean()), abs=1e-6)
        total = shares.base + shares.of.sum() + shares.rest
        assert total == pytest.approx(shares.prediction, abs=1e-9)
    assert np.mean([abs(one.of[0]) for one in found]) > np.mean([abs(one.rest) for one in found])


def test_each_row_is_explained_as_if_it_were_alone() -> None:
    table, y = rows()
    voices = tuple((part(name, table, y), 0.5) for name in ("lightgbm", "linear"))
    take = EnsembleShares(voices, Temperature(0.7), table.rows(np.arange(1, 21)))
    together = take(table.rows(np.arange(100, 170)), COLUMNS, np.ones(70, np.int64), seed=3)
    for i in (0, 63, 64, 69):
        (alone,) = take(table.rows(np.array([100 + i])), COLUMNS, np.ones(1, np.int64), seed=3)
        np.testing.assert_allclose(alone.of, together[i].of, rtol=0, atol=1e-7)
        assert alone.prediction == pytest.approx(together[i].prediction, abs=1e-7)


def asker(one: Part) -> Predict:
    def predict(some: Table) -> NDArray[np.float32]:
        return one.fitted.predict(one.recipe.transform(some))

    return predict


@pytest.mark.parametrize("columns", [COLUMNS, ("town", "a")])
def test_features_are_mixed_as_cells_would_be(columns: tuple[str, ...]) -> None:
    """A model that is asked is asked about the very coalitions, ratios of two columns included."""
    table, y = rows()
    regression = Target(np.asarray(table.frame["a"].to_numpy() * 3 + y.values, np.float64))
    crosses = FittedArithmetic((("a", "/", "b"), ("a", "*", "b")))
    plain = default_recipe().fit(table, regression, seed=0)
    recipe = FittedRecipe((plain.steps[0], crosses, *plain.steps[1:]))
    learner, budget = make_learner("linear", {}), Budget()
    fitted = learner.fit(recipe.transform(table), regression, budget=budget, seed=0)
    one = Part(recipe, fitted)
    behind = table.rows(np.arange(200, 232))
    asked = table.rows(np.array([3, 9]))
    take = EnsembleShares(((one, 1.0),), None, behind)
    found = take(asked, columns, np.zeros(2, np.int64), seed=5)
    for i in (0, 1):
        told = attribute(asker(one), asked.rows(np.array([i])), behind, columns, seed=5)
        np.testing.assert_allclose(found[i].of, told.of, rtol=1e-5, atol=1e-6)
        assert found[i].rest == pytest.approx(told.rest, abs=1e-6)


def test_trees_opened_say_what_drawn_coalitions_say_on_average() -> None:
    table, y = rows()
    regression = Target(np.asarray(table.frame["a"].to_numpy() * 3 + y.values, np.float64))
    one = part("lightgbm", table, regression)
    behind = table.rows(np.arange(30, 94))
    asked = table.rows(np.array([0, 7, 20]))
    exact = EnsembleShares(((one, 1.0),), None, behind)(asked, COLUMNS, np.zeros(3, np.int64))
    again = table.rows(np.tile(np.arange(30, 94), 12))
    for i, shares in enumerate(exact):
        drawn = attribute(asker(one), asked.rows(np.array([i])), again, COLUMNS, seed=i)
        np.testing.assert_allclose(shares.of, drawn.of, atol=0.12)
        assert shares.base == pytest.approx(drawn.base, abs=1e-4)
