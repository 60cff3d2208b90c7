"""Time: columns that hold the future, and random folds of rows that follow each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.ensemble import HistGradientBoostingClassifier as BoostedClasses
from sklearn.ensemble import HistGradientBoostingRegressor as BoostedNumbers
from sklearn.model_selection import TimeSeriesSplit

from leaks.cases import DataCase, Drawn, PipelineCase, Split, Truth, Worth, generator
from leaks.columns import holes
from leaks.naming import add, disguise
from leaks.parts import with_words
from leaks.sets import TABLES, Real, draw, read
from leaks.worth import metric_of, of_columns, predict, random_splits, score

__all__ = ["ahead_splits", "in_time", "stamped", "time_travel"]

Answers = NDArray[np.float64]
LEARNERS = {
    "regression": (RandomForestRegressor, ExtraTreesRegressor, BoostedNumbers),
    "binary": (RandomForestClassifier, BoostedClasses),
}


def time_travel(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case: a column from the future (even seeds), or random folds (odd seeds)."""
    rng = generator(kind, seed, attempt)
    real, when = stamped(rng, seed // 2, attempt)
    if seed % 2:
        return _random_folds(rng, real, when)
    return _future_column(rng, real, when)


def stamped(rng: np.random.Generator, seed: int, attempt: int = 0) -> tuple[Real, pl.Series]:
    """Give rows in the order of time, and their times.

    Every third set is a stretch of hourly rentals as they were recorded; in the others real rows
    are put into an order in which the answer drifts slowly: no value is changed.
    """
    if seed % 3 == 0:
        real = read("bike_sharing")
        size = int(rng.integers(700, 1400))
        start = int(rng.integers(0, real.frame.height - size))
        rows = real.frame[start : start + size]
        return real.having(rows.drop("date")), rows["date"]
    name = str(rng.choice(TABLES.numbers if seed % 3 == 1 else TABLES.binary))
    real = draw(rng, name, (500, 1200), (5, 15))
    tied = float(rng.uniform(min(0.9, 0.5 + 0.1 * attempt), 0.95))
    return in_time(rng, real, tied), _hours(rng, real.frame.height)


def in_time(rng: np.random.Generator, real: Real, tied: float) -> Real:
    """Order rows so that the answer follows a level that drifts; values stay as they are."""
    size = real.frame.height
    steps, keep = rng.normal(size=size), float(rng.uniform(0.97, 0.995))
    level = np.empty(size)
    level[0] = steps[0]
    for i in range(1, size):
        level[i] = keep * level[i - 1] + np.sqrt(1 - keep**2) * steps[i]
    y = real.y
    normal = (y - y.mean()) / (y.std() or 1)
    key = tied * normal + np.sqrt(1 - tied**2) * rng.normal(size=size)
    order = np.empty(size, np.int64)
    order[level.argsort()] = key.argsort()
    return real.rows(order)


def ahead_splits(size: int, folds: int = 4) -> list[Split]:
    """Score the second half in stretches, each after all that it is fitted on."""
    return list(TimeSeriesSplit(folds, test_size=size // (2 * folds)).split(np.zeros(size)))


def _hours(rng: np.random.Generator, size: int) -> pl.Series:
    start = np.datetime64("2012-01-01T00:00:00") + int(rng.integers(0, 4000)) * 3600 * 24
    gaps = np.cumsum(rng.integers(1, int(rng.choice([2, 30])), size))
    return pl.Series([str(start + int(gap) * 3600).replace("T", " ") for gap in gaps])


def _future_column(rng: np.random.Generator, real: Real, when: pl.Series) -> Drawn:
    forms = {"centred mean": _centred, "mean ahead": _ahead, "mean of the rest": _rest,
             "block mean": _block}  # fmt: skip
    form = str(rng.choice(list(forms)))
    leak = pl.Series(np.round(forms[form](rng, real.y), 6))
    others = [when] if rng.random() < 0.5 else [when, _past(rng, real.y)]
    table, names = add(rng, real.frame, [holes(rng, leak, 0.05), *others])
    table, named = disguise(rng, table, real.target)
    target, column = named[real.target], named[names[0]]
    truth = Truth("time_travel", "data", form, real.name, (column,))
    splits = ahead_splits(table.height)
    return Drawn(
        DataCase(truth, table, target),
        lambda: of_columns(table, target, (column,), real.y, real.task, splits),
    )


def _past(rng: np.random.Generator, y: Answers) -> pl.Series:
    """Give the mean of the rows before: honest, where answers are known at once."""
    window = int(rng.integers(1, 8))
    return pl.Series(
        pd.Series(y).shift(1).rolling(window, min_periods=1).mean().round(6).to_numpy()
    )


def _centred(rng: np.random.Generator, y: Answers) -> Answers:
    window = int(rng.choice([3, 5, 7]))
    return pd.Series(y).rolling(window, center=True, min_periods=1).mean().to_numpy()


def _ahead(rng: np.random.Generator, y: Answers) -> Answers:
    window = int(rng.integers(2, 6))
    return pd.Series(y[::-1]).rolling(window, min_periods=1).mean().to_numpy()[::-1]


def _rest(rng: np.random.Generator, y: Answers) -> Answers:
    faded = float(rng.uniform(0.3, 0.6))
    return pd.Series(y[::-1]).ewm(alpha=faded).mean().to_numpy()[::-1]


def _block(rng: np.random.Generator, y: Answers) -> Answers:
    blocks = np.arange(len(y)) // int(rng.integers(3, 8))
    return pd.Series(y).groupby(blocks).transform("mean").to_numpy()


def _random_folds(rng: np.random.Generator, real: Real, when: pl.Series) -> Drawn:
    task = real.task
    frame, (name,) = add(rng, real.frame.drop(real.target), [when])
    X = frame.to_pandas()
    form = str(rng.choice(["days", "text"]))
    times = pd.to_datetime(X[name])
    if form == "days":
        X[name] = (times - times.min()).dt.total_seconds() / 86400
    learner = LEARNERS[task][int(rng.integers(len(LEARNERS[task])))](random_state=0)
    if hasattr(learner, "n_estimators"):
        learner.set_params(n_estimators=50, min_samples_leaf=2)
    y = real.y
    estimator = with_words(X, learner)
    splits = random_splits(y, task, int(rng.integers(1000)), folds=5)
    truth = Truth("time_travel", "pipeline", f"random folds, {form}", real.name, (name,))
    return Drawn(
        PipelineCase(truth, estimator, X, y, splits),
        lambda: _ahead_and_random(estimator, X, y, splits, task),
    )


def _ahead_and_random(
    estimator: Any, X: pd.DataFrame, y: Answers, splits: list[Split], task: str
) -> Worth:
    """Score the same rows, second half: by random folds, and by what came before."""
    honest = ahead_splits(len(y))
    late = np.concatenate([test for _, test in honest])
    seen = _answers(estimator, X, y, splits)[late]
    fresh = _answers(estimator, X, y, honest)[late]
    return Worth(metric_of(task), score(y[late], seen, task), score(y[late], fresh, task))


def _answers(estimator: Any, X: pd.DataFrame, y: Answers, splits: list[Split]) -> Answers:
    out = np.full(len(y), np.nan)
    for train, test in splits:
        out[test] = predict(clone(estimator).fit(X.iloc[train], y[train]), X.iloc[test])
    return out
