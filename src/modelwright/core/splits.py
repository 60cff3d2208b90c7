"""ONE plan of row indices, used by everything that fits and scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "Fold", "Splits"]

_EXCHANGEABLE = (
    "k-fold",
    "stratified k-fold",
    "class-balanced k-fold",
    "hold-out",
    "stratified hold-out",
)
_STRUCTURED = (
    "group k-fold",
    "group hold-out",
    "time-ordered",
    "purged k-fold",
    "group time-ordered",
    "given",
)

# A fold that is fitted on this share of the most rows of any stands for all rows as well as it.
_NEARLY = 0.9

KINDS: tuple[str, ...] = (*_EXCHANGEABLE, *_STRUCTURED)
"""Every kind of plan; in the first five any row may stand on any side."""


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
        One of `KINDS`.
    reason : str
        Why this plan, in one sentence for the user.
    times : int
        How many times the whole plan is drawn; its folds stand one draw after the other, as many
        in each. Within a draw a row is scored once at most.

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
    times: int = 1

    def __len__(self) -> int:
        return len(self.folds)

    @property
    def scored(self) -> NDArray[np.int64]:
        """Every row that is scored by some fold, ascending: the rows that have an oof value."""
        return np.unique(np.concatenate([fold.valid for fold in self.folds]))

    @property
    def rounds(self) -> tuple[range, ...]:
        """The positions of the folds of each draw; one range for a plan that is not repeated."""
        size = len(self.folds) // self.times
        return tuple(range(i * size, (i + 1) * size) for i in range(self.times))

    @property
    def fitted(self) -> int:
        """How many rows a fold is fitted on, in the mean."""
        return max(sum(len(fold.train) for fold in self.folds) // len(self.folds), 1)

    @property
    def fullest(self) -> tuple[int, ...]:
        """The folds that are fitted on the most rows, or nearly: in time, the last."""
        sizes = [len(fold.train) for fold in self.folds]
        return tuple(i for i, size in enumerate(sizes) if size >= _NEARLY * max(sizes))

    @property
    def exchangeable(self) -> bool:
        """Whether rows may be drawn at random, so that out-of-bag rows are honest too."""
        return self.kind in _EXCHANGEABLE
