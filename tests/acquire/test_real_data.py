from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from modelwright.acquire import cast, conform, infer_schema, read_raw
from modelwright.core.schema import Kind, Role, Schema
from modelwright.core.table import PHYSICAL

DATA = Path(__file__).parents[3] / "shared" / "data" / "tabular"
SETS = sorted(path.name for path in DATA.iterdir()) if DATA.is_dir() else []

pytestmark = pytest.mark.skipif(not SETS, reason="the shared data sets are not beside the checkout")

N, C, T, D, B, I = (  # noqa: E741
    Kind.NUMBER, Kind.CATEGORY, Kind.TEXT, Kind.DATETIME, Kind.BOOLEAN, Kind.ID,
)  # fmt: skip

# Written down from the raw files, before any of it was inferred.
EXPECTED: Mapping[str, Mapping[str, Kind]] = {
    "abalone": {"col_0": C, "col_1": N, "col_8": N},
    "adult": {"col_0": N, "col_1": C, "col_2": N, "col_13": C, "col_14": C},
    "ames": {"Order": I, "PID": I, "area": N, "Lot.Frontage": N, "Mas.Vnr.Type": C, "Alley": C},
    "bank_marketing": {"pdays": N, "y": B, "housing": C},
    "bfi_gender": {"rownames": I, "A1": N},
    "bike_sharing": {"date": D, "holiday": N, "cnt": N},
    "birds_struck": {"rownames": I, "remarks": T, "date": D, "species": C, "birds_seen": C},
    "flying_recline": {"RespondentID": I, "Age": C},
    "gss_vocab": {"rownames": I, "year": N, "nativeBorn": B, "educGroup": C},
    "hepatitis": {"STEROID": B, "PROTIME": N, "Class": C},
    "kershaw_pitch": {"Time": D, "Count": C, "Batter": C},
    "loans_homeownership": {"issue_month": D, "emp_length": N, "state": C},
    "mammography": {"col_6": C, "col_0": N},
    "movies_imdb": {"Release Date": D, "Distributor": C, "US Gross": N},
    "nyc_taxis_tip": {"pickup": D, "dropoff": D, "payment": C},
    "pd_speech": {"rownames": I, "PPE": N, "DFA": N},
    "portal_weight": {"record_id": I, "plot_id": N, "species_id": C},
    "sick": {"TSH": N, "on thyroxine": B, "sex": C, "age": N},
    "space_missions": {"date": D, "location": C, "price": N, "successful": B},
    "squirrels_run": {"Running": B, "Runs from": B, "Unique Squirrel ID": I, "X": N, "Shift": C},
    "star_math": {"rownames": I, "birthq": C, "read": N, "id": N},
    "trump_tweet_source": {"text": T, "created_at": D, "id_str": I, "retweet_count": N},
    "yrbss_weight": {"rownames": I, "hours_tv_per_school_day": C, "height": N},
}


def load(name: str) -> pl.DataFrame:
    return read_raw(DATA / name / "train.csv.gz").frame


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_read_and_typed(name: str) -> None:
    raw = load(name)
    schema = infer_schema(raw)
    table = cast(raw, schema)
    assert table.frame.shape == raw.shape
    assert table.frame.schema == {column.name: PHYSICAL[column.kind] for column in schema}
    assert table.notes == ()
    assert Schema.from_json(schema.to_json()) == schema
    for column, kind in EXPECTED.get(name, {}).items():
        assert schema[column].kind is kind, schema[column]
        assert (schema[column].role is Role.IGNORED) is (kind is I), schema[column]


def test_new_rows_fit_the_schema() -> None:
    for name in ("adult", "sick", "ames", "birds_struck", "squirrels_run"):
        schema = infer_schema(load(name))
        test = read_raw(DATA / name / "test.csv.gz").frame
        assert conform(test, schema, schema.names(Role.FEATURE)).height == test.height


def test_missing_words_are_missing() -> None:
    raw = load("adult")
    table = cast(raw, infer_schema(raw))
    assert table.frame["col_1"].null_count() == raw["col_1"].str.contains(r"^ \?$").sum() > 0
    assert table.frame["col_1"].str.contains(r"^\s").any() is False


@pytest.mark.parametrize(
    "name", ["adult", "bike_sharing", "stroke", "nyc_taxis_tip", "star_math", "space_missions"]
)
def test_a_file_and_a_pandas_frame_are_the_same_rows(name: str) -> None:
    path = DATA / name / "train.csv.gz"
    text, frame = read_raw(path).frame, read_raw(pd.read_csv(path)).frame
    for fitted in (text, frame):
        schema = infer_schema(fitted)
        features = schema.names(Role.FEATURE)
        here, there = (conform(raw, schema, features) for raw in (text, frame))
        assert here.schema == there.schema
        assert_frame_equal(here.frame, there.frame)
    kinds = [[(c.name, c.kind, c.role) for c in infer_schema(raw)] for raw in (text, frame)]
    assert kinds[0] == kinds[1]


def test_a_big_file_takes_seconds() -> None:
    raw = load("tennis_matches")
    start = perf_counter()
    cast(raw, infer_schema(raw))
    assert perf_counter() - start < 5  # about 1.1 s on two idle cores
