"""Shares of trees against the definition: every coalition, asked one by one."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Fitted
from modelwright.core.task import Target
from modelwright.models import make_learner
from modelwright.models.apart import apart, slopes
from modelwright.models.boosting import FittedLightGBM
from modelwright.models.grown import Grown
from modelwright.models.lightgbm_text import ModelText
from modelwright.models.sample import softmax
from modelwright.models.tree_shares import Games, Ways
from modelwright.models.trees import FlatTrees, Tree

Floats = NDArray[np.float64]
COLUMNS = 5


def grow(rng: np.random.Generator, depth: int, values: int = 1) -> Tree:
    """Draw a tree that asks some columns several times."""
    feature, bar, left, right = [0], [0.0], [-1], [-1]
    level = [0]
    for _ in range(depth):
        below = []
        for node in level:
            feature[node], bar[node] = int(rng.integers(COLUMNS)), float(rng.normal())
            for side in (left, right):
                side[node] = len(feature)
                below.append(len(feature))
                for part, value in ((feature, 0), (bar, 0.0), (left, -1), (right, -1)):
                    part.append(value)
        level = [node for node in below if rng.random() < 0.8]
    leaf = np.array(left) < 0
    return Tree(np.where(leaf, -1, feature), np.array(bar), np.array(left), np.array(right),
                rng.random(len(leaf)) < 0.5, rng.normal(size=(len(leaf), values)))  # fmt: skip


def by_definition(ask: object, row: Floats, behind: Floats, player: NDArray[np.int64]) -> Floats:
    """Ask about every coalition of the players."""
    players = int(player.max()) + 1
    said = {}
    for size in range(players + 1):
        for chosen in combinations(range(players), size):
            mixed = np.where(np.isin(player, chosen), row, behind)
            said[frozenset(chosen)] = ask(mixed)  # type: ignore[operator]
    found = np.zeros((players, len(behind)))
    for one in range(players):
        for chosen, before in said.items():
            if one in chosen:
                continue
            share = factorial(len(chosen)) * factorial(players - 1 - len(chosen))
            found[one] += share / factorial(players) * (said[chosen | {one}] - before)
    return found


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), depth=st.integers(0, 5), rows=st.sampled_from([1, 7, 64, 70]))
def test_shares_are_those_of_the_definition(seed: int, depth: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    grown = Grown.of_flat(FlatTrees.pack([grow(rng, depth) for _ in range(3)]))
    table = rng.normal(size=(rows + 1, COLUMNS)).astype(np.float32)
    table[rng.random(table.shape) < 0.15] = np.nan
    player = np.r_[np.arange(3), rng.integers(0, 3, COLUMNS - 3)]
    worth = rng.random((1, rows))
    asked = table[rng.integers(0, len(table), 5)]
    (own,), others = grown.turns(asked), grown.turns(table[1:])
    games = Games.between(Ways.of(grown, player, 3), own, others)

    def ask(mixed: NDArray[np.float32]) -> Floats:
        return np.asarray(grown.total(grown.turns(mixed))[:, :, 0].sum(axis=0))

    for i, row in enumerate(asked):
        shares = games.shares(i, grown.values[:, 0], np.zeros(len(grown.feature), np.int64), worth)
        truth = by_definition(ask, row, table[1:], player)
        np.testing.assert_allclose(shares, (truth * worth).sum(axis=1), atol=1e-9)


def test_trees_of_arrays_say_what_they_said() -> None:
    rng = np.random.default_rng(0)
    trees = FlatTrees.pack([grow(rng, 4, values=2) for _ in range(5)])
    table = rng.normal(size=(150, COLUMNS)).astype(np.float32)
    table[rng.random(table.shape) < 0.2] = np.nan
    grown = Grown.of_flat(trees)
    np.testing.assert_array_equal(grown.total(grown.turns(table)), trees.each(table))


def rows_of(classes: int, count: int = 400) -> tuple[Matrix, Target]:
    rng = np.random.default_rng(classes)
    numbers = rng.normal(size=(count, 4)).astype(np.float32)
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    codes = rng.integers(-1, 12, (count, 1)).astype(np.int32)
    score = np.nan_to_num(numbers[:, 0]) * 2 + (codes[:, 0] % 3) + np.nan_to_num(numbers[:, 1])
    X = Matrix(numbers, codes, tuple("abcd"), ("e",), (12,))
    if not classes:
        return X, Target((score * 10 + 500).astype(np.float64))
    noisy = score + rng.normal(0, 0.7, count)
    return X, Target(np.digitize(noisy, np.quantile(noisy, np.linspace(0, 1, classes + 1)[1:-1])),
                     classes)  # fmt: skip


def fitted_of(name: str, classes: int) -> tuple[Fitted, Matrix]:
    X, y = rows_of(classes)
    config = {"inner": "lightgbm"} if name == "selected" else {}
    return make_learner(name, config).fit(X, y, budget=Budget(units=12), seed=0), X


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_the_text_of_lightgbm_is_read_as_lightgbm_reads_it(classes: int) -> None:
    fitted, X = fitted_of("lightgbm", classes)
    assert isinstance(fitted, FittedLightGBM)
    grown = ModelText.parse(fitted.text).grown()
    assert grown is not None
    assert len(grown.sets)  # it asks for sets of levels
    scores = len(fitted.base)
    said = grown.total(grown.turns(fitted.ranks.table(X)))[:, :, 0]
    raw = np.stack([said[k::scores].sum(axis=0) for k in range(scores)], axis=1)
    answers = fitted.classes.answers(raw * fitted.scale + fitted.base)
    np.testing.assert_allclose(answers, fitted.predict(X), rtol=1e-5, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("classes", [0, 2, 3])
@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "extra-trees", "selected"])
def test_shares_add_up_to_the_difference_of_the_predictions(name: str, classes: int) -> None:
    fitted, X = fitted_of(name, classes)
    one = apart(fitted)
    assert one is not None
    behind, ways = X.rows(np.arange(41, 101)), one.ways(np.arange(5), 5)
    for output in range(max(classes, 1)):
        shares = one.shares(X.rows(np.arange(41)), behind, ways, np.full(41, output))
        said = fitted.predict(X)[:, output].astype(np.float64)
        np.testing.assert_allclose(
            shares.sum(axis=1), said[:41] - said[41:101].mean(), rtol=2e-4, atol=2e-5
        )


def test_each_row_is_explained_as_if_it_were_alone() -> None:
    fitted, X = fitted_of("lightgbm", 3)
    one = apart(fitted)
    assert one is not None
    behind, ways = X.rows(np.arange(300, 380)), one.ways(np.arange(5), 5)
    outputs = np.arange(20) % 3
    together = one.shares(X.rows(np.arange(20)), behind, ways, outputs)
    for i in range(20):
        alone = one.shares(X.rows(np.array([i])), behind, ways, outputs[[i]])
        np.testing.assert_allclose(alone[0], together[i], rtol=1e-9, atol=1e-12)


def test_numbers_are_divided_as_by_definition() -> None:
    fitted, X = fitted_of("lightgbm", 0)
    one = apart(fitted)
    assert one is not None
    assert isinstance(fitted, FittedLightGBM)
    table = fitted.ranks.table(X)[:21]
    fields = fitted.scale, fitted.base[0]

    def ask(mixed: NDArray[np.float32]) -> Floats:
        said = one.grown.total(one.grown.turns(mixed))[:, :, 0]
        return np.asarray(said.sum(axis=0) * fields[0] + fields[1])

    truth = by_definition(ask, table[0], table[1:], np.arange(5)).mean(axis=1)
    row, behind = X.rows(np.arange(1)), X.rows(np.arange(1, 21))
    shares = one.shares(row, behind, one.ways(np.arange(5), 5), np.zeros(1, np.int64))
    np.testing.assert_allclose(shares[0], truth, atol=1e-6)


def test_trees_that_are_single_leaves_give_nobody_anything() -> None:
    leaf = Tree(np.array([-1]), np.zeros(1), np.array([-1]), np.array([-1]),
                np.zeros(1, bool), np.array([[3.0]]))  # fmt: skip
    grown = Grown.of_flat(FlatTrees.pack([leaf, leaf]))
    table = np.zeros((3, COLUMNS), np.float32)
    (own,), others = grown.turns(table[:1]), grown.turns(table[1:])
    games = Games.between(Ways.of(grown, np.arange(COLUMNS), COLUMNS), own, others)
    shares = games.shares(0, grown.values[:, 0], np.zeros(2, np.int64), np.ones((1, 2)))
    assert shares.tolist() == [0.0] * COLUMNS


def chain(length: int) -> Tree:
    """Grow a tree each question of which has a leaf on its left."""
    inner = np.arange(length)
    feature = np.r_[inner % COLUMNS, np.full(length + 1, -1)]
    left = np.r_[length + inner, np.full(length + 1, -1)]
    right = np.r_[inner[1:], 2 * length, np.full(length + 1, -1)]
    bars = np.r_[np.linspace(-1, 1, length), np.zeros(length + 1)]
    return Tree(feature, bars, left, right, np.zeros(len(feature), bool),
                np.arange(len(feature), dtype=float)[:, None])  # fmt: skip


def test_questions_on_all_ways_are_counted() -> None:
    rng = np.random.default_rng(1)
    trees = [grow(rng, 4), chain(50)]
    grown = Grown.of_flat(FlatTrees.pack(trees))
    ways = Ways.of(grown, np.arange(COLUMNS), COLUMNS)
    assert grown.steps == len(ways.node)
    assert Grown.of_flat(FlatTrees.pack([chain(50)])).steps == sum(range(1, 51)) + 50


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), classes=st.integers(2, 5), far=st.floats(0.1, 6.0))
def test_slopes_walk_from_one_prediction_to_the_other(seed: int, classes: int, far: float) -> None:
    rng = np.random.default_rng(seed)
    row, behind = rng.normal(0, far, classes), rng.normal(0, far, (4, classes))
    gained = (slopes(row, behind, 1) * (row - behind)).sum(axis=1)
    truth = softmax(row[None])[0, 1] - softmax(behind)[:, 1]
    np.testing.assert_allclose(gained, truth, atol=1e-4)
