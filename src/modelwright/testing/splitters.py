"""What every splitter promises, as tests to inherit."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from modelwright.core.errors import UserError
from modelwright.core.protocols import Splitter
from modelwright.core.splits import KINDS, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target

__all__ = ["SplitterContract", "assert_sound"]


def assert_sound(splits: Splits, rows: int) -> None:
    """Check that a plan is one: in range, ascending, disjoint, nowhere empty.

    In each draw of the plan a row is scored once at most.

    Parameters
    ----------
    splits : Splits
        The plan.
    rows : int
        The height of the table.

    Raises
    ------
    AssertionError
        When it is not.

    Examples
    --------
    >>> from modelwright.core.splits import Fold
    >>> fold = Fold(np.array([0]), np.array([1]))
    >>> assert_sound(Splits((fold,), 2, "hold-out", "One of 2 rows is held out."), 2)
    """
    assert splits.rows == rows
    assert splits.kind in KINDS
    assert splits.reason.endswith(".")
    assert any(letter.isdigit() for letter in splits.reason)
    assert len(splits) >= 1
    for fold in splits.folds:
        for index in (fold.train, fold.valid):
            assert index.dtype == np.int64
            assert len(index) > 0
            assert (np.diff(index) > 0).all()
            assert index[0] >= 0
            assert index[-1] < rows
        assert not np.intersect1d(fold.train, fold.valid).size
    assert len(splits) == splits.times * len(splits.rounds[0])
    for draw in splits.rounds:
        scored = np.concatenate([splits.folds[i].valid for i in draw])
        assert len(np.unique(scored)) == len(scored), "a row is scored by two folds of a draw"


class SplitterContract:
    """Inherit it, give `splitter` and `table`, and pytest runs what every splitter must hold.

    Examples
    --------
    ::

        class TestMySplitter(SplitterContract):
            scores_every_row = False  # True for the k-fold family: once in every draw
            fits_the_rest = False  # where a gap, a window or other rows are left out
            order = "date"  # where folds must go forward in time
            gap = timedelta(days=7)  # what lies between, where something does
            group = "patient"  # where groups must stay whole
            times = 3  # how many draws
            by_position = False  # where the order of the rows must not matter

            def splitter(self) -> Splitter:
                return MySplitter()

            def table(self) -> Table:
                return Table(frame, schema)
    """

    scores_every_row: ClassVar[bool] = True
    fits_the_rest: ClassVar[bool] = True
    group: ClassVar[str | None] = None
    order: ClassVar[str | None] = None
    gap: ClassVar[Any] = None
    times: ClassVar[int] = 1
    by_position: ClassVar[bool] = True

    def splitter(self) -> Splitter:
        """Give the splitter under test."""
        raise NotImplementedError

    def table(self) -> Table:
        """Give a table of 20 rows or more."""
        raise NotImplementedError

    def target(self, table: Table) -> Target:
        """Give answers for the table: three classes, unless overridden."""
        return Target(np.random.default_rng(7).integers(0, 3, table.height), classes=3)

    def _split(self, table: Table, seed: int = 0) -> Splits:
        return self.splitter().split(table, self.target(table), seed=seed)

    def _check(self, splits: Splits, table: Table) -> None:
        assert_sound(splits, table.height)
        assert splits.times <= self.times
        if self.scores_every_row:
            scored = np.concatenate([fold.valid for fold in splits.folds])
            counts = np.bincount(scored, minlength=table.height)
            assert (counts == splits.times).all(), "a row is not scored once in every draw"
        for fold in splits.folds:
            if self.scores_every_row and self.fits_the_rest:
                assert len(fold.train) + len(fold.valid) == table.height
            if self.group is not None:
                groups = table.frame[self.group]
                both = set(groups.gather(fold.train)) & set(groups.gather(fold.valid))
                assert not both, f"on both sides: {both}"
            if self.order is not None:
                times = table.frame[self.order]
                # No null on either side, and strictly forward.
                past, future = list(times.gather(fold.train)), list(times.gather(fold.valid))
                assert max(past) < min(future)
                if self.gap is not None:
                    assert max(past) + self.gap < min(future)

    def test_is_a_sound_plan(self) -> None:
        """Folds are in range, ascending, disjoint, and keep groups and time."""
        table = self.table()
        splits = self._split(table)
        self._check(splits, table)
        assert splits.times == self.times

    def test_does_not_depend_on_the_order_of_rows(self) -> None:
        """The same rows stand together, however the table is sorted."""
        if self.by_position:
            return
        table = self.table()
        y = self.target(table)
        order = np.random.default_rng(3).permutation(table.height)
        plan = self.splitter().split(table, y, seed=0)
        other = self.splitter().split(table.rows(order), y.rows(order), seed=0)
        for one, two in zip(plan.folds, other.folds, strict=True):
            np.testing.assert_array_equal(one.train, np.sort(order[two.train]))
            np.testing.assert_array_equal(one.valid, np.sort(order[two.valid]))

    def test_depends_on_the_seed_alone(self) -> None:
        """The same seed gives the same plan."""
        table = self.table()
        for one, other in zip(self._split(table).folds, self._split(table).folds, strict=True):
            np.testing.assert_array_equal(one.train, other.train)
            np.testing.assert_array_equal(one.valid, other.valid)

    def test_leaves_its_inputs_alone(self) -> None:
        """Neither the table nor the answers change."""
        table, before = self.table(), self.table()
        y = self.target(table)
        answers = y.values.copy()
        self.splitter().split(table, y, seed=0)
        assert table.frame.equals(before.frame)
        np.testing.assert_array_equal(y.values, answers)

    def test_shuffled_rows_are_split_too(self) -> None:
        """The plan is sound whatever the order of the rows."""
        table = self.table()
        for seed in range(3):
            shuffled = table.rows(np.random.default_rng(seed).permutation(table.height))
            self._check(self._split(shuffled, seed), shuffled)

    def test_tiny_tables(self) -> None:
        """A tiny table gives a sound plan or a clear refusal."""
        table = self.table()
        for rows in range(7):
            tiny = table.rows(np.arange(rows))
            try:
                splits = self._split(tiny)
            except UserError:
                continue
            self._check(splits, tiny)
            assert rows >= 2

    def test_regression(self) -> None:
        """Answers that are numbers are split too."""
        table = self.table()
        y = Target(np.random.default_rng(7).normal(size=table.height))
        try:
            splits = self.splitter().split(table, y, seed=0)
        except UserError:
            return
        self._check(splits, table)
