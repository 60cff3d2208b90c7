"""Scores of many fits on the folds of one plan: what curves are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.core.seed import Seed
from modelwright.core.task import Target
from modelwright.diagnosis.answers import Answers
from modelwright.diagnosis.fits import Fit, Sources, run_fits
from modelwright.evaluate import Metric, default_metric, find_metric

__all__ = [
    "Folds",
    "Plan",
    "Score",
    "Scored",
    "constant_loss",
    "folds_of",
    "plan_of",
    "score_all",
    "spread_of",
]

Index = NDArray[np.int64]
Array = NDArray[np.float64]
Folds = int | Iterable[tuple[ArrayLike, ArrayLike]]


@dataclass(frozen=True)
class Score:
    """What one fit came to.

    Parameters
    ----------
    train, valid : float
        The score on the rows that it was fitted on, and on the held-out ones.
    train_loss, valid_loss : float
        The same so that lower is better.
    """

    train: float
    valid: float
    train_loss: float
    valid_loss: float


@dataclass(frozen=True)
class Scored:
    """Scores along a curve.

    Parameters
    ----------
    scores : tuple of tuple of Score
        For each point of the curve, one score a fold.
    """

    scores: tuple[tuple[Score, ...], ...]

    @property
    def valid(self) -> Array:
        """Held-out scores, shape (n_points, n_folds)."""
        return np.array([[one.valid for one in row] for row in self.scores])

    @property
    def train(self) -> Array:
        """Scores on the rows that were fitted on, shape (n_points, n_folds)."""
        return np.array([[one.train for one in row] for row in self.scores])

    @property
    def losses(self) -> Array:
        """Held-out losses, shape (n_points, n_folds)."""
        return np.array([[one.valid_loss for one in row] for row in self.scores])

    @property
    def spread(self) -> Array:
        """Standard errors of the mean held-out score over folds, shape (n_points,)."""
        return spread_of(self.valid)


def spread_of(values: Array) -> Array:
    """Give standard errors of means over folds, shape (n,); NaN of a single fold."""
    count = values.shape[1]
    if count < 2:
        return np.full(len(values), math.nan)
    found: Array = values.std(axis=1, ddof=1) / math.sqrt(count)
    return found


@dataclass(frozen=True)
class Plan:
    """What all fits of a curve share.

    Parameters
    ----------
    X : array or frame
        The rows.
    answers : Answers
        Their answers.
    metric : Metric
        What is scored.
    folds : tuple of (ndarray, ndarray)
        Rows to fit on and rows held out.
    probabilities : bool
        Whether estimators are asked for probabilities.
    seed : int
        The root of all randomness.
    """

    X: Any
    answers: Answers
    metric: Metric
    folds: tuple[tuple[Index, Index], ...]
    probabilities: bool
    seed: int


def plan_of(
    estimators: Sequence[Any], X: Any, y: Any, metric: str | Metric | None, folds: Folds, seed: int
) -> Plan:
    """Settle what is scored, and on which rows.

    Raises
    ------
    OptionError or DataError
        When the metric or the folds do not fit the answers.
    """
    answers = Answers.of(y, estimators[0])
    if X.shape[0] != len(answers):
        raise DataError("an answer for each row", f"{X.shape[0]} rows and {len(answers)} answers")
    if metric is None:
        chosen = find_metric(default_metric(answers.kind), answers.kind)
    else:
        chosen = metric if isinstance(metric, Metric) else find_metric(metric, answers.kind)
    probabilities = answers.is_classification and all(
        hasattr(one, "predict_proba") for one in estimators
    )
    return Plan(X, answers, chosen, folds_of(folds, answers, seed), probabilities, seed)


def folds_of(folds: Folds, answers: Answers, seed: int) -> tuple[tuple[Index, Index], ...]:
    """Draw folds, each class in its share; or check those that are given."""
    if not isinstance(folds, int):
        given = tuple((_places(a, answers), _places(b, answers)) for a, b in folds)
        if not given or any(not len(a) or not len(b) for a, b in given):
            raise OptionError("folds with rows to fit on and rows held out", f"{len(given)} folds")
        return given
    if not 2 <= folds <= len(answers):
        raise OptionError(f"2 to {len(answers)} folds", str(folds))
    order = np.random.default_rng(Seed(seed).derive("folds")).permutation(len(answers))
    if answers.is_classification:
        order = order[np.argsort(answers.values[order], kind="stable")]
    fold = np.empty(len(order), np.int64)
    fold[order] = np.arange(len(order)) % folds
    return tuple((np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds))


def _places(rows: ArrayLike, answers: Answers) -> Index:
    """Give positions of rows, which may be told by a truth value for each row, too."""
    found = np.asarray(rows)
    if found.dtype.kind == "b" and found.shape == (len(answers),):
        return np.flatnonzero(found)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        got = f"{found.dtype} of shape {found.shape}"
        raise OptionError("folds of positions of rows, or of a truth value for each row", got)
    if len(found) and not 0 <= found.min() <= found.max() < len(answers):
        got = f"positions from {found.min()} to {found.max()}"
        raise OptionError(f"folds of the rows 0 to {len(answers) - 1}", got)
    return found.astype(np.int64)


def score_all(
    plan: Plan, fits: Sequence[tuple[Any, Index, Index]], workers: int | None
) -> tuple[list[Score], float]:
    """Fit and score.

    Parameters
    ----------
    plan : Plan
        What is shared.
    fits : sequence of (estimator, ndarray, ndarray)
        Each with the rows that it is fitted on and those held out.
    workers : int, optional
        As for `run_fits`.

    Returns
    -------
    scores : list of Score
        One for each fit.
    seconds : float
        How long it took.
    """
    wanted = [
        Fit(estimator, train, valid, Seed(plan.seed).derive("fit", number))
        for number, (estimator, train, valid) in enumerate(fits)
    ]
    sources = Sources(plan.X, plan.answers.given, plan.X, plan.probabilities, own=True)
    done = run_fits(wanted, sources, workers)
    scores = [_scored(plan, fit, said) for fit, said in zip(wanted, done.said, strict=True)]
    return scores, done.seconds


def _scored(plan: Plan, fit: Fit, said: tuple[NDArray[Any], NDArray[Any]]) -> Score:
    pairs = []
    for rows, found in ((fit.train, said[1]), (fit.test, said[0])):
        y, p = plan.answers.target(rows), _shares(plan.answers, found)
        pairs.append((plan.metric.score(y, p), plan.metric.loss(y, p)))
    (train, train_loss), (valid, valid_loss) = pairs
    return Score(train, valid, train_loss, valid_loss)


def _shares(answers: Answers, found: NDArray[Any]) -> NDArray[np.float64]:
    """Give what was said as metrics take it: one column of numbers, or of each class."""
    if not answers.is_classification:
        return found.astype(np.float64)[:, None]
    if found.ndim == 2:
        return found
    certain: NDArray[np.float64] = np.eye(len(answers.classes))[answers.codes(found)]
    return certain


def constant_loss(plan: Plan) -> float:
    """Score one who knows only the answers: their mean, or how frequent classes are."""
    y = Target(plan.answers.values, len(plan.answers.classes))
    if plan.answers.is_classification:
        one = np.bincount(y.values) / len(y)
    else:
        one = np.array([y.values.mean()])
    return plan.metric.loss(y, np.broadcast_to(one, (len(y), len(one))).copy())
