"""Words that mean "missing", "true" and "false" in ordinary files."""

from __future__ import annotations

import polars as pl

from modelwright.core.schema import Kind

__all__ = ["FALSE_WORDS", "TRUE_WORDS", "clean", "strip", "true_word"]

_MISSING = frozenset(
    ["", "?", "NA", "N/A", "n/a", "<NA>", "#N/A", "NaN", "nan", "NaT", "NULL", "null"]
)
# "+" and "-" are a common pair of labels, so a sign alone is no category's missing value.
_SIGNS = frozenset(["-", "."])
# "None" is an answer in many surveys, so it is missing only beside numbers or dates.
_NONE = frozenset(["None", "none"])
_MARKERS = {
    Kind.NUMBER: _MISSING | _SIGNS | _NONE,
    Kind.DATETIME: _MISSING | _SIGNS | _NONE,
    Kind.CATEGORY: _MISSING,
    Kind.BOOLEAN: _MISSING | _SIGNS,
    Kind.TEXT: _MISSING | _SIGNS,
    Kind.ID: _MISSING | _SIGNS,
}
_PAIRS = (("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"))
TRUE_WORDS = frozenset(true for true, _ in _PAIRS)
FALSE_WORDS = frozenset(false for _, false in _PAIRS)


def strip(values: pl.Series) -> pl.Series:
    """Strip outer whitespace from text, at no cost when there is none."""
    padded = values.str.contains(r"^\s|\s$").any()
    return values.str.strip_chars() if padded else values


def clean(values: pl.Series, kind: Kind) -> pl.Series:
    """Strip text and make the missing-value markers of a kind null.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        As found.
    kind : Kind
        What the other values mean: "-" is missing beside numbers, and a label beside "+".

    Examples
    --------
    >>> import polars as pl
    >>> clean(pl.Series([" + ", "-", " NA"]), Kind.CATEGORY).to_list()
    ['+', '-', None]
    >>> clean(pl.Series([" 1 ", "-", " NA"]), Kind.NUMBER).to_list()
    ['1', None, None]
    """
    text = strip(values)
    marked = text.is_in(list(_MARKERS[kind]))
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
