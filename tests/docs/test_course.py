"""Every row of the course map that is not planned leads to something that is there."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache

import pytest

from docs.pages import ROOT
from modelwright.cli import main

PAGE = ROOT / "docs" / "course.md"
TECHNIQUES = 66


@dataclass(frozen=True)
class Row:
    """One row of the map; the last three are empty when the technique is planned."""

    number: int
    technique: str
    reached: str
    file: str
    example: str

    @property
    def planned(self) -> bool:
        """Whether nothing is there yet."""
        return self.reached == "planned"


def rows(text: str) -> list[Row]:
    """Read the rows of the page's tables."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0].isdigit():
            number, technique, reached, *rest = cells
            file, example = (*rest, "", "")[:2]
            found.append(Row(int(number), technique, reached, file, example))
    return found


def quoted(cell: str) -> list[str]:
    """List what stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


ROWS = rows(PAGE.read_text(encoding="utf-8"))
PRESENT = [row for row in ROWS if not row.planned]


@cache
def resolve(words: str) -> None:
    """Find a command of the command line, or a dotted name; raise when it is not there."""
    if words.startswith("modelwright "):
        if main([words.split()[1], "--help"]):
            raise LookupError(words)
        return
    module, _, name = words.rpartition(".")
    getattr(importlib.import_module(module), name)


def test_every_technique_has_a_row() -> None:
    assert sorted({row.number for row in ROWS}) == list(range(1, TECHNIQUES + 1))


@pytest.mark.parametrize("row", PRESENT, ids=lambda row: f"{row.number}-{row.technique[:30]}")
def test_a_row_leads_to_something_that_is_there(row: Row) -> None:
    reached, files, examples = (quoted(cell) for cell in (row.reached, row.file, row.example))
    assert reached
    assert files
    assert examples, "a technique without an example is planned"
    for words in reached:
        resolve(words)
    for name in files:
        assert (ROOT / "src" / "modelwright" / name).is_file(), name
    # test_examples.py runs every example.
    for name in examples:
        assert (ROOT / "examples" / name).is_file(), name


def test_a_planned_row_promises_nothing() -> None:
    assert [row.number for row in ROWS if row.planned and (row.file or row.example)] == []


def test_a_row_is_read_as_it_is_written() -> None:
    (row,) = rows("| 7 | a thing | `modelwright fit` | `flow.py` | `10_workflow_fit.py` |")
    expected = Row(7, "a thing", "`modelwright fit`", "`flow.py`", "`10_workflow_fit.py`")
    assert row == expected


def test_what_is_not_there_does_not_resolve() -> None:
    with pytest.raises(LookupError):
        resolve("modelwright no-such-command")
    with pytest.raises(AttributeError):
        resolve("modelwright.core.seed.NoSuchName")
