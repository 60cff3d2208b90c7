"""The members that combining estimators take when none are named: few, and unlike each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from modelwright.ensemble.bagging import RandomForestClassifier, RandomForestRegressor
from modelwright.ensemble.gradient_boosting import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)

__all__ = ["members_of", "usual_members"]


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


def members_of(estimators: Sequence[tuple[str, Any]] | None, classes: int) -> list[tuple[str, Any]]:
    """Give the members that are named, or the usual ones where none are.

    Raises
    ------
    ValueError
        When the list is empty, or two share a name.
    """
    pairs = usual_members(classes=bool(classes)) if estimators is None else list(estimators)
    names = [name for name, _ in pairs]
    if not pairs or len(set(names)) < len(names):
        raise ValueError(f"expected members with names of their own as estimators; got {names}")
    return pairs
