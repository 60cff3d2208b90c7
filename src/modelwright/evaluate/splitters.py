"""Ways to plan which rows are fitted on and which are scored.

Every splitter gives at least one fold, takes fewer folds where the rows do not allow as many as
were asked for, and says so in `Splits.reason`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target

__all__ = ["GroupKFold", "HoldOut", "KFold", "StratifiedKFold", "TimeOrdered"]

Index = NDArray[np.int64]

# So many of the largest groups are placed one by one; the small rest is dealt in turn.
_PLACED = 10_000


def _at_least(least: int, k: int) -> None:
    if k < least:
        raise OptionError(f"the number of folds to be at least {least}", str(k))


def _enough(rows: int) -> None:
    if rows < 2:
        cure = "bring more rows, or repair the column to predict"
        raise DataError("at least 2 rows to fit and to score", str(rows), cure)


def _instead(asked: int, k: int, why: str) -> str:
    return f", {k} rather than {asked} because {why}" if k < asked else ""


def _folds(place: Index, k: int) -> tuple[Fold, ...]:
    """Score each row in the fold of its place, and fit on it in all others."""
    return tuple(Fold(np.flatnonzero(place != i), np.flatnonzero(place == i)) for i in range(k))


def _codes(table: Table, column: str, *, missing: bool) -> Index:
    """Replace the values of a column by their rank from 0; a missing value is -1.

    With `missing` False, a missing value is a value like others, and comes first.
    """
    table.schema[column]
    series = table.frame[column]
    if series.dtype.is_float():
        series = series.fill_nan(None)
    ranks = series.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
    first = 1 if missing else int(ranks.min(initial=1))
    return np.asarray(ranks - first, np.int64)


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
    >>> from modelwright.core.schema import Schema
    >>> table = Table(pl.DataFrame({"a": range(10)}), Schema(()))
    >>> splits = KFold(5).split(table, Target(np.zeros(10)), seed=0)
    >>> len(splits), [len(fold.valid) for fold in splits.folds]
    (5, [2, 2, 2, 2, 2])
    """

    k: int = 5

    def __post_init__(self) -> None:
        _at_least(2, self.k)

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds; raises `DataError` for fewer than 2 rows."""
        rows = table.height
        _enough(rows)
        k = min(self.k, rows)
        place = np.random.default_rng(seed).permutation(rows) % k
        instead = _instead(self.k, k, f"there are {rows} rows")
        reason = f"{rows:,} rows were dealt at random into {k} folds{instead}."
        return Splits(_folds(place, k), rows, "k-fold", reason)


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
    >>> from modelwright.core.schema import Schema
    >>> table = Table(pl.DataFrame({"a": range(10)}), Schema(()))
    >>> y = Target(np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]), classes=2)
    >>> splits = StratifiedKFold(2).split(table, y, seed=0)
    >>> [np.bincount(y.values[fold.valid]).tolist() for fold in splits.folds]
    [[3, 2], [3, 2]]
    """

    k: int = 5

    def __post_init__(self) -> None:
        _at_least(2, self.k)

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
        _enough(rows)
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
            f"{_instead(self.k, k, few)}."
        )
        return Splits(_folds(place, k), rows, "stratified k-fold", reason)


