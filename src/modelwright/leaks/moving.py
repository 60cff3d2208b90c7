"""Columns that are made of the answers of neighbouring rows, and how far ahead these lie.

A window that moves along the rows takes one answer in and lets one go, so its *change* from row to
row is the difference of two answers; any weighted mean of neighbours is a linear function of them;
a mean over all rows so far moves by the new answer's distance over the count; and what a mean of
the *other* rows of a block lacks is the answer of the row. Each of these holds to the last digit
that was kept, which nothing measured does. Earlier answers alone are a fine feature. All tests work
on changes: smooth columns follow each other, their changes do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.leaks.arranged import Arranged

__all__ = ["Neighbours", "accumulated", "quantum", "reach", "without_own"]

Floats = NDArray[np.float64]

_FEWEST = 60
_DISTINCT = 4
_SEVERAL = 8
_LOCAL = 25
_FITS = 0.9
_CLOSE = 0.01
_COARSE = 0.25
_STRONG = 0.08
_BEYOND = 4.0
_LAGS = 12
_WIDEST = 400
_DIGITS = 9
_COPY = 0.9
# What neighbours' answers may leave of the changes, and how much more the earlier ones must.
_LEFT = 0.02
_FLOOR = 0.002
_ROUNDED = 0.3
_TIMES = 5.0
_SIDES = (30, 20, 12, 8, 5, 3, 2)
_ROWS_EACH = 6
_HOPEFUL = 0.4
_SAME = 0.6
_TURNS = 0.2
_NOTHING_NEW = 1e-10


def quantum(values: Floats) -> float:
    """Give the last decimal place that values have, as a number; 0 when they have many.

    Examples
    --------
    >>> quantum(np.array([0.25, 1.5, np.nan])), quantum(np.array([1 / 3]))
    (0.01, 0.0)
    """
    known = values[np.isfinite(values)]
    size = max(float(np.abs(known).max(initial=0.0)), 1e-12)
    for digits in range(_DIGITS):
        if np.abs(known - np.round(known, digits)).max(initial=0.0) <= 1e-12 * size:
            return float(10.0**-digits)
    return 0.0


def reach(values: Floats, answers: Floats, place: NDArray[np.int64] | None = None) -> int | None:
    """Say how far ahead the answers lie that a moving mean or sum holds.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        The column, rows in order.
    answers : ndarray of float64, shape (n_rows,)
        Numbers, or 0 and 1.
    place : ndarray of int64, shape (n_rows,), optional
        How many rows of the same thing come before each; None: all rows are of one thing.

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
    rows = len(values)
    filled = np.isfinite(values)
    if filled.sum() < max(_FEWEST, 0.5 * rows) or len(np.unique(values[filled])) < _DISTINCT:
        return None
    within = np.arange(rows) if place is None else place
    change = np.full(rows, np.nan)
    change[1:] = np.diff(values)
    change[within == 0] = np.nan
    lags = _lags(change, answers)
    return None if lags is None else _exact(change, answers, within, lags, quantum(values))


