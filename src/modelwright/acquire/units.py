"""Measurements in one column that are not in one unit."""

from __future__ import annotations

from collections import Counter

import polars as pl

from modelwright.acquire.advice import say_so
from modelwright.acquire.quantities import Written, find_written, parts_of
from modelwright.core.units import unit_of, unit_word

__all__ = ["count_units", "tell_units"]

_MOST = 200  # different words behind the digits; measurements have fewer
_SHOWN = 4


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
