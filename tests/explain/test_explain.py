"""Explanations of models whose truth is known."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from modelwright.core.evidence import Profile
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Task, TaskKind
from modelwright.explain import (
    Asked,
    Explainer,
    background_table,
    by_association,
    partial_dependence,
    permutation_importance,
    telling_rows,
)
from modelwright.explain.attribution import attribute
from modelwright.explain.rows import _text
from modelwright.stats import profile_table

RNG = np.random.default_rng(0)
N = 400


@pytest.fixture(scope="module")
def table() -> Table:
    schema = Schema(
        (
            Column("strong", Kind.NUMBER),
            Column("town", Kind.CATEGORY),
            Column("noise", Kind.NUMBER),
            Column("when", Kind.DATETIME),
            Column("said", Kind.TEXT),
        )
    )
    days = pl.Series(RNG.integers(0, 1000, N)) * 86_400_000_000
    frame = pl.DataFrame(
        {
            "strong": RNG.normal(size=N),
            "town": RNG.choice(["Rome", "Bonn", "Oslo"], N),
            "noise": RNG.normal(size=N),
            "when": days.cast(pl.Datetime("us")),
            "said": [f"words {i}" for i in range(N)],
        }
    )
    return Table(frame, schema)


def model(rows: Table) -> NDArray[np.float32]:
    """3 x strong, 1 more in Rome, and strong x Rome together."""
    rome = (rows.frame["town"].fill_null("") == "Rome").cast(pl.Float64).to_numpy()
    strong = rows.frame["strong"].fill_null(0.0).to_numpy()
    return (3 * strong + rome + strong * rome)[:, None].astype(np.float32)


def test_a_column_matters_as_much_as_the_model_leans_on_it(table: Table) -> None:
    truth = model(table)[:, 0]

    def loss(p: NDArray[np.float32], rows: NDArray[np.int64]) -> float:
        return float(np.sqrt(np.mean((p[:, 0] - truth[rows]) ** 2)))

    found = permutation_importance(model, table, loss, table.frame.columns)
    assert [one.column for one in found][:2] == ["strong", "town"]
    by_name = {one.column: one for one in found}
    assert by_name["noise"].loss == by_name["said"].loss == 0.0
    # Shuffling x in 3x doubles the variance of the error: sqrt(2) x the slope, about.
    assert by_name["strong"].loss == pytest.approx(np.sqrt(2) * 3.35, rel=0.15)
    assert by_name["strong"].low <= by_name["strong"].loss <= by_name["strong"].high


def test_no_time_means_no_importances_and_little_time_means_the_first_ones(table: Table) -> None:
    calls = []

    def counted(rows: Table) -> NDArray[np.float32]:
        calls.append(rows.height)
        return model(rows)

    assert permutation_importance(counted, table, lambda p, rows: 0.0, ["noise"], seconds=0.0) == ()
    assert len(calls) == 1


def test_the_cheap_guess_puts_what_the_model_uses_first(table: Table) -> None:
    ranked = by_association(table, model(table), ["said", "noise", "strong", "town"])
    assert ranked[0] == "strong"
    assert ranked.index("town") < ranked.index("said")


def test_partial_dependence_follows_the_model(table: Table) -> None:
    profiles = {profile.name: profile for profile in profile_table(table)}
    town = partial_dependence(model, table, profiles["town"])
    assert town is not None
    means = dict(zip(town.at, (mean for (mean,) in town.means), strict=True))
    assert set(means) == {"Rome", "Bonn", "Oslo"}
    mean = table.frame["strong"].mean()
    assert means["Rome"] - means["Bonn"] == pytest.approx(1 + mean, abs=1e-5)
    strong = partial_dependence(model, table, profiles["strong"])
    assert strong is not None
    slopes = np.diff([mean for (mean,) in strong.means]) / np.diff(np.array(strong.at, float))
    rome = (table.frame["town"] == "Rome").mean()
    assert slopes == pytest.approx(3 + rome, rel=1e-4)
    when = partial_dependence(model, table, profiles["when"])
    assert when is not None
    assert len({mean for (mean,) in when.means}) == 1
    assert partial_dependence(model, table, profiles["said"]) is None


def exact_shares(table: Table, background: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shapley values of `strong` and `town` by their definition."""

    def value(strong: bool, town: bool) -> float:
        rows = table.frame[background]
        if strong:
            rows = rows.with_columns(strong=pl.lit(table.frame["strong"][0]))
        if town:
            rows = rows.with_columns(town=pl.lit(table.frame["town"][0]))
        return float(model(Table(rows, table.schema)).mean())

    alone, both, none = value(True, False), value(True, True), value(False, False)
    other = value(False, True)
    return np.array([((alone - none) + (both - other)) / 2, ((other - none) + (both - alone)) / 2])


