"""Columns that go together, of every kind."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.explain import association, close_columns


@pytest.fixture(scope="module")
def table() -> Table:
    rng = np.random.default_rng(0)
    size = rng.normal(size=900)
    town = np.digitize(size, [-0.5, 0.5])
    frame = pl.DataFrame(
        {
            "size": size,
            "cubed": -(size**3),
            "gap": pl.Series(np.where(rng.random(900) < 0.3, np.nan, size)).fill_nan(None),
            "town": [f"t{t}" for t in town],
            "zip": [f"z{(7 * t) % 3}" for t in town],
            "coin": rng.random(900) < 0.5,
            "colour": rng.choice(["red", "blue", "green"], 900),
            "code": [f"c{i % 700}" for i in range(900)],
            "said": [f"words {i}" for i in range(900)],
            "same": ["x"] * 900,
        }
    )
    kinds = [Kind.NUMBER] * 3 + [Kind.CATEGORY] * 2 + [Kind.BOOLEAN] + [Kind.CATEGORY] * 2
    kinds += [Kind.TEXT, Kind.CATEGORY]
    columns = zip(frame.columns, kinds, strict=True)
    return Table(frame, Schema(tuple(Column(name, kind) for name, kind in columns)))


def test_what_goes_together_is_found_whatever_its_kind(table: Table) -> None:
    names = table.frame.columns
    found = association(table, names)
    at = {name: place for place, name in enumerate(names)}

    def pair(one: str, other: str) -> float:
        return float(found[at[one], at[other]])

    assert pair("size", "cubed") == pytest.approx(1)
    assert pair("size", "gap") > 0.8
    assert pair("size", "town") > 0.85
    assert pair("town", "zip") == pytest.approx(1, abs=0.01)
    chance = [pair(one, other) for one in ("coin", "colour") for other in ("size", "town", "gap")]
    assert max(chance) < 0.12
    # almost only levels, free text, and one value: nothing can be said
    assert found[[at["code"], at["said"], at["same"]]].sum() == 3
    assert np.array_equal(found, found.T)


def test_ordered_columns_have_spearmans_correlation(table: Table) -> None:
    ours = association(table, ["size", "coin"])[0, 1]
    theirs = spearmanr(table.frame["size"].to_numpy(), table.frame["coin"].to_numpy()).statistic
    assert ours == pytest.approx(abs(theirs), abs=1e-9)


def test_groups_are_complete(table: Table) -> None:
    strength = np.array(
        [
            [1.0, 0.9, 0.7, 0.0],
            [0.9, 1.0, 0.85, 0.0],
            [0.7, 0.85, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
    # c goes with b, but not with a, which is nearer to b
    assert close_columns(strength, "abcd") == (("a", "b"),)
    assert close_columns(strength, "abcd", 0.7) == (("a", "b", "c"),)
    names = ["coin", "zip", "cubed", "town", "size"]
    assert close_columns(association(table, names), names) == (("zip", "cubed", "town", "size"),)


@given(st.integers(2, 9), st.integers(0, 2**31), st.floats(0.1, 0.95))
def test_each_two_of_a_group_are_close(count: int, seed: int, least: float) -> None:
    raw = np.random.default_rng(seed).random((count, count))
    strength = (raw + raw.T) / 2
    np.fill_diagonal(strength, 1.0)
    names = [str(i) for i in range(count)]
    groups = close_columns(strength, names, least)
    flat = [name for group in groups for name in group]
    assert len(flat) == len(set(flat))
    for group in groups:
        index = [int(name) for name in group]
        assert len(index) > 1
        assert strength[np.ix_(index, index)].min() >= least
