"""The softmax classifier: a linear score for each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.nets.classic.discriminant import Hyperplane

__all__ = ["SoftmaxClassifier", "cross_entropy", "fit_softmax", "softmax"]

Floats = NDArray[np.float64]


def softmax(scores: Floats) -> Floats:
    """Give ``exp(z_k) / sum_j exp(z_j)`` along the last axis.

    The largest score is taken off first: nothing changes, and nothing overflows.

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0])).tolist()
    [0.5, 0.5]
    """
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def cross_entropy(scores: Floats, y: NDArray[np.integer]) -> tuple[float, Floats]:
    """Give the mean of ``-log softmax(z)_y`` and its gradient by the scores, ``(p - onehot) / n``.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        ``z``.
    y : ndarray of shape (n_rows,)
        Class codes.

    Returns
    -------
    loss : float
    gradient : ndarray of shape (n_rows, n_classes)

    Examples
    --------
    >>> loss, gradient = cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> round(loss, 4), gradient.tolist()
    (1.3863, [[0.25, 0.25, -0.75, 0.25]])
    """
    rows = np.arange(len(y))
    high = scores.max(axis=1)
    log_sum = high + np.log(np.exp(scores - high[:, None]).sum(axis=1))
    gradient = softmax(scores)
    gradient[rows, y] -= 1.0
    return float((log_sum - scores[rows, y]).mean()), gradient / len(y)


@dataclass(frozen=True)
class SoftmaxClassifier:
    """``p(k | x) = softmax(W x + b)_k``: multinomial logistic regression (Bishop 2006, 4.3.4).

    Parameters
    ----------
    weight : ndarray of shape (n_classes, n_columns)
        ``W``.
    bias : ndarray of shape (n_classes,)
        ``b``.

    Examples
    --------
    >>> net = SoftmaxClassifier(np.array([[1.0], [-1.0]]), np.zeros(2))
    >>> net.predict(np.array([[0.0]])).tolist(), net.boundary(0, 1).bias
    ([[0.5, 0.5]], 0.0)
    """

    weight: Floats
    bias: Floats

    def predict(self, X: Floats) -> Floats:
        """Give probabilities: (n_rows, n_classes)."""
        return softmax(X @ self.weight.T + self.bias)

    def boundary(self, first: int, second: int) -> Hyperplane:
        """Give the plane on which two classes are equally probable; `first` is above it."""
        gap = self.bias[first] - self.bias[second]
        return Hyperplane(self.weight[first] - self.weight[second], float(gap))

    def loss(
        self, X: Floats, y: NDArray[np.integer], l2: float = 0.0
    ) -> tuple[float, Floats, Floats]:
        """Give the cross-entropy plus ``l2 / 2 ||W||^2``, and its gradients by ``W`` and ``b``."""
        loss, gradient = cross_entropy(X @ self.weight.T + self.bias, y)
        whole = loss + l2 / 2 * float((self.weight**2).sum())
        return whole, gradient.T @ X + l2 * self.weight, gradient.sum(axis=0)


def fit_softmax(
    X: Floats,
    y: NDArray[np.integer],
    classes: int,
    *,
    l2: float = 1e-3,
    steps: int = 10_000,
    tolerance: float = 1e-7,
) -> SoftmaxClassifier:
    """Fit by gradient descent with momentum on all rows, until the gradient is zero.

    The rate is one over the largest curvature that there can be, ``||X||^2 / (2 n) + l2``; the
    momentum is Nesterov's (1983), begun anew when it goes uphill (O'Donoghue and Candès 2015). The
    loss is convex: there is one answer.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Rows, best with columns of like size.
    y : ndarray of shape (n_rows,)
        Class codes below `classes`.
    classes : int
        How many there are.
    l2 : float
        The penalty. At 0, separable classes have no answer: weights grow without end.
    steps : int
        At most.
    tolerance : float
        The size of the gradient that counts as zero.

    Raises
    ------
    DataError
        When there are no rows, or codes that are no class.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> net = fit_softmax(X, np.array([0, 1, 0, 1]), 2)
    >>> net.predict(X)[:, 1].round(2).tolist()
    [0.3, 0.4, 0.6, 0.7]
    """
    if not len(X) or y.min() < 0 or y.max() >= classes:
        raise DataError(f"rows with codes from 0 to {classes - 1}", f"{len(X)} rows")
    wide = np.column_stack([X, np.ones(len(X))])
    rate = 1.0 / (np.linalg.norm(wide, 2) ** 2 / (2 * len(X)) + l2)
    net = SoftmaxClassifier(np.zeros((classes, X.shape[1])), np.zeros(classes))
    ahead, pace = net, 1.0
    for _ in range(steps):
        _, slope, lift = ahead.loss(X, y, l2)
        if np.sqrt((slope**2).sum() + (lift**2).sum()) < tolerance:
            return ahead
        new = SoftmaxClassifier(ahead.weight - rate * slope, ahead.bias - rate * lift)
        way, rise = new.weight - net.weight, new.bias - net.bias
        uphill = (slope * way).sum() + (lift * rise).sum() > 0
        quicker = 1.0 if uphill else (1 + np.sqrt(1 + 4 * pace**2)) / 2
        push = 0.0 if uphill else (pace - 1) / quicker
        ahead = SoftmaxClassifier(new.weight + push * way, new.bias + push * rise)
        net, pace = new, quicker
    return net
