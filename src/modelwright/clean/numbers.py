"""The numbers in a column of texts, and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import Coded

__all__ = ["Numbers", "numbers_of", "read_numbers"]

_POINT = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|[-+]?\.\d+"
_COMMA = r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"
_MOST = 0.9


@dataclass(frozen=True)
class Numbers:
    """The values of a column as numbers.

    Parameters
    ----------
    amount : float array of shape (different values,)
        NaN where a value holds no number, or more than one.
    unit : tuple of str
        What stands beside the number, in small letters; empty for nothing.
    """

    amount: NDArray[np.float64]
    unit: tuple[str, ...]


def numbers_of(coded: Coded, column: int) -> Numbers | None:
    """Read a column as numbers, with or without units.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.

    Returns
    -------
    Numbers or None
        None when more than a tenth of its cells are no single number.

    Examples
    --------
    >>> from modelwright.clean.coded import code_table
    >>> coded = code_table(pl.DataFrame({"size": ["12 oz", "1,200.5 oz.", "16"]}))
    >>> found = numbers_of(coded, 0)
    >>> sorted(zip(found.amount.tolist(), found.unit))
    [(12.0, 'oz'), (16.0, ''), (1200.5, 'oz')]
    """
    values, counts = coded.values[column], coded.counts[column]
    if not len(values):
        return None
    found = read_numbers(values, counts)
    known = float(counts[np.isfinite(found.amount)].sum())
    return None if known < _MOST * float(counts.sum()) else found


def read_numbers(values: pl.Series, counts: NDArray[np.int64]) -> Numbers:
    """Read texts as numbers, with a point or a comma before the decimals: what reads more cells.

    Parameters
    ----------
    values : polars.Series of String, shape (different values,)
        The texts.
    counts : int array of shape (different values,)
        How many cells hold each of them.

    Examples
    --------
    >>> read_numbers(pl.Series(["1.234,50 €", "99,9 €"]), np.array([1, 1])).amount.tolist()
    [1234.5, 99.9]
    """
    text = values.str.slice(0, 64).str.strip_chars()
    point = _amounts(text, _POINT, ",")
    known = int(counts[np.isfinite(point)].sum())
    number, amount = _POINT, point
    if known < _MOST * counts.sum():
        comma = _amounts(text, _COMMA, ".")
        if counts[np.isfinite(comma)].sum() > known:
            number, amount = _COMMA, comma
    unit = text.str.replace(number, "").str.to_lowercase().str.strip_chars(" .")
    return Numbers(amount, tuple(unit.fill_null("").to_list()))


def _amounts(text: pl.Series, number: str, thousands: str) -> NDArray[np.float64]:
    digits = text.str.extract(rf"^[^\d.+-]*?({number})[^\d]*$")
    plain = digits.str.replace_all(thousands, "", literal=True).str.replace(",", ".", literal=True)
    amount = plain.cast(pl.Float64, strict=False)
    known = amount.is_finite().fill_null(value=False)
    read = amount.set(~known, None).fill_null(float("nan")).to_numpy()
    return np.asarray(read, np.float64)
