"""Folds that score as many rows of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.core.errors import DataError, OptionError
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import at_least, enough

__all__ = ["ClassBalanced"]


@dataclass(frozen=True)
class ClassBalanced:
    """Score the same number of rows of each class in every fold.

    For classes of very different size, where the rare one has to decide as much as the common one.
    The rarest class says how many rows of each are scored; rows beyond that are in no fold's
    scored rows, and are fitted on in all folds. Scores are those of a world with equal classes:
    probabilities that are calibrated on them are too high for the rare class in the real one.

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
    >>> table = Table(pl.DataFrame({"a": range(100)}), Schema(()))
    >>> y = Target((np.arange(100) < 11).astype(int), classes=2)
    >>> splits = ClassBalanced(5).split(table, y, seed=0)
    >>> [np.bincount(y.values[fold.valid]).tolist() for fold in splits.folds][:2]
    [[2, 2], [2, 2]]
    """

    k: int = 5

    def __post_init__(self) -> None:
        at_least(2, self.k)

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds.

        Raises
        ------
        DataError
            For fewer than 2 rows, one class only, or a class with fewer rows than folds.
        OptionError
            When the answers are numbers, not classes.
        """
        rows = table.height
        enough(rows)
        if not y.classes:
            raise OptionError("classes to balance", "numbers", "use KFold for regression")
        counts = np.bincount(y.values, minlength=y.classes)
        present = np.flatnonzero(counts)
        if len(present) < 2:
            raise DataError("rows of at least 2 classes", "rows of 1", "add rows of another class")
        rarest = int(present[np.argmin(counts[present])])
        each = int(counts[rarest]) // self.k
        if not each:
            raise DataError(
                f"at least {self.k} rows of each class, one for each fold",
                f"{counts[rarest]} of class number {rarest}",
                "ask for fewer folds, add rows of this class, or use StratifiedKFold",
            )
        order = np.lexsort((np.random.default_rng(seed).permutation(rows), y.values))
        rank = np.empty(rows, np.int64)  # of a row within its class
        rank[order] = np.arange(rows) - (np.cumsum(counts) - counts)[y.values[order]]
        fold = rank // each
        folds = tuple(
            Fold(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(self.k)
        )
        rest = rows - self.k * each * len(present)
        left = f"; {rest:,} rows beyond that are fitted on only" if rest else ""
        reason = (
            f"{each:,} rows of each of {len(present)} classes, drawn at random, are scored in each "
            f"of {self.k} folds{left}."
        )
        return Splits(folds, rows, "class-balanced k-fold", reason)
