"""What decides which model is better."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate.amount import Amount
from modelwright.evaluate.decisions import Best, Decision

__all__ = ["Decided", "Metric", "MetricFunction", "Needs", "TopRows", "metric"]

PYTHON = "python:"
"""What stands before the name of a metric whose formula is a Python function of the user's."""

TableFunction = Callable[[NDArray[Any]], NDArray[Any]]
RowsFunction = Callable[[NDArray[Any], NDArray[Any], NDArray[Any] | None, float], float]


class MetricFunction(Protocol):
    """A score of predictions, from plain arrays."""

    def __call__(
        self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None = None, /
    ) -> float:
        """Score predictions `p` of shape (n_rows, n_outputs) for answers `y` of shape (n_rows,)."""
        ...


@dataclass(frozen=True)
class Decided:
    """A score of decisions: of the table of true and decided classes.

    Parameters
    ----------
    formula : callable
        From tables of shape (..., k, k) to scores.
    decision : Decision
        How probabilities become decisions.
    """

    formula: TableFunction
    decision: Decision

    def __call__(
        self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None = None, /
    ) -> float:
        """Score what is decided."""
        table = self.decision.table(y, p, weight)
        return float(self.formula(table)) if table.sum() > 0 else math.nan


@dataclass(frozen=True)
class TopRows:
    """A score of the most probable rows.

    Parameters
    ----------
    formula : callable
        Of answers, predictions, weights and the number of rows that are taken.
    amount : Amount
        That number, or a share.
    """

    formula: RowsFunction
    amount: Amount

    def __call__(
        self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None = None, /
    ) -> float:
        """Score the rows that are taken."""
        whole = float(len(y) if weight is None else weight.sum())
        return self.formula(y, p, weight, self.amount.of(whole)) if whole > 0 else math.nan


@dataclass(frozen=True)
class Needs:
    """What a metric asks of the answers.

    Parameters
    ----------
    words : str
        Such as "at or above zero".
    met : callable
        Says of each answer whether it is so.
    cure : str
        What to take instead.
    """

    words: str
    met: Callable[[NDArray[Any]], NDArray[np.bool_]]
    cure: str


