"""Inner splits: predictions of training rows by models that did not see them.

A model that combines others learns from what they say of rows that they were not fitted on. Which
rows those are is no free choice: rows of one group stay together, and in time only what came
before is fitted on. So the plan is the one of `modelwright.evaluate.choose_splitter`, made from
the groups and the order that `fit` was given.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_consistent_length, get_tags
from sklearn.utils.validation import (
    _check_sample_weight,
    _check_y,
    _num_samples,
    has_fit_parameter,
    validate_data,
)

from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.splits import Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import choose_splitter, find_metric

__all__ = [
    "Honest",
    "Rows",
    "answers",
    "checked",
    "entered",
    "fit_member",
    "out_of_fold",
    "plan",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Training rows, and what belongs to them.

    Parameters
    ----------
    X : array or frame of shape (n_rows, n_columns)
        The features.
    y : Target
        Numbers, or codes of classes.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts.
    groups : ndarray of shape (n_rows,), optional
        Rows of one group stay on one side of every split.
    order : ndarray of float64, shape (n_rows,), optional
        When each row was; models are asked about later rows than they were fitted on.
    """

    X: Any
    y: Target
    weight: Floats | None = None
    groups: NDArray[Any] | None = None
    order: Floats | None = None

    @classmethod
    def of(cls, X: Any, y: Target, weight: Any, groups: Any, order: Any) -> Rows:
        """Check what `fit` was given; raises ValueError when lengths differ."""
        if weight is not None:
            weight = _check_sample_weight(weight, X, dtype=np.float64)
        if groups is not None:
            groups = np.unique([str(group) for group in groups], return_inverse=True)[1]
        if order is not None:
            order = np.asarray(order)
            if order.dtype.kind == "M":
                order = order.astype("datetime64[us]").astype(np.int64)
            order = order.astype(np.float64)
        check_consistent_length(X, groups, order)
        return cls(X, y, weight, groups, order)

    def at(self, index: NDArray[np.int64]) -> Rows:
        """Give the rows at these positions."""
        weight, groups, order = (
            None if part is None else part[index] for part in (self.weight, self.groups, self.order)
        )
        return Rows(_safe_indexing(self.X, index), self.y.rows(index), weight, groups, order)

    def among(self, X: Any) -> Rows:
        """Give the same rows with other features."""
        return Rows(X, self.y, self.weight, self.groups, self.order)

    def loss(self, p: NDArray[Any], index: NDArray[np.int64]) -> float:
        """Judge predictions of some rows: log loss, or root mean squared error."""
        y, weight = self.y.rows(index), None if self.weight is None else self.weight[index]
        kind = TaskKind.REGRESSION
        if y.classes:
            kind = TaskKind.BINARY if y.classes == 2 else TaskKind.MULTICLASS
        metric = find_metric("log_loss" if y.classes else "rmse", kind)
        return metric.loss(y, p, weight)


def entered(estimator: Any, X: Any, y: Any) -> tuple[Any, NDArray[Any]]:
    """Check rows and answers as scikit-learn wants it; frames pass as they are."""
    if hasattr(X, "columns") and hasattr(X, "shape"):
        validate_data(estimator, X, y, skip_check_array=True)
        y = _check_y(y, estimator=estimator)
        check_consistent_length(X, y)
        return X, np.asarray(y)
    found, y = validate_data(
        estimator, X, y, dtype=None, ensure_all_finite=_finite(estimator), ensure_min_samples=2
    )
    return found, np.asarray(y)


def checked(estimator: Any, X: Any) -> Any:
    """Check rows that are to be predicted."""
    frame = hasattr(X, "columns") and hasattr(X, "shape")
    if frame:
        validate_data(estimator, X, skip_check_array=True, reset=False)
        return X
    finite = _finite(estimator)
    return validate_data(estimator, X, dtype=None, ensure_all_finite=finite, reset=False)


def _finite(estimator: Any) -> bool | str:
    return "allow-nan" if get_tags(estimator).input_tags.allow_nan else True


