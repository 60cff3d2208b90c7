"""Each detector finds what it is for, and leaves clean cells alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from modelwright.clean.cells import Labels
from modelwright.clean.coded import Coded, code_table
from modelwright.clean.dependencies import dependencies
from modelwright.clean.detect import detect
from modelwright.clean.detectors.disguised import disguised
from modelwright.clean.detectors.frequency import rare_values
from modelwright.clean.detectors.grams import gram_support, odd_letters
from modelwright.clean.detectors.joint_outliers import (
    Joint,
    apart_from_neighbours,
    isolated,
    odd_together,
)
from modelwright.clean.detectors.minority import differing
from modelwright.clean.detectors.outliers import beyond_fences, by_deviation, far_numbers
from modelwright.clean.detectors.patterns import odd_shapes
from modelwright.clean.detectors.spelling import inconsistent
from modelwright.clean.detectors.told import Told
from modelwright.clean.detectors.twins import differing_from_twins, twin_rows
from modelwright.clean.detectors.typos import misspelled, near_frequent
from modelwright.clean.numbers import numbers_of
from modelwright.clean.shapes import shapes_of

Detector = Callable[[Coded], Told]


def shapes(coded: Coded) -> Told:
    return odd_shapes(coded, 0, shapes_of(coded.values[0]))


def spelling(coded: Coded) -> Told:
    return inconsistent(coded, 0, numbers_of(coded, 0))


def hidden(coded: Coded) -> Told:
    return disguised(coded, 0, numbers_of(coded, 0))


def far(coded: Coded) -> Told:
    return far_numbers(coded, 0, numbers_of(coded, 0))


def letters(coded: Coded) -> Told:
    return odd_letters(coded, 0)


def typos(coded: Coded) -> Told:
    return misspelled(coded, 0)


def rare(coded: Coded) -> Told:
    return rare_values(coded, 0)


DRAW = np.random.default_rng(0)
ZIPS = [f"{z:05d}" for z in DRAW.integers(10_000, 99_999, 300)]
TOWNS = ["Birmingham"] * 120 + ["Montgomery"] * 100 + ["Huntsville"] * 80
AMOUNTS = [f"{x:.1f}" for x in DRAW.normal(50, 5, 300)]
SKEWED = [f"{x:.1f}" for x in np.exp(DRAW.normal(3, 1, 300))]
SIZES = ["12 oz"] * 200 + ["16 oz"] * 100
ANSWERS = ["yes"] * 200 + ["no"] * 100
CASES = ["heart attack patients given aspirin"] * 80 + ["pneumonia patients"] * 60

FINDS = [
    (shapes, ZIPS, "1234O"),
    (shapes, ZIPS, "123"),
    (letters, TOWNS, "Birminghxm"),
    (typos, TOWNS, "Birminghxm"),
    (typos, TOWNS, "Montogmery"),
    (typos, CASES, "heart attxck patients with fever"),
    (spelling, TOWNS, "birmingham"),
    (spelling, TOWNS, "Huntsville "),
    (spelling, TOWNS, "BIRMINGHAM"),
    (spelling, SIZES, "12 ounces"),
    (spelling, TOWNS, "Mont gomery\u00a0"),
    (hidden, AMOUNTS, "n/a"),
    (hidden, AMOUNTS, "-999"),
    (hidden, TOWNS, "unknown"),
    (far, AMOUNTS, "5000"),
    (far, SKEWED, "99999999"),
    (rare, ANSWERS, "oui"),
]  # fmt: skip


@pytest.mark.parametrize(("detector", "usual", "odd"), FINDS)
def test_a_detector_finds_what_it_is_for(detector: Detector, usual: list[str], odd: str) -> None:
    cells = [*usual, odd]
    told = detector(code_table(pl.DataFrame({"a": cells})))
    assert told.chance[-1] > 0.2
    assert told.chance[-1] == told.chance.max()
    assert told.chance[:-1].max() < 0.2
    assert "'a'" in told.reason


@pytest.mark.parametrize("detector", [shapes, letters, typos, spelling, hidden, far, rare])
@pytest.mark.parametrize("cells", [ZIPS, TOWNS, AMOUNTS, SKEWED, SIZES, ANSWERS])
def test_clean_columns_are_left_alone(detector: Detector, cells: list[str]) -> None:
    told = detector(code_table(pl.DataFrame({"a": cells})))
    assert (told.chance > 0.5).mean() < 0.01


EMPTY: list[list[str | None]] = [
    [None, None],
    [None, "x"],
    ["x"],
    ["", "\ufffd\x00"],
    ["9" * 4000, "a"],
]


@pytest.mark.parametrize("cells", EMPTY)
@pytest.mark.parametrize("detector", [shapes, letters, typos, spelling, hidden, far, rare])
def test_odd_columns_break_nothing(detector: Detector, cells: list[str | None]) -> None:
    told = detector(code_table(pl.DataFrame({"a": pl.Series(cells, dtype=pl.String)})))
    assert told.chance.shape == (len(cells),)
    assert np.isfinite(told.measures).all()
    assert ((told.chance >= 0) & (told.chance <= 1)).all()


def test_a_code_that_most_cells_hold_is_an_answer() -> None:
    cells = ["999"] * 400 + [str(x) for x in range(1, 31)] * 3
    assert hidden(code_table(pl.DataFrame({"a": cells}))).chance.max() < 0.5


def test_every_column_has_as_many_measures() -> None:
    for detector in (shapes, letters, typos, spelling, hidden, far, rare):
        widths = {
            detector(code_table(table)).measures.shape[1]
            for cells in (*EMPTY, ZIPS, TOWNS)
            for table in [pl.DataFrame({"a": pl.Series(cells, dtype=pl.String)})]
        }
        assert len(widths) == 1


def test_numbers_that_differ_are_no_typing_errors() -> None:
    found = near_frequent(["2053258100", "2053258109"], np.array([50, 1]))
    assert found.place.tolist() == [-1, -1]


def test_letters_that_stand_nowhere_else_have_no_support() -> None:
    values = pl.Series(["hospital", "hospitals", "hospixal"])
    least, _ = gram_support(values, np.array([50, 10, 1]))
    assert least.argmin() == 2


def test_distances_on_a_scale_are_those_of_the_textbook() -> None:
    numbers = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 30.0, np.nan])
    off = by_deviation(numbers)
    assert off[5] == pytest.approx((30 - 3.5) / (1.4826 * 1.5))
    assert off[6] == 0
    low, high = 2.25, 4.75
    assert beyond_fences(numbers)[5] == pytest.approx((30 - high) / (high - low) - 1.5)
    assert beyond_fences(numbers)[6] == 0


DEGREES = ["5"] * 40 + ["3", "4", "6", "7"] * 10
SHADES = ["black&white", "red & blue", "green"] * 40


@pytest.mark.parametrize(
    ("usual", "sound"), [(DEGREES, "-5"), (SHADES, "black&green"), (SHADES, "at&t")]
)
def test_signs_that_mean_something_are_no_slips_of_writing(usual: list[str], sound: str) -> None:
    told = spelling(code_table(pl.DataFrame({"a": [*usual, sound]})))
    assert told.chance.max() < 0.2


def test_entities_of_pages_are_slips_of_writing() -> None:
    told = spelling(code_table(pl.DataFrame({"a": [*SHADES, "red &amp; blue", "Bill&#39;s"]})))
    assert np.flatnonzero(told.chance > 0.5).tolist() == [120, 121]


HUGE = ["1e308", "-1e308", "1.7e308", "-1.7e308", "5e-324", "0"]


@pytest.mark.long
def test_numbers_of_any_size_are_judged_without_a_word() -> None:
    cells = pl.DataFrame({"a": HUGE * 5, "b": HUGE[::-1] * 5, "c": ["1", "2", "3"] * 10})
    found = detect(cells, labels=Labels(np.array([0, 1]), cells[:2]))
    assert np.isfinite(found.chance).all()
    assert (far(code_table(cells)).measures < 1e4).all()


def joint() -> NDArray[np.float64]:
    draw = np.random.default_rng(0)
    x = draw.normal(size=600)
    rows = np.column_stack([x, x + draw.normal(0, 0.1, 600)])
    rows[17] = [30.0, -30.0]
    return rows


def test_rows_that_stand_apart_are_found_and_their_numbers_judged() -> None:
    rows = joint()
    assert isolated(rows, 0).argmax() == apart_from_neighbours(rows, 0).argmax() == 17
    cells = code_table(pl.DataFrame({"a": [f"{x:.4f}" for x in rows[:, 0]]}))
    told = odd_together(cells, 0, numbers_of(cells, 0), Joint.of(rows, 0))
    assert told.chance.argmax() == 17
    assert (told.chance > 0).sum() == 1


def test_the_minority_of_a_group_is_found_and_gaps_are_told() -> None:
    rows = [(f"z{i % 20}", f"town {i % 20}") for i in range(400)]
    table = pl.DataFrame(rows, schema=["zip", "town"], orient="row")
    broken = table["town"].to_list()
    broken[5], broken[9] = "elsewhere", None
    coded = code_table(table.with_columns(town=pl.Series(broken)))
    told = differing(coded, 1, dependencies(coded)[1])
    assert np.flatnonzero(told.chance > 0.5).tolist() == [5, 9]
    assert "'zip'" in told.reason


def test_rows_that_are_nearly_equal_are_compared() -> None:
    draw = np.random.default_rng(0)
    rows = [tuple(f"{c}{draw.integers(150)}" for c in "abcdef") for _ in range(200)]
    twins = [row for row in rows for _ in range(2)]
    twins[100] = (*twins[100][:5], "odd")
    coded = code_table(pl.DataFrame(twins, schema=list("abcdef"), orient="row"))
    pairs = twin_rows(coded)
    assert len(pairs.left) >= 195
    told = differing_from_twins(coded, 5, pairs)
    assert set(np.flatnonzero(told.chance > 0.2).tolist()) == {100, 101}
