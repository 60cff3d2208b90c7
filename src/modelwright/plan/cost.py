"""What a fit will cost: a prior for each learner, corrected by what was measured in this run."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import cast

from modelwright.models import make_learner
from modelwright.models.realmlp import RealMLPLearner
from modelwright.models.registry import NETS
from modelwright.models.tabm import TabMLearner
from modelwright.plan.trial import TrialSpec

__all__ = ["CostModel", "Shape"]

# Seconds a row and column on one core, measured with the default configurations on 5,000 x 50.
_PRIOR = {
    "linear": 2e-6,
    "lightgbm": 5e-6,
    "xgboost": 6e-6,
    "catboost": 4e-5,
    "extra-trees": 3e-6,
    "random-forest": 5e-6,
    "additive": 2e-5,
    "nearest-neighbours": 1e-6,
    "gaussian-process": 1e-5,
    "perceptron": 1e-5,
    "tree": 5e-7,
    "bagged-trees": 1e-5,
    "gradient-boosting": 4e-5,
    "adaboost": 5e-5,
    "selected": 1e-5,
}
# Of nets: seconds a row and epoch, and a row, epoch and column, with the default configurations.
_EPOCH = {"realmlp": (2.5e-5, 3.5e-7), "tabm": (4e-5, 1e-6)}
# Seconds until a worker has imported PyTorch.
_START = 1.0
_TREE_A_CLASS = ("lightgbm", "xgboost", "catboost")
_UNKNOWN = 5e-6
_OVERHEAD = 0.03


@dataclass(frozen=True)
class Shape:
    """How large the work of one fit is.

    Parameters
    ----------
    rows, columns : int
        Of the training matrix.
    outputs : int
        Classes, or 1.
    """

    rows: int
    columns: int
    outputs: int


class CostModel:
    """Predicts seconds from shape, and learns from every fit.

    Examples
    --------
    >>> costs = CostModel()
    >>> spec, shape = TrialSpec(0, "lightgbm", {}), Shape(1000, 10, 1)
    >>> before = costs.seconds(spec, shape)
    >>> costs.observe(spec, shape, 10 * before, units=100)
    >>> round(costs.seconds(spec, shape) / before)
    10
    """

    def __init__(self) -> None:
        self._ratios: defaultdict[str, list[float]] = defaultdict(list)

    def observe(self, spec: TrialSpec, shape: Shape, seconds: float, units: int) -> None:
        """Learn from a fit that took so many seconds, for so many units.

        The clock often leaves a net fewer epochs than it would take; what is learned then is what
        an epoch costs.
        """
        expected = _prior(spec, shape)
        if spec.learner in NETS:
            expected = _START + (expected - _START) * units / _epochs(spec, shape)
        self._ratios[spec.learner].append(seconds / expected)

    def seconds(self, spec: TrialSpec, shape: Shape) -> float:
        """Predict the seconds of one fit."""
        ratios = self._ratios[spec.learner]
        return _prior(spec, shape) * (statistics.median(ratios[-9:]) if ratios else 1.0)


def _seen(spec: TrialSpec, shape: Shape) -> int:
    return min(shape.rows, spec.rows or shape.rows)


def _epochs(spec: TrialSpec, shape: Shape) -> int:
    learner = cast(RealMLPLearner | TabMLearner, make_learner(spec.learner, spec.config))
    return learner.planned(_seen(spec, shape))


def _prior(spec: TrialSpec, shape: Shape) -> float:
    rows = _seen(spec, shape)
    if spec.learner in NETS:
        each, column = _EPOCH[spec.learner]
        work = _epochs(spec, shape) * rows
        return _START + work * (each + column * shape.columns) / spec.threads
    # One tree a class and round; forests and linear models share the work between classes.
    outputs = shape.outputs if spec.learner in _TREE_A_CLASS and shape.outputs > 2 else 1
    work = rows * max(shape.columns, 1) * outputs
    return _OVERHEAD + _PRIOR.get(spec.learner, _UNKNOWN) * work / spec.threads
