"""A large table handed to LightGBM piece by piece: it keeps a byte a value, we keep none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.models.columns import Ranks

__all__ = ["Pieces", "is_large"]

_CELLS = 50_000_000
"""Values from which a table is handed over in pieces: whole, it would take 200 MB and more."""
ROWS = 65_536
"""So many rows are made at a time."""


def is_large(X: Matrix) -> bool:
    """Whether a table of these rows had better never be whole in memory."""
    return X.shape[0] * X.shape[1] > _CELLS


class Pieces:
    """The table of some rows, made as it is asked for; what LightGBM calls a sequence.

    First it asks for single rows, in ascending order, to find the bins of each column; then for all
    rows, so many at a time. The bins are those of the whole table: a model is the same to the bit.

    Parameters
    ----------
    ranks : Ranks
        How a matrix becomes a table.
    X : Matrix
        The rows; they may lie on disk.
    rows : int, optional
        How many are made at a time.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(5, dtype=np.float32)[:, None], ["x"])
    >>> pieces = Pieces(Ranks.fit(X), X, rows=2)
    >>> pieces[3], pieces[0:2].ravel()
    (array([3.]), array([0., 1.], dtype=float32))
    """

    def __init__(self, ranks: Ranks, X: Matrix, rows: int | None = None) -> None:
        self._ranks = ranks
        self._X = X
        self._start = -1
        self._piece: NDArray[np.float32] = np.empty((0, ranks.width), np.float32)
        self.batch_size = rows or ROWS

    def __len__(self) -> int:
        return self._X.shape[0]

    def __getitem__(self, index: int | slice) -> NDArray[np.floating]:
        """Give some rows one below the other, or one row, of which LightGBM wants float64."""
        if isinstance(index, slice):
            return self._rows(index)
        start = int(index) - int(index) % self.batch_size
        if start != self._start:
            self._start = start
            self._piece = self._rows(slice(start, start + self.batch_size))
        row: NDArray[np.float64] = self._piece[int(index) - start].astype(np.float64)
        return row

    def _rows(self, index: slice) -> NDArray[np.float32]:
        return self._ranks.table(self._X.rows(index))
