"""Extra trees: out-of-bag, units, threads, and the limits of size and time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from modelwright.core.budget import Budget
from modelwright.core.errors import ModelFileError
from modelwright.core.matrix import Matrix
from modelwright.models import ExtraTreesLearner
from modelwright.models.forest import FittedForest
from modelwright.testing import made_up

FAST = ExtraTreesLearner(trees=30)


@pytest.mark.long
@pytest.mark.parametrize("classes", [0, 2, 3])
def test_it_is_as_good_as_scikit_learns(classes: int) -> None:
    train, test = (
        replace(part, X=Matrix.of_numbers(part.X.numbers, part.X.number_names))
        for part in made_up(classes, rows=900).split()
    )
    kind = ExtraTreesClassifier if classes else ExtraTreesRegressor
    share = "sqrt" if classes else 0.5
    reference = kind(100, bootstrap=True, min_samples_leaf=2, max_features=share, random_state=0)
    reference.fit(train.X.numbers, train.y.values)
    learner = replace(FAST, trees=100)
    found = learner.fit(train.X, train.y, budget=Budget(), seed=0).predict(test.X)
    predict = reference.predict_proba if classes else reference.predict
    wanted = predict(test.X.numbers).reshape(found.shape)
    answers = np.eye(classes)[test.y.values] if classes else test.y.values[:, None]
    ours, theirs = (np.mean((p - answers) ** 2) for p in (found, wanted))
    assert ours == pytest.approx(theirs, rel=0.1)


def test_a_tree_does_not_depend_on_how_many_there_are_or_on_threads() -> None:
    puzzle = made_up(3)
    long = FAST.fit(puzzle.X, puzzle.y, budget=Budget(units=9), seed=4)
    short = FAST.fit(puzzle.X, puzzle.y, budget=Budget(units=5), seed=4)
    threaded = replace(FAST, threads=2).fit(puzzle.X, puzzle.y, budget=Budget(units=9), seed=4)
    assert np.array_equal(long.at(5).predict(puzzle.X), short.predict(puzzle.X))
    assert np.array_equal(long.predict(puzzle.X), threaded.predict(puzzle.X))
    assert np.array_equal(long.out_of_bag, threaded.out_of_bag, equal_nan=True)


def test_a_row_that_every_tree_drew_has_no_out_of_bag_prediction() -> None:
    puzzle = made_up(2)
    fitted = FAST.fit(puzzle.X, puzzle.y, budget=Budget(units=1), seed=0)
    unknown = np.isnan(fitted.out_of_bag).all(axis=1)
    assert 0.5 < unknown.mean() < 0.75
    assert fitted.at(1).out_of_bag is None


def test_rows_of_weight_zero_have_out_of_bag_predictions_by_every_tree() -> None:
    puzzle = made_up(2)
    weight = np.where(np.arange(300) % 3 == 0, 0.0, 1.0)
    fitted = FAST.fit(puzzle.X, puzzle.y, weight=weight, budget=Budget(units=4), seed=0)
    aside = weight == 0
    np.testing.assert_allclose(fitted.out_of_bag[aside], fitted.predict(puzzle.X)[aside], atol=1e-6)


@pytest.mark.long
def test_the_deadline_is_kept() -> None:
    puzzle = made_up(2, rows=2000)
    budget = Budget.seconds(0.5)
    fitted = replace(FAST, trees=10_000).fit(puzzle.X, puzzle.y, budget=budget, seed=0)
    assert budget.left > -0.5
    assert 1 <= fitted.units < 1000


def test_many_rows_get_fewer_trees() -> None:
    learner = ExtraTreesLearner(min_rows_leaf=1, leaves=15_000)
    small, large = made_up(0), made_up(0, rows=40_000)
    budget = Budget(units=None)
    from modelwright.models.forest import _count
    from modelwright.models.sample import Sample

    counts = [_count(learner, Sample.of(p.X, p.y, None, budget), budget) for p in (small, large)]
    assert counts == [200, 66]


def test_an_unsound_state_is_refused() -> None:
    puzzle = made_up(3)
    state = FAST.fit(puzzle.X, puzzle.y, budget=Budget(units=2), seed=0).export()
    for name in ("feature", "values", "seen", "ranks", "rank_starts", "numbers", "offset"):
        arrays = {key: value for key, value in state.arrays.items() if key != name}
        with pytest.raises(ModelFileError):
            FittedForest.restore(replace(state, arrays=arrays))
        with pytest.raises(ModelFileError):
            FittedForest.restore(replace(state, arrays={**arrays, name: state.arrays[name][:0]}))
