"""Strings are found again alike whether there are few of them or many."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.features import lookup
from modelwright.features.lookup import Cells, Lookup

WORDS = st.one_of(st.none(), st.text(max_size=3))


@given(st.lists(st.text(max_size=3), unique=True, max_size=6), st.lists(WORDS, max_size=9))
def test_a_place_is_that_of_the_equal_string(known: list[str], asked: list[str | None]) -> None:
    found = Lookup(tuple(known)).places(pl.Series(asked, dtype=pl.String))
    expected = [-2 if w is None else known.index(w) if w in known else -1 for w in asked]
    assert found.dtype == np.int64
    assert found.tolist() == expected


@given(st.lists(st.text(max_size=3), unique=True, max_size=6), st.lists(WORDS, max_size=9))
def test_many_strings_are_found_as_few(known: list[str], asked: list[str | None]) -> None:
    strings, few = pl.Series(asked, dtype=pl.String), Lookup(tuple(known))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "_ONE_BY_ONE", -1)
        many = few.places(strings)
    np.testing.assert_array_equal(many, few.places(strings))


def test_cells_mark_the_known_strings_that_they_list() -> None:
    out = np.full((4, 2), np.nan, np.float32)
    lists = pl.Series([["b", "a"], None, [], ["c", "b"]])
    cells = Cells.of(lists)
    cells.mark(Lookup(("a", "b")), out)
    assert out.tolist() == [[1, 1], [0, 0], [0, 0], [0, 1]]
    assert cells.missing.tolist() == [False, True, False, False]
