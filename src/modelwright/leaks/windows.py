"""Columns that are means of answers, those of later rows or of the row itself among them.

The mean answer of the last week is a fine feature. The mean of the week *around* a row is not: it
holds answers that are not known yet. What a window holds shows in how the column changes from one
row to the next: a row's answer enters at one end and leaves at the other. So the changes are
compared with the answers before and after: nothing measured follows two of them to the last digit.
The mean of the *other* rows of a town gives a row away by what is missing in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.leaks.encoded import drawn_to_mean, fingerprint, outputs, sorted_by_answers

__all__ = ["find_made_columns", "reach", "without_itself"]

Floats = NDArray[np.float64]

_FEWEST = 60
_DISTINCT = 12
_SHARE = 0.6
_LOCAL = 25
_EXACT = 0.97
_SIZES = (2.0, 400.0)
_KEYS = 12
_ORDERS = 4
_KEPT = 12
_MOST = 20_000


def find_made_columns(table: Table, y: Target, names: Collection[str]) -> tuple[Finding, ...]:
    """Find columns that were made of answers, of the same row or of rows that come later.

    Parameters
    ----------
    table : Table
        Typed rows, in the order of their file.
    y : Target
        Their answers.
    names : collection of str
        The columns to look at: those that go with the answers at all.

    Returns
    -------
    tuple of Finding
        ``answers-in-column``.
    """
    orders, keys = list(_orders(table))[:_ORDERS], list(_keys(table))[:_KEPT]
    answers = outputs(y)
    found = []
    for column in table.schema:
        if column.kind is not Kind.NUMBER or column.name not in names:
            continue
        values = np.asarray(table.frame[column.name].to_numpy(), np.float64)
        if len(np.unique(values[np.isfinite(values)])) < 5:
            continue
        for one in answers:
            said = _judged(values, one, [o for n, o in orders if n != column.name],
                           [(n, k) for n, k in keys if n != column.name])  # fmt: skip
            if said:
                code = CODES["answers-in-column"]
                evidence = f"{column.name!r} {said}"
                found.append(Finding(code.name, code.severity, (column.name,), evidence, code.cure))
                break
    return tuple(found)


def _judged(
    values: Floats,
    answers: Floats,
    orders: list[NDArray[np.int64]],
    keys: list[tuple[str, NDArray[np.int64]]],
) -> str:
    seen = fingerprint(values, answers)
    if seen is not None and seen.made_of_answers:
        return (
            f"holds the mean answers of the rows that share its values: its {seen.levels} means "
            f"scatter {seen.scatter:.1%} of what chance asks for around what it says"
        )
    drawn = drawn_to_mean(values, answers)
    if drawn is not None:
        return (
            f"holds mean answers, drawn to that of all rows: each of its {drawn} values lies "
            "between the mean answer of the rows that have it and that of all rows"
        )
    ranked = sorted_by_answers(values, answers)
    if ranked is not None:
        return (
            f"numbers its {ranked[0]} values in the order of their mean answers, to the last "
            f"place: chance does that once in {1 / max(ranked[1], 1e-300):.0e} times"
        )
    for name, key in keys:
        if without_itself(values, answers, key):
            return (
                f"holds the mean answer of the other rows with the same {name!r}: what is missing "
                "in it is the answer of the row"
            )
    for order in orders:
        ahead = reach(values[order], answers[order])
        if ahead is not None and ahead >= 0:
            later = "its own answer" if ahead == 0 else f"answers of up to {ahead} rows later"
            moves = "moves with the answers of rows in their order, to the last digit"
            return f"{moves}, and holds {later}"
    return ""


def _orders(table: Table) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Give the orders in which rows may have come: that of the file, and those of columns."""
    yield "", np.arange(table.height)
    for column in table.schema:
        if column.role is Role.TARGET or column.kind not in (Kind.DATETIME, Kind.NUMBER):
            continue
        series = table.frame[column.name]
        if series.dtype.is_temporal():
            series = series.to_physical()
        values = np.asarray(series.cast(float).to_numpy(), np.float64)
        known = values[~np.isnan(values)]
        if len(known) >= 0.98 * len(values) and len(np.unique(known)) >= 0.5 * len(known):
            yield column.name, np.argsort(values, kind="stable")


