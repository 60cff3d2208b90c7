"""The public ensembles: scikit-learn's own checks, and scikit-learn as the reference."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import ensemble as theirs
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import check_estimator

from modelwright import ensemble as ours

KINDS = [name for name in ours.__all__ if name[0].isupper()]
DRAWN = "rows are drawn: a row twice is drawn otherwise than a weight of two"
FOLDED = "rows are split into folds, and a row twice can lie in two of them"
EXPECTED = {
    "Bagging": DRAWN,
    "RandomForest": DRAWN,
    "AdaBoost": DRAWN,
    "GradientBoosting": "a leaf counts rows, and a row twice is two of them",
    "Stacking": FOLDED,
    "GreedySelection": FOLDED,
    "Voting": "its random forest draws rows",
}
CANCER = load_breast_cancer(return_X_y=True)
IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_scikit_learn_finds_nothing_wrong(name: str) -> None:
    estimator = getattr(ours, name)()
    few = {"n_estimators": 8, "folds": 2}
    estimator.set_params(**{k: v for k, v in few.items() if k in estimator.get_params()})
    reasons = [reason for start, reason in EXPECTED.items() if name.startswith(start)]
    expected = {
        f"check_sample_weight_equivalence_on_{kind}_data": reason
        for kind in ("dense", "sparse")
        for reason in reasons
    }
    found = check_estimator(estimator, expected_failed_checks=expected, on_skip=None, on_fail=None)
    wrong = [(one["check_name"], one["exception"]) for one in found if one["status"] == "failed"]
    assert wrong == []
    assert len(found) > 30


@pytest.mark.parametrize("data", [IRIS, CANCER], ids=["iris", "cancer"])
@pytest.mark.parametrize(
    "base",
    [None, DecisionTreeClassifier(max_depth=2), KNeighborsClassifier(3)],
    ids=["tree", "small tree", "neighbours"],
)
def test_bagged_classifiers_are_those_of_scikit_learn(data: Any, base: Any) -> None:
    X, y = data
    told = {"n_estimators": 14, "max_features": 0.5, "random_state": 3, "oob_score": True}
    own = ours.BaggingClassifier(base, **told).fit(X, y)
    with warnings.catch_warnings(action="ignore"):  # few copies: some rows are in every bag
        other = theirs.BaggingClassifier(base, **told).fit(X, y)
    np.testing.assert_allclose(own.predict_proba(X), other.predict_proba(X), atol=1e-12)
    assert own.oob_score_ == pytest.approx(other.oob_score_, abs=0.01)


def test_bagged_regressors_are_those_of_scikit_learn() -> None:
    X, y = DIABETES
    for base in (None, KNeighborsRegressor(4)):
        told = {"n_estimators": 8, "random_state": 1}
        own = ours.BaggingRegressor(base, **told).fit(X, y)
        other = theirs.BaggingRegressor(base, **told).fit(X, y)
        np.testing.assert_allclose(own.predict(X), other.predict(X), atol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_random_forests_are_those_of_scikit_learn(weighted: bool) -> None:
    X, y = CANCER
    weight = np.where(y, 1.0, 3.0) if weighted else None
    told = {"n_estimators": 12, "min_samples_leaf": 3, "random_state": 5, "oob_score": True}
    own = ours.RandomForestClassifier(**told).fit(X, y, sample_weight=weight)
    with warnings.catch_warnings(action="ignore"):
        other = theirs.RandomForestClassifier(**told).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(own.predict_proba(X), other.predict_proba(X), atol=1e-12)
    known = ~np.isnan(own.oob_prediction_[:, 0])
    there = other.oob_decision_function_
    np.testing.assert_allclose(own.oob_prediction_[known], there[known], atol=1e-12)
    X, y = DIABETES
    mine = ours.RandomForestRegressor(n_estimators=8, random_state=2).fit(X, y)
    reference = theirs.RandomForestRegressor(n_estimators=8, random_state=2).fit(X, y)
    np.testing.assert_allclose(mine.predict(X), reference.predict(X), atol=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("data", [IRIS, CANCER], ids=["iris", "cancer"])
@pytest.mark.parametrize("depth", [1, 3])
def test_samme_is_that_of_scikit_learn(data: Any, depth: int) -> None:
    X, y = data
    told = {"n_estimators": 25, "learning_rate": 0.7, "random_state": 0}
    base = DecisionTreeClassifier(max_depth=depth)
    weight = np.linspace(1.0, 2.0, len(y))
    own = ours.AdaBoostClassifier(base, **told).fit(X, y, sample_weight=weight)
    other = theirs.AdaBoostClassifier(base, **told).fit(X, y, sample_weight=weight)
    count = len(own.estimators_)
    np.testing.assert_allclose(own.estimator_weights_, other.estimator_weights_[:count])
    np.testing.assert_allclose(
        own.decision_function(X), other.decision_function(X), rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(own.predict_proba(X), other.predict_proba(X), atol=1e-9)
    assert (own.predict(X) == other.predict(X)).all()


def test_r2_is_that_of_scikit_learn() -> None:
    X, y = DIABETES
    told = {"n_estimators": 20, "learning_rate": 0.8, "random_state": 4}
    own = ours.AdaBoostRegressor(**told).fit(X, y)
    other = theirs.AdaBoostRegressor(**told).fit(X, y)
    np.testing.assert_allclose(own.predict(X), other.predict(X), rtol=1e-9)


@pytest.mark.parametrize(
    ("loss", "their_loss"),
    [("squared", "squared_error"), ("absolute", "absolute_error"), ("huber", "huber")],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_boosted_numbers_are_those_of_scikit_learn(
    loss: str, their_loss: str, weighted: bool
) -> None:
    X, y = DIABETES
    X = X.astype(np.float32)
    weight = 1.0 + np.arange(len(y)) % 3 if weighted else None
    told = {"n_estimators": 30, "max_depth": 3, "min_samples_leaf": 4, "random_state": 0}
    own = ours.GradientBoostingRegressor(loss, **told).fit(X, y, sample_weight=weight)
    other = theirs.GradientBoostingRegressor(loss=their_loss, **told)
    other.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(own.predict(X), other.predict(X), atol=1e-5 * y.std())


@pytest.mark.parametrize("data", [IRIS, CANCER], ids=["multinomial", "log"])
def test_boosted_classes_are_those_of_scikit_learn(data: Any) -> None:
    X, y = data
    X = X.astype(np.float32)
    told = {"n_estimators": 25, "max_depth": 2, "random_state": 0}
    own = ours.GradientBoostingClassifier(**told).fit(X, y)
    other = theirs.GradientBoostingClassifier(**told).fit(X, y)
    np.testing.assert_allclose(own.predict_proba(X), other.predict_proba(X), atol=1e-5)
    stages = list(own.staged_predict_proba(X))
    assert len(stages) == 25
    np.testing.assert_allclose(stages[-1], own.predict_proba(X), atol=1e-6)
    for mine, reference in zip(stages, other.staged_predict_proba(X), strict=True):
        np.testing.assert_allclose(mine, reference, atol=1e-5)


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_votes_are_those_of_scikit_learn(voting: str) -> None:
    X, y = IRIS
    members = [("bayes", GaussianNB()), ("near", KNeighborsClassifier(3)),
               ("tree", DecisionTreeClassifier(max_depth=2, random_state=0))]  # fmt: skip
    own = ours.VotingClassifier(members, voting, [2, 1, 1]).fit(X, y)
    other = theirs.VotingClassifier(members, voting=voting, weights=[2, 1, 1]).fit(X, y)
    assert (own.predict(X) == other.predict(X)).all()
    if voting == "soft":
        np.testing.assert_allclose(own.predict_proba(X), other.predict_proba(X), atol=1e-12)
    numbers = [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3, random_state=0))]
    X, y = DIABETES
    mine = ours.VotingRegressor(numbers, [1, 3]).fit(X, y)
    reference = theirs.VotingRegressor(numbers, weights=[1, 3]).fit(X, y)
    np.testing.assert_allclose(mine.predict(X), reference.predict(X), atol=1e-9)


@pytest.mark.parametrize("data", [IRIS, CANCER], ids=["iris", "cancer"])
def test_stacks_are_those_of_scikit_learn_on_the_same_folds(data: Any) -> None:
    X, y = data
    members = [
        ("bayes", GaussianNB()),
        ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ]
    last = LogisticRegression(max_iter=1000)
    own = ours.StackingClassifier(members, last, folds=4, admission=None).fit(X, y)
    folds = [(fold.train, fold.valid) for fold in own.splits_.folds]
    other = theirs.StackingClassifier(members, last, cv=folds).fit(X, y)
    np.testing.assert_allclose(own.predict_proba(X), other.predict_proba(X), atol=1e-6)
    X, y = DIABETES
    numbers = [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3, random_state=0))]
    mine = ours.StackingRegressor(numbers, Ridge(), folds=4, admission=None).fit(X, y)
    folds = [(fold.train, fold.valid) for fold in mine.splits_.folds]
    reference = theirs.StackingRegressor(numbers, Ridge(), cv=folds).fit(X, y)
    np.testing.assert_allclose(mine.predict(X), reference.predict(X), rtol=1e-7)
