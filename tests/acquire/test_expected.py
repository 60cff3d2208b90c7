"""The kinds of every column of the real tables, written down before any of it was inferred.

`expected/types.json` holds for each table and column a kind, or the kinds that may be defended, the
likeliest first; `expected/ordinal.json` the columns whose labels are in order.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.acquire import cast, conform, infer_schema, read_raw
from modelwright.core.schema import Kind, Role, Schema
from modelwright.core.table import PHYSICAL

DATA = Path(__file__).parents[3] / "shared" / "data" / "tabular"
HERE = Path(__file__).parent / "expected"
EXPECTED: dict[str, dict[str, str | list[str]]] = json.loads((HERE / "types.json").read_text())
ORDERED: dict[str, dict[str, list[str]]] = json.loads((HERE / "ordinal.json").read_text())
ROWS = 2_000
WIDE = 100

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the shared data sets are not beside the checkout"
)


@cache
def some_rows(name: str, rows: int = ROWS) -> pl.DataFrame:
    """Rows from all over the table."""
    raw = read_raw(DATA / name / "train.csv.gz").frame
    return raw[np.linspace(0, raw.height - 1, min(raw.height, rows)).astype(int)]


@cache
def inferred(name: str, rows: int = ROWS) -> Schema:
    return infer_schema(some_rows(name, rows))


def judged(names: list[str], rows: int = ROWS) -> tuple[int, int, int, list[str]]:
    columns = first = accepted = 0
    wrong = []
    for name in names:
        for column, kinds in EXPECTED[name].items():
            allowed = [kinds] if isinstance(kinds, str) else kinds
            kind = inferred(name, rows)[column].kind.value
            columns += 1
            first += kind == allowed[0]
            accepted += kind in allowed
            wrong += [] if kind in allowed else [f"{name}: {column} is {kind}, not {allowed}"]
    return columns, first, accepted, wrong


def test_every_table_and_column_has_an_expectation() -> None:
    assert sorted(EXPECTED) == sorted(path.name for path in DATA.iterdir())
    assert sum(map(len, EXPECTED.values())) == 3511


NARROW = [name for name, columns in EXPECTED.items() if len(columns) <= WIDE]
# Read in a second or two; the others are judged by the slow test.
QUICK = [name for name in NARROW if name not in ("tennis_matches", "trump_tweet_source")]


@pytest.mark.long
def test_kinds_of_tables_with_up_to_100_columns() -> None:
    columns, first, accepted, wrong = judged(QUICK)
    assert columns == sum(len(EXPECTED[name]) for name in QUICK) > 1000
    assert accepted >= 0.97 * columns, wrong
    assert first >= 0.94 * columns


@pytest.mark.slow
def test_kinds_of_all_tables() -> None:
    columns, _, accepted, wrong = judged(list(EXPECTED), 10**9)
    assert columns == 3511
    assert accepted >= 0.97 * columns, wrong


@pytest.mark.long
def test_orders_are_found_and_never_turned() -> None:
    found = 0
    for name in ORDERED.keys() & set(QUICK):
        for column, expected in ORDERED[name].items():
            levels = inferred(name)[column].levels
            both = [label for label in expected if label in levels]
            found += len(both) >= 0.7 * len(expected)
            if name != "reddit_finance" or column != "edu":  # a trade school: above or below?
                assert [label for label in levels if label in expected] == both, (name, column)
    assert found >= 50  # of 82: the abbreviations of one table make 20


@pytest.mark.long
@pytest.mark.parametrize("name", QUICK)
def test_tables_are_cast_as_their_schema_says(name: str) -> None:
    raw, schema = some_rows(name), inferred(name)
    table = cast(raw, schema)
    assert table.frame.shape == raw.shape
    assert table.frame.schema == {column.name: PHYSICAL[column.kind] for column in schema}
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema
    used = [c.evidence for c in schema if c.kind is Kind.ID and c.role is Role.FEATURE]
    assert all("entities" in evidence for evidence in used)
    again = conform(raw.reverse(), schema, schema.names(Role.FEATURE))
    assert again.frame.reverse().equals(table.frame)


@pytest.mark.long
def test_columns_read_as_numbers_mean_the_same_as_text() -> None:
    for name in QUICK[::4]:
        raw = some_rows(name)
        schema = infer_schema(pl.DataFrame([_as_read_typed(column) for column in raw]))
        for text, typed in zip(inferred(name), schema, strict=True):
            assert text == typed


def _as_read_typed(column: pl.Series) -> pl.Series:
    if column.dtype != pl.String or column.str.contains(r"^0\d").any():
        return column
    for dtype in (pl.Int64, pl.Float64):
        numbers = column.cast(dtype, strict=False)
        if numbers.null_count() == column.null_count() and numbers.is_finite().all():
            return numbers
    return column
