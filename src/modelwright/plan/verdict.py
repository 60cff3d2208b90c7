"""What a model file says of its own worth."""

from __future__ import annotations

from modelwright.core.result import Standing
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.verdict import Verdict, verdict_on
from modelwright.model import Model

__all__ = ["line_of", "verdict_of"]


def line_of(model: Model) -> Standing | None:
    """Find the score of the model itself; None when it was not validated."""
    score = model.card.score
    if score is None:
        return None
    for line in model.leaderboard:
        if line.name == "ensemble" or line.score == score:
            return Standing(line.name, score, line.weight, line.seconds, line.low, line.high)
    return Standing("model", score, 1.0, 0.0)


def verdict_of(model: Model) -> Verdict | None:
    """Judge a model by its held-out rows.

    Parameters
    ----------
    model : Model
        What `fit` gave, or `load`.

    Returns
    -------
    Verdict or None
        None when it was not validated, holds no held-out predictions, or was chosen by a Python
        function, which no file holds.
    """
    line = line_of(model)
    if line is None or model.evidence is None:
        return None
    held = HeldOut.of(model.task, model.evidence, model.decision)
    if held is None or held.deciding is None:
        return None
    return verdict_on(held, line, model.leaderboard)
