"""Pipelines without a leak, of the same shapes and parts as those with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from leaks.cases import PipelineCase, Split, Truth, generator
from leaks.fitted import candidates, crossed, inner_means, linear, stack, widened
from leaks.future import LEARNERS, ahead_splits, stamped
from leaks.naming import add
from leaks.parts import Balanced, Booster, GroupsOf, Means, Pick, Some, with_words
from leaks.repeats import boosted, features_of, forest, grouped, visits
from leaks.sets import TABLES, Real, draw
from leaks.worth import plain, random_splits

__all__ = ["FORMS", "clean_pipeline"]

FOLDS = 5
Made = tuple[str, Any, pd.DataFrame, NDArray[Any], list[Split]]


def clean_pipeline(seed: int) -> PipelineCase:
    """Draw an honest pipeline; the forms take turns."""
    rng = generator("clean pipeline", seed)
    form = list(FORMS)[seed % len(FORMS)]
    source, estimator, X, y, splits = FORMS[form](rng, seed // len(FORMS))
    truth = Truth("clean", "pipeline", form, source, severity="")
    return PipelineCase(truth, estimator, X, y, splits)


def _real(rng: np.random.Generator, seed: int, rows: tuple[int, int] = (400, 1000)) -> Real:
    return draw(rng, str(rng.choice(TABLES.numbers if seed % 2 else TABLES.binary)), rows, (6, 16))


def _folds(rng: np.random.Generator, y: NDArray[Any], task: str) -> list[Split]:
    return random_splits(y, task, int(rng.integers(1000)), FOLDS)


def _plain(rng: np.random.Generator, seed: int) -> Made:
    """Impute, scale and fit, all inside the fold."""
    real = _real(rng, seed)
    X, y = features_of(rng, real), real.y
    models = (linear(real.task), forest(rng, real.task), boosted(real.task))
    return real.name, with_words(X, models[seed % 3]), X, y, _folds(rng, y, real.task)


def _encoder(rng: np.random.Generator, seed: int) -> Made:
    """Learn the means of a category of many levels inside the fold."""
    real = _real(rng, seed)
    X, name = crossed(rng, real)
    step = inner_means(real.task, float(rng.choice([1.0, 10.0])))
    coded = ColumnTransformer([("a", step, [name])], remainder="passthrough")
    return (
        real.name,
        make_pipeline(coded, plain(real.task)),
        X,
        real.y,
        _folds(rng, real.y, real.task),
    )


def _means_from_before(rng: np.random.Generator, seed: int) -> Made:
    """Look up means that were learned on rows that are not among these."""
    real = _real(rng, seed)
    X, name = crossed(rng, real)
    y = real.y
    order = rng.permutation(len(y))
    here, old = np.sort(order[: len(y) // 2]), order[len(y) // 2 :]
    means = pd.Series(y[old]).groupby(X[name].iloc[old].to_numpy()).mean()
    step = Means(name, {str(k): float(v) for k, v in means.items()}, float(y[old].mean()))
    X, y = X.iloc[here].reset_index(drop=True), y[here]
    if seed % 3 == 2:  # looked up before: a column of numbers
        return real.name, plain(real.task), step.transform(X), y, _folds(rng, y, real.task)
    return real.name, make_pipeline(step, plain(real.task)), X, y, _folds(rng, y, real.task)


def _selection(rng: np.random.Generator, seed: int) -> Made:
    """Choose columns of a wide table inside the fold."""
    real, X = widened(rng, seed, int(rng.integers(200, 900)))
    test = f_regression if real.task == "regression" else f_classif
    chosen = SelectKBest(test, k=int(rng.integers(8, 40)))
    return (
        real.name,
        make_pipeline(chosen, linear(real.task)),
        X,
        real.y,
        _folds(rng, real.y, real.task),
    )


def _named_columns(rng: np.random.Generator, seed: int) -> Made:
    """Keep columns that were named without a look at the answers."""
    real, X = widened(rng, seed, int(rng.integers(200, 900)))
    names = [str(name) for name in rng.permutation(list(X))[: int(rng.integers(8, 60))]]
    kept = Some(names) if seed % 2 else ColumnTransformer([("a", "passthrough", names)])
    return (
        real.name,
        make_pipeline(kept, linear(real.task)),
        X,
        real.y,
        _folds(rng, real.y, real.task),
    )


def _frozen(rng: np.random.Generator, seed: int) -> Made:
    """Use a step that was fitted on rows that are not among these."""
    real = _real(rng, seed)
    X, y = features_of(rng, real, words=False), real.y
    order = rng.permutation(len(y))
    here, old = np.sort(order[: len(y) // 2]), order[len(y) // 2 :]
    steps = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    if seed % 2:
        steps = make_pipeline(*[s for _, s in steps.steps], PCA(min(4, X.shape[1]), random_state=0))
    frozen = FrozenEstimator(steps.fit(X.iloc[old]))
    X, y = X.iloc[here].reset_index(drop=True), y[here]
    return real.name, make_pipeline(frozen, linear(real.task)), X, y, _folds(rng, y, real.task)


def _groups_kept(rng: np.random.Generator, seed: int) -> Made:
    """Keep entities together, however alike their rows are."""
    real, y, who, _ = grouped(rng, seed)
    X = features_of(rng, real)
    splits = list(GroupKFold(FOLDS, shuffle=True, random_state=seed).split(X, y, who))
    return real.name, with_words(X, forest(rng, real.task)), X, y, splits


def _copies_kept(rng: np.random.Generator, seed: int) -> Made:
    """Keep copies of a row together."""
    real = _real(rng, seed, (300, 600))
    size = real.frame.height
    origin = rng.permutation(np.repeat(np.arange(size), rng.integers(1, 4, size)))
    X = features_of(rng, real).iloc[origin].reset_index(drop=True)
    codes = pd.util.hash_pandas_object(X, index=False).to_numpy()  # rows alike by chance, too
    splits = list(GroupKFold(FOLDS, shuffle=True, random_state=seed).split(X, groups=codes))
    return real.name, with_words(X, forest(rng, real.task)), X, real.y[origin], splits


def _ahead(rng: np.random.Generator, seed: int) -> Made:
    """Score what comes after what is fitted."""
    real, when = stamped(rng, seed)
    frame, (name,) = add(rng, real.frame.drop(real.target), [when])
    X = frame.to_pandas()
    times = pd.to_datetime(X[name])
    X[name] = (times - times.min()).dt.total_seconds() / 86400
    learner = LEARNERS[real.task][0](n_estimators=40, random_state=0)
    splits = [s for s in ahead_splits(len(X)) if len(np.unique(real.y[s[0]])) > 1]
    return real.name, with_words(X, learner), X, real.y, splits


def _balanced(rng: np.random.Generator, seed: int) -> Made:
    """Repeat rare rows inside the fold."""
    real = draw(rng, (*TABLES.rare[:4], TABLES.rare[-1])[seed % 5], (500, 1200), (8, 18))
    X, y = features_of(rng, real, words=False), real.y.astype(int)
    made = Balanced(forest(rng, "binary"), int(rng.integers(2, 7)))
    return real.name, made, X, y, _folds(rng, y, "binary")


def _inner_check(rng: np.random.Generator, seed: int) -> Made:
    """Stop, or choose, by a part of the training rows, or by rows that are not among these."""
    real = draw(rng, TABLES.small[seed % len(TABLES.small)], (200, 400), (6, 16))
    X, y = features_of(rng, real, words=False), real.y.astype(int)
    if seed % 2:
        made: Any = Pick(candidates(rng, X, int(rng.integers(15, 40))))
    else:
        made = Booster(int(rng.integers(60, 150)), 2, float(rng.uniform(0.1, 0.4)))
    if seed % 4 > 1:
        order = random_splits(y, "binary", seed, 3)[0]
        made.set_params(check_X=X.iloc[order[1]], check_y=y[order[1]])
        X, y = X.iloc[order[0]], y[order[0]]
    return real.name, made, X, y, _folds(rng, y, "binary")


def _stacking(rng: np.random.Generator, seed: int) -> Made:
    """Stack with inner folds that keep entities together too."""
    pool = TABLES.small[2:] if seed % 3 else TABLES.small_numbers
    real = draw(rng, str(rng.choice(pool)), (80, 140), (8, 16))
    real, y, who, column = visits(rng, real, float(rng.uniform(0.02, 0.2)))
    X = features_of(rng, real, words=False)
    y = y if real.task == "regression" else y.astype(int)
    names = [name for name in X if name != column]
    splits = list(GroupKFold(4, shuffle=True, random_state=seed).split(X, y, who))
    made = stack(real.task, column, names, GroupsOf(column), bool(rng.random() < 0.3))
    return real.name, made, X, y, splits


def _stacking_of_rows(rng: np.random.Generator, seed: int) -> Made:
    """Stack rows that have nothing to do with each other, as the library does by default."""
    real = _real(rng, seed, (250, 450))
    X = features_of(rng, real, words=False)
    y = real.y if real.task == "regression" else real.y.astype(int)
    made = stack(real.task, "", list(X), None, bool(rng.random() < 0.5))
    return real.name, made, X, y, _folds(rng, y, real.task)


def _search(rng: np.random.Generator, seed: int) -> Made:
    """Search for settings inside the fold."""
    real = _real(rng, seed, (250, 500))
    X = features_of(rng, real, words=False)
    grid = {"max_leaf_nodes": [4, 8], "learning_rate": [0.1, 0.3]}
    made = GridSearchCV(plain(real.task).set_params(max_iter=20), grid, cv=3)
    return real.name, made, X, real.y, _folds(rng, real.y, real.task)


FORMS: dict[str, Callable[[np.random.Generator, int], Made]] = {
    "plain": _plain,
    "encoder inside": _encoder,
    "means of other rows": _means_from_before,
    "selection inside": _selection,
    "named columns": _named_columns,
    "fitted on other rows": _frozen,
    "groups kept together": _groups_kept,
    "copies kept together": _copies_kept,
    "scored ahead": _ahead,
    "oversampled inside": _balanced,
    "inner check": _inner_check,
    "stacked by groups": _stacking,
    "stacked rows": _stacking_of_rows,
    "search inside": _search,
}
