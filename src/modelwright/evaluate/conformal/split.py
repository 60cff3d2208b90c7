"""Intervals from rows that a model was not fitted on: split conformal prediction."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.evaluate.conformal.scores import Scores

__all__ = ["numbers", "split_conformal"]

Array = NDArray[np.float64]


def numbers(name: str, values: ArrayLike, like: Array | None = None) -> Array:
    """Give finite numbers as an array of shape (n,), as many as there are in `like`.

    Raises
    ------
    DataError
        When they are something else.

    Examples
    --------
    >>> numbers("answers", [[1], [2]])
    array([1., 2.])
    """
    found = np.asarray(values, np.float64)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1 or (like is not None and len(found) != len(like)):
        raise DataError(f"one number a row as {name}", f"shape {np.shape(values)}")
    if not np.isfinite(found).all():
        count = int((~np.isfinite(found)).sum())
        cure = "leave these rows out, or find out why the model gives no number"
        raise DataError(f"finite numbers as {name}", f"{count} that are NaN or infinite", cure)
    return found


def split_conformal(
    y: ArrayLike,
    p: ArrayLike,
    new: ArrayLike,
    level: float = 0.9,
    *,
    difficulty: ArrayLike | None = None,
    new_difficulty: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Find intervals that hold the answers of new rows with a given probability.

    The errors of calibration rows say how far the prediction of a new row will be off. With a
    difficulty, errors count in units of it: intervals get wide where rows are hard, and narrow
    where they are easy.

    Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world"; Lei et al. 2018,
    "Distribution-free predictive inference for regression" (also the scaling by a difficulty).

    Parameters
    ----------
    y : array_like, shape (n,)
        The answers of rows that the model was not fitted on.
    p : array_like, shape (n,)
        The predictions for them.
    new : array_like, shape (m,)
        The predictions for new rows.
    level : float
        The share of new rows whose answer is to lie in its interval.
    difficulty, new_difficulty : array_like, shapes (n,) and (m,), optional
        How large an error is expected, above zero; both or none. Whatever says it must not have
        seen the errors of these rows.
    weight : array_like, shape (n,), optional
        How much each row counts.
    groups : array_like of int, shape (n,), optional
        Rows that belong together, when new rows are of new groups.

    Returns
    -------
    lower, upper : ndarray of float64, shape (m,)
        If calibration rows and new rows are exchangeable, an answer lies between them with a
        probability from `level` to ``level + 1 / (n + 1)``.

    Raises
    ------
    OptionError
        When the level is not between 0 and 1.
    DataError
        When the arrays do not fit together, hold NaN, or are too short for the level.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=999)
    >>> lower, upper = split_conformal(y, np.zeros(999), np.zeros(1))
    >>> lower.round(1), upper.round(1)
    (array([-1.7]), array([1.7]))
    """
    answers = numbers("answers", y)
    missed = np.abs(answers - numbers("predictions", p, answers))
    middle = numbers("new predictions", new)
    reach = np.ones(len(middle))
    if (difficulty is None) != (new_difficulty is None):
        raise DataError("a difficulty of calibration rows and of new rows", "one of them")
    if difficulty is not None and new_difficulty is not None:
        hard = numbers("difficulty", difficulty, answers)
        reach = numbers("new difficulty", new_difficulty, middle)
        if not (hard > 0).all() or not (reach > 0).all():
            raise DataError("a difficulty above zero", "zero or less")
        missed = missed / hard
    half = Scores.of(missed, weight, groups).upper(level) * reach
    return middle - half, middle + half
