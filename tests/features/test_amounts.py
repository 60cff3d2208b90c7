"""Numbers inside texts: read as written, and only where they are amounts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import ModelFileError, OptionError
from modelwright.core.protocols import State
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.amounts import Amounts, FittedAmounts


def fitted_on(cells: list[str | None], kind: Kind = Kind.TEXT) -> tuple[FittedAmounts, Table]:
    table = Table(pl.DataFrame({"a": cells}), Schema((Column("a", kind),)))
    fitted = Amounts().fit(table, Target(np.zeros(len(cells))), seed=0)
    assert fitted is not None
    return fitted, table


@given(st.lists(st.integers(0, 10**9), min_size=6, max_size=30, unique=True))
def test_numbers_are_read_with_thousands_apart_and_without(values: list[int]) -> None:
    cells = [f"sold for {v:,} euro" if i % 2 else f"sold for {v}euro" for i, v in enumerate(values)]
    fitted, table = fitted_on(cells)
    assert fitted.number_names[-1] == "a: number of 'euro'"
    found = fitted.transform(table).numbers
    np.testing.assert_array_equal(found[:, 0], np.float32(values))
    np.testing.assert_array_equal(found[:, -1], np.float32(values))


def test_decimals_missing_texts_and_texts_without_numbers() -> None:
    cells = [None, "no number", *(f"{i}.5 kg and {100 - i} cm" for i in range(20))]
    fitted, table = fitted_on(cells)
    found = fitted.transform(table).numbers
    assert np.isnan(found[:2]).all()
    assert found[2].tolist() == [0.5, 100.0, 100.0, 0.5]
    assert fitted.number_names[2:] == ("a: number of 'cm'", "a: number of 'kg'")


def test_a_category_of_many_levels_is_looked_at_and_one_of_few_is_not() -> None:
    many = [f"model {i} pro" for i in range(60)]
    assert fitted_on(many, Kind.CATEGORY)[0].columns == ("a",)
    few = [f"model {i % 6} pro" for i in range(60)]
    table = Table(pl.DataFrame({"a": few}), Schema((Column("a", Kind.CATEGORY),)))
    assert Amounts().fit(table, Target(np.zeros(60)), seed=0) is None


def test_what_means_nothing_is_refused() -> None:
    with pytest.raises(OptionError):
        Amounts(units=-1)
    fitted, _ = fitted_on([f"{i} kg" for i in range(20)])
    config = fitted.export().config["columns"][0]
    for wrong in ({"units": ["k("]}, {"plain": ["last"]}, {"kind": "number"}, {"units": 3}):
        with pytest.raises(ModelFileError):
            FittedAmounts.restore(State({"columns": [{**config, **wrong}]}))
