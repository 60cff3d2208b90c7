"""What is predicted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelType", "ShapeKind", "Target", "Task", "TaskKind", "shape_asked"]


class TaskKind(StrEnum):
    """The kind of question."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class ShapeKind(StrEnum):
    """The kind of question where nothing is predicted."""

    CLUSTERING = "clustering"
    DENSITY = "density"


_SHAPE = re.compile(r"\s*(clustering|density)\s*(?:\(\s*(\d{1,4})\s*\))?\s*")


def shape_asked(task: str | None) -> tuple[ShapeKind, int | None] | None:
    """Read the word for a task in which nothing is predicted.

    Parameters
    ----------
    task : str, optional
        ``"clustering"`` or ``"density"``; in brackets how many groups, or clouds of a mixture.

    Returns
    -------
    tuple of ShapeKind and int, or None
        None for the tasks that predict a column.

    Examples
    --------
    >>> shape_asked("clustering(4)"), shape_asked("binary")
    ((<ShapeKind.CLUSTERING: 'clustering'>, 4), None)
    """
    found = None if task is None else _SHAPE.fullmatch(task)
    if found is None:
        return None
    return ShapeKind(found[1]), None if found[2] is None else int(found[2])


class LabelType(StrEnum):
    """How class labels are given back: as they came."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Task:
    """The question: which column, what kind of answer, judged by what.

    Parameters
    ----------
    kind : TaskKind
        Binary, multiclass or regression.
    target : str
        The column to predict.
    metric : str
        The metric that decides, as it is written: its name, with its parameters in brackets.
    classes : tuple of str
        The labels in code order, as text; empty for regression. In a binary task the last one
        is the positive class.
    label_type : LabelType
        The type in which labels are given back.
    ordered : bool
        Whether the classes have an order of their own, as "poor", "fair", "good": they are in it.

    Examples
    --------
    >>> task = Task(TaskKind.BINARY, "smokes", "roc_auc", ("no", "yes"))
    >>> task.positive, task.outputs
    ('yes', 2)
    """

    kind: TaskKind
    target: str
    metric: str
    classes: tuple[str, ...] = ()
    label_type: LabelType = LabelType.STRING
    ordered: bool = False

    @property
    def is_classification(self) -> bool:
        """Whether the answer is a class."""
        return self.kind is not TaskKind.REGRESSION

    @property
    def positive(self) -> str | None:
        """The positive class of a binary task."""
        return self.classes[-1] if self.kind is TaskKind.BINARY else None

    @property
    def outputs(self) -> int:
        """The number of columns of a prediction: one a class, or one number."""
        return len(self.classes) or 1

    def to_json(self) -> dict[str, Any]:
        """Give the task as plain JSON."""
        return {
            "kind": self.kind.value,
            "target": self.target,
            "metric": self.metric,
            "classes": list(self.classes),
            "label_type": self.label_type.value,
            "ordered": self.ordered,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Task:
        """Read a task from what `to_json` gave."""
        return cls(
            TaskKind(data["kind"]),
            str(data["target"]),
            str(data["metric"]),
            tuple(str(label) for label in data["classes"]),
            LabelType(data["label_type"]),
            bool(data.get("ordered", False)),
        )


@dataclass(frozen=True)
class Target:
    """The answers for the rows at hand, as a learner takes them.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        float64 numbers for regression, int64 class codes otherwise.
    classes : int
        How many classes the task has (a fold may lack some); 0 for regression.
    """

    values: NDArray[Any]
    classes: int = 0

    @property
    def outputs(self) -> int:
        """The number of columns of a prediction."""
        return self.classes or 1

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, index: NDArray[np.integer]) -> Target:
        """Give the answers at these positions."""
        return Target(self.values[index], self.classes)
