from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.core.errors import ColumnError, DataError
from modelwright.plan.tables.joining import aggregate_files, join_files, read_decisions


def test_keys_keep_their_text(tmp_path: Path) -> None:
    (tmp_path / "left.csv").write_text("id,x\n007,a\n7,b\n")
    (tmp_path / "right.csv").write_text("id,y\n007,1\n8,2\n")
    found = join_files(tmp_path / "left.csv", tmp_path / "right.csv", ["id"])
    assert found.frame["id"].to_list() == ["007", "7"]
    assert found.frame["y"].is_null().to_list() == [False, True]


def test_dates_and_money_in_text_are_read_for_aggregates(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("who,since\na,2024-03-01\nb,2024-01-01\n")
    lines = [f'{who},2024-0{m}-10,"$1,{m}00.00"' for who in "ab" for m in range(1, 7)]
    (tmp_path / "orders.csv").write_text("who,day,paid\n" + "\n".join(lines) + "\n")
    found = aggregate_files(
        tmp_path / "people.csv", tmp_path / "orders.csv", ["who"], before="since=day"
    )
    assert found.frame["since"].to_list() == ["2024-03-01", "2024-01-01"] or str(
        found.frame["since"].dtype
    ).startswith("Date")
    assert found.frame["rows"].to_list() == [2, 0]
    assert found.frame["paid: mean"].to_list() == [1150.0, None]


def test_times_that_are_text() -> None:
    words = {"who": ["a"] * 3, "when": ["soon", "late", "never"]}
    with pytest.raises(DataError, match="dates or numbers"):
        aggregate_files(words, words, ["who"], before="when")


def test_decisions_are_read_and_checked() -> None:
    good = {"left": ["a", "b"], "right": ["x", "y"], "applied": [True, False]}
    assert read_decisions(good) == {("a", "x"): True, ("b", "y"): False}
    with pytest.raises(ColumnError, match="applied"):
        read_decisions({"left": ["a"], "right": ["x"]})
    with pytest.raises(DataError, match="maybe"):
        read_decisions({"left": ["a"], "right": ["x"], "applied": ["maybe"]})
    with pytest.raises(DataError, match="both"):
        read_decisions({"left": ["a", "a"], "right": ["x", "x"], "applied": ["yes", "no"]})
