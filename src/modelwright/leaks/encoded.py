"""Columns of numbers that are the mean answers of the rows that have them.

What is measured goes with the answers up to chance: rows with one value have a mean answer that
scatters around what the value says, as much as so few rows must. A column that was *made* of the
answers does not scatter: it is the mean, or the mean drawn to that of all rows by the number of
rows, or its log odds. So the scatter is compared with what chance asks for; far too little of it
gives the column away (a chi-squared test in its lower tail).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target

__all__ = ["Fingerprint", "drawn_to_mean", "fingerprint", "outputs", "sorted_by_answers"]

Floats = NDArray[np.float64]

_LEVELS = 8
_COVERED = 0.3
_RARE = 1e-9
_MUCH_LESS = 0.15
_DIGITS = 9
_IN_ORDER = 1e-5
# Means of rows have the mean of all rows for their own mean, so far in standard deviations.
_NEAR = 0.1


@dataclass(frozen=True)
class Fingerprint:
    """How far mean answers scatter around what a column says.

    Parameters
    ----------
    levels : int
        How many values of the column several rows have.
    scatter : float
        As a share of what chance asks for.
    chance : float
        How likely so little is by chance.
    """

    levels: int
    scatter: float
    chance: float

    @property
    def made_of_answers(self) -> bool:
        """Whether hardly anything but the answers themselves can have made the column."""
        return self.chance <= _RARE and self.scatter <= _MUCH_LESS


def fingerprint(column: Floats, answers: Floats) -> Fingerprint | None:
    """Compare a column with the mean answers of its values.

    Parameters
    ----------
    column : ndarray of float64, shape (n_rows,)
        NaN is missing.
    answers : ndarray of float64, shape (n_rows,)
        Numbers, or 0 and 1.

    Returns
    -------
    Fingerprint or None
        None when too few values come again, or each has one answer only.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> town = rng.integers(0, 40, 800)
    >>> sold = rng.integers(0, 2, 800).astype(float)
    >>> means = np.bincount(town, sold) / np.bincount(town)
    >>> fingerprint(means[town], sold).made_of_answers
    True
    >>> fingerprint(rng.normal(size=40)[town], sold).made_of_answers
    False
    """
    known = np.isfinite(column)
    column, answers = column[known], answers[known]
    if len(column) < 40:
        return None
    _, level = np.unique(np.round(column / (np.abs(column).max() or 1.0), _DIGITS),
                         return_inverse=True)  # fmt: skip
    counts = np.bincount(level).astype(np.float64)
    several = counts >= 2
    if several.sum() < _LEVELS or counts[several].sum() < _COVERED * len(column):
        return None
    means = np.bincount(level, answers) / counts
    within = np.bincount(level, answers**2) / counts - means**2
    noise = float((within * counts)[several].sum() / (counts - 1)[several].sum())
    numbers = bool(((answers != 0) & (answers != 1)).any())
    if noise <= 1e-9 * float(answers.var() or 1.0):
        return None
    values = np.bincount(level, column) / counts
    overall, spread = float(answers.mean()), float(answers.std())
    found = [
        _scatter(
            said[several], counts[several], means[several], overall, noise if numbers else None
        )
        for said in _readings(values, overall)
        if abs(float((said * counts).sum()) / len(column) - overall) <= _NEAR * spread
    ]
    return min(found, key=lambda one: one.chance, default=None)


def _readings(values: Floats, overall: float) -> list[Floats]:
    """Read a column as means, and as log odds, with those of all rows or without."""
    readings = [values]
    if np.abs(values).max() < 30 and 0 < overall < 1:
        base = math.log(overall / (1 - overall))
        readings += [1 / (1 + np.exp(-values)), 1 / (1 + np.exp(-values - base))]
    return readings


def _scatter(
    said: Floats, counts: Floats, means: Floats, overall: float, noise: float | None
) -> Fingerprint:
    """Fit the means by what the column says, drawn to the overall mean by the number of rows.

    The noise of 0 and 1 is p (1 - p): where hardly a row has a 1, no scatter is asked for. What is
    left is judged by the chi-squared distribution of the same mean and variance (Satterthwaite).
    """
    drawn = (said - overall) / counts
    design = np.column_stack([np.ones(len(said)), said, drawn])
    loud = np.sqrt(counts)[:, None]
    found, _, rank, _ = np.linalg.lstsq(design * loud, means * loud[:, 0], rcond=None)
    fitted = design @ found
    p = np.clip(fitted, 0, 1)
    variance = p * (1 - p) if noise is None else np.full(len(said), noise)
    more = 0.0 if noise is not None else (variance - 6 * variance**2) / counts
    asked = float(variance.sum())
    freedom = 2 * asked**2 / max(float((2 * variance**2 + more).sum()), 1e-300) - int(rank)
    if freedom < 4:
        return Fingerprint(len(said), 1.0, 1.0)
    left = float((counts * (means - fitted) ** 2).sum()) / asked
    return Fingerprint(len(said), left, _below_chi2(left * (freedom + int(rank)), freedom))


def _below_chi2(value: float, freedom: float) -> float:
    """Give the chance that chi-squared lies below a value (Wilson and Hilferty 1931)."""
    if value <= 0:
        return 0.0
    z = ((value / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    small = math.exp(freedom / 2 * (math.log(value / freedom) + 1 - value / freedom))
    return min(small, 1.0) if z < 0 else 0.5 * math.erfc(-z / math.sqrt(2))


def drawn_to_mean(column: Floats, answers: Floats) -> int | None:
    """Tell whether each value lies between the mean answer of its rows and that of all rows.

    So do means that are drawn to the overall mean; a calibrated score lies on either side.

    Parameters
    ----------
    column : ndarray of float64, shape (n_rows,)
        NaN is missing.
    answers : ndarray of float64, shape (n_rows,)
        Numbers, or 0 and 1.

    Returns
    -------
    int or None
        How many values do, when all of them do, and there are enough.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> town = rng.integers(0, 40, 200)
    >>> sold = rng.integers(0, 2, 200).astype(float)
    >>> counts = np.bincount(town)
    >>> means = (np.bincount(town, sold) + 3 * sold.mean()) / (counts + 3)
    >>> drawn_to_mean(means[town], sold) is not None
    True
    >>> drawn_to_mean(rng.normal(size=40)[town], sold) is None
    True
    """
    known = np.isfinite(column)
    column, answers = column[known], answers[known]
    if len(column) < 40:
        return None
    overall, spread = float(answers.mean()), float(answers.std())
    _, level = np.unique(np.round(column / (np.abs(column).max() or 1.0), _DIGITS),
                         return_inverse=True)  # fmt: skip
    counts = np.bincount(level).astype(np.float64)
    several = (counts >= 2) & (counts < 0.5 * len(column))
    means = np.bincount(level, answers) / counts
    values = np.bincount(level, column) / counts
    if several.sum() < _LEVELS or means[several].std() < 0.1 * spread:
        return None
    if counts[several].sum() < _COVERED * len(column):
        return None  # values that came again by chance
    for said in _readings(values, overall):
        if abs(float((said * counts).sum()) / len(column) - overall) > _NEAR * spread:
            continue
        way = (said - overall)[several] * np.sign((means - overall)[several])
        far = np.abs(means - overall)[several]
        if ((way >= -1e-6) & (way <= far + 1e-6)).all() and (way > 1e-6).mean() >= 0.9:
            return int(several.sum())
    return None


def outputs(y: Target) -> list[Floats]:
    """Give answers as numbers: one column, or for several classes one of 0 and 1 each.

    Examples
    --------
    >>> [column.tolist() for column in outputs(Target(np.array([0, 1, 1]), 2))]
    [[0.0, 1.0, 1.0]]
    """
    if not y.classes:
        return [y.values.astype(np.float64)]
    codes = [1] if y.classes == 2 else list(range(min(y.classes, 10)))
    return [np.asarray(y.values == code, np.float64) for code in codes]


def sorted_by_answers(column: Floats, answers: Floats) -> tuple[int, float] | None:
    """Tell whether the values of a column are numbered in the order of their mean answers.

    Parameters
    ----------
    column : ndarray of float64, shape (n_rows,)
        NaN is missing.
    answers : ndarray of float64, shape (n_rows,)
        Numbers, or 0 and 1.

    Returns
    -------
    tuple of (int, float) or None
        How many values there are, and how likely their means stand in order by chance; None when
        they do not, or when chance might do it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> town = rng.integers(0, 40, 800)
    >>> sold = rng.integers(0, 2, 800).astype(float)
    >>> means = np.bincount(town, sold) / np.bincount(town)
    >>> place = np.argsort(np.argsort(means))
    >>> sorted_by_answers(place[town].astype(float), sold) is not None
    True
    >>> sorted_by_answers(town.astype(float), sold) is None
    True
    """
    known = np.isfinite(column)
    column, answers = column[known], answers[known]
    values, level = np.unique(column, return_inverse=True)
    if len(values) < _LEVELS or len(column) < 3 * len(values):
        return None
    counts = np.bincount(level).astype(np.float64)
    means = np.bincount(level, answers) / counts
    steps = np.diff(means)
    if (steps < -1e-12).any() and (steps > 1e-12).any():
        return None
    # what is known where one answer is all there is has means of its own accord: all the same
    if (np.abs(steps) > 1e-12).sum() < _LEVELS - 1:
        return None
    noise = float(((answers - means[level]) ** 2).sum()) / max(len(column) - len(values), 1)
    error = np.sqrt(noise * (1 / counts[1:] + 1 / counts[:-1]))
    rise = abs(float(means[-1] - means[0])) / (len(values) - 1)
    upright = [0.5 * math.erfc(-rise / max(e, 1e-12) / math.sqrt(2)) for e in error]
    chance = float(np.prod(upright))
    return (len(values), chance) if chance <= _IN_ORDER else None
