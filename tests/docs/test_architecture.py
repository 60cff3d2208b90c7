"""The architecture page and its picture show the rooms that are there."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from docs.pages import ROOT
from guards.checkers import LEVEL, LINES

SRC = ROOT / "src" / "modelwright"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOMS = sorted(
    {path.parent.name for path in SRC.glob("*/__init__.py")}
    | {path.stem for path in SRC.glob("*.py") if not path.stem.startswith("__")}
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_on_the_page_and_in_the_picture(room: str) -> None:
    assert re.search(rf"^  {room}(/|\.py) ", PAGE, re.MULTILINE)
    picture = ET.parse(ROOT / "docs" / "architecture.svg")
    assert room in {text.text for text in picture.iter(f"{SVG}text")}


def test_the_page_orders_the_rooms_as_the_guard_does() -> None:
    stack = re.search(r"```text\n(cli\n.*?)```", PAGE, re.DOTALL)
    assert stack
    shown = [tuple(line.split(" | ")) for line in stack[1].splitlines()]
    lines = [tuple(room for room in line if room in ROOMS) for line in reversed(LINES)]
    assert [sorted(line) for line in shown] == [sorted(line) for line in lines if line]


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:\w+/)*\w+\.py)`", PAGE)
    assert named
    places = [SRC, ROOT, ROOT / "tests" / "guards"]
    assert [name for name in named if not any((place / name).is_file() for place in places)] == []


def test_every_room_of_the_plan_has_one_line() -> None:
    assert len(LEVEL) == sum(len(line) for line in LINES)
