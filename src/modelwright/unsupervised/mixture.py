"""Mixtures: clouds of numbers, each with its own shares of the levels of each category.

Gaussian mixtures (Dempster, Laird and Rubin 1977) fitted by scikit-learn; within a cloud the
categories are independent of each other and of the numbers, so that the whole is a density of
mixed rows: per unit of the numbers, and a probability of the levels.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.deferred import Deferred
from modelwright.core.protocols import State
from modelwright.models.unpack import array, unsound
from modelwright.unsupervised.space import Rows

__all__ = ["Mixture", "fit_mixture", "log_sum"]

mixture_library = Deferred("sklearn.mixture")

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# Added to variances: a cloud may not shrink to a few equal rows.
_RIDGE = 1e-3
# As if each level had been seen so often more in each cloud, by its share in all rows.
_SEEN = 1.0


def log_sum(values: Floats) -> Floats:
    """Add up numbers that are given by their logarithms, along the last axis.

    Examples
    --------
    >>> log_sum(np.log([[1.0, 3.0]])).round(6).tolist() == [round(math.log(4), 6)]
    True
    """
    top = values.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - top).sum(axis=-1)) + top[..., 0])


@dataclass(frozen=True)
class Mixture:
    """Clouds, each with a weight, a mean, a shape, and shares of levels.

    Parameters
    ----------
    weights : ndarray of float64, shape (k,)
        Sum to one.
    means : ndarray of float64, shape (k, n_numbers)
        In standard deviations, as `Rows.numbers` are.
    roots : ndarray of float64, shape (k, n_numbers, n_numbers)
        A Cholesky root of each inverse covariance: ``(x - mean) @ root`` is round.
    levels : tuple of ndarray of float64, each of shape (k, n_levels)
        Log shares of the levels of each category.

    Examples
    --------
    >>> one = Mixture(np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1)), ())
    >>> rows = Rows(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 0), np.int64))
    >>> round(float(one.log_density(rows)[0]), 4) == round(-0.5 * math.log(2 * math.pi), 4)
    True
    """

    weights: Floats
    means: Floats
    roots: Floats
    levels: tuple[Floats, ...]
    name: ClassVar[str] = "mixture"

    @property
    def count(self) -> int:
        """How many clouds there are."""
        return len(self.weights)

    def joint(self, rows: Rows) -> Floats:
        """Give the log density of each row in each cloud, with the weight: shape (n_rows, k)."""
        count, size = self.means.shape
        out = np.empty((len(rows), count))
        for k in range(count):
            round_ = (rows.numbers - self.means[k]) @ self.roots[k]
            turn = float(np.log(np.abs(np.diag(self.roots[k]))).sum())
            out[:, k] = turn - 0.5 * ((round_**2).sum(axis=1) + size * math.log(2 * math.pi))
        for place, table in enumerate(self.levels):
            out += table[:, rows.codes[:, place]].T
        return out + np.log(self.weights)

    def log_density(self, rows: Rows) -> Floats:
        """Give the log density of each row, in scaled numbers."""
        return log_sum(self.joint(rows))

    def shares(self, rows: Rows) -> Floats:
        """Give the probability that each row comes from each cloud: shape (n_rows, k)."""
        joint = self.joint(rows)
        return np.asarray(np.exp(joint - log_sum(joint)[:, None]))

    def labels(self, rows: Rows) -> Codes:
        """Put each row into its likeliest cloud."""
        return np.asarray(self.joint(rows).argmax(axis=1), np.int64)

    def distance(self, rows: Rows) -> Floats:
        """Give the distance from the mean of the row's cloud, in its own standard deviations."""
        own = self.labels(rows)
        out = np.empty(len(rows))
        for k in range(self.count):
            mine = own == k
            out[mine] = np.sqrt(
                (((rows.numbers[mine] - self.means[k]) @ self.roots[k]) ** 2).sum(1)
            )
        return out

    @property
    def parameters(self) -> int:
        """How many numbers were estimated."""
        count, size = self.means.shape
        diagonal = all(np.count_nonzero(root) <= size for root in self.roots)
        shape = size if diagonal else size * (size + 1) // 2
        levels = sum(int(table.shape[1]) - 1 for table in self.levels)
        return int(count * (size + shape + levels) + count - 1)

    def bic(self, rows: Rows) -> float:
        """Give the criterion of Schwarz (1978); less is better."""
        return self.parameters * math.log(len(rows)) - 2 * float(self.log_density(rows).sum())

    def export(self) -> State:
        """Give the whole state."""
        arrays = {"weights": self.weights, "means": self.means, "roots": self.roots}
        arrays |= {f"levels-{place}": table for place, table in enumerate(self.levels)}
        return State({"categories": len(self.levels)}, arrays)

    @classmethod
    def restore(cls, state: State) -> Mixture:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        weights, means = (
            array(state, "weights", np.float64, 1),
            array(state, "means", np.float64, 2),
        )
        roots = array(state, "roots", np.float64, 3)
        given = state.config.get("categories")
        count = given if isinstance(given, int) and 0 <= given <= 10_000 else 0
        levels = tuple(array(state, f"levels-{place}", np.float64, 2) for place in range(count))
        k, size = means.shape
        sound = len(weights) == k > 0 and roots.shape == (k, size, size)
        if not sound or not all(len(table) == k for table in levels):
            raise unsound("clouds of one number and size", "others")
        if not (weights > 0).all() or (size and (np.diagonal(roots, 0, 1, 2) <= 0).any()):
            raise unsound("weights and widths above zero", "others")
        return cls(weights, means, roots, levels)


def fit_mixture(
    rows: Rows, sizes: tuple[int, ...], count: int, *, seed: int, full: bool = True, starts: int = 2
) -> Mixture:
    """Fit so many clouds.

    Parameters
    ----------
    rows : Rows
        With at least one number, and more rows than clouds.
    sizes : tuple of int
        How many levels each category has.
    count : int
        How many clouds.
    seed : int
        The only source of randomness.
    full : bool
        Whether numbers go together within a cloud; else each on its own.
    starts : int
        How many starts (by k-means); the likeliest end is taken.

    Returns
    -------
    Mixture
    """
    fitted = mixture_library.GaussianMixture(
        count,
        covariance_type="full" if full else "diag",
        reg_covar=_RIDGE,
        n_init=starts,
        max_iter=200,
        random_state=seed % 2**32,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # more steps change the third digit
        fitted.fit(rows.numbers)
    roots = np.asarray(fitted.precisions_cholesky_, np.float64)
    roots = roots if full else np.stack([np.diag(root) for root in roots])
    shares = fitted.predict_proba(rows.numbers)
    tables = []
    for place, size in enumerate(sizes):
        seen = np.zeros((count, size))
        np.add.at(seen.T, rows.codes[:, place], shares)
        known = seen.sum(axis=0) + 1e-2
        seen += _SEEN * known / known.sum()
        tables.append(np.log(seen / seen.sum(axis=1, keepdims=True)))
    weights = np.maximum(np.asarray(fitted.weights_, np.float64), 1e-12)
    means = np.asarray(fitted.means_, np.float64)
    return Mixture(weights / weights.sum(), means, roots, tuple(tables))
