"""How far a score could be off because other rows might have come: bootstrap intervals.

Efron and Tibshirani (1993), chapter 13; whole groups are drawn where rows belong together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.flawless import chances_for_error, is_extreme, is_flawless
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.scores.classes import confusion, per_class

__all__ = [
    "ClassIntervals",
    "Interval",
    "Spread",
    "bootstrap",
    "bootstrap_interval",
    "group_codes",
    "per_class_intervals",
    "wilson",
]

Interval = tuple[float, float]
Array = NDArray[np.float64]
Statistic = Callable[[NDArray[np.int64]], Callable[[Array], Array]]
"""Given rows, gives a function from their weights to some figures."""

TAILS = (0.025, 0.975)
ROUNDS = 200
# Fewer rounds than these, or fewer groups, tell too little.
FEWEST_ROUNDS = 50
FEWEST_GROUPS = 5
# The spread is measured on so many rows, and scaled to all of them.
MOST = 2_000
# Where rows come in groups: on so many rows, of at least so many groups if there are as many.
MOST_GROUPED = 8_000
ENOUGH_GROUPS = 40


@dataclass(frozen=True)
class Spread:
    """What some figures come to when rows are drawn again and again.

    Parameters
    ----------
    middle : ndarray of shape (n_figures,)
        The figures of the rows that are drawn from.
    rounds : ndarray of shape (n_rounds, n_figures)
        The figures of each round.
    scale : float
        How much smaller the spread is for all rows than for those that are drawn from.
    """

    middle: Array
    rounds: Array
    scale: float

    def around(self, known: float, figure: int = 0) -> Array:
        """Give the finite rounds of a figure, moved and scaled to its known value."""
        found = self.rounds[:, figure]
        moved: Array = known + self.scale * (found[np.isfinite(found)] - self.middle[figure])
        return moved

    def interval(self, known: float, figure: int = 0) -> Interval:
        """Give the 95 % interval of a figure; NaN when it has a value in too few rounds."""
        found = self.around(known, figure)
        if len(found) < FEWEST_ROUNDS or not math.isfinite(self.middle[figure]):
            return math.nan, math.nan
        low, high = np.quantile(found, TAILS)
        return float(low), float(high)


def bootstrap(
    statistic: Statistic,
    count: int,
    *,
    weight: Array | None = None,
    groups: NDArray[np.int64] | None = None,
    seconds: float = math.inf,
    seed: int = 0,
) -> Spread | None:
    """Draw rows again and again, and see how far some figures spread.

    Parameters
    ----------
    statistic : callable
        Given the positions of rows, gives a function from weights of shape (n_drawn,) to figures
        of shape (n_figures,).
    count : int
        How many rows there are.
    weight : ndarray of shape (count,), optional
        How much each row counts.
    groups : ndarray of int64, shape (count,), optional
        Rows of one group are drawn together.
    seconds : float
        What it may take.
    seed : int
        The only source of randomness.

    Returns
    -------
    Spread or None
        None when there are fewer than 5 rows or groups.

    Examples
    --------
    >>> values = np.arange(100.0)
    >>> spread = bootstrap(lambda rows: lambda w: np.array([w @ values[rows] / w.sum()]), 100)
    >>> low, high = spread.interval(49.5)
    >>> 40 < low < 47 and 52 < high < 59
    True
    """
    deadline = time.monotonic() + seconds
    rng = np.random.default_rng(seed)
    rows, group, scale = _drawn_rows(count, rng) if groups is None else _drawn_groups(groups, rng)
    units = int(group.max(initial=-1)) + 1
    if units < FEWEST_GROUPS:
        return None
    own = np.ones(len(rows)) if weight is None else weight[rows]
    of = statistic(rows)
    middle = of(own)
    rounds = []
    for _ in range(ROUNDS):
        if time.monotonic() >= deadline:
            break
        times = np.bincount(rng.integers(0, units, units), minlength=units)
        rounds.append(of(own * times[group]))
    return Spread(middle, np.array(rounds).reshape(len(rounds), len(middle)), scale)


def bootstrap_interval(
    metric: Metric,
    y: Target,
    p: NDArray[np.float32],
    *,
    weight: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
    known: float | None = None,
    seconds: float = math.inf,
    seed: int = 0,
) -> Interval:
    """Find between which values a score lies with a confidence of 95 %.

    Parameters
    ----------
    metric : Metric
        What is scored.
    y : Target
        The answers of n_rows rows.
    p : ndarray of float32, shape (n_rows, n_outputs)
        Predictions for rows that the model had not seen.
    weight : ndarray of shape (n_rows,), optional
        How much each row counts.
    groups : ndarray of int64, shape (n_rows,), optional
        Rows of one group are drawn together.
    known : float, optional
        The score of all rows, when it is known.
    seconds : float
        What it may take; too little time gives no interval.
    seed : int
        The only source of randomness.

    Returns
    -------
    low, high : float
        Within the range of the metric; NaN when the score has no value, when there are fewer than
        5 groups, or no time. Of many rows the spread of some is measured, and scaled by the square
        root of the numbers drawn from (rows, or groups). Around a score without any error, which
        no drawing changes, it is Wilson's for shares, and NaN for other metrics. It tells of the
        rows that were drawn, not of the spread between fits, nor of what changes with time.

    Examples
    --------
    >>> from modelwright.core.task import TaskKind
    >>> from modelwright.evaluate import find_metric
    >>> rng = np.random.default_rng(0)
    >>> y = Target(rng.normal(size=400))
    >>> rmse = find_metric("rmse", TaskKind.REGRESSION)
    >>> low, high = bootstrap_interval(rmse, y, np.zeros((400, 1), np.float32))
    >>> 0.9 < low < 1 < high < 1.1
    True
    """
    known = metric.score(y, p, weight) if known is None else known
    part = metric.for_part_of(float(len(y) if weight is None else weight.sum()))

    def statistic(rows: NDArray[np.int64]) -> Callable[[Array], Array]:
        answers, said = y.rows(rows), p[rows]
        return lambda own: np.array([part.score(answers, said, own)])

    spread = bootstrap(statistic, len(y), weight=weight, groups=groups, seconds=seconds, seed=seed)
    low, high = (math.nan, math.nan) if spread is None else spread.interval(known)
    if low == high and spread is not None and is_extreme(metric, known, spread.rounds):
        low, high = math.nan, math.nan
    if math.isnan(low) and spread is not None and is_flawless(metric, known, spread.rounds):
        chances = np.array([chances_for_error(metric, y, weight, groups)])
        if chances.all():  # of a class without rows nothing is known
            low, high = (float(end[0]) for end in wilson(np.array([known]), chances))
    return _within(metric, low), _within(metric, high)


def _within(metric: Metric, end: float) -> float:
    """Keep an end inside the range of a metric; NaN stays."""
    return end if math.isnan(end) else min(max(end, metric.least), metric.most)


@dataclass(frozen=True)
class ClassIntervals:
    """95 % intervals of how well each class is recognised; NaN where there is none.

    Parameters
    ----------
    precision, recall, f1 : ndarray of float64, shape (k, 2)
        The low and the high end for each class.
    """

    precision: Array
    recall: Array
    f1: Array


def per_class_intervals(
    y: Target,
    answers: NDArray[np.int64],
    *,
    weight: NDArray[np.float64] | None = None,
    groups: NDArray[np.int64] | None = None,
    seconds: float = math.inf,
) -> ClassIntervals:
    """Find how far precision, recall and F1 of each class could be off.

    Precision and recall are shares of rows, for which Wilson's interval holds even at 0 and 1;
    where rows come in groups, and for F1, rows are drawn again and again. The wider one is given.

    Parameters
    ----------
    y : Target
        The classes of n_rows rows.
    answers : ndarray of int64, shape (n_rows,)
        The decided classes.
    weight, groups, seconds
        As for `bootstrap_interval`.

    Returns
    -------
    ClassIntervals

    Examples
    --------
    >>> y = Target(np.arange(200) % 2, 2)
    >>> found = per_class_intervals(y, np.where(np.arange(200) < 40, 0, y.values))
    >>> low, high = found.recall[1]
    >>> bool(low < 0.8 < high), found.recall[0].round(2).tolist()
    (True, [0.96, 1.0])
    """
    k = y.classes
    whole = per_class(confusion(y.values, answers, k, weight))
    known = np.stack([whole.precision, whole.recall, whole.f1])
    wide = _wilson_of_classes(y, answers, weight, known)
    spread = _spread_of_classes(y, answers, weight, groups, seconds)
    ends = np.full((3 * k, 2), math.nan)
    for figure, value in enumerate(known.ravel()):
        if math.isfinite(value) and spread is not None:
            ends[figure] = np.clip(spread.interval(float(value), figure), 0.0, 1.0)
    drawn = ends.reshape(3, k, 2)
    shares = drawn[:2] if groups is not None else wide  # no need to draw rows one by one
    low = np.fmin(shares[..., 0], wide[..., 0])
    high = np.fmax(shares[..., 1], wide[..., 1])
    if groups is not None and spread is None:  # too few groups to say anything
        low, high = np.full_like(low, math.nan), np.full_like(high, math.nan)
    precision, recall = np.stack([low, high], axis=-1)
    return ClassIntervals(precision, recall, _of_f1(drawn[2], precision, recall))


def _of_f1(drawn: Array, precision: Array, recall: Array) -> Array:
    """Give what was drawn for F1, but where no round had an error, or a hit, what shares tell.

    F1 lies between precision and recall.
    """
    still = drawn[:, 0] == drawn[:, 1]
    ends = np.stack(
        [np.fmin(precision[:, 0], recall[:, 0]), np.fmax(precision[:, 1], recall[:, 1])], axis=-1
    )
    return np.where(still[:, None], ends, drawn)


def _wilson_of_classes(
    y: Target, answers: NDArray[np.int64], weight: Array | None, known: Array
) -> Array:
    """Give Wilson's intervals of precision and recall: shape (2, n_classes, 2)."""
    mass = np.ones(len(y)) if weight is None else weight
    ends = np.full((2, y.classes, 2), math.nan)
    for which, codes in enumerate((answers, y.values)):
        total = np.bincount(codes, mass, y.classes)
        squares = np.bincount(codes, mass**2, y.classes)
        there = squares > 0
        rows = total[there] ** 2 / squares[there]  # as many equal ones would say (Kish 1965)
        ends[which, there] = np.stack(wilson(known[which, there], rows), axis=-1)
    return ends


