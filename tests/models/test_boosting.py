"""LightGBM through the protocol: a direct call's numbers, hostile texts, other processes."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import lightgbm
import numpy as np
import pytest

from modelwright.core import errors
from modelwright.core.budget import Budget
from modelwright.core.errors import ModelwrightWarning
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models import LightGBMLearner
from modelwright.models.boosting import FittedLightGBM, _predict_elsewhere
from modelwright.models.growth import Growth
from modelwright.models.histogram import FittedHistogram
from modelwright.models.lightgbm_text import ModelText
from modelwright.models.sample import loss
from modelwright.testing import Puzzle, made_up

LEARNER = LightGBMLearner(learning_rate=0.1, leaves=7, max_rounds=60)


def fit(puzzle: Puzzle, units: int = 20, learner: LightGBMLearner = LEARNER) -> FittedLightGBM:
    fitted = learner.fit(puzzle.X, puzzle.y, budget=Budget(units=units), seed=3)
    assert isinstance(fitted, FittedLightGBM)
    return fitted


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_a_direct_call_says_the_same(classes: int) -> None:
    puzzle = made_up(classes)
    table = np.hstack([puzzle.X.numbers, _by_frequency(puzzle.X)])
    y = puzzle.y.values
    mean, scale = (y.mean(), y.std()) if not classes else (0.0, 1.0)
    parameters = LEARNER.parameters(len(y), classes or 1, seed=3)
    data = lightgbm.Dataset(
        table, (y - mean) / scale, categorical_feature=[4, 5], params=parameters
    )
    direct = lightgbm.train(parameters, data, num_boost_round=20).predict(table)
    found = fit(puzzle).predict(puzzle.X)
    if classes == 2:
        found = found[:, 1]
    wanted = direct * scale + mean
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-6)


def _by_frequency(X: Matrix) -> np.ndarray:
    ranked = []
    for column, levels in zip(X.codes.T, X.levels, strict=True):
        order = np.argsort(-np.bincount(column, minlength=levels), kind="stable")
        ranked.append(np.argsort(order)[column])
    return np.column_stack(ranked).astype(np.float32)


def test_many_levels_become_an_ordered_number() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(0, 1500, (3000, 1)).astype(np.int32)
    X = Matrix.of_codes(codes, ["c"], [1500])
    fitted = fit(Puzzle(X, Target((codes[:, 0] % 2).astype(np.int64), 2)))
    assert "num_cat=0" in fitted.text
    assert "num_cat=1" not in fitted.text


def test_a_watched_fit_stops_when_it_no_longer_improves() -> None:
    train, test = made_up(2).split()
    learner = replace(LEARNER, max_rounds=2000)
    fitted = learner.fit(train.X, train.y, valid=test.X, valid_y=test.y, budget=Budget(), seed=0)
    assert fitted.units < 400
    assert fitted.stages is not None
    assert len(fitted.stages.units) <= 40
    assert fitted.stages.units[-1] == fitted.units


@pytest.mark.long
def test_the_deadline_is_kept() -> None:
    puzzle = made_up(2, rows=2000)
    learner = LightGBMLearner(learning_rate=0.001, max_rounds=100_000)
    budget = Budget.seconds(0.5)
    fitted = learner.fit(puzzle.X, puzzle.y, budget=budget, seed=0)
    assert budget.left > -0.5
    assert 1 <= fitted.units < 6000


@pytest.mark.long
def test_more_threads_give_the_same_bits() -> None:
    puzzle = made_up(2, rows=800)
    one, two = (fit(puzzle, 8, replace(LEARNER, threads=n)) for n in (1, 2))
    assert np.array_equal(one.predict(puzzle.X), two.predict(puzzle.X))


@pytest.mark.long
def test_a_prediction_elsewhere_is_the_same() -> None:
    puzzle = made_up(3)
    fitted = fit(puzzle)
    table = fitted.ranks.table(puzzle.X)
    raw = _predict_elsewhere(fitted.text, table)
    wanted = lightgbm.Booster(model_str=fitted.text).predict(table, raw_score=True)
    np.testing.assert_array_equal(raw, wanted.reshape(raw.shape))


def test_a_process_that_holds_torch_predicts_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    puzzle = made_up(2)
    fitted = fit(puzzle)
    wanted = fitted.predict(puzzle.X)
    asked = []

    def elsewhere(text: str, table: np.ndarray) -> np.ndarray:
        asked.append(len(table))
        return lightgbm.Booster(model_str=text).predict(table, raw_score=True)[:, None]

    monkeypatch.setattr("modelwright.models.boosting._predict_elsewhere", elsewhere)
    monkeypatch.setitem(sys.modules, "torch", sys)
    monkeypatch.setattr("modelwright.models.boosting.is_loaded", lambda: False)
    assert np.array_equal(replace(fitted).predict(puzzle.X), wanted)
    assert asked == [300]


@pytest.mark.parametrize("problem", [OSError("libgomp.so.1: no such file"), ImportError("no")])
def test_without_the_library_scikit_learn_steps_in(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> None:
        raise problem

    monkeypatch.setattr("modelwright.models.boosting.lightgbm.load", load)
    puzzle = made_up(2)
    with pytest.warns(ModelwrightWarning, match="scikit-learn's boosting steps in"):
        fitted = LEARNER.fit(puzzle.X, puzzle.y, budget=Budget(units=5), seed=0)
    assert isinstance(fitted, FittedHistogram)


def test_a_cut_text_is_what_lightgbm_itself_would_cut() -> None:
    puzzle = made_up(3)
    fitted = fit(puzzle)
    table = fitted.ranks.table(puzzle.X)
    whole = lightgbm.Booster(model_str=fitted.text)
    cut = lightgbm.Booster(model_str=fitted.at(5).text)
    assert cut.num_trees() == 15
    assert np.array_equal(cut.predict(table), whole.predict(table, num_iteration=5))


def test_texts_of_all_kinds_pass_the_check() -> None:
    for classes in (0, 2, 3):
        fitted = fit(made_up(classes))
        ModelText.parse(fitted.text).check(6, 3 if classes == 3 else 1)


def test_what_predictions_do_not_read_is_left_out() -> None:
    fitted = fit(made_up(3))
    assert "internal_count" not in fitted.text
    head, _, trees = fitted.text.partition("\n\n")
    old = trees.replace("\nshrinkage=", "\nleaf_count=no number\nsplit_gain=\nshrinkage=")
    blocks = old.partition("end of trees")[0].split("Tree=")[1:]
    sizes = " ".join(str(len("Tree=" + block)) for block in blocks)
    head = head.partition("\ntree_sizes=")[0] + f"\ntree_sizes={sizes}"
    assert str(ModelText.parse(f"{head}\n\n{old}")) == fitted.text


HOSTILE = [
    ("left_child=1", "left_child=9"),
    ("left_child=1", "left_child=0"),
    ("left_child=1", "left_child=-99"),
    ("left_child=1", "left_child=x"),
    ("left_child=1", "left_child=99999999999999999999"),
    ("split_feature=0", "split_feature=6"),
    ("split_feature=0", "split_feature=-1"),
    ("num_leaves=7", "num_leaves=8"),
    ("num_leaves=7", "num_leaves=2000000000"),
    ("num_leaves=7", "num_leaves=7\nnum_leaves=9"),
    ("num_cat=1", "num_cat=2"),
    ("cat_boundaries=0 1", "cat_boundaries=0 1000"),
    ("cat_boundaries=0 1", "cat_boundaries=1 1"),
    ("is_linear=0", "is_linear=1"),
    ("leaf_value=", "leaf_value=1 "),
    ("decision_type=", "decision_type=17 "),
    ("decision_type=", "decision_type=nan "),
    ("max_feature_idx=5", "max_feature_idx=500"),
    ("num_class=1", "num_class=1000000"),
    ("num_tree_per_iteration=1", "num_tree_per_iteration=7"),
    ("objective=regression", "objective=custom"),
    ("version=v4", "version=v9"),
    ("feature_names=f0", "feature_names=f0 f0"),
    ("Tree=1\n", "Tree=0\n"),
    ("end of trees", "end of"),
]


@pytest.mark.parametrize(("old", "new"), HOSTILE, ids=[new.split()[0] for _, new in HOSTILE])
def test_a_hostile_text_is_refused(old: str, new: str) -> None:
    state = fit(made_up(0)).export()
    text = state.blobs["model"].decode()
    assert old in text
    text = _resized(text.replace(old, new, 1))
    with pytest.raises(errors.ModelFileError):
        FittedLightGBM.restore(replace(state, blobs={"model": text.encode()}))


def _resized(text: str) -> str:
    """Make the sizes of trees right again, so that only the alteration is left to find."""
    head, found, rest = text.partition("\n\n")
    body = rest.partition("end of trees")[0]
    sizes = " ".join(str(len("Tree=" + part)) for part in body.split("Tree=")[1:])
    return head.partition("tree_sizes=")[0] + f"tree_sizes={sizes}" + found + rest


def test_truncated_and_foreign_texts_are_refused() -> None:
    state = fit(made_up(0), units=3).export()
    text = state.blobs["model"]
    for place in range(0, len(text) - 60, 41):
        with pytest.raises(errors.ModelFileError):
            FittedLightGBM.restore(replace(state, blobs={"model": text[:place]}))
    with pytest.raises(errors.ModelFileError):
        FittedLightGBM.restore(replace(state, blobs={"model": "trée".encode()}))


def test_bytes_changed_at_random_are_refused_or_harmless() -> None:
    puzzle = made_up(3)
    state = fit(puzzle, units=3).export()
    text = np.frombuffer(state.blobs["model"], np.uint8)
    random, survivors = np.random.default_rng(0), 0
    for _ in range(300):
        other = text.copy()
        other[random.integers(len(text))] = random.integers(32, 127)
        try:
            fitted = FittedLightGBM.restore(replace(state, blobs={"model": other.tobytes()}))
            survivors += fitted.predict(puzzle.X).shape == (300, 3)
        except errors.ModelFileError:
            continue
    # digits of a leaf value may change; what may not is where a walk leads
    assert survivors < 300


def test_growth_keeps_the_latest_stages_within_memory() -> None:
    growth = Growth(3000, Budget())
    predictions = np.zeros((1000, 1), np.float32)
    for done in range(1, 3001):
        if growth.due(done):
            growth.record(done, predictions)
    stages = growth.stages()
    assert stages is not None
    assert len(stages.units) == 40
    assert stages.units[-1] > 2700
    steps = stages.units[1:] / stages.units[:-1]
    assert steps.max() < 1.11


def test_growth_ends_before_the_deadline() -> None:
    growth, start = Growth(10**9, Budget.seconds(0.3)), time.monotonic()
    done = 1
    while growth.goes_on(done, None):
        time.sleep(0.05)
        done += 1
    assert time.monotonic() - start < 0.32


def test_what_comes_before_the_first_round_says_nothing_of_the_others() -> None:
    growth = Growth(10, Budget.seconds(0.4))
    time.sleep(0.25)  # the data are laid out: more than half of the time
    assert growth.goes_on(1, None)
    assert growth.goes_on(2, None)


def test_nobody_judges_growth_where_there_are_no_validation_rows() -> None:
    none = loss(np.empty((0, 1), np.float32), Target(np.empty(0)))
    assert np.isnan(none)
    growth = Growth(200, Budget())
    assert [growth.goes_on(done, none) for done in range(1, 201)] == [True] * 199 + [False]
