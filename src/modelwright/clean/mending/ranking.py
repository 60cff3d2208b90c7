"""Which of several candidates is right, or none: a conditional logit model.

Each cell chooses among its candidates and "none of them" (McFadden 1974). The weights have a normal
prior around what experience says, so that few examples, or none, do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Choices", "calibrate", "chances", "fit_weights"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STEPS = 25
_HALVINGS = 20
_CLOSE = 1e-6
_FAR = 30.0


@dataclass(frozen=True)
class Choices:
    """The candidates of some cells.

    Parameters
    ----------
    features : float array of shape (candidates, features)
        What is known of each candidate, those of a cell one after the other.
    starts : int array of shape (cells,)
        Where the candidates of each cell begin; each has one at least.
    """

    features: Floats
    starts: Ints

    @property
    def cell(self) -> Ints:
        """The cell of each candidate."""
        sizes = np.diff(np.append(self.starts, len(self.features)))
        return np.repeat(np.arange(len(self.starts)), sizes)


def chances(choices: Choices, weights: Floats) -> Floats:
    """Give how likely each candidate is right; what is left of 1 says that none is.

    Parameters
    ----------
    choices : Choices
        The candidates.
    weights : float array of shape (features,)
        What each feature counts.

    Returns
    -------
    float array of shape (candidates,)

    Examples
    --------
    >>> two = Choices(np.array([[2.0], [0.0]]), np.array([0]))
    >>> chances(two, np.array([1.0])).round(2).tolist()  # e**2 and 1, beside 1 for none
    [0.79, 0.11]
    """
    score = np.clip(choices.features @ weights, -_FAR, _FAR)
    most = np.maximum(np.maximum.reduceat(score, choices.starts), 0.0)
    cell = choices.cell
    raised = np.exp(score - most[cell])
    whole = np.add.reduceat(raised, choices.starts) + np.exp(-most)
    found: Floats = raised / whole[cell]
    return found


def fit_weights(
    choices: Choices, right: NDArray[np.bool_], loud: Floats, prior: Floats, *, spread: float = 1.0
) -> Floats:
    """Find the likeliest weights, by Newton's method.

    Parameters
    ----------
    choices : Choices
        The candidates of cells whose truth is known.
    right : bool array of shape (candidates,)
        Which one of a cell is right; it may be none.
    loud : float array of shape (cells,)
        How much each cell counts.
    prior : float array of shape (features,)
        The weights before anything is seen.
    spread : float
        How far the weights may be from them: a standard deviation.

    Returns
    -------
    float array of shape (features,)

    Examples
    --------
    >>> cells = Choices(np.array([[1.0, 1.0], [1.0, 0.0]] * 20), np.arange(0, 40, 2))
    >>> right = np.array([True, False] * 20)
    >>> weights = fit_weights(cells, right, np.ones(20), np.zeros(2), spread=3.0)
    >>> bool(chances(cells, weights)[0] > 0.9)
    True
    """
    weights = prior.astype(np.float64)
    cell, x = choices.cell, choices.features
    volume = loud[cell]
    target = x.T @ (volume * right)
    held = np.eye(len(prior)) / spread**2
    reached = _likelihood(choices, right, loud, weights)
    for _ in range(_STEPS):
        p = chances(choices, weights)
        expected = np.add.reduceat(x * p[:, None], choices.starts)
        slope = target - (loud[:, None] * expected).sum(axis=0) - held @ (weights - prior)
        bend = (x * (volume * p)[:, None]).T @ x - (expected * loud[:, None]).T @ expected + held
        step = np.linalg.solve(bend, slope)
        for _ in range(_HALVINGS):  # a whole step may lead too far
            away = weights + step - prior
            gained = (
                _likelihood(choices, right, loud, weights + step) - float(away @ held @ away) / 2
            )
            if gained >= reached:
                break
            step = step / 2
        else:
            break
        weights, reached = weights + step, gained
        if float(np.abs(step).max()) < _CLOSE:
            break
    return weights


def _likelihood(choices: Choices, right: NDArray[np.bool_], loud: Floats, weights: Floats) -> float:
    """Give the logarithm of how likely the truth of all cells is."""
    p = chances(choices, weights)
    none = 1 - np.add.reduceat(p, choices.starts)
    said = np.add.reduceat(p * right, choices.starts)
    known = np.logical_or.reduceat(right, choices.starts)
    chosen = np.where(known, said, none)
    return float(loud @ np.log(np.clip(chosen, 1e-12, 1.0)))


def calibrate(chance: Floats, right: NDArray[np.bool_], loud: Floats) -> tuple[float, float]:
    """Learn how far chances of held-out cells can be believed (Platt 1999).

    Parameters
    ----------
    chance : float array of shape (cells,)
        How likely the best candidate of each cell was said to be right.
    right : bool array of shape (cells,)
        Whether it was.
    loud : float array of shape (cells,)
        How much each cell counts.

    Returns
    -------
    tuple of float
        Slope and shift of the logarithm of the odds; near 1 and 0 where little is known.

    Examples
    --------
    >>> slope, shift = calibrate(np.full(400, 0.9), np.arange(400) % 2 == 0, np.ones(400))
    >>> odds = slope * np.log(9) + shift  # it was right every second time
    >>> bool(abs(odds) < 0.2)
    True
    """
    odds = np.log(np.clip(chance, 1e-6, 1 - 1e-6))
    odds -= np.log(np.clip(1 - chance, 1e-6, 1 - 1e-6))
    choices = Choices(np.column_stack([odds, np.ones(len(odds))]), np.arange(len(odds)))
    slope, shift = fit_weights(choices, right, loud, np.array([1.0, 0.0]), spread=0.7)
    return max(float(slope), 0.05), float(shift)
