"""A date written in another form: the same day as the other cells of its column write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

__all__ = ["FORMS", "Redate", "day_of", "restore_redate"]

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip
_PARTS = {
    "yyyy": r"(?P<year>\d{4})",
    "mm": r"(?P<month>\d{2})",
    "m": r"(?P<month>[1-9]|1[0-2])",
    "dd": r"(?P<day>\d{2})",
    "d": r"(?P<day>[1-9]|[12]\d|3[01])",
    "Mon": "(?P<name>" + "|".join(name[:3] for name in _MONTHS) + ")",
    "Month": "(?P<name>" + "|".join(_MONTHS) + ")",
}
_PIECES = re.compile(r"yyyy|Month|Mon|mm|dd|m|d|[^a-zA-Z]+")
_NUMBERED = ("yyyy-mm-dd", "yyyy/mm/dd", "yyyy.mm.dd", "dd.mm.yyyy", "d.m.yyyy", "dd/mm/yyyy",
             "mm/dd/yyyy", "d/m/yyyy", "m/d/yyyy", "dd-mm-yyyy", "mm-dd-yyyy")  # fmt: skip
_NAMED = ("dd Mon yyyy", "d Mon yyyy", "Mon dd, yyyy", "Mon d, yyyy", "dd-Mon-yyyy",
          "dd Month yyyy", "d Month yyyy", "Month dd, yyyy", "Month d, yyyy")  # fmt: skip
FORMS = _NUMBERED + _NAMED
"""How days are written: the year has four digits, or nothing would be certain."""


def day_of(text: str, form: str) -> date | None:
    """Read a day that is written in a form; None where a text is no such thing.

    Examples
    --------
    >>> day_of("03.02.2024", "dd.mm.yyyy"), day_of("31.02.2024", "dd.mm.yyyy")
    (datetime.date(2024, 2, 3), None)
    """
    found = _pattern(form).fullmatch(text) if len(text) <= 20 else None
    if found is None or not text.isascii():
        return None
    parts = found.groupdict()
    name = parts.get("name")
    month = int(parts["month"]) if name is None else _number(name)
    try:
        return date(int(parts["year"]), month, int(parts["day"]))
    except ValueError:
        return None


def _number(name: str) -> int:
    return [one[:3] for one in _MONTHS].index(name[:3]) + 1


@cache
def _pattern(form: str) -> re.Pattern[str]:
    return re.compile("".join(_PARTS.get(one, re.escape(one)) for one in _PIECES.findall(form)))


def _written(day: date, form: str) -> str:
    month = _MONTHS[day.month - 1]
    parts = {
        "yyyy": f"{day.year:04}", "Month": month, "Mon": month[:3],
        "mm": f"{day.month:02}", "m": str(day.month), "dd": f"{day.day:02}", "d": str(day.day),
    }  # fmt: skip
    return "".join(parts.get(one, one) for one in _PIECES.findall(form))


@dataclass(frozen=True)
class Redate:
    """Write days that are in one form in another one.

    Parameters
    ----------
    find, put : str
        Both of `FORMS`.

    Examples
    --------
    >>> rule = Redate("dd.mm.yyyy", "yyyy-mm-dd")
    >>> rule.apply("25.12.2023"), rule.apply("2023-12-25"), rule.apply("99.12.2023")
    ('2023-12-25', None, None)
    """

    find: str
    put: str

    def apply(self, text: str) -> str | None:
        """Give the new text; None where the rule does not fit."""
        day = day_of(text, self.find)
        return None if day is None else _written(day, self.put)

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        return {"how": "date", "find": self.find, "put": self.put}

    def __str__(self) -> str:
        return f"a date written {self.find} is written {self.put}"


def restore_redate(data: Mapping[str, Any]) -> Redate:
    """Read such a rule from plain JSON.

    Raises
    ------
    ValueError
        When it is none.

    Examples
    --------
    >>> rule = Redate("dd Mon yyyy", "yyyy-mm-dd")
    >>> restore_redate(rule.to_json()) == rule
    True
    """
    find, put = data.get("find"), data.get("put")
    if find not in FORMS or put not in FORMS:
        raise ValueError("a date that nobody writes so")
    return Redate(find, put)
