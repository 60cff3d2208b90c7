"""Groups of rows kept whole, in parts of about equal size and class balance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.core.splits import Splits
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.splitters.common import Index, at_least, codes_of, deal, enough, instead

__all__ = ["GroupKFold", "groups_of", "place_groups"]

# So many of the largest groups are placed one by one; the small rest is dealt in turn.
_PLACED = 10_000


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
    shuffle : bool
        Draw the order of groups whose sizes differ by less than a factor of two, rather than go by
        the exact size: parts are a little less equal, and every seed gives others, as a repeated
        plan needs.

    Raises
    ------
    OptionError
        When `k` is below 2.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Role, Schema
    >>> schema = Schema((Column("who", Kind.CATEGORY, Role.GROUP),))
    >>> table = Table(pl.DataFrame({"who": ["a", "a", "b", "c", "c", "c"]}), schema)
    >>> splits = GroupKFold("who", 2).split(table, Target(np.zeros(6)), seed=0)
    >>> [fold.valid.tolist() for fold in splits.folds]
    [[3, 4, 5], [0, 1, 2]]
    """

    column: str
    k: int = 5
    shuffle: bool = False

    def __post_init__(self) -> None:
        at_least(2, self.k)

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
        enough(table.height)
        group = groups_of(table, self.column)
        sizes = np.bincount(group)
        groups = len(sizes)
        k = min(self.k, groups)
        place = place_groups(group, y, k, seed, shuffle=self.shuffle)[group]
        alone = " (each is one row: the same as no groups)" if sizes.max() == 1 else ""
        reason = (
            f"{groups:,} groups of {self.column!r} with {table.height:,} rows{alone} were kept "
            f"whole in {k} folds{instead(self.k, k, f'there are {groups} groups')}."
        )
        return Splits(deal(place, k), table.height, "group k-fold", reason)


def groups_of(table: Table, column: str) -> Index:
    """Give each row the number of its group, from 0; rows without a group are one.

    Raises
    ------
    OptionError
        For fewer than 2 groups.
    ColumnError
        When there is no such column.
    """
    group = codes_of(table, column)
    if not group.any():
        cure = "choose another group column, or none"
        raise OptionError(f"at least 2 groups in {column!r}", "1 group", cure)
    return group


def place_groups(group: Index, y: Target, parts: int, seed: int, *, shuffle: bool = False) -> Index:
    """Choose the part of each group, the largest first.

    Parameters
    ----------
    group : ndarray of int64, shape (n_rows,)
        The group of each row, from 0 without a gap.
    y : Target
        The answers of these rows; their classes are spread too.
    parts : int
        How many parts, at most as many as groups; none is left empty.
    seed : int
        Decides between equals.
    shuffle : bool
        Whether sizes within a factor of two count as equal.

    Returns
    -------
    ndarray of int64, shape (n_groups,)
    """
    # One column a class that occurs, in shares of that class: a rare class counts like others.
    values = y.values if y.classes else np.zeros(len(group), np.int64)
    classes = np.unique(values, return_inverse=True)[1]
    width = int(classes.max()) + 1
    sizes = np.bincount(group)
    groups = len(sizes)
    size = np.floor(np.log2(sizes)) if shuffle else sizes
    order = np.lexsort((np.random.default_rng(seed).permutation(groups), -size))
    rank = np.empty(groups, np.int64)
    rank[order] = np.arange(groups)
    top = min(groups, _PLACED)
    inside = rank[group] < top
    cell = rank[group][inside] * width + classes[inside]
    content = np.bincount(cell, minlength=top * width).reshape(top, width)
    scale = 1 / np.bincount(classes, minlength=width) ** 2
    load = np.zeros((parts, width))
    rows = np.zeros(parts)
    place = np.arange(groups) % parts
    for i, new in enumerate(content):
        # The part whose sum of squared class shares grows least; among equals the smallest.
        growth = load @ (new * scale)
        chosen = int(np.lexsort((rows, growth))[0])
        load[chosen] += new
        rows[chosen] += new.sum()
        place[i] = chosen
    return np.asarray(place[rank], np.int64)
