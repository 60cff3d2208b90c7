"""Cells as codes: nothing is lost, and a missing cell is one whatever it was."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.coded import MISSING, code_table
from modelwright.core.errors import DataError

CELLS = st.lists(st.one_of(st.none(), st.text(max_size=6)), max_size=40)


@given(cells=CELLS)
def test_codes_lead_back_to_the_cells(cells: list[str | None]) -> None:
    coded = code_table(pl.DataFrame({"a": pl.Series(cells, dtype=pl.String)}))
    values = coded.values[0].to_list()
    back = [None if code == MISSING else values[code] for code in coded.codes[:, 0].tolist()]
    assert back == [cell or None for cell in cells]
    assert coded.counts[0].tolist() == sorted(coded.counts[0].tolist(), reverse=True)
    assert coded.known(0) == sum(bool(cell) for cell in cells)


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(DataError, match="text in column 'n'"):
        code_table(pl.DataFrame({"n": [1, 2]}))


def test_what_is_found_of_values_goes_to_their_cells() -> None:
    import numpy as np

    coded = code_table(pl.DataFrame({"a": ["x", None, "y", "x"]}))
    spread = coded.spread(0, np.array([0.5, 0.25], np.float32), missing=-1.0)
    assert spread.tolist() == [0.5, -1.0, 0.25, 0.5]
