"""Folds in time that are fitted on both sides of what they score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import at_least, instead
from modelwright.evaluate.splitters.times import Span, read_times

__all__ = ["PurgedKFold"]


@dataclass(frozen=True)
class PurgedKFold:
    """Score each of `k` blocks of time, fitted on all other blocks but for what touches it.

    For rows that are few and whose answers look ahead: every row is scored, by models of the past
    and of the future (Lopez de Prado 2018, "Advances in financial machine learning", chapter 7).
    Where the world drifts, models of the future know too much: there `TimeOrdered` is honest.

    The answer of a row at time t is known at ``t + horizon``. A block of times s to e is scored by
    rows at a time t with ``t + horizon < s`` (the others before it are purged: their answers look
    into the block), and by those with ``t > e + horizon + embargo`` (the others after it overlap
    with answers of the block, or come so soon after that they are much the same).

    Parameters
    ----------
    column : str
        The column that gives the order: dates, numbers, or texts; see `read_times`.
    k : int
        How many folds, at least 2.
    horizon : str or float, optional
        How far ahead an answer looks: ``"5d"`` for dates, a number in the column's unit.
    embargo : str or float, optional
        What is left out after a block beyond that.

    Raises
    ------
    OptionError
        When `k` is below 2.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Role, Schema
    >>> schema = Schema((Column("day", Kind.NUMBER, Role.ORDER),))
    >>> table = Table(pl.DataFrame({"day": [float(day) for day in range(9)]}), schema)
    >>> splits = PurgedKFold("day", 3, horizon=1).split(table, Target(np.zeros(9)), seed=0)
    >>> splits.folds[1].train.tolist(), splits.folds[1].valid.tolist()
    ([0, 1, 7, 8], [3, 4, 5])
    """

    column: str
    k: int = 5
    horizon: Span = None
    embargo: Span = None

    def __post_init__(self) -> None:
        at_least(2, self.k)

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds.

        Raises
        ------
        DataError
            For fewer than 2 rows that have a time, or for texts without an order.
        OptionError
            When all rows have the same time, or a block has nothing left to fit on.
        ColumnError
            When there is no such column.
        """
        times = read_times(table, self.column)
        horizon = times.span(self.horizon, "horizon")
        embargo = times.span(self.embargo, "embargo")
        folds = []
        for block in times.blocks(self.k):
            train = times.before(block, horizon) | times.after(block, horizon + embargo)
            if not train.any():
                raise OptionError(
                    f"rows to fit on outside every block of {self.column!r}",
                    "none beyond the horizon and the embargo",
                    "make them shorter, or ask for other folds",
                )
            folds.append(Fold(np.flatnonzero(train), np.flatnonzero(times.inside(block))))
        few = f"{self.column!r} has {times.different:,} different values"
        given = [("a horizon", self.horizon), ("an embargo", self.embargo)]
        said = " and ".join(f"{name} of {value}" for name, value in given if value is not None)
        reason = (
            f"{times.known:,} rows in the order of {self.column!r} make {len(folds)} folds"
            f"{instead(self.k, len(folds), few)}, each scored by models of the rows before and "
            f"after it{f', apart by {said}' if said else ''}{times.without}."
        )
        return Splits(tuple(folds), table.height, "purged k-fold", reason)
