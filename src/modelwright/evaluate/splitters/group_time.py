"""Later rows of groups that the model has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import at_least
from modelwright.evaluate.splitters.groups import groups_of, place_groups
from modelwright.evaluate.splitters.time_ordered import Reach
from modelwright.evaluate.splitters.times import Span, read_times

__all__ = ["GroupTime"]


@dataclass(frozen=True)
class GroupTime:
    """Score rows that are later than those fitted on, and of groups that are not among them.

    What groups and time mean together has to be settled first. New patients next year: this one.
    The same shops next month: `TimeOrdered`, which lets a group stand on both sides.

    The rows are cut by time into ``k + 1`` blocks, and the groups are dealt into `parts`. For every
    block but the first, and every part, one fold scores the rows of the part in the block, fitted
    on the rows before the block of all other parts. So every row after the first block is scored
    once. Rows without a time are in no fold; rows without a group are one group.

    Parameters
    ----------
    group, order : str
        The column that names the group, and the one that gives the order.
    k : int
        How many times the clock is stopped, at least 1; there are ``k * parts`` folds.
    parts : int
        Into how many parts the groups go, at least 2: each fold does without one of them.
    gap, window, horizon : str or float, optional
        As for `TimeOrdered`.

    Raises
    ------
    OptionError
        When `k` or `parts` is too small.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("shop", Kind.CATEGORY), Column("day", Kind.NUMBER)))
    >>> days = [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    >>> frame = pl.DataFrame({"shop": ["a", "b"] * 4, "day": days})
    >>> plan = GroupTime("shop", "day", k=1, parts=2)
    >>> splits = plan.split(Table(frame, schema), Target(np.zeros(8)), seed=0)
    >>> sorted((fold.train.tolist(), fold.valid.tolist()) for fold in splits.folds)
    [([0, 2], [5, 7]), ([1, 3], [4, 6])]
    """

    group: str
    order: str
    k: int = 3
    parts: int = 3
    gap: Span = None
    window: Span = None
    horizon: Span = None

    def __post_init__(self) -> None:
        at_least(1, self.k)
        at_least(2, self.parts, "the number of parts of the groups")

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds.

        Raises
        ------
        DataError
            For fewer than 2 rows that have a time, or for texts without an order.
        OptionError
            For fewer than 2 groups or times, or when nothing is left to fit on.
        ColumnError
            When there is no such column.
        """
        group = groups_of(table, self.group)
        times = read_times(table, self.order)
        reach = Reach.of(times, self.gap, self.window, self.horizon)
        blocks = times.blocks(self.k + 1)[1:]
        parts = min(self.parts, int(group.max()) + 1)
        part = place_groups(group, y, parts, seed)[group]
        folds: list[Fold] = []
        for block in blocks:
            past, later = times.before(block, reach.apart, reach.window), times.inside(block)
            for held in range(parts):
                train, valid = past & (part != held), later & (part == held)
                if train.any() and valid.any():
                    folds.append(Fold(np.flatnonzero(train), np.flatnonzero(valid)))
        if not folds:
            raise reach.too_wide(self.order)
        scored = sum(len(fold.valid) for fold in folds)
        reason = (
            f"{times.known:,} rows make {len(folds)} {'fold' if len(folds) == 1 else 'folds'} by "
            f"{self.group!r} and in the order of {self.order!r}: {scored:,} rows are each scored "
            "once by a model of earlier rows of other groups"
            f"{reach.said}{times.without}."
        )
        return Splits(tuple(folds), table.height, "group time-ordered", reason)
