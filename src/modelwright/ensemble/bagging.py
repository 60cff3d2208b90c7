"""Bagging: many copies of one estimator, each fitted on a bootstrap of the rows.

The mean of B models of variance v and correlation r has the variance r v + (1 - r) v / B: so bags
help what is unstable, and a random forest, whose splits draw columns as well, lowers r. The rows
that a copy did not draw (about 37 %) judge it: that is the out-of-bag score, for nothing.

Sources: Breiman 1996, "Bagging predictors"; Breiman 2001, "Random forests".
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.ensemble._base import _set_random_states
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.random import sample_without_replacement
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from modelwright.core.task import Target
from modelwright.ensemble.inner import Rows, answers, checked, entered

__all__ = [
    "BaggingClassifier",
    "BaggingRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

_MOST = np.iinfo(np.int32).max


class _Bag(BaseEstimator):  # type: ignore[misc]
    """What all four do: draw rows, fit copies, average them."""

    def _fit(self, base: Any, rows: Rows) -> None:
        random = check_random_state(self.random_state)
        count, columns = len(rows.y), self.n_features_in_
        self._outputs = rows.y.classes
        self.estimators_: list[Any] = []
        self.estimators_features_: list[Index] = []
        total, times = np.zeros((count, rows.y.outputs)), np.zeros(count)
        for seed in random.randint(_MOST, size=self.n_estimators):
            copy, features, drawn = self._drawn(clone(base), int(seed), columns, rows)
            X = rows.X if len(features) == columns else rows.X[:, features]
            _fit_drawn(copy, rows.among(X), drawn)
            self.estimators_.append(copy)
            self.estimators_features_.append(features)
            out = np.setdiff1d(np.arange(count), drawn)
            if self.oob_score and len(out):
                total[out] += answers(copy, _safe_indexing(X, out), rows.y.classes)
                times[out] += 1
        if self.oob_score:
            self._judge(rows, total, times)

    def _judge(self, rows: Rows, total: Floats, times: Floats) -> None:
        """Keep what copies say of rows that they did not draw, and how good it is."""
        known = np.flatnonzero(times)
        said = np.full(total.shape, np.nan)
        said[known] = total[known] / times[known, None]
        self.oob_prediction_ = said
        y, weight = rows.y.values[known], None if rows.weight is None else rows.weight[known]
        if rows.y.classes:
            right = said[known].argmax(axis=1) == y
            self.oob_score_ = float(np.average(right, weights=weight))
            return
        mean = np.average(y, weights=weight)
        left = np.average((y - said[known, 0]) ** 2, weights=weight)
        self.oob_score_ = float(1 - left / np.average((y - mean) ** 2, weights=weight))

    def _drawn(self, copy: Any, seed: int, columns: int, rows: Rows) -> tuple[Any, Index, Index]:
        """Seed a copy, and draw its columns and its rows."""
        _set_random_states(copy, seed)
        random = check_random_state(seed)
        width = max(1, int(self.max_features * columns))
        features = sample_without_replacement(columns, width, random_state=random)
        most = max(1, int(self.max_samples * len(rows.y)))
        if width == columns:
            features = np.arange(columns)
        return copy, features, _rows_drawn(random, rows, most, self.bootstrap)

    def _mean(self, X: Any) -> Floats:
        check_is_fitted(self)
        X = checked(self, X)
        total: Any = 0.0
        for fitted, features in zip(self.estimators_, self.estimators_features_, strict=True):
            own = X if len(features) == self.n_features_in_ else X[:, features]
            total = total + answers(fitted, own, self._outputs)
        mean: Floats = total / len(self.estimators_)
        return mean

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _rows_drawn(random: Any, rows: Rows, most: int, bootstrap: bool) -> Index:
    """Draw rows; whole groups where rows have groups, so that those out of the bag are honest."""
    count = len(rows.y)
    if rows.groups is not None:
        places = [np.flatnonzero(rows.groups == g) for g in range(rows.groups.max() + 1)]
        chosen = random.choice(len(places), len(places), replace=bootstrap)
        return np.concatenate([places[g] for g in chosen])[:most]
    if rows.weight is not None:
        shares = rows.weight / rows.weight.sum()
        return np.asarray(random.choice(count, most, replace=bootstrap, p=shares))
    if bootstrap:
        return np.asarray(random.randint(0, count, most))
    return np.asarray(sample_without_replacement(count, most, random_state=random))


def _fit_drawn(copy: Any, rows: Rows, drawn: Index) -> None:
    """Fit on drawn rows: by their counts where the estimator takes weights."""
    if has_fit_parameter(copy, "sample_weight"):
        counts = np.bincount(drawn, minlength=len(rows.y)).astype(np.float64)
        copy.fit(rows.X, rows.y.values, sample_weight=counts)
    else:
        copy.fit(_safe_indexing(rows.X, drawn), rows.y.values[drawn])


def _coded(estimator: Any, y: NDArray[Any]) -> Target:
    check_classification_targets(y)
    estimator.classes_, codes = np.unique(y, return_inverse=True)
    return Target(codes.astype(np.int64), len(estimator.classes_))


class BaggingClassifier(ClassifierMixin, _Bag):  # type: ignore[misc]
    """The mean of copies of a classifier, each fitted on a bootstrap (Breiman 1996).

    Parameters
    ----------
    estimator : estimator, optional
        What is copied, with `predict_proba`; None: a decision tree.
    n_estimators : int
        How many copies.
    max_samples, max_features : float
        Which share of the rows is drawn for each copy, and which share of the columns.
    bootstrap : bool
        Whether rows are drawn with replacement.
    oob_score : bool
        Whether rows out of the bag are predicted.
    random_state : int, RandomState, optional
        The root of all randomness.

    Attributes
    ----------
    estimators_ : list of estimator
        The copies.
    estimators_features_ : list of ndarray of int
        The columns that each sees.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    oob_prediction_ : ndarray of float64, shape (n_rows, n_classes)
        With `oob_score`: what copies say of rows that they did not draw; NaN where all did.
    oob_score_ : float
        With `oob_score`: the accuracy of these.

    Notes
    -----
    With the same seed, estimator and settings the copies are those of scikit-learn 1.9. Weights of
    rows are chances of being drawn. With `groups`, whole groups are drawn.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> found = BaggingClassifier(oob_score=True, random_state=0).fit(X, y)
    >>> found.oob_score_ > 0.9
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 50,
        max_samples: float = 1.0,
        max_features: float = 1.0,
        bootstrap: bool = True,
        oob_score: bool = False,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit the copies."""
        X, y = entered(self, X, y)
        base = self.estimator or DecisionTreeClassifier()
        self._fit(base, Rows.of(X, _coded(self, y), sample_weight, groups, None))
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the mean probability of each class: shape (n_rows, n_classes)."""
        return self._mean(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the most probable class of each row."""
        best = self._mean(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels


class BaggingRegressor(RegressorMixin, _Bag):  # type: ignore[misc]
    """The mean of copies of a regression model, each fitted on a bootstrap (Breiman 1996).

    The parameters and attributes are those of `BaggingClassifier`; `oob_score_` is R2.

    Examples
    --------
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> found = BaggingRegressor(random_state=0).fit(X, X[:, 0])
    >>> found.predict([[0.5]]).round(1)
    array([0.5])
    """

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 50,
        max_samples: float = 1.0,
        max_features: float = 1.0,
        bootstrap: bool = True,
        oob_score: bool = False,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit the copies."""
        X, y = entered(self, X, y)
        rows = Rows.of(X, Target(y.astype(np.float64)), sample_weight, groups, None)
        self._fit(self.estimator or DecisionTreeRegressor(), rows)
        return self

    def predict(self, X: Any) -> Floats:
        """Give the mean of the copies."""
        return self._mean(X)[:, 0]


def _forest_drawn(
    bag: Any, copy: Any, seed: int, columns: int, rows: Rows
) -> tuple[Any, Index, Index]:
    """Seed a tree and draw its rows; its splits draw the columns."""
    copy.set_params(random_state=seed)
    drawn = _rows_drawn(check_random_state(seed), rows, len(rows.y), True)
    return copy, np.arange(columns), drawn


class RandomForestClassifier(ClassifierMixin, _Bag):  # type: ignore[misc]
    """Bagged trees whose splits see some columns, drawn anew each time (Breiman 2001).

    Parameters
    ----------
    n_estimators : int
        How many trees.
    max_features : str, float or int
        How many columns a split tries, as scikit-learn's trees take it.
    min_samples_leaf : int
        Rows in a leaf at least.
    oob_score : bool
        Whether rows out of the bag are predicted; see `BaggingClassifier`.
    random_state : int, RandomState, optional
        The root of all randomness.

    Notes
    -----
    With the same seed and settings the trees are those of scikit-learn 1.9. With `groups`, whole
    groups are drawn.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> RandomForestClassifier(oob_score=True, random_state=0).fit(X, y).oob_score_ > 0.9
    True
    """

    _drawn = _forest_drawn

    def __init__(
        self,
        n_estimators: int = 100,
        max_features: Any = "sqrt",
        min_samples_leaf: int = 1,
        oob_score: bool = False,
        random_state: Any = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.oob_score = oob_score
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit the trees."""
        X, y = entered(self, X, y)
        tree = DecisionTreeClassifier(
            max_features=self.max_features, min_samples_leaf=self.min_samples_leaf
        )
        self._fit(tree, Rows.of(X, _coded(self, y), sample_weight, groups, None))
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the mean probability of each class: shape (n_rows, n_classes)."""
        return self._mean(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the most probable class of each row."""
        best = self._mean(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels


class RandomForestRegressor(RegressorMixin, _Bag):  # type: ignore[misc]
    """Bagged trees whose splits see some columns, drawn anew each time (Breiman 2001).

    The parameters are those of `RandomForestClassifier`; a split tries all columns unless told
    otherwise, as in scikit-learn.

    Examples
    --------
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> RandomForestRegressor(random_state=0).fit(X, X[:, 0]).predict([[0.5]]).round(1)
    array([0.5])
    """

    _drawn = _forest_drawn

    def __init__(
        self,
        n_estimators: int = 100,
        max_features: Any = 1.0,
        min_samples_leaf: int = 1,
        oob_score: bool = False,
        random_state: Any = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.oob_score = oob_score
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit the trees."""
        X, y = entered(self, X, y)
        rows = Rows.of(X, Target(y.astype(np.float64)), sample_weight, groups, None)
        tree = DecisionTreeRegressor(
            max_features=self.max_features, min_samples_leaf=self.min_samples_leaf
        )
        self._fit(tree, rows)
        return self

    def predict(self, X: Any) -> Floats:
        """Give the mean of the trees."""
        return self._mean(X)[:, 0]
