"""One part of the rows held out."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.core.errors import OptionError
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.group_time import GroupTime
from modelwright.evaluate.splitters.groups import GroupKFold
from modelwright.evaluate.splitters.k_fold import KFold
from modelwright.evaluate.splitters.stratified import StratifiedKFold
from modelwright.evaluate.splitters.time_ordered import TimeOrdered
from modelwright.evaluate.splitters.times import Span, read_times

__all__ = ["HoldOut"]


@dataclass(frozen=True)
class HoldOut:
    """Score one part of the rows only: one fold of the k-fold of the same structure.

    With `order` it is the latest part, with `group` a part of whole groups, with both the rows of a
    third of the groups in the latest part; otherwise rows drawn at random, from each class evenly.
    `Splits.kind` is ``"time-ordered"``, ``"group k-fold"``, ``"group time-ordered"``,
    ``"hold-out"`` or ``"stratified hold-out"``.

    Parameters
    ----------
    share : float
        About which share of the rows is scored (with both columns: a third of that), above 0 and
        at most 0.5; 1 / share is rounded.
    group, order : str, optional
        The column that names the group, and the one that gives the order.
    gap, window : str or float, optional
        As for `TimeOrdered`; they need `order`.

    Raises
    ------
    OptionError
        When `share` is out of range, or there is a gap or a window without an order.

    Examples
    --------
    >>> import numpy as np, polars as pl
    >>> from modelwright.core.schema import Schema
    >>> table = Table(pl.DataFrame({"a": range(10)}), Schema(()))
    >>> splits = HoldOut(0.2).split(table, Target(np.zeros(10)), seed=0)
    >>> splits.kind, len(splits), len(splits.folds[0].valid)
    ('hold-out', 1, 2)
    """

    share: float = 0.2
    group: str | None = None
    order: str | None = None
    gap: Span = None
    window: Span = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 0.5:
            raise OptionError("a share above 0 and at most 0.5", str(self.share))
        if self.order is None and (self.gap is not None or self.window is not None):
            raise OptionError("a column of the order for a gap or a window", "none")

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the one fold; raises what the k-fold of the same structure does."""
        parts = max(2, round(1 / self.share))
        plan, fold, how = self._chosen(table, y, parts, seed)
        kinds = {"k-fold": "hold-out", "stratified k-fold": "stratified hold-out"}
        reason = f"{len(fold.valid):,} of {table.height:,} rows, {how}, are held out to be scored."
        return Splits((fold,), table.height, kinds.get(plan.kind, plan.kind), reason)

    def _chosen(self, table: Table, y: Target, parts: int, seed: int) -> tuple[Splits, Fold, str]:
        if self.order is not None:
            latest = f"the latest by {self.order!r}{self._apart}"
            if self.group is None:
                ordered = TimeOrdered(self.order, parts - 1, self.gap, self.window)
                plan = ordered.split(table, y, seed=seed)
                return plan, plan.folds[-1], latest
            both = GroupTime(self.group, self.order, parts - 1, gap=self.gap, window=self.window)
            plan = both.split(table, y, seed=seed)
            times = read_times(table, self.order)
            start = times.blocks(parts)[-1].start
            last = [fold for fold in plan.folds if times.values[fold.valid].min() >= start]
            fold = max(last or plan.folds[-1:], key=lambda fold: len(fold.valid))
            return plan, fold, f"{latest}, of groups of {self.group!r} that are not fitted on"
        if self.group is not None:
            plan = GroupKFold(self.group, parts).split(table, y, seed=seed)
            # With one group far larger than the others, the folds are not alike.
            fold = min(plan.folds, key=lambda fold: abs(len(fold.valid) - table.height / parts))
            return plan, fold, f"whole groups of {self.group!r}"
        if y.classes:
            plan = StratifiedKFold(parts).split(table, y, seed=seed)
            return plan, plan.folds[0], "drawn at random, each class evenly"
        plan = KFold(parts).split(table, y, seed=seed)
        return plan, plan.folds[0], "drawn at random"

    @property
    def _apart(self) -> str:
        gap = "" if self.gap is None else f" after a gap of {self.gap}"
        return gap + ("" if self.window is None else f", fitted on a window of {self.window}")
