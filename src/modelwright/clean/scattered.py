"""Exceptions from a rule that look like errors drawn at random, and not like several truths.

Where a column holds few values, errors cannot help agreeing with each other, so that agreement
says nothing. What tells them from a mere tendency is that they come alike everywhere: about as
often in each group, with the values that errors have in the other groups too (quasi-independence,
Goodman 1968), and no other column, nor the order of the rows, knows where they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.comparable import as_dates, as_numbers
from modelwright.stats.tails import above_chi2

__all__ = ["scattered"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEWEST = 3  # groups, and different right values
_MOST = 100
_WITNESSES = 10  # rows of a group, at least, for its majority to be beyond doubt
_COVERED = 0.9  # of the rows have to be in such groups
_DOMINANT = 0.6  # of each group holds one value
_ERRORS, _OFTEN = 8, 0.2  # exceptions, at least, and the share of the rows at most
_UNLIKELY = 1e-3
_UNEVEN = 0.3  # how far shares of errors may differ from group to group, of their mean
_ROUNDS = 50
_LEVELS, _BINS = 30, 8
_EXPECTED = 1.0  # exceptions: where fewer are expected, nothing is learned
_TINY = 1e-12


def scattered(coded: Coded, given: int, column: int, looked: Ints | None = None) -> bool:
    """Tell whether cells that differ from most of their group look like errors at random.

    Parameters
    ----------
    coded : Coded
        The table.
    given, column : int
        The place of the column that names the groups, and of the one that it is said to settle.
    looked : int array, optional
        Which rows; None for all.

    Returns
    -------
    bool

    Examples
    --------
    >>> from modelwright.clean.coded import code_table
    >>> rng = np.random.default_rng(0)
    >>> ward = rng.integers(0, 4, 600)
    >>> floor = np.where(rng.random(600) < 0.08, (ward + rng.integers(1, 4, 600)) % 4, ward)
    >>> table = pl.DataFrame({"ward": ward, "floor": floor}).cast(pl.String)
    >>> scattered(code_table(table), 0, 1)
    True
    """
    rows = np.arange(coded.height) if looked is None else looked
    rows = rows[(coded.codes[rows][:, [given, column]] != MISSING).all(axis=1)]
    group, value = coded.codes[rows, given], coded.codes[rows, column]
    counts = np.zeros((int(group.max(initial=0)) + 1, int(value.max(initial=0)) + 1), np.int64)
    if max(counts.shape) > _MOST:
        return False
    np.add.at(counts, (group, value), 1)
    top = counts.argmax(axis=1)
    large = counts.sum(axis=1) >= _WITNESSES
    if not _likely(counts[large], len(rows)):
        return False
    if not (_even(counts[large]) and _independent(counts[large])):
        return False
    asked = large[group]
    odd = (value != top[group])[asked]
    parts = list(_others(coded, rows[asked], (given, column)))
    return all(_chance(part, odd) >= _UNLIKELY / len(parts) for part in parts)


def _likely(counts: Ints, rows: int) -> bool:
    """Tell whether groups are large, say different things, and each has one that is dominant."""
    sizes, most = counts.sum(axis=1), counts.max(axis=1, initial=0)
    if len(sizes) < _FEWEST or sizes.sum() < _COVERED * rows:
        return False
    wrong = int((sizes - most).sum())
    several = len(np.unique(counts.argmax(axis=1))) >= _FEWEST
    dominant = bool((most >= _DOMINANT * sizes).all())
    return several and dominant and _ERRORS <= wrong <= _OFTEN * sizes.sum()


def _even(counts: Ints) -> bool:
    """Tell whether exceptions are about as frequent in each group.

    What is drawn from all values of the column is now and then the right one, so that the
    frequent ones are hit less often: that counts as even too.
    """
    sizes, top = counts.sum(axis=1), counts.argmax(axis=1)
    wrong = sizes - counts.max(axis=1)
    usual = np.bincount(top, sizes, minlength=counts.shape[1])[top] / sizes.sum()
    for weight in (sizes.astype(np.float64), sizes * (1 - usual)):
        expected = weight * wrong.sum() / weight.sum()
        far = float(((wrong - expected) ** 2 / np.maximum(expected, _TINY)).sum())
        uneven = np.sqrt(max(far - (len(sizes) - 1), 0.0) / wrong.sum())
        if uneven <= _UNEVEN or above_chi2(far, len(sizes) - 1) >= _UNLIKELY:
            return True
    return False


def _independent(counts: Ints) -> bool:
    """Tell whether exceptions have the same values in all groups, but for the right one of each."""
    odd = counts.astype(np.float64)
    open_ = np.ones(odd.shape)
    place = np.arange(len(odd)), odd.argmax(axis=1)
    odd[place] = open_[place] = 0.0
    fitted = open_ * odd.sum() / open_.sum()
    for _ in range(_ROUNDS):
        for axis in (0, 1):
            now = fitted.sum(axis=axis, keepdims=True)
            fitted = fitted * odd.sum(axis=axis, keepdims=True) / np.maximum(now, _TINY)
    enough = fitted >= _EXPECTED
    far = float(((odd - fitted)[enough] ** 2 / fitted[enough]).sum())
    used = int(enough.any(axis=0).sum() + enough.any(axis=1).sum()) - 1
    return above_chi2(far, int(enough.sum()) - used) >= _UNLIKELY


def _others(coded: Coded, rows: Ints, apart: tuple[int, ...]) -> Iterator[Ints]:
    """Give what else is known of rows as few levels: where they stand, and all other columns."""
    yield np.arange(len(rows)) * _BINS // max(len(rows), 1)
    for column in range(len(coded.columns)):
        values = coded.values[column]
        if column in apart or len(values) < 2:
            continue
        codes = coded.codes[rows, column].astype(np.int64)
        if len(values) <= _LEVELS:
            yield codes + 1
            continue
        read = as_numbers(values.str.strip_chars())
        if 2 * read.null_count() > len(values):
            read = as_dates(values.str.strip_chars()).to_physical().cast(pl.Float64)
        if 2 * read.null_count() <= len(values):
            amount = np.append(read.fill_null(np.nan).to_numpy(), np.nan)[codes]
            ends = np.nanquantile(amount, np.arange(1, _BINS) / _BINS)
            yield np.where(np.isnan(amount), _BINS, np.searchsorted(ends, amount))


def _chance(part: Ints, odd: NDArray[np.bool_]) -> float:
    """Give how likely chance alone has exceptions so unevenly over the levels of another column."""
    sizes = np.bincount(part)
    wrong = np.bincount(part, odd)
    expected = sizes * odd.mean()
    asked = expected >= _EXPECTED
    spread = expected[asked] * (1 - odd.mean())
    far = float(((wrong[asked] - expected[asked]) ** 2 / spread).sum())
    return above_chi2(far, int(asked.sum()) - 1)
