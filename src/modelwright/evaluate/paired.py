"""Whether one model is better than another, judged on the same rows.

Both models meet the same easy and hard rows, so their difference is far surer than either score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.task import Target
from modelwright.evaluate.decisions import Decision
from modelwright.evaluate.intervals import FEWEST_ROUNDS, TAILS, bootstrap
from modelwright.evaluate.metrics import Metric

__all__ = [
    "DeLong",
    "McNemar",
    "Paired",
    "ResampledT",
    "Said",
    "corrected_resampled_t",
    "delong",
    "mcnemar",
    "paired_bootstrap",
]

Array = NDArray[np.float64]
# Up to so many rows on which two models differ, the chances of each count are summed.
_EXACT = 1_000


@dataclass(frozen=True)
class Said:
    """What one model says of the rows.

    Parameters
    ----------
    p : ndarray of float32, shape (n_rows, n_outputs)
        Its probabilities or numbers.
    decision : Decision, optional
        How it answers; None: as each metric's own rule says.
    """

    p: NDArray[np.float32]
    decision: Decision | None = None

    def judged(self, metric: Metric) -> Metric:
        """Give a metric that judges what this model answers."""
        return metric if self.decision is None else metric.decided_by(self.decision)


@dataclass(frozen=True)
class Paired:
    """Two scores on the same rows, and how sure their difference is.

    Parameters
    ----------
    metric : str
        What is scored.
    one, other : float
        The scores.
    low, high : float
        The 95 % interval of `other` - `one`; NaN when it could not be found.
    better : float
        The chance that `other` is the better one: the share of rounds in which it is; NaN when it
        could not be found.
    """

    metric: str
    one: float
    other: float
    low: float
    high: float
    better: float

    @property
    def difference(self) -> float:
        """How much more the other scores."""
        return self.other - self.one


def paired_bootstrap(
    metrics: Sequence[Metric],
    y: Target,
    one: Said,
    other: Said,
    *,
    weight: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
    seconds: float = math.inf,
    seed: int = 0,
) -> tuple[Paired, ...]:
    """Score two models on the same rows, drawn again and again (Efron and Tibshirani 1993).

    Parameters
    ----------
    metrics : sequence of Metric
        What is scored.
    y : Target
        The answers of n_rows rows.
    one, other : Said
        What the models say of them.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    groups : ndarray of int64, shape (n_rows,), optional
        Rows of one group are drawn together.
    seconds : float
        What it may take.
    seed : int
        The only source of randomness.

    Returns
    -------
    tuple of Paired
        One for each metric.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=300)
    >>> near, far = (Said((y + e * rng.normal(size=300))[:, None]) for e in (0.1, 1.0))
    >>> rmse = find_metric("rmse", TaskKind.REGRESSION)
    >>> found, = paired_bootstrap([rmse], Target(y), far, near)
    >>> found.high < 0, found.better
    (True, 1.0)
    """
    whole = float(len(y) if weight is None else weight.sum())
    pairs = [(one.judged(metric), other.judged(metric)) for metric in metrics]
    parts = [tuple(metric.for_part_of(whole) for metric in pair) for pair in pairs]

    def statistic(rows: NDArray[np.int64]) -> Callable[[Array], Array]:
        answers, first, second = y.rows(rows), one.p[rows], other.p[rows]

        def of(own: Array) -> Array:
            return np.array(
                [b.score(answers, second, own) - a.score(answers, first, own) for a, b in parts]
            )

        return of

    spread = bootstrap(statistic, len(y), weight=weight, groups=groups, seconds=seconds, seed=seed)
    found = []
    for place, (a, b) in enumerate(pairs):
        scores = a.score(y, one.p, weight), b.score(y, other.p, weight)
        rounds = np.empty(0) if spread is None else spread.around(scores[1] - scores[0], place)
        found.append(Paired(a.name, *scores, *_read(rounds, a.greater_is_better)))
    return tuple(found)


def _read(rounds: Array, greater_is_better: bool) -> tuple[float, float, float]:
    """Give the ends of an interval, and how often the difference is for the better."""
    rounds = rounds[np.isfinite(rounds)]
    if len(rounds) < FEWEST_ROUNDS:
        return math.nan, math.nan, math.nan
    gained = rounds if greater_is_better else -rounds
    better = float((gained > 0).mean() + (gained == 0).mean() / 2)
    low, high = np.quantile(rounds, TAILS)
    return float(low), float(high), better


@dataclass(frozen=True)
class DeLong:
    """Two areas under ROC curves on the same rows.

    Parameters
    ----------
    one, other : float
        The areas.
    low, high : float
        The 95 % interval of `other` - `one`.
    p_value : float
        How often equal models would differ as much, or more; 1 when the areas always agree.
    """

    one: float
    other: float
    low: float
    high: float
    p_value: float


def delong(y: NDArray[Any], one: NDArray[Any], other: NDArray[Any]) -> DeLong:
    """Compare two areas under ROC curves (DeLong, DeLong and Clarke-Pearson 1988).

    By mid-ranks, as Sun and Xu (2014) found: n log n. Rows are independent of each other; for rows
    in groups, or with weights, `paired_bootstrap` is right.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        1 is positive.
    one, other : ndarray of shape (n_rows,) or (n_rows, 2)
        The probabilities of two models.

    Returns
    -------
    DeLong

    Raises
    ------
    OptionError
        When there are fewer than 2 positives or negatives.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1, 1, 1])
    >>> found = delong(y, np.array([0.1, 0.5, 0.2, 0.4, 0.6, 0.8]), np.array([1, 2, 3, 4, 5, 6]))
    >>> round(found.one, 4), found.other, round(found.p_value, 3)
    (0.8889, 1.0, 0.48)
    """
    positive = np.asarray(y) == 1
    m, n = int(positive.sum()), int((~positive).sum())
    if min(m, n) < 2:
        got = f"{m} positives and {n} negatives"
        raise OptionError("at least 2 positives and 2 negatives", got, "bring more rows")
    found = [_placements(positive, p if p.ndim == 1 else p[:, -1]) for p in (one, other)]
    first, second = (float(hits.mean()) for hits, _ in found)
    hits, misses = (np.cov(np.stack([found[0][i], found[1][i]])) for i in (0, 1))
    spread = hits / m + misses / n
    variance = float(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1])
    difference = second - first
    error = math.sqrt(max(variance, 0.0))
    if error < 1e-12:
        return DeLong(
            first, second, difference, difference, 1.0 if abs(difference) < 1e-12 else 0.0
        )
    reach = 1.959963984540054 * error
    p_value = math.erfc(abs(difference) / error / math.sqrt(2))
    return DeLong(first, second, difference - reach, difference + reach, p_value)


def _placements(positive: NDArray[np.bool_], p: NDArray[Any]) -> tuple[Array, Array]:
    """Give for each positive the share of negatives below; for each negative, positives above."""
    m, n = int(positive.sum()), int((~positive).sum())
    ranks = _mid_ranks(p)
    hits = (ranks[positive] - _mid_ranks(p[positive])) / n
    misses = 1 - (ranks[~positive] - _mid_ranks(p[~positive])) / m
    return hits, misses


def _mid_ranks(values: NDArray[Any]) -> Array:
    """Rank from 1 on; equal values share the middle of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Array = (last - (counts - 1) / 2)[place]
    return ranks


