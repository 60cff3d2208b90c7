"""What a scored trial of boosted trees asks for next: larger trees, or larger steps."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

from modelwright.models.registry import LEARNERS
from modelwright.plan.trial import Trial, TrialSpec

__all__ = ["refined"]

# Learners whose steps are cut short by the clock or by the most rounds.
_STEPPING = frozenset({"lightgbm", "xgboost"})
# Stages lie 8 % apart: one whose best is among the last of them still learned.
_LAST = 0.95
# So many times as large, the largest, and how much larger steps have to be at least.
_LARGER, _LARGEST, _LEAST = 3.0, 0.2, 1.5
# Rounds times steps from which trees are too small: what they leave out takes many of them.
_LONG = 25.0
_MORE_LEAVES, _MOST_LEAVES = 4, 512


def refined(trial: Trial, number: int) -> TrialSpec | None:
    """Give the trial that a scored one suggests.

    Where hundreds of rounds were worth their while, trees of four times as many leaves; where the
    clock ended it while it still learned, steps three times as large.

    Parameters
    ----------
    trial : Trial
        That is scored.
    number : int
        Of the new one.

    Returns
    -------
    TrialSpec or None
        None where it stopped by itself and early, or has what could be suggested already.

    Examples
    --------
    >>> from modelwright.plan.trial import PartResult
    >>> spec = TrialSpec(3, "lightgbm", {"learning_rate": 0.05})
    >>> trial = Trial(spec, ("fold-0",), {"fold-0": PartResult(400, 9.0)}, units=400)
    >>> refined(trial, 9).config
    {'learning_rate': 0.15}
    >>> trial.units = 310
    >>> refined(trial, 9) is None
    True
    >>> trial.units, trial.parts["fold-0"] = 900, PartResult(1200, 9.0)
    >>> refined(trial, 9).config
    {'learning_rate': 0.05, 'leaves': 124}
    """
    spec = trial.spec
    if spec.learner not in _STEPPING:
        return None
    steps = _setting(spec, "learning_rate")
    if spec.learner == "lightgbm" and trial.units * steps >= _LONG:
        leaves = _MORE_LEAVES * _setting(spec, "leaves")
        return _changed(spec, number, {"leaves": leaves}) if leaves <= _MOST_LEAVES else None
    grown = statistics.median(trial.parts[part].units for part in trial.wanted)
    larger = round(min(_LARGER * steps, _LARGEST), 4)
    if trial.units < _LAST * grown or larger < _LEAST * steps:
        return None
    return _changed(spec, number, {"learning_rate": larger})


def _setting(spec: TrialSpec, name: str) -> Any:
    """Look up a setting, which is the learner's own where the trial has none."""
    return spec.config.get(name, getattr(LEARNERS[spec.learner], name))


def _changed(spec: TrialSpec, number: int, settings: dict[str, Any]) -> TrialSpec:
    return replace(spec, number=number, config={**spec.config, **settings})
