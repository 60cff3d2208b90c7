"""Words that mean "missing", "true" and "false" in ordinary files."""

from __future__ import annotations

import polars as pl

__all__ = ["FALSE_WORDS", "NONE_WORDS", "TRUE_WORDS", "clean", "strip", "true_word"]

_MISSING = frozenset(
    ["", "?", "NA", "N/A", "n/a", "<NA>", "#N/A", "NaN", "nan", "NaT", "NULL", "null", "-", "."]
)
# "None" is an answer in many surveys, so it is missing only beside numbers or dates.
NONE_WORDS = ("None", "none")
_PAIRS = (("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"))
TRUE_WORDS = frozenset(true for true, _ in _PAIRS)
FALSE_WORDS = frozenset(false for _, false in _PAIRS)


def strip(values: pl.Series) -> pl.Series:
    """Strip outer whitespace from text, at no cost when there is none."""
    padded = values.str.contains(r"^\s|\s$").any()
    return values.str.strip_chars() if padded else values


def clean(values: pl.Series) -> pl.Series:
    """Strip text and make missing-value markers null.

    Examples
    --------
    >>> import polars as pl
    >>> clean(pl.Series([" a ", "?", " NA"])).to_list()
    ['a', None, None]
    """
    text = strip(values)
    marked = text.is_in(list(_MISSING))
    return text.set(marked, None) if marked.any() else text


def true_word(words: set[str]) -> str | None:
    """Find the word that means true, when these case-folded words are one pair of booleans.

    Examples
    --------
    >>> true_word({"no", "yes"})
    'yes'
    >>> true_word({"yes", "false"}) is None
    True
    """
    return next((true for true, false in _PAIRS if words == {true, false}), None)
