"""A row that breaks a rule in both directions is not mended on both sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.clean.mending.rivals import one_of_two
from modelwright.clean.repairs import Repair
from modelwright.plan.tables.clean import Asked, clean

TOWNS = ("north", "south", "east", "west", "harbour", "airport", "centre", "forest")
MEANS = {"by shop": ("shop",), "by town": ("town",), "by zip": ("zip",)}


def repair(column: str, rule: str, confidence: float) -> Repair:
    return Repair(0, column, "old", "new", rule, confidence, confidence >= 0.9)


@pytest.mark.long
@pytest.mark.parametrize("labelled", [False, True])
def test_of_shop_and_town_at_most_one_is_changed(labelled: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 8, 300)
    shop, town = [f"S{10 + i}" for i in kind], [TOWNS[i] for i in kind]
    wrong = list(town)
    places = rng.choice(300, 8, replace=False).tolist()
    for i in places:
        wrong[i] = str(rng.choice([name for name in TOWNS if name != town[i]]))
    amount = [f"{x:.1f}" for x in rng.gamma(3, 4, 300)]
    pl.DataFrame({"shop": shop, "town": wrong, "amount": amount}).write_csv(tmp_path / "a.csv")
    labels = None
    if labelled:
        some = [i for i in range(60) if i not in places][:20]
        said = {"row": some, "shop": [shop[i] for i in some], "town": [town[i] for i in some]}
        pl.DataFrame(said).write_csv(tmp_path / "labels.csv")
        labels = tmp_path / "labels.csv"
    done = clean(tmp_path / "a.csv", Asked(labels=labels)).table
    for i in places:
        assert (done["shop"][i] == shop[i]) or (done["town"][i] == wrong[i]), "not both"


def test_a_repair_that_rests_on_a_wrong_cell_is_not_believed() -> None:
    shop = repair("shop", "by town", 0.95)
    town = repair("town", "by zip", 0.97)
    kept = one_of_two([shop, town], MEANS, 0.9, 0.3)
    assert [(one.column, one.confidence, one.applied) for one in kept] == [("town", 0.97, True)]


def test_the_surer_of_two_rivals_is_applied() -> None:
    kept = one_of_two([repair("shop", "by town", 0.5), repair("town", "by shop", 0.999)],
                      MEANS, 0.9, 0.3)  # fmt: skip
    assert [(one.column, one.applied) for one in kept] == [("town", True)]


def test_repairs_that_have_nothing_to_do_with_each_other_stay() -> None:
    both = [repair("shop", "by zip", 0.95), repair("town", "by zip", 0.96)]
    assert one_of_two(both, MEANS, 0.9, 0.3) == both
