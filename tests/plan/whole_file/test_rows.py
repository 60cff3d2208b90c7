"""The rows of a file, told apart from those of its sample."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import ColumnError
from modelwright.core.framing import encode_target
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.splits import Fold
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.plan.whole_file.rows import FileRows, Held, Rest, Sampled, keys_of

ROWS = 500
SCHEMA = Schema(
    (
        Column("size", Kind.NUMBER),
        Column("colour", Kind.CATEGORY),
        Column("shop", Kind.CATEGORY, Role.GROUP),
        Column("day", Kind.NUMBER, Role.ORDER),
        Column("counts", Kind.NUMBER, Role.WEIGHT),
        Column("noise", Kind.TEXT, Role.IGNORED),
        Column("sold", Kind.CATEGORY, Role.TARGET),
    )
)
TASK = Task(TaskKind.BINARY, "sold", "roc_auc", ("no", "yes"))


def rows(count: int = ROWS, seed: int = 0) -> pl.DataFrame:
    """Make rows of which many are equal."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "size": [None if v > 7 else float(v) for v in rng.integers(0, 9, count)],
            "colour": [("red", "blue", None)[i] for i in rng.integers(0, 3, count)],
            "shop": [f"shop {i}" for i in rng.integers(0, 6, count)],
            "day": rng.integers(0, 5, count).astype(float),
            "counts": rng.integers(1, 4, count).astype(float),
            "noise": [f"row {i}" for i in range(count)],
            "sold": [("yes", "no")[i] for i in rng.integers(0, 2, count)],
        }
    )


def target(table: Table) -> Target:
    return encode_target(TASK, table.frame["sold"])


def source(frame: pl.DataFrame, held: Held | None = None, share: float = 1.0) -> FileRows:
    table = Table(frame, SCHEMA)
    return FileRows(table, target(table), TASK, held or Held(), seed=3, share=share)


def in_batches(asked: FileRows, frame: pl.DataFrame, size: int) -> list[Rest]:
    return [asked.take(frame.slice(i, size)) for i in range(0, frame.height, size)]


def whole(found: Sequence[Rest]) -> pl.DataFrame:
    return pl.concat([one.table.frame for one in found])


@pytest.mark.long
@pytest.mark.parametrize("size", [1, 7, 64, ROWS])
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_batches_of_any_size_give_the_same_rows(size: int, share: float) -> None:
    frame = rows()
    sample = frame.sample(100, seed=1)
    once, again = source(sample, share=share), source(sample, share=share)
    expected, found = in_batches(once, frame, ROWS), in_batches(again, frame, size)
    assert whole(found).equals(whole(expected))
    assert again.sample.left == once.sample.left == 0
    np.testing.assert_array_equal(np.concatenate([r.y.values for r in found]), expected[0].y.values)
    if share == 1.0:
        assert whole(found).height == ROWS - 100


def test_what_is_left_is_what_was_not_drawn() -> None:
    """Of equal rows as many are taken for drawn ones as were drawn."""
    frame = rows()
    drawn = np.random.default_rng(0).permutation(ROWS)[:200]
    rest = whole(in_batches(source(frame[drawn]), frame, 60))
    names = ["size", "colour", "day", "sold"]
    expected = frame[np.setdiff1d(np.arange(ROWS), drawn)]
    for one in (rest, expected):
        assert one.height == 300
    counts = [one.group_by(names).len().sort(names) for one in (rest, expected)]
    assert counts[0].equals(counts[1])


@given(st.lists(st.integers(0, 5), max_size=40), st.data())
def test_a_sample_is_found_again_whole(keys: list[int], data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.sampled_from(range(len(keys))), unique=True)) if keys else []
    every = np.array(keys, np.uint64)
    sample = Sampled(every[drawn] if drawn else every[:0])
    size = data.draw(st.integers(1, 9))
    parts = [sample.find(every[i : i + size]) for i in range(0, len(every), size)]
    found = np.concatenate([np.zeros(0, np.bool_), *parts])
    assert sample.left == 0
    assert sorted(every[found]) == sorted(every[drawn] if drawn else every[:0])


