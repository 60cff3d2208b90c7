"""Folds that somebody else has made: a column, arrays."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import PredefinedSplit, RepeatedKFold

from evaluate.tables import table_of, zeros
from modelwright.core.errors import ColumnError, DataError, OptionError
from modelwright.core.splits import Splits
from modelwright.evaluate.splitters import Given, GivenFolds, says_test, says_where_to_score
from modelwright.testing.splitters import assert_sound


def read(values: list[object]) -> Splits:
    return Given("f").split(table_of(f=values), zeros(len(values)), seed=0)


@given(st.lists(st.integers(-1, 4), min_size=3, max_size=40))
def test_equal_to_a_predefined_split(numbers: list[int]) -> None:
    reference = PredefinedSplit(numbers)
    wanted = [(t, v) for t, v in reference.split()]
    if not wanted or any(not len(train) for train, _ in wanted):
        with pytest.raises(DataError):
            read([float(n) for n in numbers])
        return
    for values in ([float(n) for n in numbers], [str(n) for n in numbers]):
        plan = read(list(values))
        assert_sound(plan, len(numbers))
        for fold, (train, valid) in zip(plan.folds, wanted, strict=True):
            np.testing.assert_array_equal(fold.train, train)
            np.testing.assert_array_equal(fold.valid, valid)


def test_words_in_any_writing() -> None:
    plan = read(["Train", "TRAINING", " val ", "dev", "test", "holdout"])
    (fold,) = plan.folds
    assert (fold.train.tolist(), fold.valid.tolist()) == ([0, 1], [2, 3])
    assert plan.reason == (
        "1 fold as column 'f' says: 2 rows are scored, 2 are fitted on only, 2 are in no fold."
    )
    assert (plan.kind, plan.exchangeable) == ("given", False)


def test_empty_cells_are_fitted_on_in_every_fold_of_numbers() -> None:
    plan = read([1.0, 2.0, None, 1.0, 10.0])
    assert [fold.valid.tolist() for fold in plan.folds] == [[0, 3], [1], [4]]
    assert all(2 in fold.train for fold in plan.folds)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["train", "valid", "later"], "'later'"),
        (["train", "valid", None], "1 empty cells"),
        (["train", "train", "test"], "none for one of them"),
        ([None, None, None], "0 different values"),
        (["true", "false", "true"], "true and false"),
        ([f"row {i}" for i in range(101)], "101 different values"),
        (["a", "a", "a"], "none for one of them"),
    ],
)
def test_columns_that_are_no_folds(values: list[object], words: str) -> None:
    with pytest.raises(DataError, match="--splits") as told:
        Given("f").split(table_of(f=pl.Series(values, dtype=pl.String)), zeros(len(values)), seed=0)
    assert words in told.value.got
    assert "train, valid and test" in told.value.cure


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(ColumnError, match="did you mean 'fold'"):
        Given("flod").split(table_of(fold=["a", "b"]), zeros(2), seed=0)


def test_which_columns_are_a_plan() -> None:
    assert not says_where_to_score(pl.Series(["train", "Test", "training"]))
    assert says_where_to_score(pl.Series(["train", "test", "valid"]))
    assert says_where_to_score(pl.Series([0.0, 1.0]))
    assert says_test(pl.Series([0.0, 1.0])).tolist() == [False, False]
    assert says_test(pl.Series(["testing", " TEST", "train"])).tolist() == [True, True, False]


def test_folds_of_scikit_learn() -> None:
    folds = [*RepeatedKFold(n_splits=4, n_repeats=3, random_state=0).split(np.zeros(20))]
    plan = GivenFolds(folds, times=3).split(table_of(a=np.zeros(20)), zeros(20), seed=0)
    assert_sound(plan, 20)
    assert plan.times == 3
    with pytest.raises(OptionError, match="times"):
        GivenFolds(folds).split(table_of(a=np.zeros(20)), zeros(20), seed=0)


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        ([([0, 1], [1, 2])], "row 1 on both"),
        ([([0, 1], [2, 9])], "9"),
        ([([-1, 1], [2])], "-1"),
        ([([0, 0], [2])], "twice"),
        ([([0], [])], "none"),
    ],
)
def test_arrays_that_are_no_folds(folds: list[tuple[list[int], list[int]]], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        GivenFolds([(np.array(t, int), np.array(v, int)) for t, v in folds]).split(
            table_of(a=np.zeros(5)), zeros(5), seed=0
        )


def test_arrays_of_something_else() -> None:
    with pytest.raises(OptionError, match="row positions"):
        GivenFolds([(np.array([0.5]), np.array([1]))])
    with pytest.raises(OptionError, match="at least 1"):
        GivenFolds([])
    with pytest.raises(OptionError, match="as many folds in each"):
        GivenFolds([([0], [1])] * 3, times=2)


def test_folds_are_known_by_their_rows() -> None:
    one, same = GivenFolds([([0, 1], [2])]), GivenFolds([(np.array([1, 0]), np.array([2]))])
    assert repr(one) == repr(same) != repr(GivenFolds([([0, 2], [1])]))
