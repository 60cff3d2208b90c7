"""What learners see: numbers and category codes, never a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MISSING", "UNSEEN", "Matrix"]

UNSEEN = -1
MISSING = -2


@dataclass(frozen=True)
class Matrix:
    """A dense float32 block and a block of category codes.

    Parameters
    ----------
    numbers : ndarray of float32, shape (n_rows, n_numbers)
        NaN is missing; never infinite.
    codes : ndarray of int32, shape (n_rows, n_codes)
        Category codes from 0; `UNSEEN` (-1) for a level unknown at fit, `MISSING` (-2).
    number_names : tuple of str
        One a column of `numbers`.
    code_names : tuple of str
        One a column of `codes`.
    levels : tuple of int
        How many known levels each column of `codes` has.

    Examples
    --------
    >>> import numpy as np
    >>> block = Matrix.of_numbers(np.ones((3, 2), np.float32), ["a", "b"])
    >>> block.rows(np.array([0, 2])).shape
    (2, 2)
    """

    numbers: NDArray[np.float32]
    codes: NDArray[np.int32]
    number_names: tuple[str, ...]
    code_names: tuple[str, ...]
    levels: tuple[int, ...]

    @classmethod
    def of_numbers(cls, numbers: NDArray[np.float32], names: Sequence[str]) -> Matrix:
        """Make a matrix of numbers only."""
        return cls(numbers, np.empty((len(numbers), 0), np.int32), tuple(names), (), ())

    @classmethod
    def of_codes(
        cls, codes: NDArray[np.int32], names: Sequence[str], levels: Sequence[int]
    ) -> Matrix:
        """Make a matrix of category codes only."""
        empty = np.empty((len(codes), 0), np.float32)
        return cls(empty, codes, (), tuple(names), tuple(levels))

    @classmethod
    def beside(cls, blocks: Sequence[Matrix], rows: int) -> Matrix:
        """Put blocks of the same rows side by side (no block: a matrix without columns)."""
        numbers = [block.numbers for block in blocks if block.number_names]
        codes = [block.codes for block in blocks if block.code_names]
        return cls(
            np.hstack(numbers) if numbers else np.empty((rows, 0), np.float32),
            np.hstack(codes) if codes else np.empty((rows, 0), np.int32),
            tuple(name for block in blocks for name in block.number_names),
            tuple(name for block in blocks for name in block.code_names),
            tuple(level for block in blocks for level in block.levels),
        )

    def numbered(self, names: Sequence[str]) -> Matrix:
        """Give some of the numbers by name, in the order asked for, without the codes."""
        place = [self.number_names.index(name) for name in names]
        return Matrix.of_numbers(np.ascontiguousarray(self.numbers[:, place]), names)

    def some(self, columns: NDArray[np.integer]) -> Matrix:
        """Give the columns at these positions, counted through the numbers and then the codes."""
        width = len(self.number_names)
        numbers = columns[columns < width]
        codes = columns[columns >= width] - width
        return Matrix(
            np.ascontiguousarray(self.numbers[:, numbers]),
            np.ascontiguousarray(self.codes[:, codes]),
            tuple(self.number_names[j] for j in numbers),
            tuple(self.code_names[j] for j in codes),
            tuple(self.levels[j] for j in codes),
        )

    def among(self, own: NDArray[np.integer], other: Matrix, others: NDArray[np.integer]) -> Matrix:
        """Put its rows at the positions `own`, and those of another matrix at `others`."""
        numbers = np.empty((len(own) + len(others), len(self.number_names)), np.float32)
        codes = np.empty((len(numbers), len(self.code_names)), np.int32)
        for rows, part in ((own, self), (others, other)):
            numbers[rows], codes[rows] = part.numbers, part.codes
        return Matrix(numbers, codes, self.number_names, self.code_names, self.levels)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and columns of both blocks together."""
        return len(self.numbers), len(self.number_names) + len(self.code_names)

    def rows(self, index: NDArray[np.integer] | slice) -> Matrix:
        """Give the rows at these positions, in this order."""
        return Matrix(
            np.ascontiguousarray(self.numbers[index]),
            np.ascontiguousarray(self.codes[index]),
            self.number_names,
            self.code_names,
            self.levels,
        )
