"""How a score grows with rows: whether more are worth it, and when a larger model wins.

The loss of most learners falls with the number of rows like a power, towards what is left for any
number of them (Cortes, Jackel, Solla, Vapnik and Denker, Learning curves: asymptotic values and
rate of convergence, 1993; Hestness et al. 2017). The law is fitted to what was measured and says
what twice as many rows would bring; beyond ten times as many it says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.core.findings import Finding, Severity
from modelwright.core.seed import Seed
from modelwright.diagnosis.answers import Answers
from modelwright.diagnosis.learner import estimator_of
from modelwright.diagnosis.power import Law, fit_law
from modelwright.diagnosis.scoring import (
    Folds,
    Plan,
    Scored,
    constant_loss,
    plan_of,
    score_all,
    spread_of,
)
from modelwright.evaluate import Metric
from modelwright.pages.numerals import number, percent

__all__ = ["Curve", "LearningCurve", "Overtaking", "learning_curve"]

Array = NDArray[np.float64]

SIZES = 6
FEWEST_ROWS = 20
# Twice as many rows have to take away this share of the loss to be called worth it.
WORTH = 0.02
# A law is asked about at most so many times the rows there are.
REACH = 10.0


@dataclass(frozen=True)
class Curve(Scored):
    """The scores of one estimator at growing numbers of rows.

    Parameters
    ----------
    scores : tuple of tuple of Score
        For each size, one score a fold.
    name : str
        Which estimator.
    sizes : tuple of int
        How many rows it was fitted on.
    law : Law, optional
        How the held-out loss falls; None when nothing was fitted.
    perfect : float
        What is added to (a loss) or taken from (a score) to get one from the other: the best score
        of a metric where more is better, else 0.
    rising : bool
        Whether more is better.
    """

    name: str
    sizes: tuple[int, ...]
    law: Law | None
    perfect: float
    rising: bool

    def expected(self, rows: float) -> float:
        """Give the held-out score that is expected at so many rows; NaN when there is no law."""
        return math.nan if self.law is None else self.score(self.law.at(rows))

    def score(self, loss: float) -> float:
        """Turn a loss back into the metric."""
        return self.perfect - loss if self.rising else loss


@dataclass(frozen=True)
class Overtaking:
    """From how many rows on one estimator is better than another.

    Parameters
    ----------
    winner, loser : str
        Which ones.
    rows : float, optional
        From so many on; None: from the fewest that were tried.
    measured : bool
        Whether that lies among the sizes that were tried; else it is read off the laws.
    sure : bool
        Whether, at the largest size, the winner is better by two standard errors of the paired
        difference over folds.
    """

    winner: str
    loser: str
    rows: float | None
    measured: bool
    sure: bool

    def __str__(self) -> str:
        if self.rows is None:
            said = f"{self.winner} is better than {self.loser} at every number of rows tried"
        elif self.measured:
            said = f"{self.winner} is better than {self.loser} from about {_round(self.rows)} rows"
        else:
            said = (
                f"{self.winner} is expected to overtake {self.loser} at about "
                f"{_round(self.rows)} rows"
            )
        return said if self.sure or not self.measured else f"{said}; it may be chance"


@dataclass(frozen=True)
class LearningCurve:
    """Learning curves of one or more estimators on the same rows.

    Parameters
    ----------
    metric : str
        What is scored.
    curves : tuple of Curve
        One an estimator, in the order given.
    overtakings : tuple of Overtaking
        For each pair of which one is, or is expected to be, better with more rows.
    constant : float
        The loss of one who always says the same.
    seconds : float
        How long it took.
    """

    metric: str
    curves: tuple[Curve, ...]
    overtakings: tuple[Overtaking, ...]
    constant: float
    seconds: float

    @property
    def best(self) -> Curve:
        """The curve that is best at the largest size."""
        last = [float(curve.losses[-1].mean()) for curve in self.curves]
        return self.curves[
            int(np.argmin([math.inf if math.isnan(loss) else loss for loss in last]))
        ]

    @property
    def gain(self) -> float:
        """The share of the best estimator's loss that twice as many rows would take away."""
        curve = self.best
        now = float(curve.losses[-1].mean())
        if curve.law is None or now <= 0:
            return 0.0
        return curve.law.doubling(curve.sizes[-1]) / now

    @property
    def verdict(self) -> Finding:
        """Say whether more rows are worth it."""
        curve, rows = self.best, self.best.sizes[-1]
        now = float(curve.valid[-1].mean())
        head = f"{curve.name} with {rows:,} rows: held-out {self.metric} {number(now)}"
        if curve.law is None:
            return Finding("more-rows", Severity.INFO, (), f"{head}; no trend was found", "")
        twice = curve.score(float(curve.losses[-1].mean()) - curve.law.doubling(rows))
        low, high = (curve.score(float(curve.losses[-1].mean()) - g) for g in curve.law.range(rows))
        between = f"between {number(min(low, high))} and {number(max(low, high))}"
        evidence = f"{head}; twice as many are expected to bring {number(twice)} ({between})"
        if self.gain >= WORTH and curve.law.sure(rows):
            cure = f"collect more rows: they take away about {percent(self.gain)} of the loss"
            return Finding("more-rows", Severity.INFO, (), evidence, cure)
        if self.gain >= WORTH:
            cure = "more rows may help; how much is not sure yet"
            return Finding("more-rows", Severity.INFO, (), evidence, cure)
        cure = "more rows of the same kind are not worth much: other columns, a larger model or "
        cure += "better labels are"
        return Finding("enough-rows", Severity.INFO, (), evidence, cure)

    def __str__(self) -> str:
        lines = [f"{self.verdict.evidence}. {self.verdict.cure}."]
        lines += [f"{one}." for one in self.overtakings]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        curves = [
            {
                "name": curve.name,
                "sizes": list(curve.sizes),
                "train": curve.train.tolist(),
                "valid": curve.valid.tolist(),
                "twice": _known(curve.expected(2 * curve.sizes[-1])),
            }
            for curve in self.curves
        ]
        return {
            "metric": self.metric,
            "curves": curves,
            "overtakings": [str(one) for one in self.overtakings],
            "gain_of_doubling": self.gain,
            "seconds": self.seconds,
            "verdict": self.verdict.to_json(),
        }


