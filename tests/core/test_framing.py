"""From a target column to a task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import DataError, OptionError
from modelwright.core.framing import (
    decode_labels,
    encode_target,
    frame_task,
    infer_task_kind,
    label_type,
)
from modelwright.core.schema import Column, Kind
from modelwright.core.task import LabelType, Task, TaskKind

NUMBER = Column("y", Kind.NUMBER)
WORDS = Column("y", Kind.CATEGORY)


def framed(
    cells: list[str], asked: str | None = None, positive: str | None = None
) -> tuple[TaskKind, tuple[str, ...]]:
    labels = pl.Series(cells)
    try:
        values, column = labels.cast(pl.Float64), NUMBER
    except pl.exceptions.InvalidOperationError:
        values, column = labels, WORDS
    return frame_task(values, labels, column, asked, positive)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["0", "1"] * 5, TaskKind.BINARY),
        (["7", "9"] * 5, TaskKind.BINARY),
        (["no", "yes"] * 5, TaskKind.BINARY),
        (["a", "b", "c"] * 5, TaskKind.MULTICLASS),
        (["0", "1", "2"] * 5, TaskKind.MULTICLASS),
        (["1", "2", "3", "4", "5"] * 5, TaskKind.MULTICLASS),
        (["0", "1", "3"] * 5, TaskKind.REGRESSION),
        ([str(i) for i in range(11)] * 3, TaskKind.REGRESSION),
        (["0.5", "1.5", "2.5"] * 5, TaskKind.REGRESSION),
    ],
)
def test_the_kind_follows_from_the_values(cells: list[str], kind: TaskKind) -> None:
    assert framed(cells)[0] is kind


def test_the_user_knows_better() -> None:
    assert framed(["0", "1", "2"] * 5, asked="regression")[0] is TaskKind.REGRESSION
    assert framed(["0.5", "1.5", "2.5"] * 5, asked="multiclass")[0] is TaskKind.MULTICLASS


def test_decimals_asked_for_as_two_classes_are_a_regression() -> None:
    with pytest.raises(OptionError, match="use --task regression"):
        framed([f"{i / 7:.3f}" for i in range(95)], asked="binary")


def test_words_with_an_order_are_classes_in_that_order() -> None:
    levels = ("very poor", "poor", "fair", "good", "excellent")
    labels = pl.Series("t", [*sorted(levels)] * 5)
    kind, classes = frame_task(labels, labels, replace(WORDS, levels=levels), None, None)
    assert (kind, classes) == (TaskKind.MULTICLASS, levels)


def test_numbers_are_ordered_as_numbers() -> None:
    assert framed(["10", "9", "2"] * 5, asked="multiclass")[1] == ("2", "9", "10")


def test_the_positive_class_comes_last() -> None:
    assert framed(["no", "yes"] * 5)[1][-1] == "yes"
    assert framed(["no", "yes"] * 5, positive="no")[1][-1] == "no"
    assert framed(["False", "True"] * 5, positive="false")[1][-1] == "False"


@pytest.mark.parametrize(
    ("cells", "asked", "positive"),
    [
        (["a", "b"] * 5, "regression", None),
        (["a", "b", "c"] * 5, "binary", None),
        (["a", "b", "c"] * 5, None, "a"),
        (["a", "b"] * 5, None, "z"),
        (["a", "b"] * 5, "clustering", None),
    ],
)
def test_what_does_not_fit_is_refused(
    cells: list[str], asked: str | None, positive: str | None
) -> None:
    with pytest.raises(OptionError):
        framed(cells, asked, positive)


def test_a_rare_class_among_many_is_kept_but_a_binary_one_is_not() -> None:
    assert len(framed(["a", "b"] * 5 + ["c"])[1]) == 3
    with pytest.raises(DataError, match="1 row of 'b'"):
        framed(["a"] * 9 + ["b"])


def test_dates_are_not_a_target() -> None:
    dates = pl.Series([1, 2, 3]).cast(pl.Datetime("us"))
    with pytest.raises(DataError, match="dates"):
        frame_task(dates, dates.cast(pl.String), Column("y", Kind.DATETIME), None, None)


@given(st.lists(st.sampled_from(["x", "y y", "", "Ü", "0"]), min_size=2, max_size=30))
def test_labels_survive_the_round_trip(cells: list[str]) -> None:
    classes = tuple(sorted(set(cells)))
    task = Task(TaskKind.MULTICLASS, "t", "log_loss", classes)
    codes = encode_target(task, pl.Series(cells)).values
    assert decode_labels(task, codes).to_list() == cells


def test_labels_come_back_in_their_type() -> None:
    whole = Task(TaskKind.BINARY, "t", "auc", ("1", "2"), label_type(("1", "2"), pl.String()))
    assert decode_labels(whole, np.array([1, 0])).to_list() == [2, 1]
    assert label_type(("01", "2"), pl.String()) is LabelType.STRING
    truth = Task(TaskKind.BINARY, "t", "auc", ("False", "True"), LabelType.BOOLEAN)
    assert decode_labels(truth, np.array([1, 0])).to_list() == [True, False]


def test_an_unknown_label_is_named() -> None:
    task = Task(TaskKind.BINARY, "t", "auc", ("no", "yes"))
    with pytest.raises(DataError, match="'yess'"):
        encode_target(task, pl.Series(["no", "yess"]))


def test_infer_needs_no_order() -> None:
    assert infer_task_kind(pl.Series([2.0, 0.0, 1.0]), Kind.NUMBER) is TaskKind.MULTICLASS


@pytest.mark.parametrize("unit", [1e40, 1e-50])
def test_a_target_that_predictions_cannot_hold_is_refused(unit: float) -> None:
    numbers = pl.Series([1.0, 2.5, 3.7]) * unit
    with pytest.raises(DataError, match="another unit"):
        frame_task(numbers, numbers.cast(pl.String), Column("y", Kind.NUMBER), None, None)
