"""Rows are known again by what they hold; what chance makes equal is not called seen."""

from __future__ import annotations

import struct
from hashlib import blake2b

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.stats.learned_rows import LearnedRows
from modelwright.store import pack_state, unpack_state

NAMES = ("size", "town", "day", "sold")
SCHEMA = Schema(
    (
        Column("size", Kind.NUMBER),
        Column("town", Kind.CATEGORY),
        Column("day", Kind.DATETIME),
        Column("sold", Kind.BOOLEAN),
    )
)


def rows(count: int, seed: int) -> tuple[Table, np.ndarray]:
    rng = np.random.default_rng(seed)
    towns = np.array(["Rome", "Oslo", "Lima", None], object)
    frame = pl.DataFrame(
        {
            "size": rng.normal(size=count) * 10.0 ** rng.integers(-9, 9, count),
            "town": pl.Series(towns[rng.integers(0, 4, count)].tolist(), dtype=pl.String),
            "day": np.datetime64("2024-01-01") + rng.integers(0, 300, count).astype("m8[D]"),
            "sold": rng.random(count) < 0.3,
        }
    ).with_columns(pl.col("day").cast(pl.Datetime("us")))
    return Table(frame, SCHEMA), rng.normal(size=count)


def few(count: int, seed: int) -> tuple[Table, np.ndarray]:
    """Give rows of few categories: equal ones are honest."""
    rng = np.random.default_rng(seed)
    letters = rng.choice(list("xyz"), count).tolist(), rng.choice(list("pq"), count).tolist()
    frame = pl.DataFrame({"a": letters[0], "b": letters[1]})
    schema = Schema((Column("a", Kind.CATEGORY), Column("b", Kind.CATEGORY)))
    return Table(frame, schema), rng.integers(0, 2, count)


def test_rows_are_known_in_any_order_and_among_others() -> None:
    table, y = rows(400, 0)
    other, z = rows(100, 1)
    known = LearnedRows.of(table, NAMES, y)
    back = np.random.default_rng(2).permutation(400)[:60]
    mixed = Table(pl.concat([other.frame, table.rows(back).frame]), SCHEMA)
    found = known.compare(mixed, np.concatenate([z, y[back]]))
    assert found.seen.tolist() == [False] * 100 + [True] * 60
    assert found.fresh.sum() == 100
    assert not found.whole
    assert found.words.startswith("60 of 160 rows are among the 400 that the model was fitted on:")


def test_rows_of_the_fit_alone_are_told_so() -> None:
    table, y = rows(300, 0)
    found = LearnedRows.of(table, NAMES, y).compare(table.rows(np.arange(0, 300, 3)), y[::3])
    assert found.whole
    assert found.words.startswith("All 100 rows are among the 300")
    assert "too good to be true" in found.words


def test_fresh_rows_are_fresh_and_nothing_is_said() -> None:
    found = LearnedRows.of(*_with_names(rows(2_000, 0))).compare(*rows(2_000, 1))
    assert not found.equal.any()
    assert found.fresh.all()
    assert found.words == ""


def _with_names(given_: tuple[Table, np.ndarray]) -> tuple[Table, tuple[str, ...], np.ndarray]:
    return given_[0], NAMES, given_[1]


def test_a_row_with_another_answer_was_seen_all_the_same() -> None:
    table, y = rows(300, 0)
    changed = y.copy()
    changed[:20] += 1
    found = LearnedRows.of(table, NAMES, y).compare(table, changed)
    assert found.whole
    part = LearnedRows.of(table, NAMES, y).compare(
        Table(pl.concat([table.frame[:20], rows(80, 5)[0].frame]), SCHEMA),
        np.concatenate([changed[:20], rows(80, 5)[1]]),
    )
    assert part.seen.sum() == 20
    assert "(20 of them with another answer)" in part.words


