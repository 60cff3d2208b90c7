"""From a dirty table to a clean one, with everything that was done in a log and a recipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.clean import Labels
from modelwright.clean.cleaning import Wishes, clean_cells
from modelwright.clean.recipes import replay
from modelwright.clean.repairs import LOG
from modelwright.clean.unmended import EMPTY, MASKED
from modelwright.core.errors import OptionError, UserError
from modelwright.plan.tables.clean import Asked, clean, replayed


def stations(rows: int = 200) -> pl.DataFrame:
    """Make a table whose station settles the town, with slips and gaps."""
    towns = ["Bonn", "Ulm", "Mainz", "Trier"]
    number = [i * 7 % 4 for i in range(rows)]
    town: list[str | None] = [towns[n] for n in number]
    town[10], town[33], town[60] = "Maxnz", "Trxer", "Boxn"
    return pl.DataFrame(
        {
            "station": [f"ST-{n}" for n in number],
            "town": town,
            "note": [None if i % 3 else f"{i % 5} mm" for i in range(rows)],
        },
        schema=dict.fromkeys(("station", "town", "note"), pl.String),
    )


def truth() -> list[str]:
    return [["Bonn", "Ulm", "Mainz", "Trier"][i * 7 % 4] for i in range(200)]


def test_every_row_and_column_stays_and_each_change_is_in_the_log() -> None:
    table = stations()
    done = clean_cells(table)
    assert done.table.shape == table.shape
    assert done.table.columns == table.columns
    assert done.table["town"].to_list() == truth()
    log = done.log()
    assert dict(log.schema) == dict(LOG)
    changed = {
        (row, name)
        for name in table.columns
        for row in range(table.height)
        if table[name][row] != done.table[name][row]
    }
    assert set(log.filter("applied").select("row", "column").rows()) == changed
    again = replay(table, done.recipe)
    assert again.same
    assert again.hash == done.recipe.origin.cleaned
    assert again.table.equals(done.table, null_equal=True)


def test_nothing_is_left_out_but_what_is_asked_for() -> None:
    table = pl.concat([stations(), stations()[:5]])
    done = clean_cells(table, Wishes(drop=("sparse-columns", "duplicates")))
    assert done.table.columns == ["station", "town"]
    # of four towns each, five notes and none: what comes again is left out, its first row stays
    assert done.table.height == 24
    removed = [one for one in done.changes if one.row == -1]
    assert [(one.column, "missing" in one.rule) for one in removed] == [("note", True)]
    assert replay(table, done.recipe).hash == done.recipe.origin.cleaned
    with pytest.raises(OptionError, match="known things to leave out"):
        Wishes(drop=("everything",))


def with_rain(at: dict[int, str]) -> pl.DataFrame:
    """Add amounts of rain, some of which were written wrong."""
    rain = [f"{value:.1f}" for value in np.random.default_rng(0).normal(50, 5, 200)]
    return stations().with_columns(rain=pl.Series([at.get(i, one) for i, one in enumerate(rain)]))


@pytest.mark.long
def test_cells_that_nobody_can_mend_are_emptied_when_asked() -> None:
    wrong = with_rain({100: "50000", 120: "n/a"})
    labels = Labels(np.array([3]), wrong[[3]].select("station", "town"))
    done = clean_cells(wrong, Wishes(labels=labels, mask=True))
    emptied = [one for one in done.changes if one.rule in (MASKED, EMPTY)]
    assert [(one.row, one.rule) for one in emptied] == [(100, MASKED), (120, EMPTY)]
    assert all(one.new is None and done.table[one.column][one.row] is None for one in emptied)
    assert done.emptied == 2
    assert replay(wrong, done.recipe).table.equals(done.table, null_equal=True)
    assert clean_cells(wrong, Wishes(labels=labels)).table["rain"][100] == "50000"


def test_abnormal_rows_are_left_out_when_asked() -> None:
    table = with_rain({100: "50000", 120: "n/a"})
    done = clean_cells(table, Wishes(drop=("abnormal-rows",)))
    # a cell that says "missing", or that is mended, makes no row abnormal
    assert {one.row for one in done.changes if not one.column} == {100}
    assert done.table.height == table.height - 1
    assert replay(table, done.recipe).table.equals(done.table, null_equal=True)


def test_files_come_and_go_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "stations.csv"
    stations().with_columns(code=pl.Series([f"00{i % 9}" for i in range(200)])).write_csv(file)
    done = clean(file)
    assert done.table["code"].to_list() == [f"00{i % 9}" for i in range(200)]
    assert done.recipe.origin.name == "stations.csv"
    done.recipe.write(tmp_path / "recipe.json")
    again = replayed(file, tmp_path / "recipe.json")
    assert again.same
    assert again.hash == done.recipe.origin.cleaned


@pytest.mark.long
def test_typed_columns_stay_typed() -> None:
    rng = np.random.default_rng(0)
    table = stations().with_columns(
        rain=pl.Series(rng.normal(10, 2, 200)),
        on=pl.Series([i % 2 == 0 for i in range(200)]),
        day=pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 7, 18), eager=True),
    )
    done = clean(table)
    assert done.table.schema == table.schema
    assert done.table["rain"].equals(table["rain"])
    assert done.table["day"].equals(table["day"])


def test_a_history_of_openrefine_is_done_first(tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    history.write_text(
        '[{"op": "core/text-transform", "columnName": "town", "expression": "value.toUppercase()"},'
        '{"op": "core/recon", "description": "Reconcile"}]',
        encoding="utf-8",
    )
    table = stations()
    done = clean(table, Asked(history=history))
    assert done.table["town"].to_list() == [town.upper() for town in truth()]
    assert done.notes == ("not taken over from OpenRefine: Reconcile.",)
    again = replayed(table, done.recipe)
    assert again.table.equals(done.table, null_equal=True)


def test_what_cannot_be_cleaned_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="single values"):
        clean(pl.DataFrame({"a": [[1], [2]]}))
    with pytest.raises(UserError, match="labels"):
        clean(stations(), Asked(labels=tmp_path / "none.csv"))
    with pytest.raises(UserError, match="0 and 1"):
        clean(stations(), Asked(threshold=7))
