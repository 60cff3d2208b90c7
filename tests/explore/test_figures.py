"""Plots as functions: what they draw and what they say."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import modelwright as mw
from explore.tables import HOSTILE, orders
from modelwright.core.errors import DataError
from modelwright.explore import (
    association_figure,
    balance_figure,
    box_figure,
    comparison_figure,
    correlation_figure,
    covariance_figure,
    distribution_figure,
    missing_figure,
    strength_figure,
)
from modelwright.explore.boxes import box_of, boxes_of
from modelwright.pages import Figure
from modelwright.pages.numerals import MINUS

NUMBERS = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=40)


def drawn(figure: Figure) -> ET.Element:
    """Parse the picture as a browser would; it holds no number that is none."""
    picture = ET.fromstring(figure.svg())
    assert figure.title
    assert figure.description.endswith(".")
    assert "nan" not in figure.drawing
    assert "inf" not in figure.drawing.lower().replace("information", "")
    return picture


@settings(max_examples=40)
@given(NUMBERS)
@example([1.0, 1.0, 1.1984620899082105e308, 0.5])
def test_any_numbers_are_drawn_or_refused(values: list[float]) -> None:
    if not any(math.isfinite(value) for value in values):
        with pytest.raises(DataError):
            distribution_figure(values)
        return
    drawn(distribution_figure(values, "x"))
    drawn(box_figure(values))
    drawn(comparison_figure([v for v in values if math.isfinite(v)], [1.0, 2.0]))


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
def test_boxes_are_those_of_numpy(values: list[float]) -> None:
    box = box_of(values)
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75])
    np.testing.assert_allclose(
        [box.lower, box.median, box.upper], [lower, median, upper], atol=1e-6
    )
    reach = 1.5 * (upper - lower)
    inside = [v for v in values if lower - reach <= v <= upper + reach]
    assert box.low <= min(inside, default=lower) + 1e-6
    assert box.high >= max(inside, default=upper) - 1e-6
    assert box.rows == len(values)
    assert box.low <= box.lower <= box.median <= box.upper <= box.high


def test_the_bar_in_a_box_is_the_median() -> None:
    figure = box_figure([1.0, 2.0, 9.0, 4.0, 5.0, 6.0], ["a", "a", "a", "b", "b", "b"])
    medians = [line for line in drawn(figure).iter() if line.get("class") == "line median"]
    bars = [line for line in drawn(figure).iter() if (line.get("class") or "") == "median"]
    assert len(bars or medians) == 2
    assert [row[4] for row in figure.data.rows] == ["2", "5"]
    assert "lowest in a (2) and highest in b (5)" in figure.description


def test_groups_that_are_numbers_stand_in_their_order() -> None:
    boxes = boxes_of(np.arange(30.0), [str(i % 12) for i in range(30)])
    assert [box.name for box in boxes] == [str(i) for i in range(12)]


def test_correlations_show_their_sign() -> None:
    x = np.arange(50.0)
    figure = correlation_figure({"up": x, "down": -x, "flat": np.sin(x)})
    picture = drawn(figure)
    classes = {path.get("class") for path in picture.iter() if path.tag.endswith("path")}
    assert any("b h7" in (name or "") for name in classes)
    assert figure.data.rows[0][2] == f"{MINUS}1"
    assert covariance_figure({"up": x, "down": -x}).data.rows[0][2] == "212"


def test_heat_maps_need_two_columns_of_one_length() -> None:
    with pytest.raises(DataError):
        correlation_figure({"a": [1.0, 2.0]})
    with pytest.raises(DataError):
        correlation_figure({"a": [1.0, 2.0], "b": [1.0]})


@pytest.mark.long
def test_every_plot_of_a_profile_can_be_drawn() -> None:
    found = mw.explore(orders(), "paid")
    assert found.target is not None
    figures = [
        association_figure(found.relations),
        correlation_figure(found.relations),
        covariance_figure(found.relations),
        missing_figure(found.missing, found.columns),
        strength_figure(found.target.associations, "paid"),
        balance_figure(found.target.balance, "paid"),
        *(box_figure(one.boxes, name=one.column, by=one.by) for one in found.boxes),
    ]
    for figure in figures:
        drawn(figure)
    assert found.boxes


def test_names_from_the_data_are_escaped() -> None:
    labels = [(name, 3) for name in HOSTILE]
    for figure in (
        balance_figure(labels, HOSTILE[0]),
        box_figure(np.arange(16.0), [*HOSTILE, *HOSTILE], name=HOSTILE[1], by=HOSTILE[2]),
        comparison_figure(pl.Series(HOSTILE), pl.Series(HOSTILE[:3]), HOSTILE[0]),
        correlation_figure({name: np.random.default_rng(i).normal(size=9)
                            for i, name in enumerate(HOSTILE)}),
    ):  # fmt: skip
        picture = drawn(figure)
        assert not [node for node in picture.iter() if node.tag.endswith(("script", "img"))]


def test_dates_are_compared_as_dates() -> None:
    begin = np.datetime64("2020-01-01")
    old, new = (begin + np.arange(0, 400) + shift for shift in (0, 500))
    for one, other in (
        (old.astype("datetime64[us]"), new.astype("datetime64[us]")),
        (pl.Series(old.astype("datetime64[ms]")), pl.Series(new.astype("datetime64[ms]"))),
        (pl.Series(old.tolist()), pl.Series(new.tolist())),
    ):
        figure = comparison_figure(one, other, "placed")
        drawn(figure)
        first, last = figure.data.rows[0][0], figure.data.rows[-1][0]
        assert first.startswith("20")
        assert " to 20" in first
        assert "2022" in last or "2021" in last
        assert figure.drawing.count(">20") > 1  # ticks


def test_boxes_of_very_long_names_take_no_more_memory_than_the_names() -> None:
    names = [letter * 100_000 for letter in "abc"]
    groups = [names[i % 3] for i in range(30_000)]
    assert [box.name[:1] for box in boxes_of(np.arange(30_000.0), groups)] == ["a", "b", "c"]


def test_groups_without_a_finite_number_or_a_name_are_left_out() -> None:
    boxes = boxes_of([1.0, np.nan, 3.0, 4.0], ["a", "b", None, "c"])  # type: ignore[list-item]
    assert [box.name for box in boxes] == ["a", "c"]
    assert boxes_of([], []) == ()
    with pytest.raises(DataError):
        boxes_of([1.0], ["a", "b"])
