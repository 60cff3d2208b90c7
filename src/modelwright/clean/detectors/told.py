"""What one detector says of the cells of one column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Told", "silent"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Told:
    """The answer of one detector for one column.

    Parameters
    ----------
    reason : str
        Why a cell would be wrong, in plain words.
    chance : float array of shape (rows,)
        How likely each cell is wrong as far as this detector can tell.
    measures : float array of shape (rows, measures)
        What it was told by: a learned detector looks at these. Every column has as many of a
        detector.
    """

    reason: str
    chance: Floats
    measures: Floats


def silent(rows: int, measures: int) -> Told:
    """Give the answer of a detector that has nothing to say of a column.

    Examples
    --------
    >>> silent(3, 2).chance.tolist(), silent(3, 2).measures.shape
    ([0.0, 0.0, 0.0], (3, 2))
    """
    return Told("", np.zeros(rows, np.float32), np.zeros((rows, measures), np.float32))
