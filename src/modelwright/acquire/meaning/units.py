"""Measurements in one column that are not in one unit."""

from __future__ import annotations

from collections import Counter

import polars as pl

from modelwright.acquire.meaning.advice import say_so
from modelwright.acquire.meaning.quantities import Written, find_written, is_currency, parts_of
from modelwright.core.units import unit_of, unit_word

__all__ = ["count_units", "is_measured", "tell_units"]

_MOST = 200  # different words behind the digits; measurements have fewer
_SHOWN = 4

_NUMBERS = r"\d+(?:[.,]\d+)*"
_WORD = r"[\p{L}°]+|[\p{Sc}%'\"]"
# Between the numbers of one measurement: 30 x 40 cm, 5 to 7 kg.
_BETWEEN = frozenset(["x", "by", "to", "and", "about", "ca", "approx", "k"])
_SIGNS = frozenset(["%", "'", '"'])
_MEASURED = 0.9
_LOOKED_AT = 2_000


def count_units(values: pl.Series) -> dict[str, int]:
    """Count the measurements in each unit, the most frequent first.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        As found; what has no unit that is known does not count.

    Returns
    -------
    dict of str to int
        By the unit as it is written most; ``lb`` and ``lbs`` are one.

    Examples
    --------
    >>> count_units(pl.Series(["70 kg", "154 lb", "81kg", "150 lbs", "66 Kg", "9", None]))
    {'kg': 3, 'lb': 2}
    """
    around = parts_of(values, scales=False).group_by("after", maintain_order=True).len("rows")
    if around.height > _MOST:
        return {}
    written: dict[str, Counter[str]] = {}
    for word, rows in around.sort("rows", descending=True, maintain_order=True).rows():
        if _kind(word):
            written.setdefault(unit_word(word), Counter())[word] += rows
    each = sorted(written.values(), key=lambda words: -words.total())
    return {words.most_common(1)[0][0]: words.total() for words in each}


def tell_units(values: pl.Series) -> str:
    """Say that a column holds measurements in several units of one kind; empty when it does not.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        As found, and read as words; its name counts.

    Returns
    -------
    str
        A sentence for the user, with what to do.

    Examples
    --------
    >>> print(tell_units(pl.Series("weight", ["70 kg", "81 kg", "154 lb"])))
    'weight' holds measurements in 2 units (kg in 2 rows, lb in 1), read as words, not as numbers: \
convert them in the file (modelwright clean FILE --out OUT does so); or, to keep those in kg and \
take the others for missing, say so: --types types.json, a file that holds {"weight": {"kind": \
"number", "format": "12 kg"}}, or Settings(types={"weight": {"kind": "number", "format": "12 kg"}})
    """
    found = count_units(values)
    kinds = Counter(_kind(unit) for unit in found)
    # minutes and seasons are different things; letters alone may name flats
    if not kinds or kinds.most_common(1)[0][1] < 2 or all(len(unit) == 1 for unit in found):
        return ""
    some = list(found.items())
    shown = [f"{name} in {rows:,}" for name, rows in some[:_SHOWN]]
    shown[0] += " rows" if some[0][1] > 1 else " row"
    more = ", and others" if len(some) > _SHOWN else ""
    told = (
        f"{values.name!r} holds measurements in {len(found)} units ({', '.join(shown)}{more}), read"
        " as words, not as numbers: convert them in the file"
    )
    first, rows = some[0]
    if 2 * rows <= sum(found.values()):
        return told + "."
    if all(_converts(unit, first) for unit in found):
        told += " (modelwright clean FILE --out OUT does so)"
    only = {values.name: {"kind": "number", "format": _format(values, first)}}
    return f"{told}; or, to keep those in {first} and take the others for missing, {say_so(only)}"


def is_measured(values: pl.Series) -> bool:
    """Tell whether nearly all texts are numbers with units or currencies and nothing else.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        As found.

    Examples
    --------
    >>> is_measured(pl.Series(["70 kg", "154 lb"])), is_measured(pl.Series(["30 x 40 cm", "€5"]))
    (True, True)
    >>> is_measured(pl.Series(["70/12", "box 7, 3 kg"])), is_measured(pl.Series(["17b", "12c"]))
    (False, False)
    """
    some = values.drop_nulls().unique(maintain_order=True).head(_LOOKED_AT)
    words = some.str.replace_all(_NUMBERS, " ").str.extract_all(_WORD)
    units = {word for word in words.explode().drop_nulls().unique().to_list() if _is_unit(word)}
    # letters alone may name flats
    if not len(some) or all(len(unit) == 1 and unit.isalpha() for unit in units):
        return False
    known = units | _BETWEEN
    right = [any(w in units for w in row) and all(w in known for w in row) for row in words]
    return sum(right) >= _MEASURED * len(some)


def _is_unit(word: str) -> bool:
    return bool(_kind(word)) or word in _SIGNS or is_currency(word)


def _kind(unit: str) -> str:
    """Say what a unit measures; empty for a word that is none."""
    known = unit_of(unit)
    return "" if known is None else known.kind


def _converts(unit: str, other: str) -> bool:
    """Tell whether measurements in a unit can be given in another one."""
    one, two = unit_of(unit), unit_of(other)
    return bool(one and two and one.to(two))


def _format(values: pl.Series, unit: str) -> str:
    """Write an example of a measurement in a unit, as those of the column are written."""
    after = parts_of(values, scales=False)["after"]
    own = [word for word in after.unique() if unit_word(word) == unit_word(unit)]
    written = find_written(values.filter(after.is_in(own)).unique(maintain_order=True))[0]
    return (written or Written(after=unit)).example()
