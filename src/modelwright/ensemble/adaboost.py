"""AdaBoost over any estimator: SAMME for classes, AdaBoost.R2 for numbers.

The steps are those of `modelwright.models.adaboost`, where the formulas stand; this is the form
for any estimator that takes weights (classes) or any at all (numbers, whose rows are drawn).

Sources: Freund and Schapire 1997; Zhu, Zou, Rosset and Hastie 2009; Drucker 1997.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble._base import _set_random_states
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from modelwright.core.task import Target
from modelwright.ensemble.inner import Rows, checked, entered
from modelwright.ensemble.labels import Labelled
from modelwright.models.adaboost import r2_step, samme_step, weighted_median
from modelwright.models.sample import softmax

__all__ = ["AdaBoostClassifier", "AdaBoostRegressor"]

Floats = NDArray[np.float64]


class _Boosted(BaseEstimator):  # type: ignore[misc]
    """What both are told."""

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 50,
        learning_rate: float = 1.0,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _start(self, rows: Rows) -> Floats:
        self.estimators_: list[Any] = []
        self.estimator_weights_ = np.empty(0)
        weight = np.ones(len(rows.y)) if rows.weight is None else rows.weight
        shares: Floats = weight / weight.sum()
        return shares

    def _keep(self, fitted: Any, say: float) -> None:
        self.estimators_.append(fitted)
        self.estimator_weights_ = np.append(self.estimator_weights_, say)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.estimator is None
        return tags


class AdaBoostClassifier(Labelled, _Boosted):
    """Each classifier is fitted on the rows that those before it got wrong (SAMME).

    Parameters
    ----------
    estimator : estimator, optional
        What is boosted; it takes weights of rows. None: a stump.
    n_estimators : int
        How many at most; it ends at one without an error, or none better than chance.
    learning_rate : float
        How much each counts.
    random_state : int, RandomState, optional
        The root of all randomness.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted classifiers.
    estimator_weights_ : ndarray of float64
        How much each counts: ``rate * (log((1 - e) / e) + log(K - 1))``.
    classes_ : ndarray of shape (n_classes,)
        The labels.

    Notes
    -----
    Decisions and probabilities are those of scikit-learn 1.9: the latter are ranked well, and far
    too even; the learner `modelwright.models.adaboost.AdaBoostLearner` calibrates them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> AdaBoostClassifier(random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit one classifier after the other."""
        X, y = entered(self, X, y)
        rows = Rows.of(X, self._coded(y), sample_weight, None, None)
        codes, count = rows.y.values, len(self.classes_)
        base = DecisionTreeClassifier(max_depth=1) if self.estimator is None else self.estimator
        if not has_fit_parameter(base, "sample_weight"):
            raise ValueError(f"{type(base).__name__} takes no sample_weight: it cannot be boosted")
        random, weight = check_random_state(self.random_state), self._start(rows)
        for _ in range(self.n_estimators):
            copy = clone(base)
            _set_random_states(copy, random)
            copy.fit(X, codes, sample_weight=weight)
            wrong = copy.predict(X) != codes
            say, after = samme_step(weight, wrong, count, self.learning_rate)
            if say > 0:
                self._keep(copy, say)
            if say <= 0 or not (wrong & (weight > 0)).any():
                break
            weight = after
        if not self.estimators_:
            raise ValueError("the estimator is no better than chance: it cannot be boosted")
        return self

    def decision_function(self, X: Any) -> Floats:
        """Give scores: (n_rows, n_classes), or (n_rows,) for two classes."""
        check_is_fitted(self)
        X, count = checked(self, X), len(self.classes_)
        total: Any = 0.0
        for say, fitted in zip(self.estimator_weights_, self.estimators_, strict=True):
            votes = np.eye(count)[fitted.predict(X)]
            total = total + say * (votes - (1 - votes) / max(count - 1, 1))
        scores: Floats = total / self.estimator_weights_.sum()
        return scores[:, 1] - scores[:, 0] if count == 2 else scores

    def predict_proba(self, X: Any) -> Floats:
        """Give probabilities: the softmax of scores over K - 1."""
        scores = self.decision_function(X)
        count = len(self.classes_)
        if count == 2:
            return softmax(np.column_stack([-scores, scores]) / 2)
        return softmax(scores / max(count - 1, 1))


class AdaBoostRegressor(RegressorMixin, _Boosted):  # type: ignore[misc]
    """Regression models on rows drawn by how badly those before missed them (AdaBoost.R2).

    Parameters
    ----------
    estimator : estimator, optional
        What is boosted; None: a tree of three levels.
    n_estimators : int
        How many at most; it ends at one that misses nothing, or whose mean loss is half of its
        worst.
    learning_rate : float
        How much each counts.
    random_state : int, RandomState, optional
        The root of all randomness.

    Notes
    -----
    The linear loss of the paper; with the same seed the models are those of scikit-learn 1.9.

    Examples
    --------
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> AdaBoostRegressor(random_state=0).fit(X, X[:, 0]).predict([[0.5]]).round(1)
    array([0.5])
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit one model after the other."""
        X, y = entered(self, X, y)
        rows = Rows.of(X, Target(y.astype(np.float64)), sample_weight, None, None)
        base = DecisionTreeRegressor(max_depth=3) if self.estimator is None else self.estimator
        random, weight = check_random_state(self.random_state), self._start(rows)
        for _ in range(self.n_estimators):
            copy = clone(base)
            _set_random_states(copy, random)
            drawn = random.choice(np.arange(len(y)), size=len(y), replace=True, p=weight)
            copy.fit(_safe_indexing(X, drawn), rows.y.values[drawn])
            miss = np.abs(copy.predict(X) - rows.y.values)
            say, after = r2_step(weight, miss, self.learning_rate)
            if say > 0 or not self.estimators_:
                self._keep(copy, say if say > 0 else 1.0)
            if say <= 0 or not miss[weight > 0].any():
                break
            weight = after
        return self

    def predict(self, X: Any) -> Floats:
        """Give the weighted median of what the models say."""
        check_is_fitted(self)
        X = checked(self, X)
        said = np.column_stack([fitted.predict(X) for fitted in self.estimators_])
        return weighted_median(said, self.estimator_weights_)
