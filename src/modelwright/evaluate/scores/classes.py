"""What follows from a table of true and decided classes.

A table has true classes down and decided ones across, and counts weight. Every formula takes one
table of shape (k, k), or many at once of shape (..., k, k). With two classes the second is the
positive one, and precision, recall, F and specificity are its own; with more they are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.evaluate.scores.basics import NAN, Array, mean, ratio

__all__ = [
    "AVERAGES",
    "PerClass",
    "accuracy",
    "balanced_accuracy",
    "confusion",
    "f1",
    "fbeta",
    "jaccard",
    "kappa",
    "mcc",
    "per_class",
    "precision",
    "recall",
    "specificity",
    "top_k_accuracy",
]

AVERAGES = ("macro", "micro", "weighted")


def confusion(y: Array, decided: Array, classes: int, weight: Array | None = None) -> Array:
    """Count weight by true class (down) and decided class (across).

    Parameters
    ----------
    y, decided : ndarray of int, shape (n_rows,)
        Class codes from 0.
    classes : int
        How many classes there are.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.

    Returns
    -------
    ndarray of float64, shape (classes, classes)

    Examples
    --------
    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    cells = np.bincount(y * classes + decided, weight, classes * classes)
    return cells.reshape(classes, classes).astype(np.float64)


def _parts(table: Array) -> tuple[Array, Array, Array]:
    """Give what was decided rightly, what was decided, and what is there, of each class."""
    return np.diagonal(table, axis1=-2, axis2=-1), table.sum(axis=-2), table.sum(axis=-1)


def _averaged(over: Array, under: Array, table: Array, average: str | None) -> Array:
    """Divide class by class, and average as asked over the classes that occur at all."""
    _, called, there = _parts(table)
    if average is None and table.shape[-1] == 2:
        return ratio(over, under, 0.0)[..., 1]
    if average == "micro":
        return ratio(over.sum(axis=-1), under.sum(axis=-1), 0.0)
    if average not in (None, "macro", "weighted"):
        raise OptionError(
            f"an average: {', '.join(AVERAGES)}",
            repr(average),
            did_you_mean(str(average), AVERAGES),
        )
    shares = there if average == "weighted" else (called + there > 0).astype(np.float64)
    return ratio((ratio(over, under, 0.0) * shares).sum(axis=-1), shares.sum(axis=-1), NAN)


def accuracy(table: Array) -> Array:
    """Give the share of rows that are decided rightly.

    Examples
    --------
    >>> accuracy(np.array([[3.0, 1.0], [0.0, 4.0]])).tolist()
    0.875
    """
    right, _, there = _parts(table)
    return ratio(right.sum(axis=-1), there.sum(axis=-1), NAN)


def balanced_accuracy(table: Array) -> Array:
    """Give the mean recall over the classes that some rows have.

    Examples
    --------
    >>> balanced_accuracy(np.array([[2.0, 0.0], [1.0, 0.0]])).tolist()
    0.5
    """
    right, _, there = _parts(table)
    present = there > 0
    return ratio(ratio(right, there, 0.0).sum(axis=-1), present.sum(axis=-1), NAN)


def precision(table: Array, average: str | None = None) -> Array:
    """Give the share of those decided for a class that have it; 0 where none is.

    Parameters
    ----------
    table : ndarray of shape (..., k, k)
        True classes down, decided ones across.
    average : str, optional
        ``"macro"``: the mean over classes; ``"micro"``: over rows; ``"weighted"``: over classes by
        their rows. None: of the positive class of two, else macro.

    Examples
    --------
    >>> precision(np.array([[3.0, 1.0], [0.0, 4.0]])).tolist()
    0.8
    """
    right, called, _ = _parts(table)
    return _averaged(right, called, table, average)


def recall(table: Array, average: str | None = None) -> Array:
    """Give the share of a class that is found; 0 where the class has no rows.

    Parameters as for `precision`.

    Examples
    --------
    >>> recall(np.array([[3.0, 1.0], [1.0, 3.0]])).tolist()
    0.75
    """
    right, _, there = _parts(table)
    return _averaged(right, there, table, average)


def specificity(table: Array, average: str | None = None) -> Array:
    """Give the share of the rows of other classes that are not taken for this one.

    Parameters as for `precision`.

    Examples
    --------
    >>> specificity(np.array([[3.0, 1.0], [0.0, 4.0]])).tolist()
    0.75
    """
    right, called, there = _parts(table)
    others = there.sum(axis=-1, keepdims=True) - there
    return _averaged(others - called + right, others, table, average)


def fbeta(table: Array, beta: float = 1.0, average: str | None = None) -> Array:
    """Give the harmonic mean of precision and recall, recall counting beta times as much.

    van Rijsbergen, Information Retrieval, 1979. 0 where a class is neither true nor decided.

    Parameters
    ----------
    table, average
        As for `precision`.
    beta : float
        Above zero.

    Examples
    --------
    >>> fbeta(np.array([[3.0, 1.0], [0.0, 4.0]]), beta=2).round(4).tolist()
    0.9524
    """
    right, called, there = _parts(table)
    square = beta * beta
    return _averaged((1 + square) * right, called + square * there, table, average)


