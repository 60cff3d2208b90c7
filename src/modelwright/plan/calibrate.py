"""Intervals and sets of a model, calibrated on rows that it has not seen."""

from __future__ import annotations

from dataclasses import replace

from modelwright.core.errors import DataError
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
        Rows with answers, as for `evaluate`; the more, the sharper: 100 are few.
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
    if table.fingerprint() == model.card.data:
        raise DataError(
            "rows that the model has not seen",
            "those that it was fitted on: they would make intervals far too narrow",
            "set rows apart before the fit, or fit again: that calibrates, too",
        )
    p = model.predict_table(table)
    y = encode_target(model.task, table.frame[model.task.target])
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
