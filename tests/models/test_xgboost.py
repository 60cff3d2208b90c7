"""XGBoost and CatBoost through the protocol: their own numbers from plain arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.core.budget import Budget
from modelwright.core.errors import MissingExtraError
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models import CatBoostLearner, XGBoostLearner, catboost
from modelwright.models.catboost import _statistics
from modelwright.models.columns import Ranks
from modelwright.models.histogram import FittedHistogram
from modelwright.models.sample import Sample
from modelwright.testing import Puzzle, made_up

FAST = XGBoostLearner(learning_rate=0.1, depth=4)


def numbers_only(classes: int) -> Puzzle:
    puzzle = made_up(classes)
    numbers = puzzle.X.numbers.copy()
    numbers[::7, 0] = np.nan
    return replace(puzzle, X=Matrix.of_numbers(numbers, puzzle.X.number_names))


def scaled(y: Target) -> tuple[np.ndarray, float, float]:
    if y.classes:
        return y.values, 0.0, 1.0
    return (y.values - y.values.mean()) / y.values.std(), y.values.mean(), y.values.std()


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_a_direct_call_of_xgboost_says_the_same(classes: int) -> None:
    xgboost = pytest.importorskip("xgboost")
    puzzle = numbers_only(classes)
    labels, mean, scale = scaled(puzzle.y)
    data = xgboost.DMatrix(puzzle.X.numbers, labels)
    shares = np.log(np.bincount(puzzle.y.values.astype(int) if classes else [0], minlength=1))
    start = {0: np.zeros(300), 2: np.full(300, shares[-1] - shares[0])}
    data.set_base_margin(start.get(classes, np.tile(shares - np.log(300), (300, 1))))
    direct = xgboost.train(FAST.parameters(classes or 1, 3), data, 20).predict(data)
    found = FAST.fit(puzzle.X, puzzle.y, budget=Budget(units=20), seed=3).predict(puzzle.X)
    found = found[:, 1] if classes == 2 else found
    wanted = direct * scale + mean
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-6)


def test_values_at_a_threshold_go_where_xgboost_sends_them() -> None:
    xgboost = pytest.importorskip("xgboost")
    X = np.repeat(np.arange(8, dtype=np.float32), 20)[:, None]
    y = (X[:, 0] % 3).astype(np.float64)
    learner = XGBoostLearner(row_share=1.0, learning_rate=1.0, l2=0.0, column_share=1.0)
    fitted = learner.fit(Matrix.of_numbers(X, ["x"]), Target(y), budget=Budget(units=3), seed=0)
    data = xgboost.DMatrix(X, (y - y.mean()) / y.std(), base_margin=np.zeros(160))
    direct = xgboost.train(learner.parameters(1, 0), data, 3).predict(data)
    found = fitted.predict(Matrix.of_numbers(X, ["x"]))[:, 0]
    np.testing.assert_allclose(found, direct * y.std() + y.mean(), atol=1e-5)


def test_a_model_file_needs_no_xgboost() -> None:
    puzzle = made_up(3)
    fitted = FAST.fit(puzzle.X, puzzle.y, budget=Budget(units=4), seed=0)
    assert isinstance(fitted, FittedHistogram)
    assert fitted.export().blobs == {}


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_a_direct_call_of_catboost_says_the_same(classes: int) -> None:
    library = pytest.importorskip("catboost", reason="CatBoost is not installed (extra boost)")
    puzzle = numbers_only(classes)
    learner = CatBoostLearner(depth=4)
    labels, mean, scale = scaled(puzzle.y)
    model = library.CatBoost(learner.parameters(classes or 1, 20, 3))
    model.fit(library.Pool(puzzle.X.numbers, labels))
    kind = "Probability" if classes else "RawFormulaVal"
    direct = model.predict(puzzle.X.numbers, prediction_type=kind)
    found = learner.fit(puzzle.X, puzzle.y, budget=Budget(units=20), seed=3).predict(puzzle.X)
    wanted = direct * scale + mean
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-6)


def test_without_catboost_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = catboost.Deferred("no_such_catboost", extra="boost")
    monkeypatch.setattr(catboost, "catboost", missing)
    puzzle = made_up(2)
    with pytest.raises(MissingExtraError, match=r"modelwright\[boost\]"):
        CatBoostLearner().fit(puzzle.X, puzzle.y, budget=Budget(), seed=0)


def test_a_row_is_not_in_its_own_target_statistic() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(0, 200, (400, 1)).astype(np.int32)  # two rows a level: all noise
    y = Target(random.integers(0, 2, 400), 2)
    sample = Sample.of(Matrix.of_codes(codes, ["c"], [200]), y, None, Budget())
    ranks, table = _statistics(sample, seed=0)
    assert abs(np.corrcoef(table[:, 0], y.values)[0, 1]) < 0.12
    whole = ranks.table(sample.X)[:, 0]
    assert np.corrcoef(whole, y.values)[0, 1] > 0.5


def test_target_statistics_are_running_means() -> None:
    codes = np.array([[0], [1], [0], [0], [-2]], np.int32)
    y = Target(np.array([1.0, 0.0, 0.0, 1.0, 1.0]))
    sample = Sample.of(Matrix.of_codes(codes, ["c"], [2]), y, None, Budget())
    ranks, table = _statistics(sample, seed=0)
    mean = 0.6
    np.testing.assert_allclose(ranks.ranks, [(2 + mean) / 4, mean / 2], rtol=1e-6)
    order = [row for row in np.random.default_rng(0).permutation(5) if row in (0, 2, 3)]
    total = 0.0
    for seen, row in enumerate(order):
        assert table[row, 0] == pytest.approx((total + mean) / (seen + 1), rel=1e-6)
        total += y.values[row]
    assert np.isnan(table[4, 0])


def test_target_statistics_count_weights() -> None:
    codes = np.array([[0], [1], [0], [0], [-2]], np.int32)
    y = Target(np.array([1.0, 0.0, 0.0, 1.0, 1.0]))
    weight = np.array([0.5, 1.0, 2.0, 1.0, 0.5])
    sample = Sample.of(Matrix.of_codes(codes, ["c"], [2]), y, weight, Budget())
    ranks, table = _statistics(sample, seed=0)
    mean = 2.0 / 5.0
    np.testing.assert_allclose(ranks.ranks, [(1.5 + mean) / 4.5, mean / 2], rtol=1e-6)
    total = seen = 0.0
    for row in (row for row in np.random.default_rng(0).permutation(5) if row in (0, 2, 3)):
        assert table[row, 0] == pytest.approx((total + mean) / (seen + 1), rel=1e-6)
        total, seen = total + weight[row] * y.values[row], seen + weight[row]


def test_levels_are_ordered_by_their_answers() -> None:
    codes = np.array([[0]] * 30 + [[1]] * 30 + [[2]] * 30, np.int32)
    X = Matrix.of_codes(codes, ["c"], [4])
    means = np.repeat([5.0, 1.0, 3.0], 30)[:, None]
    assert Ranks.by_answer(X, means).ranks.tolist() == [3.0, 0.0, 1.0, -1.0]
