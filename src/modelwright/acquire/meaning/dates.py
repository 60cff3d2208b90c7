"""Dates and times as people write them: the format is found from the values."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from modelwright.acquire.meaning.epochs import EPOCHS, parse_epoch
from modelwright.acquire.meaning.months import in_english
from modelwright.acquire.meaning.periods import PERIODS, find_period, parse_period

__all__ = [
    "BETWEEN",
    "find_formats",
    "find_mixed",
    "find_packed_format",
    "parse_dates",
    "without_edges",
]

# Between the formats of a column that has several.
BETWEEN = " | "
_MOST_FORMATS = 4
_NAME = r"[A-Za-z]{3,9}"
# The order within a line is the order of preference when the values fit several.
_DATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",)),
    (r"\d{4}:\d{2}:\d{2}", ("%Y:%m:%d",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%m/%d/%Y", "%d/%m/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y", "%m.%d.%Y")),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%m/%d/%y", "%d/%m/%y", "%y/%m/%d")),
    (r"\d{1,2}-\d{1,2}-\d{2}", ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d")),
    (r"\d{1,2}\.\d{1,2}\.\d{2}", ("%d.%m.%y", "%m.%d.%y")),
    (rf"{_NAME} \d{{1,2}} \d{{4}}", ("%b %d %Y", "%B %d %Y")),
    (rf"{_NAME} \d{{1,2}}, ?\d{{4}}", ("%b %d, %Y", "%B %d, %Y")),
    (rf"\d{{1,2}} {_NAME} \d{{4}}", ("%d %b %Y", "%d %B %Y")),
    (rf"\d{{1,2}} {_NAME}, \d{{4}}", ("%d %b, %Y", "%d %B, %Y")),
    (rf"\d{{1,2}} {_NAME} \d{{2}}", ("%d %b %y", "%d %B %y")),
    (rf"\d{{1,2}}-{_NAME}-\d{{4}}", ("%d-%b-%Y", "%d-%B-%Y")),
    (rf"\d{{1,2}}/{_NAME}/\d{{4}}", ("%d/%b/%Y", "%d/%B/%Y")),
    (rf"\d{{1,2}}\.{_NAME}\.\d{{4}}", ("%d.%b.%Y", "%d.%B.%Y")),
    (rf"{_NAME}-\d{{1,2}}-\d{{4}}", ("%b-%d-%Y", "%B-%d-%Y")),
    (rf"{_NAME}/\d{{1,2}}/\d{{4}}", ("%b/%d/%Y", "%B/%d/%Y")),
    (r"\d{1,2}[A-Za-z]{3}\d{4}", ("%d%b%Y",)),
    (r"\d{2}[A-Za-z]{3}\d{2}", ("%d%b%y",)),
    (r"\d{1,2}-[A-Za-z]{3}-\d{2}", ("%d-%b-%y",)),
    (rf"\d{{4}} {_NAME} \d{{1,2}}", ("%Y %b %d", "%Y %B %d")),
    (rf"\d{{4}}-{_NAME}-\d{{1,2}}", ("%Y-%b-%d", "%Y-%B-%d")),
    (rf"{_NAME}-\d{{4}}", ("%b-%Y", "%B-%Y")),
    (rf"{_NAME} \d{{4}}", ("%b %Y", "%B %Y")),
    (rf"{_NAME}, \d{{4}}", ("%b, %Y", "%B, %Y")),
    (rf"{_NAME}/\d{{4}}", ("%b/%Y", "%B/%Y")),
    (rf"\d{{4}}-{_NAME}", ("%Y-%b", "%Y-%B")),
    (rf"\d{{4}} {_NAME}", ("%Y %b", "%Y %B")),
    (r"[A-Za-z]{3}-\d{2}", ("%b-%y",)),
    (r"\d{4}-\d{2}", ("%Y-%m",)),
    (r"\d{4}/\d{2}", ("%Y/%m",)),
    (r"\d{1,2}/\d{4}", ("%m/%Y",)),
    (r"\d{1,2}-\d{4}", ("%m-%Y",)),
)
_TIMES: tuple[tuple[str, str], ...] = (
    (r"", ""),
    (r"\d{1,2}:\d{2}", "%H:%M"),
    (r"\d{1,2}:\d{2}:\d{2}(\.\d+)?", "%H:%M:%S%.f"),
    (r"\d{1,2}:\d{2} [AaPp][Mm]", "%I:%M %p"),
    (r"\d{1,2}:\d{2}[AaPp][Mm]", "%I:%M%p"),
    (r"\d{1,2}:\d{2}:\d{2} [AaPp][Mm]", "%I:%M:%S %p"),
    (r"\d{1,2}:\d{2}:\d{2}[AaPp][Mm]", "%I:%M:%S%p"),
)
_SPLIT = re.compile(
    r"^(.*?(?:\d{2}|-[A-Za-z]{3,9}))(?:(T|, | |:)(\d{1,2}:\d{2}.*?)( ?)(Z|[+-]\d{2}:?\d{2})?)?$"
)
_TIME_FIRST = re.compile(r"^(\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?) (\D*\d.*\d)$")
# As in "Jun 01 12:00:00 +0000 2009": the year comes last.
_YEAR_LAST = re.compile(rf"^{_NAME} \d{{1,2}} \d{{2}}:\d{{2}}:\d{{2}}( [+-]\d{{4}})? \d{{4}}$")
# By the number of digits.
_PACKED = {
    6: ("%Y%m", "%y%m%d"),
    8: ("%Y%m%d", "%m%d%Y", "%d%m%Y"),
    12: ("%Y%m%d%H%M",),
    14: ("%Y%m%d%H%M%S",),
}
_WHOLE_DAYS = frozenset(_PACKED[8])
_FALLBACKS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f%#z",
              "%Y-%m-%dT%H:%M:%S%.f")  # fmt: skip
_ZONES = {
    "UTC": "+0000", "GMT": "+0000", "EST": "-0500", "EDT": "-0400", "CST": "-0600",
    "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
    "CET": "+0100", "CEST": "+0200", "EET": "+0200", "EEST": "+0300", "JST": "+0900",
}  # fmt: skip
_WEEKDAY = r"(?i)^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?[.,]?,?\s+"
# Open ends and empty clocks of databases: no day that anybody meant.
_FIRST_YEAR, _LAST_YEAR = 2, 9998
_LONGEST = 100  # letters of a date: the patterns below take the square of a text's length


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
    >>> find_formats(["Mon Jun 01 12:00:00 +0000 2009"])
    ('%b %d %H:%M:%S %z %Y',)
    """
    if not values:
        return ()
    series = pl.Series(values, dtype=pl.String)
    period = find_period(series)
    if period:
        return (period,)
    tidy = _tidy(series)
    # "May 2018" fits the short and the long month name: the next value tells.
    found = dict.fromkeys(f for example in tidy.head(3).to_list() for f in _candidates(example))
    return tuple(f for f in found if _reads(tidy, f).null_count() <= len(values) // 1000)


def find_mixed(values: pl.Series) -> tuple[str, ...]:
    """Find up to four formats that together read all (99.9 %) of some values.

    Parameters
    ----------
    values : polars.Series of String
        Distinct and stripped, none missing.

    Returns
    -------
    tuple of str
        The one that reads most values first; empty when the values are no dates.

    Examples
    --------
    >>> find_mixed(pl.Series(["2019-03-01", "3 Mar 2019", "4 Apr 2019"]))
    ('%d %b %Y', '%Y-%m-%d')
    """
    chosen: list[str] = []
    left = _tidy(values)
    allowed = len(values) // 1000
    while len(left) > allowed and len(chosen) < _MOST_FORMATS:
        candidates = dict.fromkeys(f for v in left.head(20).to_list() for f in _candidates(v))
        read = {format: _reads(left, format) for format in candidates}
        if not read:
            return ()
        best = min(read, key=lambda format: read[format].null_count())
        if read[best].null_count() == len(left):
            return ()
        left = left.filter(read[best].is_null())
        chosen.append(best)
    return tuple(chosen) if len(left) <= allowed else ()


def find_packed_format(values: pl.Series) -> str | None:
    """Find the format of dates written as 6, 8, 12 or 14 digits, such as 19980612.

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
    if values.is_empty() or not digits.str.contains(r"^\d{6,14}$").all():
        return None
    lengths = digits.str.len_chars().unique().to_list()
    length = 8 if set(lengths) <= {7, 8} else lengths[0]
    for packed in _PACKED.get(length, ()) if length == 8 or len(lengths) == 1 else ():
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
        A format of strptime as Polars reads it, or several with ``" | "`` between, or a word of
        `EPOCHS` or `PERIODS`. A time zone is turned into UTC; names of days, and the "rd" of
        "3rd", are passed over.

    Returns
    -------
    polars.Series of Datetime("us")
        Without a time zone; the years 1 and 9999 stand for no day.

    Examples
    --------
    >>> import polars as pl
    >>> parse_dates(pl.Series(["Jan-2018", "2018-02-03", "?"]), "%b-%Y").dt.month().to_list()
    [1, 2, None]
    >>> parse_dates(pl.Series(["Sun 3rd March 2019"]), "%d %B %Y").dt.day().to_list()
    [3]
    """
    if not format:
        present = values.drop_nulls().unique(maintain_order=True)
        found = find_formats(present.to_list())
        format = found[0] if found else find_packed_format(present) or _FALLBACKS[0]
    tidy = _tidy(values)
    formats = format.split(BETWEEN)
    parsed = _reads(tidy, formats[0])
    for other in (*formats[1:], *_FALLBACKS):
        if parsed.null_count() == values.null_count():
            break
        parsed = pl.select(pl.coalesce(parsed, _reads(tidy, other))).to_series()
    return parsed.alias(values.name)


def _reads(tidy: pl.Series, format: str) -> pl.Series:
    if format in EPOCHS:
        parsed = parse_epoch(tidy, format)
    elif format in PERIODS:
        parsed = parse_period(tidy, format)
    else:
        parsed = _strptime(tidy, format)
    return without_edges(parsed)


def without_edges(dates: pl.Series) -> pl.Series:
    """Make dates null that no one meant: databases write the years 1 and 9999 for "open".

    Examples
    --------
    >>> from datetime import datetime
    >>> without_edges(pl.Series([datetime(9999, 12, 31), datetime(2020, 1, 1)])).null_count()
    1
    """
    within = dates.dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)
    return dates if within.all() else dates.set(~within, None)


