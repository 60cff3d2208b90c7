"""The table of tree learners: a level is its rank, what is none is missing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.matrix import Matrix
from modelwright.models import columns
from modelwright.models.columns import Ranks


@given(st.lists(st.tuples(st.integers(-2, 5), st.integers(-2, 3)), max_size=9), st.integers(1, 4))
def test_each_cell_is_the_rank_of_its_level(codes: list[tuple[int, int]], together: int) -> None:
    ranks = Ranks(1, np.array([2, 0, -1, 1, 0], np.float32), np.array([0, 3, 5], np.int64))
    block = np.array(codes, np.int32).reshape(-1, 2)
    X = Matrix(np.ones((len(block), 1), np.float32), block, ("n",), ("a", "b"), (3, 2))
    before, columns._TOGETHER = columns._TOGETHER, together
    try:
        table = ranks.table(X)
    finally:
        columns._TOGETHER = before
    known = [{0: 2.0, 1: 0.0}, {0: 1.0, 1: 0.0}]
    expected = [[1.0, *(own.get(code, np.nan) for own, code in zip(known, row, strict=True))]
                for row in codes]  # fmt: skip
    np.testing.assert_array_equal(table, np.array(expected).reshape(-1, 3))


def test_a_table_without_categories_is_its_numbers() -> None:
    X = Matrix.of_numbers(np.arange(6, dtype=np.float32).reshape(3, 2), ["a", "b"])
    np.testing.assert_array_equal(Ranks.fit(X).table(X), X.numbers)
