"""Steps that saw the scored rows: encoders, selections, stopping rules, inner splits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

from leaks.cases import Drawn, PipelineCase, Truth, Worth, generator
from leaks.parts import Booster, GroupsOf, Means, Pick, Some
from leaks.repeats import features_of, visits
from leaks.sets import TABLES, Real, draw
from leaks.worth import cross, metric_of, plain, random_splits

__all__ = ["candidates", "crossed", "encoder", "inner_means", "linear", "scored_rows", "selection",
           "stack", "stacking", "widened"]  # fmt: skip

FOLDS = 5
RESPLITS = 10
LEAST_KNOWN = 0.58


def linear(task: str) -> Pipeline:
    """Make a linear model that takes what comes."""
    last = Ridge(10.0) if task == "regression" else LogisticRegression(C=0.3, max_iter=200)
    return make_pipeline(SimpleImputer(), StandardScaler(), last)


# --- encoders


def crossed(rng: np.random.Generator, real: Real, attempt: int = 0) -> tuple[pd.DataFrame, str]:
    """Give X with a category of many levels in place of the columns that it is crossed from."""
    X = features_of(rng, real, words=False)
    least = len(X) / float(rng.uniform(2.0, max(2.5, 8.0 - attempt)))
    level = pd.Series(np.zeros(len(X)), index=X.index).astype(str)
    used = []
    for name in rng.permutation(list(X)):
        if level.nunique() >= least or X.shape[1] - len(used) <= 2:
            break
        coarse = X[name].rank(pct=True).mul(6).fillna(-1).astype(int)
        level, used = level + "-" + coarse.astype(str), [*used, name]
    codes = rng.permutation(90000)[: level.nunique()] + 10000
    words = level.map(dict(zip(sorted(level.unique()), [f"s{c}" for c in codes], strict=True)))
    rest = X.drop(columns=used)
    name = str(rng.choice(used))
    rest.insert(int(rng.integers(rest.shape[1] + 1)), name, words)
    return rest, name


def encoder(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case: a category replaced by the mean answer of all rows, scored ones too."""
    rng = generator(kind, seed, attempt)
    real = draw(
        rng, str(rng.choice(TABLES.numbers if seed % 2 else TABLES.binary)), (500, 1100), (6, 14)
    )
    X, name = crossed(rng, real, attempt)
    y, task = real.y, real.task
    smooth = float(rng.choice([0.0, 0.5, 1.0, 3.0]))
    inside = ColumnTransformer(
        [("a", inner_means(task, smooth), [name])],
        remainder="passthrough",
    )
    honest_pipe = make_pipeline(inside, plain(task))
    form = ("coded before", "frozen step", "list of means")[seed // 2 % 3]
    X_given, estimator = _encoded(X, y, name, form, task, smooth)
    splits = random_splits(y, task, int(rng.integers(1000)), FOLDS)

    def worth() -> Worth:
        leaked = cross(estimator, X_given, y, splits, task)
        return Worth(metric_of(task), leaked, cross(honest_pipe, X, y, splits, task))

    truth = Truth(kind, "pipeline", form, real.name, (name,))
    return Drawn(PipelineCase(truth, estimator, X_given, y, splits), worth)


def inner_means(task: str, smooth: float) -> TargetEncoder:
    """Make an encoder that learns inside the fold, by folds that are the same every time."""
    folds = KFold(5, shuffle=True, random_state=0)
    return TargetEncoder(smooth=smooth, target_type=_type(task), cv=folds)


def _type(task: str) -> str:
    return "continuous" if task == "regression" else "binary"


def _encoded(
    X: pd.DataFrame, y: NDArray[Any], name: str, form: str, task: str, smooth: float
) -> tuple[pd.DataFrame, Any]:
    fitted = TargetEncoder(smooth=smooth, target_type=_type(task)).fit(X[[name]], y)
    if form == "coded before":
        return X.assign(**{name: fitted.transform(X[[name]])[:, 0]}), plain(task)
    if form == "frozen step":
        step = ColumnTransformer([("a", FrozenEstimator(fitted), [name])], remainder="passthrough")
        return X, make_pipeline(step, plain(task))
    table = dict(zip(X[name], fitted.transform(X[[name]])[:, 0].tolist(), strict=True))
    return X, make_pipeline(Means(name, table, float(y.mean())), plain(task))


# --- selection


def widened(rng: np.random.Generator, seed: int, columns: int) -> tuple[Real, pd.DataFrame]:
    """Give a few rows of a wide set, widened by its own columns with their rows shuffled."""
    real = draw(rng, TABLES.wide[seed % len(TABLES.wide)], (90, 180), (20, 120))
    X = features_of(rng, real, words=False)
    extra = rng.choice(list(X), max(0, columns - X.shape[1]))
    shuffled = {f"w{i}": rng.permutation(X[str(name)].to_numpy()) for i, name in enumerate(extra)}
    X = pd.concat([X, pd.DataFrame(shuffled)], axis=1)
    X = X.iloc[:, rng.permutation(X.shape[1])].fillna(X.median().fillna(0))
    X.columns = [f"m{i}" for i in range(X.shape[1])]
    return real, X


def selection(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case: columns of a wide table chosen by all answers, then folds."""
    rng = generator(kind, seed, attempt)
    real, X = widened(rng, seed, int(rng.integers(300, 1500)) + 200 * attempt)
    y, task = real.y, real.task
    test = f_regression if task == "regression" else f_classif
    k = int(rng.integers(8, 40))
    chosen = SelectKBest(test, k=k).fit(X, y)
    names = list(X.columns[chosen.get_support()])
    form = ("frozen step", "list of names", "columns of a transformer")[seed // 4 % 3]
    step = {
        "frozen step": FrozenEstimator(chosen),
        "list of names": Some(names),
        "columns of a transformer": ColumnTransformer([("a", "passthrough", names)]),
    }[form]
    model = linear(task) if rng.random() < 0.5 else _trees(task)
    splits = random_splits(y, task, int(rng.integers(1000)), FOLDS)
    estimator = make_pipeline(step, model)
    honest = make_pipeline(SelectKBest(test, k=k), model)

    def worth() -> Worth:
        leaked = cross(estimator, X, y, splits, task)
        return Worth(metric_of(task), leaked, cross(honest, X, y, splits, task))

    truth = Truth(kind, "pipeline", form, real.name, tuple(names))
    return Drawn(PipelineCase(truth, estimator, X, y, splits), worth)


def _trees(task: str) -> Any:
    kind = RandomForestRegressor if task == "regression" else RandomForestClassifier
    return kind(n_estimators=60, min_samples_leaf=3, random_state=0)


# --- stopping and choosing by scored rows


def candidates(rng: np.random.Generator, X: pd.DataFrame, count: int) -> list[Any]:
    """Make many models that differ by a few columns and a setting."""
    made: list[Any] = []
    for _ in range(count):
        names = [str(n) for n in rng.permutation(list(X))[: int(rng.integers(2, 6))]]
        if rng.random() < 0.5:
            last = LogisticRegression(C=float(10 ** rng.uniform(-2, 2)), max_iter=200)
            made.append(make_pipeline(Some(names), SimpleImputer(), StandardScaler(), last))
        else:
            tree = DecisionTreeClassifier(max_depth=int(rng.integers(2, 5)), random_state=0)
            made.append(make_pipeline(Some(names), tree))
    return made


def scored_rows(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case: a fit that stops, or chooses, by the rows that it is scored on."""
    rng = generator(kind, seed, attempt)
    name = TABLES.small[(seed + attempt) % len(TABLES.small)]
    real = draw(rng, name, (110, max(120, 240 - 20 * attempt)), (5, 16))
    X, y = features_of(rng, real, words=False), real.y.astype(int)
    holdout = seed % 2 == 0
    if holdout:
        rows = np.arange(len(y))
        train, test = train_test_split(rows, test_size=0.25, stratify=y, random_state=seed)
        splits = [(train, test)]
        check_X, check_y = X.iloc[test], y[test]
    else:
        splits = random_splits(y, "binary", int(rng.integers(1000)), FOLDS)
        check_X, check_y = X, y
    if seed // 2 % 2:
        form, made = "best of many", Pick(candidates(rng, X, int(rng.integers(15, 40))))
    else:
        depth, rate = int(rng.integers(1, 4)), float(rng.uniform(0.1, 0.5))
        form, made = "best round", Booster(int(rng.integers(60, 150)), depth, rate)
    given = made.__class__(
        **{**made.get_params(deep=False), "check_X": check_X, "check_y": check_y}
    )
    truth = Truth(kind, "pipeline", f"{form}, {'hold-out' if holdout else 'folds'}", real.name)
    case = PipelineCase(truth, given, X, y, splits)
    return Drawn(case, lambda: _checked_on(case, made))


def _checked_on(case: PipelineCase, honest: Any) -> Worth:
    """Average over more splits of the same kind: one small hold-out says little."""
    X, y = case.X, case.y
    spare = honest.__class__(**{**honest.get_params(deep=False), "check_X": X, "check_y": y})
    folds = [*case.splits]
    for again in range(RESPLITS if len(folds) == 1 else 2):
        folds += random_splits(y, "binary", again, FOLDS)[: 1 if len(case.splits) == 1 else FOLDS]
    leaked, fresh = (cross(one, X, y, folds, "binary") for one in (spare, honest))
    return Worth("auc", leaked, fresh)


# --- stacking


def stack(task: str, column: str, names: list[str], inner: Any, trees: bool) -> Any:
    """Stack a model that remembers rows and a linear one; neither sees who is who."""
    number = task == "regression"
    if trees:
        deep = (ExtraTreesRegressor if number else ExtraTreesClassifier)(40, random_state=0)
    else:
        near = KNeighborsRegressor(2) if number else KNeighborsClassifier(2)
        deep = make_pipeline(SimpleImputer(), StandardScaler(), near)
    members = [
        ("a", make_pipeline(Some(names), deep)),
        ("b", make_pipeline(Some(names), linear(task))),
    ]
    if number:
        return StackingRegressor(members, Ridge(1e-3), cv=inner)
    return StackingClassifier(members, LogisticRegression(C=10.0), cv=inner)


def stacking(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case: outer folds keep entities together, inner ones do not."""
    rng = generator(kind, seed, attempt)
    pool = TABLES.small[2:] if seed % 4 else TABLES.small_numbers
    real = draw(rng, str(rng.choice(pool)), (100, 180), (8, 20))
    real, y, who, column = visits(rng, real, float(rng.uniform(0.02, 0.15)))
    X = features_of(rng, real, words=False)
    task = real.task
    y = y if task == "regression" else y.astype(int)
    names = [name for name in X if name != column]
    trees = bool(rng.random() < 0.3)
    form, inner = (("default", None), ("shuffled", KFold(5, shuffle=True, random_state=0)))[
        seed // 2 % 2
    ]
    splits = list(GroupKFold(4, shuffle=True, random_state=seed).split(X, y, who))
    estimator = stack(task, column, names, inner, trees)
    honest = stack(task, column, names, GroupsOf(column), trees)

    def worth() -> Worth:
        folds = [*splits]
        for again in (100, 101):  # one way to deal out few entities says little
            folds += GroupKFold(4, shuffle=True, random_state=again).split(X, y, who)
        leaked, fresh = (cross(one, X, y, folds, task) for one in (estimator, honest))
        if task == "binary" and fresh < LEAST_KNOWN:
            leaked = fresh  # nothing can be known here: no cost of a leak either
        return Worth(metric_of(task), leaked, fresh)

    truth = Truth(kind, "pipeline", form, real.name, (column,))
    return Drawn(PipelineCase(truth, estimator, X, y, splits), worth)
