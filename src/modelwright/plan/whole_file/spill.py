"""Rows of a matrix that grow on disk, for fits of more of them than memory holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.task import Target

__all__ = ["Spill"]

_TOGETHER = 65_536


class Spill:
    """Features on disk, answers and weights in memory, in the order in which they were added.

    Parameters
    ----------
    folder : pathlib.Path
        Where the features go; what is there already is deleted.
    like : Matrix
        Says which columns there are.
    classes : int
        Of the answers; 0 for numbers.

    Examples
    --------
    >>> import tempfile
    >>> X = Matrix.of_numbers(np.array([[1], [2]], np.float32), ["x"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     spill = Spill(Path(folder) / "rows", X, classes=0)
    ...     spill.add(X, np.array([5.0, 6.0]), None)
    ...     spill.add(X, np.array([7.0, 8.0]), None)
    ...     spill.matrix().numbers.ravel().tolist(), spill.target().values.tolist()
    ([1.0, 2.0, 1.0, 2.0], [5.0, 6.0, 7.0, 8.0])
    """

    def __init__(self, folder: Path, like: Matrix, classes: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._numbers, self._codes = folder / "numbers.f32", folder / "codes.i32"
        self._like = like
        self._classes = classes
        self._answers: list[NDArray[np.float64] | NDArray[np.int64]] = []
        self._weights: list[NDArray[np.float64]] = []
        self.rows = 0

    def add(
        self,
        X: Matrix,
        answers: NDArray[np.float64] | NDArray[np.int64],
        weight: NDArray[np.float64] | None,
    ) -> None:
        """Add rows; either all of them have weights, or none."""
        for path, block in ((self._numbers, X.numbers), (self._codes, X.codes)):
            with path.open("ab") as file:
                for start in range(0, len(block), _TOGETHER):
                    file.write(block[start : start + _TOGETHER].tobytes())
        self._answers.append(answers)
        if weight is not None:
            self._weights.append(weight)
        self.rows += X.shape[0]

    def extend(self, other: Spill) -> None:
        """Add the rows of another one, of the same columns."""
        if other.rows:
            self.add(other.matrix(), other.target().values, other.weight())

    def matrix(self) -> Matrix:
        """Give the features, mapped from disk."""
        like, shape = self._like, (self.rows, len(self._like.number_names))
        numbers, codes = np.empty(shape, np.float32), np.empty((self.rows, len(like.levels)), "i4")
        if numbers.size:
            numbers = np.memmap(self._numbers, np.float32, "r", shape=numbers.shape)
        if codes.size:
            codes = np.memmap(self._codes, np.int32, "r", shape=codes.shape)
        return Matrix(numbers, codes, like.number_names, like.code_names, like.levels)

    def target(self) -> Target:
        """Give the answers."""
        none = np.empty(0, np.int64 if self._classes else np.float64)
        return Target(np.concatenate([none, *self._answers]), self._classes)

    def weight(self) -> NDArray[np.float64] | None:
        """Give the weights; None where there are none."""
        return np.concatenate(self._weights) if self._weights else None
