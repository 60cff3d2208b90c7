"""Shares of members that lower the loss of their mean most: stacking without a net below.

With shares above or equal zero that sum to one, a mean of predictions stays between what members
say, so that it can neither extrapolate nor be surer than the surest of them.

Sources: Wolpert 1992, "Stacked generalization"; Breiman 1996, "Stacked regressions" (shares above
or equal zero). For probabilities the shares are those of a mixture, found by the EM algorithm
(Dempster, Laird and Rubin 1977).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target

__all__ = ["stacked_weights"]

Floats = NDArray[np.float64]

_STEPS = 1_000
_TINY = 1e-15


def stacked_weights(
    predictions: Sequence[NDArray[np.floating]],
    y: Target,
    weight: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Find the shares of the lowest log loss, or of the lowest squared error.

    Parameters
    ----------
    predictions : sequence of ndarray, each of shape (n_rows, n_outputs)
        Out-of-fold predictions of every member for the same rows.
    y : Target
        The answers.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts.

    Returns
    -------
    ndarray of float64, shape (n_members,)
        Above or equal zero; their sum is one. The problem is convex: no other shares are better.

    Raises
    ------
    ValueError
        Without members.

    Examples
    --------
    >>> y = Target(np.array([1.0, 2.0, 3.0]))
    >>> low, high = y.values[:, None] - 1, y.values[:, None] + 3
    >>> stacked_weights([low, high], y).round(3)
    array([0.75, 0.25])
    """
    if not predictions:
        raise ValueError("no members to weigh")
    loud = np.ones(len(y)) if weight is None else weight
    loud = loud / loud.sum()
    if not y.classes:
        return _least_squares(np.hstack([np.asarray(p, np.float64) for p in predictions]), y, loud)
    rows = np.arange(len(y))
    right = np.column_stack([np.asarray(p, np.float64)[rows, y.values] for p in predictions])
    return _mixture(np.maximum(right, _TINY), loud)


def _mixture(right: Floats, loud: Floats) -> Floats:
    """Find the shares of a mixture by EM: each step lowers the log loss."""
    shares = np.full(right.shape[1], 1 / right.shape[1])
    for _ in range(_STEPS):
        after = shares * (loud @ (right / (right @ shares)[:, None]))
        done = np.abs(after - shares).max() < 1e-9
        shares = after / after.sum()
        if done:
            break
    return shares


def _least_squares(said: Floats, y: Target, loud: Floats) -> Floats:
    """Descend on the simplex with momentum (Beck and Teboulle 2009)."""
    # errors instead of predictions: the shares sum to one, and a far-off target does no harm
    wrong = said - y.values[:, None]
    gram = wrong.T @ (loud[:, None] * wrong)
    pace = max(float(np.linalg.eigvalsh(gram)[-1]), 1e-300)
    shares = ahead = np.full(len(gram), 1 / len(gram))
    push = 1.0
    for _ in range(_STEPS):
        after = _onto_simplex(ahead - gram @ ahead / pace)
        pushed = (1 + np.sqrt(1 + 4 * push**2)) / 2
        ahead = after + (push - 1) / pushed * (after - shares)
        done = np.abs(after - shares).max() < 1e-10
        shares, push = after, pushed
        if done:
            break
    return shares


def _onto_simplex(point: Floats) -> Floats:
    """Give the nearest shares (Duchi et al. 2008)."""
    falling = np.sort(point)[::-1]
    over = (np.cumsum(falling) - 1) / np.arange(1, len(point) + 1)
    last = int(np.flatnonzero(falling > over)[-1])
    found: Floats = np.maximum(point - over[last], 0.0)
    return found
