"""Amounts of money in one column that are not of one currency."""

from __future__ import annotations

from collections import Counter

import polars as pl

from modelwright.acquire.meaning.advice import say_so
from modelwright.acquire.meaning.quantities import (
    Written,
    currency_of,
    find_written,
    is_currency,
    parts_of,
)

__all__ = ["count_currencies", "tell_currencies"]

_MOST = 200  # different words around the digits; amounts have fewer
_SHOWN = 4


def count_currencies(values: pl.Series) -> dict[str, int]:
    """Count the amounts of each currency, the most frequent first.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        As found; what is no amount of money does not count.

    Returns
    -------
    dict of str to int
        By the currency as it is written most; ``$5`` and ``5 USD`` are one.

    Examples
    --------
    >>> count_currencies(pl.Series(["$5", "7 EUR", "$6", "1 USD", "8", None]))
    {'$': 3, 'EUR': 1}
    >>> count_currencies(pl.Series(["$5 CAD", "$6"]))
    {'CAD': 2}
    """
    around = parts_of(values).group_by("before", "after", maintain_order=True).len("rows")
    if around.height > _MOST:
        return {}
    written: dict[str, Counter[str]] = {}
    both: dict[str, str] = {}
    for before, after, rows in around.sort("rows", descending=True, maintain_order=True).rows():
        words = [word for word in (before, after) if word and is_currency(word)]
        if words:
            written.setdefault(currency_of(words[-1]), Counter())[words[-1]] += rows
        if len(words) > 1:
            both[currency_of(words[0])] = currency_of(words[1])  # the "$" of "$5 CAD" means CAD
    for sign, name in both.items():
        if sign in written and name in written and sign != name:
            rows = written.pop(sign).total()
            written[name][written[name].most_common(1)[0][0]] += rows
    each = sorted(written.values(), key=lambda words: -words.total())
    return {words.most_common(1)[0][0]: words.total() for words in each}


def tell_currencies(values: pl.Series, *, are_numbers: bool) -> str:
    """Say that a column holds amounts in several currencies; empty when it does not.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        As found; its name counts.
    are_numbers : bool
        Whether they are read as numbers; else they are read as words.

    Returns
    -------
    str
        A sentence for the user, with what to do.

    Examples
    --------
    >>> print(tell_currencies(pl.Series("fee", ["$5", "$6", "7 EUR"]), are_numbers=True))
    'fee' holds amounts in 2 currencies ($ in 2 rows, EUR in 1), read as if they were one: convert \
them in the file; or, to keep those in $ and take the others for missing, say so: --types \
types.json, a file that holds {"fee": {"kind": "number", "format": "$12"}}, or \
Settings(types={"fee": {"kind": "number", "format": "$12"}})
    """
    found = count_currencies(values)
    if len(found) < 2:
        return ""
    some = list(found.items())
    shown = [f"{name} in {rows:,}" for name, rows in some[:_SHOWN]]
    shown[0] += " rows" if some[0][1] > 1 else " row"
    more = ", and others" if len(some) > _SHOWN else ""
    how = "as if they were one" if are_numbers else "as words, not as numbers"
    told = f"{values.name!r} holds amounts in {len(found)} currencies ({', '.join(shown)}{more})"
    told += f", read {how}: convert them in the file"
    first, rows = some[0]
    if 2 * rows <= sum(found.values()):
        return told + "."
    only = {values.name: {"kind": "number", "format": _format(values, first)}}
    cure = f"to keep those in {first} and take the others for missing, {say_so(only)}"
    return f"{told}; or, {cure}"


def _format(values: pl.Series, currency: str) -> str:
    """Write an example of an amount in a currency, as those of the column are written."""
    parts = parts_of(values)
    words = {*parts["before"].unique(), *parts["after"].unique()}
    money = [word for word in words if is_currency(word)]
    own = [word for word in money if currency_of(word) == currency_of(currency)]
    others = [word for word in money if word not in own]
    before, after = parts["before"], parts["after"]
    kept = (before.is_in(own) | after.is_in(own)) & ~(before.is_in(others) | after.is_in(others))
    amounts = values.filter(kept)
    written = find_written(amounts.unique(maintain_order=True))[0]
    return (written or Written(before=currency)).example()
