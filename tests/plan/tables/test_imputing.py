from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.core.errors import OptionError
from modelwright.plan.tables.imputing import impute


def rooms(rows: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    area = rng.normal(70, 20, rows).round(1)
    frame = pl.DataFrame(
        {
            "area": area,
            "rooms": (area / 20 + rng.normal(0, 0.3, rows)).round(1),
            "town": rng.choice(["Rome", "Oslo"], rows),
            "rent": (area * 12 + rng.normal(0, 60, rows)).round(),
        }
    )
    gone = rng.random(rows) < 0.25
    return frame.with_columns(
        rooms=pl.when(~pl.Series(gone)).then("rooms"),
        rent=pl.when(pl.Series(rng.random(rows) > 0.05)).then("rent"),
    )


@pytest.mark.long
def test_a_file_without_gaps_and_the_evidence(tmp_path: Path) -> None:
    frame = rooms()
    frame.write_csv(tmp_path / "rooms.csv")
    found = impute(tmp_path / "rooms.csv", "rent")
    assert found.table.height == frame.height
    assert found.table.frame["rooms"].null_count() == 0
    assert found.table.frame["rent"].null_count() == frame["rent"].null_count()
    assert found.choice is not None
    (one,) = found.choice.columns
    assert one.column == "rooms"
    assert one.method != "median"
    assert {s.model for s in found.choice.strategies} == {"linear", "lightgbm"}
    assert found.log.height == frame["rooms"].null_count()
    assert found.log["confidence"].unique().to_list() == [pytest.approx(one.confidence)]
    assert found.log["old"].null_count() == found.log.height
    again = found.imputer.transform(found.table)
    assert again.frame.equals(found.table.frame)


def test_the_way_may_be_given() -> None:
    found = impute(rooms(), method="mean", indicators=True)
    assert found.choice is None
    assert found.log["confidence"].null_count() == found.log.height
    assert {"rooms is missing", "rent is missing"} <= set(found.table.frame.columns)
    with pytest.raises(OptionError, match="median"):
        impute(rooms(), method="medain")


def test_no_gaps_at_all() -> None:
    found = impute({"a": list(range(30)), "b": list("abc" * 10)})
    assert found.log.height == 0
    assert found.to_json()["filled"] == {}
