"""Real tables against expectations that were written from the raw tables, before any detector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelwright.plan.tables.check import Checked, check

EXPECTED = Path(__file__).parent / "expected" / "structure.json"
SMALL = ("abalone", "hitters_salary", "triazines", "space_missions", "life_expectancy")


def _expected() -> dict[str, Any]:
    if not EXPECTED.is_file():
        pytest.skip(f"no expectations at {EXPECTED.name}")
    sets: dict[str, Any] = json.loads(EXPECTED.read_text(encoding="utf-8"))["sets"]
    return sets


def _checked(folder: Path) -> Checked:
    about = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return check(folder / "train.csv.gz", about["target"], task=about["task"])


def _right(found: Checked, wanted: dict[str, Any]) -> bool:
    best = found.recommended
    if best.kind == "random":
        return bool(wanted["structure"] == "iid")
    columns = wanted["order" if best.kind == "time" else "group"]
    return bool(wanted["structure"] == best.kind and set(best.columns) & set(columns))


@pytest.mark.long
@pytest.mark.parametrize("name", SMALL)
def test_small_tables_are_split_as_expected(name: str, shared_data: Path) -> None:
    expected = _expected()[name]
    found = _checked(shared_data / "tabular" / name)
    assert any(_right(found, one) for one in (expected, *expected["accepted"])), found


@pytest.mark.slow
def test_most_tables_are_split_as_expected(shared_data: Path) -> None:
    expected = _expected()
    right = {
        name: _right(_checked(shared_data / "tabular" / name), one)
        for name, one in expected.items()
    }
    plain = [name for name in right if expected[name]["structure"] == "iid"]
    others = [name for name in right if name not in plain]
    assert sum(right[name] for name in others) >= 0.8 * len(others), right
    assert sum(not right[name] for name in plain) <= 0.1 * len(plain), right
