"""Texts that are compared as numbers or dates where that is what they are."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["are_dates", "as_dates", "as_numbers", "compared", "sides"]

_THOUSANDS = r"^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$"
_MOST = 0.5
_LOOKED = 1000
_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y%m%d",
    "%m/%d/%y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y",
)  # fmt: skip
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
          "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M")  # fmt: skip


def as_numbers(text: pl.Series) -> pl.Series:
    """Read numbers, with or without a comma before each three digits; null for what is none.

    Parameters
    ----------
    text : polars.Series of String
        Without spaces around.

    Returns
    -------
    polars.Series of Float64
        No NaN, which would be above all numbers.

    Examples
    --------
    >>> as_numbers(pl.Series(["1,200.5", "99,5", "12 oz", "nan"])).to_list()
    [1200.5, None, None, None]
    """
    plain = text.str.replace_all(",", "", literal=True)
    plain = plain.zip_with(text.str.contains(_THOUSANDS).fill_null(value=False), text)
    return plain.cast(pl.Float64, strict=False).fill_nan(None)


def as_dates(text: pl.Series) -> pl.Series:
    """Read dates and times in the format that fits most; null for what does not fit.

    Parameters
    ----------
    text : polars.Series of String
        Without spaces around.

    Returns
    -------
    polars.Series of Datetime

    Examples
    --------
    >>> as_dates(pl.Series(["2026-01-31", "2026-02-30"])).is_null().to_list()
    [False, True]
    """
    some = text.drop_nulls().head(_LOOKED)
    best, format_ = 0, _FORMATS[0]
    for one in (*_FORMATS, *_TIMES):
        fits = len(some) - _read(some, one).null_count()
        if fits > best:
            best, format_ = fits, one
    return _read(text, format_)


def are_dates(text: pl.Series) -> NDArray[np.bool_]:
    """Tell which texts are dates or times, each in any format.

    Examples
    --------
    >>> are_dates(pl.Series(["2026-01-31", "31.01.2026", "soon"])).tolist()
    [True, True, False]
    """
    plain = text.str.strip_chars()
    found = np.zeros(len(text), np.bool_)
    for one in (*_FORMATS, *_TIMES):
        found |= _read(plain, one).is_not_null().to_numpy()
    return found


def _read(text: pl.Series, format_: str) -> pl.Series:
    if format_ in _TIMES:
        return text.str.to_datetime(format_, strict=False, time_unit="us")
    return text.str.to_date(format_, strict=False).cast(pl.Datetime("us"))


def sides(left: pl.Series, right: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Read both sides of a comparison alike: as numbers, as dates, or as texts.

    Parameters
    ----------
    left, right : polars.Series of String, shape (rows,) or (1,)
        Cells, or one constant.

    Returns
    -------
    tuple of two polars.Series
        Of one type; null where a cell is missing or cannot be read so.

    Examples
    --------
    >>> left, right = sides(pl.Series(["9", "10"]), pl.Series(["10"]))
    >>> left.to_list(), right.to_list()
    ([9.0, 10.0], [10.0])
    """
    texts = [side.str.strip_chars() for side in (left, right)]
    texts = [pl.select(pl.when(text != "").then(text)).to_series() for text in texts]
    numbers = [as_numbers(text) for text in texts]
    if all(_mostly(text, read) for text, read in zip(texts, numbers, strict=True)):
        return numbers[0], numbers[1]
    dates = [as_dates(text) for text in texts]
    if all(_mostly(text, read) for text, read in zip(texts, dates, strict=True)):
        return dates[0], dates[1]
    return texts[0], texts[1]


def _mostly(text: pl.Series, read: pl.Series) -> bool:
    known = len(text) - text.null_count()
    return len(read) - read.null_count() >= _MOST * max(known, 1)


def compared(
    left: pl.Series, operator: str, right: pl.Series, *, wanted: bool = True
) -> NDArray[np.bool_]:
    """Compare two sides cell by cell.

    Parameters
    ----------
    left, right : polars.Series
        What `sides` gives.
    operator : str
        One of `OPERATORS` of the rules.
    wanted : bool
        Whether to mark where it holds, or where it does not; never where a side is missing.

    Returns
    -------
    bool array of shape (rows,)

    Examples
    --------
    >>> compared(pl.Series([1.0, 2.0, None]), "<", pl.Series([2.0, 2.0, 2.0])).tolist()
    [True, False, False]
    """
    found = {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]
    return np.asarray((found == wanted).fill_null(value=False).to_numpy(), np.bool_)
