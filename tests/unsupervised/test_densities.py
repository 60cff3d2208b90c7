"""Densities against scikit-learn, and as what they claim to be: they sum to one."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import lognorm, norm
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from modelwright.core.errors import OptionError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.unsupervised import Space, density
from modelwright.unsupervised.kernel import Kernel, fit_kernel
from modelwright.unsupervised.mixture import Mixture, fit_mixture
from modelwright.unsupervised.space import Rows

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Have every test draw the same, whatever ran before it."""
    RNG.bit_generator.state = np.random.default_rng(0).bit_generator.state


def mixed(count: int = 300) -> Table:
    """Make rows of a skewed number, a date, a level and a truth that go together."""
    rng = np.random.default_rng(1)
    rich = rng.random(count) < 0.4
    frame = pl.DataFrame(
        {
            "pay": np.exp(rng.normal(np.where(rich, 4.0, 2.0), 0.5)),
            "since": [
                datetime(2020, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 900, count)
            ],
            "town": np.where(rich, "Rome", rng.choice(["Bonn", "Oslo"], count)),
            "owns": rich ^ (rng.random(count) < 0.1),
        }
    ).with_columns(pl.col("since").cast(pl.Datetime("us")))
    kinds = (Kind.NUMBER, Kind.DATETIME, Kind.CATEGORY, Kind.BOOLEAN)
    columns = zip(frame.columns, kinds, strict=True)
    return Table(frame, Schema(tuple(Column(name, kind) for name, kind in columns)))


@pytest.mark.parametrize("full", [True, False])
def test_mixtures_are_those_of_scikit_learn(full: bool) -> None:
    points = np.vstack([RNG.normal(size=(120, 2)), RNG.normal(size=(80, 2)) @ [[1, 2], [0, 1]] + 5])
    rows = Rows(points, points, np.zeros((200, 0), np.int64))
    ours = fit_mixture(rows, (), 2, seed=3, full=full)
    shape = "full" if full else "diag"
    theirs = GaussianMixture(
        2, covariance_type=shape, reg_covar=1e-3, n_init=2, max_iter=200, random_state=3
    ).fit(points)
    assert ours.log_density(rows) == pytest.approx(theirs.score_samples(points), abs=1e-9)
    assert np.array_equal(ours.labels(rows), theirs.predict(points))
    assert ours.shares(rows) == pytest.approx(theirs.predict_proba(points), abs=1e-9)
    assert ours.bic(rows) == pytest.approx(theirs.bic(points), rel=1e-9)


def test_kernels_are_those_of_scikit_learn() -> None:
    points, fresh = RNG.normal(size=(150, 2)), RNG.normal(size=(40, 2)) * 2
    rows, new = (Rows(p, p, np.zeros((len(p), 0), np.int64)) for p in (points, fresh))
    ours = fit_kernel(rows, (), 0.4, 0.1, turned=False, seed=0)
    theirs = KernelDensity(bandwidth=0.4).fit(points)
    assert ours.log_density(new) == pytest.approx(theirs.score_samples(fresh), rel=1e-8)


@pytest.mark.parametrize("family", ["kernel", "mixture"])
def test_a_mixed_density_sums_to_one(family: str) -> None:
    table = mixed(120).select(["pay", "town", "owns"])
    space = Space.fit(table)
    rows = space.rows(table)
    fitted: Kernel | Mixture
    if family == "kernel":
        fitted = fit_kernel(rows, space.sizes, 0.3, 0.2, turned=False, seed=0)
    else:
        fitted = fit_mixture(rows, space.sizes, 2, seed=0)
    at = np.linspace(-12, 12, 4_001)
    total = 0.0
    for town in range(space.sizes[0]):
        for owns in range(space.sizes[1]):
            codes = np.tile([town, owns], (len(at), 1))
            every = Rows(np.zeros((len(at), 0)), at[:, None], codes)
            total += float(np.exp(fitted.log_density(every)).sum() * (at[1] - at[0]))
    assert total == pytest.approx(1.0, abs=1e-6)


