"""One pass in batches against the whole table in memory."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from explore.tables import orders
from modelwright.acquire import cast, infer
from modelwright.core.errors import DataError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.explore.gathering import CUT, Moments
from modelwright.explore.one_pass import Batch, Scan, scan
from modelwright.explore.patterns import PatternSketch, nullity_correlation
from modelwright.explore.sizes import Sizes
from modelwright.explore.summing_up import outliers_of, shape_of
from modelwright.stats.quantile_sketch import QuantileSketch

SMALL = Sizes(sample=100, quantiles=256, distinct=128, frequent=20, batch=64)


def passed(frame: pl.DataFrame, batch: int, sizes: Sizes | None = None) -> Scan:
    schema = infer(frame)[0]
    parts = (frame.slice(start, batch) for start in range(0, frame.height, batch))
    return scan((Batch(part, cast(part, schema)) for part in parts), schema, sizes=sizes)


@pytest.mark.long
@pytest.mark.parametrize("batch", [7, 100, 1000])
def test_small_tables_are_told_exactly_whatever_the_batches(batch: int) -> None:
    frame = orders(600)
    found = {column.name: column for column in passed(frame, batch).columns}
    amount = frame["amount"].to_numpy()
    numbers = found["amount"].numbers
    assert numbers is not None
    assert numbers.exact
    np.testing.assert_allclose(
        numbers.quantiles,
        np.quantile(amount, [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]),
    )
    assert numbers.mean == pytest.approx(amount.mean())
    assert numbers.deviation == pytest.approx(amount.std(ddof=1))
    assert numbers.skew == pytest.approx(float(stats.skew(amount)))
    assert numbers.kurtosis == pytest.approx(float(stats.kurtosis(amount)))
    assert found["floor"].missing == frame["floor"].null_count()
    assert found["town"].top[0] == ("Rome", int((frame["town"] == "Rome").sum()))
    assert [column.distinct for column in found.values()] == [
        frame[name].drop_nulls().n_unique() for name in frame.columns
    ]
    assert found["country"].constant
    assert found["order"].unique


def test_outliers_are_those_of_the_formulas() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(size=500), [9.0, -12.0, 40.0]])
    sketch = QuantileSketch()
    sketch.add(values)
    found = outliers_of(sketch)
    q1, q3 = np.quantile(values, [0.25, 0.75])
    assert found.below == (values < q1 - 1.5 * (q3 - q1)).sum()
    assert found.above == (values > q3 + 1.5 * (q3 - q1)).sum()
    wide = (values < q1 - 3 * (q3 - q1)) | (values > q3 + 3 * (q3 - q1))
    assert found.far == wide.sum()
    gaps = np.abs(values - np.median(values))
    assert found.robust == (0.6745 * gaps / np.median(gaps) > 3.5).sum()


@given(st.lists(st.lists(st.floats(-1e4, 1e4), max_size=20), min_size=1, max_size=6))
def test_moments_add_up(parts: list[list[float]]) -> None:
    moments = Moments()
    for part in parts:
        moments.add(np.array(part))
    every = np.array([value for part in parts for value in part])
    if len(every) < 2:
        return
    assert moments.mean == pytest.approx(every.mean(), abs=1e-6)
    assert moments.deviation == pytest.approx(every.std(ddof=1), rel=1e-6, abs=1e-6)
    if every.std() > 1e-3 * (1 + np.abs(every).max()):
        assert moments.skew == pytest.approx(float(stats.skew(every)), rel=1e-4, abs=1e-4)
        assert moments.kurtosis == pytest.approx(float(stats.kurtosis(every)), rel=1e-4, abs=1e-4)


def test_with_little_room_figures_are_near_and_say_so() -> None:
    frame = pl.DataFrame(
        {
            "x": np.random.default_rng(0).normal(size=20_000),
            "code": [f"K{i}" for i in range(20_000)],
            "town": np.where(np.arange(20_000) % 4 == 0, "Oslo", "Rome"),
        }
    )
    found = passed(frame, 500, SMALL)
    x, code, town = found.columns
    assert x.numbers is not None
    assert not x.numbers.exact
    assert abs(x.numbers.median - frame["x"].median()) < 0.1  # type: ignore[operator]
    assert not code.distinct_exact
    assert code.distinct == pytest.approx(20_000, rel=0.35)
    assert town.top == (("Rome", 15_000), ("Oslo", 5_000))
    assert town.top_short == 0
    assert found.sample.height == 100
    assert found.sample.frame.equals(cast(frame[found.places.tolist()], found.sample.schema).frame)
    assert (np.diff(found.places) > 0).all()


@pytest.mark.long
def test_every_row_has_the_same_chance_to_be_sampled() -> None:
    frame = pl.DataFrame({"row": np.arange(4000.0)})
    schema = Schema((Column("row", Kind.NUMBER),))
    hits = np.zeros(4000)
    for seed in range(60):
        parts = (frame.slice(start, 300) for start in range(0, 4000, 300))
        batches = (Batch(part, Table(part, schema)) for part in parts)
        hits[scan(batches, schema, seed=seed, sizes=SMALL).places] += 1
    assert hits.sum() == 60 * 100
    quarters = hits.reshape(4, 1000).sum(axis=1)
    assert quarters.min() > 1300
    assert quarters.max() < 1700


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=60),
    st.integers(1, 20),
)
def test_patterns_of_gaps_are_counted(rows: list[tuple[bool, ...]], batch: int) -> None:
    frame = pl.DataFrame(
        {name: [None if row[i] else 1.0 for row in rows] for i, name in enumerate("abc")},
        schema=dict.fromkeys("abc", pl.Float64),
    )
    sketch = PatternSketch(tuple("abc"))
    for start in range(0, len(rows), batch):
        sketch.add(frame.slice(start, batch))
    found = sketch.result()
    expected: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(name for name, gone in zip("abc", row, strict=True) if gone)
        expected[key] = expected.get(key, 0) + 1
    assert {pattern.columns: pattern.rows for pattern in found.patterns} == expected
    assert found.complete == expected.get((), 0)
    assert found.cells == sum(map(sum, rows))
    assert found.short == 0


def test_gaps_that_come_together_are_correlated() -> None:
    frame = orders(600)
    matrix = nullity_correlation(frame, ("floor", "door", "town"))
    assert matrix[0, 1] == pytest.approx(1.0)
    assert np.isnan(matrix[0, 2])


def test_what_is_read_as_missing_is_told_apart_from_empty_cells() -> None:
    frame = pl.DataFrame({"age": ["1", "?", "", None, "n/a", "5", "7", "9.5"] * 5})
    (age,) = passed(frame, 9).columns
    assert age.kind == "number"
    assert age.missing == 20
    assert age.marked == 10


def test_copies_of_rows_are_counted() -> None:
    frame = orders(200).drop("order")
    again = pl.concat([frame, frame.head(30), frame.head(10)])
    found = passed(again, 50)
    assert (found.repeated, found.repeated_exact) == (40, True)


@pytest.mark.parametrize(
    "values",
    [
        [1e308, -1e308, 1e308, 0.0],
        [math.inf, 1.0, -math.inf, 2.0],
        [5e-324, 0.0, -5e-324],
        [2.0**53, 2.0**53 + 2, -(2.0**60)],
        [None, None, 3.0],
        [-0.0, 0.0, 1.0],
    ],
)
def test_extreme_numbers_do_no_harm(values: list[float | None]) -> None:
    frame = pl.DataFrame({"x": values * 5, "y": list(range(len(values) * 5))})
    x = passed(frame, 4).columns[0]
    assert x.rows == len(frame)
    if x.numbers is not None:
        assert all(
            a <= b for a, b in zip(x.numbers.quantiles, x.numbers.quantiles[1:], strict=False)
        )
    if values[0] == -0.0:
        assert x.distinct == 2


def test_huge_cells_are_cut_and_counted_whole() -> None:
    frame = pl.DataFrame({"blob": ["x" * 2_000_000, "y", "x" * 2_000_000]})
    (blob,) = passed(frame, 2).columns
    assert blob.texts is not None
    assert blob.texts.longest == 2_000_000
    assert blob.distinct == 2
    assert all(len(value) <= CUT + 1 for value, _ in blob.top)


def test_dates_are_told_by_the_calendar() -> None:
    frame = pl.DataFrame({"day": pl.Series(["2024-01-01", "2024-01-02", "2024-03-01"] * 10)})
    (day,) = passed(frame, 100).columns
    assert day.dates is not None
    assert day.dates.weekdays == (10, 10, 0, 0, 10, 0, 0)
    assert day.dates.hours == ()
    assert day.dates.gap == 59 * 86_400
    assert day.top[0][0] in ("2024-01-01", "2024-01-02", "2024-03-01")


@given(st.text(max_size=200))
def test_shapes_are_short(text: str) -> None:
    assert len(shape_of(text)) <= 80


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="rows"):
        scan([], Schema((Column("a", Kind.NUMBER),)))
