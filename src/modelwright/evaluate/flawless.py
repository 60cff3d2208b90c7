"""Scores without a single error, or without a single hit: rows drawn again show no other.

Drawing the same rows again and again never shows what none of them shows. How often it may happen
all the same follows from how many there were: of 48 rows that are all right up to one in 14 of all
rows may be wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.evaluate.metrics import Metric

__all__ = ["chances_for_error", "draw_shares", "is_extreme", "is_flawless"]

_DRAWS = 4_000
# The one of two classes that a metric knows.
_OWN = {"recall": 1, "specificity": 0}


def is_flawless(metric: Metric, score: float, rounds: NDArray[np.float64]) -> bool:
    """Whether a score lies at an end of 0 to 1, and stays there whatever rows are drawn.

    Parameters
    ----------
    metric : Metric
        What is scored.
    score : float
        Of all rows.
    rounds : ndarray of float64
        Scores of rows that were drawn again and again.
    """
    between = metric.least == 0 and metric.most == 1
    return between and is_extreme(metric, score, rounds)


def is_extreme(metric: Metric, score: float, rounds: NDArray[np.float64]) -> bool:
    """Whether a score lies at an end of its range, and stays there whatever rows are drawn.

    Then these rows say nothing of how far others may be from it.

    Parameters
    ----------
    metric, score, rounds
        As of `is_flawless`.
    """
    ends = (metric.least, metric.most)
    return score in ends and bool((rounds[np.isfinite(rounds)] == score).all())


def chances_for_error(
    metric: Metric,
    y: Target,
    weight: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
) -> float:
    """Count what could have shown an error: rows, or groups, of the class that has the fewest.

    One wrong row of a rare class moves all metrics but accuracy as much as many of a common one; of
    two classes recall and specificity know one alone.

    Parameters
    ----------
    metric : Metric
        What is scored.
    y : Target
        The answers of n_rows rows.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts; of uneven ones fewer count (Kish 1965).
    groups : ndarray of int64, shape (n_rows,), optional
        Rows that belong together count once.

    Returns
    -------
    float

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> y = Target(np.repeat([0, 1], [90, 10]), 2)
    >>> names = ("accuracy", "specificity", "balanced_accuracy")
    >>> [chances_for_error(find_metric(name, TaskKind.BINARY), y) for name in names]
    [100.0, 90.0, 10.0]
    """
    every = np.zeros(len(y), np.int64)
    classes = y.values if y.classes and metric.name != "accuracy" else every
    own = np.ones(len(y)) if weight is None else weight
    counts = []
    known = _OWN.get(metric.name) if y.classes == 2 else None
    for one in np.unique(classes) if known is None else [known]:
        of = classes == one
        if groups is not None:
            counts.append(float(len(np.unique(groups[of]))))
        elif own[of].any():
            counts.append(float(own[of].sum() ** 2 / (own[of] ** 2).sum()))
    return min(counts, default=0.0)


def draw_shares(score: float, chances: float, rows: int | None) -> NDArray[np.float64]:
    """Draw the score on fresh rows, after one of 0 or 1.

    The share of errors is drawn from what is left to believe of it (Jeffreys 1946), and fresh rows
    from that.

    Parameters
    ----------
    score : float
        0 or 1.
    chances : float
        How many could have been otherwise.
    rows : int, optional
        How many fresh rows; None: very many.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> round(float(np.quantile(draw_shares(1.0, 48, None), 0.05)), 2)
    0.96
    """
    rng = np.random.default_rng(0)
    share = rng.beta(0.5, chances + 0.5, _DRAWS)
    off = share if rows is None else rng.binomial(rows, share) / rows
    return np.asarray(np.abs(score - off))
