"""Intervals from two models of quantiles, corrected by held-out rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.evaluate.conformal.scores import Scores
from modelwright.evaluate.conformal.split import numbers

__all__ = ["conformalized_quantiles"]

Array = NDArray[np.float64]


def conformalized_quantiles(
    y: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    new_low: ArrayLike,
    new_high: ArrayLike,
    level: float = 0.9,
) -> tuple[Array, Array]:
    """Widen, or narrow, predicted quantiles until they hold as many answers as they should.

    Romano, Patterson and Candes 2019, "Conformalized quantile regression".

    Parameters
    ----------
    y : array_like, shape (n,)
        The answers of rows that the models were not fitted on.
    low, high : array_like, shape (n,)
        The quantiles that were predicted for them, such as those of 5 % and 95 %.
    new_low, new_high : array_like, shape (m,)
        The same for new rows.
    level : float
        The share of new rows whose answer is to lie in its interval.

    Returns
    -------
    lower, upper : ndarray of float64, shape (m,)
        An answer lies between them with a probability of `level` at least; never crossed.

    Raises
    ------
    OptionError
        When the level is not between 0 and 1.
    DataError
        When the arrays do not fit together, hold NaN, or are too short for the level.

    Examples
    --------
    >>> y = np.arange(99.0)
    >>> low, high = np.zeros(99), np.full(99, 50.0)  # half as high as it should be
    >>> conformalized_quantiles(y, low, high, [0.0], [50.0], 0.9)
    (array([-39.]), array([89.]))
    """
    answers = numbers("answers", y)
    below = numbers("low quantiles", low, answers) - answers
    above = answers - numbers("high quantiles", high, answers)
    first = numbers("new low quantiles", new_low)
    last = numbers("new high quantiles", new_high, first)
    wider = Scores.of(np.maximum(below, above)).upper(level)
    lower, upper = first - wider, last + wider
    middle = (lower + upper) / 2
    return np.minimum(lower, middle), np.maximum(upper, middle)