def _lags(change: Floats, answers: Floats) -> list[int] | None:
    """Say before and after how many rows the answers may lie that make a column change.

    The answers' own likeness to their neighbours is divided out (Wiener's deconvolution).
    """
    moved = _local(change)
    kept = np.isfinite(moved)
    if kept.sum() < _FEWEST:
        return None
    centred = np.where(kept, moved - moved[kept].mean(), 0.0)
    spread = answers - answers.mean()
    rows = len(change)
    size = 1 << (2 * rows - 1).bit_length()
    wave, other = np.fft.rfft(centred, size), np.fft.rfft(spread, size)
    power = np.abs(other) ** 2
    most = min(rows // 4, _WIDEST)
    lags = np.arange(-most, most + 1)
    cross = np.fft.irfft(np.conj(wave) * other, size)[lags % size]
    whole = float(np.sqrt((centred**2).sum() * (spread**2).sum()))
    if whole <= 0 or np.abs(cross).max() < max(_STRONG, _BEYOND / np.sqrt(rows)) * whole:
        return None
    sharp = np.fft.irfft(np.conj(wave) * other / (power + 0.1 * power.mean()), size)[lags % size]
    chosen = {int(lags[i]) for one in (cross, sharp) for i in np.argsort(-np.abs(one))[:_LAGS]}
    return sorted(chosen)


def _local(change: Floats) -> Floats:
    """Bring changes to one size, as those of a mean over more and more rows get smaller."""
    known = np.nan_to_num(np.abs(change))
    usual = np.convolve(known, np.ones(_LOCAL) / _LOCAL, "same")
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(usual > 0, change / usual, np.nan)
    return np.clip(found, -10, 10)


def _exact(
    change: Floats, answers: Floats, place: NDArray[np.int64], lags: list[int], step: float
) -> int | None:
    """Look for two lags whose answers make up the changes to the last digit."""
    rows = len(change)
    best: tuple[float, int] = (0.0, 0)
    for i, one in enumerate(lags):
        for other in lags[i + 1 :]:
            if (one, other) == (-1, 0):
                continue  # the answer itself: a copy, or one left out of a mean (`without_own`)
            at = np.arange(max(1, -one), min(rows, rows - other))
            at = at[np.isfinite(change[at])]
            at = at[_together(place, at, one) & _together(place, at, other)]
            if len(at) < max(_FEWEST, rows // 10):
                continue
            share = _fit(change[at], answers[at + other] - answers[at + one], step)
            if share > best[0]:
                best = share, other
    return best[1] if best[0] >= _FITS else None


def _together(place: NDArray[np.int64], at: NDArray[np.int64], lag: int) -> NDArray[np.bool_]:
    """Tell which rows are of one thing with those so many rows on."""
    return np.asarray(place[at + lag] - place[at] == lag, np.bool_)


def _fit(change: Floats, step: Floats, unit: float) -> float:
    """Say how many of the changes one factor explains: windows cut short at an end do not fit.

    Of rows whose answers differ, and of rows whose answers do not, the smaller share.
    """
    moved = np.abs(step) > 1e-9
    if moved.sum() < _FEWEST // 2 or len(change) < _FEWEST:
        return 0.0
    factor = float(np.median(change[moved] / step[moved]))
    if not factor:
        return 0.0
    size = abs(factor) * float(np.abs(step[moved]).mean())
    if unit > _COARSE * size:
        return 0.0
    fits = np.abs(change - factor * step) <= _CLOSE * (abs(factor) * np.abs(step) + size) + unit
    still = float(fits[~moved].mean()) if (~moved).any() else 1.0
    return min(float(fits[moved].mean()), still)


@dataclass(frozen=True)
class Neighbours:
    """The answers of neighbouring rows, to explain the changes of columns by.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_whole,)
        Places in the arrangement that have all neighbours asked for.
    basis : ndarray of float64, shape (n_whole, n_lags)
        Changes of the neighbours' answers, made orthonormal, those of earlier rows first.
    earlier : int
        How many of them are of earlier rows.
    own : ndarray of float64, shape (n_whole,)
        The changes of the rows' own answers.
    """

    rows: NDArray[np.int64]
    basis: Floats
    earlier: int
    own: Floats

    @classmethod
    def of(cls, arranged: Arranged, answers: Floats) -> Neighbours | None:
        """Take as many neighbours as the things are long; None when there are too few rows."""
        for side in _SIDES:
            rows = np.flatnonzero((arranged.place > side) & (arranged.after >= side))
            if len(rows) >= max(_FEWEST, _ROWS_EACH * (2 * side + 1)):
                return cls._made(rows, answers[arranged.rows], side)
        return None

    @classmethod
    def _made(cls, rows: NDArray[np.int64], answers: Floats, side: int) -> Neighbours | None:
        changes = np.diff(answers, prepend=answers[:1])
        lags = np.arange(-side, side + 1)
        design = changes[rows[:, None] + lags]
        own = changes[rows]
        if not own.any():
            return None
        centred = design - design.mean(axis=0)
        return cls(rows, _orthonormal(centred), side, own)

    def holds(self, arranged: Arranged, values: Floats) -> str:
        """Tell whether a column is a weighted mean of neighbours' answers, and of which.

        Parameters
        ----------
        arranged : Arranged
            The rows.
        values : ndarray of float64, shape (n_all,)
            The column, rows as in the table.

        Returns
        -------
        str
            ``""``: it is none; ``"past"``: of earlier rows; ``"ahead"``: of the row itself or later
            ones too.
        """
        column = values[arranged.rows]
        change = (column[self.rows] - column[self.rows - 1]).astype(np.float64)
        known = np.isfinite(change)
        if known.sum() < max(_FEWEST, _ROWS_EACH * self.basis.shape[1] // 2):
            return ""
        if np.count_nonzero(change[known]) < _FEWEST:
            return ""  # rows in which nothing changes show nothing
        filled = np.where(known, change - change[known].mean(), 0.0)
        whole = float((filled**2).sum())
        if whole <= 0 or len(np.unique(column[self.rows[known]])) < _DISTINCT:
            return ""
        parts = (self.basis.T @ filled) ** 2
        if parts.sum() < _HOPEFUL * whole:
            return ""
        basis = self.basis
        if not known.all():  # what is missing makes neighbours overlap: once more without it
            basis = _orthonormal(self.basis[known] - self.basis[known].mean(axis=0))
            filled = filled[known]
            parts = (basis.T @ filled) ** 2
        noise = len(filled) * quantum(column) ** 2 / 6
        if noise > _ROUNDED * whole:
            return ""
        room = max(whole - noise, 1e-12)
        left = max(float(whole - parts.sum() - noise), 0.0) / room
        by_past = max(float(whole - parts[: self.earlier].sum() - noise), 0.0) / room
        if by_past < _TIMES * max(left, _FLOOR):
            return "past" if by_past <= _LEFT else ""
        own = self.own[known] - self.own[known].mean()
        alike = float(own @ filled) ** 2 / max(float(own @ own) * whole, 1e-12)
        by_own = max(whole * (1 - alike) - noise, 0.0) / room
        # of the answer alone it is a copy, or goes with it: that is told elsewhere
        copy = alike >= _COPY or by_own < _TIMES * max(left, _FLOOR)
        return "ahead" if left <= _LEFT and not copy else ""


def _orthonormal(columns: Floats) -> Floats:
    """Make columns orthonormal, one after the other; those that say nothing new are zero.

    By their products with each other: a QR decomposition of so narrow a matrix is many small steps,
    and threads that wait for each other at each of them cost a hundred times what is computed.
    """
    gram = columns.T @ columns
    size = float(gram.diagonal().max(initial=0.0))
    mixed = np.zeros_like(gram)
    for j in range(len(gram)):
        one = np.zeros(len(gram))
        one[j] = 1.0
        for _ in range(2):  # twice is enough (Giraud, Langou and Rozloznik 2005)
            one -= mixed[:, :j] @ (mixed[:, :j].T @ (gram @ one))
        square = float(one @ gram @ one)
        if square > _NOTHING_NEW * size:
            mixed[:, j] = one / np.sqrt(square)
    return np.asarray(columns @ mixed, np.float64)


def accumulated(arranged: Arranged, values: Floats, answers: Floats) -> str:
    """Tell whether a column is the mean answer of all rows so far, and whether of the row itself.

    Parameters
    ----------
    arranged : Arranged
        The rows.
    values, answers : ndarray of float64, shape (n_all,)
        As in the table.

    Returns
    -------
    str
        ``""``: it is not; ``"past"``: of earlier rows only; ``"own"``: of the row itself too;
        ``"later"``: of all later rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows, sold = np.arange(200), rng.normal(size=200)
    >>> line = Arranged((), rows, rows == 0)
    >>> so_far = np.cumsum(sold) / (rows + 1)
    >>> accumulated(line, so_far, sold), accumulated(line, np.append(0, so_far[:-1]), sold)
    ('own', 'past')
    >>> accumulated(line, so_far[::-1], sold[::-1])
    'later'
    """
    for own in (True, False):
        if _grows(arranged, values, answers, own=own):
            return "own" if own else "past"
    back = arranged.turned
    if any(_grows(back, values, answers, own=own) for own in (True, False)):
        return "later"
    return ""


def _grows(arranged: Arranged, values: Floats, answers: Floats, *, own: bool) -> bool:
    """Tell whether a mean moves by the distance of the new answer over a count that grows by one.

    A count that starts above one is a mean that was drawn to that of all rows.
    """
    column, said = values[arranged.rows], answers[arranged.rows]
    at = np.flatnonzero(arranged.place >= (1 if own else 2))
    new = said[at] if own else said[at - 1]
    change, far = column[at] - column[at - 1], new - column[at - 1]
    step = quantum(column)
    kept = np.isfinite(change) & (np.abs(change) > max(4 * step, 1e-12))
    if kept.sum() < max(_FEWEST, 0.25 * len(at)):
        return False
    at, change, far = at[kept], change[kept], far[kept]
    count = arranged.place[at] + (1 if own else 0)
    more = far / change - count
    extra = float(np.median(more))
    blur = 0.02 * (count + abs(extra)) + 2 * step * np.abs(far) / change**2
    if extra < -0.5 or extra > len(column) or np.median(blur / (count + extra)) > _COARSE:
        return False
    return bool((np.abs(more - extra) <= blur).mean() >= _FITS)


def without_own(arranged: Arranged, values: Floats, answers: Floats) -> bool:
    """Tell whether a column falls as the answer of its row rises, at one rate among neighbours.

    So does the mean of the *other* rows of a block, whatever the blocks are.

    Parameters
    ----------
    arranged : Arranged
        The rows.
    values, answers : ndarray of float64, shape (n_all,)
        As in the table.

    Returns
    -------
    bool

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows, sold = np.arange(300), rng.normal(size=300)
    >>> block = rows // 10
    >>> others = (np.bincount(block, sold)[block] - sold) / 9
    >>> line = Arranged((), rows, rows == 0)
    >>> without_own(line, others, sold), without_own(line, rng.normal(size=300), sold)
    (True, False)
    """
    column, said = values[arranged.rows], answers[arranged.rows]
    at = np.flatnonzero(arranged.place >= 1)
    rise, change = said[at] - said[at - 1], column[at] - column[at - 1]
    kept = np.isfinite(change)
    at, rise, change = at[kept], rise[kept], change[kept]
    step = quantum(column)
    moved = np.abs(rise) > 1e-9
    if moved.sum() < _FEWEST or len(np.unique(column[np.isfinite(column)])) < _SEVERAL:
        return False
    still = np.abs(change[~moved]) <= 1e-9 + step
    rate = change[moved] / rise[moved]
    size = np.abs(rise[moved])
    blur = 0.02 * np.abs(rate) + (step / size if step else 0.0)
    sharp = np.minimum(blur[1:], blur[:-1]) <= _COARSE * np.abs(rate[1:])
    same = (np.abs(np.diff(rate)) <= blur[1:] + blur[:-1]) & (rate[1:] < 0) & sharp
    # of smooth answers and smooth columns any change goes with any other
    turns = float((np.sign(rise[moved][1:]) != np.sign(rise[moved][:-1])).mean())
    quiet = float(still.mean()) if len(still) >= _FEWEST // 2 else 1.0
    if min(float(same.mean()), quiet) < _SAME or turns < _TURNS:
        return False
    whole = np.isfinite(column)
    alike = np.corrcoef(column[whole], said[whole])[0, 1]
    return bool(alike**2 < _COPY)
