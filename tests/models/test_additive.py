"""Additive models: the curves that made the data, pairs, bins, and single-column boosting."""

from __future__ import annotations

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.budget import Budget
from modelwright.core.errors import ModelFileError, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.task import Target
from modelwright.models import AdditiveLearner
from modelwright.models.additive import FittedAdditive, Side
from modelwright.models.bins import Bins
from modelwright.models.shaping import pair_gain, values_step
from modelwright.testing import made_up

FAST = AdditiveLearner(learning_rate=0.1)


@pytest.fixture(scope="module")
def curves() -> tuple[Matrix, Target]:
    random = np.random.default_rng(0)
    X = random.uniform(-2, 2, (2500, 4)).astype(np.float32)
    y = np.sin(2 * X[:, 0]) + np.abs(X[:, 1]) + X[:, 2] * X[:, 3] + random.normal(size=2500) / 5
    return Matrix.of_numbers(X, list("abcd")), Target(y)


def test_it_finds_the_curves_and_the_pair(curves: tuple[Matrix, Target]) -> None:
    X, y = curves
    fitted = replace(FAST, pairs=1).fit(X, y, budget=Budget(units=120), seed=0)
    assert fitted.pairs.tolist() == [[2, 3]]
    shapes = fitted.shapes()
    for shape, curve in ((shapes[0], lambda x: np.sin(2 * x)), (shapes[1], np.abs)):
        middle = (shape.edges[1:] + shape.edges[:-1]) / 2
        wanted = curve(middle)
        found = shape.contribution[2:-1, 0]
        assert np.corrcoef(found, wanted)[0, 1] > 0.98
        assert np.ptp(found) == pytest.approx(np.ptp(wanted), rel=0.25)


