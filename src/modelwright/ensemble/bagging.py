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
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble._base import _set_random_states
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.random import sample_without_replacement
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from modelwright.core.task import Target
from modelwright.ensemble.inner import Rows, answers, checked, entered
from modelwright.ensemble.labels import Labelled

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

    def _fit(self, base: Any, rows: Rows) -> None:
        random = check_random_state(self.random_state)
        count, columns = len(rows.y), self.n_features_in_
        self._outputs = rows.y.classes
        self.estimators_: list[Any] = []
        self.estimators_features_: list[Index] = []
        total, times = np.zeros((count, rows.y.outputs)), np.zeros(count)
        for seed in random.randint(_MOST, size=self.n_estimators):
            copy, features, drawn = self._drawn(clone(base), int(seed), columns, rows)
            X = self._seen(rows.X, features)
            _fit_drawn(copy, rows.among(X), drawn)
            self.estimators_.append(copy)
            self.estimators_features_.append(features)
            out = _left_out(rows, drawn)
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
        if rows.weight is not None:
            known = known[rows.weight[known] > 0]
        if not len(known):
            raise ValueError("expected rows out of the bag for oob_score; got every row in each")
        y, weight = rows.y.values[known], None if rows.weight is None else rows.weight[known]
        if rows.y.classes:
            right = said[known].argmax(axis=1) == y
            self.oob_score_ = float(np.average(right, weights=weight))
        else:
            self.oob_score_ = float(r2_score(y, said[known, 0], sample_weight=weight))

    def _drawn(self, copy: Any, seed: int, columns: int, rows: Rows) -> tuple[Any, Index, Index]:
        """Seed a copy, and draw its columns and its rows."""
        _set_random_states(copy, seed)
        random = check_random_state(seed)
        width = max(1, int(self.max_features * columns))
        features = sample_without_replacement(columns, width, random_state=random)
        if width == columns:
            features = np.arange(columns)
        return copy, features, _rows_drawn(random, rows, self.max_samples, self.bootstrap)

    def _seen(self, X: Any, features: Index) -> Any:
        """Give the columns that a copy sees, of an array or a frame."""
        return X if len(features) == self.n_features_in_ else _safe_indexing(X, features, axis=1)

    def _mean(self, X: Any) -> Floats:
        check_is_fitted(self)
        X = checked(self, X)
        total: Any = 0.0
        for fitted, features in zip(self.estimators_, self.estimators_features_, strict=True):
            total = total + answers(fitted, self._seen(X, features), self._outputs)
        mean: Floats = total / len(self.estimators_)
        return mean

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _rows_drawn(random: Any, rows: Rows, share: float, bootstrap: bool) -> Index:
    """Draw rows; whole groups where rows have groups, so that those out of the bag are honest."""
    count = len(rows.y)
    if rows.groups is not None:
        return _groups_drawn(random, rows, share, bootstrap)
    most = max(1, int(share * count))
    if rows.weight is not None:
        shares = rows.weight / rows.weight.sum()
        return np.asarray(random.choice(count, most, replace=bootstrap, p=shares))
    if bootstrap:
        return np.asarray(random.randint(0, count, most))
    return np.asarray(sample_without_replacement(count, most, random_state=random))


def _groups_drawn(random: Any, rows: Rows, share: float, bootstrap: bool) -> Index:
    """Draw groups of which some row counts."""
    assert rows.groups is not None  # who calls has looked
    sizes = np.bincount(rows.groups)
    loud = sizes if rows.weight is None else np.bincount(rows.groups, rows.weight)
    places = np.split(np.argsort(rows.groups, kind="stable"), np.cumsum(sizes)[:-1])
    counting = np.flatnonzero(loud > 0)
    most = max(1, round(share * len(counting)))
    chosen = random.choice(counting, most, replace=bootstrap)
    return np.concatenate([places[group] for group in chosen])


def _left_out(rows: Rows, drawn: Index) -> Index:
    """Give the rows that were not drawn, and of whose group none was."""
    mine = np.arange(len(rows.y)) if rows.groups is None else rows.groups
    seen = np.zeros(int(mine.max()) + 1, bool)
    seen[mine[drawn]] = True
    return np.flatnonzero(~seen[mine])


def _fit_drawn(copy: Any, rows: Rows, drawn: Index) -> None:
    """Fit on drawn rows: by their counts where the estimator takes weights."""
    weighs = has_fit_parameter(copy, "sample_weight")
    # of drawn groups each row counts by its weight; rows alone were drawn by it
    inside = rows.weight if rows.groups is not None else None
    if inside is not None and not weighs:
        raise ValueError(f"{type(copy).__name__} takes no sample_weight: fit without, or no groups")
    if weighs:
        counts = np.bincount(drawn, minlength=len(rows.y)).astype(np.float64)
        copy.fit(rows.X, rows.y.values, sample_weight=counts if inside is None else counts * inside)
    else:
        copy.fit(_safe_indexing(rows.X, drawn), rows.y.values[drawn])


class BaggingClassifier(Labelled, _Bag):
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
    rows are chances of being drawn. With `groups`, whole groups are drawn, and each of their rows
    counts by its weight.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> found = BaggingClassifier(oob_score=True, random_state=0).fit(X, y)
    >>> found.oob_score_ > 0.9
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit the copies."""
        X, y = entered(self, X, y)
        base = DecisionTreeClassifier() if self.estimator is None else self.estimator
        self._fit(base, Rows.of(X, self._coded(y), sample_weight, groups, None))
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the mean probability of each class: shape (n_rows, n_classes)."""
        return self._mean(X)


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

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit the copies."""
        X, y = entered(self, X, y)
        rows = Rows.of(X, Target(y.astype(np.float64)), sample_weight, groups, None)
        self._fit(DecisionTreeRegressor() if self.estimator is None else self.estimator, rows)
        return self

    def predict(self, X: Any) -> Floats:
        """Give the mean of the copies."""
        return self._mean(X)[:, 0]


def _forest_drawn(
    bag: Any, copy: Any, seed: int, columns: int, rows: Rows
) -> tuple[Any, Index, Index]:
    """Seed a tree and draw its rows; its splits draw the columns."""
    copy.set_params(random_state=seed)
    drawn = _rows_drawn(check_random_state(seed), rows, 1.0, True)
    return copy, np.arange(columns), drawn


class RandomForestClassifier(Labelled, _Bag):
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
        self._fit(tree, Rows.of(X, self._coded(y), sample_weight, groups, None))
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the mean probability of each class: shape (n_rows, n_classes)."""
        return self._mean(X)


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
