"""Columns that were chosen by all answers.

Chosen columns betray themselves by their strength. Where columns were chosen by all answers, every
chosen one goes more strongly with them than every other one, down to the last place; and where the
others are gone, the chosen ones all lie close above one threshold, as the largest of many columns
of pure chance do. Columns chosen for their meaning are strong and weak.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.stats.nearest import scaled_answers

__all__ = ["Chosen", "strengths", "were_chosen", "were_left_over"]

Floats = NDArray[np.float64]

_FEWEST = 5
_OTHERS = 10
_ORDERED = 0.995
_WEAK = 6.0
_LEFT = 8
_NARROW = 1.25


@dataclass(frozen=True)
class Chosen:
    """How chosen columns compare with the others.

    Parameters
    ----------
    ordered : float
        How often a chosen column is stronger than another one.
    weakest, strongest : float
        The strength of the weakest and the strongest chosen one, in standard errors.
    """

    ordered: float
    weakest: float
    strongest: float

    @property
    def by_all(self) -> bool:
        """Whether they are the strongest to the last place, and the last place is weak."""
        return self.ordered >= _ORDERED and self.weakest <= _WEAK


def strengths(X: Floats, y: Target, rows: NDArray[np.int64] | None = None) -> tuple[Floats, Floats]:
    """Say how strongly each column goes with the answers, in standard errors.

    Parameters
    ----------
    X : ndarray of float64, shape (n_rows, n_columns)
        NaN counts as the mean.
    y : Target
        The answers.
    rows : ndarray of int64, optional
        Which rows; None: all.

    Returns
    -------
    plain, ranked : ndarray of float64, shape (n_columns,)
        By the correlation of values, and of ranks.
    """
    if rows is not None:
        X, y = X[rows], y.rows(rows)
    numbers = y.values.astype(np.float64)
    if y.classes:
        plain = scaled_answers(y).astype(np.float64)
    else:
        plain = ((numbers - numbers.mean()) / (numbers.std() or 1.0))[:, None]
    ranked = scaled_answers(y).astype(np.float64)
    return _strength(X, plain), _strength(np.argsort(np.argsort(X, axis=0), axis=0), ranked)


def _strength(X: NDArray[np.generic], answers: Floats) -> Floats:
    values = X.astype(np.float64)
    means = np.nanmean(values, axis=0)
    centred = np.where(np.isfinite(values), values - means, 0.0)
    spread = centred.std(axis=0)
    spread[spread == 0] = np.inf
    sides = answers / np.where(answers.std(axis=0) > 0, answers.std(axis=0), 1.0)
    r = (centred / spread).T @ sides / len(values)
    # of several classes, what they explain together; of two, both say the same
    found: Floats = np.sqrt(len(values)) * np.abs(r).max(axis=1)
    return found


def were_chosen(strength: Floats, chosen: NDArray[np.bool_]) -> Chosen | None:
    """Say how far chosen columns are the strongest ones; None when there are too few of a side.

    Parameters
    ----------
    strength : ndarray of float64, shape (n_columns,)
        See `strengths`.
    chosen : ndarray of bool, shape (n_columns,)
        Which columns are used.

    Examples
    --------
    >>> found = were_chosen(np.arange(30.0), np.arange(30) >= 24)
    >>> found.ordered, found.weakest
    (1.0, 24.0)
    """
    inside, outside = strength[chosen], strength[~chosen]
    if len(inside) < _FEWEST or len(outside) < _OTHERS:
        return None
    above = np.searchsorted(np.sort(outside), inside, side="left").sum()
    return Chosen(float(above) / (len(inside) * len(outside)), float(inside.min()),
                  float(inside.max()))  # fmt: skip


def were_left_over(strength: Floats) -> tuple[float, float] | None:
    """Tell whether columns look like the strongest of many columns of chance, without the others.

    Parameters
    ----------
    strength : ndarray of float64, shape (n_columns,)
        See `strengths`.

    Returns
    -------
    tuple of float or None
        The weakest and the strongest, when they are all notable and lie close together.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> were_left_over(np.sort(np.abs(rng.normal(size=3000)))[-15:]) is None
    False
    >>> were_left_over(np.abs(rng.normal(size=15))) is None
    True
    """
    if len(strength) < _LEFT:
        return None
    low, high = float(strength.min()), float(strength.max())
    if low < 1.9:
        return None
    # above a threshold the normal distribution falls off by about so much
    usual = (math.sqrt(low**2 + 4) - low) / 2
    excess = float((strength - low).mean())
    return (low, high) if excess <= _NARROW * usual and high <= low + 8 * usual else None
