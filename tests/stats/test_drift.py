"""Differences between earlier and new rows: as SciPy measures them, and few false alarms."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.stats import profile_table
from modelwright.stats.drift import ColumnDrift, compare_profiles, compare_tables, drift_words
from modelwright.stats.shares import wilson_ends
from modelwright.stats.tails import above_chi2, above_ks, above_t, benjamini_hochberg, holm


def table(**columns: object) -> Table:
    frame = pl.DataFrame(columns)
    kinds = [Kind.NUMBER if t.is_numeric() else Kind.CATEGORY for t in frame.dtypes]
    schema = Schema(tuple(Column(n, k) for n, k in zip(frame.columns, kinds, strict=True)))
    return Table(frame.cast({pl.Int64: pl.Float64}), schema)


def test_distances_are_scipys() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=700), rng.normal(0.4, 1.3, 400)
    (found,) = compare_tables(table(a=x), table(a=y))
    assert found.ks == pytest.approx(stats.ks_2samp(x, y).statistic, abs=1e-12)
    unit = stats.iqr(x)
    assert found.moved == pytest.approx(stats.wasserstein_distance(x, y) / unit, rel=1e-9)
    p = stats.kstwobign.sf(found.ks * np.sqrt(700 * 400 / 1100))
    assert found.p_value == pytest.approx(2 * p, rel=1e-6)


def test_labels_are_tested_as_scipy_does() -> None:
    old = ["a"] * 50 + ["b"] * 30 + ["c"] * 20
    new = ["a"] * 40 + ["b"] * 35 + ["c"] * 45
    (found,) = compare_tables(table(t=old), table(t=new))
    expected = stats.chi2_contingency([[50, 30, 20], [40, 35, 45]], correction=False)
    assert found.p_value == pytest.approx(2 * expected.pvalue, rel=1e-9)
    p, q = np.array([0.5, 0.3, 0.2]), np.array([40, 35, 45]) / 120
    middle = (p + q) / 2
    js = (stats.entropy(p, middle, 2) + stats.entropy(q, middle, 2)) / 2
    assert found.distance == pytest.approx(np.sqrt(js), rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 12, 31, 998, 999, 24_451, 2_000_000])
def test_tails_of_t_are_scipys(freedom: int) -> None:
    for t in (-50.0, -3.0, 0.0, 0.3, 1.96, 3.1, 8.0, float("inf"), float("-inf")):
        assert above_t(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-4, abs=1e-12)


def test_tails_are_scipys() -> None:
    assert above_t(1.7, 12) == pytest.approx(stats.t.sf(1.7, 12))
    assert above_t(1.7, float("inf")) == pytest.approx(stats.norm.sf(1.7), rel=1e-6)
    assert above_chi2(9.2, 4) == pytest.approx(stats.chi2.sf(9.2, 4))
    assert above_ks(0.2, 60, 90) == pytest.approx(stats.kstwobign.sf(0.2 * 6))
    p = [0.001, 0.2, 0.013, 0.04, 0.04]
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))
    np.testing.assert_allclose(holm(p), [0.005, 0.2, 0.052, 0.12, 0.12])
    low, high = stats.binomtest(13, 80).proportion_ci(method="wilson")
    assert wilson_ends(13 / 80, 80) == pytest.approx((low, high), rel=1e-5)
    assert np.isnan(wilson_ends(0.5, 0)).all()


@pytest.mark.parametrize("seed", range(12))
def test_rows_of_the_same_kind_have_not_drifted(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def rows(count: int) -> Table:
        return table(
            normal=rng.normal(size=count),
            heavy=rng.lognormal(0, 2, count),
            few=rng.poisson(0.4, count).astype(float),
            flag=(rng.random(count) < 0.12).astype(float),
            town=rng.choice([f"town {i}" for i in range(60)], count),
        )

    old, new = rows(3000), rows(250)
    assert [one.column for one in compare_tables(old, new) if one.drifted] == []
    known = compare_profiles(profile_table(old), old.height, new)
    assert [one.column for one in known if one.drifted] == []


def test_what_drifted_is_named_with_what_changed() -> None:
    rng = np.random.default_rng(1)
    old = table(
        age=rng.normal(40, 9, 2000), same=rng.normal(size=2000),
        town=rng.choice(["Rome", "Oslo"], 2000), pay=rng.normal(size=2000),
    )  # fmt: skip
    new = table(
        age=rng.normal(55, 9, 300), same=rng.normal(size=300),
        town=rng.choice(["Rome", "Lima"], 300), pay=[None] * 200 + [0.5] * 100,
    )  # fmt: skip
    for found in (
        compare_tables(old, new),
        compare_profiles(profile_table(old), old.height, new),
    ):
        by_name = {one.column: one for one in found}
        assert {one.column for one in found if one.drifted} == {"age", "town", "pay"}
        assert by_name["age"].words.startswith("median ")
        assert "Oslo" in by_name["town"].words or "other values" in by_name["town"].words
        assert "missing 0 % -> 67 %" in by_name["pay"].words or "median" in by_name["pay"].words
        assert drift_words(found).startswith("these rows differ from those of the fit in 3 of 4")
    assert drift_words([one for one in found if one.column == "same"]) == ""


def test_profiles_tell_nearly_what_rows_tell() -> None:
    rng = np.random.default_rng(2)
    old, new = table(a=rng.gamma(2, 1, 4000)), table(a=rng.gamma(3, 1, 800))
    (rows,), (profile,) = (
        compare_tables(old, new), compare_profiles(profile_table(old), old.height, new),
    )  # fmt: skip
    assert profile.ks <= rows.ks
    assert profile.ks == pytest.approx(rows.ks, abs=0.06)
    assert profile.psi == pytest.approx(rows.psi, rel=0.25)
    assert profile.moved == pytest.approx(rows.moved, rel=0.2)


def test_many_rows_alone_are_no_drift() -> None:
    rng = np.random.default_rng(3)
    (found,) = compare_tables(
        table(a=rng.normal(0, 1, 100_000)), table(a=rng.normal(0.05, 1, 100_000))
    )
    assert found.p_value < 1e-6
    assert not found.drifted


def test_a_column_without_values_on_one_side_is_told() -> None:
    old, new = table(a=np.arange(200.0)), table(a=pl.Series([None] * 200, dtype=pl.Float64))
    (found,) = compare_tables(old, new)
    assert isinstance(found, ColumnDrift)
    assert found.drifted
    assert found.words == "missing 0 % -> 100 %"


@pytest.mark.parametrize("count", [1, 4, 29])
def test_of_few_rows_nothing_is_told(count: int) -> None:
    old = table(a=np.arange(900.0), t=["x", "y"] * 450)
    new = table(a=np.full(count, 1e6), t=["z"] * count)
    found = compare_tables(old, new)
    assert all(one.few and not one.drifted for one in found)
    assert {one.words for one in found} == {
        "1 row is too few to tell" if count == 1 else f"{count} rows are too few to tell"
    }
    known = compare_profiles(profile_table(old), old.height, new)
    assert all(one.few for one in known)
    assert drift_words(found) == ""


def test_of_few_values_among_many_rows_only_their_number_is_compared() -> None:
    rng = np.random.default_rng(0)
    old = table(a=pl.Series([*rng.normal(size=12), *[None] * 488]))
    new = table(a=pl.Series([*(rng.normal(size=12) + 9), *[None] * 488]))
    (found,) = compare_tables(old, new)
    assert not found.few
    assert not found.drifted


def test_rare_labels_are_tested_together() -> None:
    old = ["a"] * 400 + ["b"] * 90 + [f"c{i}" for i in range(10)]
    new = ["a"] * 80 + ["b"] * 18 + ["c1", "d"]
    (found,) = compare_tables(table(t=old), table(t=new))
    expected = stats.chi2_contingency([[400, 90, 10], [80, 18, 2]], correction=False)
    assert found.p_value == pytest.approx(min(1.0, 2 * expected.pvalue))


def test_small_samples_of_the_same_kind_rarely_drift() -> None:
    rng = np.random.default_rng(0)

    def rows(count: int) -> Table:
        towns = rng.choice([f"town {i}" for i in range(12)], count).tolist()
        return table(x=rng.normal(size=count), y=rng.lognormal(0, 2, count), town=towns)

    wrong = [any(one.drifted for one in compare_tables(rows(900), rows(35))) for _ in range(60)]
    assert sum(wrong) <= 2
