"""Intervals of importances keep their word; columns that go together are shuffled together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.inspection import permutation_importance as reference
from sklearn.linear_model import LinearRegression

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.explain import permutation_importance, with_close
from modelwright.explain.importance import LEVEL, PARTS, _parts

Loss = Callable[[NDArray[np.float32], NDArray[np.int64]], float]


def numbers(**columns: NDArray[np.float64]) -> Table:
    """Make a table of numbers."""
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in columns))
    return Table(pl.DataFrame(columns), schema)


def slope(*weights: float) -> Callable[[Table], NDArray[np.float32]]:
    """Make a linear model."""

    def predict(rows: Table) -> NDArray[np.float32]:
        return (rows.frame.to_numpy() @ np.array(weights))[:, None].astype(np.float32)

    return predict


def squares(y: NDArray[np.float64]) -> Loss:
    """Give the mean squared error."""
    return lambda p, rows: float(np.mean((p[:, 0] - y[rows]) ** 2))


def covered(groups: int, same: int, seed: int, told: bool) -> list[bool]:
    """Say how often the interval holds the true importance, 2 b² var(x), with rows in groups."""
    found = []
    for k in range(120):
        rng = np.random.default_rng([seed, k])
        x, e = (np.repeat(rng.normal(size=groups), same) for _ in range(2))
        table, group = numbers(x=x), np.repeat(np.arange(groups), same)
        (one,) = permutation_importance(
            slope(0.7), table, squares(0.7 * x + e), ["x"], seed=k, groups=group if told else None
        )
        assert one.level == LEVEL
        found.append(one.low <= 2 * 0.7**2 <= one.high)
    return found


def test_an_interval_holds_the_true_importance_as_often_as_it_says() -> None:
    assert 0.9 <= np.mean(covered(150, 1, 0, told=False)) <= 1.0


@pytest.mark.long
def test_rows_that_belong_together_count_once() -> None:
    assert np.mean(covered(60, 8, 1, told=True)) >= 0.87
    assert np.mean(covered(60, 8, 1, told=False)) <= 0.75


def test_parts_hold_whole_groups_of_about_the_same_size() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 100, 2_000)
    part = _parts(2_000, groups, rng)
    assert all(len(np.unique(part[groups == g])) == 1 for g in range(100))
    assert np.bincount(part).min() > 0.8 * 2_000 / PARTS


@pytest.mark.parametrize("groups", [None, np.array([0, 0, 1, 1, 2, 2, 3, 3])])
def test_few_rows_or_groups_have_the_range_over_repeats(groups: NDArray[np.int64] | None) -> None:
    rows = 4 if groups is None else 8
    x = np.arange(float(rows))
    (one,) = permutation_importance(slope(1.0), numbers(x=x), squares(x), ["x"], groups=groups)
    assert one.level == 0.0
    assert one.low <= one.loss <= one.high


def test_a_loss_without_a_value_on_a_part_has_no_interval() -> None:
    x = np.arange(40.0)

    def loss(p: NDArray[np.float32], rows: NDArray[np.int64]) -> float:
        return float(np.mean(p)) if len(rows) == 40 else np.nan

    (one,) = permutation_importance(slope(1.0), numbers(x=x), loss, ["x"])
    assert (one.level, one.loss) == (0.0, pytest.approx(0, abs=1e-5))


@pytest.mark.long
def test_importances_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]])
    y = X @ [2.0, -1.0, 0.0] + rng.normal(size=300)
    model = LinearRegression().fit(X, y)
    theirs = reference(model, X, y, scoring="neg_mean_squared_error", n_repeats=200, random_state=0)
    table = numbers(a=X[:, 0], b=X[:, 1], c=X[:, 2])

    def predict(rows: Table) -> NDArray[np.float32]:
        return model.predict(rows.frame.to_numpy())[:, None].astype(np.float32)

    ours = permutation_importance(predict, table, squares(y), ["a", "b", "c"], repeats=200)
    spread = theirs.importances_std / np.sqrt(200)
    for one in ours:
        place = "abc".index(one.column)
        near = 6 * spread[place] + 1e-4
        assert one.loss == pytest.approx(theirs.importances_mean[place], abs=near)
        # all shuffles there are: each row meets each value once
        swapped = X[None].repeat(300, 0)
        swapped[:, :, place] = X[:, None, place]
        errors = (model.predict(swapped.reshape(-1, 3)).reshape(300, 300) - y[None]) ** 2
        exact = errors.mean() - np.mean((model.predict(X) - y) ** 2)
        assert one.loss == pytest.approx(exact, abs=near)


def test_columns_that_stand_in_for_each_other_matter_together() -> None:
    rng = np.random.default_rng(5)
    x, alone = rng.normal(size=(2, 400))
    table = numbers(x=x, twin=x + 0.01 * rng.normal(size=400), alone=alone)
    asked = with_close(table, ["alone", "twin", "x"])
    assert asked == ["alone", "twin", ("x", "twin"), "x"]
    y = 2 * x + alone
    found = permutation_importance(slope(1.0, 1.0, 1.0), table, squares(y), asked)
    first = found[0]
    assert (first.column, first.together) == ("x + twin", ("x", "twin"))
    assert first.loss == pytest.approx(8, rel=0.2)
    by_name = {one.column: one for one in found}
    assert by_name["x"].loss == pytest.approx(by_name["twin"].loss, rel=0.1)
    assert by_name["x"].loss < 0.3 * first.loss
    assert by_name["x"].high < first.low
