"""Our walk down trees is scikit-learn's, and refuses arrays that lead astray."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.tree import DecisionTreeClassifier

from modelwright.core.errors import ModelFileError
from modelwright.core.protocols import State
from modelwright.models.trees import FlatTrees, Tree, round_down


def taken_over(grown: object) -> Tree:
    return Tree(
        grown.feature,
        grown.threshold,
        grown.children_left,
        grown.children_right,
        grown.missing_go_to_left.astype(bool),
        grown.value[:, 0, :],
    )


@pytest.fixture(scope="module")
def forest() -> tuple[ExtraTreesRegressor, np.ndarray]:
    random = np.random.default_rng(0)
    X = random.integers(0, 30, (800, 5)).astype(np.float32) / 10
    X[random.random(X.shape) < 0.05] = np.nan
    y = np.nansum(X[:, :2], axis=1) + random.normal(size=800)
    return ExtraTreesRegressor(25, random_state=0).fit(X, y), X


def flat(forest: ExtraTreesRegressor) -> FlatTrees:
    return FlatTrees.pack([taken_over(tree.tree_) for tree in forest.estimators_])


@pytest.mark.parametrize("rows", [1, 3, 800])
def test_a_forest_says_what_scikit_learn_says(
    forest: tuple[ExtraTreesRegressor, np.ndarray], rows: int
) -> None:
    model, X = forest
    found = flat(model).total(X[:rows])[:, 0] / 25
    np.testing.assert_allclose(found, model.predict(X[:rows]), rtol=1e-6)


@pytest.mark.parametrize("together", [65_536, 7])
@pytest.mark.parametrize(("cycle", "start"), [(1, 0), (3, 0), (3, 4)])
def test_a_row_says_alone_what_it_says_among_many_to_the_bit(
    forest: tuple[ExtraTreesRegressor, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    cycle: int,
    start: int,
    together: int,
) -> None:
    model, X = forest
    trees = flat(model)
    many = trees.total(X, cycle=cycle, start=start)
    monkeypatch.setattr("modelwright.models.trees._CHUNK", together)
    alone = [trees.total(X[i : i + 1], cycle=cycle, start=start)[0] for i in range(40)]
    np.testing.assert_array_equal(many[:40], alone)
    assert trees.total(X[:2], cycle=30).shape == (2, 30)


def test_many_rows_are_shared_by_threads_and_every_bit_stays(
    forest: tuple[ExtraTreesRegressor, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, X = forest
    trees = flat(model)
    alone = trees.total(X)
    monkeypatch.setattr("modelwright.models.trees._WORTH_THREADS", 1)
    monkeypatch.setattr("modelwright.models.trees.thread_count", lambda: 3)
    assert np.array_equal(trees.total(X), alone)
    assert trees.total(X[:0]).shape == (0, 1)


def test_values_exactly_at_a_threshold_go_left() -> None:
    X = np.array([[0.1], [0.2], [0.3], [0.7]], np.float32)
    model = DecisionTreeClassifier().fit(X, [0, 0, 1, 1])
    trees = FlatTrees.pack([taken_over(model.tree_)])
    bar = np.float32(model.tree_.threshold[0])
    asked = np.array([[np.nextafter(bar, np.float32(s))] for s in (-9, 9)] + [[bar]], np.float32)
    np.testing.assert_allclose(trees.total(asked), model.predict_proba(asked))


@given(st.floats(-(2.0**99), 2.0**99), st.floats(-(2.0**99), 2.0**99, width=32))
def test_rounding_a_threshold_down_changes_no_comparison(threshold: float, value: float) -> None:
    rounded = round_down(np.array([threshold]))[0]
    assert (np.float32(value) <= rounded) == (value <= threshold)
    near = np.float32(threshold)
    assert (near <= rounded) == (float(near) <= threshold)


def test_first_trees_and_slices_add_up(forest: tuple[ExtraTreesRegressor, np.ndarray]) -> None:
    model, X = forest
    trees = flat(model)
    np.testing.assert_array_equal(trees.first(7).total(X), trees.total(X, stop=7))
    np.testing.assert_allclose(
        trees.total(X), trees.total(X, stop=7) + trees.total(X, start=7), rtol=1e-12
    )
    assert len(trees.first(99)) == 25


def test_a_cycle_of_trees_fills_one_column_each(
    forest: tuple[ExtraTreesRegressor, np.ndarray],
) -> None:
    model, X = forest
    trees = flat(model)
    columns = trees.total(X, cycle=5)
    np.testing.assert_allclose(columns.sum(axis=1), trees.total(X)[:, 0])
    third = sum(tree.predict(X) for tree in model.estimators_[2::5])
    np.testing.assert_allclose(columns[:, 2], third, rtol=1e-5)


def test_a_state_comes_back(forest: tuple[ExtraTreesRegressor, np.ndarray]) -> None:
    model, X = forest
    trees = flat(model)
    again = FlatTrees.of_state(State(arrays=trees.to_arrays()), features=5, width=1)
    assert np.array_equal(again.total(X), trees.total(X))


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("feature", 0, 5),
        ("feature", 0, -2),
        ("feature", 0, -1),
        ("child", 0, 0),
        ("child", 3, 1),
        ("child", 0, 10**6),
        ("child", 0, -5),
        ("child", -1, 0),
        ("roots", 0, 1),
        ("roots", 1, 10**6),
        ("roots", -1, 3),
        ("threshold", 0, np.nan),
        ("values", 0, np.inf),
    ],
)
def test_arrays_that_lead_astray_are_refused(
    forest: tuple[ExtraTreesRegressor, np.ndarray], name: str, place: int, value: float
) -> None:
    arrays = {key: array.copy() for key, array in flat(forest[0]).to_arrays().items()}
    arrays[name][place] = value
    with pytest.raises(ModelFileError):
        FlatTrees.of_state(State(arrays=arrays), features=5, width=1)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_altered_number_is_refused_or_harmless(data: st.DataObject) -> None:
    X = np.arange(40, dtype=np.float32).reshape(20, 2)
    model = DecisionTreeClassifier(max_leaf_nodes=6).fit(X, np.arange(20) % 3)
    arrays = FlatTrees.pack([taken_over(model.tree_)]).to_arrays()
    name = data.draw(st.sampled_from(["feature", "child", "roots"]))
    place = data.draw(st.integers(0, len(arrays[name]) - 1))
    arrays[name][place] = data.draw(st.integers(-(2**31), 2**31 - 1))
    try:
        trees = FlatTrees.of_state(State(arrays=arrays), features=2, width=3)
    except ModelFileError:
        return
    assert trees.total(X).shape == (20, 3)


@pytest.mark.slow
def test_speed() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(10_000, 20)).astype(np.float32)
    y = X[:, 0] + random.normal(size=10_000)
    model = ExtraTreesRegressor(200, min_samples_leaf=5, random_state=0).fit(X[:4000], y[:4000])
    trees = flat(model)
    trees.total(X[:1])
    start = time.perf_counter()
    for _ in range(10):
        trees.total(X[:1])
    single = (time.perf_counter() - start) / 10
    start = time.perf_counter()
    trees.total(X)
    assert single < 0.02
    assert time.perf_counter() - start < 5.0
