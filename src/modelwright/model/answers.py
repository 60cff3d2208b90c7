"""What a model answers, as a frame: a label and probabilities, or a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.framing import decode_labels
from modelwright.core.task import LabelType, Task
from modelwright.evaluate.decisions import Decision

__all__ = ["answers_of", "emptied"]


def answers_of(
    task: Task, decision: Decision, p: NDArray[np.float32], none: Sequence[int]
) -> pl.DataFrame:
    """Turn predictions into answers.

    Parameters
    ----------
    task : Task
        What is predicted.
    decision : Decision
        How probabilities become an answer.
    p : ndarray of float32, shape (n_rows, n_outputs)
        Probabilities, or numbers.
    none : sequence of int
        The rows that get no prediction. They take no part in the decision, and no place of a
        capacity; what stands in them means nothing.

    Returns
    -------
    polars.DataFrame
        ``prediction``, and for classes ``p_<class>`` for each.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate.amount import Amount
    >>> from modelwright.evaluate.decisions import Best
    >>> task = Task(TaskKind.BINARY, "buys", "roc_auc", ("no", "yes"))
    >>> p = np.array([[0.1, 0.9], [0.4, 0.6], [0.7, 0.3]], np.float32)
    >>> found = answers_of(task, Best(Amount(1)), p, none=[0])
    >>> found["prediction"][1:].to_list()
    ['yes', 'no']
    """
    if not task.is_classification:
        return pl.DataFrame({"prediction": p[:, 0].astype(np.float64)})
    asked = np.delete(np.arange(len(p)), none)
    codes = np.zeros(len(p), np.int64)
    codes[asked] = decision.answers(p[asked])
    names = task.classes
    if task.label_type is LabelType.BOOLEAN:  # as a CSV or JSON file writes the values
        names = tuple(name.lower() for name in names)
    columns = [pl.Series(f"p_{name}", p[:, code]) for code, name in enumerate(names)]
    return pl.DataFrame([decode_labels(task, codes).alias("prediction"), *columns])


def emptied(frame: pl.DataFrame, rows: Sequence[int]) -> pl.DataFrame:
    """Leave some rows empty.

    Examples
    --------
    >>> emptied(pl.DataFrame({"a": [1, 2]}), [1])["a"].to_list()
    [1, None]
    """
    if not rows:
        return frame
    none = pl.int_range(frame.height, eager=True).is_in(rows)
    return frame.with_columns(pl.when(~none).then(pl.all()))
