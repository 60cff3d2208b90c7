"""Bias and variance of estimators: equal to mlxtend's, the same in processes and in threads."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from mlxtend.evaluate import bias_variance_decomp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.ensemble import BaggingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import modelwright as mw
from modelwright.core.errors import DataError, OptionError
from modelwright.diagnosis import bias_variance, bias_variance_figure

EXACT = 1e-12


class Stubborn(ClassifierMixin, BaseEstimator):
    """An estimator of a user's own module."""

    def __init__(self, answer: int = 0) -> None:
        self.answer = answer

    def fit(self, X: np.ndarray, y: np.ndarray) -> Stubborn:
        if self.answer < 0:
            raise ValueError("my own error")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.full(len(X), self.classes_[self.answer])


@pytest.mark.long
@pytest.mark.parametrize(
    ("load", "estimator", "loss", "seed"),
    [
        (load_iris, DecisionTreeClassifier(random_state=1), "0-1_loss", 0),
        (load_wine, make_pipeline(StandardScaler(), LogisticRegression()), "0-1_loss", 7),
        (load_diabetes, DecisionTreeRegressor(random_state=1, max_depth=4), "mse", 0),
        (load_diabetes, LinearRegression(), "mse", 3),
    ],
    ids=["tree", "logistic", "regression tree", "linear"],
)
def test_equal_to_mlxtend(load, estimator, loss: str, seed: int) -> None:  # type: ignore[no-untyped-def]
    X, y = load(return_X_y=True)
    X, new, y, fresh = train_test_split(X, y, test_size=0.3, random_state=0)
    theirs = bias_variance_decomp(
        estimator, X, y, new, fresh, loss=loss, num_rounds=20, random_seed=seed
    )
    ours = bias_variance(
        estimator, X, y, test=(new, fresh), loss=loss, rounds=20, seed=seed, workers=0
    )
    for mine, yours in zip((ours.loss, ours.bias, ours.variance), theirs, strict=True):
        assert mine == pytest.approx(float(yours), rel=EXACT, abs=EXACT)


@pytest.mark.long
def test_processes_and_threads_and_one_process_agree() -> None:
    X, y = load_wine(return_X_y=True)
    names = np.array(["a", "b", "c"])[y]
    tree = DecisionTreeClassifier()
    alone = bias_variance(tree, X, names, rounds=12, workers=0, loss="log_loss")
    apart = bias_variance(tree, X, names, rounds=12, workers=2, loss="log_loss")
    frame = bias_variance(tree, pd.DataFrame(X), names, rounds=12, workers=2, loss="log_loss")
    assert alone.where == "this process"
    assert apart.where == "worker processes"
    assert frame.where == "threads"
    assert alone.parts.loss == apart.parts.loss == frame.parts.loss
    assert alone.variance == apart.variance == frame.variance


def test_an_estimator_of_a_function_runs_in_threads() -> None:
    class Local(Stubborn):
        pass

    X, y = load_iris(return_X_y=True)
    found = bias_variance(Local(1), X, y, rounds=10, workers=2)
    assert found.where == "threads"
    assert found.variance == 0.0
    assert found.loss == found.bias > 0.5


def test_what_an_estimator_raises_reaches_the_user() -> None:
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="my own error"):
        bias_variance(Stubborn(-1), X, y, rounds=10, workers=0)


@pytest.mark.long
def test_the_verdict_names_what_is_wrong() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(800, 2))
    wave = np.sin(8 * X[:, 0])
    stump, deep = DecisionTreeRegressor(max_depth=1), DecisionTreeRegressor()
    quiet = wave + rng.normal(0, 0.1, 800)
    assert bias_variance(stump, X, quiet, rounds=20, workers=0).verdict.code == "bias"
    loud = wave + rng.normal(0, 1.0, 800)
    bagged = BaggingRegressor(DecisionTreeRegressor(min_samples_leaf=20), n_estimators=20)
    noisy = bias_variance(bagged, X, loud, rounds=12, workers=0)
    assert noisy.verdict.code == "noise"
    assert noisy.noise == pytest.approx(1.0, rel=0.2)
    assert "labels" in noisy.verdict.cure
    restless = bias_variance(deep, X, loud, rounds=20, workers=0)
    assert restless.shares["variance"] > 3 * noisy.shares["variance"]
    assert sum(restless.shares.values()) == pytest.approx(1.0)


@pytest.mark.long
def test_bagging_takes_variance_away() -> None:
    X, y = load_diabetes(return_X_y=True)
    tree = bias_variance(DecisionTreeRegressor(), X, y, rounds=15, workers=0)
    bagged = bias_variance(BaggingRegressor(DecisionTreeRegressor()), X, y, rounds=15, workers=0)
    assert bagged.variance < 0.4 * tree.variance
    assert bagged.bias == pytest.approx(tree.bias, rel=0.15)


@pytest.mark.parametrize("name", ["linear", "lightgbm", "tree"])
@pytest.mark.long
def test_learners_of_ours_by_name(name: str) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"x": rng.uniform(size=200), "shop": rng.choice(["a", "b"], 200).tolist()})
    y = 3 * frame["x"].to_numpy() + (frame["shop"] == "b").to_numpy()
    found = bias_variance(name, frame, y, rounds=10, workers=0)
    assert found.loss < 0.25 * found.constant
    again = bias_variance(name, frame, y, rounds=10, workers=0)
    assert found.to_json() | {"seconds": 0} == again.to_json() | {"seconds": 0}


def test_one_seed_one_answer_another_seed_another() -> None:
    X, y = load_iris(return_X_y=True)
    found = [
        bias_variance(DecisionTreeClassifier(), X, y, rounds=10, seed=seed, workers=0).variance
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]


def test_the_figure_holds_the_shares() -> None:
    X, y = load_diabetes(return_X_y=True)
    found = mw.bias_variance(LinearRegression(), X, y, rounds=10, workers=0)
    figure = bias_variance_figure(found)
    assert [row[0] for row in figure.data.rows] == list(found.shares)
    assert "<svg" in figure.svg()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"rounds": 3}, OptionError),
        ({"loss": "hinge"}, OptionError),
        ({"loss": "squared"}, OptionError),
        ({"test": 1.5}, OptionError),
        ({"y": np.zeros(150)}, DataError),
        ({"y": np.zeros(20)}, DataError),
        ({"y": np.array([None] * 150)}, DataError),
        ({"estimator": "lihgtgbm"}, OptionError),
        ({"estimator": 3}, OptionError),
        ({"estimator": Stubborn(), "loss": "log_loss"}, OptionError),
    ],
    ids=str,
)
def test_wrong_input_is_refused(changes: dict[str, object], error: type[Exception]) -> None:
    X, y = load_iris(return_X_y=True)
    given = {"estimator": DecisionTreeClassifier(), "X": X, "y": y, "rounds": 10, "workers": 0}
    with pytest.raises(error):
        bias_variance(**{**given, **changes})  # type: ignore[arg-type]
