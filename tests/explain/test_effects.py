"""Curves against scikit-learn, and effects against their formula written out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.inspection import partial_dependence as reference

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.explain import accumulated_effects, curves, partial_dependence, row_curves
from modelwright.stats import profile_table

Predict = Callable[[Table], NDArray[np.float32]]
RNG = np.random.default_rng(11)


def numbers(X: NDArray[np.float64]) -> Table:
    """Make a table of the columns a, b, c..."""
    names = "abcdefgh"[: X.shape[1]]
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in names))
    return Table(pl.DataFrame(X, schema=list(names)), schema)


def over(f: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Predict:
    """Make a model of a function of the columns."""
    return lambda rows: f(rows.frame.to_numpy())[:, None].astype(np.float32)


@pytest.fixture(scope="module")
def boosted() -> tuple[Table, HistGradientBoostingRegressor, NDArray[np.float64]]:
    X = RNG.normal(size=(400, 3))
    X[:, 1] += 0.9 * X[:, 0]
    y = X[:, 0] ** 2 + X[:, 1] * X[:, 2]
    return numbers(X), HistGradientBoostingRegressor(max_iter=30).fit(X, y), X


def test_lines_and_their_mean_are_those_of_scikit_learn(
    boosted: tuple[Table, HistGradientBoostingRegressor, NDArray[np.float64]],
) -> None:
    table, model, X = boosted
    profile = profile_table(table)[1]
    ours = row_curves(over(model.predict), table, profile)
    assert ours is not None
    theirs = reference(
        model, X, [1], kind="both", method="brute", custom_values={1: np.array(ours.at)}
    )
    assert ours.lines[:, :, 0] == pytest.approx(theirs["individual"][0], abs=1e-5)
    mean = partial_dependence(over(model.predict), table, profile)
    assert mean is not None
    assert np.array(mean.means)[:, 0] == pytest.approx(theirs["average"][0], abs=1e-5)
    assert len(mean.lines) == 40
    assert np.array(mean.lines[0]) == pytest.approx(theirs["individual"][0][0], abs=1e-5)


def by_formula(
    f: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    X: NDArray[np.float64],
    column: int,
    edges: list[float],
) -> list[float]:
    """Apley and Zhu (2020), equations 15 and 16, row by row."""
    total, means, counts = 0.0, [0.0], []
    for k in range(1, len(edges)):
        differences = []
        for row in X:
            inside = edges[k - 1] < row[column] <= edges[k]
            if inside or (k == 1 and row[column] == edges[0]):
                low, high = row.copy(), row.copy()
                low[column], high[column] = edges[k - 1], edges[k]
                differences.append(float(f(high[None])[0] - f(low[None])[0]))
        counts.append(len(differences))
        total += sum(differences) / len(differences)
        means.append(total)
    middle = sum(
        n * (one + other) / 2 for n, one, other in zip(counts, means, means[1:], strict=False)
    )
    return [mean - middle / sum(counts) for mean in means]


@pytest.mark.long
def test_effects_follow_the_formula_written_out(
    boosted: tuple[Table, HistGradientBoostingRegressor, NDArray[np.float64]],
) -> None:
    table, model, X = boosted
    for column, profile in enumerate(profile_table(table)):
        found = accumulated_effects(over(model.predict), table, profile)
        assert found is not None
        assert found.how == "ale"
        edges = [float(value) for value in found.at if not isinstance(value, str)]
        assert len(edges) == 21
        assert (edges[0], edges[-1]) == (X[:, column].min(), X[:, column].max())
        centred = np.array(found.means)[:, 0] - model.predict(X).mean()
        assert centred == pytest.approx(by_formula(model.predict, X, column, edges), abs=1e-4)


def test_effects_of_twins_are_those_of_the_model_and_not_of_rows_that_never_occur() -> None:
    x = RNG.uniform(0, 1, 2_000)
    table = numbers(np.column_stack([x, x + RNG.normal(0, 0.01, 2_000)]))

    def wild_off_the_line(X: NDArray[np.float64]) -> NDArray[np.float64]:
        return X[:, 0] + np.where(np.abs(X[:, 0] - X[:, 1]) > 0.2, 100.0, 0.0)

    profile = profile_table(table)[0]
    steps = accumulated_effects(over(wild_off_the_line), table, profile)
    setting = partial_dependence(over(wild_off_the_line), table, profile)
    assert steps is not None
    assert setting is not None
    at = np.array(steps.at, float)
    assert np.array(steps.means)[:, 0] - at == pytest.approx(np.zeros(21), abs=0.02)
    assert np.array(setting.means).min() > 40


def test_missing_values_have_no_place_and_whole_numbers_few_steps() -> None:
    values = pl.Series("a", [0, 0, 1, 2, 2, None] * 20, dtype=pl.Float64)
    schema = Schema((Column("a", Kind.NUMBER),))
    table = Table(pl.DataFrame([values]), schema)

    def squared(rows: Table) -> NDArray[np.float32]:
        return (rows.frame["a"].fill_null(9.0).to_numpy()[:, None] ** 2).astype(np.float32)

    found = accumulated_effects(squared, table, profile_table(table)[0])
    assert found is not None
    assert found.at == (0.0, 1.0, 2.0)
    # steps of 1 and 3; the middles of the two steps, 60 rows at .5 and 40 at 2.5, lie at the mean
    assert np.array(found.means)[:, 0] == pytest.approx([0.5, 1.5, 4.5])


def mixed() -> Table:
    """Make rows whose level, truth and day go together with a number."""
    rng = np.random.default_rng(2)
    size = rng.uniform(0, 3, 900)
    level = np.clip(size + rng.normal(0, 0.3, 900), 0, 2.9).astype(int)
    frame = pl.DataFrame(
        {
            "size": size,
            "town": np.array(["small", "middle", "large"])[level],
            "big": size > 1.5,
            "day": pl.Series((level * 86_400_000_000).astype(np.int64)).cast(pl.Datetime("us")),
            "said": [f"word {i}" for i in range(900)],
        }
    )
    kinds = (Kind.NUMBER, Kind.CATEGORY, Kind.BOOLEAN, Kind.DATETIME, Kind.TEXT)
    columns = zip(frame.columns, kinds, strict=True)
    return Table(frame, Schema(tuple(Column(name, kind) for name, kind in columns)))


def worth(rows: Table) -> NDArray[np.float32]:
    """Add up what each column is worth."""
    town = rows.frame["town"].replace_strict({"small": 0.0, "middle": 5.0, "large": 7.0})
    days = rows.frame["day"].to_physical().to_numpy() / 86_400_000_000
    big = rows.frame["big"].cast(pl.Float64).to_numpy()
    total = rows.frame["size"].to_numpy() + town.to_numpy() + 3 * big + 2 * days
    return total[:, None].astype(np.float32)


def test_levels_truths_and_days_have_the_effects_that_the_model_gives_them() -> None:
    table = mixed()
    profiles = {profile.name: profile for profile in profile_table(table)}
    town = accumulated_effects(worth, table, profiles["town"])
    assert town is not None
    # alike in the other columns: the middle one lies between the two others
    assert town.at in (("small", "middle", "large"), ("large", "middle", "small"))
    by_level = dict(zip(town.at, np.array(town.means)[:, 0], strict=True))
    assert by_level["middle"] - by_level["small"] == pytest.approx(5, abs=1e-4)
    assert by_level["large"] - by_level["middle"] == pytest.approx(2, abs=1e-4)
    shares = table.frame["town"].value_counts(normalize=True)
    total = sum(by_level[level] * share for level, share in shares.iter_rows())
    assert total == pytest.approx(float(worth(table).mean()), abs=1e-3)
    big = accumulated_effects(worth, table, profiles["big"])
    assert big is not None
    assert big.at == (0.0, 1.0)
    assert big.means[1][0] - big.means[0][0] == pytest.approx(3, abs=1e-4)
    day = accumulated_effects(worth, table, profiles["day"])
    assert day is not None
    assert day.at == (0.0, 86_400.0, 172_800.0)
    assert np.diff(np.array(day.means)[:, 0]) == pytest.approx([2, 2], abs=1e-4)
    assert accumulated_effects(worth, table, profiles["said"]) is None


def test_the_curve_follows_the_company_of_the_column() -> None:
    table = mixed()
    found = {one.column: one for one in curves(worth, table, ["size", "town", "said"])}
    assert set(found) == {"size", "town"}
    assert (found["town"].how, found["town"].strength > 0.8) == ("ale", True)
    assert found["size"].lines == ()
    told = curves(worth, table, ["size"], how="partial", averaged=100)[0]
    assert (told.how, len(told.lines)) == ("partial", 40)
    alone = Table(table.frame.select("size"), table.schema.select(["size"]))
    one = curves(over(lambda X: X[:, 0]), alone, ["size"])[0]
    assert (one.how, one.beside, one.strength) == ("partial", "", 0.0)


def test_one_value_or_none_has_no_effect() -> None:
    schema = Schema((Column("a", Kind.NUMBER),))
    for values in ([1.0] * 9, [None] * 9):
        table = Table(pl.DataFrame({"a": pl.Series(values, dtype=pl.Float64)}), schema)
        profile = profile_table(table)[0]
        assert accumulated_effects(over(lambda X: X[:, 0]), table, profile) is None
