"""Ridge and logistic regression along a path of penalties, in NumPy.

Ridge is solved in closed form from one eigendecomposition (Hastie, Tibshirani and Friedman, *The
Elements of Statistical Learning*, section 3.4). Logistic regression is minimised by L-BFGS
(Nocedal 1980), whose first guess of the inverse Hessian is the fixed bound of Böhning and Lindsay
(1988): it comes from the same eigendecomposition, so that a step costs two passes over the data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.models.design import Features
from modelwright.models.sample import softmax

__all__ = ["LinearProblem", "minimise"]

Floats = NDArray[np.float64]
# How far, by how much the gradient changed on the way, and their inner product.
_Step = tuple[Floats, Floats, np.float64]

_EXACT = 2_000
"""Columns (or rows, when they are fewer) up to which the eigendecomposition is made."""


def minimise(
    objective: Callable[[Floats], tuple[float, Floats]],
    precondition: Callable[[Floats], Floats],
    start: Floats,
    tolerance: float,
    steps: int = 200,
) -> Floats:
    """Minimise a smooth convex function by L-BFGS.

    Parameters
    ----------
    objective : callable
        Gives value and gradient.
    precondition : callable
        Multiplies by a guess of the inverse Hessian; symmetric and positive.
    start : ndarray
        Where to begin, of any shape.
    tolerance : float
        Stop when the expected decrease of a step falls below.
    steps : int
        Stop after so many.

    Returns
    -------
    ndarray of the shape of `start`

    Examples
    --------
    >>> bowl = lambda x: (float(((x - 3) ** 2).sum()), 2 * (x - 3))
    >>> minimise(bowl, lambda g: g / 2, np.zeros(2), 1e-12)
    array([3., 3.])
    """
    x = start
    value, gradient = objective(x)
    memory: list[_Step] = []
    for _ in range(steps):
        direction = -_two_loops(gradient, memory, precondition)
        slope = float((gradient * direction).sum())
        if not -slope > tolerance:
            break
        step = 1.0
        for _ in range(20):
            new_value, new_gradient = objective(x + step * direction)
            if new_value <= value + 1e-4 * step * slope:
                break
            step /= 2
        else:
            break
        move, change = step * direction, new_gradient - gradient
        bend = (move * change).sum()
        if bend > 1e-14 * (change * change).sum() ** 0.5:
            memory = [*memory[-9:], (move, change, bend)]
        x, value, gradient = x + move, new_value, new_gradient
    return x


def _two_loops(
    gradient: Floats, memory: list[_Step], precondition: Callable[[Floats], Floats]
) -> Floats:
    q, factors = gradient.copy(), []
    for move, change, bend in reversed(memory):
        factor = (move * q).sum() / bend
        q -= factor * change
        factors.append(factor)
    r = precondition(q)
    for (move, change, bend), factor in zip(memory, reversed(factors), strict=True):
        r = r + move * (factor - (change * r).sum() / bend)
    return r


@dataclass
class LinearProblem:
    """Weighted, penalised linear regression on one set of training rows.

    Parameters
    ----------
    features : Features
        The design matrix; columns are centred here, so that the intercept bears no penalty.
    weight : ndarray of shape (n_rows,)
        Positive weights.

    Examples
    --------
    >>> x = np.array([[-1.0], [0.0], [1.0]])
    >>> line = LinearProblem(Features(x, np.empty((0, 3), np.int32), 0), np.ones(3))
    >>> slope, intercept = line.ridge(np.array([1.0, 3.0, 5.0]), penalty=0.0)
    >>> slope, intercept
    (array([[2.]]), array([3.]))
    """

    features: Features
    weight: Floats

    def __post_init__(self) -> None:
        rows, columns = self.features.shape
        self.columns = columns
        self._total = float(self.weight.sum())
        self._mean = self.features.transposed(self.weight[:, None])[:, 0] / self._total
        self._turn: Floats | None = None
        if rows < columns and rows <= _EXACT:
            self._rotate()
        self._decompose()

    def _rotate(self) -> None:
        """Replace more columns than rows by the rows' own coordinates; ridge does not mind."""
        centred = self.features.to_dense() - self._mean
        square, left = np.linalg.eigh(centred @ centred.T)
        keep = square > 1e-10 * max(float(square[-1]), 1e-300)
        size = np.sqrt(square[keep])
        self._turn = (centred.T @ left[:, keep]) / size
        self._offset = self._mean
        empty = np.empty((0, len(centred)), np.int32)
        self.features = Features(left[:, keep] * size, empty, 0)
        self._mean = self.features.transposed(self.weight[:, None])[:, 0] / self._total

    def _decompose(self) -> None:
        columns = self.features.shape[1]
        if columns <= _EXACT:
            gram = self.features.gram(self.weight)
            gram -= self._total * np.outer(self._mean, self._mean)
            self._size, vectors = np.linalg.eigh(gram)
            self._vectors: Floats | None = vectors
        else:
            dense = self.features.dense.astype(np.float64, copy=False)
            square = np.einsum("ij,ij,i->j", dense, dense, self.weight)
            ones = self._total * self._mean[dense.shape[1] :]
            self._size = np.concatenate([square, ones]) - self._total * self._mean**2
            self._vectors = None
        self._size = np.maximum(self._size, 0.0)

    def _inverse(self, R: Floats, bound: float, penalty: float) -> Floats:
        """Divide by ``bound * gram + penalty`` (by its diagonal when there is no basis)."""
        size = (bound * self._size + penalty + 1e-12 * self._total)[:, None]
        if self._vectors is None:
            return R / size
        return self._vectors @ ((self._vectors.T @ R) / size)

    def _back(self, B: Floats, intercept: Floats) -> tuple[Floats, Floats]:
        """Undo the centring and the rotation."""
        intercept = intercept - self._mean @ B
        if self._turn is None:
            return B, intercept
        B = self._turn @ B
        return B, intercept - self._offset @ B

    def ridge(self, y: Floats, penalty: float) -> tuple[Floats, Floats]:
        """Minimise the weighted squared error plus `penalty` times the squared coefficients.

        Parameters
        ----------
        y : ndarray of shape (n_rows,)
            The answers.
        penalty : float
            Above or equal zero; on the scale of the summed weights.

        Returns
        -------
        coefficients, intercept : ndarray of shapes (n_columns, 1) and (1,)
        """
        mean = float(y @ self.weight) / self._total
        target = self.features.transposed((self.weight * (y - mean))[:, None])
        B = self._inverse(target, 1.0, penalty)
        if self._vectors is None:
            B = self._descend_ridge(target, B, penalty)
        return self._back(B, np.array([mean]))

    def _descend_ridge(self, target: Floats, start: Floats, penalty: float) -> Floats:
        def objective(B: Floats) -> tuple[float, Floats]:
            scores = self.features.times(B) - self._mean @ B
            pull = self.features.transposed(self.weight[:, None] * scores)
            pull += penalty * B - target
            return float((B * (pull - target)).sum()) / 2, pull

        scale = float((target * start).sum())
        return minimise(objective, lambda g: self._inverse(g, 1.0, penalty), start, 1e-8 * scale)

    def logistic(
        self, positions: NDArray[np.int64], classes: int, penalty: float, start: Floats | None
    ) -> tuple[Floats, tuple[Floats, Floats]]:
        """Minimise the weighted log loss plus half `penalty` times the squared coefficients.

        Parameters
        ----------
        positions : ndarray of int64, shape (n_rows,)
            The class of each row.
        classes : int
            How many; two share one column of coefficients, which belongs to the second.
        penalty : float
            Above zero; on the scale of the summed weights.
        start : ndarray, optional
            The first result of the call before, to begin from.

        Returns
        -------
        state : ndarray
            To go on from.
        coefficients, intercept : ndarray of shapes (n_columns, k) and (k,)
        """
        outputs = 1 if classes == 2 else classes
        if start is None:
            start = self._start(positions, classes, outputs)
        hot = np.equal.outer(positions, np.arange(classes)).astype(np.float64)[:, -outputs:]
        loss = _sigmoid_loss if outputs == 1 else _softmax_loss
        bound = 0.25 if outputs == 1 else 0.5

        def objective(theta: Floats) -> tuple[float, Floats]:
            B = theta[:-1]
            value, pull = loss(
                self.features.times(B) - self._mean @ B + theta[-1], hot, self.weight
            )
            total = pull.sum(axis=0)
            down = self.features.transposed(pull) - np.outer(self._mean, total) + penalty * B
            return value + penalty * float((B * B).sum()) / 2, np.vstack([down, total])

        def precondition(R: Floats) -> Floats:
            down = self._inverse(R[:-1], bound, penalty)
            return np.vstack([down, R[-1:] / (bound * self._total)])

        theta = minimise(objective, precondition, start, 1e-8 * self._total)
        return theta, self._back(theta[:-1], theta[-1])

    def _start(self, positions: NDArray[np.int64], classes: int, outputs: int) -> Floats:
        logs = np.log(np.bincount(positions, self.weight, classes) / self._total)
        theta = np.zeros((len(self._mean) + 1, outputs))
        theta[-1] = logs[1] - logs[0] if outputs == 1 else logs - logs.mean()
        return theta


def _sigmoid_loss(scores: Floats, hot: Floats, weight: Floats) -> tuple[float, Floats]:
    s, y = scores[:, 0], hot[:, 0]
    decay = np.exp(-np.abs(s))
    value = float(weight @ (np.maximum(s, 0.0) + np.log1p(decay) - y * s))
    chance = np.where(s >= 0, 1.0, decay) / (1.0 + decay)
    return value, (weight * (chance - y))[:, None]


def _softmax_loss(scores: Floats, hot: Floats, weight: Floats) -> tuple[float, Floats]:
    top = scores.max(axis=1, keepdims=True)
    raised = scores - top
    totals = np.log(np.exp(raised).sum(axis=1))
    value = float(weight @ (totals - (raised * hot).sum(axis=1)))
    return value, weight[:, None] * (softmax(scores) - hot)