def test_curves_add_up_to_the_prediction(curves: tuple[Matrix, Target]) -> None:
    X, y = curves
    fitted = replace(FAST, pairs=0).fit(X, y, budget=Budget(units=40), seed=0)
    shapes, binned = fitted.shapes(), fitted.bins(X)
    total = sum(s.contribution[b, 0] for s, b in zip(shapes, binned, strict=True))
    said = fitted.predict(X)[:, 0]
    np.testing.assert_allclose(said - said.mean(), total - total.mean(), atol=1e-4)
    for shape in shapes:
        assert shape.counts.sum() == 2500
        assert shape.counts @ shape.contribution[:, 0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("classes", [0, 3])
def test_a_pair_is_pure_and_can_be_drawn(classes: int) -> None:
    random = np.random.default_rng(0)
    numbers = random.uniform(-1, 1, (1500, 2)).astype(np.float32)
    numbers[::7, 0], numbers[::5, 1] = np.nan, 0.5
    codes = random.integers(-2, 30, (1500, 1)).astype(np.int32)
    X = Matrix(numbers, codes, ("a", "b"), ("c",), (30,))
    known = np.nan_to_num(numbers)
    y = known[:, 0] * known[:, 1] + known[:, 0] + known[:, 1] * (codes[:, 0] % 3)
    answers = Target(np.digitize(y, [-0.3, 0.3]), 3) if classes else Target(y.astype(float))
    fitted = FAST.fit(X, answers, budget=Budget(units=60), seed=0)
    pairs = [shape for shape in fitted.shapes() if len(shape.columns) == 2]
    assert len(pairs) == 3
    for shape in pairs:
        assert shape.counts.sum() == 1500
        sums = shape.counts[:, :, None] * shape.contribution
        assert np.abs(sums.sum(axis=0)).max() < 1e-8
        assert np.abs(sums.sum(axis=1)).max() < 1e-8
    binned = fitted.bins(X)
    total = np.zeros((1500, len(fitted.base)))
    for shape in fitted.shapes():
        places = [binned[shape.columns[0]]]
        if shape.sides:
            places = [places_of(s, X, j) for s, j in zip(shape.sides, shape.columns, strict=True)]
        assert np.array_equal(np.unique(shape.counts[tuple(places)] > 0), [True])
        total += shape.contribution[tuple(places)]
    said = fitted.predict(X).astype(float)
    raw = np.log(said) - np.log(said).mean(axis=1, keepdims=True) if classes else said
    off = raw - (total - (total.mean(axis=1, keepdims=True) if classes else 0))
    assert np.ptp(off, axis=0).max() < 1e-4


def places_of(side: Side, X: Matrix, column: int) -> np.ndarray:
    """Find the bins of a column as a reader of the drawing would."""
    if side.levels is not None:
        code = X.codes[:, 0]
        return np.where(code == -2, 0, np.where(code < 0, 1, side.levels[code]))
    values = X.numbers[:, column]
    return np.where(np.isnan(values), 0, 1 + np.searchsorted(side.edges, values))


@pytest.mark.parametrize("classes", [0, 2])
def test_it_is_as_good_as_lightgbm_on_one_column_a_tree(classes: int) -> None:
    train, test = made_up(classes, rows=1500).split()
    tables = [np.hstack([part.X.numbers, part.X.codes]) for part in (train, test)]
    parameters = {
        "objective": "binary" if classes else "regression",
        "interaction_constraints": [[j] for j in range(6)],
        "num_leaves": 3,
        "learning_rate": 0.05,
        "verbosity": -1,
        "num_threads": 1,
    }
    data = lightgbm.Dataset(tables[0], train.y.values, categorical_feature=[4, 5])
    theirs = lightgbm.train(parameters, data, 400).predict(tables[1])
    fitted = replace(FAST, pairs=0).fit(train.X, train.y, budget=Budget(), seed=0)
    ours = fitted.predict(test.X)[:, -1]
    errors = [np.mean((said - test.y.values) ** 2) for said in (ours, theirs)]
    assert errors[0] < 1.05 * errors[1]


def test_without_pairs_columns_do_not_interact(curves: tuple[Matrix, Target]) -> None:
    X, y = curves
    fitted = replace(FAST, pairs=0).fit(X, y, budget=Budget(units=60), seed=0)
    corners = Matrix.of_numbers(
        np.array([[0, 0, a, b] for a in (-1, 1) for b in (-1, 1)], np.float32), list("abcd")
    )
    low, right, down, both = fitted.predict(corners)[:, 0].astype(float)
    assert both - down == pytest.approx(right - low, abs=1e-4)


@pytest.mark.long
def test_wide_data_get_fewer_bins() -> None:
    random = np.random.default_rng(0)
    X = Matrix.of_numbers(random.normal(size=(300, 4000)).astype(np.float32), ["x"] * 4000)
    fitted = FAST.fit(X, Target(X.numbers[:, 0].astype(float)), budget=Budget(units=1), seed=0)
    assert fitted.tables.shape[1] <= 220_000


@pytest.mark.long
def test_the_deadline_is_kept() -> None:
    puzzle = made_up(2, rows=5000)
    budget = Budget.seconds(0.6)
    learner = AdditiveLearner(learning_rate=0.0001)
    fitted = learner.fit(puzzle.X, puzzle.y, budget=budget, seed=0)
    assert budget.left > -0.4
    assert 1 <= fitted.units < 1500


def test_cut_back_to_before_what_it_holds_it_is_the_first_that_it_holds() -> None:
    puzzle = made_up(0)
    fitted = FAST.fit(puzzle.X, puzzle.y, budget=Budget(units=30), seed=0)
    assert fitted.at(5).units == 30
    with pytest.raises(OptionError, match="at least 1 unit"):
        fitted.at(0)


@given(
    st.lists(
        st.floats(-(2.0**99), 2.0**99, width=32) | st.just(float("nan")), min_size=1, max_size=60
    ),
    st.integers(2, 20),
)
def test_bins_keep_the_order_of_values(values: list[float], most: int) -> None:
    column = np.array(values, np.float32)[:, None]
    bins = Bins.fit(Matrix.of_numbers(column, ["x"]), most, 1)
    found = bins(Matrix.of_numbers(column, ["x"]))[0].astype(int)
    known = ~np.isnan(column[:, 0])
    assert (found[~known] == 0).all()
    assert (found[known] >= 1).all()
    assert found.max() < bins.sizes[0] <= most + 2
    order = np.argsort(column[known, 0], kind="stable")
    assert (np.diff(found[known][order]) >= 0).all()
    if len(np.unique(column[known])) <= most:  # few values: each has a bin of its own
        pairs = set(zip(column[known, 0].tolist(), found[known].tolist(), strict=True))
        assert len({b for _, b in pairs}) == len({v for v, _ in pairs})


@given(st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_the_first_cut_is_the_best_of_all(seed: int) -> None:
    random = np.random.default_rng(seed)
    G, H = random.normal(size=(9, 1)), random.uniform(0.5, 2, (9, 1))
    found = values_step(G, H, np.ones(9), 2, 1, 0.3)[1:, 0]
    gains = []
    for cut in range(1, 8):
        sides = ((G[1 : 1 + cut], H[1 : 1 + cut]), (G[1 + cut :], H[1 + cut :]))
        gains.append(sum(g.sum() ** 2 / (h.sum() + 0.3) for g, h in sides))
    cut = 1 + int(np.argmax(gains))
    assert found[0] == pytest.approx(-G[1 : 1 + cut].sum() / (H[1 : 1 + cut].sum() + 0.3))
    assert found[-1] == pytest.approx(-G[1 + cut :].sum() / (H[1 + cut :].sum() + 0.3))


def test_an_exclusive_or_is_a_pair_and_no_curve() -> None:
    G = np.array([[1.0, -1.0], [-1.0, 1.0]])[:, :, None]
    assert pair_gain(G, np.ones((2, 2, 1)), 0.0).max() == pytest.approx(4.0)
    assert G.sum(axis=0).tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("tables", lambda a: a[:, 1:]),
        ("grids", lambda a: a[:, :, 1:]),
        ("pairs", lambda a: a + 99),
        ("pair_counts", lambda a: a[:, 1:]),
        ("coarse", lambda a: a + 20),
        ("edges", lambda a: a[::-1].copy()),
        ("edge_starts", lambda a: a[::-1].copy()),
        ("lookup", lambda a: a * 0),
        ("lookup", lambda a: a + 100_000),
        ("path", lambda a: a * 0),
        ("base", lambda a: a[:0]),
    ],
)
def test_an_unsound_state_is_refused(name: str, change: object) -> None:
    puzzle = made_up(2)
    state = FAST.fit(puzzle.X, puzzle.y, budget=Budget(units=40), seed=0).export()
    arrays = {**state.arrays, name: change(state.arrays[name])}  # type: ignore[operator]
    with pytest.raises(ModelFileError):
        FittedAdditive.restore(State(state.config, arrays))
