"""Dates and times as people write them: the format is found from the values."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

__all__ = ["find_formats", "find_packed_format", "parse_dates"]

# The order within a line is the order of preference when the values fit several.
_DATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%m/%d/%Y", "%d/%m/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y", "%m.%d.%Y")),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%m/%d/%y", "%d/%m/%y")),
    (r"[A-Za-z]{3,9} \d{1,2} \d{4}", ("%b %d %Y", "%B %d %Y")),
    (r"[A-Za-z]{3,9} \d{1,2}, \d{4}", ("%b %d, %Y", "%B %d, %Y")),
    (r"\d{1,2} [A-Za-z]{3,9} \d{4}", ("%d %b %Y", "%d %B %Y")),
    (r"\d{1,2}-[A-Za-z]{3,9}-\d{4}", ("%d-%b-%Y", "%d-%B-%Y")),
    (r"\d{1,2}-[A-Za-z]{3}-\d{2}", ("%d-%b-%y",)),
    (r"[A-Za-z]{3,9}-\d{4}", ("%b-%Y", "%B-%Y")),
    (r"[A-Za-z]{3,9} \d{4}", ("%b %Y", "%B %Y")),
    (r"\d{4}-\d{2}", ("%Y-%m",)),
)
_TIMES: tuple[tuple[str, str], ...] = (
    (r"", ""),
    (r"\d{1,2}:\d{2}", "%H:%M"),
    (r"\d{1,2}:\d{2}:\d{2}(\.\d+)?", "%H:%M:%S%.f"),
    (r"\d{1,2}:\d{2} [AaPp][Mm]", "%I:%M %p"),
    (r"\d{1,2}:\d{2}[AaPp][Mm]", "%I:%M%p"),
    (r"\d{1,2}:\d{2}:\d{2} [AaPp][Mm]", "%I:%M:%S %p"),
)
_SPLIT = re.compile(r"^(.*?\d{2})(?:(T| )(\d{1,2}:\d{2}.*?)( ?)(Z|[+-]\d{2}:?\d{2})?)?$")
_PACKED = ("%Y%m%d", "%m%d%Y", "%d%m%Y")
_FALLBACKS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f%#z",
              "%Y-%m-%dT%H:%M:%S%.f")  # fmt: skip


def find_formats(values: Sequence[str]) -> tuple[str, ...]:
    """Find the date formats that all (99.9 %) of some values fit, the likeliest first.

    Parameters
    ----------
    values : sequence of str
        Stripped values, none missing.

    Returns
    -------
    tuple of str
        Formats for `parse_dates`; empty when the values are no dates.

    Examples
    --------
    >>> find_formats(["Jun 12 1998", "May 1 2001"])[0]
    '%b %d %Y'
    >>> find_formats(["25/12/2020 8:15"])
    ('%d/%m/%Y %H:%M',)
    """
    if not values:
        return ()
    # "May 2018" fits the short and the long month name: the next value tells.
    found = dict.fromkeys(f for example in values[:3] for f in _candidates(example))
    series = pl.Series(values, dtype=pl.String)
    return tuple(f for f in found if parse_dates(series, f).null_count() <= len(values) // 1000)


def find_packed_format(values: pl.Series) -> str | None:
    """Find the format of dates written as 8-digit numbers, such as 19980612.

    Parameters
    ----------
    values : polars.Series of String or a number
        Without missing values.

    Returns
    -------
    str or None
        The one format under which each value is a day of the years 1900 to 2100.

    Examples
    --------
    >>> import polars as pl
    >>> find_packed_format(pl.Series([19980612, 20010501]))
    '%Y%m%d'
    """
    digits = values.cast(pl.String).str.strip_suffix(".0")
    if values.is_empty() or not digits.str.contains(r"^\d{7,8}$").all():
        return None
    for packed in _PACKED:
        years = parse_dates(digits, packed).dt.year()
        if not years.null_count() and years.is_between(1900, 2100).all():
            return packed
    return None


def parse_dates(values: pl.Series, format: str) -> pl.Series:
    """Parse stripped text; what does not fit, and no ISO date either, becomes null.

    Parameters
    ----------
    values : polars.Series of String
        Null stays null.
    format : str
        A format of strptime as Polars reads it; a time zone is turned into UTC.

    Returns
    -------
    polars.Series of Datetime("us")
        Without a time zone.

    Examples
    --------
    >>> import polars as pl
    >>> parse_dates(pl.Series(["Jan-2018", "2018-02-03", "?"]), "%b-%Y").dt.month().to_list()
    [1, 2, None]
    """
    if not format:
        found = find_formats(values.drop_nulls().unique(maintain_order=True).to_list())
        format = found[0] if found else find_packed_format(values.drop_nulls()) or _FALLBACKS[0]
    parsed = _strptime(values, format)
    for other in _FALLBACKS:
        if parsed.null_count() == values.null_count():
            break
        parsed = pl.select(pl.coalesce(parsed, _strptime(values, other))).to_series()
    return parsed.alias(values.name)


def _strptime(values: pl.Series, format: str) -> pl.Series:
    if format in _PACKED:
        values = values.str.strip_suffix(".0").str.zfill(8)
    if "%d" not in format:  # a month is its first day
        values, format = "1 " + values, "%d " + format
    parsed = values.str.to_datetime(format, time_unit="us", strict=False)
    return parsed.dt.replace_time_zone(None)


def _candidates(example: str) -> list[str]:
    match = _SPLIT.match(example)
    if match is None:
        return []
    day, between, clock, gap, zone = match.groups(default="")
    days = [f for shape, formats in _DATES if re.fullmatch(shape, day) for f in formats]
    clocks = [format for shape, format in _TIMES if re.fullmatch(shape, clock)]
    tail = f"{gap}%#z" if zone else ""
    return [day + between + clock + tail for day in days for clock in clocks]
