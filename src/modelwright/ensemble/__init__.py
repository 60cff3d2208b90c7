"""Several models answer as one.

Names are imported on first use: scikit-learn comes with the estimators, and not before.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelwright.ensemble.adaboost import AdaBoostClassifier, AdaBoostRegressor
    from modelwright.ensemble.bagging import (
        BaggingClassifier,
        BaggingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from modelwright.ensemble.gradient_boosting import (
        GradientBoostingClassifier,
        GradientBoostingRegressor,
    )
    from modelwright.ensemble.greedy import select_members
    from modelwright.ensemble.selection import GreedySelectionClassifier, GreedySelectionRegressor
    from modelwright.ensemble.stacking import StackingClassifier, StackingRegressor
    from modelwright.ensemble.voting import VotingClassifier, VotingRegressor

_HOMES = {
    "AdaBoostClassifier": "adaboost",
    "AdaBoostRegressor": "adaboost",
    "BaggingClassifier": "bagging",
    "BaggingRegressor": "bagging",
    "GradientBoostingClassifier": "gradient_boosting",
    "GradientBoostingRegressor": "gradient_boosting",
    "GreedySelectionClassifier": "selection",
    "GreedySelectionRegressor": "selection",
    "RandomForestClassifier": "bagging",
    "RandomForestRegressor": "bagging",
    "StackingClassifier": "stacking",
    "StackingRegressor": "stacking",
    "VotingClassifier": "voting",
    "VotingRegressor": "voting",
    "select_members": "greedy",
}

__all__ = [
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "BaggingClassifier",
    "BaggingRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "GreedySelectionClassifier",
    "GreedySelectionRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "StackingClassifier",
    "StackingRegressor",
    "VotingClassifier",
    "VotingRegressor",
    "select_members",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