def plan(rows: Rows, *, folds: int | None = None, repeats: int = 1, seed: int = 0) -> Splits:
    """Plan the folds that rows with such groups, in such an order, ask for.

    Parameters
    ----------
    rows : Rows
        The training rows.
    folds : int, optional
        How many; None: by the number of rows. At least two are made.
    repeats : int
        How many times they are drawn.
    seed : int
        Of what is drawn.

    Returns
    -------
    Splits

    Examples
    --------
    >>> y = Target(np.arange(12) % 2, classes=2)
    >>> whole = plan(Rows(np.zeros((12, 1)), y, groups=np.arange(12) // 3), folds=4)
    >>> whole.kind, sorted(fold.valid.tolist() for fold in whole.folds)[0]
    ('group k-fold', [0, 1, 2])
    """
    columns, data = [], {}
    if rows.groups is not None:
        columns.append(Column("group", Kind.ID, Role.GROUP))
        data["group"] = pl.Series(rows.groups).cast(pl.String)
    if rows.order is not None:
        columns.append(Column("order", Kind.NUMBER, Role.ORDER))
        data["order"] = pl.Series(rows.order)
    columns.append(Column("row", Kind.NUMBER))
    data["row"] = pl.Series(np.arange(len(rows.y), dtype=np.float64))
    table = Table(pl.DataFrame(data), Schema(tuple(columns)))
    most = max(folds or _folds(len(rows.y)), 2)
    chosen = choose_splitter(table, rows.y, folds=min(most, len(rows.y)), repeats=repeats)
    return chosen.split(table, rows.y, seed=seed)


def _folds(rows: int) -> int:
    return 10 if rows <= 500 else 8 if rows <= 2_000 else 5 if rows <= 50_000 else 3


def fit_member(member: Any, rows: Rows) -> Any:
    """Fit a copy of a member, with the weights, groups and order that it takes.

    Raises
    ------
    ValueError
        When rows have weights, and the member takes none.
    """
    copy = clone(member)
    told = {"groups": rows.groups, "order": rows.order, "sample_weight": rows.weight}
    given = {
        name: value
        for name, value in told.items()
        if value is not None and has_fit_parameter(copy, name)
    }
    if rows.weight is not None and "sample_weight" not in given:
        raise ValueError(f"{type(member).__name__} takes no sample_weight: fit it without")
    copy.fit(rows.X, rows.y.values, **given)
    return copy


def answers(fitted: Any, X: Any, classes: int) -> Floats:
    """Predict with a fitted member.

    Parameters
    ----------
    fitted : estimator
        Of numbers, or with `predict_proba` of classes that are coded from 0.
    X : array or frame of shape (n_rows, n_columns)
        The rows.
    classes : int
        How many classes there are; a member may have seen fewer. 0 for numbers.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_classes) or (n_rows, 1)

    Raises
    ------
    ValueError
        When a member that has to give probabilities does not.
    """
    if not classes:
        return np.asarray(fitted.predict(X), dtype=np.float64).reshape(-1, 1)
    if not hasattr(fitted, "predict_proba"):
        name = type(fitted).__name__
        raise ValueError(f"expected members with predict_proba; got {name}: wrap it, see "
                         "sklearn.calibration.CalibratedClassifierCV")  # fmt: skip
    said = np.zeros((_num_samples(X), classes))
    said[:, fitted.classes_] = fitted.predict_proba(X)
    return said


@dataclass(frozen=True)
class Honest:
    """Out-of-fold predictions of one member.

    Parameters
    ----------
    said : ndarray of float64, shape (n_scored, n_outputs)
        For the rows that the plan scores.
    seconds : float
        What the fits took.
    """

    said: Floats
    seconds: float


def out_of_fold(member: Any, rows: Rows, splits: Splits) -> Honest:
    """Predict each row that is scored by copies of a member that were fitted without it.

    Parameters
    ----------
    member : estimator
        Unfitted.
    rows : Rows
        The training rows.
    splits : Splits
        The plan.

    Returns
    -------
    Honest
        The mean over the draws of a repeated plan.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> X = np.arange(12.0)[:, None]
    >>> rows = Rows(X, Target(2 * X[:, 0]))
    >>> found = out_of_fold(LinearRegression(), rows, plan(rows, folds=3))
    >>> found.said[:3, 0].round(6)
    array([0., 2., 4.])
    """
    began = time.perf_counter()
    scored = splits.scored
    total = np.zeros((len(scored), rows.y.outputs))
    times = np.zeros((len(scored), 1))
    for fold in splits.folds:
        fitted = fit_member(member, rows.at(fold.train))
        at = np.searchsorted(scored, fold.valid)
        total[at] += answers(fitted, _safe_indexing(rows.X, fold.valid), rows.y.classes)
        times[at] += 1
    return Honest(total / times, time.perf_counter() - began)
