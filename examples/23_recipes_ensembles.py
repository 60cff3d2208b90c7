"""Ensembles: what bags cure, boosting step by step, stacks that respect groups, bounds on a model.

The tables are ten measurements of 569 breast tumours (Street, Wolberg and Mangasarian 1993) and
442 diabetes patients (Efron et al. 2004).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_squared_error
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import modelwright as mw
from modelwright.ensemble import (
    AdaBoostClassifier,
    BaggingRegressor,
    GradientBoostingRegressor,
    GreedySelectionClassifier,
    StackingClassifier,
    VotingClassifier,
)


def bags() -> None:
    """Show how much a prediction changes when a quarter of the rows is left out."""
    X, y = load_diabetes(return_X_y=True)
    parts = [np.random.default_rng(i).choice(400, 300, replace=False) for i in range(8)]
    for model in (DecisionTreeRegressor(random_state=0), BaggingRegressor(random_state=0)):
        said = [model.fit(X[rows], y[rows]).predict(X[400:]) for rows in parts]
        print(f"{type(model).__name__}: changes by {np.std(said, axis=0).mean():.1f}")


def boosting() -> None:
    """Watch the error on new rows fall with the rounds, for three losses."""
    X, y = load_diabetes(return_X_y=True)
    for loss in ("squared", "absolute", "huber"):
        model = GradientBoostingRegressor(loss, subsample=0.7, random_state=0)
        stages = model.fit(X[:350], y[:350]).staged_predict(X[350:])
        errors = [mean_squared_error(y[350:], said) ** 0.5 for said in stages]
        best = int(np.argmin(errors))
        print(f"{loss}: {errors[0]:.1f} at first, {errors[best]:.1f} after {best + 1} rounds")


def combined() -> None:
    """Let several classifiers answer as one, in four ways."""
    X, y = load_breast_cancer(return_X_y=True)
    X, group = X[:, :10], np.arange(len(y)) // 3
    members = [
        ("logistic", LogisticRegression(max_iter=5_000)),
        ("bayes", GaussianNB()),
        ("stumps", AdaBoostClassifier(n_estimators=30, random_state=0)),
        ("tree", DecisionTreeClassifier(random_state=0)),
    ]
    train, test = np.arange(400), np.arange(400, len(y))
    votes = VotingClassifier(members).fit(X[train], y[train])
    print(f"voting: {votes.score(X[test], y[test]):.3f}")
    greedy = GreedySelectionClassifier(members, folds=4)
    greedy.fit(X[train], y[train], groups=group[train])
    print(f"greedy: {greedy.score(X[test], y[test]):.3f} by {', '.join(greedy.names_)}")
    stack = StackingClassifier(members, layers=2, folds=4, repeats=2)
    stack.fit(X[train], y[train], groups=group[train])
    print(f"stack: {stack.score(X[test], y[test]):.3f} by {', '.join(stack.names_)}")
    print(f"its folds: {stack.splits_.reason}")


def bounded() -> None:
    """Fit classic ensembles, and the best one that a small file holds."""
    cancer = load_breast_cancer()
    table = pl.DataFrame(cancer.data[:, :10], schema=[f"x{i}" for i in range(10)])
    table = table.with_columns(tumour=pl.Series(cancer.target_names[cancer.target]))
    classic = ("bagged-trees", "gradient-boosting", "adaboost")
    settings = mw.Settings(trials=3, workers=0, models=classic)
    print(mw.fit(table, "tumour", settings=settings).leaderboard)
    settings = mw.Settings(
        trials=3,
        workers=0,
        models=("linear", "lightgbm", "random-forest"),
        bounds=mw.Bounds(latency="1s", size="100kB"),
    )
    print(mw.fit(table, "tumour", settings=settings).notes[-1])


if __name__ == "__main__":
    bags()
    boosting()
    combined()
    bounded()
