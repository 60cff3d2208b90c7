"""Rows dealt at random, each class evenly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.core.splits import Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import at_least, deal, enough, instead

__all__ = ["StratifiedKFold"]


@dataclass(frozen=True)
class StratifiedKFold:
    """Deal the rows of each class evenly into `k` parts, and score each part once.

    No more folds are made than let every fold score two classes. A class of fewer rows than
    folds is scored in some folds only, and is in the training rows of all others.

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
    >>> y = Target(np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]), classes=2)
    >>> splits = StratifiedKFold(2).split(table, y, seed=0)
    >>> [np.bincount(y.values[fold.valid]).tolist() for fold in splits.folds]
    [[3, 2], [3, 2]]
    """

    k: int = 5

    def __post_init__(self) -> None:
        at_least(2, self.k)

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds.

        Raises
        ------
        DataError
            For fewer than 2 rows.
        OptionError
            When the answers are numbers, not classes.
        """
        rows = table.height
        enough(rows)
        if not y.classes:
            raise OptionError("classes to deal evenly", "numbers", "use KFold for regression")
        counts = np.sort(np.bincount(y.values))[::-1]
        second = int(counts[1]) if len(counts) > 1 else 0
        k = min(self.k, rows, max(2, second) if second else rows)
        order = np.lexsort((np.random.default_rng(seed).permutation(rows), y.values))
        place = np.empty(rows, np.int64)
        place[order] = np.arange(rows) % k
        few = f"there are {rows} rows" if k == rows else f"only one class has over {second} rows"
        reason = (
            f"{rows:,} rows were dealt at random, each class evenly, into {k} folds"
            f"{instead(self.k, k, few)}."
        )
        return Splits(deal(place, k), rows, "stratified k-fold", reason)
