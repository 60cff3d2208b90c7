"""Associations against SciPy, pandas and formulas written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.explore.associations import (
    associate,
    correlation_matrix,
    correlation_ratio,
    covariance_matrix,
    cramers_v,
)
from modelwright.explore.coding import code, code_table
from modelwright.explore.relations import relate, side_by_side

RNG = np.random.default_rng(0)
NUMBER = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))


def numbers(name: str, values: object) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Float64)


@given(st.lists(st.tuples(NUMBER, NUMBER, st.none() | NUMBER), min_size=3, max_size=40))
def test_covariances_and_correlations_are_those_of_pandas(
    rows: list[tuple[float, float, float | None]],
) -> None:
    frame = pd.DataFrame(rows, columns=list("abc"), dtype=float)
    found = covariance_matrix(frame.to_numpy())
    expected = frame.cov().to_numpy()
    scale = np.outer(frame.abs().max().fillna(1) + 1e-9, frame.abs().max().fillna(1) + 1e-9)
    there = frame.notna().to_numpy().astype(int)
    enough = there.T @ there >= 2
    np.testing.assert_allclose(
        (found / scale)[enough], (expected / scale)[enough], rtol=1e-7, atol=1e-9
    )
    assert np.isnan(found[~enough]).all()


def test_correlations_with_gaps_are_those_of_pandas() -> None:
    block = RNG.normal(size=(500, 6)) @ RNG.normal(size=(6, 6)) + 1e5
    block[RNG.random(block.shape) < 0.2] = np.nan
    expected = pd.DataFrame(block).corr().to_numpy()
    np.testing.assert_allclose(correlation_matrix(block), expected, atol=1e-9)


def test_a_constant_column_has_no_correlation() -> None:
    found = correlation_matrix(np.column_stack([np.ones(20), np.arange(20.0)]))
    assert np.isnan(found[0]).all()
    assert found[1, 1] == pytest.approx(1)


@given(st.integers(0, 2**31))
def test_cramers_v_is_that_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 4, 300), rng.integers(0, 3, 300)
    b[:150] = a[:150] % 3
    table = pd.crosstab(a, b).to_numpy()
    expected = stats.contingency.association(table, method="cramer", correction=False)
    assert cramers_v(a, b, corrected=False) == pytest.approx(float(expected))


def test_corrected_v_is_bergsmas_and_near_zero_by_chance() -> None:
    a, b = RNG.integers(0, 12, 400), RNG.integers(0, 12, 400)
    n, (r, k) = 400, (12, 12)
    table = pd.crosstab(a, b).to_numpy()
    phi = stats.chi2_contingency(table, correction=False).statistic / n
    less = max(phi - (r - 1) * (k - 1) / (n - 1), 0.0)
    most = r - (r - 1) ** 2 / (n - 1) - 1
    assert cramers_v(a, b) == pytest.approx(np.sqrt(less / most))
    assert cramers_v(a, b) < 0.12 < cramers_v(a, b, corrected=False)


def test_correlation_ratio_is_that_of_the_analysis_of_variance() -> None:
    groups = RNG.integers(0, 5, 600)
    values = RNG.normal(size=600) + groups * 0.4
    parts = [values[groups == g] for g in range(5)]
    f = stats.f_oneway(*parts).statistic
    share = f * 4 / (f * 4 + 595)
    assert correlation_ratio(groups, values, corrected=False) == pytest.approx(np.sqrt(share))
    corrected = 1 - (1 - share) * 599 / 595
    assert correlation_ratio(groups, values) == pytest.approx(np.sqrt(corrected))


def test_rank_correlation_is_that_of_scipy() -> None:
    x = RNG.normal(size=400).round(1)  # with ties
    y = -np.exp(x) + RNG.normal(size=400)
    a = code(numbers("x", x), Column("x", Kind.NUMBER))
    b = code(numbers("y", y), Column("y", Kind.NUMBER))
    assert a is not None
    assert b is not None
    found = associate(a, b)
    expected = float(stats.spearmanr(x, y).statistic)
    assert found.signed == pytest.approx(expected)
    assert found.strength >= abs(expected)
    assert found.rows == 400


def test_every_pair_of_kinds_is_on_one_scale() -> None:
    rng = np.random.default_rng(1)
    place = rng.integers(0, 3, 900)
    frame = pl.DataFrame(
        {
            "size": place * 3.0 + rng.normal(size=900),
            "town": np.array(["a", "b", "c"])[place],
            "coast": place == 2,
            "noise": rng.normal(size=900),
            "dice": np.array(list("uvwxyz"))[rng.integers(0, 6, 900)],
            "when": (np.datetime64("2024-01-01") + place * 100).astype("datetime64[us]"),
        }
    )
    kinds = (Kind.NUMBER, Kind.CATEGORY, Kind.BOOLEAN, Kind.NUMBER, Kind.CATEGORY, Kind.DATETIME)
    schema = Schema(tuple(Column(n, k) for n, k in zip(frame.columns, kinds, strict=True)))
    coded = code_table(Table(frame, schema))
    found = {frozenset((p.left, p.right)): p for p in relate(coded).pairs}
    alike = ("size", "town", "coast", "when")
    for i, left in enumerate(alike):
        for right in alike[i + 1 :]:
            assert found[frozenset((left, right))].strength > 0.7
        for chance in ("noise", "dice"):
            assert found[frozenset((left, chance))].strength < 0.15
    assert found[frozenset(("town", "coast"))].measure == "Cramér's V"
    assert found[frozenset(("size", "town"))].measure == "correlation ratio"
    assert found[frozenset(("size", "noise"))].measure == "rank correlation"


def test_gaps_are_left_out_of_a_pair() -> None:
    x = [float(i) for i in range(50)]
    y: list[float | None] = [None] * 25 + x[25:]
    a = code(numbers("x", x), Column("x", Kind.NUMBER))
    b = code(numbers("y", y), Column("y", Kind.NUMBER))
    assert a is not None
    assert b is not None
    found = associate(a, b)
    assert found.rows == 25
    assert found.signed == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, None], Kind.NUMBER),
        ([1.0, 1.0], Kind.NUMBER),
        (["a", "a"], Kind.CATEGORY),
        ([f"word {i}" for i in range(100)], Kind.CATEGORY),
        (["a b", "c d"], Kind.TEXT),
    ],
)
def test_what_says_nothing_is_not_compared(values: list[object], kind: Kind) -> None:
    dtype = pl.Float64 if kind is Kind.NUMBER else pl.String
    assert code(pl.Series("a", values, dtype=dtype), Column("a", kind)) is None


def test_columns_that_are_straight_lines_of_each_other_are_copies() -> None:
    x = RNG.normal(size=300)
    frame = pl.DataFrame({"m": x, "feet": -x * 3.28 + 7, "other": RNG.normal(size=300)})
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in frame.columns))
    assert relate(code_table(Table(frame, schema))).copies == (("m", "feet"),)


@given(st.integers(1, 12))
def test_an_order_holds_every_column_once(count: int) -> None:
    block = np.abs(np.random.default_rng(count).normal(size=(count, count)))
    strength = np.clip((block + block.T) / 4, 0, 1)
    assert sorted(side_by_side(strength).tolist()) == list(range(count))


def test_of_very_many_columns_the_related_ones_are_compared() -> None:
    rng = np.random.default_rng(2)
    block = rng.normal(size=(300, 120))
    block[:, 77] = block[:, 33] + 0.1 * rng.normal(size=300)
    frame = pl.DataFrame({f"c{i}": block[:, i] for i in range(120)})
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in frame.columns))
    found = relate(code_table(Table(frame, schema)))
    assert len(found.names) == 40
    assert {found.pairs[0].left, found.pairs[0].right} == {"c33", "c77"}
