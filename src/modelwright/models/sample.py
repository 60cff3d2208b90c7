"""What every learner does first: drop rows that do not count, find the classes that occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.seed import Seed
from modelwright.core.task import Target
from modelwright.models.unpack import array, integer, number, unsound

__all__ = ["Classes", "Sample", "held_out", "loss", "softmax"]

_HELD = 5


@dataclass(frozen=True)
class Classes:
    """The classes of the task, and those that the training rows show.

    Parameters
    ----------
    count : int
        Classes of the task; 0 for regression.
    seen : ndarray of int64
        The codes that occur in training, ascending; empty for regression.
    floor : float
        The probability of each class that does not occur: half a row's share, so that a rare
        class never costs an infinite log loss.

    Examples
    --------
    >>> Classes(3, np.array([0, 2]), 0.01).spread(np.array([[0.5, 0.5]]))
    array([[0.495, 0.01 , 0.495]], dtype=float32)
    """

    count: int
    seen: NDArray[np.int64]
    floor: float

    @property
    def outputs(self) -> int:
        """Columns of a prediction."""
        return self.count or 1

    @property
    def learned(self) -> int:
        """Classes that are learned; 1 for regression."""
        return len(self.seen) if self.count else 1

    @property
    def scored(self) -> int:
        """Columns of raw scores: two classes need one, the log odds of the second."""
        return 1 if self.learned == 2 else self.learned

    def answers(self, scores: NDArray[np.float64]) -> NDArray[np.float32]:
        """Turn raw scores of shape (n_rows, scored) into predictions of shape (n_rows, outputs)."""
        if not self.count:
            return self.spread(scores)
        if self.learned == 2:
            scores = np.hstack([np.zeros_like(scores), scores])
        return self.spread(softmax(scores))

    def spread(self, learned: NDArray[np.floating]) -> NDArray[np.float32]:
        """Give the classes that were not seen their floor; regression passes unchanged.

        Parameters
        ----------
        learned : ndarray of shape (n_rows, learned)
            Probabilities of the seen classes.

        Returns
        -------
        ndarray of float32, shape (n_rows, outputs)
        """
        if not self.count or len(self.seen) == self.count:
            return learned.astype(np.float32)
        full = np.full((len(learned), self.count), self.floor, np.float32)
        share = 1.0 - self.floor * (self.count - len(self.seen))
        full[:, self.seen] = learned * share
        return full

    def position(self, codes: NDArray[np.integer]) -> NDArray[np.int64]:
        """Give the positions of codes among the seen classes, -1 for one that was not seen."""
        table = np.full(max(self.count, 1), -1, np.int64)
        table[self.seen] = np.arange(len(self.seen))
        found: NDArray[np.int64] = table[codes]
        return found

    def to_config(self) -> dict[str, Any]:
        """Give the part of a state's config that `of_state` reads."""
        return {"classes": self.count, "floor": self.floor}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give the part of a state's arrays that `of_state` reads."""
        return {"seen": self.seen}

    @classmethod
    def of_state(cls, state: State) -> Classes:
        """Read what `to_config` and `to_arrays` gave; raises `ModelFileError`."""
        count = integer(state, "classes", 0, 100_000)
        seen = array(state, "seen", np.int64, 1)
        floor = number(state, "floor")
        ascending = bool((np.diff(seen) > 0).all())
        inside = len(seen) == 0 or (seen[0] >= 0 and seen[-1] < count)
        if not (ascending and inside) or bool(count) != bool(len(seen)):
            raise unsound("the codes of the classes seen in training", "others")
        if floor < 0 or floor * count > 1:
            raise unsound("a probability for unseen classes", f"{floor}")
        return cls(count, seen, floor)


