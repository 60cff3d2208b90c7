from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from clean.impute.tables import mixed, numbers_with_gaps, table_of
from modelwright.clean.impute import METHODS, Chained, FittedImputer, Imputer, Neighbours, Plain
from modelwright.clean.impute.imputer import find_method
from modelwright.core.errors import ColumnError, ModelFileError, OptionError
from modelwright.core.protocols import State
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.testing.steps import through_a_file

GUESSED = ("size", "weight", "town", "warm", "met")
EVERY = pytest.mark.parametrize("name", METHODS)


@pytest.mark.long
@EVERY
def test_what_was_known_stays_and_gaps_are_filled(name: str) -> None:
    table = mixed()
    after = Imputer(METHODS[name]).fit(table).transform(table)
    assert after.schema == table.schema
    assert after.frame.schema == table.frame.schema
    for column in table.frame.columns:
        known = table.frame[column].is_not_null()
        assert after.frame[column].filter(known).equals(table.frame[column].filter(known))
    left = ("warm", "met") if name == "constant" else ()
    for column in set(GUESSED) - set(left):
        assert after.frame[column].null_count() == 0
    for column in ("remark", "price", *left):  # text, the answer
        assert after.frame[column].equals(table.frame[column])


@pytest.mark.long
@EVERY
def test_it_goes_through_a_file_to_the_bit(name: str) -> None:
    table, new = mixed(), mixed(50, seed=9)
    fitted = Imputer(METHODS[name], indicators=True).fit(table)
    again = FittedImputer.restore(through_a_file(fitted.export()))
    assert_frame_equal(again.transform(new).frame, fitted.transform(new).frame)


@pytest.mark.long
@EVERY
def test_a_row_is_filled_the_same_whatever_stands_beside_it(name: str) -> None:
    table, new = mixed(), mixed(30, seed=9)
    fitted = Imputer(METHODS[name]).fit(table)
    whole = fitted.transform(new)
    order = np.random.default_rng(0).permutation(30)
    for rows in (order, order[:7], np.array([3]), np.empty(0, np.int64)):
        part = fitted.transform(new.rows(rows)).frame
        assert_frame_equal(part, whole.rows(rows).frame, rel_tol=1e-9)


@pytest.mark.long
@EVERY
def test_the_answers_are_not_looked_at(name: str) -> None:
    table = mixed()
    other = Table(table.frame.with_columns(price=pl.col("price").reverse()), table.schema)
    features = list(GUESSED)
    one, two = (Imputer(METHODS[name]).fit(t).transform(t).frame[features] for t in (table, other))
    assert_frame_equal(one, two)


@pytest.mark.long
@EVERY
def test_levels_that_are_new_and_columns_that_are_empty(name: str) -> None:
    table = mixed()
    fitted = Imputer(METHODS[name]).fit(table)
    new = table.frame.head(20).with_columns(
        town=pl.lit("Tokyo"), size=pl.lit(None, pl.Float64), warm=pl.lit(None, pl.Boolean)
    )
    after = fitted.transform(Table(new, table.schema)).frame
    assert after["town"].to_list() == ["Tokyo"] * 20
    assert after["size"].null_count() == 0
    assert after["size"].is_finite().all()


@pytest.mark.long
def test_models_beat_the_median_where_columns_tell_each_other() -> None:
    whole = mixed(600, seed=5, share=0.0)
    table = mixed(600, seed=5)
    gap = table.frame["weight"].is_null()
    truth = whole.frame["weight"].filter(gap).to_numpy()
    errors = {}
    for name in ("median", "neighbours", "ridge", "trees"):
        guess = Imputer(METHODS[name]).fit(table).transform(table).frame["weight"].filter(gap)
        errors[name] = float(np.sqrt(((guess.to_numpy() - truth) ** 2).mean()))
    assert max(errors["ridge"], errors["trees"], errors["neighbours"]) < 0.6 * errors["median"]


@pytest.mark.long
def test_levels_are_guessed_from_other_columns() -> None:
    table, whole = mixed(600, seed=5), mixed(600, seed=5, share=0.0)
    gap = table.frame["warm"].is_null() & table.frame["town"].is_not_null()
    for name in ("ridge", "trees"):
        after = Imputer(METHODS[name]).fit(table).transform(table).frame["warm"]
        assert (after.filter(gap) == whole.frame["warm"].filter(gap)).mean() > 0.9


def test_each_column_in_its_own_way() -> None:
    table = mixed()
    fitted = Imputer(by_column={"size": Plain("mean"), "town": Plain("constant")}).fit(table)
    after = fitted.transform(table).frame
    gap = table.frame["size"].is_null()
    (value,) = after["size"].filter(gap).unique()
    assert value == pytest.approx(table.frame["size"].mean())
    assert "missing" in after["town"].to_list()
    assert sorted(fitted.columns) == sorted(GUESSED)


def test_indicators_say_where_gaps_were() -> None:
    table = mixed()
    after = Imputer(indicators=True).fit(table).transform(table)
    names = after.schema.names()[len(table.schema) :]
    assert names == tuple(f"{name} is missing" for name in GUESSED)
    assert all(after.schema[name].kind is Kind.BOOLEAN for name in names)
    for name in GUESSED:
        assert after.frame[f"{name} is missing"].equals(
            table.frame[name].is_null(), check_names=False
        )


def test_an_indicator_does_not_take_the_name_of_a_column() -> None:
    frame = pl.DataFrame({"a": [1.0, None], "a is missing": [2.0, 3.0]})
    table = Table(frame, Schema(tuple(Column(name, Kind.NUMBER) for name in frame.columns)))
    after = Imputer(indicators=True).fit(table).transform(table)
    assert after.frame.columns == ["a", "a is missing", "a is missing_"]


