"""Whole entities held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import enough
from modelwright.evaluate.splitters.groups import groups_of

__all__ = ["EntityHoldOut"]


@dataclass(frozen=True)
class EntityHoldOut:
    """Hold out a share of the entities (patients, shops, schools) with all of their rows.

    Every entity is as likely to be held out as any other, however many rows it has: the score is
    that of a new entity. ``HoldOut(group=...)`` holds out a share of the rows instead, made of
    whole groups and balanced by class.

    Parameters
    ----------
    column : str
        The column that names the entity; rows without a name are one entity.
    share : float
        The share of the entities that is scored, above 0 and below 1; at least one is on
        either side.

    Raises
    ------
    OptionError
        When `share` is out of range.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("who", Kind.CATEGORY),))
    >>> table = Table(pl.DataFrame({"who": ["a", "a", "a", "b", "c", "c"]}), schema)
    >>> (fold,) = EntityHoldOut("who", 0.3).split(table, Target(np.zeros(6)), seed=0).folds
    >>> len(set(table.frame["who"].gather(fold.valid)))
    1
    """

    column: str
    share: float = 0.2

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise OptionError("a share of the entities above 0 and below 1", str(self.share))

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the one fold.

        Raises
        ------
        DataError
            For fewer than 2 rows.
        OptionError
            For fewer than 2 entities.
        ColumnError
            When there is no such column.
        """
        enough(table.height)
        entity = groups_of(table, self.column)
        count = int(entity.max()) + 1
        held = min(math.ceil(self.share * count), count - 1)
        drawn = np.random.default_rng(seed).permutation(count)[:held]
        scored = np.isin(entity, drawn)
        fold = Fold(np.flatnonzero(~scored), np.flatnonzero(scored))
        reason = (
            f"{held:,} of {count:,} entities of {self.column!r}, drawn at random, are held out to "
            f"be scored with all of their {len(fold.valid):,} rows."
        )
        return Splits((fold,), table.height, "group hold-out", reason)
