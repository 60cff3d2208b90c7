from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import strings
from modelwright.features.grams import bag
from modelwright.features.scores import Scores
from modelwright.features.strings import portions

WORDS = st.text(alphabet="ab Éß1-\n\0", max_size=12)


def runs_of(text: str | None, length: int) -> list[bytes]:
    if text is None:
        return []
    plain = re.sub(r"[\s\x00]+", " ", text.lower()).strip(" ")
    framed = f" {plain} ".encode()
    return [framed[i : i + length] for i in range(len(framed) - length + 1)]


@given(st.lists(st.one_of(st.none(), WORDS), max_size=8), st.integers(1, 4))
def test_runs_are_those_of_each_string_and_no_others(strings: list[str | None], n: int) -> None:
    found = bag(pl.Series(strings, dtype=pl.String), runs=(n,))
    assert found.height == len(strings)
    for row, text in enumerate(strings):
        codes = found.codes[found.rows == row]
        assert [int(code).to_bytes(n, "big") for code in codes] == runs_of(text, n)


@given(st.lists(st.one_of(st.none(), WORDS), max_size=8))
def test_one_string_is_cut_as_among_others(strings: list[str | None]) -> None:
    together = bag(pl.Series(strings, dtype=pl.String), runs=(3,), words=2)
    for row, text in enumerate(strings):
        alone = bag(pl.Series([text], dtype=pl.String), runs=(3,), words=2)
        np.testing.assert_array_equal(together.codes[together.rows == row], alone.codes)


def codes(text: str, words: int = 1) -> list[int]:
    return bag(pl.Series([text]), words=words).codes.tolist()


@pytest.mark.long
def test_words_are_told_apart_whatever_stands_between_them() -> None:
    assert codes("Red car!") == codes("red,CAR")
    assert codes("red car") == codes("red") + codes("car")
    assert codes("redcar") != codes("red car")
    assert codes("--- !") == []
    assert len({codes(f"word{i}")[0] for i in range(5_000)}) == 5_000


def test_pairs_of_words_know_their_order() -> None:
    assert len(codes("not good", 2)) == 3
    assert set(codes("not good", 2)) & set(codes("good not", 2)) == set(codes("not good"))


def test_pairs_do_not_reach_into_the_next_string() -> None:
    found = bag(pl.Series(["red", "car"]), words=2)
    assert found.rows.tolist() == [0, 1]


def test_words_are_never_mistaken_for_runs() -> None:
    found = bag(pl.Series(["police officer"]), runs=(2, 3, 4))
    assert not set(found.codes.tolist()) & set(codes("police officer"))


def test_codes_do_not_change_between_versions() -> None:
    assert codes("police officer", 2) == GOLDEN


# model files hold these: a change makes old files wrong
GOLDEN = [12482702219508661715, 13920894051194114803, 17046473821136606448]


@given(st.lists(st.one_of(st.none(), WORDS), max_size=30), st.integers(1, 40))
@settings(max_examples=60)
def test_portions_hold_every_string_once_and_few_letters(
    found: list[str | None], most: int
) -> None:
    series = pl.Series(found, dtype=pl.String)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strings, "_LETTERS", most)
        parts = [series[some] for some in portions(series)]
    assert [text for part in parts for text in part.to_list()] == found
    assert all(sum(len(text or "") + 2 for text in part[:-1]) < most for part in parts)


def test_scores_are_the_same_whatever_the_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"job": [f"{'ab'[i % 2]} clerk {i % 7} of {i}" for i in range(60)]})
    table = Table(frame, Schema((Column("job", Kind.TEXT),)))
    y = Target(np.arange(60) % 2 + 0.1 * np.arange(60))
    whole = Scores().fit(table, y, seed=0)
    monkeypatch.setattr(strings, "_LETTERS", 50)
    parted = Scores().fit(table, y, seed=0)
    assert whole is not None
    assert parted is not None
    np.testing.assert_allclose(
        parted.transform(table).numbers, whole.transform(table).numbers, rtol=1e-5, atol=1e-6
    )
