"""The whole chain behind scikit-learn's interface: in a pipeline, a search, a cross-validation."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from modelwright.acquire import cast, read_raw
from modelwright.core.errors import UserError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.settings import Settings, names_of
from modelwright.evaluate import Metric
from modelwright.flow import Result, fit
from modelwright.model import Model, load

__all__ = ["AutoClassifier", "AutoRegressor"]

_MODEL = "_model_file"
"""The key under which a pickled estimator holds its model file."""


class _Auto(BaseEstimator):  # type: ignore[misc]
    """What both estimators are told, what they take, and how they are pickled."""

    def __init__(
        self,
        time: str | float = "60s",
        trials: int | None = None,
        metric: str | Metric | None = None,
        models: tuple[str, ...] = (),
        seed: int = 0,
        workers: int | None = None,
        store: str | Path | None = None,
    ) -> None:
        self.time = time
        self.trials = trials
        self.metric = metric
        self.models = models
        self.seed = seed
        self.workers = workers
        self.store = store

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        return _packed(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(_unpacked(state))


class AutoClassifier(ClassifierMixin, _Auto):  # type: ignore[misc]
    """Find a validated classifier, as `modelwright.fit` does.

    Every fit is a run of its own: it splits, searches, ensembles and calibrates on the rows that
    it is given. So a cross-validation of it is nested, and honest.

    Parameters
    ----------
    time : str or float
        How long one fit may take: ``"60s"``, ``"5m"``, or seconds.
    trials : int, optional
        Fit exactly so many trials and look at no clock: the same model again where the same
        libraries are installed; see `Settings`.
    metric : str or Metric, optional
        What decides, as for `fit`; None: ``roc_auc`` or ``log_loss``.
    models : tuple of str
        Learners to use; empty means all.
    seed : int
        The root of all randomness.
    workers : int, optional
        Worker processes; None: one a core. 0 fits in this process, which suits small tables, and
        a cross-validation whose folds run side by side (``n_jobs``).
    store : path, optional
        Where runs are kept. None: in a temporary folder that is removed at the end of the fit, so
        that a cross-validation leaves nothing behind.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, as they came.
    n_features_in_ : int
        Columns of `X`.
    feature_names_in_ : ndarray of str
        Their names, when `X` had names.
    model_ : Model
        The deployable model.
    result_ : Result
        The evidence for it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> found = AutoClassifier(trials=1, models=("linear",), workers=0).fit(X, y)
    >>> found.predict(X[:2]), found.score(X, y) > 0.9
    (array([0, 0]), True)
    """

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: NDArray[np.float64] | None = None,
        groups: Iterable[object] | None = None,
    ) -> Self:
        """Find a model.

        Parameters
        ----------
        X : array or frame of shape (n_rows, n_columns)
            NumPy, pandas or Polars. Columns of an array of numbers are numbers; those of a frame
            are typed as those of a file are.
        y : array of shape (n_rows,)
            Labels of any one type.
        sample_weight : array of shape (n_rows,), optional
            How much each row counts.
        groups : array of shape (n_rows,), optional
            Rows of one group stay on one side of every split.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            When `X` or `y` cannot be used, or an option means nothing.
        """
        table, labels = _checked(self, X, y)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"AutoClassifier needs two classes, and y has one class: {labels[0]}")
        words = _words(self.classes_)
        task = "binary" if len(words) == 2 else "multiclass"
        answers = pl.Series([words[code] for code in codes], dtype=pl.String)
        positive = words[1] if len(words) == 2 else None
        _search(self, _Rows(table, answers, sample_weight, groups), task, positive)
        self._order = [words.index(label) for label in self.model_.task.classes]
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Give the probability of each class: shape (n_rows, n_classes), as in `classes_`."""
        check_is_fitted(self)
        found = _predicted(self, X)
        shares = np.zeros((len(found), len(self.classes_)))
        shares[:, self._order] = found
        whole: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return whole

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the label of each row: the most probable one, unless the metric asks otherwise."""
        check_is_fitted(self)
        codes = self.model_.decision.answers(_predicted(self, X))
        labels: NDArray[Any] = self.classes_[np.asarray(self._order)[codes]]
        return labels


class AutoRegressor(RegressorMixin, _Auto):  # type: ignore[misc]
    """Find a validated regression model, as `modelwright.fit` does.

    Every fit is a run of its own: it splits, searches and ensembles on the rows that it is given.
    So a cross-validation of it is nested, and honest.

    Parameters
    ----------
    time : str or float
        How long one fit may take: ``"60s"``, ``"5m"``, or seconds.
    trials : int, optional
        Fit exactly so many trials and look at no clock: the same model again where the same
        libraries are installed; see `Settings`.
    metric : str or Metric, optional
        What decides; None: ``rmse``.
    models : tuple of str
        Learners to use; empty means all.
    seed : int
        The root of all randomness.
    workers : int, optional
        Worker processes; None: one a core. 0 fits in this process, which suits small tables, and
        a cross-validation whose folds run side by side (``n_jobs``).
    store : path, optional
        Where runs are kept. None: in a temporary folder that is removed at the end of the fit, so
        that a cross-validation leaves nothing behind.

    Attributes
    ----------
    n_features_in_ : int
        Columns of `X`.
    feature_names_in_ : ndarray of str
        Their names, when `X` had names.
    model_ : Model
        The deployable model.
    result_ : Result
        The evidence for it.

    Examples
    --------
    >>> X = np.linspace(0, 1, 60)[:, None]
    >>> found = AutoRegressor(trials=1, models=("linear",), workers=0).fit(X, 3 * X[:, 0])
    >>> found.predict([[0.5]])
    array([1.5])
    """

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: NDArray[np.float64] | None = None,
        groups: Iterable[object] | None = None,
    ) -> Self:
        """Find a model.

        Parameters
        ----------
        X : array or frame of shape (n_rows, n_columns)
            NumPy, pandas or Polars. Columns of an array of numbers are numbers; those of a frame
            are typed as those of a file are.
        y : array of shape (n_rows,)
            Numbers.
        sample_weight : array of shape (n_rows,), optional
            How much each row counts.
        groups : array of shape (n_rows,), optional
            Rows of one group stay on one side of every split.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            When `X` or `y` cannot be used, or an option means nothing.
        """
        table, labels = _checked(self, X, y)
        answers = pl.Series(labels.astype(np.float64))
        _search(self, _Rows(table, answers, sample_weight, groups), "regression", None)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Give a number for each row."""
        check_is_fitted(self)
        return _predicted(self, X)[:, 0].astype(np.float64)


