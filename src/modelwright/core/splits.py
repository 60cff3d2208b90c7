"""ONE plan of row indices, used by everything that fits and scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fold", "Splits"]


@dataclass(frozen=True)
class Fold:
    """One round: fit on `train`, score on `valid`.

    Parameters
    ----------
    train, valid : ndarray of int64
        Row positions, ascending, without common members.
    """

    train: NDArray[np.int64]
    valid: NDArray[np.int64]


@dataclass(frozen=True)
class Splits:
    """The plan that cross-validation, tuning, stacking and calibration share.

    Parameters
    ----------
    folds : tuple of Fold
        At least one.
    rows : int
        How many rows the table has.
    kind : str
        ``"k-fold"``, ``"stratified k-fold"``, ``"group k-fold"``, ``"time-ordered"``,
        ``"hold-out"`` or ``"stratified hold-out"``.
    reason : str
        Why this plan, in one sentence for the user.

    Examples
    --------
    >>> import numpy as np
    >>> one = Fold(np.array([0, 1]), np.array([2]))
    >>> Splits((one,), rows=3, kind="hold-out", reason="an example").scored
    array([2])
    """

    folds: tuple[Fold, ...]
    rows: int
    kind: str
    reason: str

    def __len__(self) -> int:
        return len(self.folds)

    @property
    def scored(self) -> NDArray[np.int64]:
        """Every row that is scored by some fold, ascending: the rows that have an oof value."""
        return np.unique(np.concatenate([fold.valid for fold in self.folds]))

    @property
    def exchangeable(self) -> bool:
        """Whether rows may be drawn at random, so that out-of-bag rows are honest too."""
        return self.kind in ("k-fold", "stratified k-fold", "hold-out", "stratified hold-out")
