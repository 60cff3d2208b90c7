"""Error taken apart: what is missed on average (bias), and what changes from sample to sample.

A learner is fitted on many resamples of its training rows, and each fit predicts the same other
rows. What all the fits have in common is the main prediction; the error of that is the bias, with
the noise of the answers in it, and how far single fits are from it is the variance.

Sources: Geman, Bienenstock and Doursat, Neural networks and the bias/variance dilemma, 1992
(squared loss); Domingos, A unified bias-variance decomposition, 2000 (0-1 loss; the main prediction
is the class that most fits say); Heskes, Bias/variance decompositions for likelihood-based
estimators, 1998 (log loss; the main prediction is the normalised geometric mean).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOSSES", "Parts", "decompose_log", "decompose_squared", "decompose_zero_one"]

Array = NDArray[np.float64]

LOSSES = ("squared", "0-1", "log_loss")
_TINY = 1e-15


@dataclass(frozen=True)
class Parts:
    """The parts of an expected loss.

    Parameters
    ----------
    loss : float
        The loss of a single fit, averaged over fits and rows.
    bias : float
        The loss of the main prediction; for squared loss the squared bias. The noise of the
        answers is in it: nothing that is predicted can be without it.
    variance : float
        The mean loss of single fits against the main prediction. `loss` is `bias + variance` for
        squared loss and log loss. For 0-1 loss it is `bias + unbiased - biased`.
    unbiased, biased : float
        For 0-1 loss, the variance on rows that the main prediction gets right, where each change
        is an error, and what changes on rows that it gets wrong set right; else `variance` and 0.
    main : ndarray, shape (n_rows,) or (n_rows, n_classes)
        The main predictions.
    """

    loss: float
    bias: float
    variance: float
    unbiased: float
    biased: float
    main: NDArray[np.generic]


def decompose_squared(predictions: Array, y: Array) -> Parts:
    """Take squared loss apart.

    Parameters
    ----------
    predictions : ndarray, shape (n_fits, n_rows)
        Numbers.
    y : ndarray, shape (n_rows,)
        What is true.

    Returns
    -------
    Parts

    Examples
    --------
    >>> found = decompose_squared(np.array([[1.0], [3.0]]), np.array([5.0]))
    >>> found.loss, found.bias, found.variance
    (10.0, 9.0, 1.0)
    """
    main = predictions.mean(axis=0)
    loss = float(np.square(predictions - y).mean())
    variance = float(np.square(predictions - main).mean())
    return Parts(loss, float(np.square(main - y).mean()), variance, variance, 0.0, main)


def decompose_zero_one(predictions: NDArray[np.int64], y: NDArray[np.int64]) -> Parts:
    """Take the share of errors apart.

    Parameters
    ----------
    predictions : ndarray of int64, shape (n_fits, n_rows)
        Class codes from 0.
    y : ndarray of int64, shape (n_rows,)
        The true ones.

    Returns
    -------
    Parts
        Where two classes are said as often, the main prediction is the one of the lower code.

    Examples
    --------
    >>> said = np.array([[0, 1], [0, 1], [1, 0], [0, 1]])
    >>> found = decompose_zero_one(said, np.array([0, 0]))
    >>> found.loss, found.bias, found.variance, found.unbiased, found.biased
    (0.5, 0.5, 0.25, 0.125, 0.125)
    """
    classes = int(max(predictions.max(initial=0), y.max(initial=0))) + 1
    votes = np.stack([(predictions == k).sum(axis=0) for k in range(classes)])
    main = votes.argmax(axis=0)
    wrong = predictions != y
    moved = predictions != main
    right = main == y
    unbiased = float((moved & right).mean())
    biased = float((moved & ~right & ~wrong).mean())
    return Parts(
        float(wrong.mean()), float((~right).mean()), float(moved.mean()), unbiased, biased, main
    )


def decompose_log(probabilities: Array, y: NDArray[np.int64]) -> Parts:
    """Take log loss apart.

    Parameters
    ----------
    probabilities : ndarray, shape (n_fits, n_rows, n_classes)
        Rows sum to 1; none counts as less than 1e-15.
    y : ndarray of int64, shape (n_rows,)
        Class codes from 0.

    Returns
    -------
    Parts

    Examples
    --------
    >>> p = np.array([[[0.9, 0.1]], [[0.5, 0.5]]])
    >>> found = decompose_log(p, np.array([0]))
    >>> round(found.loss, 4), round(found.bias + found.variance, 4), found.main.round(2).tolist()
    (0.3993, 0.3993, [[0.75, 0.25]])
    """
    logs = np.log(np.clip(probabilities, _TINY, None))
    mean = logs.mean(axis=0)
    top = mean.max(axis=1, keepdims=True)
    norm = top[:, 0] + np.log(np.exp(mean - top).sum(axis=1))
    rows = np.arange(len(y))
    loss = float(-logs[:, rows, y].mean())
    bias = float((norm - mean[rows, y]).mean())
    variance = float(-norm.mean())
    return Parts(loss, bias, variance, variance, 0.0, np.exp(mean - norm[:, None]))
