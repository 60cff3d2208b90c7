"""The trials that come first: data, with where they come from.

The present order was weighed by hand, as `portfolio.json` says of itself (docs: log). When
``benchmarks/portfolio/learn.py --write`` replaces it, the file says on which tables it was
learned, with which budgets, and what it came to on tables that it was not learned on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["WORDY", "LearnedTrial", "learned_trials"]

WORDY = "wordy"
"""The rich recipe where there is text or a category of many levels, lean elsewhere and in time:
LightGBM splits sets of a few levels well by itself (docs: log)."""


@dataclass(frozen=True)
class LearnedTrial:
    """A place of the portfolio.

    Parameters
    ----------
    name : str
        Of the candidate that it was among others.
    learner : str
        In the registry.
    recipe : str
        Which features it sees: a key of `features.RECIPES`, or `WORDY`.
    gain : float
        What is expected of it, relative to the others.
    config : mapping
        The learner's hyper-parameters.
    """

    name: str
    learner: str
    recipe: str
    gain: float
    config: Mapping[str, Any] = field(default_factory=dict)


@cache
def learned_trials() -> tuple[LearnedTrial, ...]:
    """List them, what is expected to bring most first.

    Returns
    -------
    tuple of LearnedTrial
        The first is quick: its model is there soon.

    Examples
    --------
    >>> learned_trials()[0].learner
    'linear'
    """
    text = Path(__file__).with_name("portfolio.json").read_text("utf-8")
    return tuple(LearnedTrial(**trial) for trial in json.loads(text)["trials"])
