"""Intervals and sets of a model, calibrated on rows that it has not seen."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from modelwright.core.errors import DataError, ModelwrightWarning
from modelwright.core.framing import encode_target
from modelwright.evaluate.conformal import CalibrationRows, LabelSets, NumberIntervals
from modelwright.evaluate.conformal.rows import labels_of
from modelwright.model import Model

__all__ = ["calibrate"]


def calibrate(model: Model, data: object, *, by: str = "") -> Model:
    """Give a model with intervals, or sets, calibrated on rows that it has not seen.

    Parameters
    ----------
    model : Model
        What `load` or a fit gave.
    data : path or frame
        Rows with answers, as for `evaluate`; the more, the sharper: 100 are few. Those that the
        model was fitted on are left out.
    by : str
        A column: the rows of each of its values are calibrated on their own.

    Returns
    -------
    Model
        Its `predict` gives intervals at any level that so many rows can promise.

    Raises
    ------
    ColumnError
        When a column is absent.
    DataError
        When no row has an answer, or these are the rows that the model was fitted on.
    """
    table, _, _ = model._with_answers(data)
    y = encode_target(model.task, table.frame[model.task.target])
    overlap = None if model.learned is None else model.learned.compare(table, y.values)
    if table.fingerprint() == model.card.data or (overlap is not None and overlap.whole):
        raise DataError(
            "rows that the model has not seen",
            "those that it was fitted on: they would make intervals far too narrow",
            "set rows apart before the fit, or fit again: that calibrates, too",
        )
    if overlap is not None and overlap.seen.any():
        kept = np.flatnonzero(overlap.fresh)
        told = f"calibrated on {len(kept):,} of {table.height:,} rows: the others were fitted on"
        warnings.warn(told, ModelwrightWarning, stacklevel=2)
        table, y = table.rows(kept), y.rows(kept)
    opened, p = model._opened(table, "were not calibrated on")
    table, y = table.rows(opened), y.rows(opened)
    known = CalibrationRows(
        y.values,
        p,
        model._weight(table),
        model._groups(table),
        None,
        labels_of(table, by) if by else None,
        None if model.difficulty is None else model._difficulty(table, p),
    )
    classes = model.task.is_classification
    made = LabelSets.learn(known, by) if classes else NumberIntervals.learn(known, by)
    return replace(model, intervals=made)
