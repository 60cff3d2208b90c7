"""Letters that follow each other nowhere else in their column."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import Coded
from modelwright.clean.detectors.told import Told, silent
from modelwright.clean.shapes import LONGEST

__all__ = ["gram_support", "odd_letters"]

Floats = NDArray[np.float64]

MEASURES = 6
_ODD = np.uint64(0x9E3779B97F4A7C15)
_TAKEN = 50_000
_USUAL = 0.05
_FEW = 3


def gram_support(
    values: pl.Series, counts: NDArray[np.int64], length: int = 3
) -> tuple[Floats, Floats]:
    """Say in which share of the other cells the letters of a value follow each other, too.

    Parameters
    ----------
    values : polars.Series of String, shape (different values,)
        The first 256 letters of each are looked at; digits count as one letter.
    counts : int array of shape (different values,)
        How many cells hold each of them.
    length : int
        How many letters in a row.

    Returns
    -------
    tuple of two float arrays of shape (different values,)
        The logarithm of the share for the least supported letters of each value, and the mean over
        all of its letters.

    Examples
    --------
    >>> least, mean = gram_support(pl.Series(["hospital", "hospixal"]), np.array([9, 1]))
    >>> bool(least[1] < least[0]), bool(mean[1] > least[1])
    (True, True)
    """
    if not len(values):
        return np.zeros(0), np.zeros(0)
    plain = values.str.slice(0, LONGEST).str.replace_all(r"\p{Nd}", "9").to_list()
    texts = [f"\x02{text}\x03" for text in plain]
    flat = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    owner = np.repeat(np.arange(len(values)), [len(text) for text in texts])
    letters = flat.astype(np.uint64)
    key = np.zeros(len(flat) - length + 1, np.uint64)
    for i in range(length):
        key = (key + letters[i : len(flat) - length + 1 + i] + np.uint64(1)) * _ODD
        key ^= key >> np.uint64(29)
    inside = owner[: len(key)] == owner[length - 1 :]
    _, gram = np.unique(key[inside], return_inverse=True)
    grams = int(gram.max(initial=0)) + 1
    # a value that holds the same letters twice counts once
    pair = np.unique(owner[: len(key)][inside] * grams + gram.ravel())
    value, gram = pair // grams, pair % grams
    total = np.bincount(gram, counts[value], minlength=grams)
    support = np.log((total[gram] - 0.5) / (counts.sum() + 1.0))
    least, mean = np.zeros(len(values)), np.zeros(len(values))
    starts = np.flatnonzero(np.append(True, np.diff(value) != 0)) if len(value) else value
    if len(starts):
        sizes = np.diff(np.append(starts, len(value)))
        least[value[starts]] = np.minimum.reduceat(support, starts)
        mean[value[starts]] = np.add.reduceat(support, starts) / sizes
    return least, mean


def odd_letters(coded: Coded, column: int) -> Told:
    """Judge the values of a column by letters that follow each other in no other cell.

    In a column where most cells have such letters (names, titles) that says little.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.

    Returns
    -------
    Told
    """
    values, counts = coded.values[column], coded.counts[column]
    if not len(values):
        return silent(coded.height, MEASURES)
    taken = min(len(values), _TAKEN)
    found, unseen = [], np.zeros(len(values))
    for length in (2, 3):
        least, mean = np.zeros(len(values)), np.zeros(len(values))
        least[:taken], mean[:taken] = gram_support(values[:taken], counts[:taken], length)
        rank = _rank(least, counts)
        found += [least, mean, rank]
        others = np.exp(least) * (counts[:taken].sum() + 1.0) - 0.5
        unseen[:taken] += np.clip(1 - others[:taken] / _FEW, 0, 1)
    usual = float(counts[unseen > 0].sum()) / float(counts.sum())
    chance = np.clip(1 - usual / _USUAL, 0, 1) * 0.25 * unseen
    measures = [coded.spread(column, np.asarray(one, np.float32)) for one in found]
    reason = f"letters follow each other as nowhere else in {coded.columns[column]!r}"
    told = coded.spread(column, chance.astype(np.float32))
    return Told(reason, told, np.column_stack(measures))


def _rank(least: Floats, counts: NDArray[np.int64]) -> Floats:
    """Give the share of the cells whose letters have less support."""
    order = np.argsort(least, kind="stable")
    below = np.cumsum(counts[order]) - counts[order]
    _, first = np.unique(least[order], return_index=True)
    start = below[first]
    sizes = np.diff(np.append(first, len(order)))
    rank = np.empty(len(order))
    rank[order] = np.repeat(start, sizes) / max(float(counts.sum()), 1.0)
    return rank
