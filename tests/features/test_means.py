from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import TargetEncoder

from modelwright.core.errors import OptionError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.means import FittedMeans, Means

SCHEMA = Schema((Column("town", Kind.CATEGORY),))


def towns(values: list[str | None]) -> Table:
    return Table(pl.DataFrame({"town": pl.Series(values, dtype=pl.String)}), SCHEMA)


def fitted(values: list[str | None], y: Target) -> FittedMeans:
    found = Means().fit(towns(values), y, seed=0)
    assert found is not None
    return found


def test_means_come_close_to_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    level = np.minimum(rng.geometric(0.08, 3_000), 40)
    y = rng.normal(size=41)[level] + rng.normal(size=3_000)
    values = [f"town {i}" for i in level]
    ours = fitted(values, Target(y)).transform(towns(values)).numbers[:, 0]
    reference = TargetEncoder(smooth="auto").fit(np.array(values)[:, None], y)
    theirs = reference.transform(np.array(values)[:, None])[:, 0]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.995
    assert np.abs(ours + y.mean() - theirs).mean() < 0.05


def test_rare_levels_lean_to_the_mean_of_all() -> None:
    rng = np.random.default_rng(0)
    level = np.concatenate([np.repeat(np.arange(40), 50), np.repeat(np.arange(40, 80), 2)])
    truth = rng.normal(size=80)
    y = truth[level] + rng.normal(0, 2, len(level))
    names = [f"t{i}" for i in range(80)]
    found = fitted([names[i] for i in level], Target(y)).transform(towns(names)).numbers[:, 0]
    own = np.array([y[level == i].mean() for i in range(80)])
    kept = found / (own - y.mean())
    # the best share is n / (n + 4), the variance within over that between
    np.testing.assert_allclose(kept[:40], 50 / 54, atol=0.05)
    np.testing.assert_allclose(kept[40:], 2 / 6, atol=0.1)
    assert np.abs(found + y.mean() - truth)[40:].mean() < np.abs(own - truth)[40:].mean()
    new = fitted([names[i] for i in level], Target(y)).transform(towns(["new", None])).numbers
    np.testing.assert_array_equal(new, 0)


def test_keys_that_are_numbers_have_mean_answers_as_well() -> None:
    keys = [str(1000 + i % 60) for i in range(600)]
    schema = Schema((Column("user", Kind.ID),))
    y = np.array([float(key) % 7 for key in keys])
    found = Means().fit(Table(pl.DataFrame({"user": keys}), schema), Target(y), seed=0)
    assert found is not None
    told = found.transform(Table(pl.DataFrame({"user": ["1003", "1004"]}), schema)).numbers[:, 0]
    np.testing.assert_allclose(told + y.mean(), [1003 % 7, 1004 % 7], atol=0.05)


def test_a_missing_value_is_a_level() -> None:
    values: list[str | None] = ["a", "b", None] * 50
    y = Target(np.array([0.0, 1.0, 5.0] * 50))
    found = fitted(values, y).transform(towns([None, "a"])).numbers[:, 0]
    np.testing.assert_allclose(found, [3.0, -2.0], atol=1e-6)


def test_shares_of_classes_sum_up() -> None:
    rng = np.random.default_rng(0)
    level = rng.integers(0, 3, 300)
    y = Target((level + rng.integers(0, 2, 300)) % 3, classes=3)
    step = fitted([f"t{i}" for i in level], y)
    found = step.transform(towns(["t0", "t1", "t2", "new"])).numbers
    assert step.number_names == tuple(f"town: mean answer {k}" for k in range(3))
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=0.02)


def test_two_classes_need_one_column() -> None:
    y = Target(np.array([0, 1, 1] * 20), classes=2)
    assert fitted(["a", "b", "c"] * 20, y).number_names == ("town: mean answer",)


@pytest.mark.parametrize("values", [["a", "b"] * 30, ["a"] * 60])
def test_few_levels_are_not_encoded(values: list[str | None]) -> None:
    assert Means().fit(towns(values), Target(np.arange(60.0)), seed=0) is None


def test_many_classes_are_not_encoded() -> None:
    y = Target(np.arange(60) % 11, classes=11)
    assert Means().fit(towns(["a", "b", "c"] * 20), y, seed=0) is None


def test_nonsense_is_refused() -> None:
    with pytest.raises(OptionError, match="least"):
        Means(least=1)
