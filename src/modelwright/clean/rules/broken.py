"""What rules say of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Broken"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Broken:
    """Cells of one column that break one rule.

    Parameters
    ----------
    reason : str
        The rule in plain words.
    column : int
        The place of the column.
    chance : float array of shape (rows,)
        How surely each of its cells is the one that is wrong; 0 where the rule is kept.
    """

    reason: str
    column: int
    chance: Floats
