"""The members that combining estimators take when none are named: few, and unlike each other."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from modelwright.ensemble.bagging import RandomForestClassifier, RandomForestRegressor
from modelwright.ensemble.gradient_boosting import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)

__all__ = ["usual_members"]


def usual_members(classes: bool) -> list[tuple[str, Any]]:
    """List a linear model (or naive Bayes), a random forest, and gradient boosting.

    Examples
    --------
    >>> [name for name, _ in usual_members(classes=False)]
    ['linear', 'forest', 'boosting']
    """
    if classes:
        return [
            ("bayes", GaussianNB()),
            ("forest", RandomForestClassifier(n_estimators=30, random_state=0)),
            ("boosting", GradientBoostingClassifier(n_estimators=30, random_state=0)),
        ]
    return [
        ("linear", Ridge()),
        ("forest", RandomForestRegressor(n_estimators=30, random_state=0)),
        ("boosting", GradientBoostingRegressor(n_estimators=30, random_state=0)),
    ]