@dataclass(frozen=True)
class Metric:
    """A way to say how good predictions are.

    Parameters
    ----------
    name : str
        How it is written on the command line, parameters included.
    kinds : frozenset of TaskKind
        The tasks that it can judge.
    greater_is_better : bool
        Whether more is better.
    function : MetricFunction
        The formula.
    least, most : float
        Between them lies every score.
    needs : Needs, optional
        What it asks of the answers.
    smooth : bool
        Whether a small change of the predictions changes it a little: else another metric says
        when a growing model stops growing.

    Examples
    --------
    >>> from modelwright.evaluate import find_metric
    >>> accuracy = find_metric("accuracy", TaskKind.BINARY)
    >>> y, p = Target(np.array([0, 1]), classes=2), np.array([[0.9, 0.1], [0.8, 0.2]])
    >>> accuracy.score(y, p), accuracy.loss(y, p)
    (0.5, 0.5)
    """

    name: str
    kinds: frozenset[TaskKind]
    greater_is_better: bool
    function: MetricFunction
    least: float = 0.0
    most: float = 1.0
    needs: Needs | None = None
    smooth: bool = True

    @property
    def best(self) -> float | None:
        """The score of perfect predictions; None where that is a matter of the data."""
        end = self.most if self.greater_is_better else self.least
        return end if math.isfinite(end) else None

    @property
    def decision(self) -> Decision | None:
        """How it turns probabilities into decisions; None when it judges the probabilities."""
        return self.function.decision if isinstance(self.function, Decided) else None

    @property
    def recomputable(self) -> bool:
        """Whether its name is enough to compute it again: not that of a Python function."""
        return not self.name.startswith(PYTHON)

    def decided_by(self, decision: Decision) -> Metric:
        """Judge the decisions of another rule; a capacity is part of the metric, and stays."""
        if not isinstance(self.function, Decided) or isinstance(self.function.decision, Best):
            return self
        return replace(self, function=replace(self.function, decision=decision))

    def for_part_of(self, rows: float) -> Metric:
        """Give the same for a part of so many rows: a number of rows becomes a share of them."""
        if isinstance(self.function, TopRows):
            amount = self.function.amount.as_share(rows)
            return replace(self, function=replace(self.function, amount=amount))
        if isinstance(self.decision, Best):
            best = Best(self.decision.capacity.as_share(rows))
            return replace(self, function=replace(self.function, decision=best))  # type: ignore[type-var]
        return self

    def score(self, y: Target, p: NDArray[Any], weight: NDArray[np.float64] | None = None) -> float:
        """Score predictions.

        Parameters
        ----------
        y : Target
            The answers of n_rows rows.
        p : ndarray of shape (n_rows, n_outputs)
            Probabilities in class order, or one column of numbers.
        weight : ndarray of shape (n_rows,), optional
            How much each row counts; above or equal zero.

        Returns
        -------
        float
            NaN where the metric has no value: no rows, predictions that are not finite, or one
            class only for a metric that compares classes; `why_none` says which.
        """
        if len(y) == 0 or not np.isfinite(p).all():
            return math.nan
        return float(self.function(y.values, p, weight))

    def loss(self, y: Target, p: NDArray[Any], weight: NDArray[np.float64] | None = None) -> float:
        """Score so that lower is always better; parameters as in `score`.

        0 is perfect where there is a best score; without one (a profit) it is the negative score.
        """
        score = self.score(y, p, weight)
        return (self.best or 0.0) - score if self.greater_is_better else score

    def on(
        self, y: Target, weight: NDArray[np.float64] | None = None
    ) -> Callable[[NDArray[Any], NDArray[np.int64]], float]:
        """Give the loss of predictions for some of these rows, as a function of both.

        Parameters
        ----------
        y : Target
            The answers of all rows.
        weight : ndarray of shape (n_rows,), optional
            How much each row counts.

        Returns
        -------
        callable
            From predictions of shape (n, n_outputs) and the positions of their rows, shape (n,).
        """

        def loss(p: NDArray[Any], rows: NDArray[np.int64]) -> float:
            return self.loss(y.rows(rows), p, None if weight is None else weight[rows])

        return loss

    def suits(self, y: Target) -> bool:
        """Whether the answers are what it needs."""
        return self.needs is None or bool(self.needs.met(y.values).all())

    def why_none(
        self, y: Target, p: NDArray[Any], weight: NDArray[np.float64] | None = None
    ) -> str:
        """Say in a few words why there is no score; parameters as in `score`."""
        if len(y) == 0:
            return "there are no rows"
        strange = int((~np.isfinite(p)).any(axis=1).sum())
        if strange:
            return f"rows with a prediction that is no finite number: {strange:,}"
        if weight is not None and not weight.sum() > 0:
            return "all weights are zero"
        if self.needs is not None and not self.suits(y):
            return f"it needs answers {self.needs.words}; {self.needs.cure}"
        counted = y.values if weight is None else y.values[weight > 0]
        if len(np.unique(counted)) == 1:
            return "all answers are of one class" if y.classes else "all answers are equal"
        return "it has no value for these rows"


@dataclass(frozen=True)
class _Plain:
    """A user's function of plain arrays."""

    name: str
    function: MetricFunction

    def __call__(
        self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None = None, /
    ) -> float:
        flat = p[:, -1] if p.shape[1] <= 2 else p
        try:
            with warnings.catch_warnings():  # 0 / 0 is NaN, which is an answer
                warnings.simplefilter("ignore", RuntimeWarning)
                return float(self.function(y, flat, weight))
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            cure = "it is called with (y, p, weight), weight an array or None"
            raise OptionError(f"a number from the metric {self.name!r}", got, cure) from error


def metric(name: str, function: MetricFunction, *, greater_is_better: bool = True) -> Metric:
    """Make a metric of a Python function, for `fit` and `Model.evaluate`.

    Parameters
    ----------
    name : str
        How it is called on the leaderboard.
    function : callable
        Called with ``(y, p, weight)``. `y`: class codes in the order of the model's classes, of
        shape (n_rows,), or numbers. `p`: the probability of the positive class of two, of shape
        (n_rows,); probabilities of shape (n_rows, n_classes) of more; or numbers of shape
        (n_rows,). `weight`: how much each row counts, or None. Gives one number; NaN: no value.
    greater_is_better : bool
        Whether more is better.

    Returns
    -------
    Metric
        Its name begins with ``python:``: a model file keeps that name, never the function, so
        that whoever opens the file cannot compute it again without it.

    Raises
    ------
    OptionError
        When the name is empty.

    Examples
    --------
    >>> def within(y, p, weight):
    ...     return float(np.average(abs(y - p) < 1, weights=weight))
    >>> metric("within one", within).score(Target(np.array([1.0, 5.0])), np.array([[1.5], [9.0]]))
    0.5
    """
    if not name.strip():
        raise OptionError("a name for the metric", "an empty one")
    plain = _Plain(name.strip(), function)
    kinds = frozenset(TaskKind)
    return Metric(
        PYTHON + name.strip(), kinds, greater_is_better, plain, least=-math.inf, most=math.inf
    )
