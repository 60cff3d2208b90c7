"""Guesses are written the way their column is written."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.impute.writing import Writing, restore_writing, writing_of
from modelwright.core.schema import Kind


@pytest.mark.parametrize(
    ("texts", "values", "guess", "written"),
    [
        (["12", "7", "3"], [12, 7, 3], 4.4, "4"),
        (["1.5", "22.5", "3"], [1.5, 22.5, 3], -0.26, "-0.3"),
        (["1.234,50 €", "99,00 €", "7,25 €"], [1234.5, 99, 7.25], 5678.9, "5.678,90 €"),
        (["$1,200", "$80", "-$7"], [1200, 80, -7], 4321.0, "$4,321"),
        (["1 200 kg", "80 kg", "7 kg"], [1200, 80, 7], 0.0, "0 kg"),
        (["12 %", "7.5 %", "8.5 %"], [12, 7.5, 8.5], 9.99, "10.0 %"),
        (["3", "-0", "2"], [3, 0, 2], -0.2, "0"),
    ],
)
def test_numbers_are_written_with_their_marks_and_units(
    texts: list[str], values: list[float], guess: float, written: str
) -> None:
    one = writing_of(pl.Series(texts), pl.Series(values, dtype=pl.Float64), Kind.NUMBER)
    assert one is not None
    assert one.write(guess) == written
    assert restore_writing(json.loads(json.dumps(one.to_json()))) == one


def test_what_cannot_be_written_back_is_not_written() -> None:
    durations = pl.Series(["2h 30m", "1h 10m"])
    assert writing_of(durations, pl.Series([9000.0, 4200.0]), Kind.NUMBER) is None
    assert writing_of(pl.Series(["soon"]), pl.Series([datetime(2024, 1, 1)]), Kind.DATETIME) is None


def test_levels_and_truth_are_written_as_most_write_them() -> None:
    texts = pl.Series(["Ja", "ja", "ja", "nein"])
    one = writing_of(texts, pl.Series([True, True, True, False]), Kind.BOOLEAN)
    assert one is not None
    assert (one.write(True), one.write(False)) == ("ja", "nein")
    towns = pl.Series(["Rome", "rome", "Rome", "Oslo"])
    level = writing_of(towns, pl.Series(["Rome", "Rome", "Rome", "Oslo"]), Kind.CATEGORY)
    assert level is not None
    assert (level.write("Rome"), level.write("Lima")) == ("Rome", None)


def test_days_are_written_as_most_are() -> None:
    days = [datetime(2024, 1, 5), datetime(2024, 2, 7), datetime(2024, 3, 31)]
    texts = pl.Series(["05.01.2024", "07.02.2024", "2024-03-31"])
    one = writing_of(texts, pl.Series(days), Kind.DATETIME)
    assert one is not None
    assert one.write(datetime(2025, 12, 1)) == "01.12.2025"


WRITINGS = st.builds(
    Writing,
    st.just(Kind.NUMBER),
    st.sampled_from(["", "$", "EUR "]),
    st.sampled_from(["", " €", " kg", "%"]),
    st.sampled_from(["", "."]),
    st.just(","),
    st.integers(0, 3),
)


@given(WRITINGS, st.lists(st.integers(1, 10**7), min_size=3, max_size=12))
def test_a_way_of_writing_is_found_again(wanted: Writing, numbers: list[int]) -> None:
    values = [number / 10**wanted.places for number in numbers]
    texts = pl.Series([wanted.write(value) for value in values], dtype=pl.String)
    found = writing_of(texts, pl.Series(values, dtype=pl.Float64), Kind.NUMBER)
    assert found is not None
    assert [found.write(value) for value in values] == texts.to_list()


@pytest.mark.parametrize(
    ("key", "value"),
    [("places", 99), ("places", True), ("format", "%c"), ("kind", "what"), ("words", {"a": 1})],
)
def test_an_unsound_writing_is_refused(key: str, value: Any) -> None:
    data = Writing(Kind.DATETIME, format="%Y").to_json()
    with pytest.raises((ValueError, TypeError)):
        restore_writing({**data, key: value})
