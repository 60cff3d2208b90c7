"""Drift of features and of answers are two things, and small samples get no verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.core.codes import CODES


def visits(rows: int, seed: int, *, share: float = 0.3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    ill = rng.random(rows) < share
    return pl.DataFrame(
        {
            "dose": rng.normal(40, 9, rows),
            "age": rng.normal(50, 9, rows),
            "ill": np.where(ill, "yes", "no").tolist(),
        }
    )


def test_a_target_that_moved_is_no_drift_of_a_column() -> None:
    found = mw.drift(visits(900, 0), visits(300, 1, share=0.7), "ill")
    assert found.drifted == ()
    assert {one.column for one in found.columns} == {"dose", "age"}
    assert found.target is not None
    assert found.target.drifted
    assert "the target moved: 'ill' " in str(found)
    assert str(found).startswith("0 of 2 columns drifted")
    (finding,) = found.findings()
    assert (finding.code, finding.columns) == ("target-moved", ("ill",))
    assert finding.code in CODES
    told = found.to_json()
    assert told["target"]["drifted"]
    assert "ill" not in {one["column"] for one in told["columns"]}


def test_a_column_that_drifted_is_no_moved_target() -> None:
    new = visits(300, 1).with_columns(pl.col("dose") + 20)
    found = mw.drift(visits(900, 0), new, "ill")
    assert [one.code for one in found.findings()] == ["drift"]
    assert [one.column for one in found.drifted] == ["dose"]
    assert mw.drift(visits(900, 0), new.drop("ill"), "ill").target is None


@pytest.mark.parametrize("rows", [1, 4, 29])
def test_few_rows_are_too_few_to_tell(rows: int) -> None:
    new = visits(rows, 1, share=1.0).with_columns(pl.col("dose") + 500)
    found = mw.drift(visits(900, 0), new, "ill")
    assert found.few
    assert found.findings() == ()
    word = "1 new row is" if rows == 1 else f"{rows} new rows are"
    assert str(found) == f"{word} too few to tell whether new rows differ: at least 30 are needed"


def test_a_profile_tells_the_target_apart_and_few_rows(tmp_path: Path) -> None:
    found = mw.explore(visits(900, 0), "ill", test=visits(300, 1, share=0.7))
    codes = [one.code for one in found.findings]
    assert "target-moved" in codes
    assert "drift" not in codes
    assert found.comparison is not None
    assert found.comparison.target is not None
    page = found.write(tmp_path / "p.html").read_text(encoding="utf-8")
    assert "The answers are spread otherwise" in page
    few = mw.explore(visits(900, 0), "ill", test=visits(4, 1).with_columns(pl.col("dose") + 500))
    assert "few-test-rows" in [one.code for one in few.findings]
    assert "4 test rows are too few to tell whether they differ" in str(few)
    assert few.to_json()["test"]["columns"][0]["few"]
