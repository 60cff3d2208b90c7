"""What decisions earn or cost, for each row."""

from __future__ import annotations

import numpy as np

from modelwright.evaluate.scores.basics import NAN, Array, mean, ratio

__all__ = ["break_even", "uneven_cost", "worth"]


def worth(table: Array, values: Array) -> Array:
    """Give what the decisions of a table are worth, on average over its rows.

    Parameters
    ----------
    table : ndarray of shape (..., k, k)
        True classes down, decided ones across; counts weight.
    values : ndarray of shape (k, k)
        What each of these cells is worth, or costs.

    Returns
    -------
    ndarray
        NaN of an empty table.

    Examples
    --------
    >>> gain = np.array([[0.0, -5.0], [0.0, 100.0]])  # false alarms cost 5, hits earn 100
    >>> worth(np.array([[6.0, 2.0], [1.0, 1.0]]), gain).tolist()
    9.0
    """
    return ratio((table * values).sum(axis=(-2, -1)), table.sum(axis=(-2, -1)), NAN)


def break_even(values: Array) -> float:
    """Give the probability from which on deciding for the positive class is worth more.

    Elkan, The foundations of cost-sensitive learning, 2001.

    Parameters
    ----------
    values : ndarray of shape (2, 2)
        What each cell is worth: true classes down, decided ones across.

    Returns
    -------
    float
        Between 0 and 1; 0 or 1 when one decision is always worth more.

    Examples
    --------
    >>> round(break_even(np.array([[0.0, -5.0], [0.0, 100.0]])), 4)
    0.0476
    """
    lost = float(values[0, 0] - values[0, 1])
    won = float(values[1, 1] - values[1, 0])
    if lost <= 0 and won <= 0:
        return 0.5 if lost == won == 0 else float(won < lost)
    if lost <= 0 or won <= 0:
        return 0.0 if won > 0 else 1.0
    return lost / (lost + won)


def uneven_cost(
    y: Array, p: Array, weight: Array | None = None, under: float = 1.0, over: float = 1.0
) -> float:
    """Give what errors cost when too little and too much cost differently, for each unit.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        The answers.
    p : ndarray of shape (n_rows,) or (n_rows, 1)
        The predictions.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    under, over : float
        What one unit too little, and one unit too much, costs.

    Examples
    --------
    >>> uneven_cost(np.array([10.0, 10.0]), np.array([8.0, 11.0]), under=3, over=1)
    3.5
    """
    missed = y - p.reshape(len(y)).astype(np.float64)
    return mean(np.where(missed > 0, under * missed, -over * missed), weight)
