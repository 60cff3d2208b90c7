"""Gradient boosting to be read, as estimators: `modelwright.models.gradients` in a loop.

Sources: Friedman 2001, "Greedy function approximation: a gradient boosting machine"; Friedman 2002,
"Stochastic gradient boosting" (`subsample`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from modelwright.ensemble.labels import Labelled
from modelwright.models.gradients import LOSSES, Descent, Log, Multinomial, Round
from modelwright.models.sample import softmax
from modelwright.models.trees import FlatTrees, Tree

__all__ = ["GradientBoostingClassifier", "GradientBoostingRegressor"]

Floats = NDArray[np.float64]


class _Descending(BaseEstimator):  # type: ignore[misc]
    """What both do: add trees that go downhill."""

    def _descend(self, loss: Descent, X: Any, y: NDArray[Any], weight: Floats) -> None:
        random = check_random_state(self.random_state)
        grow = Round(self.learning_rate, self.max_depth, self.min_samples_leaf, self.subsample)
        self.start_ = loss.start(y, weight)
        raw = np.tile(self.start_, (len(y), 1))
        trees: list[Tree] = []
        for _ in range(self.n_estimators):
            trees += grow(loss, X, y, raw, weight, random)
        self.trees_ = FlatTrees.pack(trees)

    def _entered(self, X: Any, y: Any, weight: Any) -> tuple[Any, NDArray[Any], Floats]:
        X, y = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        return X, y, _check_sample_weight(weight, X, dtype=np.float64)

    def _scores(self, X: Any) -> Iterator[Floats]:
        """Give raw scores after each round: (n_rows, n_scores)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", reset=False)
        width, raw = len(self.start_), np.tile(self.start_, (len(X), 1))
        for first in range(0, len(self.trees_), width):
            raw = raw + self.trees_.total(X, width, first, first + width)
            yield raw

    def _last(self, X: Any) -> Floats:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", reset=False)
        scores: Floats = self.start_ + self.trees_.total(X, len(self.start_))
        return scores

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class GradientBoostingRegressor(RegressorMixin, _Descending):  # type: ignore[misc]
    """Each tree fits the negative gradient of the loss at what the trees before it say.

    Parameters
    ----------
    loss : str
        ``squared``, ``absolute`` or ``huber``.
    learning_rate : float
        The shrinkage: how much of each tree is added.
    n_estimators : int
        Rounds.
    max_depth, min_samples_leaf : int
        Of each tree: levels at most, and rows in a leaf at least.
    subsample : float
        Share of the rows that each round sees.
    random_state : int, RandomState, optional
        The root of all randomness.

    Attributes
    ----------
    start_ : ndarray of float64
        What is said before the first tree.
    trees_ : FlatTrees
        The trees as plain arrays; their leaves hold shrunk steps.

    Notes
    -----
    On the same settings, without `subsample`, predictions are those of scikit-learn 1.9 to 1e-5 of
    the answers' spread: leaves are float32 here.

    Examples
    --------
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> GradientBoostingRegressor().fit(X, X[:, 0]).predict([[0.5]]).round(1)
    array([0.5])
    """

    def __init__(
        self,
        loss: str = "squared",
        learning_rate: float = 0.1,
        n_estimators: int = 100,
        max_depth: int = 3,
        min_samples_leaf: int = 1,
        subsample: float = 1.0,
        random_state: Any = None,
    ) -> None:
        self.loss = loss
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit round after round."""
        if self.loss not in LOSSES:
            raise ValueError(f"expected one of {', '.join(LOSSES)} as loss; got {self.loss!r}")
        X, y, weight = self._entered(X, y, sample_weight)
        self._descend(LOSSES[self.loss], X, y.astype(np.float64), weight)
        return self

    def predict(self, X: Any) -> Floats:
        """Give the sum of the trees."""
        return self._last(X)[:, 0]

    def staged_predict(self, X: Any) -> Iterator[Floats]:
        """Give what is said after each round."""
        for raw in self._scores(X):
            yield raw[:, 0]


class GradientBoostingClassifier(Labelled, _Descending):
    """The same for classes: log loss, with one tree a round, or one a round and class.

    Parameters
    ----------
    learning_rate, n_estimators, max_depth, min_samples_leaf, subsample, random_state
        As for `GradientBoostingRegressor`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    start_ : ndarray of float64
        Raw scores before the first tree.
    trees_ : FlatTrees
        The trees; of several classes, one after the other in each round.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> GradientBoostingClassifier(n_estimators=20).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        learning_rate: float = 0.1,
        n_estimators: int = 100,
        max_depth: int = 3,
        min_samples_leaf: int = 1,
        subsample: float = 1.0,
        random_state: Any = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit round after round."""
        X, y, weight = self._entered(X, y, sample_weight)
        codes = self._coded(y).values
        counted = np.bincount(codes, weight, len(self.classes_))
        if len(self.classes_) < 2 or (counted <= 0).any():
            raise ValueError("expected rows of two classes that count; got only one class")
        loss: Descent = Log() if len(counted) == 2 else Multinomial(len(counted))
        self._descend(loss, X, codes, weight)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the probability of each class: shape (n_rows, n_classes)."""
        return _probabilities(self._last(X))

    def staged_predict_proba(self, X: Any) -> Iterator[Floats]:
        """Give the probabilities after each round."""
        yield from map(_probabilities, self._scores(X))


def _probabilities(raw: Floats) -> Floats:
    return softmax(np.hstack([np.zeros_like(raw), raw]) if raw.shape[1] == 1 else raw)
