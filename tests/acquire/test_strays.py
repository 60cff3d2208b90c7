"""Sums below a table and names among its rows are no rows; what only looks like them is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.core.errors import ModelwrightWarning
from modelwright.stats.strays import names_again, totals_below
from test_flow import quick, table

ROWS = [["a", "x", "1", "7"], ["b", "y", "2", "8"], ["c", "x", "3", "9"]]


def frame(*below: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame([*ROWS, *below], schema=["name", "kind", "size", "price"], orient="row")


@pytest.mark.parametrize(
    ("below", "count"),
    [
        ([["Total", None, None, "24"]], 1),
        ([["Summe:", None, "6", None]], 1),
        ([[None, "TOTAL", None, "24"]], 1),
        ([["Subtotal", None, None, "24"], ["Grand total", "", "", "24"]], 2),
        ([], 0),
        ([["Total", "x", "4", "24"]], 0),
        ([["Totals of May", None, None, "24"]], 0),
        ([["d", None, None, None]], 0),
        ([["total", None, None, "1"], ["d", "x", "4", "5"]], 0),
        ([["total", None, "3", "1"], ["d", "x", "4", "5"], ["total", None, None, "5"]], 0),
    ],
)
def test_totals_are_counted(below: list[list[str | None]], count: int) -> None:
    assert totals_below(frame(*below)) == count


def test_a_table_of_totals_alone_stays() -> None:
    alone = pl.DataFrame({"a": ["total"], "b": [None], "c": [None]})
    assert totals_below(alone) == 0


@pytest.mark.long
def test_a_fit_leaves_the_sum_out_and_a_prediction_does_not(tmp_path: Path) -> None:
    rows = table().select("zone", "area", "rooms", "price")
    path = tmp_path / "houses.csv"
    path.write_text(rows.write_csv() + f"Total,,,{rows['price'].sum()}\n")
    result = mw.fit(path, "price", settings=quick(trials=1))
    assert result.model.card.rows == rows.height
    assert any("Totals at the end" in note for note in result.model.card.notes)
    assert result.model.card.score is not None
    assert result.model.card.score < 50
    with pytest.warns(
        ModelwrightWarning, match="Totals at the end were given no prediction: 1 row"
    ):
        answers = result.predict(path)
    assert answers.height == rows.height + 1
    assert answers["prediction"].null_count() == 1
    assert answers["prediction"][-1] is None
    with pytest.warns(ModelwrightWarning, match="no prediction"):
        assert np.isnan(result.model.probabilities(path)).ravel().tolist()[-2:] == [False, True]
    some = tmp_path / "some.csv"
    some.write_text(rows.head(50).write_csv() + "Total,,,99999\n")
    with pytest.warns(ModelwrightWarning) as told:
        assert result.model.evaluate(some)["r2"] > 0.9
    assert "Totals at the end were left out: 1 row." in [str(one.message) for one in told]


def test_names_among_the_rows_are_found() -> None:
    assert names_again(frame(["name", "kind", " size", "price"], *ROWS)) == [3]
    assert names_again(frame(["name", "kind", "4", "price"], *ROWS)) == []
    assert names_again(frame(["name", None, "size", "price"])) == []
    assert names_again(pl.DataFrame({"a": ["a", "b"]})) == []
    assert names_again(pl.DataFrame({"a": ["a", "b"], "b": [1, 2]})) == []


@pytest.mark.long
def test_tables_pasted_below_each_other_are_one(tmp_path: Path) -> None:
    path = tmp_path / "houses.csv"
    rows = table().drop("sold")
    once = rows.write_csv()
    path.write_text(once + once)
    result = mw.fit(path, "price", settings=quick(trials=1))
    assert result.model.card.rows == 2 * rows.height
    assert any("again among the rows" in note for note in result.model.card.notes)
    with pytest.warns(ModelwrightWarning, match="among the rows were given no prediction: 1 row"):
        answers = result.predict(path)
    assert answers.height == 2 * rows.height + 1
    assert answers["prediction"].is_null().arg_true().to_list() == [rows.height]
    with pytest.warns(ModelwrightWarning) as told:
        found = result.model.answered(path)
    assert any("among the rows were left out" in str(one.message) for one in told)
    assert found.position is not None
    assert rows.height not in found.position
    assert found.position[-1] == 2 * rows.height


def test_a_profile_leaves_out_what_a_fit_does(tmp_path: Path) -> None:
    path = tmp_path / "flats.csv"
    once = frame().write_csv()
    path.write_text(once + once + "Summe:,,,24\n")
    found = mw.explore(path)
    assert found.rows == 6
    assert found["size"].kind == "number"
    assert found["name"].distinct == 3
    assert "Totals at the end were left out: 1 row." in found.notes
    assert "Names of columns again among the rows were left out: 1 row." in found.notes
    lazily = mw.explore(frame(["Total", None, None, "24"]).lazy())
    assert (lazily.rows, lazily["price"].missing) == (3, 0)
    assert any("Totals" in note for note in lazily.notes)
    other = mw.explore(frame(), test=path)
    assert other.comparison is not None
    assert other.comparison.rows == 6
