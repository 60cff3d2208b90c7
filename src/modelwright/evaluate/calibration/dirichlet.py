"""A linear map of log-probabilities: temperature, class weights and confusions in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.evaluate.calibration.temperature import log_probabilities

__all__ = ["Dirichlet", "fit_dirichlet"]

Array = NDArray[np.float64]

# Weights away from the diagonal, and biases, are pulled to zero by so much a row.
PENALTY = 1e-3
ROUNDS = 60
MEMORY = 8
# Logs of probabilities are cut below: one zero must not outweigh all else.
LOWEST = -15.0


@dataclass(frozen=True)
class Dirichlet:
    """Softmax of a linear map of the logs of the probabilities.

    Parameters
    ----------
    weights : ndarray of float64, shape (k, k)
        The identity changes nothing.
    bias : ndarray of float64, shape (k,)
        Zero changes nothing.

    Examples
    --------
    >>> Dirichlet(np.eye(2), np.array([0.0, 1.0])).apply(np.array([[0.5, 0.5]])).round(2).tolist()
    [[0.27000001072883606, 0.7300000190734863]]
    """

    weights: Array
    bias: Array

    def apply(self, p: NDArray[Any]) -> NDArray[np.float32]:
        """Give calibrated probabilities: shape (n_rows, n_classes), rows sum to 1."""
        z = _logs(p) @ self.weights.T + self.bias
        return _softmax(z).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "method": "dirichlet",
            "weights": self.weights.tolist(),
            "bias": self.bias.tolist(),
        }

    def __str__(self) -> str:
        return "Dirichlet calibration"


def fit_dirichlet(p: NDArray[Any], y: Target, weight: Array | None = None) -> Dirichlet:
    """Fit the map by the lowest log loss, pulled towards the identity.

    Kull, Perello-Nieto, Kängsepp, Silva Filho, Song and Flach 2019, "Beyond temperature scaling".

    Parameters
    ----------
    p : ndarray of shape (n_rows, n_classes)
        Probabilities for rows that the model did not see in training.
    y : Target
        Their classes.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.

    Returns
    -------
    Dirichlet

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.dirichlet([2, 2, 2], 5000)
    >>> wrong = p * [0.2, 1, 1]  # the first class is thought too rare
    >>> y = (rng.random((5000, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    >>> fit = fit_dirichlet(wrong / wrong.sum(axis=1, keepdims=True), Target(y, 3))
    >>> float(fit.bias[0] - fit.bias[1:].mean()) > 1
    True
    """
    logs, k = _logs(p), y.classes
    loud = np.ones(len(y)) if weight is None else np.asarray(weight, np.float64)
    loud = loud / loud.sum()
    true = np.eye(k)[y.values]
    off = np.ones((k, k)) - np.eye(k)

    def loss(flat: Array) -> tuple[float, Array]:
        weights, bias = flat[: k * k].reshape(k, k), flat[k * k :]
        said = _softmax(logs @ weights.T + bias)
        picked = np.clip((said * true).sum(axis=1), 1e-300, None)
        pulled = PENALTY * (((weights * off) ** 2).sum() + (bias**2).sum())
        residual = (said - true) * loud[:, None]
        slope = residual.T @ logs + 2 * PENALTY * weights * off
        slopes = np.concatenate([slope.ravel(), residual.sum(axis=0) + 2 * PENALTY * bias])
        return float(-(loud @ np.log(picked)) + pulled), slopes

    found = _minimise(loss, np.concatenate([np.eye(k).ravel(), np.zeros(k)]))
    return Dirichlet(found[: k * k].reshape(k, k), found[k * k :])


def _minimise(loss: Any, start: Array) -> Array:
    """Go downhill: L-BFGS (Nocedal 1980) with halved steps."""
    at = start
    value, slope = loss(at)
    steps: list[tuple[Array, Array]] = []
    for _ in range(ROUNDS):
        direction = -_turned(slope, steps)
        fall = float(direction @ slope)
        if fall >= 0:
            break
        length = 1.0 if steps else min(1.0, 1.0 / max(float(np.abs(slope).sum()), 1e-12))
        for _ in range(20):
            new = at + length * direction
            below, turned = loss(new)
            if below <= value + 1e-4 * length * fall:
                break
            length /= 2
        else:
            break
        moved, bent = new - at, turned - slope
        if moved @ bent > 1e-12:
            steps = [*steps[1 - MEMORY :], (moved, bent)]
        done = value - below < 1e-8 * max(1.0, abs(value))
        at, value, slope = new, below, turned
        if done:
            break
    return at


def _turned(slope: Array, steps: list[tuple[Array, Array]]) -> Array:
    """Multiply the slope with the inverse curvature that the last steps tell of."""
    left = slope.copy()
    shares = []
    for moved, bent in reversed(steps):
        share = float(moved @ left) / float(moved @ bent)
        left -= share * bent
        shares.append(share)
    if steps:
        moved, bent = steps[-1]
        left *= float(moved @ bent) / float(bent @ bent)
    for (moved, bent), share in zip(steps, reversed(shares), strict=True):
        left += moved * (share - float(bent @ left) / float(moved @ bent))
    return left


def _logs(p: NDArray[Any]) -> Array:
    return np.maximum(log_probabilities(p), LOWEST)


def _softmax(z: Array) -> Array:
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    said: Array = raised / raised.sum(axis=1, keepdims=True)
    return said
