"""One thing written in several ways: case, spaces, punctuation, units."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import Coded
from modelwright.clean.detectors.told import Told, silent
from modelwright.clean.numbers import Numbers, read_numbers

__all__ = ["inconsistent", "plain_forms"]

MEASURES = 4
_RARE = 0.2
# Blanks at the ends or in pairs, signs that control, and entities of web pages.
_UNTYPED = r"^\s|\s$|\s\s|[\x00-\x1f\x7f\u00a0\u200b\ufeff\ufffd]|&(?:[a-z]{2,6}|#\d{2,5});"


def plain_forms(values: pl.Series) -> pl.Series:
    """Write texts without what tells no two things apart: case, blanks, punctuation.

    Examples
    --------
    >>> plain_forms(pl.Series(["  New-York ", "new york", "NEW YORK."])).to_list()
    ['new york', 'new york', 'new york']
    """
    return values.str.to_lowercase().str.replace_all(r"[\s\p{P}]+", " ").str.strip_chars()


def inconsistent(coded: Coded, column: int, numbers: Numbers | None) -> Told:
    """Judge values that are written otherwise than their like.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    numbers : Numbers or None
        What `numbers_of` gives; their units are compared.

    Returns
    -------
    Told
    """
    values, counts = coded.values[column], coded.counts[column]
    if not len(values):
        return silent(coded.height, MEASURES)
    amount = (numbers or read_numbers(values, counts)).amount
    variant = _variants(values, counts, amount)
    edges = _edges(values, counts)
    units = _units(numbers, counts)
    case = _case(values, counts)
    chance = np.maximum.reduce([variant, edges, units, case])
    found = [variant, edges, units, case]
    measures = [coded.spread(column, np.asarray(one, np.float32)) for one in found]
    reason = f"written otherwise than its like in {coded.columns[column]!r}"
    told = coded.spread(column, chance.astype(np.float32))
    return Told(reason, told, np.column_stack(measures))


def _rare_beside(counts: NDArray[np.int64], most: NDArray[np.int64]) -> NDArray[np.float64]:
    """Say how rare something is beside the usual way: 1 for never, 0 for a fifth or more."""
    return np.clip(1 - counts / np.maximum(most, 1) / _RARE, 0, 1)


def _variants(
    values: pl.Series, counts: NDArray[np.int64], amount: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compare values that differ in case, spaces and punctuation only; -5 is no way to write 5."""
    form = plain_forms(values)
    frame = pl.DataFrame({"form": form, "count": counts, "amount": amount})
    usual = frame.select(pl.col("count", "amount").first().over("form"))  # the most frequent one
    most, number = usual["count"].to_numpy(), usual["amount"].to_numpy()
    apart = np.isfinite(amount) & np.isfinite(number) & (amount != number)
    other = (most > counts) & (form != "").to_numpy() & ~apart
    return np.where(other & (most >= 3), 0.8 * _rare_beside(counts, most), 0.0)


def _edges(values: pl.Series, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Look for spaces at the ends, in pairs, and for what no keyboard writes by itself."""
    odd = values.str.contains(_UNTYPED)
    share = float(counts[odd.to_numpy()].sum()) / max(int(counts.sum()), 1)
    return odd.to_numpy() * 0.65 * max(1 - share / _RARE, 0.0)


def _units(numbers: Numbers | None, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compare what stands beside numbers."""
    if numbers is None:
        return np.zeros(len(counts))
    held: Counter[str] = Counter()
    for unit, count in zip(numbers.unit, counts.tolist(), strict=True):
        held[unit] += count
    most = max(held.values())
    own = np.array([held[unit] for unit in numbers.unit])
    return np.where(own < most, 0.6 * _rare_beside(own, np.full(len(own), most)), 0.0)


def _case(values: pl.Series, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Find values in small letters or capitals among values that are not."""
    letters = values.str.contains(r"\p{L}\p{L}").to_numpy()
    lower = letters & (values == values.str.to_lowercase()).to_numpy()
    upper = letters & (values == values.str.to_uppercase()).to_numpy()
    whole = max(int(counts[letters].sum()), 1)
    chance = np.zeros(len(counts))
    for odd in (lower, upper):
        share = float(counts[odd].sum()) / whole
        if 0 < share < 0.05:
            chance[odd] = 0.35 * (1 - share / 0.05)
    return chance
