"""What every `Learner` promises, as tests that it inherits."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.core.matrix import MISSING, UNSEEN, Matrix
from modelwright.core.protocols import Fitted, Learner, State
from modelwright.core.task import Target
from modelwright.testing.data import Puzzle, made_up

__all__ = ["LearnerContract"]

Floats = NDArray[np.float32]
KINDS = pytest.mark.parametrize("classes", [0, 2, 3], ids=["regression", "binary", "multiclass"])


class LearnerContract:
    """The contract of a learner: subclass it in a test module and say which learner.

    ::

        class TestLinear(LearnerContract):
            def learner(self):
                return LinearLearner()

    Attributes
    ----------
    exact_weights : bool
        Whether a weight of two equals a row twice, to rounding (a closed form; nothing random).
    """

    exact_weights: ClassVar[bool] = False

    def learner(self) -> Learner:
        """Give the learner under test, with settings that fit 300 rows in a blink."""
        raise NotImplementedError("a subclass says which learner")

    def round_trip(self, fitted: Fitted) -> Fitted:
        """Save and load; override to go through a file."""
        state = fitted.export()
        copies = {name: array.copy() for name, array in state.arrays.items()}
        return type(fitted).restore(State(dict(state.config), copies, dict(state.blobs)))

    def _fitted(self, classes: int, *, watched: bool = False, holes: bool = False) -> Fitted:
        """Give the learner fitted on the usual rows; tests that ask for the same share one fit."""
        contract: Any = type(self)
        return _fitted_once(contract, classes, watched, holes)

    @KINDS
    def test_beats_the_prior(self, classes: int) -> None:
        """On learnable data it is far better than the prior."""
        train, test = made_up(classes).split()
        fitted = self._fitted(classes)
        assert _error(fitted, test) < 0.75 * _prior_error(train, test)

    @KINDS
    def test_predictions_are_float32_and_sound(self, classes: int) -> None:
        """Right shape, finite, float32; probabilities that sum to one."""
        _, test = made_up(classes).split()
        _check(self._fitted(classes).predict(test.X), test)

    @KINDS
    def test_a_single_row_is_predicted_like_a_batch(self, classes: int) -> None:
        """A prediction depends on its row alone; no rows, no predictions."""
        train, test = made_up(classes).split()
        fitted = self._fitted(classes)
        batch = fitted.predict(test.X)
        for row in (0, 7):
            one = fitted.predict(test.X.rows(np.array([row])))
            np.testing.assert_allclose(one[0], batch[row], rtol=1e-5, atol=1e-6)
        assert fitted.predict(test.X.rows(slice(0, 0))).shape == (0, train.y.outputs)

    def test_a_class_absent_from_training_gets_valid_probabilities(self) -> None:
        """A fold may lack a class of the task."""
        train, test = made_up(3).split()
        for absent in range(3):
            some = train.rows(np.flatnonzero(train.y.values != absent))
            probabilities = _fit(self.learner(), some, valid=test).predict(test.X)
            _check(probabilities, test)
            assert probabilities[:, absent].max() < 0.2

    @pytest.mark.parametrize("classes", [2, 3])
    def test_one_class_is_enough_for_valid_probabilities(self, classes: int) -> None:
        """Training rows of a single class give that class."""
        train, test = made_up(classes).split()
        some = replace(train, y=Target(np.ones(len(train.y), np.int64), classes))
        probabilities = _fit(self.learner(), some, valid=test).predict(test.X)
        _check(probabilities, test)
        assert probabilities[:, 1].min() > 0.5

    def test_a_constant_target_is_predicted(self) -> None:
        """One answer everywhere is the answer."""
        train, test = made_up(0).split()
        some = replace(train, y=Target(np.full(len(train.y), 1234.5)))
        np.testing.assert_allclose(_fit(self.learner(), some).predict(test.X), 1234.5, rtol=1e-5)

    @KINDS
    def test_no_columns_give_the_prior(self, classes: int) -> None:
        """Without a column there is nothing better than the prior."""
        puzzle = made_up(classes)
        bare = Matrix.beside([], len(puzzle.y))
        predictions = _fit(self.learner(), replace(puzzle, X=bare)).predict(bare)
        prior = _prior(puzzle)
        np.testing.assert_allclose(predictions, np.tile(prior, (len(bare.numbers), 1)), atol=0.05)

    @KINDS
    def test_order_of_columns_and_codes_does_not_matter_much(self, classes: int) -> None:
        """Columns turned around and codes renamed: as good."""
        train, test = made_up(classes).split()
        usual = _error(self._fitted(classes), test)
        turned = _error(_fit(self.learner(), _turned(train)), _turned(test))
        assert turned < 1.35 * usual + 0.02

    @KINDS
    def test_unseen_and_missing_values_are_predicted(self, classes: int) -> None:
        """What training never saw gets sound predictions."""
        _, test = made_up(classes).split()
        numbers, codes = test.X.numbers.copy(), test.X.codes.copy()
        numbers[::2, 0], codes[::3, 0], codes[1::3, 1] = np.nan, UNSEEN, MISSING
        _check(self._fitted(classes).predict(replace(test.X, numbers=numbers, codes=codes)), test)

    @KINDS
    def test_missing_values_in_training_are_learned_from(self, classes: int) -> None:
        """Holes in training rows neither break it nor blind it."""
        train, test = (_with_holes(part) for part in made_up(classes).split())
        fitted = _fit(self.learner(), train)
        _check(fitted.predict(test.X), test)
        assert _error(fitted, test) < 0.95 * _prior_error(train, test)

    @pytest.mark.parametrize("value", [np.nan, 3.0, 0.0], ids=["all missing", "constant", "zero"])
    def test_an_empty_column_does_no_harm(self, value: float) -> None:
        """A column of NaN or of one value changes little."""
        train, test = (_with_constant(part, value) for part in made_up(0).split())
        assert _error(_fit(self.learner(), train), test) < 0.75 * _prior_error(train, test)

    @KINDS
    @pytest.mark.parametrize("rows", [2, 3, 5])
    def test_tiny_data_give_a_model_or_say_no(self, classes: int, rows: int) -> None:
        """Two to five rows: a sound model, or `FitError`."""
        puzzle = made_up(classes)
        few = puzzle.rows(np.arange(rows))
        try:
            fitted = _fit(self.learner(), few)
        except FitError:
            return
        _check(fitted.predict(puzzle.X), puzzle)

    @KINDS
    def test_a_far_and_wild_value_does_not_explode(self, classes: int) -> None:
        """A test value of 1e30 keeps predictions in a sane range."""
        _, test = made_up(classes).split()
        numbers = test.X.numbers.copy()
        numbers[0], numbers[1] = 1e30, -1e30
        predictions = self._fitted(classes).predict(replace(test.X, numbers=numbers))
        _check(predictions, test)
        assert np.abs(predictions).max() < 100

    @pytest.mark.parametrize("scale", [1e-6, 1e6])
    def test_the_unit_of_a_target_does_not_matter(self, scale: float) -> None:
        """Dollars or millions of dollars: the same model."""
        train, test = made_up(0).split()
        other = replace(train, y=Target(train.y.values * scale + scale))
        usual = self._fitted(0).predict(test.X)
        found = _fit(self.learner(), other).predict(test.X)
        # trees may break a tie the other way
        assert np.median(np.abs((found - scale) / scale - usual)) < 0.02

    @KINDS
    def test_the_same_seed_gives_the_same_bits(self, classes: int) -> None:
        """Two fits of one seed are equal to the bit."""
        train, test = made_up(classes).split()
        first, second = (_fit(self.learner(), train, valid=test, seed=5) for _ in range(2))
        assert np.array_equal(first.predict(test.X), second.predict(test.X))
        assert first.units == second.units
        if first.stages is not None and second.stages is not None:
            assert np.array_equal(first.stages.predictions, second.stages.predictions)

    @KINDS
    def test_inputs_may_be_read_only_and_stay_as_they_are(self, classes: int) -> None:
        """It writes into nothing that it is given."""
        train, test = (_with_holes(part) for part in made_up(classes).split())
        weight = np.ones(len(train.y))
        arrays: list[NDArray[Any]] = [part.X.numbers for part in (train, test)] + [
            part.X.codes for part in (train, test)
        ]
        arrays += [train.y.values, test.y.values, weight]
        before = [array.copy() for array in arrays]
        for array in arrays:
            array.setflags(write=False)
        _fit(self.learner(), train, weight=weight, valid=test).predict(test.X)
        for array, copy in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(array, copy)

    @KINDS
    def test_rows_of_weight_zero_are_as_good_as_absent(self, classes: int) -> None:
        """Rows that do not count cannot mislead it."""
        train, test = made_up(classes).split()
        values = train.y.values.copy()
        wrong = np.arange(len(values)) % 4 == 0
        values[wrong] = (values[wrong] + 1) % classes if classes else 50.0
        spoilt = replace(train, y=Target(values, classes))
        fitted = _fit(self.learner(), spoilt, weight=np.where(wrong, 0.0, 1.0))
        clean = _fit(self.learner(), train.rows(np.flatnonzero(~wrong)))
        assert _error(fitted, test) < 1.2 * _error(clean, test) + 0.01

    @KINDS
    def test_weights_shift_predictions_to_where_they_are(self, classes: int) -> None:
        """Heavy rows pull the prior their way."""
        puzzle = made_up(classes, signal=0.0)
        high = puzzle.y.values == max(classes - 1, 0) if classes else puzzle.y.values > 0
        heavy = _fit(self.learner(), puzzle, weight=np.where(high, 20.0, 1.0)).predict(puzzle.X)
        plain = _fit(self.learner(), puzzle).predict(puzzle.X)
        assert heavy[:, -1].mean() > plain[:, -1].mean() + 0.1

    @KINDS
    def test_whole_weights_are_repeated_rows(self, classes: int) -> None:
        """For a closed form, a weight of two is a row twice."""
        if not self.exact_weights:
            pytest.skip("this learner is random, or counts rows")
        train, test = (_numbers_only(part) for part in made_up(classes).split())
        counts = 1 + np.arange(len(train.y)) % 3
        repeated = train.rows(np.repeat(np.arange(len(train.y)), counts))
        budget = Budget(units=5)
        weighted = _fit(self.learner(), train, weight=counts.astype(np.float64), budget=budget)
        np.testing.assert_allclose(
            weighted.predict(test.X),
            _fit(self.learner(), repeated, budget=budget).predict(test.X),
            atol=2e-3,
        )

    @KINDS
    def test_the_unit_of_weights_does_not_matter(self, classes: int) -> None:
        """People or millions of people a row: the same model."""
        train, test = made_up(classes).split()
        weight = (1 + np.arange(len(train.y)) % 3).astype(np.float64)
        usual = _fit(self.learner(), train, weight=weight).predict(test.X)
        # by a power of two, so that rounding breaks no tie the other way
        found = _fit(self.learner(), train, weight=weight * 2.0**-30).predict(test.X)
        np.testing.assert_allclose(found, usual, rtol=1e-4, atol=1e-4)

    def test_weights_that_mean_nothing_are_refused(self) -> None:
        """Negative, missing or all-zero weights raise `FitError`."""
        puzzle = made_up(0)
        for value in (-1.0, np.nan, 0.0):
            with pytest.raises(FitError):
                _fit(self.learner(), puzzle, weight=np.full(len(puzzle.y), value))

    @KINDS
    def test_a_restored_model_predicts_equal_to_the_bit(self, classes: int) -> None:
        """The exported state is the whole model."""
        _, test = (_with_holes(part) for part in made_up(classes).split())
        fitted = self._fitted(classes, watched=True, holes=True)
        restored = self.round_trip(fitted)
        assert np.array_equal(fitted.predict(test.X), restored.predict(test.X))
        assert restored.units == fitted.units
        assert restored.stages is None
        assert restored.out_of_bag is None

    @KINDS
    def test_a_restored_model_can_be_cut_back(self, classes: int) -> None:
        """`at` works after `restore`, and `restore` after `at`."""
        _, test = made_up(classes).split()
        fitted = self._fitted(classes, watched=True)
        units = fitted.units if fitted.stages is None else int(fitted.stages.units[0])
        cut = fitted.at(units)
        assert np.array_equal(
            cut.predict(test.X), self.round_trip(fitted).at(units).predict(test.X)
        )
        assert np.array_equal(cut.predict(test.X), self.round_trip(cut).predict(test.X))

    @KINDS
    def test_stages_are_what_the_cut_back_model_says(self, classes: int) -> None:
        """A stage predicts what `at` its units predicts."""
        _, test = (_with_holes(part) for part in made_up(classes).split())
        fitted = self._fitted(classes, watched=True, holes=True)
        stages = fitted.stages
        if stages is None:
            return
        assert (np.diff(stages.units) > 0).all()
        assert stages.predictions.shape == (len(stages.units), len(test.y), test.y.outputs)
        assert stages.predictions.dtype == np.float32
        assert stages.units[-1] <= fitted.units
        for unit, said in list(zip(stages.units.tolist(), stages.predictions, strict=True))[::5]:
            cut = fitted.at(unit)
            assert cut.stages is None
            np.testing.assert_allclose(cut.predict(test.X), said, rtol=1e-5, atol=1e-5)

    @KINDS
    def test_told_units_are_fitted_exactly(self, classes: int) -> None:
        """``budget.units`` is obeyed to the unit."""
        train, test = made_up(classes).split()
        for units in (1, 7):
            fitted = _fit(self.learner(), train, budget=Budget(units=units))
            assert fitted.units == units
            _check(fitted.predict(test.X), test)

    @KINDS
    def test_told_units_repeat_a_watched_fit(self, classes: int) -> None:
        """A replay with the units of a watched fit is that fit."""
        train, test = made_up(classes).split()
        watched = self._fitted(classes, watched=True)
        again = _fit(self.learner(), train, budget=Budget(units=watched.units))
        np.testing.assert_allclose(watched.predict(test.X), again.predict(test.X), atol=1e-2)

    @KINDS
    def test_an_expired_budget_ends_at_once(self, classes: int) -> None:
        """Past the deadline: a sound model or `FitError`, quickly."""
        train, test = made_up(classes).split()
        _fit(self.learner(), train, budget=Budget(units=1))
        start = time.monotonic()
        try:
            fitted = _fit(self.learner(), train, budget=Budget(deadline=start - 1.0))
        except FitError:
            pass
        else:
            _check(fitted.predict(test.X), test)
        assert time.monotonic() - start < 10.0

    @KINDS
    def test_out_of_bag_predictions_are_honest(self, classes: int) -> None:
        """Out-of-bag finds the signal, and nothing in pure noise."""
        learner = self.learner()
        puzzle = made_up(classes)
        found = _fit(learner, puzzle).out_of_bag
        if not learner.bags:
            assert found is None
            return
        assert found is not None
        assert found.shape == (len(puzzle.y), puzzle.y.outputs)
        assert _judge(found, puzzle) < 0.75 * _prior_error(puzzle, puzzle)
        noise = made_up(classes, signal=0.0)
        silent = _fit(learner, noise).out_of_bag
        assert silent is not None
        # a model that had seen the answers would do far better than the prior here
        assert _judge(silent, noise) > 0.97 * _prior_error(noise, noise)


# as many as the tests of one suite ask for
@lru_cache(maxsize=9)
def _fitted_once(suite: type[LearnerContract], classes: int, watched: bool, holes: bool) -> Fitted:
    train, test = made_up(classes).split()
    if holes:
        train, test = _with_holes(train), _with_holes(test)
    return _fit(suite().learner(), train, valid=test if watched else None)


def _fit(
    learner: Learner,
    train: Puzzle,
    weight: NDArray[np.float64] | None = None,
    valid: Puzzle | None = None,
    budget: Budget | None = None,
    seed: int = 0,
) -> Fitted:
    return learner.fit(
        train.X,
        train.y,
        weight=weight,
        valid=None if valid is None else valid.X,
        valid_y=None if valid is None else valid.y,
        budget=budget or Budget(),
        seed=seed,
    )


def _check(predictions: Floats, puzzle: Puzzle) -> None:
    assert predictions.dtype == np.float32
    assert predictions.shape == (len(puzzle.y), puzzle.y.outputs)
    assert np.isfinite(predictions).all()
    if puzzle.y.classes:
        assert predictions.min() >= 0.0
        np.testing.assert_allclose(predictions.sum(axis=1), 1.0, atol=1e-5)


def _judge(predictions: Floats, puzzle: Puzzle) -> float:
    """Give the mean squared error, or the Brier score."""
    known = ~np.isnan(predictions).any(axis=1)
    y = puzzle.y
    answers = np.eye(y.classes)[y.values] if y.classes else y.values[:, None]
    return float(np.mean(np.sum((predictions[known] - answers[known]) ** 2, axis=1)))


def _error(fitted: Fitted, test: Puzzle) -> float:
    return _judge(fitted.predict(test.X), test)


def _prior(puzzle: Puzzle) -> NDArray[np.float64]:
    if not puzzle.y.classes:
        return np.array([puzzle.y.values.mean()])
    shares: NDArray[np.float64] = np.bincount(puzzle.y.values, minlength=puzzle.y.classes) / len(
        puzzle.y
    )
    return shares


def _prior_error(train: Puzzle, test: Puzzle) -> float:
    return _judge(np.tile(_prior(train), (len(test.y), 1)).astype(np.float32), test)


def _turned(puzzle: Puzzle) -> Puzzle:
    """Turn the order of columns around, and give every level another code."""
    X = puzzle.X
    levels = np.array(X.levels, np.int32)
    return replace(
        puzzle,
        X=Matrix(
            np.ascontiguousarray(X.numbers[:, ::-1]),
            np.ascontiguousarray((levels - 1 - X.codes)[:, ::-1]),
            X.number_names[::-1],
            X.code_names[::-1],
            X.levels[::-1],
        ),
    )


def _with_holes(puzzle: Puzzle) -> Puzzle:
    numbers, codes = puzzle.X.numbers.copy(), puzzle.X.codes.copy()
    random = np.random.default_rng(9)
    numbers[random.random(numbers.shape) < 0.1] = np.nan
    codes[random.random(codes.shape) < 0.1] = MISSING
    codes[random.random(codes.shape) < 0.02] = UNSEEN
    return replace(puzzle, X=replace(puzzle.X, numbers=numbers, codes=codes))


def _with_constant(puzzle: Puzzle, value: float) -> Puzzle:
    column = np.full((len(puzzle.y), 1), value, np.float32)
    empty = Matrix.of_numbers(column, ["empty"])
    return replace(puzzle, X=Matrix.beside([empty, puzzle.X], len(puzzle.y)))


def _numbers_only(puzzle: Puzzle) -> Puzzle:
    return replace(puzzle, X=Matrix.of_numbers(puzzle.X.numbers, puzzle.X.number_names))
