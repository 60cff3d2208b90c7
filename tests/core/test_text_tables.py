"""Columns line up, fit into the terminal, and no number loses a digit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.text_tables import cut, lay_out, letters_wide, padded

SCORES = [
    ["", "score", "95 %"],
    ["brier", "0.0008817395", "0.00071 to 0.00112"],
    ["area_under_the_precision_recall_curve", "0.5", "0.41 to 0.58"],
    ["rmse", "154,321", "1.2e+18 to 3e+19"],
]


def test_a_long_number_does_not_run_into_its_neighbour() -> None:
    lines = lay_out(SCORES, 80).splitlines()
    assert lines[1].split() == ["brier", "0.0008817395", "0.00071", "to", "0.00112"]
    ends = {line.index(cells[1]) + len(cells[1]) for line, cells in zip(lines, SCORES, strict=True)}
    assert len(ends) == 1  # numbers end below each other
    starts = {line.rindex(cells[2]) for line, cells in zip(lines, SCORES, strict=True)}
    assert len(starts) == 1


@pytest.mark.parametrize("width", [40, 60, 80])
def test_names_give_way_and_numbers_stay_whole(width: int) -> None:
    text = lay_out(SCORES, width)
    assert max(map(letters_wide, text.splitlines())) <= width
    for row in SCORES[1:]:
        assert row[1] in text
        assert row[2] in text
    assert ("…" in text) is (width < 75)


def test_wide_letters_count_twice() -> None:
    rows = [["town", "rows"], ["東京都", "12"], ["Zürich", "3"], ["e\u0301tage", "450"]]
    lines = lay_out(rows, 60).splitlines()
    assert {letters_wide(line) for line in lines} == {12}
    assert letters_wide(cut("東京都千代田区", 7)) <= 7
    assert letters_wide(padded("東京", 6)) == 6


def test_what_has_no_room_follows_below_with_the_names_again() -> None:
    share = "0.123 (0.101 to 0.145)*"
    rows = [["town", "rows", "chosen", "found", "right"],
            *([name, "1,200", share, share, share] for name in ("Rome", "Oslo"))]  # fmt: skip
    assert len(lay_out(rows, 100).split("\n\n")) == 1
    parts = lay_out(rows, 60, names=2).split("\n\n")
    assert len(parts) == 3
    for part, head in zip(parts, rows[0][2:], strict=True):
        lines = part.splitlines()
        assert lines[0].split() == ["town", "rows", head]
        assert [line.split()[0] for line in lines[1:]] == ["Rome", "Oslo"]
        assert share in lines[1]


def test_a_head_longer_than_its_numbers_is_cut_and_the_numbers_are_not() -> None:
    long = "mean_absolute_percentage_error(weighted=true)"
    lines = lay_out([["name", long, "seconds"], ["lightgbm-deep", "0.123456", "12.5"]], 44)
    assert "…" in lines.splitlines()[0]
    assert "0.123456" in lines
    assert "lightgbm-deep" in lines
    assert max(map(len, lines.splitlines())) <= 44


def test_text_from_data_neither_moves_the_cursor_nor_breaks_a_line() -> None:
    text = lay_out([["a", "b"], ["x\x1b[2J\ny", "1"], ["\u202eevil", "2"]], 60)
    assert len(text.splitlines()) == 3
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_rows_may_end_early_and_tables_be_empty() -> None:
    assert lay_out([]) == ""
    assert lay_out([[]]) == ""
    assert lay_out([["data", "", ""], ["  rows", "1", "2"]], 40) == "data\n  rows  1  2"
    assert lay_out([["a"], ["b", "1"]], 40) == "a\nb  1"


CELLS = st.text(st.sampled_from("ab 1.9-%漢字é\n\x07…"), max_size=30)


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6), st.integers(44, 120)
)
def test_any_table_fits_and_keeps_its_rows(rows: list[list[str]], width: int) -> None:
    parts = lay_out(rows, width).split("\n\n") if any(map(any, rows)) else []
    for part in parts:
        assert all(letters_wide(line) <= width for line in part.splitlines())


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_every_number_stays_as_it_was(values: list[float]) -> None:
    body = [[f"line {i}", f"{value:.6g}", f"{value:.3g} to {value:.6g}"]
            for i, value in enumerate(values)]  # fmt: skip
    text = lay_out([["what", "value", "between"], *body], 40)
    for row in body:
        assert re.search(rf"(?<!\S){re.escape(row[1])}(?!\S)", text)
        assert row[2] in text


def test_a_cell_of_millions_of_letters_is_cut_at_once() -> None:
    (head, line) = lay_out([["name", "size"], ["x" * 10**7, "12"]], 40).splitlines()
    assert (head[-4:], line[-2:], len(line)) == ("size", "12", 40)
