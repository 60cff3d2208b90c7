"""Guesses written the way the values of their column are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from modelwright.core.schema import Kind

__all__ = ["Writing", "restore_writing", "writing_of"]

_LOOKED = 500
_ENOUGH = 0.5
_PARTS = re.compile(r"^(?P<before>\D*?)-?(?P<digits>\d(?:[\d.,'\u2019\u00a0 ]*\d)?)(?P<after>\D*)$")
# What stands between thousands, and before the decimals.
_MARKS = (("", "."), (",", "."), (".", ","), ("", ","), ("'", "."), ("\u00a0", ","), (" ", ","))
_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y%m%d", "%m/%d/%y",
    "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y", "%Y-%m",
)  # fmt: skip
_MOST_PLACES = 15


@dataclass(frozen=True)
class Writing:
    """How the values of a column are written.

    Parameters
    ----------
    kind : Kind
        What they are.
    before, after : str
        What stands beside a number.
    group, decimal : str
        What stands between the thousands and before the decimals of a number.
    places : int
        How many decimals a number has.
    format : str
        How a date is written, as for `strftime`.
    words : mapping of str to str
        How each level, or truth value (true and false), is written.

    Examples
    --------
    >>> Writing(Kind.NUMBER, after=" €", group=".", decimal=",", places=2).write(1234.5)
    '1.234,50 €'
    """

    kind: Kind
    before: str = ""
    after: str = ""
    group: str = ""
    decimal: str = "."
    places: int = 0
    format: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def write(self, value: Any) -> str | None:
        """Give a value as text; None for a level that nobody has written."""
        if self.kind is Kind.NUMBER:
            return f"{self._sign(value)}{self.before}{self.digits(value)}{self.after}"
        if self.kind is Kind.DATETIME:
            return str(value.strftime(self.format))
        return self.words.get(str(value).lower() if self.kind is Kind.BOOLEAN else str(value))

    def _sign(self, value: float) -> str:
        return "-" if round(value, self.places) < 0 else ""

    def digits(self, value: float) -> str:
        """Give the digits of a number, without sign and unit."""
        marks = {",": self.group, ".": self.decimal}
        plain = f"{abs(value):,.{self.places}f}"
        return "".join(marks.get(letter, letter) for letter in plain)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "kind": self.kind.value,
            "before": self.before,
            "after": self.after,
            "group": self.group,
            "decimal": self.decimal,
            "places": self.places,
            "format": self.format,
            "words": dict(self.words),
        }


def writing_of(texts: pl.Series, values: pl.Series, kind: Kind) -> Writing | None:
    """Find out how a column is written.

    Parameters
    ----------
    texts : polars.Series of String, shape (n_rows,)
        As they stand.
    values : polars.Series, shape (n_rows,)
        What they mean.
    kind : Kind
        What they are.

    Returns
    -------
    Writing or None
        None where numbers or dates are written in ways of which none would give half of them back.

    Examples
    --------
    >>> texts = pl.Series(["$1,200", "$80", "$7"])
    >>> writing_of(texts, pl.Series([1200.0, 80.0, 7.0]), Kind.NUMBER).write(1000.4)
    '$1,000'
    """
    known = pl.DataFrame({"text": texts, "value": values}).drop_nulls()
    if kind in (Kind.BOOLEAN, Kind.CATEGORY):
        counted = (
            known.group_by("value", "text").len().sort("len", "text", descending=[True, False])
        )
        words: dict[str, str] = {}
        for value, text, _ in counted.rows():
            words.setdefault(str(value).lower() if kind is Kind.BOOLEAN else str(value), text)
        return Writing(kind, words=words)
    rows = known.head(_LOOKED).rows()
    if kind is Kind.NUMBER:
        return _number(rows)
    return _date(rows)


def _number(rows: list[tuple[str, float]]) -> Writing | None:
    matched = [(value, _PARTS.match(text.strip())) for text, value in rows]
    best: list[Writing] = []
    for group, decimal in _MARKS:
        found = (_fitting(value, parts, group, decimal) for value, parts in matched)
        fits = [one for one in found if one is not None]
        if len(fits) > len(best):
            best = fits
    if not best or len(best) < _ENOUGH * len(rows):
        return None
    before, after = Counter((one.before, one.after) for one in best).most_common(1)[0][0]
    places = Counter(one.places for one in best).most_common(1)[0][0]
    return replace(best[0], before=before, after=after, places=places)


def _fitting(value: float, parts: re.Match[str] | None, group: str, decimal: str) -> Writing | None:
    """Write a number with these marks, if that gives its digits back."""
    if parts is None:
        return None
    digits = parts["digits"]
    places = len(digits.rpartition(decimal)[2]) if decimal in digits else 0
    beside = parts["before"], parts["after"]
    one = Writing(Kind.NUMBER, *beside, group, decimal, min(places, _MOST_PLACES))
    return one if one.digits(value) == digits else None


def _date(rows: list[tuple[str, datetime]]) -> Writing | None:
    counts = {
        format: sum(value.strftime(format) == text.strip() for text, value in rows)
        for format in _DATES
    }
    best = max(counts, key=lambda format: counts[format], default="")
    return Writing(Kind.DATETIME, format=best) if counts.get(best) else None


def restore_writing(data: Mapping[str, Any]) -> Writing:
    """Read it from plain JSON.

    Raises
    ------
    ValueError, TypeError, KeyError
        When it is none.
    """
    texts = {key: data[key] for key in ("before", "after", "group", "decimal", "format")}
    words = data["words"]
    if not all(isinstance(one, str) for one in (*texts.values(), *words, *words.values())):
        raise ValueError("no text in how a column is written")
    places = data["places"]
    if isinstance(places, bool) or not isinstance(places, int) or not 0 <= places <= _MOST_PLACES:
        raise ValueError("decimals that are no small number")
    kind = Kind(data["kind"])
    if kind is Kind.DATETIME and texts["format"] not in _DATES:
        raise ValueError("a date written in an unknown way")
    return Writing(kind, places=places, words=dict(words), **texts)
