"""How large an error is expected, as a number that a learner of ordinary numbers can learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix

__all__ = ["difficulty_of", "difficulty_target", "with_prediction"]

Array = NDArray[np.float64]

# Errors this much smaller than the typical one are as good as none.
SMALL = 0.05
# Expected sizes of errors lie within so many powers of e around the typical one.
RANGE = (-4.0, 8.0)


def difficulty_target(missed: Array) -> Array:
    """Give what is learned of errors: the log of their size, in units of the typical one.

    Parameters
    ----------
    missed : ndarray of float64, shape (n,)
        Errors on rows that the model had not seen.

    Returns
    -------
    ndarray of float64, shape (n,)

    Examples
    --------
    >>> difficulty_target(np.array([-1.0, 1.0, 0.0])).round(2).tolist()
    [0.05, 0.05, -3.0]
    """
    size = np.abs(missed)
    typical = float(np.median(size)) or float(np.mean(size)) or 1.0
    found: Array = np.log(size / typical + SMALL)
    return found


def difficulty_of(learned: NDArray[Any]) -> Array:
    """Turn what a model of `difficulty_target` says into a difficulty above zero.

    Examples
    --------
    >>> difficulty_of(np.array([[0.0], [99.0]])).round().tolist()
    [1.0, 2981.0]
    """
    found: Array = np.exp(np.clip(np.asarray(learned, np.float64).reshape(-1), *RANGE))
    return found


def with_prediction(matrix: Matrix, p: NDArray[Any]) -> Matrix:
    """Put the prediction beside the features: large answers are often harder than small ones.

    Examples
    --------
    >>> features = Matrix.of_numbers(np.ones((2, 1), np.float32), ["x"])
    >>> with_prediction(features, np.array([[3.0], [4.0]])).number_names
    ('x', 'prediction')
    """
    said = Matrix.of_numbers(p.astype(np.float32).reshape(-1, 1), ["prediction"])
    return Matrix.beside([matrix, said], len(p))
