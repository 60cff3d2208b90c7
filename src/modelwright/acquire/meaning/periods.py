"""Quarters and weeks, such as 2005 Q3 and 2019-W05, as their first day."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

__all__ = ["PERIODS", "find_period", "parse_period"]

PERIODS: Mapping[str, str] = MappingProxyType(
    {
        "%Y Q%q": r"^(?P<year>\d{4})[\s:/-]?[Qq](?P<part>[1-4])$",
        "Q%q %Y": r"^[Qq](?P<part>[1-4])[\s:/'-]{0,2}(?P<year>\d{4})$",
        "%Y:%q": r"^(?P<year>(?:19|20)\d{2})[:.](?P<part>[1-4])$",
        "%G-W%V": r"^(?P<year>\d{4})[\s-]?[Ww](?P<part>\d{2})$",
        "%G-W%V-%u": r"^(?P<year>\d{4})-?[Ww](?P<part>\d{2})-?(?P<day>[1-7])$",
    }
)


def find_period(values: pl.Series) -> str:
    """Find the format of quarters or weeks; empty when the values are neither.

    Parameters
    ----------
    values : polars.Series of String
        Stripped, none missing.

    Examples
    --------
    >>> find_period(pl.Series(["2005Q3", "2006 q1"])), find_period(pl.Series(["2019W05"]))
    ('%Y Q%q', '%G-W%V')
    """
    for format, pattern in PERIODS.items():
        if (~values.str.contains(pattern)).sum() <= len(values) // 1000:
            return format
    return ""


def parse_period(values: pl.Series, format: str) -> pl.Series:
    """Give the first day of quarters or weeks; what is neither is null.

    Parameters
    ----------
    values : polars.Series of String
        Null stays null.
    format : str
        A key of `PERIODS`.

    Returns
    -------
    polars.Series of Datetime("us")

    Examples
    --------
    >>> parse_period(pl.Series(["2005 Q3", "?"]), "%Y Q%q").dt.month().to_list()
    [7, None]
    """
    found = values.str.extract_groups(PERIODS[format]).struct.unnest()
    if "%q" in format:
        month = (found["part"].cast(pl.Int32) * 3 - 2).cast(pl.String).str.zfill(2)
        days = found["year"] + "-" + month + "-01"
        return days.str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
    day = found["day"] if "day" in found.columns else found["part"].str.replace("..", "1")
    days = found["year"] + "-" + found["part"] + "-" + day
    return days.str.to_datetime("%G-%V-%u", time_unit="us", strict=False)
