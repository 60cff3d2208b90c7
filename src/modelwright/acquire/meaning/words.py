"""Words that mean "missing", "true" and "false" in ordinary files."""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from modelwright.core.schema import Kind
from modelwright.core.table import FEW

__all__ = ["FALSE_WORDS", "PARTS", "TRUE_WORDS", "clean", "condense", "hide", "strip", "true_word"]

# Between the word that means true and the one that means false.
PARTS = " / "
_FEW_WORDS = 6

_MISSING = frozenset(
    ["", "?", "??", "--", "---", "NA", "N/A", "n/a", "N/a", "N.A.", "n.a.", "<NA>", "#N/A", "#NA",
     "NaN", "nan", "NAN", "-nan", "-NaN", "NaT", "NULL", "null", "Null", "(null)", "(NULL)",
     "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "1.#IND", "-1.#IND", "1.#QNAN",
     "-1.#QNAN", "undefined", "missing", "Missing", "MISSING", "not available", "Not available",
     "Not Available", "NOT AVAILABLE"]
)  # fmt: skip
# "+" and "-" are a common pair of labels, so a sign alone is no category's missing value.
_SIGNS = frozenset(["-", "."])
# These are answers in many surveys, so they are missing only beside numbers or dates.
_NONE = frozenset(
    ["None", "none", "NONE", "na", "Na", "nil", "Nil", "NIL", "unknown", "Unknown", "UNKNOWN"]
)
_NO_DAY = frozenset(["0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "0"])
_MARKERS = {
    Kind.NUMBER: _MISSING | _SIGNS | _NONE,
    Kind.DATETIME: _MISSING | _SIGNS | _NONE | _NO_DAY,
    Kind.CATEGORY: _MISSING,
    Kind.BOOLEAN: _MISSING | _SIGNS,
    Kind.TEXT: _MISSING | _SIGNS,
    Kind.ID: _MISSING | _SIGNS,
    Kind.LIST: _MISSING | _SIGNS,
    Kind.GEO: _MISSING | _SIGNS | _NONE,
    Kind.IMAGE: _MISSING,
}
_PAIRS = (
    ("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"), ("on", "off"), ("ja", "nein"),
    ("oui", "non"), ("si", "no"), ("sí", "no"), ("present", "absent"), ("positive", "negative"),
    ("pass", "fail"), ("passed", "failed"), ("success", "failure"), ("enabled", "disabled"),
    ("checked", "unchecked"), ("wahr", "falsch"), ("vrai", "faux"), ("verdadero", "falso"),
    ("verdadeiro", "falso"), ("vero", "falso"), ("sim", "não"), ("sim", "nao"), ("да", "нет"),
)  # fmt: skip
# Spellings of one answer, that may stand in one column.
_YES = frozenset(["true", "t", "yes", "y", "1"])
_NO = frozenset(["false", "f", "no", "n", "0"])
_NEGATION = re.compile(r"^(?:no|not|non|without|un)[\s_-]+(?:an? )?(.+)$")
TRUE_WORDS = frozenset(true for true, _ in _PAIRS)
FALSE_WORDS = frozenset(false for _, false in _PAIRS)


def strip(values: pl.Series) -> pl.Series:
    """Strip outer whitespace from text."""
    return values.str.strip_chars()  # quicker than to look whether there is any


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
    text, markers = strip(values), _MARKERS[kind]
    if len(text) <= FEW:  # to make a set of markers for Polars takes longer than to look
        marked = pl.Series([cell in markers for cell in text], dtype=pl.Boolean)
    else:
        marked = text.is_in(list(markers))
    return text.set(marked, None) if marked.any() else text


def condense(values: pl.Series, sample: pl.Series) -> pl.Series:
    """Keep each value once where the sample says that most come again, gaps aside; else keep all.

    What holds for every distinct value holds for every row, and there are far fewer of them.

    Parameters
    ----------
    values, sample : polars.Series of String
        A column, and some of it when it is long.

    Examples
    --------
    >>> import polars as pl
    >>> condense(pl.Series(["a", "b"] * 500), pl.Series(["a", "b"] * 5)).sort().to_list()
    ['a', 'b']
    >>> condense(pl.Series(["a", "b", "b"]), pl.Series(["a", "b", "b"])).to_list()
    ['a', 'b', 'b']
    """
    if len(sample) == len(values):
        return values
    known = clean(sample, Kind.ID).drop_nulls()  # that gaps come again says nothing of the others
    if 2 * known.n_unique() > len(known):
        return values
    some = sample.drop_nulls().unique()
    # A few words are compared sooner than a table of all words is made.
    few = len(some) <= _FEW_WORDS
    if few and sum(int((values == word).sum()) for word in some) == len(values):
        return some
    return values.unique()


def hide(values: pl.Series, missing: Collection[str]) -> pl.Series:
    """Make values null that mean "missing" in this column.

    Parameters
    ----------
    values : polars.Series, shape (n_rows,)
        Text, numbers, booleans or dates.
    missing : collection of str
        As text; what is a number is also found in another spelling, as 999 in "999.0".

    Examples
    --------
    >>> hide(pl.Series([" x", "999.0", "1"]), ["x", "999"]).to_list()
    [None, None, '1']
    >>> hide(pl.Series([999, 1]), ["999"]).to_list()
    [None, 1]
    """
    if not missing:
        return values
    wanted = pl.Series(list(missing), dtype=pl.String)
    text = strip(values) if values.dtype == pl.String else values.cast(pl.String)
    found = text.is_in(wanted.implode())
    amounts = wanted.cast(pl.Float64, strict=False).drop_nulls()
    if len(amounts) and (values.dtype == pl.String or values.dtype.is_numeric()):
        numbers = values.cast(pl.Float64, strict=False)
        found |= numbers.is_in(amounts.implode()).fill_null(value=False)
    return values.set(found.fill_null(value=False), None)


def true_word(words: set[str]) -> str | None:
    """Find the word that means true, when these case-folded words are booleans.

    Examples
    --------
    >>> true_word({"no", "yes"})
    'yes'
    >>> true_word({"yes", "y", "no", "n"})
    'yes'
    >>> true_word({"smoker", "non-smoker"})
    'smoker / non-smoker'
    >>> true_word({"yes", "false"}) is None
    True
    """
    if len(words) == 2:
        pair = next((true for true, false in _PAIRS if words == {true, false}), None)
        return pair or _negated(*words)
    both = words <= _YES | _NO and words & _YES and words & _NO and not words <= {"0", "1"}
    return "yes" if both else None


def _negated(one: str, other: str) -> str | None:
    for true, false in ((one, other), (other, one)):
        found = _NEGATION.match(false)
        if found and found[1] == true:
            return f"{true}{PARTS}{false}"
    return None
