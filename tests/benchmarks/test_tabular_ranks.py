"""The critical-difference diagram of the comparison with peers."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest


def loaded(name: str) -> ModuleType:
    """Give a module of benchmarks/, whose folder is not where imports are looked for."""
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RANKS = loaded("tabular_ranks")
SVG = "{http://www.w3.org/2000/svg}"


def drawn(ranks: dict[str, float], sets: int, path: Path) -> ET.Element:
    assert RANKS.write_ranks(ranks, sets, "b", path)
    return ET.fromstring(path.read_text("utf-8"))


def test_the_difference_is_that_of_the_paper() -> None:
    assert RANKS.critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)  # Demsar 2006, 3.2.2


def test_there_is_none_for_one_system_for_many_or_for_no_set(tmp_path: Path) -> None:
    assert RANKS.critical_difference(1, 14) is None
    assert RANKS.critical_difference(9, 14) is None
    assert not RANKS.write_ranks({"a": 1.4, "b": 1.6}, 0, "a", tmp_path / "ranks.svg")
    assert not (tmp_path / "ranks.svg").exists()


def test_every_system_is_named_with_its_rank_and_ours_is_set_off(tmp_path: Path) -> None:
    picture = drawn({"a": 2.5, "b": 1.25, "<c>": 2.25}, 50, tmp_path / "ranks.svg")
    texts = {text.text: text.get("class") for text in picture.iter(f"{SVG}text")}
    assert {"a 2.50": None, "b 1.25": "ours", "<c> 2.25": None}.items() <= texts.items()


@pytest.mark.parametrize(("sets", "bars"), [(2, 1), (50, 1), (5_000, 0)])
def test_bars_lie_over_systems_that_may_be_equal(tmp_path: Path, sets: int, bars: int) -> None:
    picture = drawn({"a": 1.2, "b": 2.3, "c": 2.5}, sets, tmp_path / "ranks.svg")
    thick = [line for line in picture.iter(f"{SVG}line") if line.get("class") == "bar"]
    assert len(thick) == 1 + bars  # the first one is the difference itself
    if sets == 50:  # only the last two are alike
        assert float(str(thick[1].get("x1"))) > float(str(thick[0].get("x1"))) + 100
