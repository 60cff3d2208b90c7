"""Names of months and days in German, French and Spanish, as English writes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

__all__ = ["in_english"]

# Those that English shares (April, August, Sep) are left out: they are read as they are.
_MONTHS: Mapping[str, str] = MappingProxyType(
    {
        "January": "januar jänner janvier enero", "Jan": "jän janv ene",
        "February": "februar feber février fevrier febrero", "Feb": "févr fevr fév",
        "March": "märz maerz mars marzo", "Mar": "mär mrz",
        "April": "avril abril", "Apr": "avr abr",
        "May": "mai mayo", "June": "juni juin junio",
        "July": "juli juillet julio", "Jul": "juil",
        "August": "août aout agosto", "Aug": "ago",
        "September": "septembre septiembre setiembre",
        "October": "oktober octobre octubre", "Oct": "okt",
        "November": "novembre noviembre",
        "December": "dezember décembre decembre diciembre", "Dec": "dez déc dic",
    }
)  # fmt: skip
_ENGLISH = {name: month for month, names in _MONTHS.items() for name in names.split()}
_MONTH = "|".join(sorted(_ENGLISH, key=len, reverse=True))
_DAY = (
    r"(?i)^(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado|domingo)[.,]?\s+"
)
_NTH = r"^(\d{1,2})(?:\.|er|º|ro)\s+"
_OF = r"(?i)\s+del?\s+"
_AT = r"(?i)(\d{4}),?\s+(?:um|à|a las)\s+(\d)"
_CLOCK = r"(?i)(\d{1,2})[h:](\d{2})(?:\s*Uhr)?$"
_DATE = rf"(?i)^(?P<before>.*?)\b(?P<month>{_MONTH})\b(?P<after>.*)$"
_SPOKEN = rf"{_DAY}|{_NTH}|\b(?:{_MONTH})\b|\s+del?\s+"


def in_english(values: pl.Series) -> pl.Series:
    """Write dates as English does; what holds no such name stays as it is.

    Parameters
    ----------
    values : polars.Series of String
        Null stays null.

    Examples
    --------
    >>> dates = ["Montag, 3. März 2021", "1er août 2021 à 14h35", "3 de abril de 2021", "3 May"]
    >>> in_english(pl.Series(dates)).to_list()
    ['3 March 2021', '1 August 2021 14:35', '3 April 2021', '3 May']
    """
    if not values.str.contains(_SPOKEN).any():
        return values
    text = values.str.replace(_DAY, "").str.replace(_NTH, "${1} ").str.replace_all(_OF, " ")
    text = text.str.replace(_AT, "${1} ${2}").str.replace(_CLOCK, "${1}:${2}")
    found = text.str.extract_groups(_DATE).struct.unnest()
    month = found["month"].str.to_lowercase().replace_strict(
        _ENGLISH, default=None, return_dtype=pl.String
    )  # fmt: skip
    named = (found["before"] + month + found["after"]).alias("named")
    return pl.select(pl.coalesce(named, text)).to_series().alias(values.name)
