"""Rows cleaned at the fit are cleaned the same at a prediction."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modelwright as mw
from modelwright.acquire import read_raw
from modelwright.clean.recipes import Recipe
from modelwright.clean.recipes.mends import Given, Mends, New
from modelwright.clean.recipes.recipe import Origin
from modelwright.clean.recipes.steps import DropRows, FillDown, Remove, Rename, Step
from modelwright.core.errors import ColumnError, DataError, ModelwrightWarning, OptionError
from modelwright.core.settings import Question, TableSettings
from modelwright.dependence import effects
from modelwright.model import read_rows
from modelwright.plan.tables.clean import Asked, clean
from modelwright.plan.tables.cleaning import CLEANED, pose_cleaned
from modelwright.report import write_report
from modelwright.store import read_archive, write_archive

WORTH = {"Bonn": 100.0, "Ulm": 200.0, "Mainz": 400.0, "Trier": 800.0}
ZIPS = {"Bonn": "53111", "Ulm": "89073", "Mainz": "55116", "Trier": "54290"}
SLIPS = {"Bxnn": "Bonn", "ULM": "Ulm", "Maiinz": "Mainz"}


def table(seed: int = 0, rows: int = 240) -> pl.DataFrame:
    """Make houses whose towns are sometimes misspelled or missing."""
    rng = np.random.default_rng(seed)
    town = rng.choice(list(WORTH), rows)
    size = rng.integers(30, 200, rows)
    price = size + np.array([WORTH[one] for one in town]) + rng.normal(0, 3, rows)
    written = [
        {v: k for k, v in SLIPS.items()}.get(t, t) if rng.random() < 0.2 else t for t in town
    ]
    gaps = [None if rng.random() < 0.1 else one for one in written]
    return pl.DataFrame(
        {"zip": [ZIPS[t] for t in town], "town": gaps, "size": size, "price": price}
    )


def recipe(*steps: Step, columns: tuple[str, ...] = ("zip", "town", "size", "price")) -> Recipe:
    """Give the recipe that mends them."""
    values = {old: New(new, "a slip", 0.95) for old, new in SLIPS.items()}
    gaps = {((ZIPS[town],), None): New(town, "the zip says so", 0.9) for town in WORTH}
    town = Mends("town", given=(Given(("zip",), gaps),), values=values)
    size = Mends("size", values={"999": New(None, "a number that means missing", 0.9)})
    origin = Origin("houses.csv", 240, "", "")
    return Recipe(columns, origin, 0.9, tuple(s for s in steps if not isinstance(s, DropRows)),
                  (town, size), tuple(s for s in steps if isinstance(s, DropRows)))  # fmt: skip


def settings(clean: object, **changes: object) -> TableSettings:
    given = {"trials": 1, "workers": 0, "models": ("linear",), "clean": clean, **changes}
    return TableSettings(**given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cleaned")
    recipe().write(place / "recipe.json")
    table().write_csv(place / "houses.csv")
    return place


@pytest.fixture(scope="module")
def houses(folder: Path) -> mw.Result:
    wanted = settings(folder / "recipe.json", out=folder / "m.mw", store=folder / "store")
    return mw.fit(folder / "houses.csv", "price", settings=wanted)


def mended(frame: pl.DataFrame) -> pl.DataFrame:
    """Do by hand what the recipe says."""
    by_zip = {code: town for town, code in ZIPS.items()}
    return frame.with_columns(
        pl.col("town").replace(SLIPS).fill_null(pl.col("zip").cast(pl.String).replace(by_zip))
    )


@pytest.mark.long
def test_the_model_is_that_of_the_cleaned_table(houses: mw.Result, folder: Path) -> None:
    plain = settings(False, store=folder / "plain")
    by_hand = mw.fit(mended(table()), "price", settings=plain).model
    new = table(seed=1)
    with pytest.warns(ModelwrightWarning, match="cells mended as at the fit: 'town' "):
        found = houses.model.predict(new)
    assert np.allclose(found["prediction"], by_hand.predict(mended(new))["prediction"])
    assert houses.model.card.data == by_hand.card.data


def test_a_loaded_model_cleans_the_same(houses: mw.Result, folder: Path) -> None:
    loaded = mw.load(folder / "m.mw")
    assert loaded.cleaning == houses.model.cleaning
    rows, again = read_rows(houses.model, table(seed=2)), read_rows(loaded, table(seed=2))
    assert again.frame.equals(rows.frame)
    assert again.changes == rows.changes
    assert loaded.predict(again).equals(houses.model.predict(rows))


@pytest.mark.long
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*ZIPS.values(), "1"]),
            st.sampled_from([None, *WORTH, *SLIPS, "Rome"]),
            st.sampled_from([30, 120, 999]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_rows_cleaned_at_the_fit_are_cleaned_so_at_predict(
    houses: mw.Result, rows: list[tuple[str, str | None, int]]
) -> None:
    frame = pl.DataFrame(rows, schema=["zip", "town", "size"], orient="row")
    model, cleaning = houses.model, houses.model.cleaning
    assert cleaning is not None
    whole = read_rows(model, frame)
    assert whole.frame.equals(cleaning.mend(frame).frame)
    answers = model.predict(whole)["prediction"]
    for place in range(frame.height):
        alone = read_rows(model, frame[[place]])
        assert alone.frame.equals(whole.frame[[place]])
        assert model.predict(alone)["prediction"][0] == pytest.approx(answers[place], rel=1e-6)


def test_what_is_stored_in_another_type_is_cleaned_the_same(
    houses: mw.Result, folder: Path
) -> None:
    new = table(seed=3).with_columns(pl.Series("size", [999] * 120 + [50] * 120))
    new.write_csv(folder / "new.csv")
    floats = new.with_columns(pl.col("size").cast(pl.Float64))
    found = [read_rows(houses.model, one).frame for one in (folder / "new.csv", new, floats)]
    assert [one["size"].null_count() for one in found] == [120, 120, 120]
    assert found[0]["town"].equals(found[1]["town"])
    assert found[1]["town"].equals(found[2]["town"])


def test_scores_explanations_and_curves_see_cleaned_rows(houses: mw.Result) -> None:
    model, new = houses.model, table(seed=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelwrightWarning)
        assert model.evaluate(new)["rmse"] == pytest.approx(3, abs=1)
        (one,) = model.explain(pl.DataFrame({"zip": ["53111"], "town": ["Bxnn"], "size": [50]}))
        dirty = new.with_columns(town=pl.lit("Bxnn"))
        clean = new.with_columns(town=pl.lit("Bonn"))
        curves = [effects(model, frame, ["size"])[0].means for frame in (dirty, clean)]
    assert "Bonn" in one.values
    assert curves[0] == curves[1]


def test_it_says_what_was_done(houses: mw.Result, folder: Path) -> None:
    cleaning = houses.model.cleaning
    assert cleaning is not None
    raw = pl.read_csv(folder / "houses.csv")
    assert cleaning.cells == int(raw["town"].ne_missing(mended(raw)["town"]).sum())
    assert {one.rule for one in cleaning.done} == {"a slip", "the zip says so"}
    assert any(note.startswith(f"Cleaned before the fit: {cleaning.cells} cells mended in 1 column")
               for note in houses.notes)  # fmt: skip
    log = pl.read_parquet(houses.folder / CLEANED)
    assert log.height == cleaning.cells
    assert log.row(0, named=True)["new"] == mended(raw)["town"][log["row"][0]]
    page = write_report(houses, folder / "r.html").read_text(encoding="utf-8")
    assert "What was cleaned" in page
    assert "the zip says so" in page
    assert "--clean recipe.json" in page


def test_rows_of_the_fit_are_known_again(houses: mw.Result, folder: Path) -> None:
    with pytest.warns(ModelwrightWarning) as told:
        houses.model.evaluate(folder / "houses.csv")
    assert ["cells mended" in str(told[0].message), "the very rows" in str(told[1].message)] == (
        [True, True]
    )


def test_another_table_is_refused(folder: Path) -> None:
    other = table().rename({"town": "city"})
    with pytest.raises(ColumnError, match="none of the name 'town', but 'city'"):
        mw.fit(other, "price", settings=settings(folder / "recipe.json"))


def test_new_rows_without_a_column_that_settles_another_are_refused(houses: mw.Result) -> None:
    with pytest.raises(ColumnError, match="'zip'"):
        houses.model.predict(table().drop("zip"))


def test_no_recipe_no_file_no_json(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a recipe"):
        mw.fit(table(), "price", settings=settings(tmp_path / "none.json"))
    with pytest.raises(OptionError, match=r"ends in \.json"):
        settings("recipe.csv")
    with pytest.raises(OptionError, match="path of a recipe"):
        settings(3)
    recipe(FillDown("town")).write(tmp_path / "down.json")
    with pytest.raises(OptionError, match="one row at a time"):
        mw.fit(table(), "price", settings=settings(tmp_path / "down.json"))
    with pytest.raises(OptionError, match="no --clean beside --task clustering"):
        mw.fit(table(), task="clustering", settings=settings(folder / "recipe.json"))


@pytest.mark.long
def test_rows_that_a_recipe_leaves_out_are_left_out_at_the_fit_only(tmp_path: Path) -> None:
    twice = pl.concat([table(), table()[:40]])
    recipe(DropRows("duplicates")).write(tmp_path / "r.json")
    posed = pose_cleaned(read_raw(twice), Question("price"), settings(tmp_path / "r.json"))
    assert len(posed.rows.y) == 240
    assert posed.cleaning is not None
    assert posed.cleaning.rows == 40
    assert posed.rows.origin is not None
    assert posed.rows.origin.tolist() == list(range(240))
    result = mw.fit(twice, "price", settings=settings(tmp_path / "r.json"))
    assert result.model.predict(read_rows(result.model, twice)).height == 280


@pytest.mark.long
def test_columns_may_be_renamed_and_left_out_before_the_fit(tmp_path: Path) -> None:
    steps = (Rename("size", "area"), Remove("zip"))
    named = Recipe(("zip", "town", "size", "price"), Origin("a.csv", 240, "", ""), 0.9, steps)
    named.write(tmp_path / "r.json")
    result = mw.fit(table(), "price", settings=settings(tmp_path / "r.json"))
    assert set(result.model.columns) == {"town", "area"}
    new = table(seed=1).drop("zip", "price")
    found = result.model.predict(new)
    assert mw.load(result.model.save(tmp_path / "m.mw")).predict(new).equals(found)


@pytest.mark.long
def test_test_rows_are_cleaned_too(folder: Path) -> None:
    fresh = mw.Validation(test=table(seed=5))
    wanted = settings(folder / "recipe.json", validation=fresh)
    result = mw.fit(table(), "price", settings=wanted)
    assert result.test is not None
    by_hand = settings(False, validation=mw.Validation(test=mended(table(seed=5))))
    other = mw.fit(mended(table()), "price", settings=by_hand)
    assert other.test is not None
    assert result.test.score == pytest.approx(other.test.score)


def dirty(rows: int = 900, seed: int = 0) -> pl.DataFrame:
    """Make a table whose gaps hide what counts, and that another column settles."""
    rng = np.random.default_rng(seed)
    key = rng.integers(0, 40, rows)
    kind = (key * 7919) % 3
    y = kind * 10.0 + rng.normal(0, 1, rows)
    told = [None if rng.random() < 0.4 else f"kind {one}" for one in kind]
    return pl.DataFrame({"key": [f"k{one}" for one in key], "kind": told, "y": y})


@pytest.mark.long
def test_what_helps_on_held_out_rows_is_done() -> None:
    result = mw.fit(dirty(), "y", settings=settings(True))
    cleaning = result.model.cleaning
    assert cleaning is not None
    (one,) = [each for each in cleaning.tried if each.kind.startswith("gaps filled")]
    assert one.kept
    assert one.gain > 2 * one.error > 0
    rows = read_rows(result.model, dirty(seed=1))
    assert rows.frame["kind"].null_count() == 0
    assert result.model.evaluate(rows)["rmse"] < 1.5


def test_what_does_not_help_stays_as_it_was() -> None:
    rng = np.random.default_rng(0)
    frame = dirty().with_columns(y=pl.Series(rng.normal(size=900)))
    posed = pose_cleaned(read_raw(frame), Question("y"), settings(True))
    assert posed.cleaning is not None
    assert [one.kept for one in posed.cleaning.tried] == [False]
    assert posed.rows.table.frame["kind"].null_count() == frame["kind"].null_count()
    assert any(note.startswith("Cleaned: nothing (tried, of no help") for note in posed.notes)


@pytest.mark.long
def test_automatic_rules_come_of_no_answer_and_no_test_row() -> None:
    frame = dirty().with_columns(part=pl.Series(["train", "test"] * 450))
    given = mw.Validation(splits="part")
    posed = [
        pose_cleaned(read_raw(one), Question("y"), settings(True, validation=given))
        for one in (frame, frame.with_columns(
            kind=pl.when(pl.col("part") == "test").then(pl.lit("other")).otherwise("kind")
        ))
    ]  # fmt: skip
    assert posed[0].cleaning is not None
    assert posed[1].cleaning is not None
    assert posed[0].cleaning.recipe == posed[1].cleaning.recipe
    assert all(
        "y" not in one.needs() and "part" not in one.needs()
        for one in posed[0].cleaning.recipe.mends
    )


@pytest.mark.long
def test_the_same_again_whatever_the_clock_says(tmp_path: Path) -> None:
    wanted = settings(True, store=tmp_path)
    first = mw.fit(dirty(), "y", settings=wanted)
    resumed = mw.fit(dirty(), "y", settings=settings(True, store=tmp_path, resume=True))
    assert resumed.run == first.run
    assert mw.fit(dirty(), "y", settings=settings(False, store=tmp_path, resume=True)).run != (
        first.run
    )


def test_a_model_file_with_an_altered_cleaning_is_refused(folder: Path, houses: mw.Result) -> None:
    entries = dict(read_archive(folder / "m.mw"))
    told = json.loads(entries["cleaning.json"])
    told["recipe"]["before"] = [{"step": "fill-down", "column": "town"}]
    entries["cleaning.json"] = json.dumps(told).encode()
    write_archive(folder / "altered.mw", entries, writer="0")
    with pytest.raises(mw.ModelFileError, match="look at other rows"):
        mw.load(folder / "altered.mw")


@pytest.mark.long
def test_a_recipe_that_fills_gaps_and_leaves_rows_out(tmp_path: Path) -> None:
    twice = pl.concat([table(), table()[:40]])
    twice.write_csv(tmp_path / "houses.csv")
    done = clean(tmp_path / "houses.csv", Asked(impute="median", drop=("duplicates",)))
    assert done.recipe.fill is not None
    done.recipe.write(tmp_path / "r.json")
    wanted = settings(tmp_path / "r.json")
    posed = pose_cleaned(read_raw(twice), Question("price"), wanted)
    # what fills the gaps has seen the answers of all rows
    assert posed.rows.table.frame["town"].null_count() > 0
    assert any(note.startswith("Gaps are left to the model") for note in posed.notes)
    assert posed.cleaning is not None
    assert posed.cleaning.recipe.fill is None
    assert posed.cleaning.rows == 40
    gone = [one for one in posed.changes if not one.column]
    assert [one.row for one in gone] == list(range(240, 280))
    assert {one.rule for one in gone} == {"row left out: equal to an earlier one"}


def test_a_recipe_of_a_typed_table_does_the_same_to_it_at_a_fit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    size = rng.integers(0, 40, 300).astype(np.float64)
    y = np.where(size > 20, 10.0, 0.0) + rng.normal(size=300)
    size[rng.choice(300, 20, replace=False)] = -999.0
    frame = pl.DataFrame({"size": size, "y": y})
    done = clean(frame, Asked(mask=True))
    assert done.table["size"].null_count() == 20
    done.recipe.write(tmp_path / "r.json")
    posed = pose_cleaned(read_raw(frame), Question("y"), settings(tmp_path / "r.json"))
    assert posed.rows.table.frame["size"].null_count() == 20
