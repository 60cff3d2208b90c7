"""Several labels a row.

`y` is 0 or 1 of shape (n_rows, n_labels), `p` the probability of each label in the same shape, and
`decided` what is answered: 0 or 1, or booleans.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.evaluate.scores.basics import NAN, Array, mean, ratio

__all__ = [
    "coverage_error",
    "hamming_loss",
    "label_ranking_average_precision",
    "label_ranking_loss",
    "multilabel_f1",
    "multilabel_jaccard",
    "subset_accuracy",
]

_Fraction = Callable[[Array, Array, Array], tuple[Array, Array]]

_AVERAGES = ("micro", "macro", "weighted", "samples")


def subset_accuracy(y: Array, decided: Array, weight: Array | None = None) -> float:
    """Give the share of rows all of whose labels are right.

    Examples
    --------
    >>> subset_accuracy(np.array([[1, 0], [1, 1]]), np.array([[1, 0], [0, 1]]))
    0.5
    """
    return mean((_bits(y) == _bits(decided)).all(axis=1), weight)


def hamming_loss(y: Array, decided: Array, weight: Array | None = None) -> float:
    """Give the share of labels that are wrong.

    Examples
    --------
    >>> hamming_loss(np.array([[1, 0], [1, 1]]), np.array([[1, 0], [0, 1]]))
    0.25
    """
    return mean((_bits(y) != _bits(decided)).mean(axis=1), weight)


def multilabel_f1(
    y: Array, decided: Array, weight: Array | None = None, average: str = "macro"
) -> float:
    """Give the balance of precision and recall of labels.

    Parameters
    ----------
    y, decided : ndarray of shape (n_rows, n_labels)
        True and decided labels.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    average : str
        ``"macro"``: the mean over labels; ``"micro"``: over all cells; ``"weighted"``: over labels
        by how often they occur; ``"samples"``: over rows. What is neither true nor decided is 0.

    Raises
    ------
    OptionError
        When there is no such average.

    Examples
    --------
    >>> multilabel_f1(np.array([[1, 0], [1, 1]]), np.array([[1, 0], [0, 1]]), average="micro")
    0.8
    """
    return _averaged(y, decided, weight, average, lambda both, one, two: (2 * both, one + two))


def multilabel_jaccard(
    y: Array, decided: Array, weight: Array | None = None, average: str = "samples"
) -> float:
    """Give the overlap of true and decided labels; parameters as for `multilabel_f1`.

    Examples
    --------
    >>> multilabel_jaccard(np.array([[1, 0], [1, 1]]), np.array([[1, 0], [0, 1]]))
    0.75
    """
    return _averaged(y, decided, weight, average, lambda both, one, two: (both, one + two - both))


def _bits(labels: Array) -> Array:
    return np.asarray(labels) > 0


def _averaged(y: Array, decided: Array, weight: Array | None, average: str, of: _Fraction) -> float:
    if average not in _AVERAGES:
        raise OptionError(
            f"an average: {', '.join(_AVERAGES)}", repr(average), did_you_mean(average, _AVERAGES)
        )
    true, said = _bits(y), _bits(decided)
    own = np.ones(len(true)) if weight is None else weight.astype(np.float64)
    cells = (true & said, true, said)
    if average == "samples":
        over, under = of(*(cell.sum(axis=1).astype(np.float64) for cell in cells))
        return mean(ratio(over, under, 0.0), own)
    both, there, called = (own @ cell for cell in cells)
    if average == "micro":
        over, under = of(both.sum(), there.sum(), called.sum())
        return float(ratio(over, under, 0.0)) if own.sum() > 0 else NAN
    over, under = of(both, there, called)
    shares = there if average == "weighted" else np.ones(len(there))
    return mean(ratio(over, under, 0.0), shares) if own.sum() > 0 else NAN


def _ranks(p: Array, among: Array) -> Array:
    """Count for each label those of `among` that are at least as probable: (n_rows, n_labels)."""
    ranks = np.empty(p.shape)
    for label in range(p.shape[1]):
        ranks[:, label] = ((p >= p[:, [label]]) & among).sum(axis=1)
    return ranks


def label_ranking_average_precision(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the share of true labels among those ranked at least as high, over true labels.

    Tsoumakas, Katakis and Vlahavas (2010). A row of no or of all labels counts 1.

    Examples
    --------
    >>> label_ranking_average_precision(np.array([[1, 0, 0]]), np.array([[0.5, 0.9, 0.1]]))
    0.5
    """
    true = _bits(y)
    each = _ranks(p, true) / _ranks(p, np.ones(p.shape, bool))
    count = true.sum(axis=1)
    found = ratio((each * true).sum(axis=1), count, 1.0)
    return mean(np.where(count == p.shape[1], 1.0, found), weight)


def coverage_error(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give how far down the list of labels one has to go to meet all true ones.

    Tsoumakas, Katakis and Vlahavas (2010). The best is the mean number of true labels.

    Examples
    --------
    >>> coverage_error(np.array([[1, 0, 0]]), np.array([[0.5, 0.9, 0.1]]))
    2.0
    """
    true = _bits(y)
    return mean((_ranks(p, np.ones(p.shape, bool)) * true).max(axis=1), weight)


def label_ranking_loss(y: Array, p: Array, weight: Array | None = None) -> float:
    """Give the share of pairs of a true and another label that are ordered wrongly; ties too.

    A row of no or of all labels counts 0.

    Examples
    --------
    >>> label_ranking_loss(np.array([[1, 0, 0]]), np.array([[0.5, 0.9, 0.1]]))
    0.5
    """
    true = _bits(y)
    wrong = (_ranks(p, ~true) * true).sum(axis=1)
    pairs = true.sum(axis=1) * (~true).sum(axis=1)
    return mean(ratio(wrong, pairs, 0.0), weight)
