from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.core.errors import ColumnError, ModelFileError
from modelwright.core.protocols import State
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import FittedRecipe, Numbers, Recipe, default_recipe
from modelwright.testing.steps import assert_same, through_a_file

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "tabular"


def fit(table: Table) -> FittedRecipe:
    return default_recipe().fit(table, Target(np.zeros(table.height)), seed=0)


def test_only_feature_columns_are_needed(mixed: Table) -> None:
    fitted = fit(mixed)
    assert fitted.columns == ("area", "rooms", "lift", "town", "street", "sold", "note")
    features = {name.split(": ")[0] for name in fitted.names}
    assert features == set(fitted.columns)


def test_names_are_those_of_the_matrix(mixed: Table) -> None:
    fitted = fit(mixed)
    matrix = fitted.transform(mixed)
    assert fitted.names == matrix.number_names + matrix.code_names
    assert {"area", "town", "street: count", "sold: month", "note: words"} <= set(fitted.names)
    assert len(set(fitted.names)) == len(fitted.names)


def test_restored_to_the_bit(mixed: Table) -> None:
    fitted = fit(mixed)
    states = [(name, through_a_file(state)) for name, state in fitted.export()]
    assert [name for name, _ in states] == ["numbers", "categories", "dates", "text"]
    assert_same(FittedRecipe.restore(states).transform(mixed), fitted.transform(mixed))


def test_unknown_step_is_refused() -> None:
    with pytest.raises(ModelFileError, match="'numbers'"):
        FittedRecipe.restore([("number", State())])


def test_columns_in_any_order_and_extra_ones(mixed: Table) -> None:
    fitted = fit(mixed)
    frame = mixed.frame.select(reversed(fitted.columns)).with_columns(extra=pl.lit(1.0))
    schema = Schema((*mixed.schema.select(frame.columns[:-1]), Column("extra", Kind.NUMBER)))
    assert_same(fitted.transform(Table(frame, schema)), fitted.transform(mixed))


def test_absent_column(mixed: Table) -> None:
    fitted = fit(mixed)
    names = [name if name != "street" else "streets" for name in mixed.frame.columns]
    frame = mixed.frame.rename({"street": "streets"})
    schema = Schema(tuple(Column(name, Kind.TEXT) for name in names))
    with pytest.raises(ColumnError, match=r"'street'.*did you mean 'streets'"):
        fitted.transform(Table(frame, schema))


def test_retyped_column(mixed: Table) -> None:
    frame = mixed.frame.with_columns(pl.col("area").cast(pl.String))
    with pytest.raises(ColumnError, match="'area' to be a number"):
        fit(mixed).transform(Table(frame, mixed.schema))


def test_no_feature_at_all() -> None:
    schema = Schema((Column("price", Kind.NUMBER, Role.TARGET),))
    table = Table(pl.DataFrame({"price": [1.0, 2.0, 3.0]}), schema)
    fitted = fit(table)
    assert fitted.names == fitted.columns == ()
    assert fitted.transform(table).shape == (3, 0)


def test_uses_target() -> None:
    class Peeking:
        uses_target = True

        def fit(self, table: Table, y: Target, *, seed: int) -> None:
            return None

    assert not Recipe((Numbers(),)).uses_target
    assert Recipe((Numbers(), Peeking())).uses_target


def test_real_tweets() -> None:
    file = DATA / "trump_tweet_source" / "train.csv.gz"
    if not file.exists():
        pytest.skip("the shared data is not beside the checkout")
    raw = pl.read_csv(file, infer_schema=False, n_rows=3000)
    frame = raw.select(
        pl.col("text"),
        pl.col("created_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", strict=False),
        pl.col("retweet_count").cast(pl.Float64),
        pl.col("is_retweet") == "TRUE",
        pl.col("source"),
    )
    kinds = [Kind.TEXT, Kind.DATETIME, Kind.NUMBER, Kind.BOOLEAN, Kind.CATEGORY]
    roles = [Role.FEATURE] * 4 + [Role.TARGET]
    columns = (Column(n, k, r) for n, k, r in zip(frame.columns, kinds, roles, strict=True))
    table = Table(frame, Schema(tuple(columns)))
    fitted = fit(table)
    matrix = fitted.transform(table)
    assert "text: has 'https'" in fitted.names
    assert "created_at: hour" in fitted.names
    assert not any("source" in name for name in fitted.names)
    https = matrix.numbers[:, matrix.number_names.index("text: has 'https'")]
    mentions = frame["text"].str.to_lowercase().str.contains(r"\bhttps\b").to_numpy()
    np.testing.assert_array_equal(https == 1, mentions)
