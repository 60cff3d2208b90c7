"""What is asked of an estimator, numbers or classes, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.core.framing import infer_task_kind
from modelwright.core.schema import Kind
from modelwright.core.task import Target, TaskKind

__all__ = ["Answers", "said", "take"]


@dataclass(frozen=True)
class Answers:
    """The answers of rows, as they came and as codes.

    Parameters
    ----------
    given : ndarray, shape (n_rows,)
        Labels or numbers, for estimators.
    kind : TaskKind
        The kind of question.
    classes : ndarray, shape (n_classes,)
        The sorted labels; empty for numbers.
    values : ndarray, shape (n_rows,)
        Class codes (int64) or numbers (float64), for metrics.
    """

    given: NDArray[Any]
    kind: TaskKind
    classes: NDArray[Any]
    values: NDArray[Any]

    @classmethod
    def of(cls, y: ArrayLike, estimator: object) -> Answers:
        """Find out whether labels or numbers are asked for: the estimator knows, or `y` tells.

        Raises
        ------
        DataError
            When `y` is no column of numbers or labels, or holds a missing value.
        """
        given = _plain(y)
        kind = _kind(given, estimator)
        if kind is TaskKind.REGRESSION:
            return cls(given, kind, np.empty(0), given.astype(np.float64))
        classes, codes = np.unique(given, return_inverse=True)
        if len(classes) < 2:
            raise DataError("at least 2 classes in y", f"one: {classes.tolist()}")
        kind = TaskKind.BINARY if len(classes) == 2 else TaskKind.MULTICLASS
        return cls(given, kind, classes, codes.astype(np.int64))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_classification(self) -> bool:
        """Whether labels are asked for."""
        return self.kind is not TaskKind.REGRESSION

    def target(self, rows: NDArray[np.int64]) -> Target:
        """Give some of the answers as metrics take them."""
        return Target(self.values[rows], len(self.classes))

    def codes(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        """Give the codes of labels.

        Raises
        ------
        DataError
            When one of them is not among the classes.
        """
        place = np.clip(np.searchsorted(self.classes, labels), 0, len(self.classes) - 1)
        strange = self.classes[place] != labels
        if np.any(strange):
            got = repr(np.asarray(labels)[strange][0])
            raise DataError("labels of y only", got, "let the estimator predict labels")
        return place.astype(np.int64)


def _plain(y: ArrayLike) -> NDArray[Any]:
    found = np.asarray(y)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1 or not len(found):
        raise DataError("one column of answers", f"an array of shape {np.shape(y)}")
    if found.dtype.kind == "O":
        items = found.tolist()
        if all(isinstance(item, str) for item in items):
            return found.astype(str)
        try:
            found = np.asarray([float(item) for item in items])
        except (TypeError, ValueError):
            odd = next(item for item in items if not isinstance(item, str))
            cure = "fill it, or leave its row out"
            got = f"a {type(odd).__name__}"
            raise DataError("numbers or words as answers", got, cure) from None
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise DataError("finite answers", "NaN or infinity in y", "leave those rows out")
    if found.dtype.kind not in "biufU":
        raise DataError("numbers or words as answers", f"values of type {found.dtype}")
    return found


def _kind(given: NDArray[Any], estimator: object) -> TaskKind:
    tags = getattr(estimator, "__sklearn_tags__", None)
    told = getattr(tags(), "estimator_type", None) if callable(tags) else None
    if told == "regressor" and given.dtype.kind != "U":
        return TaskKind.REGRESSION
    if told == "classifier" or given.dtype.kind in "Ub":
        return TaskKind.MULTICLASS
    if isinstance(getattr(estimator, "task", None), str):
        return TaskKind(estimator.task)  # type: ignore[attr-defined]
    return infer_task_kind(pl.Series(given.astype(np.float64)), Kind.NUMBER)


def said(fitted: Any, X: Any, classes: NDArray[Any], *, probabilities: bool) -> NDArray[Any]:
    """Ask a fitted estimator about rows.

    Parameters
    ----------
    fitted : object
        With ``predict``, and ``predict_proba`` where probabilities are asked for.
    X : array or frame
        The rows.
    classes : ndarray, shape (n_classes,)
        The sorted labels; empty for numbers.
    probabilities : bool
        Whether probabilities are asked for, not labels.

    Returns
    -------
    ndarray
        Numbers or labels of shape (n_rows,), or probabilities of shape (n_rows, n_classes), zero
        for a class that was not among the rows it was fitted on.
    """
    if not probabilities:
        found = np.asarray(fitted.predict(X))
        return found.astype(np.float64).reshape(-1) if not len(classes) else _words(found)
    shares = np.asarray(fitted.predict_proba(X), np.float64)
    own = _words(np.asarray(getattr(fitted, "classes_", classes)))
    place = np.flatnonzero(np.isin(classes, own))
    if len(own) == len(classes) != len(place):
        return shares  # other names of the classes, such as codes
    whole = np.zeros((len(shares), len(classes)))
    whole[:, place] = shares[:, np.argsort(own, kind="stable")]
    return whole


def _words(labels: NDArray[Any]) -> NDArray[Any]:
    flat = labels.reshape(-1)
    return flat.astype(str) if flat.dtype.kind == "O" else flat


def take(X: Any, rows: NDArray[np.int64]) -> Any:
    """Give some rows of an array or a frame of any kind.

    Examples
    --------
    >>> take(pl.DataFrame({"a": [1, 2, 3]}), np.array([2, 0]))["a"].to_list()
    [3, 1]
    """
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]
