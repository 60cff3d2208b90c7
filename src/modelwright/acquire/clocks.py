"""Times of day and durations such as 08:15, as seconds."""

from __future__ import annotations

import polars as pl

__all__ = ["find_clock", "parse_clock"]

_CLOCK = r"^(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?\s?([AaPp][Mm])?$"
_FORMATS = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")


def find_clock(values: pl.Series) -> str:
    """Find the format of times of day; empty when the values are none.

    Parameters
    ----------
    values : polars.Series of String
        Distinct and stripped, none missing.

    Examples
    --------
    >>> find_clock(pl.Series(["08:15", "23:59"])), find_clock(pl.Series(["2:1", "3:0"]))
    ('%H:%M', '')
    >>> find_clock(pl.Series(["9:10 AM", "12:01 pm"]))
    '%I:%M %p'
    """
    if values.is_empty() or not values.str.contains(_CLOCK).all():
        return ""
    halves = bool(values.str.contains("(?i)m$").any())
    seconds = bool(values.str.contains(r":\d\d:").any())
    return _FORMATS[2 * halves + seconds]


def parse_clock(values: pl.Series, format: str) -> pl.Series:
    """Turn times of day, or durations, into seconds; what is neither is null.

    Parameters
    ----------
    values : polars.Series of String
        Null stays null.
    format : str
        From `find_clock`. Two numbers are hours and minutes.

    Returns
    -------
    polars.Series of Float64

    Examples
    --------
    >>> parse_clock(pl.Series(["08:15", "12:01 AM", "1:00:02", "?"]), "%H:%M").to_list()
    [29700.0, 60.0, 3602.0, None]
    """
    found = values.str.strip_chars().str.extract_groups(_CLOCK).struct.unnest()
    hours, minutes, seconds = (found[name].cast(pl.Float64) for name in found.columns[:3])
    half = found[found.columns[3]].str.to_lowercase()
    shown = pl.DataFrame({"hours": hours, "half": half})
    day = shown.select(
        pl.when(pl.col("half").is_null()).then("hours")
        .otherwise(pl.col("hours") % 12 + 12 * (pl.col("half") == "pm"))
    ).to_series()  # fmt: skip
    return (day * 3600 + minutes * 60 + seconds.fill_null(0)).alias(values.name)
