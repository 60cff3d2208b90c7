"""Work on a cell grows with its length, not with the square of it."""

from __future__ import annotations

import pytest

from modelwright.acquire.meaning.scales import find_levels
from modelwright.acquire.raw import Reading
from modelwright.acquire.text.dialect import find_dialect
from modelwright.acquire.text.header import header_is_absent

LETTERS = 100_000  # the square of it would take minutes


@pytest.mark.parametrize("cell", ["1" * LETTERS + "x", "1" * LETTERS, " " * LETTERS + "x"])
def test_a_long_cell_of_digits(cell: str) -> None:
    rows = [["a", "b"], [cell, "2"], *[["1", "2"]] * 4]
    assert not header_is_absent(rows)
    assert header_is_absent([["a", "1"], [cell, "2"], *[["a", "2"]] * 40])
    text = "".join(f"{a}~{b}~{b}\n" for a, b in rows)
    found = find_dialect(text, Reading())
    assert found is not None
    assert found.separator == "~"


def test_a_long_label_has_no_order() -> None:
    assert find_levels("a", ["low", "high", "not " * LETTERS]) == ((), "")