class _Rows:
    """A table with its answers, weights and groups as columns of their own."""

    def __init__(
        self,
        table: pl.DataFrame,
        answers: pl.Series,
        weight: NDArray[np.float64] | None,
        groups: Iterable[object] | None,
    ) -> None:
        self.features = table.columns
        self.target, self.weight, self.group = (
            self._free(name) for name in ("target", "sample_weight", "groups")
        )
        self.frame = table.with_columns(answers.alias(self.target))
        if weight is not None:
            checked = _check_sample_weight(weight, self.frame, dtype=np.float64)
            self.frame = self.frame.with_columns(pl.Series(self.weight, checked))
        if groups is not None:
            words = [str(group) for group in groups]
            check_consistent_length(self.frame, words)
            self.frame = self.frame.with_columns(pl.Series(self.group, words))

    def _free(self, name: str) -> str:
        while name in self.features:
            name += "_"
        return name

    def named(self, name: str) -> str | None:
        """Give the name of a column when it is there."""
        return name if name in self.frame.columns else None


def _checked(estimator: Any, X: Any, y: Any) -> tuple[pl.DataFrame, NDArray[Any]]:
    """Check rows and answers as scikit-learn wants it, and give the table."""
    if _is_frame(X):
        _, y = validate_data(estimator, X, y, skip_check_array=True)
        table = _table(estimator, X, None)
        check_consistent_length(table, y)
    else:
        X, y = validate_data(
            estimator, X, y, dtype=None, ensure_all_finite="allow-nan", ensure_min_samples=3
        )
        table = _from_array(X)
    labels = column_or_1d(y, warn=True)
    labels = check_array(
        labels, ensure_2d=False, dtype=None if labels.dtype.kind != "O" else object
    )
    return table, labels


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and hasattr(X, "shape")