@pytest.mark.parametrize("seed", range(5))
def test_equal_rows_of_few_categories_are_no_overlap(seed: int) -> None:
    table, y = few(500, seed)
    other, z = few(200, seed + 50)
    found = LearnedRows.of(table, ("a", "b"), y).compare(other, z)
    assert found.equal.all()
    assert not found.seen.any()
    assert found.fresh.all()
    assert "may be chance" in found.words
    assert "100 % equal another one" in found.words


def test_few_categories_with_numbers_to_predict_are_known_by_their_answers() -> None:
    table, _ = few(500, 0)
    y = np.random.default_rng(0).normal(size=500)
    known = LearnedRows.of(table, ("a", "b"), y)
    other, _ = few(100, 1)
    mixed = Table(pl.concat([table.frame[:50], other.frame]), table.schema)
    found = known.compare(
        mixed, np.concatenate([y[:50], np.random.default_rng(1).normal(size=100)])
    )
    assert found.seen.tolist() == [True] * 50 + [False] * 100


def test_a_few_honest_repeats_are_no_overlap() -> None:
    rng = np.random.default_rng(0)
    schema = Schema((Column("a", Kind.NUMBER),))

    def draw(count: int) -> Table:
        numbers = rng.integers(0, 20_000, count).astype(float)
        return Table(pl.DataFrame({"a": numbers}), schema)

    known = LearnedRows.of(draw(2_000), ("a",), np.zeros(2_000))
    wrong = sum(bool(known.compare(draw(300), np.zeros(300)).seen.any()) for _ in range(100))
    assert wrong <= 3
    table = draw(500)
    known = LearnedRows.of(table, ("a",), np.zeros(500))
    some = Table(pl.concat([draw(200).frame, table.frame[:60]]), schema)
    assert known.compare(some, np.zeros(260)).seen[200:].all()


def test_how_a_file_writes_a_value_does_not_matter() -> None:
    schema = Schema((Column("n", Kind.NUMBER), Column("t", Kind.TEXT)))
    values = np.random.default_rng(0).normal(size=50)
    one = pl.DataFrame({"n": values, "t": ["a  b"] * 50})
    other = pl.DataFrame({"n": [float(f"{v:.12g}") for v in values], "t": [" a b "] * 50})
    known = LearnedRows.of(Table(one, schema), ("n", "t"), np.zeros(50))
    assert known.compare(Table(other, schema), np.zeros(50)).seen.all()


def test_the_same_values_in_other_columns_are_another_row() -> None:
    schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    frame = pl.DataFrame({"a": [1.0, None], "b": [2.0, 0.0]})
    turned = pl.DataFrame({"a": [2.0, 0.0], "b": [1.0, None]})
    known = LearnedRows.of(Table(frame, schema), ("a", "b"), np.zeros(2))
    assert not known.compare(Table(turned, schema), np.zeros(2)).equal.any()


