"""One tree: scikit-learn's pruning to the leaf, the choice of its size, rules and drawing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from modelwright.core.budget import Budget
from modelwright.core.errors import ModelFileError
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models import TreeLearner
from modelwright.models.tree import FittedTree
from modelwright.models.tree_rules import Labels, draw_tree, write_rules
from modelwright.testing import made_up

LABELS = Labels(
    ("age", "height", "n2", "n3"),
    ("town", "job"),
    (("Rome", "Oslo", "<Bonn>"), tuple("abcdef")),
    "sick",
    ("no", "yes"),
)


def wavy(rows: int = 1200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, 5)).astype(np.float32)
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + random.normal(size=rows) / 2


def full(X: np.ndarray, y: Target) -> FittedTree:
    matrix = Matrix.of_numbers(X, list("abcde"))
    learner = TreeLearner(leaves=5000)
    return learner.fit(matrix, y, valid=matrix, valid_y=y, budget=Budget(), seed=0)


def test_pruning_is_that_of_scikit_learn() -> None:
    X, y = wavy()
    fitted, matrix = full(X, Target(y)), Matrix.of_numbers(X, list("abcde"))
    z = (y - y.mean()) / y.std()
    path = DecisionTreeRegressor(min_samples_leaf=5).cost_complexity_pruning_path(X, z)
    for price in path.ccp_alphas[1:-1:15] * (1 + 1e-9):
        theirs = DecisionTreeRegressor(min_samples_leaf=5, ccp_alpha=price, random_state=0)
        theirs.fit(X, z)
        ours = fitted.at(int(theirs.get_n_leaves()))
        assert ours.leaves == theirs.get_n_leaves()
        wanted = theirs.predict(X) * y.std() + y.mean()
        np.testing.assert_allclose(ours.predict(matrix)[:, 0], wanted, atol=1e-5)


def test_pruning_of_classes_is_that_of_scikit_learn() -> None:
    X, y = wavy()
    labels = np.digitize(y, [0.0, 1.0])
    fitted, matrix = full(X, Target(labels, 3)), Matrix.of_numbers(X, list("abcde"))
    grown = DecisionTreeClassifier(min_samples_leaf=5, max_leaf_nodes=5000, random_state=0)
    path = grown.cost_complexity_pruning_path(X, labels)
    for price in path.ccp_alphas[1:-1:15] * (1 + 1e-9):
        theirs = DecisionTreeClassifier(
            min_samples_leaf=5, max_leaf_nodes=5000, ccp_alpha=price, random_state=0
        )
        theirs.fit(X, labels)
        ours = fitted.at(int(theirs.get_n_leaves()))
        assert ours.leaves == theirs.get_n_leaves()
        groups = {}
        said = ours.predict(matrix)
        for leaf, shares in zip(theirs.apply(X).tolist(), said.tolist(), strict=True):
            groups.setdefault(leaf, set()).add(tuple(shares))
        assert all(len(shares) == 1 for shares in groups.values())


@pytest.mark.long
def test_its_own_cross_validation_finds_a_tree_of_sensible_size() -> None:
    X, y = wavy()
    matrix, noise = Matrix.of_numbers(X, list("abcde")), np.random.default_rng(1).normal(size=1200)
    sizes = {}
    for name, answers in (("signal", y), ("noise", noise)):
        for one in (True, False):
            learner = TreeLearner(one_standard_error=one)
            fitted = learner.fit(matrix, Target(answers), budget=Budget(), seed=0)
            sizes[name, one] = fitted.leaves
    assert sizes["noise", True] == 1
    assert 8 <= sizes["signal", True] <= sizes["signal", False] < 150


def test_levels_are_split_as_sets() -> None:
    codes = np.random.default_rng(0).integers(0, 20, (600, 1)).astype(np.int32)
    y = Target(np.isin(codes[:, 0], [1, 7, 13]).astype(np.int64), 2)
    fitted = TreeLearner().fit(
        Matrix.of_codes(codes, ["c"], [20]), y, budget=Budget(units=2), seed=0
    )
    words = tuple(f"l{i}" for i in range(20))
    text = write_rules(fitted, Labels((), ("c",), (words,), "y", ("no", "yes")))
    assert "if c in {l1, l7, l13}: p(yes) = 0.9" in text
    assert "if c not in {l1, l7, l13}: p(yes) = 0.0" in text


@pytest.fixture(scope="module")
def tree() -> FittedTree:
    puzzle = made_up(2, rows=400)
    numbers, codes = puzzle.X.numbers.copy(), puzzle.X.codes.copy()
    numbers[::9, 0], codes[::11, 0] = np.nan, -2
    X = replace(puzzle.X, numbers=numbers, codes=codes)
    return TreeLearner().fit(X, puzzle.y, budget=Budget(units=9), seed=0)


def obeys(row: tuple[np.ndarray, np.ndarray], condition: str) -> bool:
    """Read a condition as a person would, and ask it of a row."""
    numbers, codes = row
    missing = condition.startswith("(") and condition.endswith(" or missing)")
    text = condition.removeprefix("(").removesuffix(")").removesuffix(" or missing")
    for name, words, code in zip(LABELS.codes, LABELS.levels, codes, strict=True):
        if text.startswith(name + " "):
            if code < 0:
                return missing or text.endswith("is missing")
            if "{" not in text:
                return text.endswith("is known")
            inside = words[code] in re.search(r"\{(.*)\}", text)[1].split(", ")
            return inside != (" not in " in text)
    found = re.match(r"^(?:(\S+) < )?(\w+) (<=|>|is) (\S+)$", text)
    low, name, sign, high = found.groups()
    value = numbers[LABELS.numbers.index(name)]
    if np.isnan(value):
        return missing or high == "missing"
    if sign == "is":
        return high == "known"
    if low is not None and not value > np.float32(low):
        return False
    return value <= np.float32(high) if sign == "<=" else value > np.float32(high)


@given(
    st.tuples(
        st.floats(-3, 3, width=32) | st.just(float("nan")), *[st.floats(-3, 3, width=32)] * 3
    ),
    st.tuples(st.integers(-2, 2), st.integers(0, 5)),
)
def test_each_row_obeys_exactly_one_rule_and_it_tells_the_prediction(
    tree: FittedTree, numbers: tuple[float, ...], codes: tuple[int, int]
) -> None:
    X = Matrix(
        np.array([numbers], np.float32), np.array([codes], np.int32),
        LABELS.numbers, LABELS.codes, (3, 6),
    )  # fmt: skip
    row = (X.numbers[0], X.codes[0])
    met = []
    for line in write_rules(tree, LABELS).splitlines():
        asked, said = re.match(r"if (.*): p\(yes\) = (\S+) ", line).groups()
        if all(obeys(row, condition) for condition in asked.split(" and ")):
            met.append(float(said))
    assert len(met) == 1
    assert met[0] == pytest.approx(tree.predict(X)[0, 1], abs=0.006)


def test_near_thresholds_far_from_zero_are_told_apart() -> None:
    when = (1_700_000_000 + np.arange(200) * 4096).astype(np.float32)[:, None]
    y = Target((np.arange(200) // 50 % 2).astype(np.int64), 2)
    X = Matrix.of_numbers(when, ["when"])
    fitted = TreeLearner().fit(X, y, budget=Budget(units=4), seed=0)
    text = write_rules(fitted, Labels(("when",), answer="a", classes=("no", "yes")))
    shown = sorted({float(number) for number in re.findall(r"\d{9,}", text)})
    assert [np.float32(bar) for bar in shown] == sorted(fitted.threshold[fitted.feature >= 0])
    assert "e+" not in text


def test_days_are_written_as_dates() -> None:
    days = np.arange(19_700, 19_900, dtype=np.float32)[:, None]
    y = Target((np.arange(200) >= 83).astype(np.int64), 2)
    X = Matrix.of_numbers(days, ["sold: days"])
    fitted = TreeLearner().fit(X, y, budget=Budget(units=2), seed=0)
    labels = Labels(("sold: days",), answer="a", classes=("no", "yes"), days={0: "sold"})
    assert write_rules(fitted, labels).startswith("if sold <= 2024-02-29 12:00: p(yes)")


def test_a_drawing_is_sound_and_escaped(tree: FittedTree) -> None:
    root = ET.fromstring(draw_tree(tree, LABELS))
    boxes = [element for element in root.iter() if element.tag.endswith("rect")]
    assert len(boxes) == len(tree.feature)
    assert {(box.get("x"), box.get("y")) for box in boxes}.__len__() == len(boxes)
    texts = "".join(element.text or "" for element in root.iter())
    assert f"n = {tree.rows[0]:,}" in texts


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("feature", lambda a: a + 100),
        ("feature", lambda a: a[:-1]),
        ("feature", lambda a: np.where(np.arange(len(a)) == len(a) - 1, 0, a).astype(np.int32)),
        ("threshold", lambda a: a * np.nan),
        ("value", lambda a: a[:, :1]),
        ("value", lambda a: a * 0),
        ("rows", lambda a: a - 10**6),
        ("least", lambda a: a[1:]),
        ("holes", lambda a: a[1:]),
    ],
)
def test_an_unsound_state_is_refused(tree: FittedTree, name: str, change: object) -> None:
    state = tree.export()
    arrays = {**state.arrays, name: change(state.arrays[name])}  # type: ignore[operator]
    with pytest.raises(ModelFileError):
        FittedTree.restore(replace(state, arrays=arrays))


def test_leaves_that_ask_in_a_circle_are_refused(tree: FittedTree) -> None:
    state = tree.export()
    feature = np.full(len(tree.feature), -1, np.int32)
    feature[-len(feature) // 2 :] = 0
    with pytest.raises(ModelFileError):
        FittedTree.restore(replace(state, arrays={**state.arrays, "feature": feature}))
