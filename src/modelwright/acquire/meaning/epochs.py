"""Dates as counts of seconds or days, and as digits without separators."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

__all__ = ["EPOCHS", "find_epoch", "parse_epoch"]

_EXCEL = "days since 1899-12-30"  # what a spreadsheet stores for a date
# For each format: microseconds a unit, microseconds of its zero, and the plausible counts.
EPOCHS: Mapping[str, tuple[float, float, float, float]] = MappingProxyType(
    {
        "seconds since 1970": (1e6, 0, 3e8, 4.1e9),
        "milliseconds since 1970": (1e3, 0, 3e11, 4.1e12),
        "microseconds since 1970": (1, 0, 3e14, 4.1e15),
        _EXCEL: (86_400e6, -25_569 * 86_400e6, 14_000, 64_000),
    }
)
_EDGE = 2.5e17  # microseconds: the years -5950 to 9890


def find_epoch(numbers: pl.Series) -> str:
    """Find what numbers under a name for dates count; empty when they are no plausible dates.

    Parameters
    ----------
    numbers : polars.Series of Float64
        None missing.

    Examples
    --------
    >>> find_epoch(pl.Series([1.55e9, 1.6e9])), find_epoch(pl.Series([41_000.0, 43_100.25]))
    ('seconds since 1970', 'days since 1899-12-30')
    """
    if numbers.is_empty():
        return ""
    low, high = float(numbers.min()), float(numbers.max())  # type: ignore[arg-type]
    for format, (_, _, least, most) in EPOCHS.items():
        if least <= low and high <= most:
            return format
    return ""


def parse_epoch(values: pl.Series, format: str) -> pl.Series:
    """Turn counts into dates; what is no number is null.

    Parameters
    ----------
    values : polars.Series of String
        Null stays null.
    format : str
        A key of `EPOCHS`.

    Returns
    -------
    polars.Series of Datetime("us")

    Examples
    --------
    >>> parse_epoch(pl.Series(["43831", "x"]), "days since 1899-12-30").to_list()
    [datetime.datetime(2020, 1, 1, 0, 0), None]
    """
    unit, zero, _, _ = EPOCHS[format]
    moments = values.cast(pl.Float64, strict=False) * unit + zero
    near = moments.set(~(moments.abs() < _EDGE), None)
    return near.round().cast(pl.Int64).cast(pl.Datetime("us"))