def _spread(key: int) -> int:
    """Write SplitMix64 once more, with the numbers of Python."""
    z = (key + 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def _named(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _bits(value: float) -> int:
    return int.from_bytes(struct.pack("<d", value), "little")


def test_hashes_are_what_they_are_said_to_be() -> None:
    """A file of this version has to know its rows in every later one."""
    frame = pl.DataFrame(
        {"size": [1.5, None], "town": ["Rome", None], "day": [86_400_000_000, None],
         "sold": [True, None]},
        schema={"size": pl.Float64, "town": pl.String, "day": pl.Datetime("us"),
                "sold": pl.Boolean},
    )  # fmt: skip
    known = LearnedRows.of(Table(frame, SCHEMA), NAMES, np.array([0.0, 2.25]))
    absent = 0x6D697373696E6721
    expected = []
    for values, answer in (
        ((_bits(1.5), _named("Rome"), _bits(86_400.0), _bits(1.0)), 0.0),
        ((absent,) * 4, 2.25),
    ):
        cells = zip(NAMES, values, strict=True)
        total = sum(_spread(value ^ _named(name)) for name, value in cells) % 2**64
        expected.append((_spread(total) >> 24 << 24) | (_spread(_bits(answer)) >> 40))
    assert known.marks.tolist() == sorted(expected)


def test_a_sample_is_fair_and_keeps_all_copies() -> None:
    table, y = rows(5_000, 0)
    twice = Table(pl.concat([table.frame, table.frame[:1_000]]), SCHEMA)
    known = LearnedRows.of(twice, NAMES, np.concatenate([y, y[:1_000]]), most=1_500)
    assert len(known.marks) <= 1_500
    assert known.rows == 6_000
    found = known.compare(table, y)
    assert found.equal[found.compared].all()
    assert not found.equal[~found.compared].any()
    assert found.compared.mean() == pytest.approx(0.25, abs=0.04)
    assert found.by_chance == pytest.approx(2_000 / 6_000, abs=0.05)
    assert "that could be compared, of 5,000" in found.words


def test_a_file_holds_a_few_bytes_a_row() -> None:
    table, y = rows(3_000, 0)
    known = LearnedRows.of(table, NAMES, y)
    entries = pack_state(known.export())
    assert sum(map(len, entries.values())) < 8 * 3_000 + 1_000
    again = LearnedRows.restore(unpack_state(entries))
    np.testing.assert_array_equal(again.marks, known.marks)
    assert (again.columns, again.rows, again.bound) == (known.columns, known.rows, known.bound)


@pytest.mark.parametrize("harm", ["order", "dtype", "bytes", "bound"])
def test_a_damaged_state_is_refused(harm: str) -> None:
    table, y = rows(30, 0)
    state = LearnedRows.of(table, NAMES, y).export()
    marks, config = state.arrays["marks"], dict(state.config)
    marks = {"order": marks[:, ::-1], "dtype": marks.astype(np.int64), "bytes": marks[1:]}.get(
        harm, marks
    )
    config |= {"bound": 0} if harm == "bound" else {}
    with pytest.raises(ValueError, match="hashes of rows"):
        LearnedRows.restore(type(state)(config, {"marks": marks}))


def test_of_a_long_table_the_telling_columns_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.stats.learned_rows.CELLS", 1)
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"flag{i}": rng.integers(0, 2, 500).astype(float) for i in range(6)})
    frame = frame.with_columns(pl.Series("size", rng.normal(size=500)))
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in frame.columns))
    known = LearnedRows.of(Table(frame, schema), frame.columns, np.zeros(500))
    assert "size" in known.columns
    assert len(known.columns) == 4


@given(st.lists(st.floats(width=64), min_size=1, max_size=20))
def test_any_numbers_can_be_hashed_and_are_known_again(values: list[float]) -> None:
    schema = Schema((Column("a", Kind.NUMBER),))
    table = Table(pl.DataFrame({"a": values}, schema={"a": pl.Float64}), schema)
    known = LearnedRows.of(table, ("a",), np.arange(float(len(values))))
    assert known.compare(table, np.arange(float(len(values)))).equal.all()


@pytest.mark.parametrize("size", [1, 40, 500])
@pytest.mark.parametrize("most", [20, 10_000])
def test_rows_that_are_added_in_parts(size: int, most: int) -> None:
    rng = np.random.default_rng(0)
    schema = Schema((Column("age", Kind.NUMBER), Column("town", Kind.CATEGORY)))
    towns = [f"town {i}" for i in rng.integers(0, 9, 500)]
    table = Table(pl.DataFrame({"age": rng.normal(size=500), "town": towns}), schema)
    y = rng.integers(0, 2, 500)
    whole = LearnedRows.of(table, ("age", "town"), y, most)
    parts = LearnedRows.of(table.part(0, 100), ("age", "town"), y[:100], most)
    for start in range(100, 500, size):
        stop = min(start + size, 500)
        parts = parts.also(table.part(start, stop), y[start:stop], most)
    assert (parts.rows, parts.bound) == (whole.rows, whole.bound)
    np.testing.assert_array_equal(parts.marks, whole.marks)
    assert len(parts.marks) <= most
