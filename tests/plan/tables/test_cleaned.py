"""Tables cleaned in any combination of wishes: the log tells all, and the recipe does it again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.clean import Labels
from modelwright.clean.recipes import Recipe
from modelwright.clean.recipes.texts import as_text
from modelwright.clean.repairs import Repair
from modelwright.core.errors import DataError, OptionError
from modelwright.plan.tables.clean import Asked, clean, replayed

HISTORY = [
    {"op": "core/text-transform", "columnName": "town", "expression": "value.trim()"},
    {"op": "core/column-rename", "oldColumnName": "town", "newColumnName": "place"},
    {"op": "core/column-reorder", "columnNames": ["size", "station", "place", "note", "on"]},
]


def stations(seed: int = 0, rows: int = 120) -> pl.DataFrame:
    """Make a table with slips, gaps, blanks, a code for missing, copies and a sum below it."""
    draw = np.random.default_rng(seed)
    towns = ["Bonn", "Ulm", "Mainz", "Trier"]
    place = draw.integers(0, 4, rows)
    town = [towns[i] for i in place]
    for row, slip in ((10, "Maxnz"), (33, "Trxer"), (60, " Ulm ")):
        town[row] = slip
    size: list[float | None] = [float(v) for v in draw.normal(50, 5, rows).round(1)]
    for row in draw.choice(rows, 12, replace=False).tolist():
        size[row] = None
    size[70], size[71], size[72], size[73] = -999.0, -999.0, -999.0, 50_000.0
    frame = pl.DataFrame(
        {
            "station": [f"ST-{i}" for i in place],
            "town": town,
            "size": size,
            "note": ["" if i % 3 else f"{i % 5} mm" for i in range(rows)],
            "on": [bool(i % 2) for i in place],
        }
    )
    total = pl.DataFrame([("Total", None, 6_000.0, "", None)], schema=frame.schema, orient="row")
    return pl.concat([frame, frame[:7], total])


def retold(table: pl.DataFrame, changes: tuple[Repair, ...]) -> list[dict[str, str | None]]:
    """Do to a table what a log says, and nothing else."""
    rows = dict(enumerate(shown(table)))
    for one in changes:
        if one.row < 0:
            for row in rows.values():
                value = row.pop(one.column)
                if one.new is not None:
                    row[one.new] = value
        elif one.whole_row:
            del rows[one.row]
        else:
            assert rows[one.row][one.column] == one.old != one.new
            rows[one.row][one.column] = one.new
    # a number that was filled in is written as its column is: 54.0, and stored as 54
    return [
        {name: None if text is None else text.removesuffix(".0") for name, text in row.items()}
        for row in rows.values()
    ]


def shown(table: pl.DataFrame) -> list[dict[str, str | None]]:
    return as_text(table).with_columns(pl.all().replace("", None)).to_dicts()


WISHES = list(
    product(
        (None, "median", "neighbours"),
        (False, True),
        ((), ("duplicates", "stray-rows"), ("sparse-columns", "sparse-rows", "abnormal-rows")),
        (False, True),
        (False, True),
    )
)


@pytest.mark.long
@pytest.mark.parametrize("number", range(0, len(WISHES), 7))
def test_the_log_tells_every_change_and_the_recipe_does_it_again(
    number: int, tmp_path: Path
) -> None:
    impute, mask, drop, told, by_hand = WISHES[number]
    table = stations()
    labels = Labels(np.array([10, 33, 71]), stations()[[10, 33, 71]].select(
        town=pl.Series(["Mainz", "Trier", None]), note=pl.lit("")
    )) if told else None  # fmt: skip
    history = tmp_path / "history.json"
    history.write_text(json.dumps(HISTORY), encoding="utf-8")
    asked = Asked(labels, history=history if by_hand else None, drop=drop, mask=mask, impute=impute)
    done = clean(table, asked)
    assert retold(table, done.changes) == shown(done.table)
    again = replayed(table, Recipe.from_json(json.loads(json.dumps(done.recipe.to_json()))))
    assert again.same
    assert again.hash == done.recipe.origin.cleaned
    assert [one[:4] for one in again.changes] == [one[:4] for one in done.changes]
    assert again.table.equals(done.table)
    assert again.table.schema == done.table.schema
    # another table: with towns that nobody has seen, in another order, of one row, of none
    other = stations(1).with_columns(town=pl.col("town").replace("Ulm", "Jena"))
    for part in (other, other[["on", "note", "size", "town", "station"]], other[:1]):
        found = replayed(part, done.recipe)
        assert retold(part, found.changes) == shown(found.table)
        assert found.table.columns == done.table.columns


@pytest.mark.long
def test_what_nobody_changed_is_as_it_came() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    table = stations().with_columns(
        when=pl.Series([start + timedelta(hours=i) for i in range(128)]),
        kind=pl.Series(["a", "b"] * 64, dtype=pl.Categorical),
        part=pl.Series([None, *range(127)], dtype=pl.Int8),
    )
    done = clean(table, Asked(mask=True))
    assert done.table.schema == table.schema
    assert done.table["note"].equals(table["note"])
    assert done.table["when"].equals(table["when"])
    touched = {one.row for one in done.changes if one.column == "size"}
    assert touched
    left = [row for row in range(128) if row not in touched]
    assert done.table["size"][left].equals(table["size"][left])


@pytest.mark.long
def test_a_renamed_column_keeps_its_type(tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    rename = {"op": "core/column-rename", "oldColumnName": "size", "newColumnName": "width"}
    history.write_text(json.dumps([rename]), encoding="utf-8")
    done = clean(stations(), Asked(history=history))
    assert done.table.schema["width"] == pl.Float64()
    assert replayed(stations(), done.recipe).table.schema["width"] == pl.Float64()


def test_large_text_is_cleaned_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwright.acquire.text.delimited.TYPED_FROM", 0)
    file = tmp_path / "rows.csv"
    prices = [f"{i % 7}.50" for i in range(60)]
    pl.DataFrame({"price": prices}).write_csv(file)
    assert clean(file).table["price"].to_list() == prices


def test_values_that_are_no_text_are_refused() -> None:
    with pytest.raises(DataError, match="single values"):
        clean(pl.DataFrame({"a": [{"b": 1}, {"b": 2}]}))
    with pytest.raises(DataError, match="written as text"):
        clean(pl.DataFrame({"a": [b"\xff", b"a"] * 10}))


@pytest.mark.long
def test_labels_of_columns_that_are_left_out_say_nothing(tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    order = {"op": "core/column-reorder", "columnNames": ["station", "town"]}
    history.write_text(json.dumps([order]), encoding="utf-8")
    labels = Labels(np.array([10]), pl.DataFrame({"town": ["Mainz"], "size": ["50"]}))
    done = clean(stations(), Asked(labels, history=history))
    assert done.table.columns == ["station", "town"]
    assert done.table["town"][10] == "Mainz"


def test_a_table_is_not_left_without_columns() -> None:
    table = pl.DataFrame({"a": ["1", None, None], "b": [None, None, "2"]})
    for drop in (("sparse-columns",), ("sparse-columns", "sparse-rows")):
        with pytest.raises(OptionError, match="column"):
            clean(table, Asked(drop=drop))
