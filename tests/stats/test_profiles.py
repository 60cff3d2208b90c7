"""Columns at a glance."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.stats import profile_table


def profile_of(kind: Kind, values: pl.Series) -> object:
    table = Table(pl.DataFrame({"x": values}), Schema((Column("x", kind),)))
    (profile,) = profile_table(table)
    return profile


def test_numbers_have_quantiles_and_bars() -> None:
    rng = np.random.default_rng(0)
    values = rng.exponential(size=10_000)
    profile = profile_of(Kind.NUMBER, pl.Series(values))
    assert profile.quantiles == pytest.approx(np.quantile(values, np.linspace(0, 1, 21)))
    assert len(profile.edges) == len(profile.counts) + 1
    assert 0.98 * 10_000 <= sum(profile.counts) <= 10_000
    assert profile.distinct == 10_000


def test_one_error_does_not_squeeze_the_bars() -> None:
    values = [*np.linspace(0, 1, 999), 1e9]
    profile = profile_of(Kind.NUMBER, pl.Series(values))
    assert profile.edges[-1] < 2
    assert profile.quantiles[-1] == 1e9


@pytest.mark.parametrize(
    "values",
    [[1e17] * 9, [1e16, 1e16 + 2, 1e16 + 4], [-1.7e308, 1.7e308, 0.0], [5e-324, 0.0, 1e-323]],
)
def test_numbers_too_large_or_too_close_for_bars_are_described_too(values: list[float]) -> None:
    profile = profile_of(Kind.NUMBER, pl.Series(values))
    assert 0 < sum(profile.counts) <= len(values)
    assert np.isfinite([*profile.quantiles, *profile.edges]).all()
    assert profile.quantiles[::20] == (min(values), max(values))


@pytest.mark.parametrize("kind", list(Kind))
def test_columns_without_a_value_and_constant_ones_are_described_too(kind: Kind) -> None:
    from modelwright.core.table import PHYSICAL

    empty = profile_of(kind, pl.Series([None, None], dtype=PHYSICAL[kind]))
    assert (empty.missing, empty.distinct, empty.quantiles, empty.counts) == (1.0, 0, (), ())
    one = pl.Series(["1"] * 3).cast(pl.Int64)
    constant = one.cast(pl.Boolean) if kind is Kind.BOOLEAN else one.cast(PHYSICAL[kind])
    profile = profile_of(kind, constant)
    assert (profile.missing, profile.distinct) == (0.0, 1)
    assert sum(profile.counts) in (0, 3)


def test_levels_come_by_frequency_and_dates_in_seconds() -> None:
    profile = profile_of(Kind.CATEGORY, pl.Series(["b", "a", "b", None]))
    assert (profile.levels, profile.counts) == (("b", "a"), (2, 1))
    assert profile.missing == 0.25
    dates = profile_of(Kind.DATETIME, pl.Series([datetime(1970, 1, 2), datetime(1970, 1, 3)]))
    assert (dates.quantiles[0], dates.quantiles[-1]) == (86_400.0, 172_800.0)


def test_a_long_table_is_sampled_but_its_missing_values_are_counted() -> None:
    values = pl.Series(np.arange(200_000.0)).set(pl.Series(np.arange(200_000) < 3), None)
    profile = profile_of(Kind.NUMBER, values)
    assert profile.missing == 3 / 200_000
    assert profile.quantiles[10] == pytest.approx(100_000, rel=0.001)


@pytest.mark.parametrize(
    "values",
    [[0.3, 0.1 + 0.2], [1e16, 1e16 + 2], [1e17], [5e-324, 1e-323], [-1.7e308, 1.7e308], [-1e300]],
    ids=["one rounding apart", "huge, near", "huge constant", "tiny", "widest", "far constant"],
)
def test_values_too_close_or_too_far_for_even_bars_are_described(values: list[float]) -> None:
    profile = profile_of(Kind.NUMBER, pl.Series(values * 10))
    assert sum(profile.counts) == 10 * len(values)
    assert len(profile.edges) == len(profile.counts) + 1
    assert np.isfinite([*profile.edges, *profile.quantiles]).all()
    assert (np.diff(profile.edges) > 0).all()
