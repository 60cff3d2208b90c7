"""Scores of class labels, and the sets of labels that they make."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.evaluate.conformal.scores import Scores

__all__ = [
    "METHODS",
    "Method",
    "label_scores",
    "labels_within",
    "prediction_sets",
    "true_scores",
]

Array = NDArray[np.float64]
Method = Literal["lac", "aps", "raps"]

METHODS: tuple[Method, ...] = ("lac", "aps", "raps")
"""The ways to score a label."""

# What RAPS adds for each rank beyond those that are free.
PENALTY = 0.1


def _probabilities(p: ArrayLike) -> Array:
    """Give probabilities as an array of shape (n_rows, n_classes); refuse what is none."""
    found = np.asarray(p, np.float64)
    if found.ndim != 2 or found.shape[1] < 2:
        raise DataError("probabilities of shape (n_rows, n_classes)", f"shape {found.shape}")
    if not np.isfinite(found).all() or (found < 0).any():
        cure = "find out why the model gives none"
        raise DataError("probabilities from zero on", "NaN, infinite or negative ones", cure)
    return found


def label_scores(p: ArrayLike, method: Method, free: int = 1) -> Array:
    """Say of each label of each row how ill it fits.

    Parameters
    ----------
    p : array_like, shape (n_rows, n_classes)
        Probabilities.
    method : str
        ``"lac"``: one less its probability (Sadinle, Lei and Wasserman 2019): the smallest sets on
        average. ``"aps"``: the probability of all labels that are as probable or more (Romano,
        Sesia and Candes 2020): larger sets where rows are hard. ``"raps"``: the same, with a
        penalty for each rank beyond the `free` ones (Angelopoulos et al. 2021): fewer unlikely
        labels.
    free : int
        Ranks without a penalty.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_classes)
        A label is in the set when its score is at most that of the level.

    Raises
    ------
    OptionError
        When there is no such method.
    DataError
        When `p` holds no probabilities.

    Examples
    --------
    >>> label_scores([[0.2, 0.7, 0.1]], "aps").round(2).tolist()
    [[0.9, 0.7, 1.0]]
    """
    if method not in METHODS:
        raise OptionError(f"one of {', '.join(METHODS)}", repr(method))
    found = _probabilities(p)
    if method == "lac":
        return 1.0 - found
    order = np.argsort(-found, axis=1, kind="stable")
    sums = np.take_along_axis(found, order, axis=1).cumsum(axis=1)
    if method == "raps":
        sums += PENALTY * np.maximum(np.arange(1, found.shape[1] + 1) - free, 0)
    scores = np.empty_like(sums)
    np.put_along_axis(scores, order, sums, axis=1)
    return scores


def labels_within(p: ArrayLike, method: Method, line: float, free: int = 1) -> NDArray[np.bool_]:
    """Tell which labels score at most `line`; the most probable one always is in.

    Examples
    --------
    >>> labels_within([[0.2, 0.7, 0.1]], "aps", 0.95).tolist()
    [[True, True, False]]
    """
    found = _probabilities(p)
    within: NDArray[np.bool_] = label_scores(found, method, free) <= line + 1e-9
    within[np.arange(len(found)), found.argmax(axis=1)] = True
    return within


def prediction_sets(
    y: ArrayLike,
    p: ArrayLike,
    new: ArrayLike,
    level: float = 0.9,
    *,
    method: Method = "lac",
    weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> NDArray[np.bool_]:
    """Find sets of labels that hold the answers of new rows with a given probability.

    Parameters
    ----------
    y : array_like of int, shape (n,)
        The class codes of rows that the model was not fitted on.
    p : array_like, shape (n, n_classes)
        The probabilities that it gave them.
    new : array_like, shape (m, n_classes)
        The probabilities of new rows.
    level : float
        The share of new rows whose label is to lie in its set.
    method : str
        How labels are scored: see `label_scores`.
    weight : array_like, shape (n,), optional
        How much each row counts.
    groups : array_like of int, shape (n,), optional
        Rows that belong together, when new rows are of new groups.

    Returns
    -------
    ndarray of bool, shape (m, n_classes)
        Whether a label is in the set of a row; no set is empty.

    Raises
    ------
    OptionError
        When the level is not between 0 and 1, or the method is unknown.
    DataError
        When the arrays do not fit together, hold NaN, or are too short for the level.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.dirichlet([1, 1, 1], 1000)
    >>> y = (rng.random((1000, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    >>> prediction_sets(y, p, [[0.98, 0.01, 0.01], [0.4, 0.35, 0.25]]).tolist()
    [[True, False, False], [True, True, True]]
    """
    own = true_scores(y, label_scores(p, method))
    return labels_within(new, method, Scores.of(own, weight, groups).upper(level))


def true_scores(y: ArrayLike, scores: Array) -> Array:
    """Give the score of each row's own label."""
    codes: NDArray[Any] = np.asarray(y)
    if codes.dtype.kind not in "iu" or codes.shape != scores.shape[:1]:
        raise DataError("one class code for each row", f"{codes.dtype} of shape {codes.shape}")
    if len(codes) and (codes.min() < 0 or codes.max() >= scores.shape[1]):
        raise DataError(f"class codes from 0 to {scores.shape[1] - 1}", "others")
    own: Array = scores[np.arange(len(codes)), codes]
    return own
