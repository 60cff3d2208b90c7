from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.arithmetic import Arithmetic
from modelwright.features.screening import additive_rest, binned, clearness


def numbers(seed: int, rows: int = 2_000) -> tuple[Table, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    values = {name: rng.uniform(1, 9, rows) for name in "abcde"}
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in values))
    return Table(pl.DataFrame(values), schema), values


@pytest.mark.parametrize(
    ("sign", "answer"),
    [
        ("/", lambda v: v["b"] / v["d"]),
        ("-", lambda v: np.abs(v["b"] - v["d"])),
    ],
)
def test_a_planted_cross_is_found(sign: str, answer: object) -> None:
    table, values = numbers(0)
    y = Target(answer(values))  # type: ignore[operator]
    fitted = Arithmetic(most=2).fit(table, y, seed=0)
    assert fitted is not None
    assert {(left, right) for left, _, right in fitted.crosses} == {("b", "d")}
    assert sign in {cross[1] for cross in fitted.crosses}


def test_a_planted_product_is_found() -> None:
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=2_000) for name in "abc"}
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in values))
    fitted = Arithmetic(most=1).fit(
        Table(pl.DataFrame(values), schema), Target(values["a"] * values["c"]), seed=0
    )
    assert fitted is not None
    assert fitted.crosses == (("a", "*", "c"),)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_found_in_noise_or_in_a_sum_of_curves(seed: int) -> None:
    table, values = numbers(seed)
    noise = np.random.default_rng(seed + 100).normal(size=table.height)
    assert Arithmetic().fit(table, Target(noise), seed=0) is None
    curves = np.sin(values["a"]) + np.log(values["b"]) + 0.5 * noise
    assert Arithmetic().fit(table, Target(curves), seed=0) is None


def test_few_rows_choose_nothing() -> None:
    table, values = numbers(0, 150)
    assert Arithmetic().fit(table, Target(values["a"] / values["b"]), seed=0) is None


def test_ratios_by_zero_are_missing() -> None:
    table, values = numbers(0)
    fitted = Arithmetic(most=1).fit(table, Target(values["b"] / values["d"]), seed=0)
    assert fitted is not None
    frame = pl.DataFrame({name: [1.0, 0.0, 1e308, None] for name in "abcde"})
    frame = frame.with_columns(d=pl.Series([0.0, 0.0, 1e-308, 2.0]))
    found = fitted.transform(Table(frame, table.schema)).numbers
    assert np.isnan(found[[0, 1, 3]]).all()
    assert not np.isinf(found).any()


def test_bins_hold_about_as_many_rows_each() -> None:
    values = np.random.default_rng(0).lognormal(size=5_000).astype(np.float32)
    counts = np.bincount(binned(values))
    assert len(counts) == 16
    assert counts.min() > 200


def test_clearness_of_chance_is_about_zero() -> None:
    rng = np.random.default_rng(0)
    scores = [clearness(rng.integers(0, 16, 500), rng.normal(size=(500, 1))) for _ in range(200)]
    assert abs(float(np.mean(scores))) < 0.3
    assert 0.7 < float(np.std(scores)) < 1.4


def test_an_additive_model_leaves_what_is_not_additive() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 4_000))
    rest = additive_rest([a, b], np.column_stack([a + 3.0 * b, (a == b) * 1.0]))
    assert np.abs(rest[:, 0]).max() < 0.05
    assert rest[:, 1].std() > 0.45
