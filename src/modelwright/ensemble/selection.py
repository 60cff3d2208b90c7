"""Greedy selection over any estimators (Caruana et al. 2004), from out-of-fold predictions.

The same search as in a fit of ours (`modelwright.ensemble.greedy`): members are added one at a
time, with repetition, the one that lowers the loss of the mean most; the best prefix is kept.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from modelwright.core.task import Target
from modelwright.ensemble.greedy import select_members
from modelwright.ensemble.inner import (
    Rows,
    answers,
    checked,
    entered,
    fit_member,
    out_of_fold,
    plan,
)
from modelwright.ensemble.labels import Labelled
from modelwright.ensemble.library import members_of

__all__ = ["GreedySelectionClassifier", "GreedySelectionRegressor"]

Floats = NDArray[np.float64]


class _Selection(BaseEstimator):  # type: ignore[misc]
    """What both are told and do."""

    def __init__(
        self,
        estimators: Any = None,
        folds: int | None = None,
        repeats: int = 1,
        rounds: int = 25,
        most: int = 6,
        random_state: int = 0,
    ) -> None:
        self.estimators = estimators
        self.folds = folds
        self.repeats = repeats
        self.rounds = rounds
        self.most = most
        self.random_state = random_state

    def _select(self, rows: Rows) -> None:
        members = members_of(self.estimators, rows.y.classes)
        splits = plan(rows, folds=self.folds, repeats=self.repeats, seed=self.random_state)
        scored = splits.scored
        oofs = [out_of_fold(member, rows, splits).said for _, member in members]
        found = select_members(
            [oof.astype(np.float32) for oof in oofs],
            lambda p: rows.loss(p, scored),
            rounds=self.rounds,
            most=self.most,
        )
        self.splits_, self.weights_, self.loss_ = splits, found.weights, found.loss
        self.losses_ = np.array([rows.loss(oof, scored) for oof in oofs])
        self.names_ = [members[i][0] for i in found.members]
        self.estimators_ = [fit_member(members[i][1], rows) for i in found.members]
        self._shares, self._outputs = found.weights[list(found.members)], rows.y.classes

    def _mean(self, X: Any) -> Floats:
        check_is_fitted(self)
        X = checked(self, X)
        total: Any = 0.0
        for share, fitted in zip(self._shares, self.estimators_, strict=True):
            total = total + share * answers(fitted, X, self._outputs)
        mean: Floats = total
        return mean

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.estimators is not None  # these decide
        return tags


class GreedySelectionClassifier(Labelled, _Selection):
    """The mean of the classifiers that together have the lowest out-of-fold log loss.

    Parameters
    ----------
    estimators : list of (str, estimator), optional
        Names and candidates; None: naive Bayes, a random forest, and gradient boosting.
    folds : int, optional
        Inner folds; None: by the number of rows.
    repeats : int
        How many times the folds are drawn.
    rounds : int
        How many times a candidate is added.
    most : int
        How many different members there may be.
    random_state : int
        Of the folds.

    Attributes
    ----------
    weights_ : ndarray of float64, shape (n_candidates,)
        The share of each candidate; zero for those left out.
    names_ : list of str
        The members, the heaviest first.
    estimators_ : list of estimator
        The members, fitted on all rows.
    losses_ : ndarray of float64
        The out-of-fold loss of each candidate alone.
    loss_ : float
        That of the ensemble; it chose the members, and is a little too good.
    splits_ : Splits
        The plan of inner folds.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> found = GreedySelectionClassifier(folds=3).fit(X, y)
    >>> bool(found.loss_ <= found.losses_.min()), round(float(found.weights_.sum()), 6)
    (True, 1.0)
    """

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, order: Any = None
    ) -> Self:
        """Select members, and fit them on all rows; see `StackingClassifier.fit`."""
        X, y = entered(self, X, y)
        self._select(Rows.of(X, self._coded(y), sample_weight, groups, order))
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the mean probability of each class: shape (n_rows, n_classes)."""
        return self._mean(X)


class GreedySelectionRegressor(RegressorMixin, _Selection):  # type: ignore[misc]
    """The mean of the models that together have the lowest out-of-fold squared error.

    The parameters and attributes are those of `GreedySelectionClassifier`.

    Examples
    --------
    >>> X = np.arange(50.0)[:, None]
    >>> GreedySelectionRegressor(folds=3).fit(X, X[:, 0]).names_
    ['linear']
    """

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, order: Any = None
    ) -> Self:
        """Select members, and fit them on all rows; see `StackingClassifier.fit`."""
        X, y = entered(self, X, y)
        target = Target(y.astype(np.float64))
        self._select(Rows.of(X, target, sample_weight, groups, order))
        return self

    def predict(self, X: Any) -> Floats:
        """Give the mean of the members."""
        return self._mean(X)[:, 0]
