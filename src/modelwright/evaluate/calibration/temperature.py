"""One number that makes all probabilities softer or sharper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.task import Target

__all__ = ["Temperature", "fit_temperature", "log_probabilities"]

Array = NDArray[np.float64]

_TINY = 1e-15
_BOUNDS = (0.1, 10.0)  # of 1 / T
_ROWS = 100_000  # enough for one number
_FOLDS = 3


def log_probabilities(p: NDArray[Any]) -> Array:
    """Give log p with the greatest of each row at 0."""
    logs: Array = np.log(np.clip(p.astype(np.float64), _TINY, None))
    logs -= logs.max(axis=1, keepdims=True)
    return logs


@dataclass(frozen=True)
class Temperature:
    """One number that makes all probabilities softer (above 1) or sharper (below 1).

    Parameters
    ----------
    value : float
        Above zero; 1 changes nothing.

    Raises
    ------
    OptionError
        When `value` is not above zero, or not finite.

    Examples
    --------
    >>> Temperature(2.0).apply(np.array([[0.8, 0.2]])).round(3).tolist()
    [[0.667, 0.333]]
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.value < np.inf:
            raise OptionError("a temperature above zero", repr(self.value))

    def apply(self, p: NDArray[Any]) -> NDArray[np.float32]:
        """Rescale probabilities.

        Parameters
        ----------
        p : ndarray of shape (n_rows, n_classes)
            Probabilities.

        Returns
        -------
        ndarray of float32, shape (n_rows, n_classes)
            Rows sum to 1; the most probable class stays the same.
        """
        if self.value == 1:
            scaled = np.clip(p.astype(np.float64), _TINY, None)
        else:
            scaled = np.exp(log_probabilities(p) / self.value)
        scaled /= scaled.sum(axis=1, keepdims=True)
        return scaled.astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {"method": "temperature", "value": self.value}

    def __str__(self) -> str:
        if self.value == 1:
            return "none was needed"
        return f"a temperature of {self.value:.3g}"


def _slope(z: Array, true: Array, weight: Array, inverse: float) -> tuple[float, float, float]:
    """Give log loss, slope and curvature in 1 / T, in which the loss is convex."""
    raised = np.exp(inverse * z)
    total = raised.sum(axis=1)
    first = (raised * z).sum(axis=1) / total
    second = (raised * z * z).sum(axis=1) / total
    loss = weight @ (np.log(total) - inverse * true)
    return float(loss), float(weight @ (first - true)), float(weight @ (second - first * first))


def _minimise(z: Array, true: Array, weight: Array) -> float:
    """Find 1 / T by Newton's method, kept inside a bracket of the slope's sign change."""
    low, high = _BOUNDS
    if _slope(z, true, weight, low)[1] >= 0:
        return low
    if _slope(z, true, weight, high)[1] <= 0:
        return high
    inverse = 1.0
    for _ in range(50):
        _, slope, curvature = _slope(z, true, weight, inverse)
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        step = inverse - slope / curvature if curvature > 0 else low
        after = step if low < step < high else (low + high) / 2
        if abs(after - inverse) < 1e-6:
            return after
        inverse = after
    return inverse


def _helps(z: Array, true: Array, weight: Array) -> bool:
    """Tell whether a temperature found on other rows lowers the log loss."""
    fold = np.random.default_rng(0).permutation(len(true)) % _FOLDS
    before = after = 0.0
    for k in range(_FOLDS):
        out = fold == k
        inverse = _minimise(z[~out], _unsure(z[~out], true[~out]), weight[~out])
        before += _slope(z[out], true[out], weight[out], 1.0)[0]
        after += _slope(z[out], true[out], weight[out], inverse)[0]
    return after < before


def fit_temperature(
    p: NDArray[Any], y: Target, weight: NDArray[np.float64] | None = None
) -> Temperature:
    """Find the temperature of the lowest log loss, one row more being there than was seen.

    Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, 2017. Where every
    row is answered rightly, the loss falls for ever as probabilities sharpen. So one more row is
    counted whose answer nobody knows, as Platt does (Probabilistic outputs for support vector
    machines, 1999): answers not yet met keep a chance. At most 100,000 rows, evenly spaced, are
    used.

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
    Temperature
        1.0 when cross-fitting (fit on two thirds of the rows, score on the last third) shows no
        lower log loss, when there are fewer than 10 rows, or when a probability is not finite.

    Examples
    --------
    >>> p = np.tile([[0.99, 0.01]], (100, 1))
    >>> y = Target(np.arange(100) % 4 // 3, classes=2)  # the second class in 1 of 4 rows
    >>> round(fit_temperature(p, y).value, 2)
    4.23
    """
    rows = np.arange(len(y))
    if len(y) > _ROWS:
        rows = np.arange(_ROWS) * len(y) // _ROWS
    if len(y) < 10 or not np.isfinite(p).all():
        return Temperature()
    z = log_probabilities(p[rows])
    true = np.take_along_axis(z, y.values[rows, None], axis=1)[:, 0]
    share = np.ones(len(rows)) if weight is None else weight[rows].astype(np.float64)
    if not share.sum() > 0 or not _helps(z, true, share / share.sum()):
        return Temperature()
    return Temperature(1 / _minimise(z, _unsure(z, true), share / share.sum()))


def _unsure(z: Array, true: Array) -> Array:
    """Give log p of the answers, were one of so many rows and one answered by any class."""
    unknown = 1 / (len(z) + 1)
    unsure: Array = (1 - unknown) * true + unknown * z.mean(axis=1)
    return unsure
