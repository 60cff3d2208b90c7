"""What the data says of a question, for people who read the task file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from modelwright.core.splits import Splits
from modelwright.plan import Bar, Posed

__all__ = ["facts_of"]

_CLASSES = 30
_RULES = 12
_SHORT = 200


def facts_of(
    source: str, rows: int, posed: Posed, splits: Splits, bars: Sequence[Bar], bar: Bar | None
) -> dict[str, Any]:
    """Collect what the data says.

    Parameters
    ----------
    source : str
        Where the rows come from.
    rows : int
        How many there are, with or without an answer.
    posed : Posed
        The question put to the table.
    splits : Splits
        The plan of splits.
    bars : sequence of Bar
        Simple rules, the best first.
    bar : Bar, optional
        What has to be beaten.

    Returns
    -------
    dict
        Plain values and tables of them, as TOML can hold.
    """
    kept, question = posed.rows, posed.question
    answered = len(kept.y)
    facts: dict[str, Any] = {
        "source": source,
        "rows": rows,
        "answered": answered,
        "answer_rate": round(answered / rows, 4),
        "columns": len(posed.schema),
        "features": len(kept.table.features()),
        "folds": len(splits),
        "scored": len(splits.scored),
        "splits": splits.reason,
    }
    if bar is not None and np.isfinite(bar.score):
        facts["baseline_score"] = _rounded(bar.score)
    facts |= _answers(posed)
    if question.order is not None:
        facts["moments"] = _moments(kept.table.frame[question.order])
    if question.group is not None:
        facts["groups"] = _groups(kept.table.frame[question.group])
    if bars:
        facts["rules"] = {one.name[:_SHORT]: _rounded(one.score) for one in bars[:_RULES]}
    return facts


def _answers(posed: Posed) -> dict[str, Any]:
    task, values = posed.rows.task, posed.rows.y.values
    if task.is_classification:
        counts = np.bincount(values, minlength=len(task.classes))
        order = np.argsort(-counts, kind="stable")[:_CLASSES]
        shares = {task.classes[i][:_SHORT]: round(float(counts[i]) / len(values), 4) for i in order}
        return {"classes": shares}
    parts = (("mean", values.mean()), ("median", np.median(values)))
    ends = (("least", values.min()), ("greatest", values.max()))
    return {"answers": {name: _rounded(float(value)) for name, value in (*parts, *ends)}}


def _moments(values: pl.Series) -> dict[str, Any]:
    present = values.drop_nulls()
    ends = {"from": present.min(), "to": present.max()}
    told = {k: _rounded(v) if isinstance(v, float) else str(v) for k, v in ends.items()}
    return {**told, "different": present.n_unique(), "missing": values.null_count()}


def _groups(values: pl.Series) -> dict[str, Any]:
    counts = values.value_counts()["count"]
    return {"different": len(counts), "largest": int(counts.max() or 0)}  # type: ignore[arg-type]


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
