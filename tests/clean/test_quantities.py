"""Amounts, dates and codes are no typing errors of each other; mistyped ones still are."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from modelwright.clean.coded import code_table
from modelwright.clean.detect import detect
from modelwright.clean.detectors.typos import near_frequent
from modelwright.clean.numbers import numbers_of
from modelwright.clean.quantities import Quantities, builds
from modelwright.clean.repair import repair


def amounts(rows: int = 300) -> list[str]:
    """Write amounts as people in Germany do, with several signs of money."""
    draw = np.random.default_rng(0)
    found = []
    for value in draw.lognormal(7, 0.8, rows):
        plain = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
        found.append(f"{plain} {draw.choice(['€', '€', '€', 'EUR', '$'])}")
    return found + found[:40] * 3


@pytest.mark.parametrize(
    ("usual", "rare"),
    [
        ("1.234,50 €", "234,50 €"),
        ("1.234,50 €", "1.234,51 EUR"),
        ("12.03.2024", "2024-03-13"),
        ("19 Jul 2023", "19. Jan 2024"),
        ("A-00412", "C-00413"),
    ],
)
def test_two_quantities_are_no_slips_of_each_other(usual: str, rare: str) -> None:
    others = [f"{i},00 €" for i in range(9)] if "€" in usual else [usual]
    texts = [usual, *[one for one in others if one != usual], rare]
    counts = np.array([30, *[4] * (len(texts) - 2), 10])
    assert near_frequent(texts, counts).place[-1] == -1


def test_a_mistyped_quantity_is_near_the_right_one() -> None:
    texts, counts = ["2053258100", "3342938200", "20532x8100"], np.array([60, 40, 1])
    assert near_frequent(texts, counts).place.tolist() == [-1, -1, 0]
    made = Quantities.of(dict(zip(texts, counts.tolist(), strict=True)))
    assert made.differ(["20532x8100", "2053258109"], ["2053258100"] * 2) == [False, True]


def test_words_are_compared_as_before() -> None:
    made = Quantities.of({"rome": 5, "oslo": 5})
    assert made.differ(["rxme"], ["rome"]) == [False]
    assert made.usual == frozenset()
    assert builds(pl.Series(["New York, NY 10001"])).to_list() == ["w w, w 9"]


def test_amounts_written_as_text_are_neither_suspected_nor_proposed() -> None:
    cells = pl.DataFrame({"id": [f"K{i:04}" for i in range(420)], "income": amounts()})
    found = detect(cells)
    assert found.wrong()[:, 1].mean() < 0.01
    made = repair(cells, found)
    assert [one for one in made if one.new is not None and one.column == "income"] == []
    # even where somebody else holds them for wrong, no amount stands for another
    chance = found.chance.copy()
    chance[::7, 1] = 0.9
    forced = repair(cells, type(found)(found.columns, chance, found.reason, found.reasons))
    near = [one for one in forced if "written nearly so" in one.rule]
    assert near == []


def test_decimal_commas_are_numbers() -> None:
    found = numbers_of(code_table(pl.DataFrame({"a": ["1.234,50 €", "99,9 €", "7 €"]})), 0)
    assert found is not None
    assert sorted(found.amount.tolist()) == [7.0, 99.9, 1234.5]
    assert set(found.unit) == {"€"}
