"""Single rows of a table explained: values, shares and answers as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Attribution
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Task
from modelwright.explain.attribution import Shares, TakeApart, attribute
from modelwright.explain.probing import Predict

__all__ = ["Asked", "Explainer", "telling_rows"]

# Longer values are cut: an explanation is not a copy of the data.
_LETTERS = 80
_WHOLE = 1e15  # whole numbers below are exact, and written out
_ROUNDED = 1e6  # from here on decimals say nothing
OTHERS = "all other columns"


@dataclass(frozen=True)
class Asked:
    """A row that is to be explained.

    Parameters
    ----------
    position : int
        Where it is in its table.
    row : str
        What to call it.
    actual : str
        Its answer, when it is known.
    """

    position: int
    row: str
    actual: str = ""


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
        Rows to compare with.
    columns : tuple of str
        Columns that get a share of their own; the others share one line.
    seed : int
        The only source of randomness.
    within : TakeApart, optional
        What knows the model from within, and compares with the same rows; None: the model is asked
        about rows with columns exchanged, in one order of the columns for each background row.
    """

    predict: Predict
    task: Task
    background: Table
    columns: tuple[str, ...]
    seed: int = 0
    within: TakeApart | None = None

    def explain(self, table: Table, asked: Sequence[Asked]) -> tuple[Attribution, ...]:
        """Explain the predictions of some rows.

        Parameters
        ----------
        table : Table
            Rows with the columns of the background.
        asked : sequence of Asked
            Which of them.

        Returns
        -------
        tuple of Attribution
            Of the positive class in a binary task, of the likeliest class among more, else of
            the number. The greatest shares come first.
        """
        if not asked:
            return ()
        chosen = table.rows(np.array([one.position for one in asked]))
        rows = Table(chosen.frame[self.background.frame.columns], self.background.schema)
        outputs = self._outputs(rows)
        shares = self._shares(rows, outputs)
        return tuple(
            self._told(rows.rows(np.array([i])), one, int(outputs[i]), shares[i])
            for i, one in enumerate(asked)
        )

    def _shares(self, rows: Table, outputs: NDArray[np.int64]) -> Sequence[Shares]:
        if self.within is not None:
            return self.within(rows, self.columns, outputs, seed=self.seed)
        return [
            attribute(
                self.predict,
                rows.rows(np.array([i])),
                self.background,
                self.columns,
                output=int(output),
                seed=self.seed,
            )
            for i, output in enumerate(outputs)
        ]

    def _outputs(self, rows: Table) -> NDArray[np.int64]:
        if self.task.outputs <= 2:
            return np.full(rows.height, self.task.outputs - 1)
        return np.asarray(np.argmax(self.predict(rows), axis=1), np.int64)

    def _told(self, one: Table, asked: Asked, output: int, shares: Shares) -> Attribution:
        order = np.argsort(-np.abs(shares.of), kind="stable")
        columns = [self.columns[i] for i in order]
        sizes = [float(shares.of[i]) for i in order]
        values = [_shown(one, column) for column in columns]
        if one.frame.width > len(columns):
            columns, values, sizes = [*columns, OTHERS], [*values, ""], [*sizes, shares.rest]
        return Attribution(
            row=asked.row,
            output=self.task.classes[output] if self.task.is_classification else "",
            base=shares.base,
            prediction=shares.prediction,
            actual=asked.actual,
            columns=tuple(columns),
            values=tuple(values),
            shares=tuple(sizes),
        )


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
