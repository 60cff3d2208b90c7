"""The folds of a case, fitted and asked while they are watched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.splits import Fold
from modelwright.leaks.case import Case, sides, take
from modelwright.leaks.marks import Known, marks
from modelwright.leaks.watch import Call, Watch

__all__ = ["Executed", "Ran", "execute", "known_rows", "run_fold"]

_MOST_FOLDS = 5


@dataclass(frozen=True)
class Ran:
    """One fold, fitted and asked.

    Parameters
    ----------
    fold : Fold
        Its rows.
    fitted : object
        The estimator, fitted on the fold's training rows.
    said : ndarray of float64, shape (n_valid, n_outputs)
        What it says of the scored rows.
    fitting, asking : tuple of Call
        What was called during the fit, and when it was asked.
    """

    fold: Fold
    fitted: Any
    said: NDArray[np.float64]
    fitting: tuple[Call, ...]
    asking: tuple[Call, ...]


@dataclass(frozen=True)
class Executed:
    """The folds that were executed.

    Parameters
    ----------
    case : Case
        What is audited.
    estimator : object
        As it was given.
    ran : tuple of Ran
        At least one; of many folds, some spread over all.
    seconds : float
        How long a fold takes.
    """

    case: Case
    estimator: Any
    ran: tuple[Ran, ...]
    seconds: float

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows that were scored, fold after fold."""
        return np.concatenate([one.fold.valid for one in self.ran])

    @property
    def said(self) -> NDArray[np.float64]:
        """What was said of them."""
        return np.concatenate([one.said for one in self.ran])

    @property
    def score(self) -> float:
        """The score that a user would see."""
        return self.case.score(self.rows, self.said)

    @property
    def steps(self) -> tuple[str, ...]:
        """The classes of the steps that were fitted."""
        calls = (call for one in self.ran for call in one.fitting if call.learns)
        return tuple(dict.fromkeys(call.step for call in calls))


def known_rows(case: Case, fold: Fold) -> Known:
    """Make the rows of a case recognisable: a row that is fitted on comes before one like it."""
    known = Known()
    found = marks(case.X)
    if found is not None:
        side = sides(fold, len(case))
        for rows in (fold.train, np.flatnonzero(side == 2), np.flatnonzero(side == 0)):
            known.add(found[rows], rows)
    return known


def run_fold(case: Case, estimator: Any, fold: Fold, y: Any = None, X: Any = None) -> Ran:
    """Fit a copy on the training rows of a fold, and ask it about the scored ones, watched.

    Parameters
    ----------
    case : Case
        The rows.
    estimator : object
        Not changed.
    fold : Fold
        Its rows.
    y : array, shape (n_train,), optional
        Other answers to fit on.
    X : array or frame, optional
        Other rows to be asked about, in place of the scored ones.
    """
    known = known_rows(case, fold)
    with Watch(known) as fitting:
        fitted = case.fit(estimator, fold.train, y)
    with Watch(known) as asking:
        said = case.ask(fitted, take(case.X, fold.valid) if X is None else X)
    return Ran(fold, fitted, said, tuple(fitting.calls), tuple(asking.calls))


def execute(case: Case, estimator: Any) -> Executed:
    """Run the folds of a case; of more than five, five spread over all.

    Raises
    ------
    DataError
        When the estimator says of a row what is no number.
    """
    count = len(case.folds)
    chosen = sorted({int(i) for i in np.linspace(0, count - 1, min(count, _MOST_FOLDS))})
    began = time.monotonic()
    ran = tuple(run_fold(case, estimator, case.folds[i]) for i in chosen)
    lost = sum(int((~np.isfinite(one.said).all(axis=1)).sum()) for one in ran)
    if lost:
        raise DataError(
            "predictions that are numbers",
            f"NaN or infinity for {lost:,} of the scored rows",
            "fill missing values in a step of the pipeline, or scale what overflows",
        )
    return Executed(case, estimator, ran, (time.monotonic() - began) / len(ran))