def test_the_log_lists_every_filled_cell() -> None:
    table = mixed()
    fitted = Imputer(METHODS["ridge"]).fit(table)
    log = fitted.log(table)
    assert log.height == sum(table.frame[name].null_count() for name in GUESSED)
    after = fitted.transform(table).frame.select(pl.all().cast(pl.String))
    for row, column, new, rule in log.sample(40, seed=0).iter_rows():
        assert after[column][row] == new
        assert table.frame[column][row] is None
        assert rule == "ridge"


def test_a_column_without_gaps_at_fit_takes_its_median_later() -> None:
    values = numbers_with_gaps()
    values[:, 0] = np.arange(len(values))
    fitted = Imputer(METHODS["ridge"]).fit(table_of(values))
    new = values.copy()
    new[5, 0] = np.nan
    assert fitted.transform(table_of(new)).frame["x0"][5] == np.median(np.arange(len(values)))


@pytest.mark.long
def test_a_column_without_any_value_is_left() -> None:
    values = numbers_with_gaps()
    values[:, 1] = np.nan
    table = table_of(values)
    for name in METHODS:
        after = Imputer(METHODS[name]).fit(table).transform(table).frame
        assert after["x1"].null_count() == len(values)
        assert after["x0"].null_count() == 0


def test_one_column_alone() -> None:
    table = table_of(np.array([[1.0], [np.nan], [3.0], [8.0]]))
    for name in METHODS:
        found = Imputer(METHODS[name]).fit(table).transform(table).frame["x0"][1]
        assert found == {"median": 3.0, "constant": 0.0, "most-frequent": 1.0}.get(name, 4.0)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from(["ridge", "neighbours"]))
def test_guesses_stay_within_known_values(seed: int, name: str) -> None:
    values = numbers_with_gaps(30, 4, seed)
    after = Imputer(METHODS[name]).fit(table_of(values)).transform(table_of(values))
    filled = after.frame.to_numpy()
    assert (filled >= np.nanmin(values, axis=0) - 1e-9).all()
    assert (filled <= np.nanmax(values, axis=0) + 1e-9).all()


def test_of_many_rows_some_are_asked() -> None:
    table = table_of(numbers_with_gaps(500))
    one = Neighbours(rows=50).fit(table, ["x0"], seed=1)
    assert one.rows.shape == (50, 5)
    np.testing.assert_array_equal(one.rows, Neighbours(rows=50).fit(table, ["x0"], seed=1).rows)


def test_words_and_settings_that_mean_nothing() -> None:
    with pytest.raises(OptionError, match="median"):
        find_method("medain")
    with pytest.raises(OptionError):
        Plain("middle")  # type: ignore[arg-type]
    with pytest.raises(OptionError):
        Neighbours(k=0)
    with pytest.raises(OptionError):
        Chained("forest")  # type: ignore[arg-type]
    with pytest.raises(OptionError):
        Chained(rounds=0)
    with pytest.raises(ColumnError, match="remark"):
        Imputer(by_column={"remark": Plain()}).fit(mixed())


def test_a_table_of_other_columns() -> None:
    fitted = Imputer(METHODS["ridge"]).fit(mixed())
    with pytest.raises(ColumnError, match="weight"):
        fitted.transform(mixed().select(["size", "town", "warm", "met"]))


@pytest.mark.long
@pytest.mark.parametrize("name", ["neighbours", "ridge", "trees", "median"])
def test_a_spoiled_state_is_refused(name: str) -> None:
    state = Imputer(METHODS[name]).fit(mixed()).export()
    config = {**state.config, "fillers": [{"name": "other", "config": {}}]}
    with pytest.raises(ModelFileError):
        FittedImputer.restore(replace(state, config=config))
    for key, array in state.arrays.items():
        with pytest.raises(ModelFileError):
            FittedImputer.restore(State(state.config, {**state.arrays, key: array[:0]}))
        break


@pytest.mark.long
def test_a_column_of_many_levels_is_guessed_without_a_warning() -> None:
    rows = 40
    table = Table(
        pl.DataFrame(
            {
                "x": [float(i % 7) for i in range(rows)],
                "town": [None if i % 9 == 3 else f"t{i // 2}" for i in range(rows)],
            }
        ),
        Schema((Column("x", Kind.NUMBER), Column("town", Kind.CATEGORY))),
    )
    fitted = Imputer(Chained("trees")).fit(table)
    assert fitted.transform(table).frame["town"].null_count() == 0


@pytest.mark.parametrize(("name", "array"), [("neighbours", "rows"), ("ridge", "usual")])
@pytest.mark.parametrize("place", [-1.0, 0.5, 1e12])
def test_places_of_levels_that_are_not_there_are_refused(
    name: str, array: str, place: float
) -> None:
    state = Imputer(METHODS[name]).fit(mixed()).export()
    which = next(i for i, one in enumerate(state.config["fillers"]) if one["name"] != "plain")
    encoder = state.config["fillers"][which]["config"]["encoder"]
    town = encoder["names"].index("town")
    key = f"{which}/{array}"
    spoilt = state.arrays[key].copy()
    spoilt[..., town] = place
    with pytest.raises(ModelFileError, match="levels that are not there"):
        FittedImputer.restore(State(state.config, {**state.arrays, key: spoilt}))


@pytest.mark.parametrize("value", ["abc", True, 10**30, None])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    state = Imputer(METHODS["median"]).fit(mixed()).export()
    config = {**state.config["fillers"][0]}
    told = {**config["config"], "values": {**config["config"]["values"], "size": value}}
    spoilt = {**state.config, "fillers": [{**config, "config": told}]}
    with pytest.raises(ModelFileError, match="do not fit"):
        FittedImputer.restore(State(spoilt, state.arrays))
