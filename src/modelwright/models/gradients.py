"""Gradient boosting as it is written down (Friedman 2001): losses, and one round of trees.

With the raw scores F of the rows so far, each round fits a tree to the negative gradient
g = - dL(y, F) / dF, gives each leaf the step that lowers the loss of its rows most, and adds the
tree, shrunk: F <- F + rate * tree. What is fast elsewhere (histograms, gradients of second order)
is left out: this is to be read, and what others are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.deferred import Deferred
from modelwright.models.sample import softmax
from modelwright.models.trees import Tree

__all__ = ["LOSSES", "Absolute", "Descent", "Huber", "Log", "Multinomial", "Round", "Squared"]

tree_library = Deferred("sklearn.tree")

Floats = NDArray[np.float64]


class Descent(Protocol):
    """A loss as boosting sees it; raw scores have shape (n_rows, n_scores)."""

    def start(self, y: NDArray[Any], weight: Floats) -> Floats:
        """Give the constant scores of the lowest loss: shape (n_scores,)."""
        ...

    def downhill(self, y: NDArray[Any], raw: Floats, weight: Floats) -> Floats:
        """Give the negative gradient of each row: shape (n_rows, n_scores)."""
        ...

    def step(
        self, y: NDArray[Any], raw: Floats, slope: Floats, weight: Floats, steepest: float
    ) -> float:
        """Give the step of a leaf, for one score of its rows: all arrays are (n_rows,).

        `steepest` is the greatest negative gradient of all rows, those of other leaves included.
        """
        ...


@dataclass(frozen=True)
class Squared:
    """Half the squared error: the gradient is the residual, the step its mean.

    Examples
    --------
    >>> y, flat = np.array([1.0, 2.0, 6.0]), np.ones(3)
    >>> Squared().start(y, flat), Squared().downhill(y, np.full((3, 1), 3.0), flat)[:, 0]
    (array([3.]), array([-2., -1.,  3.]))
    """

    def start(self, y: NDArray[Any], weight: Floats) -> Floats:
        """Give the mean."""
        return np.array([np.average(y, weights=weight)])

    def downhill(self, y: NDArray[Any], raw: Floats, weight: Floats) -> Floats:
        """Give the residuals."""
        return np.asarray(y[:, None] - raw)

    def step(
        self, y: NDArray[Any], raw: Floats, slope: Floats, weight: Floats, steepest: float
    ) -> float:
        """Give the mean residual."""
        return float(np.average(slope, weights=weight))


@dataclass(frozen=True)
class Absolute:
    """The absolute error: the gradient is a sign, the step the median residual.

    Examples
    --------
    >>> Absolute().start(np.array([1.0, 2.0, 60.0]), np.ones(3))
    array([2.])
    """

    def start(self, y: NDArray[Any], weight: Floats) -> Floats:
        """Give the median."""
        return np.array([_median(y, weight)])

    def downhill(self, y: NDArray[Any], raw: Floats, weight: Floats) -> Floats:
        """Give the signs of the residuals."""
        return np.asarray(np.where(y[:, None] < raw, -1.0, 1.0))

    def step(
        self, y: NDArray[Any], raw: Floats, slope: Floats, weight: Floats, steepest: float
    ) -> float:
        """Give the median residual, of two in the middle the lower."""
        return _quantile(y - raw, weight, 0.5)


@dataclass(frozen=True)
class Huber:
    """Huber's loss: squared near zero, absolute beyond the quantile `share` of the residuals.

    Parameters
    ----------
    share : float
        Which share of the residuals counts squared; the bar is found anew in each round.

    Examples
    --------
    >>> y = np.array([0.0, 1.0, 2.0, 3.0, 99.0])
    >>> Huber(0.8).downhill(y, np.full((5, 1), 2.0), np.ones(5))[:, 0]
    array([-2., -1.,  0.,  1.,  2.])
    """

    share: float = 0.9

    def start(self, y: NDArray[Any], weight: Floats) -> Floats:
        """Give the median."""
        return np.array([_median(y, weight)])

    def downhill(self, y: NDArray[Any], raw: Floats, weight: Floats) -> Floats:
        """Give the residuals, cut at the bar."""
        left = y[:, None] - raw
        bar = _quantile(np.abs(left[:, 0]), weight, self.share)
        return np.asarray(left.clip(-bar, bar))

    def step(
        self, y: NDArray[Any], raw: Floats, slope: Floats, weight: Floats, steepest: float
    ) -> float:
        """Give the median residual, and the mean of what lies beside it, cut (Friedman's 4.4)."""
        left = y - raw
        middle = _quantile(left, weight, 0.5)
        beside = (left - middle).clip(-steepest, steepest)
        return float(middle + np.average(beside, weights=weight))


@dataclass(frozen=True)
class Log:
    """The log loss of two classes, coded 0 and 1; scores are log odds, steps those of Newton.

    Examples
    --------
    >>> Log().start(np.array([0, 1, 1, 1]), np.ones(4)).round(3)
    array([1.099])
    """

    def start(self, y: NDArray[Any], weight: Floats) -> Floats:
        """Give the log odds of the second class."""
        share = np.average(y, weights=weight)
        return np.array([np.log(share / (1 - share))])

    def downhill(self, y: NDArray[Any], raw: Floats, weight: Floats) -> Floats:
        """Give the answer minus its probability."""
        return np.asarray(y[:, None] - 0.5 * (1 + np.tanh(raw / 2)))

    def step(
        self, y: NDArray[Any], raw: Floats, slope: Floats, weight: Floats, steepest: float
    ) -> float:
        """Give the sum of gradients over the sum of p (1 - p)."""
        return _newton(y, slope, weight)


@dataclass(frozen=True)
class Multinomial:
    """The log loss of several classes, coded from 0: one score, and one tree a round, for each.

    Parameters
    ----------
    classes : int
        How many.

    Examples
    --------
    >>> Multinomial(3).start(np.array([0, 1, 2]), np.ones(3))
    array([0., 0., 0.])
    """

    classes: int

    def start(self, y: NDArray[Any], weight: Floats) -> Floats:
        """Give the log shares, their mean at zero."""
        logs = np.log(np.bincount(y, weight, self.classes) / weight.sum())
        return np.asarray(logs - logs.mean())

    def downhill(self, y: NDArray[Any], raw: Floats, weight: Floats) -> Floats:
        """Give 1 for the class of the row, else 0, minus its probability."""
        return np.asarray(np.eye(self.classes)[y] - softmax(raw))

    def step(
        self, y: NDArray[Any], raw: Floats, slope: Floats, weight: Floats, steepest: float
    ) -> float:
        """Give Newton's step, times (K - 1) / K as in the paper."""
        return (self.classes - 1) / self.classes * _newton(y, slope, weight)


LOSSES: Mapping[str, Descent] = MappingProxyType(
    {"squared": Squared(), "absolute": Absolute(), "huber": Huber()}
)
"""The losses of numbers by name."""


def _newton(y: NDArray[Any], slope: Floats, weight: Floats) -> float:
    """Give a step of Newton's; `y` is 1 for the class whose score it is, else 0."""
    p = y - slope
    below = float(weight @ (p * (1 - p)))
    return float(weight @ slope) / below if abs(below) > 1e-150 else 0.0


def _median(values: Floats, weight: Floats) -> float:
    """Give the weighted median: the middle of the two where they lie on both sides of a half."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weight[order])
    below, upto = (np.searchsorted(sums, 0.5 * sums[-1], side=side) for side in ("left", "right"))
    last = len(values) - 1
    return float(values[order[below]] + values[order[min(int(upto), last)]]) / 2


def _quantile(values: Floats, weight: Floats, share: float) -> float:
    """Give the first value with at least this share of the weight at or below it."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weight[order])
    place = np.searchsorted(sums, share * sums[-1] * (1 - 1e-12))
    return float(values[order[min(int(place), len(values) - 1)]])


@dataclass(frozen=True)
class Round:
    """How the trees of a round are grown.

    Parameters
    ----------
    learning_rate : float
        The shrinkage of each tree.
    depth : int
        Of each tree at most.
    min_rows_leaf : int
        Rows in a leaf at least.
    row_share : float
        Share of the rows that each round sees (Friedman 2002, stochastic boosting).
    column_share : float
        Share of the columns that each split tries.

    Examples
    --------
    >>> X, y = np.arange(4, dtype=np.float32)[:, None], np.array([0.0, 0.0, 4.0, 4.0])
    >>> raw, random = np.full((4, 1), 2.0), np.random.RandomState(0)
    >>> trees = Round(0.5, depth=1)(Squared(), X, y, raw, np.ones(4), random)
    >>> raw[:, 0]
    array([1., 1., 3., 3.])
    """

    learning_rate: float = 0.1
    depth: int = 3
    min_rows_leaf: int = 1
    row_share: float = 1.0
    column_share: float = 1.0

    def __call__(
        self,
        loss: Descent,
        X: NDArray[np.float32],
        y: NDArray[Any],
        raw: Floats,
        weight: Floats,
        random: np.random.RandomState,
    ) -> list[Tree]:
        """Fit one tree for each score, and add them to `raw`.

        Parameters
        ----------
        loss : Descent
            What is descended.
        X : ndarray of float32, shape (n_rows, n_columns)
            NaN is missing.
        y : ndarray, shape (n_rows,)
            Numbers, or codes of classes.
        raw : ndarray of float64, shape (n_rows, n_scores)
            Scores so far; changed in place.
        weight : ndarray of float64, shape (n_rows,)
            How much each row counts.
        random : RandomState
            Draws rows and breaks ties.

        Returns
        -------
        list of Tree
            Their leaves hold shrunk steps.
        """
        slopes = loss.downhill(y, raw, weight)
        seen = self._drawn(weight, random)
        trees = []
        for score in range(raw.shape[1]):
            model = tree_library.DecisionTreeRegressor(
                max_depth=self.depth,
                min_samples_leaf=self.min_rows_leaf,
                max_features=self.column_share if self.column_share < 1 else None,
                random_state=random,
            )
            slope = slopes[:, score]
            model.fit(X, slope, sample_weight=seen)
            own = (y == score).astype(np.float64) if raw.shape[1] > 1 else y
            leaves = model.apply(X)
            value = np.zeros(model.tree_.node_count)
            self._step(loss, value, leaves, (own, raw[:, score], slope, seen))
            raw[:, score] += value[leaves]
            trees.append(Tree.grown(model, value[:, None]))
        return trees

    def _drawn(self, weight: Floats, random: np.random.RandomState) -> Floats:
        if self.row_share >= 1:
            return weight
        rows = len(weight)
        drawn = random.permutation(rows)[: max(1, int(self.row_share * rows))]
        seen = np.zeros(rows)
        seen[drawn] = weight[drawn]
        return seen

    def _step(
        self, loss: Descent, value: Floats, leaves: NDArray[np.int64], rows: tuple[Floats, ...]
    ) -> None:
        """Fill in the shrunk step of each leaf, by node."""
        counted = np.flatnonzero(rows[-1] > 0)
        order = counted[np.argsort(leaves[counted], kind="stable")]
        names, starts = np.unique(leaves[order], return_index=True)
        steepest = float(np.abs(rows[2]).max())
        for name, inside in zip(names, np.split(order, starts[1:]), strict=True):
            y, raw, slope, weight = (part[inside] for part in rows)
            value[name] = self.learning_rate * loss.step(y, raw, slope, weight, steepest)
