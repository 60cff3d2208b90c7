"""Rows that intervals are calibrated on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError, did_you_mean
from modelwright.core.table import Table
from modelwright.evaluate.conformal.scores import Scores
from modelwright.evaluate.conformal.times import recency_weight

__all__ = ["CalibrationRows", "blocks_of", "labels_of"]

Array = NDArray[np.float64]

# Coverage is measured in so many parts, each calibrated by the others, or by those before it.
PARTS = 5


@dataclass(frozen=True)
class CalibrationRows:
    """Rows with answers, and what was predicted of them by models that had not seen them.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Numbers, or class codes.
    p : ndarray, shape (n, n_outputs)
        The predictions.
    weight : ndarray of float64, shape (n,), optional
        How much each row counts.
    groups : ndarray of int64, shape (n,), optional
        Rows that belong together, when new rows are of new groups.
    order : ndarray of float64, shape (n,), optional
        The time of each row, when new rows are later ones.
    labels : ndarray of str, shape (n,), optional
        What each row is; rows of each label are calibrated on their own (Mondrian).
    difficulty : ndarray of float64, shape (n,), optional
        How large an error was expected, above zero, by what had not seen the row's error.

    Examples
    --------
    >>> rows = CalibrationRows(np.arange(4.0), np.zeros((4, 1)), order=np.arange(4.0))
    >>> rows.pool(rows.y, half_life=1.0).mass.round(2).tolist()
    [0.13, 0.16, 0.2, 0.25]
    """

    y: NDArray[Any]
    p: NDArray[Any]
    weight: Array | None = None
    groups: NDArray[np.int64] | None = None
    order: Array | None = None
    labels: NDArray[Any] | None = None
    difficulty: Array | None = None

    def __len__(self) -> int:
        return len(self.y)

    def rows(self, index: NDArray[np.integer] | NDArray[np.bool_]) -> CalibrationRows:
        """Give some of the rows."""
        return CalibrationRows(
            self.y[index],
            self.p[index],
            None if self.weight is None else self.weight[index],
            None if self.groups is None else self.groups[index],
            None if self.order is None else self.order[index],
            None if self.labels is None else self.labels[index],
            None if self.difficulty is None else self.difficulty[index],
        )

    def pool(self, values: Array, half_life: float = np.inf) -> Scores:
        """Weigh one score for each row: by weight, by group, and by age."""
        if self.order is None or np.isinf(half_life):
            return Scores.of(values, self.weight, self.groups)
        recent = recency_weight(self.order, half_life)
        loud = recent if self.weight is None else recent * self.weight / self.weight.mean()
        return Scores.of(values, loud, self.groups, own=1.0)

    def parts(self) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Part the rows, groups whole, into those to learn from and those to judge by.

        In time the rows to learn from are the earlier ones.
        """
        count = len(self)
        if self.order is not None:
            part = blocks_of(self.order, PARTS + 1)
            for number in range(1, PARTS + 1):
                yield part < number, part == number
            return
        unit = np.arange(count)
        if self.groups is not None:
            unit = np.unique(self.groups, return_inverse=True)[1]
        drawn = np.random.default_rng(0).permutation(int(unit.max(initial=0)) + 1) % PARTS
        for number in range(PARTS):
            held = drawn[unit] == number
            yield ~held, held


def blocks_of(order: Array, count: int) -> NDArray[np.int64]:
    """Part rows into so many blocks of neighbours in time, the earliest is 0.

    Examples
    --------
    >>> blocks_of(np.array([5.0, 1.0, 9.0, 7.0]), 2).tolist()
    [0, 0, 1, 1]
    """
    place = np.empty(len(order), np.int64)
    place[np.argsort(order, kind="stable")] = np.arange(len(order))
    return place * count // max(len(order), 1)


def labels_of(table: Table, by: str) -> NDArray[np.str_]:
    """Give what a column says of each row, as text; missing values are the label "".

    Raises
    ------
    ColumnError
        When there is no such column.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("town", Kind.CATEGORY),))
    >>> labels_of(Table(pl.DataFrame({"town": ["Rome", None]}), schema), "town").tolist()
    ['Rome', '']
    """
    if by not in table.frame.columns:
        cure = did_you_mean(by, table.frame.columns)
        raise ColumnError("a column to calibrate by", repr(by), cure)
    return table.frame[by].cast(pl.String).fill_null("").to_numpy().astype(np.str_)