def _table(estimator: Any, X: Any, reset: bool | None) -> pl.DataFrame:
    """Read rows; `reset` None: they have been checked."""
    if not _is_frame(X):
        return _from_array(
            validate_data(estimator, X, dtype=None, ensure_all_finite="allow-nan", reset=False)
        )
    if reset is not None:
        validate_data(estimator, X, skip_check_array=True, reset=reset)
    try:
        return read_raw(X).frame
    except UserError as error:
        raise ValueError(str(error)) from error


def _from_array(X: NDArray[Any]) -> pl.DataFrame:
    """Name the columns of an array; objects are numbers where they can be."""
    columns = []
    for j in range(X.shape[1]):
        column = X[:, j]
        if column.dtype.kind == "O":
            with suppress(TypeError, ValueError):
                column = column.astype(np.float64)
        columns.append(pl.Series(f"x{j}", _plain(column), nan_to_null=column.dtype.kind == "f"))
    return pl.DataFrame(columns)


def _plain(column: NDArray[Any]) -> Any:
    if column.dtype.kind in "iufb":
        return column.astype(np.float32) if column.dtype == np.float16 else column
    gone = [value is None or value != value for value in column.tolist()]
    pairs = zip(column.tolist(), gone, strict=True)
    return [None if missing else str(value) for value, missing in pairs]


def _words(classes: NDArray[Any]) -> list[str]:
    """Name classes as they are where that is plain text, so that the result can be read."""
    words = [str(label) for label in classes]
    plain = all(word and word == word.strip() for word in words) and len(set(words)) == len(words)
    # words that a table reads as a missing value, or a number in another way, are not safe
    safe = all(re.match(r"[A-Za-z_]|-?[1-9]\d*$|0$", word) for word in words)
    column = Column("label", Kind.CATEGORY)
    read = cast(pl.DataFrame({"label": words}), Schema((column,))).frame["label"].to_list()
    if plain and safe and read == words:
        return words
    return [f"class {place}" for place in range(len(words))]


def _search(estimator: Any, rows: _Rows, task: str, positive: str | None) -> None:
    """Fit, and keep the model and the evidence for it."""
    numeric = {name: "number" for name in rows.features if rows.frame[name].dtype.is_numeric()}
    types = {} if "feature_names_in_" in vars(estimator) else numeric
    if task != "regression":  # "Jan 2020" may be a class
        types = {**types, rows.target: "category"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(
            positive=positive,
            weight=rows.named(rows.weight),
            types=types or None,
            trials=estimator.trials,
            models=names_of(estimator.models),
            seed=estimator.seed,
            workers=estimator.workers,
            store=folder if estimator.store is None else estimator.store,
        )
        # in this process, threads of small matrix products would only wait for each other
        alone = threadpool_limits(1) if estimator.workers == 0 else nullcontext()
        try:
            with alone:
                estimator.result_ = fit(
                    rows.frame,
                    rows.target,
                    time=estimator.time,
                    task=task,
                    metric=estimator.metric,
                    group=rows.named(rows.group),
                    settings=settings,
                )
        except UserError as error:
            raise ValueError(str(error)) from error
    estimator.model_ = estimator.result_.model


def _predicted(estimator: Any, X: Any) -> NDArray[np.float32]:
    model: Model = estimator.model_
    table = _table(estimator, X, False)
    try:
        return model.probabilities(table)
    except UserError as error:
        raise ValueError(str(error)) from error


def _packed(state: dict[str, Any]) -> dict[str, Any]:
    """Put the bytes of the model file where the model was: no object of ours is pickled."""
    state = dict(state)
    model, result = state.pop("model_", None), state.pop("result_", None)
    if model is not None and result is not None:
        with tempfile.TemporaryDirectory() as folder:
            content = model.save(Path(folder) / "model.mw").read_bytes()
        about = (result.run, str(result.folder), dict(result.timings), result.interrupted)
        state[_MODEL] = (content, about)
    return state


def _unpacked(state: dict[str, Any]) -> dict[str, Any]:
    state = dict(state)
    if _MODEL in state:
        content, (run, place, timings, interrupted) = state.pop(_MODEL)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.mw"
            path.write_bytes(content)
            model = load(path)
        result = Result(model, run, Path(place), timings, interrupted)
        state |= {"model_": model, "result_": result}
    return state
