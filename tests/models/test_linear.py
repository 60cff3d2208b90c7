"""The linear learner against scikit-learn, and on odd columns."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from modelwright.core import errors
from modelwright.core.budget import Budget
from modelwright.core.matrix import MISSING, UNSEEN, Matrix
from modelwright.core.protocols import State
from modelwright.core.task import Target
from modelwright.models import LinearLearner
from modelwright.models.design import Design, Features
from modelwright.models.linear import FittedLinear
from modelwright.models.solvers import LinearProblem
from modelwright.testing import made_up


def _bounded(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Values within two standard deviations: no tail for the design matrix to touch."""
    return np.random.default_rng(seed).uniform(-1, 1, (rows, columns)).astype(np.float32)


def _standard(numbers: np.ndarray) -> np.ndarray:
    numbers = numbers.astype(np.float64)
    return (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)


def _names(count: int) -> list[str]:
    return [f"n{i}" for i in range(count)]


@pytest.mark.parametrize(("rows", "columns"), [(200, 8), (30, 60)], ids=["tall", "wide"])
@pytest.mark.parametrize("unit", [3, 9, 14])
def test_ridge_is_scikit_learns(rows: int, columns: int, unit: int) -> None:
    numbers, random = _bounded(rows, columns), np.random.default_rng(1)
    y = numbers @ random.normal(size=columns) + random.normal(size=rows)
    learner = LinearLearner()
    fitted = learner.fit(
        Matrix.of_numbers(numbers, _names(columns)), Target(y), budget=Budget(units=unit), seed=0
    )
    penalty = learner.penalties()[unit - 1] * rows
    wanted = Ridge(alpha=penalty).fit(_standard(numbers), y).predict(_standard(numbers))
    found = fitted.predict(Matrix.of_numbers(numbers, _names(columns)))[:, 0]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize(("rows", "columns"), [(300, 6), (40, 60)], ids=["tall", "wide"])
@pytest.mark.parametrize("unit", [4, 9])
def test_logistic_is_scikit_learns(classes: int, rows: int, columns: int, unit: int) -> None:
    numbers, random = _bounded(rows, columns), np.random.default_rng(1)
    scores = 3 * numbers @ random.normal(size=(columns, classes))
    y = (scores + random.gumbel(size=scores.shape)).argmax(axis=1)
    weight = random.uniform(0.5, 2.0, rows)
    learner, X = LinearLearner(), Matrix.of_numbers(numbers, _names(columns))
    moments = np.average(numbers, axis=0, weights=weight)
    spread = np.sqrt(np.average((numbers - moments) ** 2, axis=0, weights=weight))
    fitted = learner.fit(X, Target(y, classes), weight=weight, budget=Budget(units=unit), seed=0)
    penalty = learner.penalties()[unit - 1] * weight.sum()
    reference = LogisticRegression(C=1 / penalty, tol=1e-8, max_iter=5000)
    z = (numbers - moments) / spread
    wanted = reference.fit(z, y, sample_weight=weight).predict_proba(z)
    np.testing.assert_allclose(fitted.predict(X), wanted, atol=2e-3)


def test_one_hot_products_are_those_of_the_plain_matrix() -> None:
    puzzle = made_up(2, rows=80)
    design = Design.fit(puzzle.X, None, knots=2, min_count=2, max_onehot=50)
    features = design(puzzle.X)
    plain = features.to_dense()
    random = np.random.default_rng(0)
    weight = random.uniform(size=80)
    B, R = random.normal(size=(plain.shape[1], 3)), random.normal(size=(80, 3))
    assert features.shape == plain.shape
    np.testing.assert_allclose(features.times(B), plain @ B, atol=1e-10)
    np.testing.assert_allclose(features.transposed(R), plain.T @ R, atol=1e-10)
    np.testing.assert_allclose(
        features.gram(weight), plain.T @ (plain * weight[:, None]), atol=1e-10
    )


def test_more_columns_than_are_decomposed_converge_to_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers, random = _bounded(200, 20), np.random.default_rng(0)
    y, weight = random.normal(size=200), np.ones(200)
    features = Features(_standard(numbers), np.empty((0, 200), np.int32), 0)
    exact = LinearProblem(features, weight).ridge(y, 5.0)
    _, exact_classes = LinearProblem(features, weight).logistic((y > 0) * 1, 2, 5.0, None)
    monkeypatch.setattr("modelwright.models.solvers._EXACT", 3)
    found = LinearProblem(features, weight).ridge(y, 5.0)
    _, found_classes = LinearProblem(features, weight).logistic((y > 0) * 1, 2, 5.0, None)
    np.testing.assert_allclose(found[0], exact[0], atol=1e-4)
    np.testing.assert_allclose(found_classes[0], exact_classes[0], atol=1e-2)


def test_rare_levels_are_merged_and_the_widest_come_first() -> None:
    codes = np.repeat(np.arange(6), [50, 40, 30, 3, 2, 1])[:, None].astype(np.int32)
    X = Matrix.of_codes(codes, ["c"], [6])
    width = {}
    for cap in (1000, 2):
        design = Design.fit(X, None, knots=0, min_count=5, max_onehot=cap)
        slots = design(X).slots[0]
        width[cap] = design.width
        assert slots[-1] == slots[-2] == slots[-5]
    assert width == {1000: 4, 2: 3}


