"""What a model promises to score on fresh rows."""

from __future__ import annotations

import math
from dataclasses import replace

from modelwright.evaluate.expected import Expected, expect
from modelwright.evaluate.held_out import HeldOut
from modelwright.model import Model

__all__ = ["expected_score"]


def expected_score(
    model: Model, rows: int | None = None, *, level: float = 0.9, seconds: float = math.inf
) -> Expected | None:
    """Say between which values the score of a model on fresh rows will lie.

    The score is the nested one: members, weights and calibration chosen on other rows than those
    that are scored. The fewer fresh rows there are, the wider the interval.

    Parameters
    ----------
    model : Model
        What `fit` gave, or `load`.
    rows : int, optional
        How many fresh rows will be scored; None: so many that their number does not matter.
    level : float
        How often the interval is to hold the score.
    seconds : float
        What it may take; far less than a second is usual.

    Returns
    -------
    Expected or None
        None when the model was not validated, holds no held-out predictions, or was chosen by a
        Python function, which no file holds.

    Raises
    ------
    OptionError
        When `rows` or `level` is out of range.

    Examples
    --------
    >>> import numpy as np, modelwright as mw
    >>> x = np.linspace(0, 1, 120)
    >>> table = {"x": x, "y": 3 * x + np.sin(40 * x)}
    >>> quick = mw.Settings(trials=1, workers=0, models=("linear",))
    >>> model = mw.fit(table, "y", settings=quick).model
    >>> many, few = expected_score(model), expected_score(model, rows=20)
    >>> many.low < many.score < many.high, few.low < many.low
    (True, True)
    """
    score = model.card.score
    if score is None or model.evidence is None:
        return None
    held = HeldOut.of(model.task, model.evidence, model.decision)
    if held is None:
        return None
    found = expect(held, score, rows=rows, level=level, seconds=seconds)
    return found and replace(found, untried=model.card.untried)
