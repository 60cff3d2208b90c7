"""Estimators as plain JSON: found again, or not described at all."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from modelwright.diagnosis.described import anew, build, described, with_parameters
from modelwright.diagnosis.learner import LearnerEstimator


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(max_depth=np.int64(3), class_weight={0: 1.0, 1: 2.5}),
        make_pipeline(StandardScaler(), LogisticRegression(C=0.5)),
        StackingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())]),
        ColumnTransformer([("s", StandardScaler(), [0]), ("f", FunctionTransformer(np.abs), [2])]),
        LogisticRegression(class_weight="balanced", C=np.inf),
        LearnerEstimator("linear", {"max_rounds": 3}),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_what_is_described_is_built_again(estimator: object) -> None:
    told = described(estimator)
    assert told is not None
    again = build(json.loads(json.dumps(told)))
    assert type(again) is type(estimator)
    assert described(again) == told


def test_what_nobody_finds_again_is_not_described() -> None:
    class Own(LogisticRegression):
        pass

    assert described(Own()) is None
    assert described(make_pipeline(Own())) is None
    assert described(FunctionTransformer(lambda x: x)) is None
    assert described(LogisticRegression(C=object())) is None
    deep: list[object] = []
    for _ in range(60):
        deep = [deep]
    assert described(deep) is None


def test_a_copy_is_not_fitted_and_draws_by_its_seed() -> None:
    X, y = np.arange(20.0)[:, None], np.arange(20) % 2
    fitted = make_pipeline(StandardScaler(), DecisionTreeClassifier()).fit(X, y)
    copies = [anew(fitted, seed=seed) for seed in (1, 1, 2)]
    states = [copy[-1].random_state for copy in copies]
    assert states[0] == states[1] != states[2]
    assert not hasattr(copies[0][-1], "tree_")
    assert fitted[-1].random_state is None
    told = with_parameters(fitted, {"decisiontreeclassifier__max_depth": 2})
    assert told[-1].max_depth == 2
    assert fitted[-1].max_depth is None


def test_a_copy_draws_from_a_generator_of_its_own() -> None:
    drawn = np.random.RandomState(0)
    copy = anew(DecisionTreeClassifier(random_state=drawn))
    copy.random_state.rand(5)
    assert drawn.rand() == np.random.RandomState(0).rand()
