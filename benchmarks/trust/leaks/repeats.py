"""Rows that come again in another fold: duplicates, entities, oversampling before the split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.ensemble import HistGradientBoostingClassifier as BoostedClasses
from sklearn.ensemble import HistGradientBoostingRegressor as BoostedNumbers
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import NearestNeighbors

from leaks.cases import Drawn, PipelineCase, Split, Truth, Worth, generator
from leaks.naming import POOL
from leaks.parts import Balanced, with_words, words_of
from leaks.sets import TABLES, Real, draw, read
from leaks.worth import as_numbers, cross, metric_of, random_splits

__all__ = ["duplicates", "entities", "features_of", "forest", "grouped", "oversampling", "visits"]

FOLDS = 5
OTHER_ENTITIES = ("sch", "tch")  # schools and teachers: folds by pupil do not keep them together


def features_of(rng: np.random.Generator, real: Real, words: bool | None = None) -> pd.DataFrame:
    """Give X as users have it: with words, or with words coded as numbers."""
    keep = bool(rng.random() < 0.4) if words is None else words
    frame = real.frame.select(real.features)
    if keep:
        return frame.to_pandas()
    return pd.DataFrame(as_numbers(frame)[:, 1:], columns=frame.columns)


def forest(rng: np.random.Generator, task: str) -> Any:
    """Make a model that remembers rows well."""
    if task == "regression":
        kinds = (RandomForestRegressor, ExtraTreesRegressor)
    else:
        kinds = (RandomForestClassifier, ExtraTreesClassifier)
    return kinds[int(rng.integers(2))](n_estimators=40, random_state=0)


def boosted(task: str) -> Any:
    """Make a boosted model."""
    one = BoostedNumbers if task == "regression" else BoostedClasses
    return one(max_iter=60, max_leaf_nodes=31, min_samples_leaf=5, random_state=0)


def duplicates(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case: rows that are there twice or more, folds at random."""
    rng = generator(kind, seed, attempt)
    real = draw(
        rng, str(rng.choice(TABLES.numbers if seed % 2 else TABLES.binary)), (350, 800), (6, 18)
    )
    size = real.frame.height
    again = rng.random(size) < rng.uniform(min(0.8, 0.25 + 0.1 * attempt), 0.85)
    times = np.where(again, rng.integers(2, 4, size), 1)
    origin = rng.permutation(np.repeat(np.arange(size), times))
    X, y = features_of(rng, real).iloc[origin].reset_index(drop=True), real.y[origin]
    form = str(rng.choice(["exact", "exact", "rounded", "one cell changed"]))
    X = _nearly(rng, X, form)
    task = real.task
    estimator = with_words(X, forest(rng, task) if rng.random() < 0.7 else boosted(task))
    splits = random_splits(y, task, int(rng.integers(1000)), FOLDS)
    truth = Truth(kind, "pipeline", form, real.name)
    return Drawn(
        PipelineCase(truth, estimator, X, y, splits),
        lambda: _against_groups(estimator, X, y, splits, origin, task),
    )


def _nearly(rng: np.random.Generator, X: pd.DataFrame, form: str) -> pd.DataFrame:
    """Change rows a little, each on its own, so that copies are no longer the same."""
    numbers = [name for name in X if name not in words_of(X)]
    if form == "exact" or not numbers:
        return X
    X = X.copy()
    if form == "rounded":
        for name in numbers:
            step = (X[name].astype(float).std() or 1.0) * 10.0 ** -int(rng.integers(3, 6))
            X[name] = X[name].astype(float) + rng.normal(size=len(X)) * step
        return X
    hit = rng.random(len(X)) < 0.5
    for row in np.flatnonzero(hit):
        name = str(rng.choice(X.columns))
        X.loc[row, name] = X[name].iloc[int(rng.integers(len(X)))]
    return X


def _against_groups(
    estimator: Any, X: pd.DataFrame, y: NDArray[Any], splits: list[Split], groups: NDArray[Any],
    task: str,
) -> Worth:  # fmt: skip
    """Score on the folds of the case, and on folds that keep groups together."""
    apart = list(GroupKFold(FOLDS, shuffle=True, random_state=0).split(X, y, groups))
    leaked, honest = (cross(estimator, X, y, folds, task) for folds in (splits, apart))
    return Worth(metric_of(task), leaked, honest)


