"""Learners: linear models, trees and forests, boosting, neighbours, additive models, nets."""

from __future__ import annotations

from modelwright.models.additive import AdditiveLearner
from modelwright.models.boosting import LightGBMLearner
from modelwright.models.catboost import CatBoostLearner
from modelwright.models.forest import ExtraTreesLearner, RandomForestLearner
from modelwright.models.histogram import HistogramBoosting
from modelwright.models.linear import LinearLearner
from modelwright.models.neighbours import NeighboursLearner
from modelwright.models.registry import (
    LEARNERS,
    fitted_name,
    make_learner,
    restore_fitted,
    warm_up,
)
from modelwright.models.tree import TreeLearner
from modelwright.models.xgboost import XGBoostLearner

__all__ = [
    "LEARNERS",
    "AdditiveLearner",
    "CatBoostLearner",
    "ExtraTreesLearner",
    "HistogramBoosting",
    "LightGBMLearner",
    "LinearLearner",
    "NeighboursLearner",
    "RandomForestLearner",
    "TreeLearner",
    "XGBoostLearner",
    "fitted_name",
    "make_learner",
    "restore_fitted",
    "warm_up",
]