def test_unseen_levels_share_the_column_of_rare_ones_and_missing_has_its_own() -> None:
    codes = np.array([0] * 20 + [1] * 3 + [2] * 3 + [MISSING] * 10, np.int32)[:, None]
    design = Design.fit(
        Matrix.of_codes(codes, ["c"], [3]), None, knots=0, min_count=5, max_onehot=9
    )
    asked = np.array([[0], [1], [2], [MISSING], [UNSEEN], [77]], np.int32)
    slots = design(Matrix.of_codes(asked, ["c"], [3])).slots[0].tolist()
    assert slots[1] == slots[2] == slots[4] == slots[5]
    assert len({slots[0], slots[1], slots[3]}) == 3


def test_a_heavy_tail_does_not_drown_the_signal() -> None:
    random = np.random.default_rng(0)
    tail = np.exp(3 * random.normal(size=600)).astype(np.float32)
    y = np.log(tail) + 0.1 * random.normal(size=600)
    X = Matrix.of_numbers(tail[:, None], ["x"])
    fitted = LinearLearner().fit(X, Target(y), budget=Budget(), seed=0)
    explained = 1 - np.var(fitted.predict(X)[:, 0] - y) / np.var(y)
    assert explained > 0.8


def test_hinges_bend_a_line() -> None:
    x = np.linspace(-2, 2, 400, dtype=np.float32)
    X, y = Matrix.of_numbers(x[:, None], ["x"]), Target(np.abs(x).astype(np.float64))
    budget = Budget(units=14)
    line = LinearLearner().fit(X, y, budget=budget, seed=0).predict(X)[:, 0]
    curve = LinearLearner(knots=5).fit(X, y, budget=budget, seed=0).predict(X)[:, 0]
    assert np.std(curve - y.values) < 0.3 * np.std(line - y.values)


def test_predictions_stay_near_the_range_of_the_answers() -> None:
    X = Matrix.of_numbers(np.arange(40, dtype=np.float32)[:, None], ["x"])
    fitted = LinearLearner().fit(X, Target(np.arange(40.0)), budget=Budget(units=16), seed=0)
    far = Matrix.of_numbers(np.array([[-1e9], [1e9]], np.float32), ["x"])
    assert fitted.predict(far)[:, 0].tolist() == pytest.approx([-19.5, 58.5], abs=30)
    assert fitted.bounds.tolist() == [-19.5, 58.5]


def test_the_path_ends_after_the_position_in_which_time_runs_out() -> None:
    puzzle = made_up(2)
    budget = Budget.seconds(0.2)
    fitted = LinearLearner(positions=4000).fit(
        puzzle.X, puzzle.y, valid=puzzle.X, valid_y=None, budget=budget, seed=0
    )
    assert 1 <= fitted.units < 4000
    assert budget.left > -0.3


def test_other_columns_are_refused() -> None:
    puzzle = made_up(2)
    fitted = LinearLearner().fit(puzzle.X, puzzle.y, budget=Budget(), seed=0)
    with pytest.raises(errors.ColumnError, match="4 numbers and 2 categories"):
        fitted.predict(Matrix.of_numbers(puzzle.X.numbers, puzzle.X.number_names))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("coefficients", lambda a: a[:, 1:]),
        ("coefficients", lambda a: a * np.nan),
        ("coefficients", lambda a: a.astype(np.float32)),
        ("lookup", lambda a: a + 1000),
        ("starts", lambda a: a[::-1].copy()),
        ("path", lambda a: a[::-1] * 0),
        ("unit", lambda a: a * 0),
        ("fill", lambda a: a[1:]),
        ("flagged", lambda a: np.array([99], np.int32)),
        ("seen", lambda a: a[::-1].copy()),
        ("bounds", lambda a: a[:1]),
    ],
)
def test_an_unsound_state_is_refused(name: str, change: object) -> None:
    puzzle = made_up(2)
    state = LinearLearner().fit(puzzle.X, puzzle.y, budget=Budget(), seed=0).export()
    arrays = dict(state.arrays)
    arrays[name] = change(arrays[name])  # type: ignore[operator]
    with pytest.raises(errors.ModelFileError):
        FittedLinear.restore(replace(state, arrays=arrays))
    with pytest.raises(errors.ModelFileError):
        FittedLinear.restore(State(state.config, {k: v for k, v in arrays.items() if k != name}))


@pytest.mark.long
def test_the_first_model_of_a_run_loads_nothing_heavy() -> None:
    code = (
        "import sys, numpy as np\n"
        "from modelwright.models import LinearLearner\n"
        "from modelwright.core.matrix import Matrix\n"
        "from modelwright.core.task import Target\n"
        "from modelwright.core.budget import Budget\n"
        "X = Matrix.of_numbers(np.eye(9, dtype=np.float32), list('abcdefghi'))\n"
        "LinearLearner().fit(X, Target(np.arange(9) % 2, 2), budget=Budget(), seed=0).predict(X)\n"
        "print(*[m for m in ('sklearn', 'lightgbm', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def test_no_validation_rows_are_as_good_as_none() -> None:
    puzzle = made_up(2)
    nobody = np.empty(0, np.int64)
    told = {"valid": puzzle.X.rows(nobody), "valid_y": puzzle.y.rows(nobody)}
    own = LinearLearner().fit(puzzle.X, puzzle.y, budget=Budget(), seed=0, **told)
    plain = LinearLearner().fit(puzzle.X, puzzle.y, budget=Budget(), seed=0)
    assert own.units == plain.units
    np.testing.assert_allclose(own.predict(puzzle.X), plain.predict(puzzle.X), rtol=1e-5)