@dataclass(frozen=True)
class McNemar:
    """On how many rows only one of two models is right.

    Parameters
    ----------
    only_one, only_other : int
        Rows that only the one, or only the other decides rightly.
    p_value : float
        How often equal models would differ as much, or more.
    """

    only_one: int
    only_other: int
    p_value: float


def mcnemar(y: NDArray[Any], one: NDArray[Any], other: NDArray[Any]) -> McNemar:
    """Compare the accuracy of two models on the same rows (McNemar 1947).

    Exact up to 1,000 rows on which only one is right; of more, the chi-square approximation with
    its continuity correction (Edwards 1948). Rows are independent of each other.

    Parameters
    ----------
    y, one, other : ndarray of shape (n_rows,)
        The true classes, and those decided by two models.

    Returns
    -------
    McNemar

    Examples
    --------
    >>> y = np.ones(10)
    >>> mcnemar(y, np.array([0] * 6 + [1] * 4), y)
    McNemar(only_one=0, only_other=6, p_value=0.03125)
    """
    right, rights = np.asarray(one) == np.asarray(y), np.asarray(other) == np.asarray(y)
    b, c = int((right & ~rights).sum()), int((rights & ~right).sum())
    if b + c <= _EXACT:
        tail = sum(math.comb(b + c, i) for i in range(min(b, c) + 1))
        return McNemar(b, c, min(1.0, 2 * tail / 2 ** (b + c)))
    statistic = max(abs(b - c) - 1, 0) ** 2 / (b + c)
    return McNemar(b, c, math.erfc(math.sqrt(statistic / 2)))


@dataclass(frozen=True)
class ResampledT:
    """The difference of two models over the rounds of a cross-validation.

    Parameters
    ----------
    difference : float
        The mean of `other` - `one`.
    t : float
        That, in standard errors.
    p_value : float
        How often equal models would differ as much, or more.
    """

    difference: float
    t: float
    p_value: float


def corrected_resampled_t(
    one: Sequence[float], other: Sequence[float], *, train: float, valid: float
) -> ResampledT:
    """Compare the scores of two models over the same rounds of a cross-validation.

    The rounds share training rows, so that the usual t-test is far too sure; its variance is
    corrected for that (Nadeau and Bengio 2003).

    Parameters
    ----------
    one, other : sequence of float
        The scores of two models, round by round.
    train, valid : float
        How many rows each round is fitted on, and scored on.

    Returns
    -------
    ResampledT

    Raises
    ------
    OptionError
        When there are fewer than 2 rounds, or not as many of both.

    Examples
    --------
    >>> found = corrected_resampled_t([0.80, 0.82, 0.81], [0.83, 0.84, 0.85], train=80, valid=20)
    >>> round(found.difference, 3), round(found.t, 2), round(found.p_value, 3)
    (0.03, 3.93, 0.059)
    """
    if len(one) != len(other) or len(one) < 2:
        got = f"{len(one)} and {len(other)}"
        raise OptionError("as many scores of both models, at least 2", got)
    if not (train > 0 and valid > 0):
        raise OptionError("rows to fit and to score", f"{train:g} and {valid:g}")
    gaps = np.asarray(other, np.float64) - np.asarray(one, np.float64)
    mean, variance = float(gaps.mean()), float(gaps.var(ddof=1))
    error = math.sqrt((1 / len(gaps) + valid / train) * variance)
    if error <= 1e-15 * max(abs(mean), 1.0):
        return ResampledT(mean, math.copysign(math.inf, mean) if mean else 0.0, float(mean == 0))
    t = mean / error
    return ResampledT(mean, t, _two_sided(t, len(gaps) - 1))


def _two_sided(t: float, freedom: int) -> float:
    """Give Student's chance of a value as far from 0 (Abramowitz and Stegun 26.7.3, 26.7.4)."""
    angle = math.atan(abs(t) / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for step in range(1, freedom, 2):
        total += term
        term *= square * (step + odd) / (step + odd + 1)
    inside = math.sin(angle) * total
    if odd:
        inside = 2 / math.pi * (angle + inside)
    return max(0.0, 1.0 - inside)