@dataclass(frozen=True)
class GroupKFold:
    """Keep the rows of a group together, in `k` parts of about equal size and class balance.

    Rows whose group is missing are one group. The largest group goes first, each to the part that
    has the fewest rows of its classes so far.

    Parameters
    ----------
    column : str
        The column that names the group.
    k : int
        How many folds, at least 2.

    Raises
    ------
    OptionError
        When `k` is below 2.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Role, Schema
    >>> schema = Schema((Column("who", Kind.CATEGORY, Role.GROUP),))
    >>> table = Table(pl.DataFrame({"who": ["a", "a", "b", "c", "c", "c"]}), schema)
    >>> splits = GroupKFold("who", 2).split(table, Target(np.zeros(6)), seed=0)
    >>> [fold.valid.tolist() for fold in splits.folds]
    [[3, 4, 5], [0, 1, 2]]
    """

    column: str
    k: int = 5

    def __post_init__(self) -> None:
        _at_least(2, self.k)

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds.

        Raises
        ------
        DataError
            For fewer than 2 rows.
        OptionError
            For fewer than 2 groups.
        ColumnError
            When there is no such column.
        """
        _enough(table.height)
        group = _codes(table, self.column, missing=False)
        groups = int(group.max()) + 1
        if groups < 2:
            cure = "choose another group column, or none"
            raise OptionError(f"at least 2 groups in {self.column!r}", "1 group", cure)
        k = min(self.k, groups)
        classes = y.values if y.classes else np.zeros(len(y), np.int64)
        place = _place(group, groups, classes, k, seed)[group]
        reason = (
            f"{groups:,} groups of {self.column!r} with {table.height:,} rows were kept whole in "
            f"{k} folds{_instead(self.k, k, f'there are {groups} groups')}."
        )
        return Splits(_folds(place, k), table.height, "group k-fold", reason)


def _place(group: Index, groups: int, classes: Index, k: int, seed: int) -> Index:
    """Choose the fold of each group, the largest first."""
    # One column a class that occurs, in shares of that class: a rare class counts like others.
    _, classes = np.unique(classes, return_inverse=True)
    width = int(classes.max()) + 1
    order = np.lexsort((np.random.default_rng(seed).permutation(groups), -np.bincount(group)))
    rank = np.empty(groups, np.int64)
    rank[order] = np.arange(groups)
    top = min(groups, _PLACED)
    inside = rank[group] < top
    cell = rank[group][inside] * width + classes[inside]
    content = np.bincount(cell, minlength=top * width).reshape(top, width)
    scale = 1 / np.bincount(classes, minlength=width) ** 2
    load = np.zeros((k, width))
    rows = np.zeros(k)
    place = np.arange(groups) % k
    for i, new in enumerate(content):
        # The fold whose sum of squared class shares grows least; among equals the smallest.
        growth = load @ (new * scale)
        chosen = int(np.lexsort((rows, growth))[0])
        load[chosen] += new
        rows[chosen] += new.sum()
        place[i] = chosen
    return np.asarray(place[rank], np.int64)


@dataclass(frozen=True)
class TimeOrdered:
    """Fit on the past, score the future: an expanding window (Hyndman and Athanasopoulos 2021).

    The rows are cut by time into ``k + 1`` blocks of about equal size; fold i is fitted on the
    first i blocks and scored on the next one. Rows of the same time are never parted, and rows
    without a time are in no fold.

    Parameters
    ----------
    column : str
        The column that gives the order: dates, numbers, or texts in the order of their characters.
    k : int
        How many folds, at least 1.

    Raises
    ------
    OptionError
        When `k` is below 1.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Role, Schema
    >>> schema = Schema((Column("year", Kind.NUMBER, Role.ORDER),))
    >>> table = Table(pl.DataFrame({"year": [3.0, 1.0, 2.0, 2.0, 4.0, 5.0]}), schema)
    >>> splits = TimeOrdered("year", 2).split(table, Target(np.zeros(6)), seed=0)
    >>> [(fold.train.tolist(), fold.valid.tolist()) for fold in splits.folds]
    [([1, 2, 3], [0]), ([0, 1, 2, 3], [4, 5])]
    """

    column: str
    k: int = 5

    def __post_init__(self) -> None:
        _at_least(1, self.k)

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the folds.

        Raises
        ------
        DataError
            For fewer than 2 rows that have a time.
        OptionError
            When all rows have the same time.
        ColumnError
            When there is no such column.
        """
        time = _codes(table, self.column, missing=True)
        known = int((time >= 0).sum())
        _enough(known)
        up_to = np.cumsum(np.bincount(time[time >= 0]))
        if len(up_to) < 2:
            cure = "choose another order column, or none"
            raise OptionError(f"at least 2 different values in {self.column!r}", "1", cure)
        # Block i ends with the first time that reaches its share, but the last time stays out.
        shares = np.arange(1, self.k + 1) * known / (self.k + 1)
        ends = np.unique(np.minimum(np.searchsorted(up_to, shares), len(up_to) - 2))
        stops = np.append(ends[1:], len(up_to) - 1)
        folds = tuple(
            Fold(
                np.flatnonzero((time >= 0) & (time <= end)),
                np.flatnonzero((time > end) & (time <= stop)),
            )
            for end, stop in zip(ends, stops, strict=True)
        )
        few = f"{self.column!r} has {len(up_to):,} different values"
        without = table.height - known
        reason = (
            f"{known:,} rows in the order of {self.column!r} make {len(folds)} "
            f"{'fold' if len(folds) == 1 else 'folds'}{_instead(self.k, len(folds), few)}, each "
            f"scored on rows later than those it is fitted on"
            + (f"; {without:,} rows have no time and are in no fold." if without else ".")
        )
        return Splits(folds, table.height, "time-ordered", reason)


@dataclass(frozen=True)
class HoldOut:
    """Score one part of the rows only: one fold of the k-fold of the same structure.

    With `order` it is the latest part, with `group` a part of whole groups, otherwise rows drawn
    at random, from each class evenly. `Splits.kind` is ``"time-ordered"``, ``"group k-fold"``,
    ``"hold-out"`` or ``"stratified hold-out"``.

    Parameters
    ----------
    share : float
        About which share of the rows is scored, above 0 and at most 0.5; 1 / share is rounded.
    group, order : str, optional
        The column that names the group or gives the order; not both.

    Raises
    ------
    OptionError
        When `share` is out of range, or both columns are given.

    Examples
    --------
    >>> from modelwright.core.schema import Schema
    >>> table = Table(pl.DataFrame({"a": range(10)}), Schema(()))
    >>> splits = HoldOut(0.2).split(table, Target(np.zeros(10)), seed=0)
    >>> splits.kind, len(splits), len(splits.folds[0].valid)
    ('hold-out', 1, 2)
    """

    share: float = 0.2
    group: str | None = None
    order: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 0.5:
            raise OptionError("a share above 0 and at most 0.5", str(self.share))
        if self.group is not None and self.order is not None:
            raise OptionError("a group or an order column", "both", "leave one of them out")

    def split(self, table: Table, y: Target, *, seed: int) -> Splits:
        """Plan the one fold; raises what the k-fold of the same structure does."""
        parts = max(2, round(1 / self.share))
        if self.order is not None:
            plan = TimeOrdered(self.order, parts - 1).split(table, y, seed=seed)
            fold, how = plan.folds[-1], f"the latest by {self.order!r}"
        elif self.group is not None:
            plan = GroupKFold(self.group, parts).split(table, y, seed=seed)
            # With one group far larger than the others, the folds are not alike.
            fold = min(plan.folds, key=lambda fold: abs(len(fold.valid) - table.height / parts))
            how = f"whole groups of {self.group!r}"
        elif y.classes:
            plan = StratifiedKFold(parts).split(table, y, seed=seed)
            fold, how = plan.folds[0], "drawn at random, each class evenly"
        else:
            plan = KFold(parts).split(table, y, seed=seed)
            fold, how = plan.folds[0], "drawn at random"
        kinds = {"k-fold": "hold-out", "stratified k-fold": "stratified hold-out"}
        reason = f"{len(fold.valid):,} of {table.height:,} rows, {how}, are held out to be scored."
        return Splits((fold,), table.height, kinds.get(plan.kind, plan.kind), reason)
