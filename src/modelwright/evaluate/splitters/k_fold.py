"""Rows dealt at random into parts, each scored once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.core.splits import Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import at_least, deal, enough, instead

__all__ = ["KFold"]


@dataclass(frozen=True)
class KFold:
    """Deal the rows at random into `k` parts, and score each part once.

    Parameters
    ----------
    k : int
        How many folds, at least 2.

    Raises
    ------
    OptionError
        When `k` is below 2.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Schema
    >>> table = Table(pl.DataFrame({"a": range(10)}), Schema(()))
    >>> splits = KFold(5).split(table, Target(np.zeros(10)), seed=0)
    >>> len(splits), [len(fold.valid) for fold in splits.folds]
    (5, [2, 2, 2, 2, 2])
    """

    k: int = 5

    def __post_init__(self) -> None:
        at_least(2, self.k)

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds; raises `DataError` for fewer than 2 rows."""
        rows = table.height
        enough(rows)
        k = min(self.k, rows)
        place = np.random.default_rng(seed).permutation(rows) % k
        few = instead(self.k, k, f"there are {rows} rows")
        reason = f"{rows:,} rows were dealt at random into {k} folds{few}."
        return Splits(deal(place, k), rows, "k-fold", reason)
