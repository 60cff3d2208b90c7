"""Columns that name their row and say nothing else."""

from __future__ import annotations

import re

import polars as pl

from modelwright.acquire.meaning.hints import (
    says_entity,
    says_id,
    says_person,
    says_phone,
    words_of,
)

__all__ = ["address_id", "are_whole", "code_id", "entity_id", "number_id"]

_LEAST_ROWS = 20
_HEAD = 10_000
_DISTINCT = 0.995
_ROW_NAMES = re.compile(r"|index|row_?names?|unnamed: \d+")
_WHOLE = frozenset(["row", "index", "idx", "no", "nr", "number", "order", "record"])
_ENTITIES = 50  # so many distinct things are rather named than grouped by their key
_ROWS_EACH = 20
_MANY = 500
# Addresses of machines and people: they name, whatever their column is called.
_NAMES: tuple[tuple[str, str], ...] = (
    ("web addresses", r"^(?i:(?:https?|ftp)://\S+|www\.\S+\.\S+|t\.co/\S+)$"),
    ("e-mail addresses", r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"),
    ("UUIDs", r"^\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$"),
    ("hashes", r"^(?:[0-9a-f]{24,128}|[0-9A-F]{24,128})$"),
    ("network addresses",
     r"^(?:\d{1,3}\.){3}\d{1,3}(?:[:/]\d+)?$|^(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$"),
    ("telephone numbers",
     r"^(?:\+\d[\d\s().-]{7,17}|\(\d{3}\)\s?\d{3}-\d{4}|\d{3}-\d{3}-\d{4})(?:\s?x\d+)?$"),
)  # fmt: skip
_PHONE = r"^\+?[\d\s().-]{6,18}$"


def number_id(name: str, raw: pl.Series, numbers: pl.Series) -> str:
    """Say why a column of numbers is an identifier.

    Parameters
    ----------
    name : str
        Of the column.
    raw : polars.Series
        Its values as found: float64 cannot tell long identifiers apart.
    numbers : polars.Series of Float64
        The same values as numbers.

    Returns
    -------
    str
        The evidence; empty when it is none.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.Series(range(1, 31))
    >>> number_id("x", rows, rows.cast(pl.Float64))
    'distinct integers that count the rows'
    """
    filled = len(numbers) - numbers.null_count()
    if filled < _LEAST_ROWS:
        return ""
    # To count what is distinct is dear, so it comes after all that can be said without.
    if _ROW_NAMES.fullmatch(name.strip().lower()) and _many_distinct(raw, 0.9 * filled):
        return "distinct numbers under a name for rows"
    named = _names_rows(name)
    if not (named or _counts(numbers, filled)) or not (
        raw.dtype.is_integer() or are_whole(numbers)
    ):
        return ""
    if not _many_distinct(raw, _DISTINCT * filled):
        return ""
    which = "under a name for identifiers" if named else "that count the rows"
    return f"distinct integers {which}"


def code_id(name: str, values: pl.Series) -> str:
    """Say why a column of text is an identifier; empty when it is none.

    Parameters
    ----------
    name : str
        Of the column.
    values : polars.Series of String
        Clean, none missing.

    Examples
    --------
    >>> import polars as pl
    >>> code_id("x", pl.Series([f"AB-{i}" for i in range(30)]))
    'distinct codes without spaces'
    """
    filled = len(values)
    if filled < _LEAST_ROWS or not _many_distinct(values, _DISTINCT * filled):
        return ""
    if values.str.contains(r"\s").any() and not _one_shape(values):
        return ""
    # "$1,200", "5%" and "8:15" are quantities, though not yet read as such.
    if values.str.contains(r"^[-+]?[$€£]?[\d.,:]+[%$€£]?$").sum() >= 0.9 * filled:
        return ""
    # Names of people and places have no digits; codes nearly always do.
    digits = values.str.contains(r"\d").sum() >= 0.9 * filled
    return "distinct codes without spaces" if digits or _names_rows(name) else ""


def _one_shape(values: pl.Series) -> bool:
    """Tell whether all values have the same pattern of digits and letters, and some digits."""
    some = values.head(1000)
    shapes = some.str.replace_all(r"\d+", "9").str.replace_all(r"[A-Za-z]+", "A").n_unique()
    return shapes <= max(1, len(some) // 100) and bool(some.str.contains(r"\d{2}").all())


def entity_id(name: str, distinct: int, filled: int) -> str:
    """Say why keys that come again name an entity each; empty when they rather group rows.

    Parameters
    ----------
    name : str
        Of the column.
    distinct, filled : int
        How many distinct keys, among how many.

    Examples
    --------
    >>> entity_id("patient_id", 400, 900), entity_id("plot_id", 24, 900)
    ('keys of 400 entities, as the name says', '')
    """
    many = distinct > _MANY and says_id(name) and words_of(name)[-1:] not in (["num"], ["number"])
    if not many and (distinct <= _ENTITIES or not says_entity(name)):
        return ""
    if not many and not says_person(name) and distinct * _ROWS_EACH < filled:
        return ""
    return f"keys of {distinct:,} entities, as the name says"


def address_id(name: str, values: pl.Series) -> str:
    """Say why texts are addresses or other names given by machines; empty when they are not.

    Parameters
    ----------
    name : str
        Of the column.
    values : polars.Series of String
        Distinct and stripped, none missing.

    Examples
    --------
    >>> address_id("x", pl.Series(["a@b.org", "c.d@e.com"]))
    'e-mail addresses'
    """
    if values.is_empty():
        return ""
    for what, pattern in _NAMES:
        if values.str.contains(pattern).sum() >= 0.95 * len(values):
            return what
    if says_phone(name) and values.str.contains(_PHONE).sum() >= 0.95 * len(values):
        return "telephone numbers"
    return ""


def are_whole(numbers: pl.Series) -> bool:
    """Tell whether all numbers are integers; what is missing does not count.

    Examples
    --------
    >>> are_whole(pl.Series([1.0, None])), are_whole(pl.Series([1.0, 1.5]))
    (True, False)
    """
    # Most columns that are not whole say so in their first rows.
    return all(bool((some == some.floor()).all()) for some in (numbers.head(_HEAD), numbers))


def _many_distinct(values: pl.Series, least: float) -> bool:
    """Tell whether so many values are distinct, without looking at all if some say no."""
    room = len(values) - values.null_count() - least  # this many may repeat others
    if values.dtype.is_integer() and not values.null_count() and values.is_sorted():
        ends = values.head(-1), values.tail(-1)
        return int((ends[0] == ends[1]).sum()) <= room
    return all(
        len(some) - some.null_count() - _distinct(some) <= room
        for some in (values.head(len(values) // 8), values)
    )


def _distinct(values: pl.Series) -> int:
    return values.n_unique() - bool(values.null_count())


def _names_rows(name: str) -> bool:
    whole = "".join(words_of(name))
    return says_id(name) or whole in _WHOLE or bool(_ROW_NAMES.fullmatch(name.strip().lower()))


def _counts(numbers: pl.Series, filled: int) -> bool:
    present = numbers.drop_nulls()
    low, high = float(present.min()), float(present.max())  # type: ignore[arg-type]
    if filled / (high - low + 1) <= 0.5:
        return False
    if low <= 1:
        return low >= 0
    years = low >= 1500 and high <= 2200
    return not years and (present.is_sorted() or present.is_sorted(descending=True))
