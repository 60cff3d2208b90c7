"""Bags of pieces as a sparse matrix of weights, and linear models on it; the door to SciPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.deferred import Deferred
from modelwright.features.grams import Bag

__all__ = ["Pieces", "ridge", "stacked"]

_sparse = Deferred("scipy.sparse")

_ENOUGH = 1e-3  # of the first gradient: what is left below it is not sought
_TINY = np.float32(1e-30)
_SPARE = 4  # so many times the pieces that are wanted are looked at closely
_MOST_SHARE = 0.6  # of the strings: a piece of more tells little

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pieces:
    """Which pieces of strings are known, and how much each of them weighs.

    Parameters
    ----------
    codes : ndarray of uint64, shape (n_known,)
        As in `Bag`, ascending.
    rarity : ndarray of float32, shape (n_known,)
        The logarithm of the inverse share of strings that have the piece.
    """

    codes: NDArray[np.uint64]
    rarity: Floats

    @classmethod
    def fit(cls, bag: Bag, *, most: int, least: int) -> Pieces:
        """Take the pieces that most strings have, of those in at least `least` of them."""
        codes, times = np.unique(bag.codes, return_counts=True)
        often = np.flatnonzero(times >= least)
        often = np.sort(often[np.argsort(-times[often], kind="stable")[: _SPARE * most]])
        codes = codes[often]
        counts = np.diff(_incidence(codes, bag).tocsc().indptr)
        fitting = (counts >= least) & (counts <= max(_MOST_SHARE * bag.height, least))
        chosen = np.flatnonzero(fitting)
        chosen = np.sort(chosen[np.argsort(-counts[chosen], kind="stable")[:most]])
        rarity = np.log((1 + bag.height) / (1 + counts[chosen])) + 1
        return cls(codes[chosen], rarity.astype(np.float32))

    def weigh(self, bag: Bag) -> Any:
        """Give tf-idf weights as a sparse matrix: shape (n_strings, n_known), rows of length 1.

        A piece counts as one plus the logarithm of how often it is there (Manning, Raghavan and
        Schütze, Introduction to Information Retrieval, 2008, section 6.4).
        """
        found = _incidence(self.codes, bag)
        found.data = (1 + np.log(found.data)) * self.rarity[found.indices]
        squares = np.add.reduceat(np.append(found.data**2, np.float32(0)), found.indptr[:-1])
        lengths = np.where(np.diff(found.indptr) > 0, np.sqrt(squares), 1)
        found.data /= np.repeat(lengths, np.diff(found.indptr))
        return found


def _incidence(codes: NDArray[np.uint64], bag: Bag) -> Any:
    """Count how often each string has each of these pieces: shape (n_strings, n_codes), sparse."""
    shape = (bag.height, len(codes))
    if not len(codes):
        return _sparse.csr_array(shape, dtype=np.float32)
    place = np.minimum(np.searchsorted(codes, bag.codes), len(codes) - 1)
    known = codes[place] == bag.codes
    rows, columns = bag.rows[known].astype(np.int32), place[known].astype(np.int32)
    return _sparse.coo_array((np.ones(len(rows), np.float32), (rows, columns)), shape).tocsr()


def stacked(parts: Sequence[Any]) -> Any:
    """Put sparse matrices below each other."""
    return parts[0] if len(parts) == 1 else _sparse.vstack(parts, format="csr")


def ridge(
    weights: Any,
    answers: NDArray[np.float64],
    counts: NDArray[np.float64],
    penalty: float,
    *,
    steps: int = 15,
) -> Floats:
    """Solve weighted ridge regressions by conjugate gradients, one for each column of answers.

    Parameters
    ----------
    weights : sparse matrix of float32, shape (n_rows, n_columns)
        The features.
    answers : ndarray of float64, shape (n_rows, n_answers)
        Centred.
    counts : ndarray of float64, shape (n_rows,)
        How much each row counts.
    penalty : float
        Added to the diagonal, above zero.
    steps : int
        How many steps at most; to end before the solution is a mild penalty of its own.

    Returns
    -------
    ndarray of float32, shape (n_columns, n_answers)
    """
    scale = np.abs(answers).max(axis=0, initial=0.0)
    scale[scale == 0] = 1.0
    turned, loud = weights.T.tocsr(), counts.astype(np.float32)[:, None]
    left = turned @ (loud * (answers / scale).astype(np.float32))
    found, step = np.zeros_like(left), left.copy()
    size = (left**2).sum(axis=0)
    enough = _ENOUGH**2 * size
    for _ in range(steps):
        if (size <= enough).all():
            break
        pushed = turned @ (loud * (weights @ step)) + np.float32(penalty) * step
        rate = size / np.maximum((step * pushed).sum(axis=0), _TINY)
        found += rate * step
        left -= rate * pushed
        before, size = size, (left**2).sum(axis=0)
        step = left + step * (size / np.maximum(before, _TINY))
    return np.asarray(found * scale, np.float32)