def _strptime(values: pl.Series, format: str) -> pl.Series:
    if format in _WHOLE_DAYS:
        values = values.str.strip_suffix(".0").str.zfill(8)
    if "%d" not in format and "%j" not in format:  # a month is its first day
        values, format = "1 " + values, "%d " + format
    try:
        parsed = values.str.to_datetime(format, time_unit="us", strict=False)
    except pl.exceptions.PolarsError:  # a format that a user wrote, and Polars does not know
        return pl.Series(values.name, [None], dtype=pl.Datetime("us")).new_from_index(
            0, len(values)
        )
    return parsed.dt.replace_time_zone(None)


def _tidy(values: pl.Series) -> pl.Series:
    """Take away what says nothing: names of days, "rd" in "3rd", dots behind short months.

    Names of months in other languages become English ones.
    """
    if not values.str.contains("[A-SU-Ya-z]").any():  # but for the T and Z of ISO dates
        return values
    tidy = in_english(values).to_frame().select(_TIDY).to_series()
    if tidy.str.contains(r" [A-Z]{3,4}\b").any():
        for name, offset in _ZONES.items():
            tidy = tidy.str.replace(rf"(\d|[AaPp][Mm]) \(?{name}\)?(\s\d{{4}})?$",
                                    f"${{1}} {offset}${{2}}")  # fmt: skip
    return tidy.str.replace_all(r"\s+", " ")