def grouped(
    rng: np.random.Generator, seed: int, attempt: int = 0
) -> tuple[Real, NDArray[Any], NDArray[np.int64], str]:
    """Give rows of entities, the answers, who is who, and the column that says it.

    Every other one is a panel as it was recorded; the others are real rows measured several times.
    """
    if seed % 2 == 0 and attempt < 8:
        real = read(TABLES.grouped[(seed // 2 + attempt) % len(TABLES.grouped)])
        names = [name for name in real.features if name not in (real.group, *OTHER_ENTITIES)]
        some = list(rng.permutation(names)[: int(rng.integers(5, 16))])
        who = real.frame[str(real.group)].rank("dense").to_numpy().astype(np.int64)
        chosen = rng.permutation(np.unique(who))[: int(rng.integers(150, 300))]
        rows = np.flatnonzero(np.isin(who, chosen))[:1500]
        frame = real.frame[rows].select([str(real.group), *some, real.target])
        real = real.having(frame)
        return real, real.y, who[rows], str(real.group)
    real = draw(
        rng,
        str(rng.choice(TABLES.numbers if seed % 4 == 1 else TABLES.binary)),
        (120, 260),
        (6, 16),
    )
    return visits(rng, real, float(rng.uniform(0.02, max(0.05, 0.4 - 0.05 * attempt))))


def visits(
    rng: np.random.Generator, real: Real, spread: float
) -> tuple[Real, NDArray[Any], NDArray[np.int64], str]:
    """Measure each row several times: numbers vary, words seldom; the answer is the entity's."""
    size = real.frame.height
    who = np.repeat(np.arange(size), rng.integers(3, 8, size))
    frame = real.frame[who]
    for name in real.features:
        if not frame[name].dtype.is_numeric():
            continue
        values = frame[name].cast(pl.Float64)
        step = (values.std() or 1.0) * spread
        frame = frame.with_columns((values + rng.normal(size=len(who)) * step).round(5).alias(name))
    free = [name for name in POOL if name not in frame.columns]
    column = str(rng.choice(free))
    codes = rng.permutation(90000)[:size] + 10000
    frame = frame.with_columns(pl.Series(column, codes[who]))
    order = rng.permutation(len(who))
    real = real.having(frame[order])
    y = real.y
    if real.task == "regression":
        y = y + rng.normal(size=len(y)) * y.std() * 0.05
    return real, y, who[order], column


def entities(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case: several rows of each entity, folds at random."""
    rng = generator(kind, seed, attempt)
    real, y, who, column = grouped(rng, seed, attempt)
    X = features_of(rng, real)
    task = real.task
    estimator = with_words(X, forest(rng, task) if rng.random() < 0.6 else boosted(task))
    splits = random_splits(y, task, int(rng.integers(1000)), FOLDS)
    form = "panel" if real.group else "visits"
    truth = Truth(kind, "pipeline", form, real.name, (column,))
    return Drawn(
        PipelineCase(truth, estimator, X, y, splits),
        lambda: _against_groups(estimator, X, y, splits, who, task),
    )


def oversampling(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case: rows of the rarer class repeated or invented, then folds at random."""
    rng = generator(kind, seed, attempt)
    real = draw(rng, TABLES.rare[(seed + attempt) % len(TABLES.rare)], (500, 1200), (6, 18))
    X = features_of(rng, real, words=False)
    y = real.y.astype(int)
    form = str(rng.choice(["repeated", "shaken", "between neighbours"]))
    times = int(rng.integers(2, 6)) + min(attempt, 3)
    X_more, y_more = _more(rng, X, y, form, times)
    if rng.random() < 0.6:
        order = rng.permutation(len(y_more))
        X_more, y_more = X_more.iloc[order].reset_index(drop=True), y_more[order]
    model = forest(rng, "binary") if rng.random() < 0.6 else boosted("binary")
    splits = random_splits(y_more, "binary", int(rng.integers(1000)), FOLDS)
    honest_splits = random_splits(y, "binary", 0, FOLDS)

    def worth() -> Worth:
        leaked = cross(model, X_more, y_more, splits, "binary")
        return Worth("auc", leaked, cross(Balanced(model, times), X, y, honest_splits, "binary"))

    return Drawn(
        PipelineCase(Truth(kind, "pipeline", form, real.name), model, X_more, y_more, splits), worth
    )


def _more(
    rng: np.random.Generator, X: pd.DataFrame, y: NDArray[np.int64], form: str, times: int
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    rare = np.flatnonzero(y == (y.mean() < 0.5))
    values = X.to_numpy()
    picked = rng.choice(rare, len(rare) * (times - 1))
    new = values[picked]
    if form == "shaken":
        new = new + rng.normal(size=new.shape) * np.nanstd(values, axis=0) * 0.02
    if form == "between neighbours":
        scaled = np.nan_to_num(
            (values - np.nanmean(values, axis=0)) / (np.nanstd(values, axis=0) + 1e-9)
        )
        near = NearestNeighbors(n_neighbors=min(6, len(rare))).fit(scaled[rare])
        found = near.kneighbors(scaled[picked], return_distance=False)
        mate = rare[found[np.arange(len(picked)), rng.integers(1, found.shape[1], len(picked))]]
        new = new + rng.random((len(new), 1)) * (values[mate] - new)
    grown = pd.DataFrame(np.vstack([values, new]), columns=X.columns)
    return grown, np.concatenate([y, y[picked]])