def test_shares_are_shapley_values_and_add_up(table: Table) -> None:
    # Twice the same background, so that each row meets both orders of the two columns.
    behind = np.repeat(np.arange(1, 101), 2)
    row = table.rows(np.zeros(1, np.int64))
    shares = attribute(model, row, table.rows(behind), ["strong", "town", "noise"])
    assert shares.base + shares.of.sum() + shares.rest == pytest.approx(shares.prediction)
    assert shares.prediction == pytest.approx(float(model(table)[0, 0]))
    assert shares.of[:2] == pytest.approx(exact_shares(table, behind), abs=1e-5)
    assert shares.of[2] == shares.rest == 0.0


def test_an_explanation_names_values_and_leaves_small_columns_together(table: Table) -> None:
    task = Task(TaskKind.REGRESSION, "y", "rmse", (), None)
    explainer = Explainer(model, task, table.rows(np.arange(1, 40)), ("noise", "strong"))
    gone = table.frame.with_columns(noise=pl.lit(None, dtype=pl.Float64))
    (one,) = explainer.explain(Table(gone, table.schema), [Asked(0, "row 0", "7")])
    assert one.columns == ("strong", "noise", "all other columns")
    assert one.values[1] == "missing"
    assert (one.row, one.actual, one.output) == ("row 0", "7", "")
    assert one.base + sum(one.shares) == pytest.approx(one.prediction)
    assert explainer.explain(table, []) == ()


def test_telling_rows_are_different_rows() -> None:
    assert telling_rows(np.array([0.5]), np.array([0.1])) == [("a usual row", 0)]
    names = [name for name, _ in telling_rows(RNG.random(50), RNG.random(50))]
    assert names == ["a usual row", "the largest error", "far from average, and right"]


def test_background_rows_look_like_the_columns_but_are_nobodys_rows(table: Table) -> None:
    drawn = background_table(profile_table(table), table.schema, 4000, seed=1)
    assert drawn.schema == table.schema
    assert drawn.frame.schema == table.frame.schema
    strong = drawn.frame["strong"]
    assert strong.mean() == pytest.approx(table.frame["strong"].mean(), abs=0.1)
    assert strong.std() == pytest.approx(table.frame["strong"].std(), rel=0.15)
    shares = drawn.frame["town"].value_counts(normalize=True)
    assert shares["proportion"].min() > 0.25
    assert drawn.frame["said"].null_count() == 4000


def test_background_keeps_the_share_of_missing_values_and_whole_numbers() -> None:
    quantiles = tuple(float(i // 4) for i in range(21))
    profile = Profile("n", "number", "feature", missing=0.3, quantiles=quantiles)
    drawn = background_table([profile], Schema((Column("n", Kind.NUMBER),)), 2000)
    assert drawn.frame["n"].null_count() == pytest.approx(600, abs=80)
    assert drawn.frame["n"].drop_nulls().is_in([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).all()


def test_rare_words_stay_rare_and_long_tails_short() -> None:
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"rare": rng.random(20_000) < 0.002, "long": rng.lognormal(0, 2, 20_000)})
    schema = Schema((Column("rare", Kind.BOOLEAN), Column("long", Kind.NUMBER)))
    drawn = background_table(profile_table(Table(frame, schema)), schema, 20_000).frame
    assert drawn["rare"].mean() < 0.01
    assert 0.5 < drawn["long"].mean() / frame["long"].mean() < 2


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "missing"),
        (1_700_000_000.0, "1700000000"),
        (0.1234567, "0.123457"),
        (datetime(2024, 3, 1), "2024-03-01"),
        (datetime(2024, 3, 1, 9, 30), "2024-03-01 09:30:00"),
        ("a\n b", "a b"),
    ],
)
def test_values_are_shown_as_people_write_them(value: object, shown: str) -> None:
    assert _text(value) == shown