def wilson(share: Array, rows: NDArray[Any]) -> tuple[Array, Array]:
    """Give the 95 % interval of a share that was observed in so many rows (Wilson 1927).

    Examples
    --------
    >>> low, high = wilson(np.array([0.5]), np.array([100]))
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.404, 0.596)
    """
    z = 1.959964
    centre = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * np.sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def _spread_of_classes(
    y: Target,
    answers: NDArray[np.int64],
    weight: Array | None,
    groups: NDArray[np.int64] | None,
    seconds: float,
) -> Spread | None:
    """Draw rows for precision, recall and F1 of each class, in this order."""
    k = y.classes

    def statistic(rows: NDArray[np.int64]) -> Callable[[Array], Array]:
        true, said = y.values[rows], answers[rows]
        hit = true == said

        def of(own: Array) -> Array:
            right = np.bincount(true[hit], own[hit], k)
            called, there = np.bincount(said, own, k), np.bincount(true, own, k)
            parts = (right / called, right / there, 2 * right / (called + there))
            return np.concatenate(parts)

        return of

    with np.errstate(invalid="ignore", divide="ignore"):
        return bootstrap(statistic, len(y), weight=weight, groups=groups, seconds=seconds)


def group_codes(table: Table) -> NDArray[np.int64] | None:
    """Give the group of each row, shape (n_rows,), to be drawn whole; None when there are none.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("who", Kind.CATEGORY, Role.GROUP),))
    >>> group_codes(Table(pl.DataFrame({"who": ["b", "a", "b", None]}), schema))
    array([2, 1, 2, 0])
    """
    names = table.schema.names(Role.GROUP)
    if not names:
        return None
    return table.frame[names[0]].rank("dense").fill_null(0).cast(pl.Int64).to_numpy()


def _drawn_rows(
    count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Draw rows; each is a group of its own."""
    if count <= MOST:
        return np.arange(count), np.arange(count), 1.0
    rows = np.sort(rng.choice(count, MOST, replace=False))
    return rows, np.arange(MOST), math.sqrt(MOST / count)


def _drawn_groups(
    groups: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Draw whole groups while rows last; only where they are few and large, some of their rows."""
    codes = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes))
    fitting = int(np.searchsorted(np.cumsum(sizes[order]), MOST_GROUPED, side="right"))
    number = min(len(sizes), max(fitting, ENOUGH_GROUPS))
    rows = np.flatnonzero(np.isin(codes, order[:number]))
    if len(rows) > MOST_GROUPED:
        rows = np.sort(rng.choice(rows, MOST_GROUPED, replace=False))
    return rows, np.unique(codes[rows], return_inverse=True)[1], math.sqrt(number / len(sizes))
