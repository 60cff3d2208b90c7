"""Which columns features are made of."""

from __future__ import annotations

import numpy as np
import polars as pl

from modelwright.core.matrix import Matrix
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import FittedRecipe, default_recipe
from modelwright.features.made_of import made_of


def table(width: int) -> tuple[Table, Target]:
    rng = np.random.default_rng(width)
    names = [f"n{i}" for i in range(width)]
    numbers = {name: rng.normal(5, 1, 80) for name in names}
    towns = pl.Series("town", rng.choice(["Rome", "Bonn", "Oslo"], 80))
    days = (pl.Series("day", rng.integers(0, 9_000, 80)) * 86_400_000_000).cast(pl.Datetime("us"))
    frame = pl.DataFrame(numbers).with_columns(towns, days)
    kinds = [*(Column(name, Kind.NUMBER) for name in names), Column("town", Kind.CATEGORY),
             Column("day", Kind.DATETIME)]  # fmt: skip
    y = Target(numbers["n0"] * numbers["n1"])
    return Table(frame, Schema(tuple(kinds))), y


def test_each_feature_is_made_of_its_own_column() -> None:
    for width in (2, 3, 9):
        rows, y = table(width)
        recipe = default_recipe().fit(rows, y, seed=0)
        found = made_of(recipe, rows)
        assert len(found) == len(recipe.names)
        for name, columns in zip(recipe.names, found, strict=True):
            assert len(columns) == 1
            assert columns[0] in name


def test_a_feature_of_two_columns_is_made_of_both() -> None:
    class Sums:
        columns = ("n0", "n1", "n2", "n3", "n4")
        number_names = ("n1", "n0 + n3", "1", "n2 * n4")
        code_names = ()

        def transform(self, rows: Table) -> Matrix:
            a, b, c, d, e = (rows.frame[name].to_numpy() for name in self.columns)
            block = np.column_stack([b, a + d, np.ones(len(a)), c * e]).astype(np.float32)
            return Matrix.of_numbers(block, self.number_names)

    found = made_of(FittedRecipe((Sums(),)), table(5)[0])  # type: ignore[arg-type]
    assert found == (("n1",), ("n0", "n3"), Sums.columns, ("n2", "n4"))


def test_a_time_that_names_no_feature_is_looked_for() -> None:
    class Since:
        columns = ("n0", "n1")
        number_names = ("n0: time since", "n0: rows so far")
        code_names = ()

        def transform(self, rows: Table) -> Matrix:
            a, b = (rows.frame[name].to_numpy() for name in self.columns)
            block = np.column_stack([b - a, a]).astype(np.float32)
            return Matrix.of_numbers(block, self.number_names)

    found = made_of(FittedRecipe((Since(),)), table(2)[0])  # type: ignore[arg-type]
    assert found == (("n0", "n1"), ("n0",))
