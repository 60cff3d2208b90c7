"""What quick models lose on each row, by which two ways to treat a table are compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target

__all__ = ["losses_of"]

_TINY = 1e-6


def losses_of(predicted: NDArray[np.floating], y: Target) -> NDArray[np.float64]:
    """Give squared errors, or the negative logarithm of what the right class was given.

    Parameters
    ----------
    predicted : ndarray of float, shape (n_rows, n_outputs)
        Numbers, or probabilities.
    y : Target
        The answers.

    Returns
    -------
    ndarray of float64, shape (n_rows,)

    Examples
    --------
    >>> losses_of(np.array([[0.5, 0.5]]), Target(np.array([1]), 2)).round(2)
    array([0.69])
    """
    p = predicted.astype(np.float64)
    if not y.classes:
        return np.asarray((p[:, 0] - y.values) ** 2, np.float64)
    given = p[np.arange(len(y)), y.values]
    return np.asarray(-np.log(np.clip(given, _TINY, 1.0)), np.float64)
