"""Weights are read alike wherever rows are scored."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.core.errors import DataError
from test_flow import quick


def customers(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=200)
    left = np.where(x + rng.normal(size=200) > 0, "yes", "no")
    return pl.DataFrame({"x": x, "worth": rng.uniform(500, 1_500, 200), "left": left})


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> mw.Result:
    settings = quick(
        models=("linear",),
        weight="worth",
        store=tmp_path_factory.mktemp("runs"),
        validation=mw.Validation(test=customers(1)),
    )
    return mw.fit(customers(0), "left", metric="precision_at(k=80)", settings=settings)


def test_a_capacity_does_not_hang_on_the_unit_of_the_weights(result: mw.Result) -> None:
    told = result.model.evaluate(customers(1))
    thousands = customers(1).with_columns(pl.col("worth") / 1_000)
    assert result.model.evaluate(thousands) == pytest.approx(told)
    assert result.test is not None
    assert result.test.score == pytest.approx(told["precision_at(k=80)"])


@pytest.mark.parametrize(
    ("worth", "said"),
    [(None, "1 row without a number"), (-2.0, "1 row below zero, such as -2")],
)
def test_what_is_no_weight_makes_no_score(
    result: mw.Result, worth: float | None, said: str
) -> None:
    new = customers(1)
    first = pl.int_range(new.height) == 0
    changed = pl.when(first).then(pl.lit(worth)).otherwise(pl.col("worth")).alias("worth")
    with pytest.raises(DataError, match=said):
        result.model.evaluate(new.with_columns(changed))
