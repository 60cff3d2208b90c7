"""The numbers in a column of texts, and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import Coded

__all__ = ["Numbers", "numbers_of"]

_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|[-+]?\.\d+"
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
    text = values.str.slice(0, 64).str.strip_chars()
    number = text.str.extract(rf"^[^\d.+-]*?({_NUMBER})[^\d]*$")
    amount = number.str.replace_all(",", "").cast(pl.Float64, strict=False)
    known = amount.is_finite().fill_null(value=False)
    if float((known.to_numpy() * counts).sum()) < _MOST * float(counts.sum()):
        return None
    unit = text.str.replace(_NUMBER, "").str.to_lowercase().str.strip_chars(" .")
    read = amount.set(~known, None).fill_null(float("nan")).to_numpy()
    return Numbers(np.asarray(read, np.float64), tuple(unit.fill_null("").to_list()))
