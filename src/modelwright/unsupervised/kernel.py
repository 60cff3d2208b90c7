"""Kernel density estimation: each row spreads a small cloud, and their sum is the density.

Rosenblatt (1956) and Parzen (1962) for numbers; for categories the kernel of Aitchison and Aitken
(1976), and their product for mixed rows (Li and Racine 2003).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.protocols import State
from modelwright.models.unpack import array, number, unsound
from modelwright.unsupervised.groups import distances
from modelwright.unsupervised.mixture import log_sum
from modelwright.unsupervised.space import Rows

__all__ = ["Kernel", "fit_kernel"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

STORED = 3_000
"""Rows that are kept; of more a sample."""
_CHUNK = 500
_RIDGE = 1e-3


@dataclass(frozen=True)
class Kernel:
    """Rows, each spread by the same kernel.

    Parameters
    ----------
    numbers : ndarray of float64, shape (n, n_numbers)
        Their numbers, turned and scaled by `root`.
    codes : ndarray of int64, shape (n, n_categories)
        Their categories.
    root : ndarray of float64, shape (n_numbers, n_numbers)
        What makes the cloud of all rows round; the identity leaves it as it is.
    width : float
        The bandwidth: the standard deviation of a row's cloud, in units of the round cloud.
    blur : float
        How much of a row's weight goes to other levels than its own, from 0 to 1: 1 is evenly.
    sizes : tuple of int
        How many levels each category has.

    Examples
    --------
    >>> rows = Rows(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 0), np.int64))
    >>> one = Kernel(np.zeros((1, 1)), np.zeros((1, 0), np.int64), np.eye(1), 1.0, 0.1, ())
    >>> round(float(one.log_density(rows)[0]), 4)
    -0.9189
    """

    numbers: Floats
    codes: Codes
    root: Floats
    width: float
    blur: float
    sizes: tuple[int, ...]
    name: ClassVar[str] = "kernel"

    def log_density(self, rows: Rows) -> Floats:
        """Give the log density of each row, in scaled numbers."""
        turned = rows.numbers @ self.root
        pieces = [np.empty(0)]
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            squares = distances(turned[part], self.numbers) ** 2
            pieces.append(self._from(squares, _differing(rows.codes[part], self.codes)))
        return np.concatenate(pieces)

    def _from(self, squares: Floats, differing: Iterator[NDArray[np.bool_]]) -> Floats:
        size = self.root.shape[1]
        logs = -0.5 * squares / self.width**2
        for count, other in zip(self.sizes, differing, strict=True):
            away = self.blur * (count - 1) / count
            logs += np.where(other, math.log(self.blur / count), math.log1p(-away))
        turn = float(np.log(np.abs(np.diag(self.root))).sum())
        norm = size * (math.log(self.width) + 0.5 * math.log(2 * math.pi)) - turn
        return np.asarray(log_sum(logs) - math.log(len(self.numbers)) - norm)

    def export(self) -> State:
        """Give the whole state."""
        config = {"width": self.width, "blur": self.blur, "sizes": list(self.sizes)}
        arrays = {"numbers": self.numbers, "codes": self.codes, "root": self.root}
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> Kernel:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        numbers, codes = array(state, "numbers", np.float64, 2), array(state, "codes", np.int64, 2)
        root, width, blur = array(state, "root", np.float64, 2), number(state, "width"), 0.0
        blur = number(state, "blur")
        sizes = tuple(int(size) for size in state.config.get("sizes", ()))
        if not len(numbers) == len(codes) > 0 or len(sizes) != codes.shape[1]:
            raise unsound("numbers and categories of the same rows", "others")
        if root.shape != (numbers.shape[1], numbers.shape[1]) or (np.diag(root) <= 0).any():
            raise unsound("a square root of a covariance", "another array")
        if not (width > 0 and 0 < blur < 1 and all(size > 1 for size in sizes)):
            raise unsound("a bandwidth above zero", "others")
        return cls(numbers, codes, root, width, blur, sizes)


def _differing(codes: Codes, others: Codes) -> Iterator[NDArray[np.bool_]]:
    for one, other in zip(codes.T, others.T, strict=True):
        yield one[:, None] != other[None]


def fit_kernel(
    rows: Rows, sizes: tuple[int, ...], width: float, blur: float, *, turned: bool, seed: int
) -> Kernel:
    """Keep rows, with a bandwidth.

    Parameters
    ----------
    rows : Rows
        Of more than 3,000 a sample is kept.
    sizes : tuple of int
        How many levels each category has.
    width, blur : float
        The bandwidths of numbers and of categories.
    turned : bool
        Whether the kernel has the shape of the cloud of all rows; else it is round.
    seed : int
        Of the sample.
    """
    if len(rows) > STORED:
        drawn = np.random.default_rng(seed).choice(len(rows), STORED, replace=False)
        rows = rows.take(np.sort(drawn))
    size = rows.numbers.shape[1]
    root = np.eye(size)
    if turned and size:
        covariance = np.atleast_2d(np.cov(rows.numbers, rowvar=False)) + _RIDGE * np.eye(size)
        root = np.linalg.inv(np.linalg.cholesky(covariance)).T
    return Kernel(rows.numbers @ root, rows.codes, root, width, blur, sizes)
