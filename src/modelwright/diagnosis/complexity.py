"""How a score changes with how much freedom a model has: too little, enough, too much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.findings import Finding, Severity
from modelwright.diagnosis.described import with_parameters
from modelwright.diagnosis.learner import estimator_of
from modelwright.diagnosis.scoring import Folds, Scored, plan_of, score_all, spread_of
from modelwright.evaluate import Metric
from modelwright.pages.numerals import number

__all__ = ["ComplexityCurve", "complexity_curve"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ComplexityCurve(Scored):
    """Scores at several values of one parameter.

    Parameters
    ----------
    scores : tuple of tuple of Score
        For each value, one score a fold.
    metric : str
        What is scored.
    parameter : str
        What is varied.
    values : tuple
        Its values, in the order given.
    seconds : float
        How long it took.
    """

    metric: str
    parameter: str
    values: tuple[object, ...]
    seconds: float

    @property
    def best(self) -> int:
        """The position of the value with the least held-out loss."""
        return int(np.argmin(_finite(self.losses.mean(axis=1))))

    @property
    def simplest(self) -> int:
        """The first position within one standard error of the best (Breiman et al. 1984).

        Values are taken to go from simple to complex; the error is that of the paired difference.
        """
        losses = self.losses
        for place in range(self.best):
            behind = losses[place] - losses[self.best]
            error = float(spread_of(behind[None])[0])
            if behind.mean() <= (error if math.isfinite(error) else 0.0):
                return place
        return self.best

    @property
    def verdict(self) -> Finding:
        """Say which value to take, and what the others suffer from."""
        best, simple = self.best, self.simplest
        mean = self.valid.mean(axis=1)
        said = (
            f"held-out {self.metric} is best at {self.parameter}={self.values[best]!r} "
            f"({number(float(mean[best]))}; {number(float(self.train[best].mean()))} on the rows "
            "that were fitted on)"
        )
        name, last = self.parameter, len(self.values) - 1
        if best == last and last > 0:
            cure = f"try values of {name} beyond {self.values[last]!r}: the best is at the end"
            return Finding("too-simple", Severity.INFO, (), said, cure)
        if best == 0 and last > 0:
            cure = f"try values of {name} before {self.values[0]!r}: the best is at the end"
            return Finding("too-complex", Severity.INFO, (), said, cure)
        cure = f"take {name}={self.values[simple]!r}"
        if simple != best:
            cure += ", the first within one standard error of the best"
        return Finding("best-inside", Severity.INFO, (), said, cure)

    def __str__(self) -> str:
        return f"{self.verdict.evidence}: {self.verdict.cure}"

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "metric": self.metric,
            "parameter": self.parameter,
            "values": [value if _plain(value) else repr(value) for value in self.values],
            "train": self.train.tolist(),
            "valid": self.valid.tolist(),
            "best": self.best,
            "simplest": self.simplest,
            "seconds": self.seconds,
            "verdict": self.verdict.to_json(),
        }


def complexity_curve(
    estimator: Any,
    X: Any,
    y: Any,
    values: Mapping[str, Sequence[Any]],
    *,
    metric: str | Metric | None = None,
    folds: Folds = 5,
    seed: int = 0,
    workers: int | None = None,
) -> ComplexityCurve:
    """Score an estimator at several values of one of its parameters.

    Parameters
    ----------
    estimator : object or str
        With ``fit``, ``predict`` and ``set_params``, or the name of a learner of ours.
    X : array or frame of shape (n_rows, n_columns)
        The rows.
    y : array of shape (n_rows,)
        Their answers: numbers, or labels.
    values : mapping of str to sequence
        One parameter and its values, from simple to complex: ``{"max_depth": [1, 2, 4, 8]}``.
    metric : str or Metric, optional
        What is scored; None: the usual one.
    folds, seed, workers
        As for `learning_curve`.

    Returns
    -------
    ComplexityCurve

    Raises
    ------
    OptionError or DataError
        When an option or the answers cannot be used.

    Examples
    --------
    >>> import modelwright as mw
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(400, 2))
    >>> y = np.sin(6 * X[:, 0]) + rng.normal(0, 0.3, 400)
    >>> depths = {"max_depth": [1, 2, 3, 4, 6, 10]}
    >>> found = mw.complexity_curve(DecisionTreeRegressor(), X, y, depths, workers=0)
    >>> found.verdict.code, 1 < found.values[found.best] < 10
    ('best-inside', True)
    """
    name, listed = _one(values)
    X = X if hasattr(X, "shape") else np.asarray(X)
    base = estimator_of(estimator, X, y)
    named = [with_parameters(base, {name: value}) for value in listed]
    plan = plan_of(named, X, y, metric, folds, seed)
    fits = [(one, train, valid) for one in named for train, valid in plan.folds]
    scores, seconds = score_all(plan, fits, workers)
    count = len(plan.folds)
    rows = tuple(tuple(scores[i : i + count]) for i in range(0, len(scores), count))
    return ComplexityCurve(rows, plan.metric.name, name, tuple(listed), seconds)


def _one(values: Mapping[str, Sequence[Any]]) -> tuple[str, list[Any]]:
    if not isinstance(values, Mapping) or len(values) != 1:
        got = f"{len(values)} parameters" if isinstance(values, Mapping) else repr(values)[:60]
        raise OptionError("one parameter with its values", got, 'write {"max_depth": [1, 2, 4]}')
    ((name, listed),) = values.items()
    if len(listed) < 2:
        raise OptionError(f"two or more values of {name}", repr(list(listed)))
    # numbers of NumPy are shown as those of Python
    return str(name), [one.item() if isinstance(one, np.generic) else one for one in listed]


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.inf)


def _plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)
