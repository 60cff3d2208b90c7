"""Columns that settle other columns, as far as dirty cells let it be seen.

A dependency of one or two columns on a third holds as far as two rows that agree in the former
also agree in the latter, beyond what chance would have it: that is the measure of Piatetsky-Shapiro
and Matheus (1993), normalised as Cohen (1960) did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.scattered import scattered
from modelwright.stats.distinct_sketch import mixed

__all__ = [
    "Dependency",
    "Votes",
    "agreement",
    "dependencies",
    "group_codes",
    "looked_at",
    "votes",
]

Codes = NDArray[np.int32]
Floats = NDArray[np.float32]

LOOKED = 20_000
"""Rows that are looked at to find dependencies, of more; fewer in a table of over 100 columns."""
KEPT = 6
"""Dependencies that are kept for each column."""
_GIVEN = 40
_LEAST = 0.05
_STRONG = 0.95
_GAIN = 0.2
_COVERED = 0.8
_LARGE = 5
_PAIRED = 5
_COVER = 0.3
_MOST_KEYS = 2**62
_CELLS = 2_000_000
_AGREED = 0.3  # of the exceptions: with more it is a tendency, unless they are errors among few
_TENDENCY = 0.5
_FEWEST = 1_000
_OFTEN = 50


@dataclass(frozen=True)
class Dependency:
    """Rows that agree in some columns agree in another one.

    Parameters
    ----------
    given : tuple of int
        The places of one or two columns.
    column : int
        The place of the column that they settle.
    strength : float
        How far two rows that agree in `given` agree in `column`: 0 as by chance, 1 always.
    support : float
        The share of the rows that agree in `given` with another one.
    several : float
        Of the cells that differ from the most frequent value of their group, the share whose value
        stands there more than once: errors seldom agree, several right values do.
    scattered : bool
        Whether these cells look like errors at random all the same, as there are few values.
    """

    given: tuple[int, ...]
    column: int
    strength: float
    support: float
    several: float = 0.0
    scattered: bool = False

    @property
    def worth(self) -> float:
        """How much of a column it settles."""
        return self.strength * self.support


def group_codes(
    coded: Coded, given: tuple[int, ...], rows: NDArray[np.int64] | None = None
) -> Codes:
    """Give groups of rows that agree in some columns a number; -1 where one of them is missing.

    Parameters
    ----------
    coded : Coded
        The table.
    given : tuple of int
        The places of the columns.
    rows : int array, optional
        Which rows; None for all.

    Returns
    -------
    int array of shape (rows,)

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.clean.coded import code_table
    >>> coded = code_table(pl.DataFrame({"a": ["x", "x", "y"], "b": ["1", "2", None]}))
    >>> group_codes(coded, (0, 1)).tolist()
    [0, 1, -1]
    """
    parts = coded.codes[:, list(given)]
    if rows is not None:
        parts = parts[rows]
    if len(given) == 1:
        return np.ascontiguousarray(parts[:, 0])
    known = (parts != MISSING).all(axis=1)
    key, size = np.zeros(len(parts), np.int64), 1
    for place, column in enumerate(given):
        width = len(coded.values[column]) + 1
        if size * width > _MOST_KEYS:  # no two keys may become one
            key, size = np.unique(key, return_inverse=True)[1].ravel(), len(parts)
        key, size = key * width + parts[:, place], size * width
    found = np.full(len(parts), MISSING, np.int32)
    if known.any():
        found[known] = np.unique(key[known], return_inverse=True)[1].ravel()
    return found


@dataclass(frozen=True)
class _Pairs:
    """How often each value stands in each group."""

    group: NDArray[np.int64]
    value: NDArray[np.int64]
    count: NDArray[np.int64]
    place: NDArray[np.int64]
    sizes: NDArray[np.int64]


def _pairs(group: Codes, value: Codes) -> _Pairs:
    """Count pairs of group and value; none of them missing."""
    width = int(value.max(initial=0)) + 1
    key = group.astype(np.int64) * width + value
    found, place, count = np.unique(key, return_inverse=True, return_counts=True)
    sizes = np.bincount(group, minlength=1)
    return _Pairs(found // width, found % width, count, place.ravel(), sizes)


def agreement(group: Codes, value: Codes) -> tuple[float, float]:
    """Say how far rows of a group agree, and which share of the rows is in a group with others.

    Parameters
    ----------
    group, value : int array of shape (rows,)
        Codes; -1 where missing.

    Returns
    -------
    tuple of float
        Strength from 0 (as by chance, or less) to 1, and support.

    Examples
    --------
    >>> group = np.array([0, 0, 1, 1, 2], np.int32)
    >>> agreement(group, np.array([3, 3, 4, 4, 5], np.int32))
    (1.0, 0.8)
    >>> agreement(group, np.array([3, 4, 3, 4, 5], np.int32))
    (0.0, 0.8)
    """
    known = (group != MISSING) & (value != MISSING)
    if not known.any():
        return 0.0, 0.0
    pairs = _pairs(group[known], value[known])
    sizes = pairs.sizes[pairs.group]
    large = sizes > 1
    rows = float(pairs.count[large].sum())
    if not rows:
        return 0.0, 0.0
    count, others = pairs.count[large], sizes[large] - 1
    seen = float((count * (count - 1) / others).sum()) / rows
    total = np.bincount(pairs.value[large], weights=count)
    chance = float((total * (total - 1)).sum()) / max(rows * (rows - 1), 1.0)
    if chance >= 1:
        return 0.0, 0.0
    return max((seen - chance) / (1 - chance), 0.0), rows / len(group)


def looked_at(group: NDArray[np.integer], columns: int) -> NDArray[np.int64] | None:
    """Choose some rows of a long table to look at; None for all.

    Parameters
    ----------
    group : int array of shape (rows,)
        The group of each row; -1 for none.
    columns : int
        How many columns the table has.

    Returns
    -------
    int array or None
        Groups stay whole; where they are few and large, some rows of each.

    Examples
    --------
    >>> pairs = np.repeat(np.arange(50_000), 2)
    >>> rows = looked_at(pairs, 3)
    >>> bool(15_000 < len(rows) < 25_000), bool((np.bincount(pairs[rows]) != 1).all())
    (True, True)
    """
    most = max(min(LOOKED, _CELLS // max(columns, 1)), _FEWEST)
    parts = -(-len(group) // most)
    if parts <= 1:
        return None
    few = (int(group.max(initial=0)) + 1) * _OFTEN <= most
    alone = -1 - np.arange(len(group))
    key = np.where((group == MISSING) | few, alone, group).astype(np.int64)
    return np.flatnonzero(mixed(key.view(np.uint64)) % np.uint64(parts) == 0)


def _looked(coded: Coded, column: int) -> NDArray[np.int64] | None:
    return looked_at(coded.codes[:, column], len(coded.columns))


def _may_settle(coded: Coded) -> list[int]:
    """List the columns whose values come again, but not always."""
    share = {}
    for column in range(len(coded.columns)):
        different = len(coded.values[column])
        if different > 1 and coded.known(column) >= 1.5 * different:
            share[column] = different
    # the finer a column, the more it may settle
    return sorted(sorted(share, key=lambda column: -share[column])[:_GIVEN])


def dependencies(coded: Coded) -> tuple[tuple[Dependency, ...], ...]:
    """Find for each column what settles it, the strongest first.

    Parameters
    ----------
    coded : Coded
        The table; of a long one whole groups of rows are looked at.

    Returns
    -------
    tuple of tuple of Dependency
        At most six for each column. Pairs of columns are tried where no column alone does it.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.clean.coded import code_table
    >>> zips, towns = ["1", "1", "2", "2"] * 5, ["Bonn", "Bonn", "Ulm", "Ulm"] * 5
    >>> found = dependencies(code_table(pl.DataFrame({"zip": zips, "town": towns})))
    >>> [(one.given, one.column, one.strength) for each in found for one in each]
    [((1,), 0, 1.0), ((0,), 1, 1.0)]
    """
    width = len(coded.columns)
    found: list[list[Dependency]] = [[] for _ in range(width)]
    candidates = _may_settle(coded)
    for given in candidates:
        rows = _looked(coded, given)
        group = group_codes(coded, (given,), rows)
        support = _with_another(group)
        for column in range(width):
            if column == given:
                continue
            value = coded.codes[:, column] if rows is None else coded.codes[rows, column]
            strength, seen = agreement(group, value)
            if strength >= _LEAST and seen >= _COVER:
                found[column].append(Dependency((given,), column, strength, support))
    for column in range(width):
        found[column].sort(key=_order)
        found[column] = _with_pairs(coded, column, found[column], candidates)
    return tuple(tuple(_with_several(coded, one) for one in each[:KEPT]) for each in found)


def _with_several(coded: Coded, one: Dependency) -> Dependency:
    rows = _looked(coded, one.given[0])
    value = coded.codes[:, one.column] if rows is None else coded.codes[rows, one.column]
    group = group_codes(coded, one.given, rows)
    known = (group != MISSING) & (value != MISSING)
    pairs = _pairs(group[known], value[known])
    order = np.lexsort((-pairs.count, pairs.group))
    first = order[np.append(True, np.diff(pairs.group[order]) != 0)]
    fewer = np.ones(len(order), np.bool_)
    fewer[first] = False
    fewer &= pairs.sizes[pairs.group] >= _LARGE
    differing = float(pairs.count[fewer].sum())
    agreed = float(pairs.count[fewer & (pairs.count > 1)].sum())
    several = agreed / differing if differing else 0.0
    asked = several > _AGREED and one.strength >= _TENDENCY and len(one.given) == 1
    random = asked and scattered(coded, one.given[0], one.column, rows)
    return replace(one, several=several, scattered=random)


def _with_pairs(
    coded: Coded, column: int, single: list[Dependency], candidates: list[int]
) -> list[Dependency]:
    """Add pairs of columns that settle a column clearly better than one of them.

    The best column is paired with every other one, the next ones with each other.
    """
    best = single[0].strength if single else 0.0
    if best >= _STRONG or not single:
        return single
    added, cover = [], single[0].support
    parts = [one.given[0] for one in single]
    others = [one for one in candidates if one not in parts and one != column]
    for i, first in enumerate(parts[:_PAIRED]):
        rows = _looked(coded, first)
        value = coded.codes[:, column] if rows is None else coded.codes[rows, column]
        for second in parts[1:] + others if i == 0 else parts[i + 1 : _PAIRED]:
            group = group_codes(coded, (first, second), rows)
            one = Dependency(
                (first, second), column, agreement(group, value)[0], _with_another(group)
            )
            if one.strength >= best + _GAIN * (1 - best) and one.support >= _COVERED * cover:
                added.append(one)
    return sorted([*added, *single], key=_order)


def _order(one: Dependency) -> tuple[float, tuple[int, ...]]:
    return -round(one.worth, 3), one.given


def _with_another(group: Codes) -> float:
    """Give the share of rows that stand in a group of two or more."""
    known = group[group != MISSING]
    counts = np.bincount(known, minlength=1)
    return float(counts[counts > 1].sum()) / max(len(group), 1)


@dataclass(frozen=True)
class Votes:
    """What the other rows of its group say of each cell.

    Parameters
    ----------
    others : float array of shape (rows,)
        How many other rows of the group hold a value.
    share : float array of shape (rows,)
        Which share of them holds the same value; 0 when there are none.
    top : int array of shape (rows,)
        The value that most rows of the group hold, as its code; -1 for none.
    top_share : float array of shape (rows,)
        Which share of the others holds it.
    """

    others: Floats
    share: Floats
    top: Codes
    top_share: Floats


def votes(group: Codes, value: Codes) -> Votes:
    """Ask the other rows of each group.

    Parameters
    ----------
    group, value : int array of shape (rows,)
        Codes; -1 where missing.

    Returns
    -------
    Votes

    Examples
    --------
    >>> group = np.zeros(4, np.int32)
    >>> said = votes(group, np.array([7, 7, 8, -1], np.int32))
    >>> said.share.tolist(), said.top.tolist(), said.top_share.round(2).tolist()
    ([0.5, 0.5, 0.0, 0.0], [7, 7, 7, 7], [0.5, 0.5, 1.0, 0.67])
    """
    rows = len(group)
    known = (group != MISSING) & (value != MISSING)
    others = np.zeros(rows, np.float32)
    same = np.zeros(rows, np.float32)
    top = np.full(rows, MISSING, np.int32)
    most = np.zeros(rows, np.float32)
    if not known.any():
        return Votes(others, same, top, most)
    pairs = _pairs(group[known], value[known])
    sizes = np.bincount(group[known], minlength=int(group.max()) + 1)
    first = np.lexsort((pairs.value, -pairs.count, pairs.group))
    lead = first[np.append(True, np.diff(pairs.group[first]) != 0)]
    top_of = np.full(len(sizes), MISSING, np.int64)
    most_of = np.zeros(len(sizes), np.int64)
    top_of[pairs.group[lead]] = pairs.value[lead]
    most_of[pairs.group[lead]] = pairs.count[lead]
    inside = group != MISSING
    g = group[inside]
    top[inside] = top_of[g]
    others[inside] = sizes[g] - known[inside]
    most[inside] = most_of[g] - (value[inside] == top_of[g]) * known[inside]
    same[known] = pairs.count[pairs.place] - 1
    asked = np.maximum(others, np.float32(1))
    shares = [np.asarray(part / asked, np.float32) for part in (same, most)]
    return Votes(others, shares[0], top, shares[1])
