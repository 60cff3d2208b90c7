"""Learners: regularised linear models, boosted trees, randomised forests."""

from __future__ import annotations

from modelwright.models.boosting import FittedLightGBM, LightGBMLearner
from modelwright.models.forest import ExtraTreesLearner, FittedForest
from modelwright.models.histogram import FittedHistogram, HistogramBoosting
from modelwright.models.linear import FittedLinear, LinearLearner
from modelwright.models.registry import (
    FITTED,
    LEARNERS,
    fitted_name,
    learner_config,
    make_learner,
    restore_fitted,
    warm_up,
)

__all__ = [
    "FITTED",
    "LEARNERS",
    "ExtraTreesLearner",
    "FittedForest",
    "FittedHistogram",
    "FittedLightGBM",
    "FittedLinear",
    "HistogramBoosting",
    "LightGBMLearner",
    "LinearLearner",
    "fitted_name",
    "learner_config",
    "make_learner",
    "restore_fitted",
    "warm_up",
]
