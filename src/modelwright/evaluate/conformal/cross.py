"""Intervals from the models of folds: CV+ and the jackknife+."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.evaluate.conformal.scores import EQUAL, check_level
from modelwright.evaluate.conformal.split import numbers

__all__ = ["cross_conformal"]

Array = NDArray[np.float64]

# So many pairs of a new row and a calibration row are held in memory at a time.
PAIRS = 4_000_000


def cross_conformal(
    y: ArrayLike, oof: ArrayLike, fold: ArrayLike, new: ArrayLike, level: float = 0.9
) -> tuple[Array, Array]:
    """Find intervals from out-of-fold errors and the models of all folds (CV+).

    Every row is a calibration row, and every row is fitted on: none are set apart. With one row a
    fold it is the jackknife+. It needs the model of every fold when it predicts; a model file of
    ours holds one model fitted on all rows instead (see the guide).

    Barber, Candes, Ramdas and Tibshirani 2021, "Predictive inference with the jackknife+".

    Parameters
    ----------
    y : array_like, shape (n,)
        Answers.
    oof : array_like, shape (n,)
        The prediction for each row by the model of its fold, which was fitted without it.
    fold : array_like of int, shape (n,)
        The fold of each row, from 0.
    new : array_like, shape (m, n_folds)
        What the model of each fold says of each new row.
    level : float
        The share of new rows whose answer is to lie in its interval.

    Returns
    -------
    lower, upper : ndarray of float64, shape (m,)
        An answer lies between them with a probability of ``1 - 2 * (1 - level)`` at least (less
        ``sqrt(2 / n)`` where folds hold several rows), and of about `level` in practice.

    Raises
    ------
    OptionError
        When the level is not between 0 and 1.
    DataError
        When the arrays do not fit together, hold NaN, or are too short for the level.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y, fold = rng.normal(size=1000), np.arange(1000) % 5
    >>> lower, upper = cross_conformal(y, np.zeros(1000), fold, np.zeros((1, 5)))
    >>> lower.round(1), upper.round(1)
    (array([-1.7]), array([1.7]))
    """
    answers = numbers("answers", y)
    missed = np.abs(answers - numbers("out-of-fold predictions", oof, answers))
    codes, models = np.asarray(fold), np.asarray(new, np.float64)
    whole = codes.dtype.kind in "iu" and codes.shape == answers.shape
    if not whole or models.ndim != 2 or not len(codes):
        raise DataError("a fold for each row, and a column of new predictions for each fold",
                        f"shapes {codes.shape} and {models.shape}")  # fmt: skip
    if codes.min() < 0 or codes.max() >= models.shape[1] or not np.isfinite(models).all():
        raise DataError("folds from 0, with finite new predictions for each", "others")
    count = len(answers)
    cut = math.floor((1 - check_level(level)) * (count + 1) + EQUAL)
    if cut < 1:
        raise DataError(
            f"at least {math.ceil(1 / (1 - level) - EQUAL) - 1:,} rows for a level of {level:g}",
            f"{count:,}",
            f"ask for at most {math.floor(count / (count + 1) * 1000) / 1000:g}",
        )
    lower, upper = np.empty(len(models)), np.empty(len(models))
    step = max(PAIRS // count, 1)
    for start in range(0, len(models), step):
        said = models[start : start + step][:, codes]
        lower[start : start + step] = np.partition(said - missed, cut - 1, axis=1)[:, cut - 1]
        upper[start : start + step] = np.partition(said + missed, count - cut, axis=1)[
            :, count - cut
        ]
    return lower, upper