def f1(table: Array, average: str | None = None) -> Array:
    """Give the harmonic mean of precision and recall; parameters as for `precision`.

    Examples
    --------
    >>> f1(np.array([[3.0, 1.0], [0.0, 4.0]])).round(4).tolist()
    0.8889
    """
    return fbeta(table, 1.0, average)


def jaccard(table: Array, average: str | None = None) -> Array:
    """Give the overlap of a class with those decided for it; parameters as for `precision`.

    Jaccard (1912).

    Examples
    --------
    >>> jaccard(np.array([[3.0, 1.0], [0.0, 4.0]])).tolist()
    0.8
    """
    right, called, there = _parts(table)
    return _averaged(right, called + there - right, table, average)


def mcc(table: Array) -> Array:
    """Give the correlation of true and decided classes; 0 when either never varies.

    Matthews (1975) for two classes, Gorodkin (2004) for more.

    Examples
    --------
    >>> mcc(np.array([[3.0, 1.0], [0.0, 4.0]])).round(4).tolist()
    0.7746
    """
    right, called, there = _parts(table)
    whole = there.sum(axis=-1)
    both = right.sum(axis=-1) * whole - (called * there).sum(axis=-1)
    spread = (whole**2 - (called**2).sum(axis=-1)) * (whole**2 - (there**2).sum(axis=-1))
    # A difference of sums that should cancel: what is left of it is rounding.
    real = spread > 1e-12 * np.maximum(whole, 1e-300) ** 4
    return np.where(real, both / np.sqrt(np.where(real, spread, 1.0)), 0.0)


def kappa(table: Array, weights: str | None = None) -> Array:
    """Give the agreement of true and decided classes beyond chance (Cohen 1960, 1968).

    Parameters
    ----------
    table : ndarray of shape (..., k, k)
        True classes down, decided ones across.
    weights : str, optional
        For classes in order: ``"linear"`` or ``"quadratic"``, so that a near miss counts less.
        None: every mistake counts alike.

    Returns
    -------
    ndarray
        NaN where chance alone agrees everywhere.

    Examples
    --------
    >>> kappa(np.array([[3.0, 1.0], [0.0, 4.0]])).tolist()
    0.75
    """
    steps = np.abs(np.subtract.outer(np.arange(table.shape[-1]), np.arange(table.shape[-1])))
    known = {None: (steps > 0) * 1.0, "linear": steps * 1.0, "quadratic": steps**2.0}
    if weights not in known:
        raise OptionError("weights: linear or quadratic", repr(weights))
    far = known[weights]
    _, called, there = _parts(table)
    chance = there[..., :, None] * called[..., None, :]
    missed = (table * far).sum(axis=(-2, -1)) * there.sum(axis=-1)
    return 1 - ratio(missed, (chance * far).sum(axis=(-2, -1)), NAN)


def top_k_accuracy(y: Array, p: Array, weight: Array | None = None, k: int = 5) -> float:
    """Give the share of rows whose true class is among the k most probable ones.

    Among equal probabilities the later class comes first, as in scikit-learn.

    Parameters
    ----------
    y : ndarray of int, shape (n_rows,)
        Class codes.
    p : ndarray of shape (n_rows, n_classes)
        Probabilities.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    k : int
        How many classes may be named.

    Examples
    --------
    >>> top_k_accuracy(np.array([0, 2]), np.array([[0.3, 0.5, 0.2], [0.5, 0.4, 0.1]]), k=2)
    0.5
    """
    true = np.take_along_axis(p, y[:, None], axis=1)
    later = np.arange(p.shape[1]) > y[:, None]
    before = (p > true) | ((p == true) & later)
    return mean(before.sum(axis=1) < k, weight)


@dataclass(frozen=True)
class PerClass:
    """How well each class is recognised.

    Parameters
    ----------
    precision, recall, f1 : ndarray of float64, shape (k,)
        NaN where a ratio has no value: nothing decided for the class, or no row of it.
    support : ndarray of float64, shape (k,)
        The weight of the rows of each class.
    """

    precision: Array
    recall: Array
    f1: Array
    support: Array


def per_class(table: Array) -> PerClass:
    """Give precision, recall and F1 of each class, and how much weight it has.

    Parameters
    ----------
    table : ndarray of shape (k, k)
        True classes down, decided ones across.

    Examples
    --------
    >>> found = per_class(np.array([[3.0, 1.0], [0.0, 4.0]]))
    >>> found.precision.tolist(), found.recall.tolist(), found.support.tolist()
    ([1.0, 0.8], [0.75, 1.0], [4.0, 4.0])
    """
    right, called, there = _parts(table)
    return PerClass(
        ratio(right, called, NAN),
        ratio(right, there, NAN),
        ratio(2 * right, called + there, NAN),
        there,
    )
