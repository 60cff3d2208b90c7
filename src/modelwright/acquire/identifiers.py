"""Columns that name their row and say nothing else."""

from __future__ import annotations

import re

import polars as pl

__all__ = ["code_id", "number_id"]

_LEAST_ROWS = 20
_DISTINCT = 0.995
_ROW_NAMES = re.compile(r"|index|row_?names?|unnamed: \d+")
_WHOLE = frozenset(["row", "index", "idx", "no", "nr", "number", "order", "record"])
_LAST = frozenset(["id", "ids", "idx", "no", "nr", "number", "key", "uid", "uuid", "guid", "pid"])
# English words in "id" that count something; every other word in "id" is likelier an identifier.
_NOT_IDS = frozenset(
    [
        "acid",
        "aid",
        "amid",
        "avoid",
        "bid",
        "covid",
        "fluid",
        "grid",
        "humid",
        "hybrid",
        "kid",
        "laid",
        "lipid",
        "liquid",
        "mid",
        "paid",
        "raid",
        "rapid",
        "said",
        "solid",
        "unpaid",
        "valid",
        "void",
    ]
)


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
    distinct = _distinct(raw) / filled
    if distinct >= 0.9 and _ROW_NAMES.fullmatch(name.strip().lower()):
        return "distinct numbers under a name for rows"
    if distinct < _DISTINCT or not bool((numbers == numbers.floor()).all()):
        return ""
    if _names_rows(name):
        return "distinct integers under a name for identifiers"
    return "distinct integers that count the rows" if _counts(name, numbers, filled) else ""


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
    if filled < _LEAST_ROWS or _distinct(values) < _DISTINCT * filled:
        return ""
    if values.str.contains(r"\s").any():
        return ""
    # "$1,200", "5%" and "8:15" are quantities, though not yet read as such.
    if values.str.contains(r"^[-+]?[$€£]?[\d.,:]+[%$€£]?$").sum() >= 0.9 * filled:
        return ""
    # Names of people and places have no digits; codes nearly always do.
    digits = values.str.contains(r"\d").sum() >= 0.9 * filled
    return "distinct codes without spaces" if digits or _names_rows(name) else ""


def _distinct(values: pl.Series) -> int:
    return values.n_unique() - bool(values.null_count())


def _names_rows(name: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.findall(r"[a-z]+", spaced.lower())
    if not words:
        return not name.strip()
    whole = "".join(words)
    if whole in _WHOLE or _ROW_NAMES.fullmatch(name.strip().lower()):
        return True
    # "invoice no", "user_id", "id_str"; but not "number of rooms".
    if words[-1] in _LAST or "id" in words:
        return True
    return words[-1].endswith("id") and words[-1] not in _NOT_IDS


def _counts(name: str, numbers: pl.Series, filled: int) -> bool:
    present = numbers.drop_nulls()
    values = present.to_numpy()
    low, high = float(values.min()), float(values.max())
    if filled / (high - low + 1) <= 0.5:
        return False
    if low <= 1:
        return low >= 0
    years = low >= 1500 and high <= 2200
    return not years and (present.is_sorted() or present.is_sorted(descending=True))