def test_answers_weights_and_strange_classes() -> None:
    sample = rows(50)
    asked = source(sample)
    more = rows(20, seed=1).with_columns(
        sold=pl.Series(["maybe", None, "", *["yes"] * 17]),
        counts=pl.Series([1.0] * 10 + [None, 0.0, -1.0, float("inf")] + [2.0] * 6),
        size=pl.Series(["big", *["77"] * 19]),
    )
    found = asked.take(more)
    assert len(found.y) == 13
    assert found.weight is not None
    mean = sample["counts"].mean()
    assert isinstance(mean, float)
    assert found.weight[-1] == pytest.approx(2.0 / mean)
    told = " ".join(asked.tally.notes("sold"))
    assert "2 rows without a value of 'sold' left out" in told
    assert "4 rows without a weight above zero" in told
    assert "1 row of classes that the sample does not hold left out ('maybe')" in told
    assert "1 value of 'size' became missing, such as 'big'" in told


def test_the_names_of_columns_again_are_no_row() -> None:
    asked = source(rows(50))
    texts = rows(5, seed=1).select(pl.all().cast(pl.String))
    names = pl.DataFrame([{name: name for name in texts.columns}])
    found = asked.take(pl.concat([texts, names, texts]))
    assert len(found.y) == 10
    assert "without a value" not in " ".join(asked.tally.notes("sold"))


def test_numbers_without_a_value_or_beyond_all_bounds() -> None:
    task = Task(TaskKind.REGRESSION, "price", "rmse")
    schema = Schema((Column("size", Kind.NUMBER), Column("price", Kind.NUMBER, Role.TARGET)))
    frame = pl.DataFrame({"size": [1.0, 2, 3], "price": [1.0, 2, 3]})
    asked = FileRows(
        Table(frame, schema), Target(frame["price"].to_numpy()), task, Held(), seed=0, share=1.0
    )
    more = pl.DataFrame({"size": [4.0] * 4, "price": [5.0, None, float("inf"), 1e37]})
    assert asked.take(more).y.values.tolist() == [5.0]
    assert asked.tally.unanswered == 3


def test_a_file_that_lost_a_column() -> None:
    with pytest.raises(ColumnError, match="'size'"):
        source(rows(50)).take(rows(5).drop("size"))


def test_rows_to_be_judged_on_are_spared() -> None:
    frame = rows()
    asked = source(frame.head(50))
    tests = Table(frame.tail(100), SCHEMA)
    asked.spare(tests, target(tests))
    found = asked.take(frame.slice(50))
    left = set(keys_of(found.table, found.y).tolist())
    assert left
    assert not left & set(keys_of(tests, target(tests)).tolist())


def test_a_fold_holds_back_groups_and_what_is_later() -> None:
    frame = rows().with_columns(shop=pl.when(pl.int_range(ROWS) == 3).then(None).otherwise("shop"))
    sample = Table(frame.head(60), SCHEMA)
    early = (sample.frame["day"] <= 2).to_numpy()
    fold = Fold(np.flatnonzero(early), np.flatnonzero(~early))
    kinds = {kind: Held.by(sample, fold, kind) for kind in ("k-fold", "hold-out")}
    assert all(held == Held() for held in kinds.values())
    later = Held.by(sample, fold, "time-ordered")
    assert later.past(frame).tolist() == (frame["day"] <= 2).to_list()
    assert later.free(frame).all()
    assert later.past(pl.DataFrame({"day": [None, 1.0]})).tolist() == [False, True]
    groups = Held.by(sample, Fold(np.arange(30), np.array([3, 40])), "group k-fold")
    held = {None, frame["shop"][40]}
    assert groups.free(frame).tolist() == [shop not in held for shop in frame["shop"]]
    assert groups.past(frame).all()


def test_dates_are_times() -> None:
    days = [datetime(2020, 1, day) for day in (1, 5, 9)]
    schema = Schema((Column("day", Kind.DATETIME, Role.ORDER),))
    table = Table(pl.DataFrame({"day": days}), schema)
    held = Held.by(table, Fold(np.array([0, 1]), np.array([2])), "time-ordered")
    assert held.past(table.frame).tolist() == [True, True, False]
