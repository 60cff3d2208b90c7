"""Trials near the one that does best: where to look on, once something is known.

Half of what is drawn once the portfolio's own trials are through is drawn near the boosted trees
that the ensemble leans on most; the other half from the whole space, as the best so far may be
the best of its corner only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from modelwright.core.seed import Seed
from modelwright.models import make_learner
from modelwright.plan.trial import Trial, TrialSpec

__all__ = ["brought_near", "varied"]

_LEARNER = "lightgbm"
# The spread of a change, as a factor, and the bounds of what comes out.
_FACTORS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "learning_rate": (0.3, 0.01, 0.15),
        "leaves": (0.4, 4, 255),
        "min_rows_leaf": (0.6, 1, 100),
        "l2": (1.0, 1e-3, 20.0),
    }
)
_SHARES: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {"column_share": (0.12, 0.3, 1.0), "row_share": (0.1, 0.6, 1.0)}
)
_WHOLE = frozenset({"leaves", "min_rows_leaf"})


def varied(config: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Change each number of a configuration of boosted trees a little.

    Parameters
    ----------
    config : mapping
        Of LightGBM.
    rng : numpy.random.Generator
        What the changes are drawn from.

    Examples
    --------
    >>> found = varied({"learning_rate": 0.05, "leaves": 31}, np.random.default_rng(0))
    >>> 0.01 <= found["learning_rate"] <= 0.15 and 4 <= found["leaves"] <= 255
    True
    """
    learner, found = make_learner(_LEARNER, config), {**config}
    for name, (spread, low, high) in _FACTORS.items():
        value = float(getattr(learner, name)) * np.exp(rng.normal(0.0, spread))
        value = float(np.clip(value, low, high))
        found[name] = round(value) if name in _WHOLE else value
    for name, (spread, low, high) in _SHARES.items():
        value = float(getattr(learner, name)) + rng.normal(0.0, spread)
        found[name] = float(np.clip(value, low, high))
    return found


def brought_near(spec: TrialSpec, members: Sequence[Trial], seed: int) -> TrialSpec:
    """Give a drawn trial, or instead of every other one a trial near the best.

    Parameters
    ----------
    spec : TrialSpec
        Drawn from the whole space.
    members : sequence of Trial
        The ensemble, the heaviest first.
    seed : int
        Of the run.
    """
    if not spec.drawn or spec.number % 2 or spec.learner != _LEARNER:
        return spec
    best = next((trial.spec for trial in members if trial.spec.learner == _LEARNER), None)
    if best is None or best.rows != spec.rows:
        return spec
    rng = np.random.default_rng(Seed(seed).derive("nearby", spec.number))
    return replace(spec, config=varied(best.config, rng), recipe=best.recipe)