_TIDY = (
    pl.nth(0)
    .str.replace(_WEEKDAY, "")
    .str.replace(r"(\d)(?:st|nd|rd|th)\b", "${1}")
    .str.replace(r"(?i)\bsept\b", "Sep")
    .str.replace(r"\b([A-Za-z]{3})\.( )", "${1}${2}")
    .str.replace(r"(\d{4}) (?:at )?(\d{1,2}:\d{2})", "${1} ${2}")
)


def _candidates(example: str) -> list[str]:
    if len(example) > _LONGEST:
        return []
    last = _YEAR_LAST.match(example)
    if last is not None:
        return ["%b %d %H:%M:%S %z %Y" if last[1] else "%b %d %H:%M:%S %Y"]
    first = _TIME_FIRST.match(example)
    if first is not None:
        clocks = [format for shape, format in _TIMES[1:] if re.fullmatch(shape, first[1])]
        days = [f for shape, formats in _DATES if re.fullmatch(shape, first[2]) for f in formats]
        return [f"{clock} {day}" for day in days for clock in clocks]
    match = _SPLIT.match(example)
    if match is None:
        return []
    day, between, clock, gap, zone = match.groups(default="")
    days = [f for shape, formats in _DATES if re.fullmatch(shape, day) for f in formats]
    clocks = [format for shape, format in _TIMES if re.fullmatch(shape, clock)]
    tail = f"{gap}%#z" if zone else ""
    return [day + between + clock + tail for day in days for clock in clocks]
