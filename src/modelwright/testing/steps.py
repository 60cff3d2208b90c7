"""What every feature step promises, as tests to inherit."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import FittedStep, State, Step
from modelwright.core.table import FEW, Table
from modelwright.core.task import Target

__all__ = ["StepContract", "assert_same", "through_a_file"]

_UNSEEN = "a level that no training row has"


def assert_same(one: Matrix, other: Matrix) -> None:
    """Check that two matrices are equal to the bit, names and all.

    Parameters
    ----------
    one, other : Matrix
        What to compare; NaN equals NaN.

    Raises
    ------
    AssertionError
        When they differ.

    Examples
    --------
    >>> block = Matrix.of_numbers(np.array([[np.nan]], np.float32), ["a"])
    >>> assert_same(block, block)
    """
    assert one.number_names == other.number_names
    assert one.code_names == other.code_names
    assert one.levels == other.levels
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_array_equal(one.codes, other.codes)


def through_a_file(state: State) -> State:
    """Write a state as JSON and npz, and read it back, as a model file would.

    Parameters
    ----------
    state : State
        What a fitted part exported.

    Returns
    -------
    State

    Examples
    --------
    >>> through_a_file(State({"columns": ("a",)})).config
    {'columns': ['a']}
    """
    buffer = io.BytesIO()
    arrays: dict[str, Any] = dict(state.arrays)
    np.savez(buffer, **arrays)
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as read:
        back = {key: read[key] for key in read.files}
    return State(json.loads(json.dumps(dict(state.config))), back, dict(state.blobs))


class StepContract:
    """Inherit it, give `step` and `table`, and pytest runs what every step must hold.

    Examples
    --------
    ::

        class TestMyStep(StepContract):
            def step(self) -> Step:
                return MyStep()

            def table(self) -> Table:
                return Table(frame, schema)  # 20 rows or more, with a column for the step
    """

    def step(self) -> Step:
        """Give the step under test."""
        raise NotImplementedError

    def table(self) -> Table:
        """Give a table of 20 rows or more with at least one column for the step."""
        raise NotImplementedError

    def target(self, table: Table) -> Target:
        """Give answers for the table: a binary task, unless overridden."""
        return Target(np.random.default_rng(7).integers(0, 2, table.height), classes=2)

    def _fit(self, table: Table, seed: int = 3) -> FittedStep:
        fitted = self.step().fit(table, self.target(table), seed=seed)
        assert fitted is not None, "the contract needs a table with a column for the step"
        return fitted

    def _both(self) -> tuple[Table, FittedStep, Matrix]:
        table = self.table()
        fitted = self._fit(table)
        return table, fitted, fitted.transform(table)

    def test_makes_a_sound_matrix(self) -> None:
        """One row out for each row in, float32 and int32, nothing infinite, codes in range."""
        table, _, matrix = self._both()
        assert matrix.shape[0] == table.height == len(matrix.codes)
        assert matrix.shape[1] > 0
        assert matrix.numbers.shape[1] == len(matrix.number_names)
        assert matrix.codes.shape[1] == len(matrix.code_names) == len(matrix.levels)
        assert matrix.numbers.dtype == np.float32
        assert matrix.codes.dtype == np.int32
        assert not np.isinf(matrix.numbers).any()
        assert (matrix.codes >= -2).all()
        assert (matrix.codes < np.array(matrix.levels, np.int64)).all()

    def test_leaves_its_inputs_alone(self) -> None:
        """Neither the table nor the answers change."""
        table, before = self.table(), self.table()
        y = self.target(table)
        answers = y.values.copy()
        fitted = self.step().fit(table, y, seed=3)
        assert fitted is not None
        fitted.transform(table)
        assert table.frame.equals(before.frame)
        np.testing.assert_array_equal(y.values, answers)

    def test_same_seed_same_features(self) -> None:
        """Fitting twice with one seed gives the same features."""
        table, _, matrix = self._both()
        assert_same(self._fit(table).transform(table), matrix)

    def test_order_of_columns_does_not_matter(self) -> None:
        """A table with its columns reversed gives the same features."""
        table, fitted, matrix = self._both()
        names = table.frame.columns[::-1]
        turned = Table(table.frame.select(names), table.schema.select(names))
        assert_same(fitted.transform(turned), matrix)

    def test_no_peeking_at_other_rows(self) -> None:
        """The features of a row do not depend on the rows beside it."""
        table, fitted, matrix = self._both()
        for rows in self._row_sets(table.height):
            assert_same(fitted.transform(table.rows(rows)), matrix.rows(rows))

    def _row_sets(self, rows: int) -> list[NDArray[np.int64]]:
        shuffled = np.random.default_rng(5).permutation(rows)
        single = [np.array([row]) for row in range(min(rows, 5))]
        many = np.tile(shuffled, 1 + 2 * FEW // rows)  # a step may look at few rows in another way
        return [many, shuffled, shuffled[: rows // 2], np.repeat(shuffled[:3], 4), *single]

    def test_no_row_is_no_error(self) -> None:
        """An empty table gives an empty matrix of the same columns."""
        table, fitted, matrix = self._both()
        none = fitted.transform(table.rows(np.array([], np.int64)))
        assert_same(none, matrix.rows(np.array([], np.int64)))

    def test_unseen_values(self) -> None:
        """Texts and numbers that fit never met are no error."""
        table, fitted, matrix = self._both()
        new = table.frame.with_columns(
            pl.selectors.string().str.replace_all("(?s)^.*$", _UNSEEN),
            pl.selectors.float() * -1e30,
        )
        after = fitted.transform(Table(new, table.schema))
        assert after.shape == matrix.shape
        assert not np.isinf(after.numbers).any()
        assert (after.codes < 0).all()

    def test_missing_values(self) -> None:
        """A column that is missing in every row, at transform or at fit, is no error."""
        table, fitted, matrix = self._both()
        for name in table.features():
            empty = pl.lit(None, table.frame[name].dtype).alias(name)
            gap = Table(table.frame.with_columns(empty), table.schema)
            assert fitted.transform(gap).shape == matrix.shape
            refitted = self.step().fit(gap, self.target(gap), seed=3)
            if refitted is not None:
                assert refitted.transform(table).shape[0] == table.height

    def test_export_restores_to_the_bit(self) -> None:
        """A state that went through JSON and npz transforms as the fitted step does."""
        table, fitted, matrix = self._both()
        restored = type(fitted).restore(through_a_file(fitted.export()))
        assert_same(restored.transform(table), matrix)

    def test_sees_only_feature_columns(self) -> None:
        """Columns that are no features are neither needed nor used."""
        table, _, matrix = self._both()
        kept = table.features()
        narrow = Table(table.frame.select(kept), table.schema.select(kept))
        assert_same(self._fit(narrow).transform(narrow), matrix)

    def test_looks_at_the_answers_only_if_it_says_so(self) -> None:
        """A step with `uses_target` False gives the same features for any answers."""
        if self.step().uses_target:
            return
        table, _, matrix = self._both()
        y = self.target(table)
        other = replace(y, values=y.values[::-1].copy())
        fitted = self.step().fit(table, other, seed=3)
        assert fitted is not None
        assert_same(fitted.transform(table), matrix)
