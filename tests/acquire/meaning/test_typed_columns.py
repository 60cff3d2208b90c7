"""Columns of a large file that are read as numbers at once: the same values as through text."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.acquire import Reading, cast, infer_schema, read_raw
from modelwright.acquire.meaning.casting import cast_column
from modelwright.acquire.text import delimited
from modelwright.core.schema import Column, Kind

PLAIN = ["1", "-2", "30", "0", "1000000"]
DECIMAL = ["1", "-2.5", "0.30000000000000004", "1e-7", "-0.0", "123456789012345680000"]
ODD = ["007", "+5", ".5", "5.", "1e5", "1e400", "-0", " 7", "inf", "-Infinity", "NaN", "1_000",
       "", "?", "x", "123456789012345678901", "9223372036854775808", "1.0000000000000000000001",
       "0x10", "1,5", "2.50", "\N{MINUS SIGN}1", "1e-400", "0.1e1", "infinity"]  # fmt: skip


def read_both(text: str, **chosen: object) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a file as text, and as a large one whose first lines alone are looked at."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_text(text, encoding="utf-8")
        as_text = read_raw(path).frame
        with (
            mock.patch.object(delimited, "TYPED_FROM", 0),
            mock.patch.object(delimited, "_HEAD", 200),
            mock.patch.object(delimited, "_WINDOWS", 1),
        ):
            return as_text, read_raw(path, Reading(**chosen)).frame  # type: ignore[arg-type]


@given(
    st.sampled_from([PLAIN, DECIMAL]),
    st.lists(st.sampled_from(ODD + PLAIN + DECIMAL), max_size=12),
)
@pytest.mark.long
def test_numbers_are_the_same_to_the_bit(head: list[str], later: list[str]) -> None:
    values = head * 40 + later
    lines = [f'w,"{value}",0.5' if "," in value else f"w,{value},0.5" for value in values]
    text, typed = read_both("word,value,last\n" + "\n".join(lines) + "\n")
    column = Column("value", Kind.NUMBER)
    one, lost = cast_column(text["value"], column)
    other, missed = cast_column(typed["value"], column)
    assert np.array_equal(one.to_numpy(), other.to_numpy(), equal_nan=True)
    assert len(lost) == len(missed)
    if typed["value"].dtype == pl.Float64:
        bits = (series.fill_null(0.0).to_numpy().view(np.int64) for series in (one, other))
        assert np.array_equal(*bits)


def test_what_is_plainly_a_number_is_one() -> None:
    lines = [f"{i},{i / 7!r},w{i % 3},0{i % 10},,{'-' if i % 2 else i}" for i in range(300)]
    text, typed = read_both("a,b,c,d,e,f\n" + "\n".join(lines) + "\n")
    assert [str(dtype) for dtype in typed.dtypes] == [
        "Int64", "Float64", "String", "String", "String", "String",
    ]  # fmt: skip
    assert text.dtypes == [pl.String] * 6
    one, other = (cast(raw, infer_schema(raw)) for raw in (text, typed))
    assert one.frame.equals(other.frame)
    kinds = [[(c.name, c.kind, c.role, c.format) for c in table.schema] for table in (one, other)]
    assert kinds[0] == kinds[1]


def test_a_later_word_brings_back_the_text() -> None:
    lines = [*("1,2" for _ in range(100)), "007,x"]
    text, typed = read_both("a,b\n" + "\n".join(lines) + "\n")
    assert typed["b"].to_list() == text["b"].to_list()
    assert typed["a"].dtype == pl.Int64


def test_columns_that_are_wanted_verbatim() -> None:
    lines = [*("1,2" for _ in range(100)), "007,2"]
    _, typed = read_both(" a ,b\n" + "\n".join(lines) + "\n", verbatim=frozenset(["a"]))
    assert typed[" a "][-1] == "007"
    assert typed["b"].dtype == pl.Int64


def test_uneven_rows_of_a_large_file() -> None:
    lines = [*("1,2.5,3" for _ in range(100)), "1,2.5", "", "4,5.5,6"]
    _, typed = read_both("a,b,c\n" + "\n".join(lines) + "\n")
    assert typed.tail(2).rows() == [(1, 2.5, None), (4, 5.5, 6)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["ames", "adult", "tennis_matches", "nyc_taxis_tip", "squirrels_run", "sick"]
)
def test_real_tables_mean_the_same(shared_data: Path, name: str) -> None:
    path = shared_data / "tabular" / name / "train.csv.gz"
    text = read_raw(path).frame
    with mock.patch.object(delimited, "TYPED_FROM", 0):
        typed = read_raw(path).frame
    one, other = (cast(raw, infer_schema(raw)) for raw in (text, typed))
    kinds = [[(c.name, c.kind, c.role, c.format) for c in table.schema] for table in (one, other)]
    assert kinds[0] == kinds[1]
    assert one.frame.equals(other.frame)