def test_densities_are_per_unit_of_the_columns() -> None:
    pay = np.exp(RNG.normal(3, 1, 4_000))
    height = RNG.normal(170, 10, 4_000)
    schema = Schema((Column("pay", Kind.NUMBER), Column("height", Kind.NUMBER)))
    table = Table(pl.DataFrame({"pay": pay, "height": height}), schema)
    space, fitted, found = density(table, methods=["mixture"], count=1)
    assert [axis.logged for axis in space.numbers] == [True, False]
    ours = fitted.log_density(space.rows(table)) + space.jacobian(table)
    true = lognorm(1, scale=np.exp(3)).logpdf(pay) + norm(170, 10).logpdf(height)
    assert ours.mean() == pytest.approx(true.mean(), abs=0.02)
    assert np.abs(ours - true).mean() < 0.1
    # so are the curves of single columns
    curves = {curve.column: curve for curve in found.curves}
    at, drawn = np.array(curves["pay"].at, float), np.array(curves["pay"].density)
    assert drawn == pytest.approx(lognorm(1, scale=np.exp(3)).pdf(at), rel=0.15)
    assert curves["height"].density[50] == pytest.approx(
        float(norm(170, 10).pdf(curves["height"].at[50])), rel=0.1
    )


@pytest.mark.long
def test_rows_that_were_not_seen_choose_the_density() -> None:
    table = mixed()
    _, fitted, found = density(table)
    scores = [one.score for one in found.candidates]
    assert scores == sorted(scores, reverse=True)
    one = next(c for c in found.candidates if c.name == "mixture of 1 cloud")
    assert scores[0] > one.score + 2 * one.error
    assert "more than one normal cloud" in found.why
    assert isinstance(fitted, Mixture | Kernel)
    normal = RNG.normal(size=(400, 2)) @ [[1, 0.8], [0, 0.6]]
    schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    plain = density(Table(pl.DataFrame(normal, schema=["a", "b"]), schema))[2]
    one = next(c for c in plain.candidates if c.name == "mixture of 1 cloud")
    assert plain.candidates[0].score <= one.score + 2 * one.error


@pytest.mark.long
def test_a_strange_row_is_named_with_what_is_strange_about_it() -> None:
    frame = mixed().frame
    odd = frame[:1].with_columns(pay=pl.lit(90_000.0), town=pl.lit("Paris"))
    table = Table(pl.concat([frame, odd]), mixed().schema)
    found = density(table)[2]
    first = found.unusual[0]
    assert first.row == 300
    assert set(first.columns[:2]) == {"pay", "town"}
    assert "90,000" in first.values


def test_a_missing_amount_is_the_middle_one_and_no_amount_is_the_least() -> None:
    pay = np.exp(RNG.normal(3, 1, 200))
    schema = Schema((Column("pay", Kind.NUMBER),))
    space = Space.fit(Table(pl.DataFrame({"pay": pay}), schema))
    (axis,) = space.axes
    assert axis.logged
    new = pl.Series("pay", [None, float(np.median(pay)), 0.0, -5.0])
    assert axis.scaled(new).tolist() == pytest.approx([0.0, 0.0, -6.0, -6.0], abs=1e-3)


@pytest.mark.long
def test_a_number_alone_has_nothing_that_could_be_apart() -> None:
    table = Table(pl.DataFrame({"a": RNG.normal(size=200)}), Schema((Column("a", Kind.NUMBER),)))
    found = density(table, methods=["mixture"])[2]
    names = [one.name for one in found.candidates]
    assert "mixture of 1 cloud" in names
    assert not any("apart" in name for name in names)
    assert "one normal cloud" in found.why


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_clouds_than_one_are_refused(count: int) -> None:
    with pytest.raises(OptionError, match="1 cloud or more"):
        density(mixed(50), count=count)


@pytest.mark.long
def test_no_row_of_a_long_table_vouches_for_itself() -> None:
    # four numbers, so that a lonely row is all that there is at its place
    points = RNG.normal(size=(5_200, 4))
    points[::520] = RNG.uniform(30, 60, (10, 4))
    names = ["a", "b", "c", "d"]
    table = Table(
        pl.DataFrame(points, schema=names), Schema(tuple(Column(n, Kind.NUMBER) for n in names))
    )
    found = density(table, methods=["kernel"])[2]
    assert {one.row for one in found.unusual} == set(range(0, 5_200, 520))
