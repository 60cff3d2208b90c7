"""Gaps filled while cleaning: in the log, in the recipe, written as their columns are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.clean.impute import METHODS
from modelwright.clean.recipes import read_recipe, replay
from modelwright.core.errors import DataError, OptionError
from modelwright.plan.tables.clean import Asked, clean, replayed


def flats(rows: int = 240) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make a table with gaps, and what stood in them."""
    draw = np.random.default_rng(0)
    area = draw.normal(70, 20, rows).round(1)
    quarter = draw.choice(["north", "south", "west"], rows)
    about = area + draw.normal(0, 4, rows)
    whole = pl.DataFrame(
        {
            "id": [f"F-{i:04}" for i in range(rows)],
            "area": [f"{v:.1f}" for v in area],
            "rent": [
                f"{v:,.2f} €".translate(str.maketrans(",.", ".,"))
                for v in area * 14 + draw.normal(0, 30, rows)
            ],
            "rooms": [str(max(round(v / 22), 1)) for v in area],
            "quarter": quarter,
            "price": [("low", "mean", "high")[min(int(max(v - 30, 0) / 28), 2)] for v in about],
            "note": [f"a flat of {v:.0f} metres, number {i} here" for i, v in enumerate(area)],
        }
    )
    holes = whole
    for name in ("rent", "rooms", "price", "note"):
        gone = pl.Series(draw.random(rows) < 0.15)
        holes = holes.with_columns(pl.when(~gone).then(pl.col(name)).alias(name))
    return holes, whole


@pytest.mark.long
def test_gaps_are_filled_logged_and_replayed_to_the_last_cell(tmp_path: Path) -> None:
    holes, whole = flats()
    file = tmp_path / "flats.csv"
    holes.write_csv(file)
    done = clean(file, Asked(impute="auto"))
    for name in ("rent", "rooms", "price"):
        assert done.table[name].null_count() == 0
        known = holes[name].is_not_null()
        assert done.table[name].filter(known).equals(holes[name].filter(known))
    # a text and a key are no guesses
    assert done.table["note"].null_count() == holes["note"].null_count()
    assert any("no gaps filled in 'note'" in note for note in done.notes)
    assert any("known cells hidden" in note for note in done.notes)
    log = done.log().filter(pl.col("rule").str.starts_with("gap filled"))
    assert log.height == sum(holes[name].null_count() for name in ("rent", "rooms", "price"))
    assert log["old"].null_count() == log.height
    assert (log["confidence"] > 0.3).all()
    assert log["new"].to_list() == [
        done.table[column][row] for row, column in log.select("row", "column").rows()
    ]
    # written as the column is
    assert done.table["rent"].str.contains(r"^[\d.]+,\d\d €$").all()
    assert done.table["rooms"].str.contains(r"^\d+$").all()
    wrong = (done.table["price"] != whole["price"]).sum()
    assert wrong <= 0.4 * holes["price"].null_count()

    recipe = tmp_path / "recipe.json"
    done.recipe.write(recipe)
    again = replayed(file, recipe)
    assert again.same
    assert again.hash == done.recipe.origin.cleaned
    assert again.table.equals(done.table, null_equal=True)
    assert again.changes == done.changes
    with pytest.raises(OptionError, match="reader of typed columns"):
        replay(holes, read_recipe(recipe))


@pytest.mark.long
def test_other_rows_are_filled_by_what_was_learned() -> None:
    holes, whole = flats()
    done = clean(holes[:200], Asked(impute="ridge"))
    other = replayed(holes[200:], done.recipe)
    assert other.table["rent"].null_count() == 0
    gap = holes[200:]["rent"].is_null()
    near = [
        abs(float(a[:-2].replace(".", "").replace(",", "."))
            - float(b[:-2].replace(".", "").replace(",", ".")))
        for a, b in zip(other.table["rent"].filter(gap), whole[200:]["rent"].filter(gap),
                        strict=True)
    ]  # fmt: skip
    assert np.mean(near) < 100
    assert {one.rule for one in other.changes} == {"gap filled by ridge"}


@pytest.mark.long
@pytest.mark.parametrize("method", sorted(METHODS))
def test_each_way_replays(method: str) -> None:
    holes, _ = flats(80)
    done = clean(holes, Asked(impute=method))
    assert done.table["rooms"].null_count() == 0
    again = replayed(holes, type(done.recipe).from_json(done.recipe.to_json()))
    assert again.hash == done.recipe.origin.cleaned


@pytest.mark.long
def test_words_for_missing_and_masked_cells_are_gaps_and_totals_are_none() -> None:
    holes, _ = flats()
    rooms = holes["rooms"].fill_null("n/a")
    total = ("Total", None, None, None, None, None, None)
    table = pl.concat(
        [holes.with_columns(rooms), pl.DataFrame([total], schema=holes.schema, orient="row")]
    )
    done = clean(table, Asked(impute="median"))
    assert "n/a" not in done.table["rooms"].to_list()
    assert done.table["rooms"][:-1].null_count() == 0
    assert done.table.row(-1) == total
    assert replayed(table, done.recipe).hash == done.recipe.origin.cleaned


def test_typed_columns_stay_typed_and_dropped_rows_keep_their_numbers() -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=60)
    table = pl.DataFrame({"x": x, "y": pl.Series((3 * x).round(2)), "n": range(60)})
    table = table.with_columns(y=pl.when(pl.col("n") % 6 != 5).then("y"))
    table = pl.concat([table[:10], table[:3], table[10:]])
    done = clean(table, Asked(impute="ridge", drop=("duplicates",)))
    assert done.table.schema == table.schema
    assert done.table["y"].null_count() == 0
    rows = [one.row for one in done.changes if one.column == "y"]
    assert rows == np.flatnonzero(table["y"].is_null().to_numpy()).tolist()


def test_few_rows_and_unknown_ways() -> None:
    done = clean({"a": ["1", None, "3"], "b": ["x", "x", "y"]}, Asked(impute="auto"))
    assert done.table["a"].to_list() == ["1", "2", "3"]
    assert any("Fewer than 20 rows" in note for note in done.notes)
    with pytest.raises(OptionError, match="way to fill gaps"):
        Asked(impute="magic")


@pytest.mark.long
def test_a_spoiled_filling_is_refused(tmp_path: Path) -> None:
    holes, _ = flats(60)
    data = clean(holes, Asked(impute="neighbours")).recipe.to_json()
    recipe = tmp_path / "recipe.json"
    import json

    for key, value in (("imputer", {}), ("schema", [{"name": "a"}]), ("writings", {"x": {}})):
        recipe.write_text(json.dumps({**data, "fill": {**data["fill"], key: value}}))
        with pytest.raises((DataError, OptionError)):
            read_recipe(recipe)
