"""What a leak is worth to a plain model."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score, root_mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from leaks.cases import Split, Worth

__all__ = ["as_numbers", "cross", "metric_of", "of_columns", "plain", "predict", "random_splits",
           "score"]  # fmt: skip

FOLDS = 4
DISTINCT = 30  # a column of words with more is read as text too
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def metric_of(task: str) -> str:
    """Name the metric of a task."""
    return "rmse" if task == "regression" else "auc"


def plain(task: str) -> Any:
    """Make the plain model: histogram boosting, small."""
    one = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return one(max_iter=60, learning_rate=0.12, max_leaf_nodes=15, random_state=0)


def predict(estimator: Any, X: Any) -> NDArray[np.float64]:
    """Give numbers, the chance of class 1, or the chances of all classes."""
    if not hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict(X), float)
    chances = np.asarray(estimator.predict_proba(X), float)
    if chances.shape[1] == 1:  # one class was all that it saw
        return np.full(len(chances), float(estimator.classes_[0]))
    return chances[:, 1] if chances.shape[1] == 2 else chances


def score(y: NDArray[Any], p: NDArray[np.float64], task: str) -> float:
    """Score predictions: RMSE, AUC, or AUC of each class against the rest."""
    if task == "regression":
        return float(root_mean_squared_error(y, p))
    if len(np.unique(y)) < 2:
        return 0.5
    return float(roc_auc_score(y, p, multi_class="ovr") if p.ndim == 2 else roc_auc_score(y, p))


def cross(estimator: Any, X: Any, y: NDArray[Any], splits: list[Split], task: str) -> float:
    """Average the scores of the folds, as a user does."""
    scores = []
    for train, test in splits:
        if task != "regression" and len(np.unique(y[test])) < 2:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = clone(estimator).fit(_rows(X, train), y[train])
        scores.append(score(y[test], predict(fitted, _rows(X, test)), task))
    return float(np.mean(scores))


def random_splits(y: NDArray[Any], task: str, seed: int, folds: int = FOLDS) -> list[Split]:
    """Draw folds at random, stratified for classes."""
    kind = KFold if task == "regression" else StratifiedKFold
    return list(kind(folds, shuffle=True, random_state=seed).split(np.zeros(len(y)), y))


def of_columns(
    table: pl.DataFrame, target: str, columns: tuple[str, ...], y: NDArray[Any], task: str,
    splits: list[Split] | None = None,
) -> Worth:  # fmt: skip
    """Score with the columns that leak, and without them, on the same folds."""
    folds = splits or random_splits(y, task, 0)
    rest = as_numbers(table.drop(target, *columns))
    text = [c for c in columns if table[c].dtype == pl.String and table[c].n_unique() > DISTINCT]
    both = np.column_stack([rest, as_numbers(table.select(columns)), *_numbers(table, text)])
    leaked = []
    for train, test in folds:
        parts = [_read_text(table[name], y, train, test, task) for name in text]
        seen = np.column_stack([both[train], *(a for a, _ in parts)])
        new = np.column_stack([both[test], *(b for _, b in parts)])
        model = plain(task).fit(seen, y[train])
        leaked.append(score(y[test], predict(model, new), task))
    honest = cross(plain(task), rest, y, folds, task)
    return Worth(metric_of(task), float(np.mean(leaked)), honest)


def as_numbers(frame: pl.DataFrame) -> NDArray[np.float64]:
    """Code words by their place in sorted order; missing values stay missing."""
    return np.column_stack(
        [np.zeros(frame.height), *(_coded(frame[name]) for name in frame.columns)]
    )


def _coded(column: pl.Series) -> NDArray[np.float64]:
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    codes = column.cast(pl.String).rank("dense").cast(pl.Float64)
    return codes.fill_null(np.nan).to_numpy()


def _numbers(table: pl.DataFrame, names: list[str]) -> list[NDArray[np.float64]]:
    """Read the first number and the last number of each text."""
    found = [[NUMBER.findall(text or "") for text in table[name]] for name in names]
    ends = [(one, place) for one in found for place in (0, -1) if any(one)]
    return [np.array([float(n[place]) if n else np.nan for n in one]) for one, place in ends]


def _read_text(
    column: pl.Series, y: NDArray[Any], train: NDArray[np.int64], test: NDArray[np.int64], task: str
) -> Split:
    texts = np.array([text or "" for text in column], object)
    last = Ridge() if task == "regression" else LogisticRegression(C=10.0, max_iter=300)
    model = make_pipeline(TfidfVectorizer(analyzer=_tokens, min_df=2), last)
    how = "predict" if task == "regression" else "predict_proba"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        inner = random_splits(y[train], task, 0, folds=3)
        seen = cross_val_predict(model, texts[train], y[train], cv=inner, method=how)
        new = getattr(model.fit(texts[train], y[train]), how)(texts[test])
    return seen, new


def _tokens(text: str) -> list[str]:
    ends = [f"{place}={letter}" for place, letter in enumerate(text[:16])]
    ends += [f"-{place}={letter}" for place, letter in enumerate(text[::-1][:6])]
    return [*ends, *text.lower().split(), *(text[i : i + 3] for i in range(len(text) - 2))]


def _rows(X: Any, index: NDArray[np.int64]) -> Any:
    return X.iloc[index] if isinstance(X, pd.DataFrame) else X[index]