def learning_curve(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    metric: str | Metric | None = None,
    sizes: Sequence[int] | None = None,
    folds: Folds = 5,
    seed: int = 0,
    workers: int | None = None,
) -> LearningCurve:
    """Score an estimator, or several, fitted on more and more rows.

    Parameters
    ----------
    estimator : object, str, or mapping of str to these
        With ``fit`` and ``predict``, or the name of a learner of ours; of several each has a name
        of its own, and they are compared on the same rows.
    X : array or frame of shape (n_rows, n_columns)
        The rows.
    y : array of shape (n_rows,)
        Their answers: numbers, or labels.
    metric : str or Metric, optional
        What is scored; None: the usual one.
    sizes : sequence of int, optional
        How many rows to fit on; None: six, each time as many again.
    folds : int or iterable of (train, valid)
        How many folds to draw, or rows to fit on and rows held out, such as folds that keep groups
        whole. Fewer rows are always a part of more rows.
    seed : int
        The only source of randomness.
    workers : int, optional
        As for `bias_variance`.

    Returns
    -------
    LearningCurve

    Raises
    ------
    OptionError or DataError
        When an option or the answers cannot be used.

    Examples
    --------
    >>> import modelwright as mw
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(800, 2))
    >>> y = np.sin(6 * X[:, 0]) + rng.normal(0, 0.1, 800)
    >>> both = {"straight": LinearRegression(), "neighbours": KNeighborsRegressor()}
    >>> found = mw.learning_curve(both, X, y, workers=0)
    >>> found.best.name, found.verdict.code, found.overtakings[0].winner
    ('neighbours', 'more-rows', 'neighbours')
    """
    X = X if hasattr(X, "shape") else np.asarray(X)
    named = _named(estimator, X, y)
    plan = plan_of(list(named.values()), X, y, metric, folds, seed)
    steps = _sizes(plan, sizes)
    parts = [_nested(train, plan.answers, steps, seed) for train, _ in plan.folds]
    fits = [
        (one, parts[fold][size], plan.folds[fold][1])
        for one in named.values()
        for size in range(len(steps))
        for fold in range(len(plan.folds))
    ]
    scores, seconds = score_all(plan, fits, workers)
    shape = (len(named), len(steps), len(plan.folds))
    grid = np.array(scores, dtype=object).reshape(shape)
    curves = tuple(_curve(name, steps, grid[i], plan.metric) for i, name in enumerate(named))
    pairs = [_overtaking(one, two) for one, two in combinations(curves, 2)]
    won = tuple(pair for pair in pairs if pair is not None)
    return LearningCurve(plan.metric.name, curves, won, constant_loss(plan), seconds)


