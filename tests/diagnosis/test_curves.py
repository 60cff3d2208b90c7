"""Learning and complexity curves: what they measure, what they foresee, what they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from modelwright.cli import main
from modelwright.core.errors import DataError, OptionError
from modelwright.diagnosis import (
    complexity_curve,
    complexity_curve_figure,
    diagnose,
    learning_curve,
    learning_curve_figure,
)
from modelwright.diagnosis.power import fit_law


def waves(rows: int, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(rows, 2))
    return X, X[:, 0] + np.sin(6 * X[:, 1]) + rng.normal(0, noise, rows)


@pytest.mark.parametrize(("floor", "scale", "exponent"), [(0.3, 2.0, 0.5), (0.0, 1.0, 1.0)])
def test_a_power_law_is_found_again(floor: float, scale: float, exponent: float) -> None:
    sizes = np.geomspace(50, 1600, 6)
    law = fit_law(sizes, (floor + scale * sizes**-exponent)[:, None])
    assert law is not None
    assert law.at(3200) == pytest.approx(floor + scale * 3200**-exponent, rel=1e-3)
    flat = fit_law(sizes, np.full((6, 3), 0.7))
    assert flat is not None
    assert flat.doubling(1600) == pytest.approx(0.0, abs=1e-9)
    assert not flat.sure(1600)


def test_the_prediction_of_twice_as_many_rows_comes_true() -> None:
    X, y = waves(4000)
    tree = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
    half = learning_curve(tree, X[:2000], y[:2000], workers=0, folds=4)
    whole = learning_curve(tree, X, y, workers=0, folds=4)
    foretold = half.best.expected(2 * half.best.sizes[-1])
    assert foretold == pytest.approx(whole.best.valid[-1].mean(), rel=0.06)


def test_a_larger_model_wins_from_some_number_of_rows_on() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(1500, 2))
    y = 3 * X[:, 0] + 0.5 * np.sin(6 * X[:, 1]) + rng.normal(0, 0.2, 1500)
    named = {"straight": LinearRegression(), "near": KNeighborsRegressor(3)}
    found = learning_curve(named, X, y, workers=0, sizes=[15, 30, 60, 120, 300, 600, 1100])
    (won,) = found.overtakings
    assert (won.winner, won.loser, won.measured, won.sure) == ("near", "straight", True, True)
    assert won.rows is not None
    at = np.searchsorted(found.curves[0].sizes, won.rows)
    gaps = found.curves[0].losses.mean(axis=1) - found.curves[1].losses.mean(axis=1)
    assert (gaps[at:] > 0).all()
    assert gaps[at - 1] <= 0


def test_more_rows_are_worth_it_or_not() -> None:
    X, y = waves(300, noise=0.05)
    hungry = learning_curve(KNeighborsRegressor(3), X, y, workers=0)
    assert hungry.verdict.code == "more-rows"
    rng = np.random.default_rng(0)
    full = learning_curve(LinearRegression(), X, X[:, 0] + rng.normal(size=300), workers=0)
    assert full.verdict.code == "enough-rows"
    assert full.gain < 0.02


def test_fewer_rows_are_a_part_of_more_and_groups_stay_whole() -> None:
    X, y = load_iris(return_X_y=True)
    groups = np.arange(150) % 15
    folds = list(GroupKFold(3).split(X, y, groups))
    found = learning_curve(
        DecisionTreeClassifier(random_state=0), X, y, folds=folds, workers=0, metric="accuracy"
    )
    assert found.metric == "accuracy"
    assert found.best.valid.shape == (len(found.best.sizes), 3)
    assert found.best.sizes[-1] == 100
    assert (found.best.train == 1.0).all()


def test_rows_of_folds_may_be_told_by_truth_values() -> None:
    X, y = waves(100)
    held = np.arange(100) % 4 == 0
    by_truth, by_place = (
        learning_curve(LinearRegression(), X, y, folds=folds, workers=0)
        for folds in ([(~held, held)], [(np.flatnonzero(~held), np.flatnonzero(held))])
    )
    assert by_truth.best.valid.tolist() == by_place.best.valid.tolist()


def test_a_rare_class_is_in_the_fewest_rows_too() -> None:
    X, _ = waves(1_000)
    rare = (np.arange(1_000) % 100 == 3).astype(np.int64)
    found = learning_curve(LogisticRegression(), X, rare, workers=0, metric="log_loss")
    assert found.best.sizes[0] < 30
    assert np.isfinite(found.best.valid).all()


def test_a_complexity_curve_finds_the_middle() -> None:
    X, y = waves(400, noise=0.5)
    depths = {"max_depth": [1, 2, 3, 4, 5, 6, 8, 12]}
    found = complexity_curve(DecisionTreeRegressor(random_state=0), X, y, depths, workers=0)
    train = found.train.mean(axis=1)
    assert (np.diff(train) < 0).all()
    assert 0 < found.best < 7
    assert found.simplest <= found.best
    assert found.verdict.code == "best-inside"
    few = complexity_curve(
        DecisionTreeRegressor(random_state=0), X, y, {"max_depth": [1, 2]}, workers=0
    )
    assert few.verdict.code == "too-simple"
    figure = complexity_curve_figure(found)
    assert len(figure.data.rows) == 8


def test_values_of_numpy_are_shown_as_numbers() -> None:
    X, y = waves(120)
    depths = {"max_depth": np.arange(1, 4)}
    found = complexity_curve(DecisionTreeRegressor(random_state=0), X, y, depths, workers=0)
    assert found.values == (1, 2, 3)
    assert "np." not in str(found)
    assert found.to_json()["values"] == [1, 2, 3]


@pytest.mark.long
def test_parameters_of_a_learner_of_ours() -> None:
    X, y = waves(200)
    found = complexity_curve("lightgbm", X, y, {"leaves": [2, 8]}, workers=0, folds=2)
    assert found.valid.shape == (2, 2)
    with pytest.raises(OptionError):
        complexity_curve("lightgbm", X, y, {"leafs": [2, 8]}, workers=0)


@pytest.mark.long
def test_curves_in_worker_processes_are_the_same() -> None:
    X, y = waves(200)
    tree = DecisionTreeRegressor()
    here = learning_curve(tree, X, y, workers=0, folds=2)
    there = learning_curve(tree, X, y, workers=2, folds=2)
    assert (here.best.valid == there.best.valid).all()
    assert (here.best.train == there.best.train).all()
    assert "Learning curve" in learning_curve_figure(here).html("curve")


@pytest.mark.parametrize(
    "changes",
    [
        {"folds": 1},
        {"folds": []},
        {"folds": [([0, 1, 2], [100])]},
        {"folds": [([-1, 1, 2], [3])]},
        {"folds": [([0.5, 1.5], [3])]},
        {"folds": [([True, False], [3])]},
        {"sizes": [5]},
        {"sizes": [10, 10_000]},
        {"estimator": {}},
        {"metric": "accuracy"},
    ],
    ids=str,
)
def test_wrong_options_are_refused(changes: dict[str, object]) -> None:
    X, y = waves(100)
    given = {"estimator": LinearRegression(), "X": X, "y": y, "workers": 0}
    with pytest.raises(OptionError):
        learning_curve(**{**given, **changes})  # type: ignore[arg-type]


def test_too_few_rows_are_refused() -> None:
    X, y = waves(30)
    with pytest.raises(DataError):
        learning_curve(LinearRegression(), X, y, workers=0)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    X, y = waves(300)
    path = tmp_path / "waves.csv"
    pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": y}).write_csv(path)
    return path


@pytest.mark.long
def test_a_table_is_diagnosed(table: Path) -> None:
    found = diagnose(table, "y", workers=0)
    assert found.curve.best.name == "lightgbm"
    assert [one.name for one in found.curve.curves] == ["linear", "lightgbm"]
    codes = [one.code for one in found.findings]
    assert codes[0] in ("more-rows", "enough-rows")
    assert codes[-1] in ("bias", "variance", "noise")
    assert found.rows == found.used == 300


@pytest.mark.long
def test_check_tells_of_the_curve(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(table), "--target", "y", "--curve", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["curves"]["curve"]["metric"] == "rmse"
    assert {"more-rows", "enough-rows"} & {one["code"] for one in told["findings"]}
    assert main(["check", "-", "--target", "y", "--curve"]) == 2
