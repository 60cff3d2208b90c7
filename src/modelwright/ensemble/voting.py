"""Voting: several estimators, each fitted on all rows, answer as one.

Soft: the weighted mean of their probabilities or numbers. Hard: the class with most votes, of
equal ones the first. For a mean of M models with independent errors of variance v, the variance is
v / M; what is alike in their errors stays.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from modelwright.core.task import Target
from modelwright.ensemble.inner import Rows, answers, checked, entered, fit_member
from modelwright.ensemble.labels import Labelled
from modelwright.ensemble.library import members_of

__all__ = ["VotingClassifier", "VotingRegressor"]

Floats = NDArray[np.float64]


def _shares(weights: Any, count: int) -> Floats:
    given = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape != (count,) or (given < 0).any() or not given.sum() > 0:
        raise ValueError(f"expected {count} weights above or equal zero; got {weights}")
    shares: Floats = given / given.sum()
    return shares


class _Vote(BaseEstimator):  # type: ignore[misc]
    """What both do: fit members, each on all rows."""

    def _fit(self, rows: Rows) -> None:
        members = members_of(self.estimators, rows.y.classes)
        self._shares = _shares(self.weights, len(members))
        self.estimators_ = [fit_member(member, rows) for _, member in members]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.estimators is not None  # these decide
        return tags


class VotingClassifier(Labelled, _Vote):
    """Several classifiers vote.

    Parameters
    ----------
    estimators : list of (str, estimator), optional
        Names and members; None: naive Bayes, a random forest, and gradient boosting.
    voting : str
        ``soft``: the mean of probabilities; ``hard``: the most votes.
    weights : sequence of float, optional
        How much each counts; None: all alike.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted members.
    classes_ : ndarray of shape (n_classes,)
        The labels.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> VotingClassifier().fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(self, estimators: Any = None, voting: str = "soft", weights: Any = None) -> None:
        self.estimators = estimators
        self.voting = voting
        self.weights = weights

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the members, each on all rows."""
        if self.voting not in ("soft", "hard"):
            raise ValueError(f"expected soft or hard voting; got {self.voting!r}")
        X, y = entered(self, X, y)
        self._fit(Rows.of(X, self._coded(y), sample_weight, None, None))
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the mean probability of each class, or its share of the votes."""
        check_is_fitted(self)
        X, count = checked(self, X), len(self.classes_)
        total: Any = 0.0
        for share, fitted in zip(self._shares, self.estimators_, strict=True):
            if self.voting == "hard":
                total = total + share * np.eye(count)[fitted.predict(X)]
            else:
                total = total + share * answers(fitted, X, count)
        whole: Floats = total
        return whole


class VotingRegressor(RegressorMixin, _Vote):  # type: ignore[misc]
    """The weighted mean of several regression models.

    Parameters
    ----------
    estimators : list of (str, estimator), optional
        Names and members; None: a ridge, a random forest, and gradient boosting.
    weights : sequence of float, optional
        How much each counts; None: all alike.

    Examples
    --------
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> VotingRegressor().fit(X, X[:, 0]).predict([[0.5]]).round(1)
    array([0.5])
    """

    def __init__(self, estimators: Any = None, weights: Any = None) -> None:
        self.estimators = estimators
        self.weights = weights

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the members, each on all rows."""
        X, y = entered(self, X, y)
        self._fit(Rows.of(X, Target(y.astype(np.float64)), sample_weight, None, None))
        return self

    def predict(self, X: Any) -> Floats:
        """Give the weighted mean."""
        check_is_fitted(self)
        X = checked(self, X)
        said = np.hstack([answers(fitted, X, 0) for fitted in self.estimators_])
        mean: Floats = said @ self._shares
        return mean
