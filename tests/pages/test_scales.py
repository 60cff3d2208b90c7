"""Scales and numbers."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.pages.numerals import compact, date, number, percent, signed
from modelwright.pages.plot import Plot, text_width
from modelwright.pages.scales import LINEAR, LOG, TIME, Scale

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(FINITE, FINITE, st.sampled_from([LINEAR, LOG, TIME]), FINITE)
def test_a_place_is_always_on_the_picture(low: float, high: float, kind: str, value: float) -> None:
    scale = Scale.over(min(low, high), max(low, high), 40, 400, kind)
    assert 40 - 1e-6 <= scale.place(value) <= 400 + 1e-6
    for at, text in scale.ticks(5):
        assert math.isfinite(at)
        assert text


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 8))
def test_ticks_are_round_few_and_inside(low: float, width: float, count: int) -> None:
    scale = Scale.over(low, low + width, 0, 100)
    ticks = [value for value, _ in scale.ticks(count)]
    assert len(ticks) <= count + 2
    assert all(scale.low - width * 1e-6 <= value <= scale.high + width * 1e-6 for value in ticks)


def test_a_scale_may_run_backwards() -> None:
    scale = Scale.over(10, 0, 0, 100)
    assert scale.places(np.array([10, 5, 0, -3, 12])).tolist() == [0, 50, 100, 100, 0]


def test_a_log_scale_needs_values_above_zero() -> None:
    assert Scale.over(0, 10, 0, 1, LOG).kind == LINEAR
    assert [text for _, text in Scale.over(1, 1e6, 0, 1, LOG).ticks(3)] == ["1", "100", "10k", "1M"]


@pytest.mark.parametrize(
    ("days", "ticks"),
    [
        (0.5, ["00:00", "03:00", "06:00", "09:00", "12:00"]),
        (10, ["01-01", "01-03", "01-05", "01-07", "01-09", "01-11"]),
        (365 * 3, ["1970-01", "1971-01", "1972-01"]),
        (365.25 * 40, ["1970", "1980", "1990", "2000"]),
    ],
)
def test_moments_are_written_as_exactly_as_needed(days: float, ticks: list[str]) -> None:
    found = [text for _, text in Scale.over(0, days * 86_400, 0, 1, TIME).ticks(5)]
    assert found[: len(ticks)] == ticks


@given(st.floats())
def test_any_number_can_be_written(value: float) -> None:
    assert number(value)
    assert percent(value)
    assert date(value)
    assert signed(value)
    if math.isfinite(value):
        assert compact(value)


def test_shares_are_never_rounded_to_all_or_nothing() -> None:
    told = [percent(x, 1).replace("\xa0", " ") for x in (0.0, 1e-9, 0.5, 1 - 1e-9, 1.0)]
    assert told == ["0.0 %", "<0.1 %", "50.0 %", ">99.9 %", "100.0 %"]


def test_dates_outside_the_calendar_are_moved_into_it() -> None:
    assert date(1e30) == "9999-12-31"
    assert date(-1e30) == "0001-01-01"


def test_the_left_margin_holds_the_labels_of_the_axis() -> None:
    plot = Plot((0, 1), (0.604, 0.608), size=(330, 240))
    ticks = [(0.604, "60.40 %"), (0.606, "60.60 %")]
    plot.axes("x", "y", y_ticks=ticks)
    place = next(
        float(found[1]) for found in re.finditer(r'class="tick end" x="([\d.]+)"', plot.drawing())
    )
    assert text_width("60.60 %", 14) < place < plot.left
    assert plot.x.place(0) == plot.left
    assert plot.x.place(1) == plot.right


def test_a_plot_with_short_labels_keeps_its_margin() -> None:
    plot = Plot((0, 1), (0, 1), size=(330, 240))
    before = plot.left
    plot.axes("x", "y")
    assert plot.left == before
