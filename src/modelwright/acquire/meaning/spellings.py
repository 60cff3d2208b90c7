"""Labels that differ only by case or blanks, such as "Male", "male" and "MALE "."""

from __future__ import annotations

import re

import polars as pl

from modelwright.acquire.meaning.advice import say_so

__all__ = ["ANY_CASE", "AS_WRITTEN", "find_spellings", "folded"]

ANY_CASE = "any case"
"""The format of a category whose labels are read in lower case, with single blanks."""

AS_WRITTEN = "as written"
"""The format of a category whose labels are names, such as folders: blanks and ".0" count."""

_WORD = 3  # letters; in a shorter label case may mean something, as in mW and MW, or A and a


def folded(labels: pl.Series) -> pl.Series:
    """Write labels in lower case, with single blanks.

    Examples
    --------
    >>> folded(pl.Series(["New  York", None])).to_list()
    ['new york', None]
    """
    text = labels.str.to_lowercase()
    return text.str.replace_all(r"\s+", " ") if text.str.contains(r"\s\s|[^\S ]").any() else text


def find_spellings(name: str, labels: pl.Series) -> tuple[str, str]:
    """Find labels that are spellings of one word.

    Parameters
    ----------
    name : str
        Of the column.
    labels : polars.Series of String
        Distinct and stripped, none missing.

    Returns
    -------
    format : str
        `ANY_CASE` when words are among them, else empty: short labels alone stay apart.
    note : str
        A sentence for the user; empty when every label is spelled in one way.

    Examples
    --------
    >>> print(find_spellings("sex", pl.Series(["Male", "male", "Female"]))[1])
    Labels of 'sex' that differ only by case or blanks, such as 'Male' and 'male', \
are read as one: if they mean different things, say so: --types types.json, \
a file that holds {"sex": "category"}, or Settings(types={"sex": "category"})
    """
    plain = folded(labels)
    twins = plain.filter(plain.is_duplicated())
    if not len(twins):
        return "", ""
    words = twins.filter(twins.str.count_matches(r"\p{L}") >= _WORD)
    example = (words if len(words) else twins).min()
    one, other, *_ = map(_shown, labels.filter(plain == example).sort())
    what = f"Labels of {name!r} that differ only by case or blanks, such as {one!r} and {other!r}, "
    if len(words):
        advice = say_so({name: "category"})
        return ANY_CASE, f"{what}are read as one: if they mean different things, {advice}"
    advice = say_so({name: {"format": ANY_CASE}})
    return "", f"{what}are kept apart: if they mean the same, {advice}"


def _shown(label: str) -> str:
    """Make blanks visible that a page or a reader would take for one."""
    return re.sub(r"\s\s+|[^\S ]", lambda blanks: "␣" * len(blanks.group()), label)