def _keys(table: Table) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Give the columns whose values come again, as codes."""
    for column in table.schema:
        if column.role is Role.TARGET or column.kind is Kind.TEXT:
            continue
        codes = table.frame[column.name].rank("dense").fill_null(0).to_numpy().astype(np.int64)
        size = len(codes) / max(len(np.unique(codes)), 1)
        if _SIZES[0] <= size <= max(_SIZES[1], len(codes) / _KEYS):
            yield column.name, codes


def without_itself(values: Floats, answers: Floats, key: NDArray[np.int64]) -> bool:
    """Tell whether a column is the mean answer of the other rows with the same key.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        The column.
    answers : ndarray of float64, shape (n_rows,)
        Numbers, or 0 and 1.
    key : ndarray of int64, shape (n_rows,)
        What rows share.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> town, sold = np.arange(300) % 40, rng.normal(size=300)
    >>> sums, counts = np.bincount(town, sold)[town], np.bincount(town)[town]
    >>> without_itself((sums - sold) / (counts - 1), sold, town)
    True
    >>> without_itself(rng.normal(size=300), sold, town)
    False
    """
    known = np.isfinite(values)
    v, a = values[known], answers[known]
    _, k = np.unique(key[known], return_inverse=True)
    counts = np.bincount(k).astype(np.float64)
    size = counts[k]
    mine = size >= 2
    if mine.sum() < _FEWEST:
        return False
    inside = ((v - (np.bincount(k, v) / counts)[k]) * (size - 1))[mine]
    moved = (a - (np.bincount(k, a) / counts)[k])[mine]
    if not moved.any() or not inside.any():
        return False
    # where values are missing some other rows are unseen: most must fit, not all
    fits = np.abs(inside + moved) <= 0.02 * np.abs(moved) + 1e-6 * max(float(a.std()), 1e-12)
    telling = np.abs(moved) > 1e-9
    return bool(fits[telling].mean() >= _SHARE)


def reach(values: Floats, answers: Floats) -> int | None:
    """Say how far ahead the answers lie that a moving mean holds.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        The column, rows in order.
    answers : ndarray of float64, shape (n_rows,)
        Numbers, or 0 and 1.

    Returns
    -------
    int or None
        Negative: earlier rows only. None: it is no moving mean.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sold = rng.normal(size=400)
    >>> around = np.convolve(sold, np.ones(9) / 9, "same")
    >>> before = np.concatenate([np.zeros(9), around[4:-5]])
    >>> reach(around, sold), reach(before, sold), reach(rng.normal(size=400), sold)
    (4, -1, None)
    """
    values, answers = values[:_MOST], answers[:_MOST]
    rows = len(values)
    filled = np.isfinite(values)
    if filled.sum() < max(_FEWEST, 0.5 * rows) or len(np.unique(values[filled])) < _DISTINCT:
        return None
    change = np.full(rows, np.nan)
    change[1:] = np.diff(values)
    moved = _local(change)
    kept = np.isfinite(moved)
    if kept.sum() < _FEWEST:
        return None
    centred = np.where(kept, moved, 0.0)
    centred -= np.where(kept, centred[kept].mean(), 0.0)
    spread = answers - answers.mean()
    # how each change goes with the answers so many rows before and after, all at once
    size = 1 << (2 * rows - 1).bit_length()
    cross = np.fft.irfft(np.conj(np.fft.rfft(centred, size)) * np.fft.rfft(spread, size), size)
    most = min(rows // 4, 400)
    lags = np.arange(-most, most + 1)
    strength = np.abs(cross[lags % size])
    order = np.argsort(-strength, kind="stable")[:12]
    return _exact(change, answers, sorted(int(lags[i]) for i in order))


def _local(change: Floats) -> Floats:
    """Bring changes to one size, as those of a mean over more and more rows get smaller."""
    known = np.nan_to_num(np.abs(change))
    usual = np.convolve(known, np.ones(_LOCAL) / _LOCAL, "same")
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(usual > 0, change / usual, np.nan)
    return np.clip(found, -10, 10)


def _exact(change: Floats, answers: Floats, lags: list[int]) -> int | None:
    """Look for two lags whose answers make up the changes to the last digit."""
    rows = len(change)
    best: tuple[float, int] = (0.0, 0)
    for i, one in enumerate(lags):
        for other in lags[i + 1 :]:
            place = np.arange(max(1, -one), min(rows, rows - other))
            if len(place) < max(_FEWEST, rows // 3):
                continue
            step = answers[place + other] - answers[place + one]
            own = change[place]
            known = np.isfinite(own)
            share = _fit(own[known], step[known])
            if share > best[0]:
                best = share, other
    return best[1] if best[0] >= _EXACT else None


def _fit(change: Floats, step: Floats) -> float:
    """Say how many of the changes one factor explains: windows cut short at an end do not fit."""
    moved = np.abs(step) > 1e-9
    if moved.sum() < _FEWEST // 2 or len(change) < _FEWEST:
        return 0.0
    factor = float(np.median(change[moved] / step[moved]))
    if not factor:
        return 0.0
    left = np.abs(change - factor * step)
    size = float(np.abs(step[moved]).mean())
    return float(np.mean(left <= 0.01 * abs(factor) * (np.abs(step) + size)))