def _named(estimator: Any, X: Any, y: Any) -> dict[str, Any]:
    if isinstance(estimator, Mapping):
        if not estimator:
            raise OptionError("at least one estimator", "an empty mapping")
        return {str(name): estimator_of(one, X, y) for name, one in estimator.items()}
    name = estimator if isinstance(estimator, str) else type(estimator).__name__
    return {name: estimator_of(estimator, X, y)}


def _sizes(plan: Plan, sizes: Sequence[int] | None) -> list[int]:
    most = min(len(train) for train, _ in plan.folds)
    if sizes is None:
        if most < 2 * FEWEST_ROWS:
            raise DataError(f"at least {2 * FEWEST_ROWS} rows to fit on", str(most))
        least = max(FEWEST_ROWS, most / 2 ** (SIZES - 1))
        return sorted({int(size) for size in np.geomspace(least, most, SIZES).round()})
    chosen = sorted({int(size) for size in sizes})
    if len(chosen) < 2 or chosen[0] < 2 or chosen[-1] > most:
        cure = "leave sizes out to have them chosen"
        raise OptionError(f"two or more sizes from 2 to {most}", str(list(sizes)), cure)
    return chosen


def _nested(
    train: NDArray[np.int64], answers: Answers, sizes: Sequence[int], seed: int
) -> list[NDArray[np.int64]]:
    """Draw ever larger parts of some rows, each class in its share, one inside the next."""
    order = np.random.default_rng(Seed(seed).derive("sizes")).permutation(len(train))
    if answers.is_classification:  # by turns, so that every beginning holds every class
        codes = answers.values[train[order]]
        counts = np.bincount(codes)
        within = np.empty(len(order))
        for code in np.flatnonzero(counts):
            own = np.flatnonzero(codes == code)
            within[own] = np.arange(len(own)) / len(own)
        order = order[np.argsort(within, kind="stable")]
    return [np.sort(train[order[:size]]) for size in sizes]


def _curve(name: str, sizes: Sequence[int], scores: NDArray[Any], metric: Metric) -> Curve:
    losses = np.array([[one.valid_loss for one in row] for row in scores])
    rows = tuple(tuple(row) for row in scores.tolist())
    rising = metric.greater_is_better
    law = fit_law(np.array(sizes, np.float64), losses)
    return Curve(rows, name, tuple(sizes), law, (metric.best or 0.0) if rising else 0.0, rising)


def _overtaking(one: Curve, two: Curve) -> Overtaking | None:
    """Find which of two is better with many rows, and from where on."""
    behind = one.losses.mean(axis=1) - two.losses.mean(axis=1)  # above 0: the second is better
    if not np.isfinite(behind).all():
        return None
    winner, loser = (two, one) if behind[-1] > 0 else (one, two)
    lead = behind if winner is two else -behind
    paired = loser.losses[-1] - winner.losses[-1]
    error = float(spread_of(paired[None])[0])
    sure = bool(lead[-1] > 2 * error) if math.isfinite(error) else False
    losing = np.flatnonzero(lead <= 0)
    if len(losing):
        last = int(losing[-1])
        if last + 1 == len(lead):
            return None
        logs = np.log(one.sizes[last : last + 2])
        share = -lead[last] / (lead[last + 1] - lead[last])
        return Overtaking(winner.name, loser.name, _power(logs, share), True, sure)
    later = _later(loser, winner)
    if later is not None:
        return Overtaking(loser.name, winner.name, later, False, False)
    return Overtaking(winner.name, loser.name, None, True, sure)


def _power(logs: Array, share: float) -> float:
    return float(np.exp(logs[0] + share * (logs[1] - logs[0])))


def _later(behind: Curve, ahead: Curve) -> float | None:
    """Say at how many rows the one behind is expected to come ahead; None: not in reach."""
    if behind.law is None or ahead.law is None:
        return None
    rows = np.geomspace(behind.sizes[-1], REACH * behind.sizes[-1], 200)
    lead = np.array([ahead.law.at(n) - behind.law.at(n) for n in rows])
    better = np.flatnonzero(lead > 0)
    return float(rows[better[0]]) if len(better) and (lead[better[0] :] > 0).all() else None


def _round(rows: float) -> str:
    digits = max(len(str(int(rows))) - 2, 0)
    return f"{int(round(rows, -digits)):,}"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
