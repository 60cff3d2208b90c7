"""What folds may mix: things that rows share, and the times of rows.

What is given counts as it is. Otherwise what speaks for itself comes first: columns that
`modelwright.evaluate.structure` recommends. Behind them stand mere possibilities: codes that come
again, dates and numbers that count, columns by which the file is sorted. Of these nothing is said
unless the estimator itself turns out to live on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Kind, Role
from modelwright.evaluate.structure.entities import find_entities
from modelwright.evaluate.structure.keys import find_keys
from modelwright.evaluate.structure.orders import Order, find_orders
from modelwright.evaluate.structure.view import View, look
from modelwright.leaks.case import Case
from modelwright.leaks.counters import running_number
from modelwright.leaks.inner import across
from modelwright.stats.orders import autocorrelation, mean_ranks, sortedness

__all__ = ["Mixed", "find_what_is_mixed"]

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

_SEEN = 5_000
_ACROSS = 0.1
_AHEAD = 0.05
_THINGS = 3
_CODES = 2
_MANY = 30
_TIMES = 2
_MAYBE_TIMES = 2
_SORTED = 0.95
_COUNTED = 12
_EVEN = 0.08
_SMOOTH = 3.0
_FINE = 0.5
_NEARLY = 0.99
_SECONDS = (9e8, 2.2e9)  # since 1970: from 1998 to 2039
_DAYS = (1800_01_01, 2100_12_31)  # written as one number


@dataclass(frozen=True)
class Mixed:
    """Something that the folds mix.

    Parameters
    ----------
    kind : str
        ``"thing"`` or ``"time"``.
    columns : tuple of str
        Where it stands.
    what : str
        The same in words.
    codes : ndarray of int64 or None, shape (n_rows,)
        Which thing each row is about.
    times : ndarray of float64 or None, shape (n_rows,)
        When each row was.
    told : bool
        Whether somebody said so.
    reasons : str
        The evidence that it is one.
    recommended : bool
        Whether that alone is enough to speak of it.
    """

    kind: str
    columns: tuple[str, ...]
    what: str
    codes: Codes | None
    times: Floats | None
    told: bool
    reasons: str
    recommended: bool = True


def find_what_is_mixed(case: Case) -> Iterator[Mixed]:
    """List what the folds mix, times first, what speaks for itself before mere possibilities.

    Parameters
    ----------
    case : Case
        Rows and folds.

    Yields
    ------
    Mixed
    """
    view = look(case.table, case.target, int(case.seed.derive("leaks", "view")), _SEEN)
    orders = find_orders(view)
    yield from _times(case, orders)
    yield from _things(case, view, orders)


def _times(case: Case, orders: tuple[Order, ...]) -> Iterator[Mixed]:
    if case.order is not None:
        if _ahead(case, case.order) >= _AHEAD:
            told = "rows are scored by models that were fitted on later rows"
            yield Mixed("time", (), "the order", None, case.order, True, told)
        return
    maybe = {one.column: one.reasons[0] for one in orders if one.points > 0} | _maybe_times(case)
    if _in_time(case, np.arange(float(len(case)))) or any(
        _in_time(case, _numbers(case, name)) for name in maybe
    ):
        return  # the folds follow a time: whoever made them has decided which
    for order in orders[:_TIMES]:
        if not order.recommended:
            continue
        times = _numbers(case, order.column)
        if _ahead(case, times) >= _AHEAD:
            why = f"{order.column!r} is {'; '.join(order.reasons[:3])}"
            yield Mixed("time", _named(case, order.column), order.column, None, times, False, why)
            return
    found = 0
    for name, why in maybe.items():
        times = _numbers(case, name)
        if found < _MAYBE_TIMES and _ahead(case, times) >= _AHEAD:
            found += 1
            yield Mixed("time", _named(case, name), name, None, times, False,
                        f"{name!r} may say when rows were: it is {why}",
                        recommended=False)  # fmt: skip


def _maybe_times(case: Case) -> dict[str, str]:
    """Find numbers that count rows or days, and columns by which the file is sorted."""
    found = {}
    for column in case.table.schema:
        if column.kind not in (Kind.NUMBER, Kind.DATETIME, Kind.ID):
            continue
        values = _numbers(case, column.name)
        known = values[np.isfinite(values)]
        if len(known) < _NEARLY * len(values) or len(np.unique(known)) < _COUNTED:
            continue
        if column.kind is not Kind.DATETIME and _counts(known):
            found[column.name] = "a number that counts"
        elif column.kind is not Kind.ID and sortedness(known).rank >= _SORTED:
            found[column.name] = "what the rows are sorted by"
    return found


def _counts(known: Floats) -> bool:
    """Tell whether whole numbers lie evenly over their range, or are days or seconds."""
    if (known != np.floor(known)).any():
        return False
    low, high = float(known.min()), float(known.max())
    if _SECONDS[0] <= low and high <= _SECONDS[1]:
        return True
    month, day = known // 100 % 100, known % 100
    if _DAYS[0] <= low and high <= _DAYS[1]:
        return bool(((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())
    ordered = np.unique(known)
    place = (ordered - low) / max(high - low, 1.0)
    even = float(np.abs(place - np.linspace(0, 1, len(ordered))).max())
    return len(ordered) >= _FINE * len(known) and even <= _EVEN


def _numbers(case: Case, column: str) -> Floats:
    series = case.table.frame[column]
    if series.dtype.is_temporal():
        series = series.to_physical()
    elif series.dtype == pl.String():
        counted = running_number(series, case.table.schema[column])
        if counted is not None:
            return counted
        series = series.rank("dense")  # words that begin with a year: as they are written
    return np.asarray(series.cast(float, strict=False).to_numpy(), np.float64)


def _named(case: Case, column: str) -> tuple[str, ...]:
    """Name a column of X; an index is none."""
    return () if case.table.schema[column].role is Role.IGNORED else (column,)


def _in_time(case: Case, times: Floats) -> bool:
    """Tell whether rows are scored by models of earlier rows."""
    known = np.isfinite(times).mean() >= _NEARLY and len(np.unique(times)) >= _COUNTED
    return bool(known) and _ahead(case, times) < _AHEAD


def _ahead(case: Case, times: Floats) -> float:
    """Give the share of rows fitted on that are later than the row that is scored."""
    shares = []
    for fold in case.folds:
        known = np.sort(times[fold.train][~np.isnan(times[fold.train])])
        asked = times[fold.valid][~np.isnan(times[fold.valid])]
        if len(known) and len(asked):
            earlier = np.searchsorted(known, asked, side="right")
            shares.append(float(1 - (earlier / len(known)).mean()))
    return float(np.mean(shares)) if shares else 0.0


def _things(case: Case, view: View, orders: tuple[Order, ...]) -> Iterator[Mixed]:
    if case.groups is not None:
        shared = across(case, case.groups)
        if shared >= _ACROSS:
            told = f"{shared:.0%} of the scored rows belong to a group that is fitted on"
            yield Mixed("thing", (), "groups", case.groups, None, True, told)
        return
    times = tuple(one.column for one in orders if one.points > 0)
    keys = {(key.columns, key.what): key.codes for key in find_keys(view, times)}
    named = 0
    for one in find_entities(view, times):
        codes = keys.get((one.columns, one.what))
        if codes is None or named >= _THINGS:
            continue
        shared = _shared(case, codes)
        if shared >= _ACROSS:
            why = (
                f"{shared:.0%} of the scored rows are about a thing that is fitted on: "
                f"{'; '.join(one.reasons[:3])}"
            )
            named += 1
            keys = {k: v for k, v in keys.items() if not set(k[0]) & set(one.columns)}
            yield Mixed("thing", one.columns, one.what, codes, None, False, why,
                        one.recommended)  # fmt: skip
    yield from _maybe_things(case, keys, times)


def _measures(series: pl.Series) -> bool:
    """Tell whether values near each other come about equally often, as those of ages do.

    How often names of things come says nothing of the next name.
    """
    known = series.drop_nulls().cast(float).to_numpy()
    if (known != np.floor(known)).any():
        return True
    often = np.unique(known, return_counts=True)[1]
    alike = autocorrelation(mean_ranks(often)[:, None], np.arange(len(often)))
    return bool(alike * np.sqrt(len(often)) >= _SMOOTH)


def _shared(case: Case, codes: Codes) -> float:
    return across(case, np.where(codes > 0, codes, -np.arange(len(codes)) - 1))


def _maybe_things(
    case: Case, keys: dict[tuple[tuple[str, ...], str], Codes], times: tuple[str, ...]
) -> Iterator[Mixed]:
    """Take codes that may name things: what they are worth to the estimator has to decide."""
    found = []
    for (columns, what), codes in keys.items():
        counts = np.bincount(codes)[1:]
        groups = int((counts > 0).sum())
        if len(columns) > 1 or columns[0] in times or groups < _MANY:
            continue
        series = case.table.frame[columns[0]]
        if series.dtype.is_numeric() and _measures(series):
            continue
        if counts.max() <= 0.1 * len(codes) and (counts >= 2).sum() >= 0.3 * groups:
            found.append((groups, columns, what, codes))
    for groups, columns, what, codes in sorted(found, key=lambda one: -one[0])[:_CODES]:
        shared = _shared(case, codes)
        if shared >= 0.5:
            why = (
                f"{shared:.0%} of the scored rows have a value of {what} that is fitted on, one of "
                f"{groups:,}"
            )
            yield Mixed("thing", columns, what, codes, None, False, why, recommended=False)
