"""Back-propagation, written out: a multilayer perceptron without any library of gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.nets.classic.softmax import cross_entropy

__all__ = ["BENDS", "PlainMLP", "backpropagate", "descend", "squared_error"]

Floats = NDArray[np.float64]
Loss = Callable[[Floats, NDArray[Any]], tuple[float, Floats]]
"""Takes scores and answers; gives the mean loss, and its gradient by the scores."""


def _sigmoid(z: Floats) -> Floats:
    risen: Floats = 0.5 * (1.0 + np.tanh(z / 2))  # the same, and never overflows
    return risen


BENDS: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "relu": (lambda z: np.maximum(z, 0.0), lambda h: (h > 0).astype(np.float64)),
    "sigmoid": (_sigmoid, lambda h: h * (1.0 - h)),
    "tanh": (np.tanh, lambda h: 1.0 - h**2),
}
"""An activation, and its slope in terms of what it gave: that is all that has to be remembered."""


def squared_error(scores: Floats, y: NDArray[Any]) -> tuple[float, Floats]:
    """Give the mean of ``(z - y)^2`` over rows and outputs, and its gradient by the scores.

    Examples
    --------
    >>> squared_error(np.array([[1.0], [3.0]]), np.array([1.0, 1.0]))
    (2.0, array([[0.],
           [2.]]))
    """
    gap = scores - np.asarray(y, np.float64).reshape(len(scores), -1)
    return float((gap**2).mean()), 2.0 * gap / gap.size


@dataclass
class PlainMLP:
    """``h_0 = x``, ``h_l = f(h_(l-1) W_l + b_l)``, and the last layer without ``f``.

    Parameters
    ----------
    weights : list of ndarray of shape (inputs, outputs)
        One a layer.
    biases : list of ndarray of shape (outputs,)
        One a layer.
    activation : str
        A key of `BENDS`.

    Examples
    --------
    >>> net = PlainMLP.drawn([2, 8, 1], "tanh", seed=0)
    >>> net.scores(np.zeros((5, 2))).shape
    (5, 1)
    """

    weights: list[Floats]
    biases: list[Floats]
    activation: str = "relu"

    def __post_init__(self) -> None:
        if self.activation not in BENDS:
            cure = did_you_mean(self.activation, BENDS)
            raise OptionError("an activation", repr(self.activation), cure)

    @classmethod
    def drawn(cls, widths: Sequence[int], activation: str = "relu", *, seed: int) -> PlainMLP:
        """Draw first weights of variance 2 / inputs for ReLU, else 1 / inputs; biases are zero."""
        rng = np.random.default_rng(seed)
        power = 2.0 if activation == "relu" else 1.0
        weights = [rng.normal(0, np.sqrt(power / a), (a, b)) for a, b in pairwise(widths)]
        return cls(weights, [np.zeros(width) for width in widths[1:]], activation)

    def activities(self, X: Floats) -> list[Floats]:
        """Go forward, and keep what every layer gave: ``h_0`` to the scores."""
        bend, _ = BENDS[self.activation]
        kept = [X]
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True), 1):
            z = kept[-1] @ weight + bias
            kept.append(z if layer == len(self.weights) else bend(z))
        return kept

    def scores(self, X: Floats) -> Floats:
        """Map (n_rows, inputs) to (n_rows, outputs)."""
        return self.activities(X)[-1]


def backpropagate(
    net: PlainMLP, X: Floats, y: NDArray[Any], loss: Loss = cross_entropy
) -> tuple[float, list[Floats], list[Floats]]:
    """Give the loss, and its gradients by all weights and biases (Rumelhart et al. 1986).

    With ``d_l``, the gradient by ``z_l = h_(l-1) W_l + b_l``, the chain rule says, from the last
    layer down: ``dL/dW_l = h_(l-1)' d_l``, ``dL/db_l = sum of d_l over rows``, and
    ``d_(l-1) = (d_l W_l') f'(z_(l-1))``. Each layer is gone through once, so that all gradients
    together cost about twice what the scores cost.

    Parameters
    ----------
    net : PlainMLP
        Not changed.
    X : ndarray of shape (n_rows, inputs)
        Rows.
    y : ndarray of shape (n_rows,)
        What `loss` compares with: class codes, or numbers.
    loss : callable
        `cross_entropy` or `squared_error`.

    Returns
    -------
    loss : float
    by_weights, by_biases : list of ndarray
        Of the shapes of the net's.

    Examples
    --------
    >>> net = PlainMLP([np.array([[2.0]])], [np.array([1.0])])
    >>> _, (slope,), (lift,) = backpropagate(
    ...     net, np.array([[3.0]]), np.array([0.0]), squared_error)
    >>> slope.item(), lift.item()
    (42.0, 14.0)
    """
    _, slope = BENDS[net.activation]
    kept = net.activities(X)
    value, delta = loss(kept[-1], y)
    by_weights, by_biases = list[Floats](), list[Floats]()
    for layer in reversed(range(len(net.weights))):
        by_weights.append(kept[layer].T @ delta)
        by_biases.append(delta.sum(axis=0))
        if layer:
            delta = (delta @ net.weights[layer].T) * slope(kept[layer])
    return value, by_weights[::-1], by_biases[::-1]


def descend(
    net: PlainMLP,
    X: Floats,
    y: NDArray[Any],
    *,
    loss: Loss = cross_entropy,
    rate: float = 0.1,
    batch: int = 32,
    epochs: int = 10,
    seed: int = 0,
) -> list[float]:
    """Train in place by mini-batch stochastic gradient descent: ``W <- W - rate dL/dW``.

    The gradient of a batch is that of all rows plus noise, at a fraction of the cost (Robbins and
    Monro 1951; LeCun et al. 1998, "Efficient backprop").

    Parameters
    ----------
    net : PlainMLP
        Changed.
    X, y, loss
        See `backpropagate`.
    rate : float
        The length of a step.
    batch : int
        Rows a step.
    epochs : int
        How often each row is seen.
    seed : int
        Of the order of rows.

    Returns
    -------
    list of float
        The mean loss of each epoch.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = PlainMLP.drawn([1, 16, 1], "tanh", seed=0)
    >>> losses = descend(net, X, X[:, 0] ** 2, loss=squared_error, epochs=60)
    >>> losses[-1] < losses[0] / 4
    True
    """
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(epochs):
        losses = []
        for rows in np.array_split(rng.permutation(len(X)), max(-(-len(X) // batch), 1)):
            value, by_weights, by_biases = backpropagate(net, X[rows], y[rows], loss)
            losses.append(value)
            for part, slope in zip(
                [*net.weights, *net.biases], [*by_weights, *by_biases], strict=True
            ):
                part -= rate * slope
        means.append(float(np.mean(losses)))
    return means
