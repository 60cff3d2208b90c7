from __future__ import annotations

from pathlib import Path
from time import process_time

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from modelwright.acquire import cast, conform, infer_schema, read_raw
from modelwright.core.schema import Role

DATA = Path(__file__).parents[3] / "shared" / "data" / "tabular"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the shared data sets are not beside the checkout"
)


def load(name: str) -> pl.DataFrame:
    return read_raw(DATA / name / "train.csv.gz").frame


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
def test_a_big_file_takes_seconds() -> None:
    raw = load("tennis_matches")
    start = process_time()
    cast(raw, infer_schema(raw))
    # of the processor: what else the machine does has no say; about 2 s
    assert process_time() - start < 6
