"""The scikit-learn faces: its own checks, pipelines, searches, frames, labels, stores, pickles."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import modelwright as mw

EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "rows are split into folds, and a row twice "
    "can lie in two of them: a weight of two cannot"
}
IRIS = load_iris()
QUICK = mw.AutoClassifier(trials=1, models=("tree",), workers=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [mw.AutoClassifier, mw.AutoRegressor])
def test_scikit_learn_finds_nothing_wrong(kind: type) -> None:
    estimator = kind(trials=1, models=("linear",), workers=0)
    found = check_estimator(estimator, expected_failed_checks=EXPECTED, on_skip=None, on_fail=None)
    assert [check["check_name"] for check in found if check["status"] == "failed"] == []
    assert len(found) > 50


@pytest.mark.long
@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 1, 2]),
        np.array([-5, 7, 3]),
        np.array(["b", "a", "c"]),
        np.array(["NA", "null", "?"]),
        np.array([" x", "x", "y"]),
        np.array(["missing", "undefined", "known"]),
        np.array(["Jan 2020", "Feb 2020", "Mar 2020"]),
        np.array([1.0, 2.0, 10.0]),
        np.array(["b", "a", "c"], dtype=object),
    ],
    ids=str,
)
def test_labels_come_back_as_they_came(labels: np.ndarray) -> None:
    y = labels[IRIS.target]
    found = clone(QUICK).fit(IRIS.data, y)
    assert found.classes_.tolist() == sorted(labels.tolist())
    said = found.predict(IRIS.data)
    assert said.dtype == y.dtype
    assert (said == y).mean() > 0.9
    best = found.classes_[found.predict_proba(IRIS.data).argmax(axis=1)]
    assert (best == said).all()


@pytest.mark.long
def test_two_classes_of_booleans() -> None:
    y = IRIS.target == 1
    found = clone(QUICK).set_params(models=("lightgbm",)).fit(IRIS.data, y)
    assert found.classes_.tolist() == [False, True]
    assert found.predict_proba(IRIS.data)[y, 1].mean() > 0.7
    assert found.predict(IRIS.data).dtype == bool


@pytest.mark.long
@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, pl.DataFrame])
def test_arrays_and_frames(kind: object) -> None:
    names = ["a", "b", "c", "d"]
    X = IRIS.data if kind is np.asarray else kind(dict(zip(names, IRIS.data.T, strict=True)))
    found = clone(QUICK).fit(X, IRIS.target)
    assert found.score(X, IRIS.target) > 0.9
    assert found.n_features_in_ == 4
    if kind is not np.asarray:
        assert found.feature_names_in_.tolist() == names
        with pytest.raises(ValueError, match="feature names should match"):
            found.predict(X[["b", "a", "c", "d"]])


@pytest.mark.long
def test_text_and_categories_of_a_frame() -> None:
    random = np.random.default_rng(0)
    town = random.choice(["Rome", "Oslo", "Bonn"], 150)
    frame = pd.DataFrame({"town": town, "area": random.normal(size=150)})
    y = 10.0 * (town == "Oslo") + frame["area"]
    found = mw.AutoRegressor(trials=1, models=("linear",), workers=0).fit(frame, y)
    assert found.score(frame, y) > 0.95


@pytest.mark.long
def test_a_column_of_the_target_name_is_no_trouble() -> None:
    frame = pd.DataFrame(IRIS.data, columns=["target", "sample_weight", "groups", "d"])
    found = clone(QUICK).fit(frame, IRIS.target, sample_weight=np.ones(150), groups=range(150))
    assert found.score(frame, IRIS.target) > 0.9
    assert found.model_.task.target == "target_"


@pytest.mark.long
def test_pipeline_cross_validation_and_search() -> None:
    line = make_pipeline(StandardScaler(), clone(QUICK))
    scores = cross_val_score(line, IRIS.data, IRIS.target, cv=3)
    assert scores.min() > 0.85
    search = GridSearchCV(clone(QUICK), {"models": [("tree",), ("extra-trees",)]}, cv=2)
    search.fit(IRIS.data, IRIS.target)
    assert search.best_score_ > 0.85


@pytest.mark.long
def test_weights_are_routed() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        asked = clone(QUICK).set_fit_request(sample_weight=True, groups=True)
        weight, groups = np.where(IRIS.target == 2, 1e-3, 1.0), np.arange(150) // 5
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        line = make_pipeline(scaler, asked)
        line.fit(IRIS.data, IRIS.target, sample_weight=weight, groups=groups)
    shares = line.predict_proba(IRIS.data)[:, 2]
    assert shares.mean() < 0.15
    assert "group" in line[-1].model_.card.plan


@pytest.mark.long
def test_a_pickle_holds_the_model_file_and_predicts_the_same() -> None:
    found = clone(QUICK).fit(IRIS.data, IRIS.target)
    state = found.__getstate__()
    content, _ = state["_model_file"]
    assert content[:2] == b"PK"
    assert not {"model_", "result_"} & set(state)
    again = pickle.loads(pickle.dumps(found))
    assert np.array_equal(again.predict_proba(IRIS.data), found.predict_proba(IRIS.data))
    assert again.result_.score == found.result_.score
    assert "model_" in vars(found)  # packing leaves the estimator as it was


@pytest.mark.long
def test_runs_leave_nothing_behind_unless_asked(private_store: Path, tmp_path: Path) -> None:
    found = clone(QUICK).fit(IRIS.data, IRIS.target)
    assert not found.result_.folder.exists()
    assert list(private_store.iterdir()) == []
    kept = clone(QUICK).set_params(store=str(tmp_path)).fit(IRIS.data, IRIS.target)
    assert kept.result_.folder.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"models": ("lgihtgbm",)}, "did you mean 'lightgbm'"),
        ({"metric": "rmse"}, "metric"),
        ({"time": "soon", "trials": None}, "duration"),
    ],
)
def test_wrong_options_are_value_errors(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        clone(QUICK).set_params(**change).fit(IRIS.data, IRIS.target)


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        clone(QUICK).fit(IRIS.data, np.zeros(150))


def test_one_learner_as_a_word_and_trials_that_are_no_number_are_refused() -> None:
    X, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    with pytest.raises(mw.OptionError, match="tuple of names as models; got 'linear'"):
        mw.AutoClassifier(models="linear").fit(X, y)  # type: ignore[arg-type]
    with pytest.raises(mw.OptionError, match="a whole number for --trials; got 'x'"):
        mw.Settings(trials="x")  # type: ignore[arg-type]
