"""Boosting in larger steps, to try after a trial that was ended while it still learned."""

from __future__ import annotations

import statistics
from dataclasses import replace

from modelwright.models.registry import LEARNERS
from modelwright.plan.trial import Trial, TrialSpec

__all__ = ["hurried"]

# Learners whose steps are cut short by the clock or by the most rounds.
_STEPPING = frozenset({"lightgbm", "xgboost"})
# Stages lie 8 % apart: one whose best is among the last of them still learned.
_LAST = 0.95
# So many times as large, the largest, and how much larger they have to be at least.
_LARGER, _LARGEST, _LEAST = 3.0, 0.2, 1.5


def hurried(trial: Trial, number: int) -> TrialSpec | None:
    """Give the same trial with larger steps, where more rounds would have made it better.

    Parameters
    ----------
    trial : Trial
        That is scored.
    number : int
        Of the new one.

    Returns
    -------
    TrialSpec or None
        None where it stopped by itself, or its steps are large already.

    Examples
    --------
    >>> from modelwright.plan.trial import PartResult
    >>> spec = TrialSpec(3, "lightgbm", {"learning_rate": 0.05})
    >>> trial = Trial(spec, ("fold-0",), {"fold-0": PartResult(400, 9.0)}, units=400)
    >>> hurried(trial, 9).config
    {'learning_rate': 0.15}
    >>> trial.units = 310
    >>> hurried(trial, 9) is None
    True
    """
    spec = trial.spec
    grown = statistics.median(trial.parts[part].units for part in trial.wanted)
    if spec.learner not in _STEPPING or trial.units < _LAST * grown:
        return None
    steps = spec.config.get("learning_rate", LEARNERS[spec.learner].learning_rate)
    larger = round(min(_LARGER * steps, _LARGEST), 4)
    if larger < _LEAST * steps:
        return None
    return replace(spec, number=number, config={**spec.config, "learning_rate": larger})
