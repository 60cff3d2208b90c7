"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.numerals import aligned, number, signed

usual = st.floats(-1e14, 1e14).filter(lambda x: x == 0 or abs(x) > 1e-3)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (154321.4, 5, "154,321"),
        (99999.6, 5, "100,000"),
        (12345.6, 5, "12,346"),
        (1234.5, 5, "1,234.5"),
        (1234.0, 5, "1,234"),
        (999.96, 4, "1,000"),
        (999.9, 3, "1,000"),
        (0.81234567, 5, "0.81235"),
        (-0.00012345, 4, "-0.0001234"),
        (1.5e-7, 5, "1.5e-07"),
        (2e15, 5, "2e+15"),
        (-0.0, 5, "0"),
        (math.nan, 5, "nan"),
        (-math.inf, 5, "-inf"),
    ],
)
def test_numbers(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@given(usual, st.integers(2, 8))
def test_a_number_can_be_read_back_to_its_digits(value: float, digits: int) -> None:
    text = number(value, digits)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(value, rel=10.0 ** (1 - digits))
    assert signed(value, digits).lstrip("+") == text


@given(st.lists(usual, min_size=1, max_size=9))
def test_numbers_below_each_other_have_as_many_decimals(values: list[float]) -> None:
    texts = aligned(values)
    assert len({len(text.partition(".")[2]) for text in texts}) == 1
    largest = max(map(abs, values))
    for value, text in zip(values, texts, strict=True):
        assert float(text.replace(",", "")) == pytest.approx(value, abs=0.5e-3 * largest)
        assert text not in ("-0", "-0.0", "-0.00", "-0.000", "-0.0000")


def test_numbers_too_small_or_too_large_to_be_aligned_stand_alone() -> None:
    assert aligned([1e-9, 2.5e-8]) == ["1e-09", "2.5e-08"]
    assert aligned([1e16, -3.0], sign=True) == ["+1e+16", "-3"]
    assert aligned([math.nan, 0.0]) == ["nan", "0.000"]
    assert aligned([]) == []
