"""Times of day and durations, such as 08:15, 9 am and 1h 20m, as seconds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

__all__ = ["DURATION", "find_clock", "parse_clock"]

DURATION = "%Hh %Mm"
"""The format of durations that name their units, of which there are several."""

_CLOCK = (
    r"^(\d{1,3})(?:[:h]([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?)?"
    r"(?:\s?([AaPp])\.?\s?[Mm]\.?|\s?Uhr)?$"
)
_FORMATS = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
_UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "days": ("days?|d", 86_400),
        "hours": ("hours?|hrs?|h", 3_600),
        "minutes": ("minutes?|mins?|m", 60),
        "seconds": ("seconds?|secs?|s", 1),
    }
)
_DURATION = "(?i)^{}$".format(
    "".join(
        rf"(?:(?P<{name}>\d{{1,9}}(?:\.\d{{1,9}})?)\s?(?:{words})\.?,?\s*)?"
        for name, (words, _) in _UNITS.items()
    )
)


def find_clock(values: pl.Series) -> str:
    """Find the format of times of day or durations; empty when the values are neither.

    Parameters
    ----------
    values : polars.Series of String
        Distinct and stripped, none missing.

    Examples
    --------
    >>> find_clock(pl.Series(["08:15", "23:59"])), find_clock(pl.Series(["2:1", "3:0"]))
    ('%H:%M', '')
    >>> find_clock(pl.Series(["9 AM", "12:01 pm"])), find_clock(pl.Series(["1h 20m", "45 min"]))
    ('%I:%M %p', '%Hh %Mm')
    """
    if values.is_empty():
        return ""
    if _seconds_of_day(values).null_count():
        return DURATION if _are_durations(values) else ""
    halves = bool(values.str.contains(r"(?i)m\.?$").any())
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
    >>> parse_clock(pl.Series(["1h 20m", "90 min", "2 days", "?"]), DURATION).to_list()
    [4800.0, 5400.0, 172800.0, None]
    """
    return _duration(values) if format == DURATION else _seconds_of_day(values)


def _seconds_of_day(values: pl.Series) -> pl.Series:
    found = values.str.strip_chars().str.extract_groups(_CLOCK).struct.unnest()
    hours, minutes, seconds = (found[name].cast(pl.Float64) for name in found.columns[:3])
    half = found[found.columns[3]].str.to_lowercase()
    shown = pl.DataFrame({"hours": hours, "half": half, "minutes": minutes})
    day = shown.select(
        pl.when(pl.col("half").is_not_null()).then(
            pl.col("hours") % 12 + 12 * (pl.col("half") == "p")
        )
        .when(pl.col("minutes").is_not_null()).then("hours")  # else it is a mere number
    ).to_series()  # fmt: skip
    return (day * 3600 + minutes.fill_null(0) * 60 + seconds.fill_null(0)).alias(values.name)


def _are_durations(values: pl.Series) -> bool:
    """Tell whether all are durations: in two units within a cell, or in hours and others."""
    found = _parts(values)
    said = pl.sum_horizontal(pl.all().is_not_null())
    units = found.select(said).to_series()
    if units.min() == 0:
        return False
    several = sum(part.null_count() < found.height for part in found) > 1
    return bool((units > 1).any()) or (several and found["hours"].null_count() < found.height)


def _parts(values: pl.Series) -> pl.DataFrame:
    return values.str.strip_chars().str.extract_groups(_DURATION).struct.unnest()


def _duration(values: pl.Series) -> pl.Series:
    found = _parts(values)
    amounts = [
        pl.col(name).cast(pl.Float64).fill_null(0) * size for name, (_, size) in _UNITS.items()
    ]
    known = pl.any_horizontal(pl.all().is_not_null())
    seconds = found.select(pl.when(known).then(pl.sum_horizontal(amounts))).to_series()
    return seconds.alias(values.name)
