"""Single rows of a table explained: values, shares and answers as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Attribution
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Task
from modelwright.explain.attribution import TakeApart, attribute
from modelwright.explain.probing import Predict

__all__ = ["Explainer", "telling_rows"]

# Longer values are cut: an explanation is not a copy of the data.
_LETTERS = 80
_WHOLE = 1e15  # whole numbers below are exact, and written out
_ROUNDED = 1e6  # from here on decimals say nothing
OTHERS = "all other columns"


@dataclass(frozen=True)
class Explainer:
    """Takes predictions of one model apart.

    Parameters
    ----------
    predict : callable
        The model.
    task : Task
        What it predicts.
    background : Table
        Rows to compare with; one order of the columns is drawn for each.
    columns : tuple of str
        Columns that get a share of their own; the others share one line.
    seed : int
        The only source of randomness.
    within : TakeApart, optional
        What knows the model from within; None: it is asked about rows with columns exchanged.
    """

    predict: Predict
    task: Task
    background: Table
    columns: tuple[str, ...]
    seed: int = 0
    within: TakeApart | None = None

    def explain(self, table: Table, position: int, *, row: str, actual: str = "") -> Attribution:
        """Explain the prediction of one row.

        Parameters
        ----------
        table : Table
            Rows with the columns of the background.
        position : int
            Which of them.
        row : str
            What to call it.
        actual : str
            Its answer, when it is known.

        Returns
        -------
        Attribution
            Of the positive class in a binary task, of the likeliest class among more, else of
            the number. The greatest shares come first.
        """
        one = table.rows(np.array([position]))
        names = self.background.frame.columns
        both = Table(one.frame.select(names).vstack(self.background.frame), self.background.schema)
        output = self._output(one)
        behind = np.arange(1, both.height)
        take = self.within or partial(attribute, self.predict)
        shares = take(both, behind, self.columns, output=output, seed=self.seed)
        order = np.argsort(-np.abs(shares.of), kind="stable")
        columns = [self.columns[i] for i in order]
        sizes = [float(shares.of[i]) for i in order]
        values = [_shown(one, column) for column in columns]
        if len(names) > len(columns):
            columns, values, sizes = [*columns, OTHERS], [*values, ""], [*sizes, shares.rest]
        return Attribution(
            row=row,
            output=self.task.classes[output] if self.task.is_classification else "",
            base=shares.base,
            prediction=shares.prediction,
            actual=actual,
            columns=tuple(columns),
            values=tuple(values),
            shares=tuple(sizes),
        )

    def _output(self, one: Table) -> int:
        if self.task.outputs <= 2:
            return self.task.outputs - 1
        return int(np.argmax(self.predict(one)[0]))


def _shown(one: Table, column: str) -> str:
    value = one.frame[column][0]
    pictured = one.schema[column].kind is Kind.IMAGE and value is not None
    return "a picture" if pictured else _text(value)


def _text(value: object) -> str:
    if value is None:
        return "missing"
    text = " ".join(str(value).split())
    if isinstance(value, float):
        text = _plain(value)
    elif isinstance(value, datetime):
        text = text.removesuffix(" 00:00:00")
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"


def _plain(value: float) -> str:
    """Write a value as it may stand in the table: a year has no comma."""
    whole = value.is_integer() or abs(value) >= _ROUNDED
    return f"{value:.0f}" if whole and abs(value) < _WHOLE else f"{value:.6g}"


def telling_rows(
    losses: NDArray[np.float64], sureness: NDArray[np.float64]
) -> Sequence[tuple[str, int]]:
    """Choose rows that are worth explaining.

    Parameters
    ----------
    losses : ndarray of shape (n_rows,)
        How wrong the model is about each row.
    sureness : ndarray of shape (n_rows,)
        How far each prediction is from what the model says on average.

    Returns
    -------
    list of (str, int)
        What is so special about it, and its position; each row once.

    Examples
    --------
    >>> telling_rows(np.array([0.1, 0.2, 0.9]), np.array([0.8, 0.3, 0.5]))
    [('a usual row', 1), ('the largest error', 2), ('far from average, and right', 0)]
    """
    usual = int(np.argsort(losses, kind="stable")[(len(losses) - 1) // 2])
    right = np.where(losses <= np.median(losses), sureness, -np.inf)
    rows = {usual: "a usual row"}
    rows.setdefault(int(np.argmax(losses)), "the largest error")
    rows.setdefault(int(np.argmax(right)), "far from average, and right")
    return [(name, position) for position, name in rows.items()]
