"""How far probabilities are from what comes true."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.task import Target

__all__ = ["expected_calibration_error"]


def expected_calibration_error(p: NDArray[Any], y: Target, bins: int = 15) -> float:
    """Give the mean distance between how sure the model is and how often it is right.

    Rows are put into bins of equal width by the probability of their most probable class; the
    distance between mean probability and accuracy is averaged over bins, by their rows (Naeini,
    Cooper and Hauskrecht 2015).

    Parameters
    ----------
    p : ndarray of shape (n_rows, n_classes)
        Probabilities.
    y : Target
        The classes.
    bins : int
        How many bins, at least 1.

    Returns
    -------
    float
        Between 0 (calibrated) and 1; NaN without rows.

    Raises
    ------
    OptionError
        When `bins` is below 1.

    Examples
    --------
    >>> p = np.tile([[0.9, 0.1]], (10, 1))
    >>> y = Target(np.array([0] * 7 + [1] * 3), classes=2)
    >>> round(expected_calibration_error(p, y), 3)
    0.2
    """
    if bins < 1:
        raise OptionError("bins to be at least 1", str(bins))
    if len(y) == 0:
        return float("nan")
    sure = p.max(axis=1).astype(np.float64)
    right = (p.argmax(axis=1) == y.values).astype(np.float64)
    # Bins are open below and closed above, as in the paper.
    place = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(place, right - sure, bins)
    return float(np.abs(gaps).sum() / len(y))
