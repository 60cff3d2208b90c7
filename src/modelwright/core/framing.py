"""From a target column to a task: what kind of answer is asked for, and its code numbers."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from modelwright.core.errors import DataError, OptionError, did_you_mean
from modelwright.core.schema import Column, Kind
from modelwright.core.task import LabelType, Target, Task, TaskKind

__all__ = ["decode_labels", "encode_target", "frame_task", "infer_task_kind", "label_type"]

MAX_CLASSES = 1_000
# A number with at most so many whole values, counted from 0 or 1, names classes.
FEW_WHOLE_VALUES = 10
# Predictions are float32: beyond these they would be infinite, or zero.
_LEAST, _LARGEST = 1e-30, 1e37


def infer_task_kind(values: pl.Series, kind: Kind) -> TaskKind:
    """Say what kind of answer a target column asks for.

    Parameters
    ----------
    values : polars.Series
        The target; Float64 when `kind` is number.
    kind : Kind
        Its semantic type.

    Returns
    -------
    TaskKind
        Two distinct values: binary. Words: multiclass. Numbers: regression, unless they are few
        whole numbers counted from 0 or 1 without a gap, which name classes.

    Examples
    --------
    >>> infer_task_kind(pl.Series([0.5, 1.5, 2.5]), Kind.NUMBER).value
    'regression'
    >>> infer_task_kind(pl.Series(["a", "b", "a"]), Kind.CATEGORY).value
    'binary'
    """
    distinct = values.drop_nulls().unique()
    if len(distinct) == 2:
        return TaskKind.BINARY
    if kind is not Kind.NUMBER:
        return TaskKind.MULTICLASS
    found = sorted(distinct.to_list())
    first = found[0]
    counted = first in (0, 1) and found == [first + i for i in range(len(found))]
    return (
        TaskKind.MULTICLASS if counted and len(found) <= FEW_WHOLE_VALUES else TaskKind.REGRESSION
    )


def _chosen_kind(values: pl.Series, column: Column, asked: str | None) -> TaskKind:
    if asked is None:
        return infer_task_kind(values, column.kind)
    words = [kind.value for kind in TaskKind]
    if asked not in words:
        raise OptionError("a known task for --task", repr(asked), did_you_mean(asked, words))
    kind = TaskKind(asked)
    distinct = values.drop_nulls().n_unique()
    if kind is TaskKind.REGRESSION and column.kind is not Kind.NUMBER:
        raise OptionError(
            f"a column of numbers for --task regression, such as target {column.name!r}",
            f"a {column.kind.value} column",
            "leave --task out, or set the column's type to number with --types",
        )
    if kind is TaskKind.BINARY and distinct != 2:
        raise OptionError(
            f"2 distinct values in target {column.name!r} for --task binary",
            f"{distinct}",
            f"use --task {infer_task_kind(values, column.kind).value}",
        )
    return kind


def frame_task(
    values: pl.Series, labels: pl.Series, column: Column, asked: str | None, positive: str | None
) -> tuple[TaskKind, tuple[str, ...]]:
    """Decide the kind of task and its classes.

    Parameters
    ----------
    values : polars.Series
        The target as its semantic type says.
    labels : polars.Series
        The target as words.
    column : Column
        The target's column.
    asked : str, optional
        The kind that the user asked for.
    positive : str, optional
        The positive class that the user asked for; it becomes the last class.

    Returns
    -------
    kind : TaskKind
    classes : tuple of str
        In code order, which is that of the column's levels where it has any; empty for regression.

    Raises
    ------
    DataError
        When the target is missing everywhere, constant, a date, or has too many or too thin
        classes.
    OptionError
        When `asked` or `positive` does not fit the column.
    """
    _check_target(values, labels, column)
    kind = _chosen_kind(values, column, asked)
    if kind is TaskKind.REGRESSION:
        if positive is not None:
            raise OptionError("a binary task for --positive", "a regression task", "leave it out")
        _check_range(values, column)
        return kind, ()
    counts = dict(labels.drop_nulls().value_counts().iter_rows())
    if kind is TaskKind.BINARY and len(counts) != 2:
        kind = TaskKind.MULTICLASS  # "Yes", "yes" and "no" are three words
    if asked is None and len(counts) > max(20, len(labels) // 2):
        numbers = pl.Series(list(counts)).cast(pl.Float64, strict=False)
        strange = [label for label, number in zip(counts, numbers, strict=True) if number is None]
        hint = f", some of them no numbers, such as {strange[0]!r}" if strange else ""
        raise DataError(
            f"numbers, or classes with several rows each, in target {column.name!r}",
            f"{len(counts):,} distinct words in {len(labels):,} rows{hint}",
            "mend these cells, or say --task multiclass",
        )
    if len(counts) > MAX_CLASSES:
        raise DataError(
            f"at most {MAX_CLASSES:,} classes in target {column.name!r}",
            f"{len(counts):,} distinct values",
            "choose another target, or group its values first",
        )
    if kind is TaskKind.BINARY and min(counts.values()) < 2:
        rare = min(counts, key=lambda label: counts[label])
        raise DataError(
            f"at least 2 rows of each class in target {column.name!r}",
            f"1 row of {rare!r}",
            "add rows of that class: a model that saw one cannot be checked",
        )
    if kind is TaskKind.MULTICLASS and positive is None and set(counts) <= set(column.levels):
        return kind, tuple(level for level in column.levels if level in counts)
    return kind, _ordered(list(counts), kind, positive)


def _check_target(values: pl.Series, labels: pl.Series, column: Column) -> None:
    name = repr(column.name)
    present = values.drop_nulls()
    if present.is_empty():
        raise DataError(f"values in target {name}", "a column that is missing everywhere")
    if present.n_unique() == 1:
        raise DataError(
            f"at least 2 distinct values in target {name}",
            f"one value only: {str(labels.drop_nulls()[0])!r}",
            "there is nothing to learn from a constant target",
        )
    if column.kind is Kind.DATETIME:
        raise DataError(
            f"numbers or classes in target {name}",
            "dates",
            "predict a duration instead, or set its type with --types",
        )


def _check_range(values: pl.Series, column: Column) -> None:
    largest = float(np.abs(values.drop_nulls().to_numpy()).max())
    if not _LEAST <= largest <= _LARGEST:
        raise DataError(
            f"numbers between {_LEAST:g} and {_LARGEST:g} in target {column.name!r}",
            f"{largest:g} as the largest",
            "give it in another unit, or take its logarithm",
        )


def _ordered(labels: list[str], kind: TaskKind, positive: str | None) -> tuple[str, ...]:
    ordered = sorted(labels, key=lambda text: (float(text), "") if _is_whole(text) else (0.0, text))
    if positive is None:
        return tuple(ordered)
    if kind is not TaskKind.BINARY:
        raise OptionError("a binary task for --positive", f"a {kind.value} task", "leave it out")
    near = [label for label in ordered if label.lower() == positive.lower()]
    if positive not in ordered and len(near) == 1:
        positive = near[0]  # "true" where the column holds True
    if positive not in ordered:
        raise OptionError("a class of the target", repr(positive), did_you_mean(positive, ordered))
    return (*(label for label in ordered if label != positive), positive)


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"-?(0|[1-9]\d{0,17})", text) is not None


def label_type(classes: tuple[str, ...], source: pl.DataType) -> LabelType:
    """Say in which type labels are given back: as they came."""
    if source == pl.Boolean():
        return LabelType.BOOLEAN
    if classes and all(_is_whole(text) for text in classes):
        return LabelType.INTEGER
    return LabelType.STRING


def encode_target(task: Task, series: pl.Series) -> Target:
    """Turn the target column into what learners and metrics take.

    Parameters
    ----------
    task : Task
        The question.
    series : polars.Series
        Float64 for regression, labels as text otherwise; no missing values.

    Returns
    -------
    Target

    Raises
    ------
    DataError
        When a label is none of the task's classes.
    """
    if not task.is_classification:
        return Target(series.cast(pl.Float64).to_numpy().astype(np.float64))
    codes = {label: code for code, label in enumerate(task.classes)}
    found = series.replace_strict(codes, default=-1, return_dtype=pl.Int64).to_numpy()
    if (found < 0).any():
        label = series[int(np.flatnonzero(found < 0)[0])]
        raise DataError(
            f"classes that the model knows in column {task.target!r}",
            repr(label),
            did_you_mean(str(label), task.classes),
        )
    return Target(np.asarray(found, dtype=np.int64), len(task.classes))


def decode_labels(task: Task, codes: np.ndarray) -> pl.Series:
    """Turn class codes of shape (n_rows,) into labels of the type they came in."""
    if task.label_type is LabelType.INTEGER:
        return pl.Series("prediction", np.array([int(c) for c in task.classes])[codes])
    if task.label_type is LabelType.BOOLEAN:
        return pl.Series("prediction", np.array([c == "True" for c in task.classes])[codes])
    return pl.Series("prediction", list(task.classes), dtype=pl.String)[codes]
