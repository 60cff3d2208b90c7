"""Whether the rows came one after the other, and which column says when.

A date is not an order: a birthday or a building year says when something began, not when the row
was recorded. What tells them apart is added up as points, of which none decides alone: the type
and resolution of the column, whether the file follows it, whether answers and other columns change
along it, whether new names come up, whether a model that knows later rows does better, and, as a
hint, the name. Where rows of one thing share a time, such as a patient's birthday, each thing
counts once: what differs between patients is no change along their birthdays.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.core.schema import Column, Kind, Role
from modelwright.core.table import Table
from modelwright.evaluate.structure.view import Gap, View, gap_between
from modelwright.evaluate.structure.words import Hint, hint_of
from modelwright.stats.groups import fixed_columns, within_groups
from modelwright.stats.orders import (
    Drift,
    Newness,
    Sorted,
    autocorrelation,
    drift,
    mean_ranks,
    newness,
    sortedness,
)

__all__ = ["ENOUGH", "Order", "find_orders", "likely_orders"]

ENOUGH = 3.5
"""So many points recommend an order."""
_CERTAIN = 6.0
_TIMES = 20
_FEWEST = 4
_MISSING = 0.5
_DAY = 86_400e6
_LIFE = 70 * 365.25 * _DAY
_YEARS = (1800, 2100)
_PLAIN_YEARS = (1900, 2035)
_PROBED_ORDERS = 3
_SHARE = 0.25
_SORTED = 0.95
_SHUFFLED = 0.9
_STRONG = 0.5
_BLOCKS = 20
_MANY_NEW = 0.05
_NEW_BEYOND = 4.0
# Rows of one thing share a time when so little of the times' variation is left within things.
_SHARED = 0.1
_FEWEST_THINGS = 40
# What all rows of one thing share says when that thing began, not when its rows came. A model
# that knows no later birthdays does worse for people of another age, not of another time.
_OF_A_THING = 2.0


@dataclass(frozen=True)
class _Candidate:
    """A column that may say when."""

    column: str
    values: NDArray[np.float64]
    points: float
    what: str

    @property
    def missing(self) -> float:
        return float(np.isnan(self.values).mean())


@dataclass(frozen=True)
class Order:
    """How far a column is the order in which the rows came.

    Parameters
    ----------
    column : str
        Its name.
    points : float
        The evidence, added up.
    follows : bool
        Whether the file is sorted by it.
    gap : Gap or None
        What a quick model promises at random and keeps on the last rows; None: not measured.
    times : int
        How many different values it has: folds in time are cut between them.
    reasons : tuple of str
        The evidence in words.
    shuffled : bool
        Whether the file does not go with it at all, as after a draw by chance from all times.
    changes : bool
        Whether something other than the file was seen to change along it.
    """

    column: str
    points: float
    follows: bool
    gap: Gap | None
    times: int
    reasons: tuple[str, ...] = field(default=())
    shuffled: bool = False
    changes: bool = True

    @property
    def recommended(self) -> bool:
        """Whether the evidence is enough."""
        return self.points >= ENOUGH

    @property
    def certain(self) -> bool:
        """Whether hardly anything else is possible: many kinds of evidence, and a gap.

        Rows that somebody has shuffled were drawn from all times, and rows to come may be too.
        """
        shown = self.gap is not None and self.gap.sure
        told = self.follows or (shown and not self.shuffled)
        return self.points >= _CERTAIN and self.times >= _TIMES and told


@dataclass(frozen=True)
class _Seen:
    """The rows by which a candidate is judged, and whether things that come again each have one."""

    view: View
    candidate: _Candidate
    attribute: str = ""


def likely_orders(view: View) -> tuple[str, ...]:
    """Name the columns that may say when, whatever comes again at one time.

    Parameters
    ----------
    view : View
        The rows.

    Returns
    -------
    tuple of str
    """
    seen = [_Seen(view, one) for one in _candidates(view.table)]
    return tuple(order.column for order in map(_weighed, seen) if order.points > 0)


def find_orders(
    view: View, things: tuple[tuple[str, NDArray[np.int64]], ...] = ()
) -> tuple[Order, ...]:
    """Weigh every column that may say when, the likeliest first.

    Parameters
    ----------
    view : View
        The rows.
    things : tuple of (str, ndarray of int64, shape (n_rows,))
        What several rows are about: in words, and a code for each row of the table; 0 is missing.

    Returns
    -------
    tuple of Order
    """
    seen = [_by_things(view, one, things) for one in _candidates(view.table)]
    found = [(_weighed(one), one) for one in seen]
    found.sort(key=lambda pair: -pair[0].points)
    orders = [
        _with_gap(one, order)
        if i < _PROBED_ORDERS and order.points > 0 and not one.attribute
        else order
        for i, (order, one) in enumerate(found)
    ]
    return tuple(sorted(orders, key=lambda order: -order.points))


def _by_things(
    view: View, candidate: _Candidate, things: tuple[tuple[str, NDArray[np.int64]], ...]
) -> _Seen:
    """Keep one row of each thing where rows of one thing share a time: they are one moment."""
    values = candidate.values[view.rows]
    for what, all_codes in things:
        codes = all_codes[view.rows]
        known = np.flatnonzero((codes > 0) & ~np.isnan(values))
        if len(np.unique(codes[known])) < _FEWEST_THINGS:
            continue
        if within_groups(mean_ranks(values[known]), codes[known]) > _SHARED:
            continue
        drawn = np.random.default_rng(view.seed.derive("structure", "one of each"))
        known = drawn.permutation(known)
        places = np.sort(known[np.unique(codes[known], return_index=True)[1]])
        fixed = candidate.column in fixed_columns(view.cells.rows(known), codes[known])
        return _Seen(view.part(places), candidate, what if fixed else "")
    return _Seen(view, candidate)


def _candidates(table: Table) -> list[_Candidate]:
    kept = []
    for column in table.schema:
        if column.role in (Role.TARGET, Role.WEIGHT):
            continue
        candidate = None
        if column.kind is Kind.DATETIME:
            candidate = _date(table, column)
        elif column.kind is Kind.NUMBER:
            candidate = _number(table, column)
        elif column.kind in (Kind.CATEGORY, Kind.TEXT):
            candidate = _words(table, column)
        if candidate is not None and candidate.missing <= _MISSING:
            kept.append(candidate)
    return kept


def _date(table: Table, column: Column) -> _Candidate | None:
    values = _numbers(table, column.name)
    known = np.unique(values[~np.isnan(values)])
    if len(known) < _FEWEST or known[-1] - known[0] < _DAY:
        return None
    clock = bool((known % _DAY != 0).mean() > 0.5)
    fine = len(known) >= min(200, table.height / 2)
    points = 2.0 if fine else 1.5 if len(known) >= 12 else 1.0
    points += 0.5 * clock + _named(column.name)
    points -= 1.0 * bool(known[-1] - known[0] > _LIFE)
    what = "a date with clock times" if clock else "a date"
    return _Candidate(column.name, values, points, f"{what} with {len(known):,} different values")


def _number(table: Table, column: Column) -> _Candidate | None:
    """Take whole numbers that are years, or numbers that count under a name for times."""
    hint = hint_of(column.name)
    values = _numbers(table, column.name)
    known = values[~np.isnan(values)]
    if hint in (Hint.LENGTH, Hint.WHO, Hint.WHERE, Hint.SORT) or not len(known):
        return None
    low, high, count = known.min(), known.max(), len(np.unique(known))
    if count < _FEWEST:
        return None
    named = hint in (Hint.WHEN, Hint.BEFORE)
    years = _YEARS if named else _PLAIN_YEARS
    whole = bool((known == np.floor(known)).all())
    years_long = named and high - low >= 2  # 1949.083 is a month
    if years[0] <= low and high <= years[1] and (years_long or (whole and (named or count >= 10))):
        what = f"a year, from {low:.0f} to {high:.0f}"
        return _Candidate(column.name, values, 0.5 + _named(column.name), what)
    # Answers and columns change along any measurement: only the file can say that one counts.
    if hint is Hint.WHEN and _following(sortedness(values))[0] >= 1.5:
        what = f"a counter, from {low:g} to {high:g}"
        return _Candidate(column.name, values, _named(column.name) - 1.5, what)
    return None


def _words(table: Table, column: Column) -> _Candidate | None:
    """Take words that begin with a year, such as 2014-15."""
    series = table.frame[column.name]
    years = series.str.extract(r"^((?:18|19|20)\d{2})\b", 1).cast(float)
    if years.len() - years.null_count() < 0.95 * (series.len() - series.null_count()):
        return None
    if years.n_unique() < _FEWEST:
        return None
    values = np.asarray(years.to_numpy(), np.float64)
    low, high = np.nanmin(values), np.nanmax(values)
    what = f"words that begin with a year, from {low:.0f} to {high:.0f}"
    return _Candidate(column.name, values, 0.5 + _named(column.name), what)


def _named(name: str) -> float:
    hint = hint_of(name)
    return {Hint.WHEN: 1.5, Hint.BEFORE: -3.0, Hint.LENGTH: -1.5}.get(hint, 0.0)


def _numbers(table: Table, name: str) -> NDArray[np.float64]:
    series = table.frame[name]
    if series.dtype.is_temporal():
        series = series.to_physical()
    return np.asarray(series.cast(float).to_numpy(), np.float64)


def _weighed(seen: _Seen) -> Order:
    """Add up what can be seen without a model."""
    view, candidate = seen.view, seen.candidate
    follows = sortedness(candidate.values)
    order = _in_order(view, candidate)
    others = view.cells.without((candidate.column,))
    moved, new = drift(others, order), newness(others, order, view.seed.derive("structure", "new"))
    beside = autocorrelation(view.answers, order)
    beyond = beside * np.sqrt(len(order))
    points, reasons = candidate.points, [candidate.what]
    # A column of many values always has new ones: alone it tells nothing.
    beyond_chance = bool(moved) or beyond >= 3 or _following(follows)[0] > 0
    coming = _coming(new) if beyond_chance or new.chance < _MANY_NEW else (0.0, "")
    moving = _moving(moved)
    for more, reason in (_following(follows), moving, coming):
        points += more
        reasons += [reason] if reason else []
    if candidate.missing > 0.2:
        points -= 1.5
        reasons.append(f"{candidate.missing:.0%} of the rows have none")
    if beyond >= 4:
        points += 1.0 if beside >= _STRONG else 0.5
        reasons.append(f"rows that follow each other have answers alike (correlation {beside:.2f})")
    changes = beyond >= 3 or moving[0] > 0 or coming[0] > 0
    if not changes:
        points -= 1.0
        reasons.append("hardly anything changes along it" if moved else "nothing changes along it")
    sorted_by = abs(follows.rank) >= _SORTED
    if seen.attribute and _following(follows)[0] == 0:
        points -= _OF_A_THING
        reasons.insert(1, f"all rows of one {seen.attribute} have the same")
    shuffled = follows.apart >= _SHUFFLED
    if shuffled:
        reasons.insert(1, "the rows of the file lie in no order of it")
    times = len(np.unique(candidate.values[~np.isnan(candidate.values)]))
    return Order(
        candidate.column, points, sorted_by, None, times, tuple(reasons), shuffled, changes
    )


def _in_order(view: View, candidate: _Candidate) -> NDArray[np.int64]:
    """Put the coded rows that have a time in order; those of one time at random."""
    values = candidate.values[view.rows]
    rng = np.random.default_rng(view.seed.derive("structure", "ties"))
    order = np.lexsort((rng.permutation(len(values)), values))
    return np.asarray(order[~np.isnan(values[order])], np.int64)


def _following(found: Sorted) -> tuple[float, str]:
    if abs(found.rank) >= _SORTED:
        return 2.0, "the file is sorted by it"
    if found.changes < 10:
        return 0.0, ""
    if found.steps >= 0.9:
        return 1.5, "the file is sorted by it in blocks"
    if abs(found.rank) >= 0.3:
        return 1.0, f"the rows of the file go with it (correlation {found.rank:.2f})"
    return 0.0, ""


def _moving(found: tuple[Drift, ...]) -> tuple[float, str]:
    if not found:
        return 0.0, ""
    most = found[0].share
    points = 1.0 if most >= 0.1 else 0.5 if most >= 0.02 or len(found) >= 3 else 0.0
    names = ", ".join(repr(one.column) for one in found[:3])
    return points, f"{names} {'change' if len(found) > 1 else 'changes'} along it" if points else ""


def _coming(found: Newness) -> tuple[float, str]:
    if found.share - found.chance < 0.05 or found.z < _NEW_BEYOND:
        return 0.0, ""
    return 1.0, (
        f"{found.share:.0%} of the last quarter of the rows have a {found.column!r} that no "
        f"earlier row has ({found.chance:.0%} by chance)"
    )


def _with_gap(seen: _Seen, order: Order) -> Order:
    """Predict the last quarter from earlier rows, and from as many rows of any time."""
    view, candidate = seen.view, seen.candidate
    places = _in_order(view, candidate)
    if len(places) < 40:
        return order
    rng = np.random.default_rng(view.seed.derive("structure", "probe"))
    if len(places) > view.probed:
        places = places[np.sort(rng.choice(len(places), view.probed, replace=False))]
    some = view.part(places)
    count = len(places)
    late = np.arange(count) >= count - int(count * _SHARE)
    asking = np.flatnonzero(late)
    blocks = np.arange(len(asking)) * _BLOCKS // max(len(asking), 1)
    gap, _ = gap_between(some, (), asking, blocks, (late, np.arange(count)))
    if not gap.sure:
        return replace(order, gap=gap)
    more = 2.0 if gap.worse >= 0.05 else 1.0
    reason = (
        f"a quick model that may look at rows of any time leaves {gap.random:.0%} of the "
        f"variation of the last answers unexplained, one that knows earlier rows only "
        f"{gap.apart:.0%}"
    )
    reasons = (*order.reasons, reason)
    return replace(order, points=order.points + more, gap=gap, reasons=reasons, changes=True)
