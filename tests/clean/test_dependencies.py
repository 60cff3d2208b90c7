"""What settles what, through dirt; and what the rows of a group say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.coded import Coded, code_table
from modelwright.clean.dependencies import agreement, dependencies, group_codes, votes
from modelwright.clean.entities import entities

CODES = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=1, max_size=40)


def column(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, np.int32)


@given(rows=CODES)
def test_votes_are_those_counted_by_hand(rows: list[tuple[int, int]]) -> None:
    group, value = column([g for g, _ in rows]), column([v for _, v in rows])
    said = votes(group, value)
    for i, (g, v) in enumerate(rows):
        others = [w for j, (h, w) in enumerate(rows) if j != i and h == g and g >= 0 and w >= 0]
        assert said.others[i] == len(others)
        same = others.count(v) / len(others) if others and v >= 0 else 0.0
        assert said.share[i] == pytest.approx(same)
        if g >= 0 and said.top[i] >= 0:
            counts = [w for h, w in rows if h == g and w >= 0]
            assert counts.count(said.top[i]) == max(map(counts.count, counts))


@given(rows=CODES)
def test_agreement_is_that_of_all_pairs(rows: list[tuple[int, int]]) -> None:
    strength, support = agreement(column([g for g, _ in rows]), column([v for _, v in rows]))
    assert 0 <= strength <= 1
    assert 0 <= support <= 1
    known = [(g, v) for g, v in rows if g >= 0 and v >= 0]
    alone = [row for row in known if sum(g == row[0] for g, _ in known) == 1]
    constant = len({row[1] for row in known if row not in alone}) < 2
    expected = 0.0 if constant else (len(known) - len(alone)) / len(rows)
    assert strength == 0 or not constant
    assert constant or support == pytest.approx(expected)


def test_a_dependency_is_found_through_errors() -> None:
    draw = np.random.default_rng(0)
    zips = draw.integers(0, 30, 600)
    towns = [f"town {z}" if draw.random() > 0.05 else f"tovn {draw.integers(99)}" for z in zips]
    table = pl.DataFrame(
        {
            "zip": [str(z) for z in zips],
            "town": towns,
            "noise": [str(x) for x in draw.integers(0, 9, 600)],
        }
    )
    found = dependencies(code_table(table))
    best = found[1][0]
    assert best.given == (0,)
    assert 0.85 < best.strength < 0.95
    assert all(one.strength < 0.2 for one in found[2])


def test_a_source_tells_apart_beyond_chance() -> None:
    draw = np.random.default_rng(0)
    things = np.repeat(np.arange(200), 4)
    careless = (np.arange(800) % 4 == 3) & (draw.random(800) < 0.5)
    facts = [f"f{(x + 7 * odd) % 23}" for x, odd in zip(things, careless, strict=True)]
    made = {"thing": [f"t{x}" for x in things], "fact": facts}
    sites = [f"site {x}" for x in np.tile(np.arange(4), 200)]
    scores = draw.integers(0, 120, 800).astype(str)
    for name, column, source in (("site", sites, 2), ("score", scores, -1)):
        coded = code_table(pl.DataFrame({**made, name: column}))
        found = entities(coded, dependencies(coded))
        assert [one.source for one in found if one.given == (0,)] == [source]


def test_two_columns_settle_what_none_does_alone() -> None:
    draw = np.random.default_rng(1)
    a, b = draw.integers(0, 6, 800), draw.integers(0, 6, 800)
    table = pl.DataFrame(
        {"a": [f"a{x}" for x in a], "b": [f"b{x}" for x in b],
         "c": [f"c{x * 7 + y * 3 + x * y}" for x, y in zip(a, b, strict=True)]}
    )  # fmt: skip
    best = dependencies(code_table(table))[2][0]
    assert best.given == (0, 1)
    assert best.strength == pytest.approx(1.0)


def test_long_tables_are_looked_at_in_part_and_nothing_is_lost() -> None:
    draw = np.random.default_rng(0)
    rows = 60_000
    sex, pair = draw.integers(0, 2, rows), draw.integers(0, rows // 3, rows)
    gone = draw.random(rows) < 0.4
    table = pl.DataFrame(
        {
            "sex": [None if away else "fm"[x] for x, away in zip(sex, gone, strict=True)],
            "word": ["woman" if x == 0 else "man" for x in sex],
            "pair": [None if away else f"p{x}" for x, away in zip(pair, gone, strict=True)],
            "place": [f"at {x % 997}" for x in pair],
        }
    )
    found = dependencies(code_table(table))
    words = next(one for one in found[1] if one.given == (0,))
    places = next(one for one in found[3] if one.given == (2,))
    assert words.strength == places.strength == 1.0
    assert words.support == pytest.approx(0.6, abs=0.02)
    # of 36,000 rows in 20,000 pairs so many share theirs with another one
    assert places.support == pytest.approx(0.6 * (1 - np.exp(-1.8)), abs=0.02)


def test_groups_of_many_columns_are_no_others() -> None:
    values = pl.Series(range(2**16 - 1), dtype=pl.Int64).cast(pl.String)
    codes = np.array([[0, 1, 2, 3, 4], [9, 1, 2, 3, 4], [0, 1, 2, 3, 4]], np.int32)
    counts = np.ones(len(values), np.int64)
    coded = Coded(tuple("abcde"), codes, (values,) * 5, (counts,) * 5)
    assert group_codes(coded, (0, 1, 2, 3, 4)).tolist() == [0, 1, 0]


def test_groups_of_several_columns_are_numbered() -> None:
    table = pl.DataFrame({"a": ["x", "x", "y", None], "b": ["1", "1", "1", "1"]})
    group = group_codes(code_table(table), (0, 1))
    assert group[0] == group[1] != group[2]
    assert group[3] == -1