@dataclass(frozen=True)
class Sample:
    """Training rows that count.

    Parameters
    ----------
    X : Matrix
        The rows of positive weight.
    values : ndarray
        float64 numbers, or int64 positions among the seen classes.
    weight : ndarray of float64 or None
        Positive weights, on average 1; None when every row counts alike.
    classes : Classes
        The classes of the task.
    kept : ndarray of int64 or None
        Which of the rows given these are; None for all.
    """

    X: Matrix
    values: NDArray[Any]
    weight: NDArray[np.float64] | None
    classes: Classes
    kept: NDArray[np.int64] | None

    @classmethod
    def of(cls, X: Matrix, y: Target, weight: NDArray[Any] | None, budget: Budget) -> Sample:
        """Check and prepare what a `fit` was given.

        Raises
        ------
        FitError
            When no time is left, no row counts, or an answer or a weight is no number.
        """
        if budget.expired:
            raise FitError("no time is left for this fit")
        values, kept = y.values, None
        if weight is not None:
            weight = np.asarray(weight, np.float64)
            if not np.isfinite(weight).all() or (weight < 0).any():
                raise FitError("a weight is negative or no number")
            if (weight == 0).any():
                kept = np.flatnonzero(weight)
                X, values, weight = X.rows(kept), values[kept], weight[kept]
        if len(values) == 0:
            raise FitError("no row counts: the training rows are empty or all of weight zero")
        if weight is not None:
            weight = weight / weight.mean()  # penalties mean the same for any unit of weight
        if y.classes:
            classes = Classes(
                y.classes, np.unique(values).astype(np.int64), 0.5 / (len(values) + y.classes)
            )
            return cls(X, classes.position(values), weight, classes, kept)
        values = np.asarray(values, np.float64)
        if not np.isfinite(values).all():
            raise FitError("an answer is missing or infinite")
        return cls(X, values, weight, Classes(0, np.empty(0, np.int64), 0.0), kept)

    @property
    def rows(self) -> int:
        """How many rows count."""
        return len(self.values)

    @property
    def settled(self) -> bool:
        """Whether all answers are the same: there is nothing to learn."""
        return bool((self.values == self.values[0]).all())

    def prior(self) -> NDArray[np.float64]:
        """Give the weighted mean, or the weighted shares of the seen classes."""
        if not self.classes.count:
            return np.array([np.average(self.values, weights=self.weight)])
        counts = np.bincount(self.values, self.weight, self.classes.learned).astype(np.float64)
        shares: NDArray[np.float64] = counts / counts.sum()
        return shares

    def start(self) -> tuple[NDArray[np.float64], float]:
        """Give what boosting starts from: raw scores of the prior, and the unit of a step.

        Returns
        -------
        base : ndarray of float64, shape (scored,)
            The mean; or log shares of the seen classes (of two: the log odds of the second).
        scale : float
            The standard deviation of a regression's answers, 1 for classes and for a constant.
        """
        prior = self.prior()
        if self.classes.count:
            logs = np.log(prior)
            return (logs[1:] - logs[:1] if len(logs) == 2 else logs), 1.0
        spread = np.average((self.values - prior[0]) ** 2, weights=self.weight)
        return prior, float(np.sqrt(spread)) or 1.0

    def scaled(self, y: Target) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Give the rows whose answers training knows, and these answers as boosting takes them.

        Returns
        -------
        rows : ndarray of int64
            All of a regression; of classes those that were seen.
        labels : ndarray
            Numbers on the scale of `start`, or positions among the seen classes.
        """
        if not self.classes.count:
            base, scale = self.start()
            return np.arange(len(y)), (y.values - base[0]) / scale
        labels = self.classes.position(y.values)
        rows = np.flatnonzero(labels >= 0)
        return rows, labels[rows]


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn scores into probabilities, row by row.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        One column means one class, which is certain.

    Returns
    -------
    ndarray of the same shape

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities


def loss(
    predicted: NDArray[np.floating], y: Target, weight: NDArray[np.float64] | None = None
) -> float:
    """Judge predictions by what learners descend: log loss, or RMSE; NaN where there are none.

    Parameters
    ----------
    predicted : ndarray of shape (n_rows, n_outputs)
        Probabilities or numbers.
    y : Target
        The answers.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts; above zero for some.

    Examples
    --------
    >>> loss(np.array([[1.0], [2.0]]), Target(np.array([1.0, 4.0])))
    1.414
    """
    if not len(y):
        return float("nan")
    if not y.classes:
        return float(np.sqrt(np.average((predicted[:, 0] - y.values) ** 2, weights=weight)))
    chosen = predicted[np.arange(len(y)), y.values].astype(np.float64)
    return float(-np.average(np.log(np.maximum(chosen, 1e-15)), weights=weight))


def held_out(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Draw one row of five, to find on it what the model says too loudly or too softly.

    Parameters
    ----------
    rows : int
        How many there are.
    seed : int
        The only source of randomness.

    Returns
    -------
    tuple of ndarray of int64, or None
        Those that are held out, and the others; None with fewer than 50 rows.

    Examples
    --------
    >>> held, rest = held_out(100, seed=0)
    >>> len(held), len(rest), held_out(20, seed=0)
    (20, 80, None)
    """
    if rows < 10 * _HELD:
        return None
    drawn = np.random.default_rng(Seed(seed).derive("held out")).permutation(rows)
    return drawn[::_HELD], np.setdiff1d(np.arange(rows), drawn[::_HELD])
