"""The linear discriminant: a hyperplane, and how far rows lie from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError, OptionError

__all__ = ["Hyperplane", "fisher_discriminant"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Hyperplane:
    """``f(x) = w' x + b``; the plane is where it is zero, and ``w`` stands upright on it.

    Duda, Hart and Stork 2001, section 5.2. Any ``x`` is ``foot + r w / ||w||`` with the foot on the
    plane, so that ``f(x) = r ||w||``: the value says the side, the value over ``||w||`` how far.

    Parameters
    ----------
    weight : ndarray of shape (n_columns,)
        ``w``, not zero.
    bias : float
        ``b``.

    Raises
    ------
    OptionError
        When ``w`` is zero: there is no plane.

    Examples
    --------
    >>> plane = Hyperplane(np.array([3.0, 4.0]), -5.0)
    >>> plane.distance(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [4.0, -1.0]
    """

    weight: Floats
    bias: float

    def __post_init__(self) -> None:
        if self.weight.ndim != 1 or not np.linalg.norm(self.weight) > 0:
            raise OptionError("a weight vector that is not zero", str(self.weight.tolist()))

    def score(self, X: Floats) -> Floats:
        """Give ``f(x)`` of rows of shape (n_rows, n_columns)."""
        scores: Floats = X @ self.weight + self.bias
        return scores

    def distance(self, X: Floats) -> Floats:
        """Give ``r = f(x) / ||w||``, above zero on the side to which ``w`` points."""
        distances: Floats = self.score(X) / np.linalg.norm(self.weight)
        return distances

    def foot(self, X: Floats) -> Floats:
        """Give the nearest point of the plane to each row: ``x - r w / ||w||``.

        Examples
        --------
        >>> plane = Hyperplane(np.array([0.0, 2.0]), -2.0)
        >>> plane.foot(np.array([[5.0, 9.0]])).tolist()
        [[5.0, 1.0]]
        """
        unit = self.weight / np.linalg.norm(self.weight)
        foot: Floats = X - self.distance(X)[:, None] * unit
        return foot

    def side(self, X: Floats) -> NDArray[np.int64]:
        """Give 1 for rows on the side of ``w``, else 0."""
        return (self.score(X) > 0).astype(np.int64)

    def margin(self, X: Floats, y: NDArray[np.integer]) -> float:
        """Give the distance of the nearest row from the plane; below zero when one is misplaced.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Rows.
        y : ndarray of shape (n_rows,)
            1 for rows that belong on the side of ``w``, else 0.
        """
        return float((np.where(y > 0, 1.0, -1.0) * self.distance(X)).min())


def fisher_discriminant(
    X: Floats, y: NDArray[np.integer], *, prior: tuple[float, float] | None = None
) -> Hyperplane:
    """Find the plane between two clouds of one shape: ``w = S^-1 (m1 - m0)``.

    Fisher 1936. For normal clouds with the common covariance ``S`` it is the best there is, with
    ``f(x) = log p(1 | x) - log p(0 | x)``.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Rows.
    y : ndarray of shape (n_rows,)
        0 or 1.
    prior : tuple of float, optional
        How frequent both classes are; by default as among the rows.

    Returns
    -------
    Hyperplane

    Raises
    ------
    DataError
        When a class has no rows, or columns determine each other.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 0.0], [4.0, 0.0], [5.0, 2.0], [6.0, 0.0]])
    >>> plane = fisher_discriminant(X, np.array([0, 0, 0, 1, 1, 1]))
    >>> plane.side(np.array([[2.9, 1.0], [3.1, 1.0]])).tolist()
    [0, 1]
    """
    groups = [X[y == label] for label in (0, 1)]
    if min(map(len, groups)) < 1 or len(X) < 3:
        raise DataError("rows of the classes 0 and 1", str(np.unique(y).tolist()))
    means = [group.mean(axis=0) for group in groups]
    centred = np.vstack([group - mean for group, mean in zip(groups, means, strict=True)])
    scatter = centred.T @ centred / (len(X) - 2)
    if np.linalg.matrix_rank(scatter) < X.shape[1]:
        raise DataError("columns that do not determine each other", "a singular covariance")
    weight = np.linalg.solve(scatter, means[1] - means[0])
    shares = prior or (len(groups[0]) / len(X), len(groups[1]) / len(X))
    middle = (means[0] + means[1]) / 2
    return Hyperplane(weight, float(np.log(shares[1] / shares[0]) - weight @ middle))
