"""Repairs that may help a model, found without a look at any answer.

Each kind is a set of rules that look at one row alone. They are cautious: only what is plain in the
table is offered, and whoever fits a model asks held-out rows before he takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded, code_table
from modelwright.clean.dependencies import Dependency, dependencies, group_codes
from modelwright.clean.detectors.disguised import MARKERS, SENTINELS
from modelwright.clean.detectors.spelling import plain_forms
from modelwright.clean.detectors.typos import near_frequent
from modelwright.clean.numbers import Numbers, numbers_of
from modelwright.clean.recipes.mends import Given, Mends, Names, New

__all__ = ["Offer", "offers"]

_MOST_LEVELS = 5_000
_AGAIN = 1.5  # how often a value of a category stands there on average, at least
_ALIKE = 0.8
_TIMES = 12.0
_LETTERS = 5
_SETTLED = 0.9
_WITNESSES = 4
_AGREED = 0.8
_GROUPS = 20_000
_FILLED = 0.5  # of its gaps, a column has to have so many that others settle
_RARE = 0.2
_WIDE = 30  # with more columns it would take too long to find what settles what
_WHOLE = re.compile(r"-?\d+")
_SENTINEL = 3  # so often a number stands there that means missing


@dataclass(frozen=True)
class Offer:
    """One kind of repair.

    Parameters
    ----------
    kind : str
        Which, in plain words.
    mends : tuple of Mends
        Rules, at most one set for each column.
    """

    kind: str
    mends: tuple[Mends, ...]


def offers(cells: pl.DataFrame) -> tuple[Offer, ...]:
    """Find repairs that a table plainly asks for.

    Parameters
    ----------
    cells : polars.DataFrame, shape (rows, columns)
        Text, without the column of the answers.

    Returns
    -------
    tuple of Offer
        Nothing of a kind that finds nothing.

    Examples
    --------
    >>> towns = ["Frankfurt", "Kassel"] * 30 + ["Frankfxrt", "KASSEL"]
    >>> (one,) = offers(pl.DataFrame({"town": towns}))
    >>> one.kind, {old: new.value for old, new in one.mends[0].values.items()}
    ('spellings joined', {'KASSEL': 'Kassel', 'Frankfxrt': 'Frankfurt'})
    """
    coded = code_table(cells)
    numbers = [numbers_of(coded, place) for place in range(len(coded.columns))]
    settled = _settled(coded, numbers)
    found = (
        Offer("spellings joined", tuple(_spellings(coded, numbers))),
        Offer("values that mean missing emptied", tuple(_disguised(coded, numbers))),
        Offer("gaps filled by what other columns settle", tuple(_filled(coded, settled))),
        Offer("values mended by what other columns settle", tuple(_outvoted(coded, settled))),
    )
    return tuple(one for one in found if one.mends)


def _spellings(coded: Coded, numbers: list[Numbers | None]) -> Iterator[Mends]:
    for place, name in enumerate(coded.columns):
        values, counts = coded.values[place], coded.counts[place]
        few = 1 < len(values) <= _MOST_LEVELS and coded.known(place) >= _AGAIN * len(values)
        if numbers[place] is not None or not few:
            continue
        rules = _variants(values, counts)
        rules |= {old: new for old, new in _slips(values, counts).items() if old not in rules}
        ends = {old: _end(old, rules) for old in rules}
        rules = {old: New(ends[old], rules[old].why, rules[old].confidence) for old in rules}
        if rules:
            yield Mends(name, values=rules)


def _end(old: str, rules: dict[str, New]) -> str:
    """Follow a rule to a value that stays; each leads to a more frequent one, so it ends."""
    value = old
    while value in rules:
        value = rules[value].value or ""
    return value


def _variants(values: pl.Series, counts: NDArray[np.int64]) -> dict[str, New]:
    """Join values that differ in case, blanks and punctuation only with the most frequent one."""
    frame = pl.DataFrame({"value": values, "form": plain_forms(values), "count": counts})
    frame = frame.filter(frame["form"] != "").sort(["count", "value"], descending=[True, False])
    first = frame.unique("form", keep="first", maintain_order=True)
    joined = frame.join(first, on="form", suffix=" first")
    rare = joined.filter(
        (pl.col("value") != pl.col("value first"))
        & (pl.col("count") <= _RARE * pl.col("count first"))
    )
    pairs = rare.select("value", "value first").rows()
    return {old: New(new, "the same word, written otherwise", 0.95) for old, new in pairs}


def _slips(values: pl.Series, counts: NDArray[np.int64]) -> dict[str, New]:
    """Join rare values with a frequent one that is nearly the same."""
    texts = values.to_list()
    near = near_frequent(texts, counts)
    sure = (near.place >= 0) & (near.alike >= _ALIKE) & (near.times >= _TIMES)
    found = {}
    for i in np.flatnonzero(sure).tolist():
        old, new = texts[i], texts[int(near.place[i])]
        letters = min(sum(map(str.isalpha, old)), sum(map(str.isalpha, new)))
        if letters >= _LETTERS and _same_digits(old, new):
            found[old] = New(new, "nearly a frequent value", round(float(near.alike[i]), 4))
    return found


def _same_digits(one: str, other: str) -> bool:
    """Codes and numbers that differ are different things, however alike they are."""
    return [c for c in one if c.isdigit()] == [c for c in other if c.isdigit()]


def _disguised(coded: Coded, numbers: list[Numbers | None]) -> Iterator[Mends]:
    for place, name in enumerate(coded.columns):
        values, counts = coded.values[place], coded.counts[place]
        rules = {}
        words = values.str.strip_chars().str.to_lowercase().is_in(list(MARKERS))
        for text in values.filter(words).to_list():
            rules[text] = New(None, "a word that means missing", 0.7)
        told = numbers[place]
        if told is not None:
            codes = [values[i] for i in np.flatnonzero(_sentinels(told, counts)).tolist()]
            new = New(None, "a number that means missing", 0.7)
            rules |= {written: new for text in codes for written in _stored(text)}
        if rules and not set(values.to_list()) <= rules.keys():
            yield Mends(name, values=rules)


def _stored(text: str) -> tuple[str, ...]:
    """Write a whole number as one, and as a decimal: other rows may store it as either."""
    whole = text.removesuffix(".0")
    return (whole, f"{whole}.0") if _WHOLE.fullmatch(whole) else (text,)


def _sentinels(numbers: Numbers, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the numbers of the well-known kind that lie far outside of all others."""
    amount = numbers.amount
    inner = amount[np.isfinite(amount) & ~np.isin(amount, SENTINELS)]
    if len(inner) < _SENTINEL:
        return np.zeros(len(amount), np.bool_)
    low, high = float(inner.min()), float(inner.max())
    width = max(high - low, 1e-9)
    far = (amount > high + 0.5 * width) | ((amount < low - 0.5 * width) & (low >= 0))
    return np.isin(amount, SENTINELS) & far & (counts >= _SENTINEL)


@dataclass(frozen=True)
class _Groups:
    """What settles a column, and the value of each group of rows that is beyond doubt.

    Parameters
    ----------
    column : int
        The place of the column.
    given : tuple of int
        The places of what settles it.
    group : int array of shape (rows,)
        The group of each row; -1 for none.
    sure : polars.DataFrame
        `group`, `value` (its code) and `share` of the rows that say so.
    text : bool
        Whether it holds words, not numbers.
    """

    column: int
    given: tuple[int, ...]
    group: NDArray[np.int32]
    sure: pl.DataFrame
    text: bool

    def why(self, coded: Coded) -> str:
        """Say it in words."""
        named = " and ".join(repr(coded.columns[at]) for at in self.given)
        return f"rows with the same {named} say so"

    def right(self, coded: Coded) -> dict[Names, New]:
        """Give the value of each group by the values that settle it."""
        rows = np.flatnonzero(self.group != MISSING)
        groups, first = np.unique(self.group[rows], return_index=True)
        place = dict(zip(groups.tolist(), rows[first].tolist(), strict=True))
        values, why = coded.values[self.column], self.why(coded)
        found: dict[Names, New] = {}
        for group, value, share in self.sure.head(_GROUPS).rows():
            row = place[group]
            key = tuple(coded.values[at][int(coded.codes[row, at])] for at in self.given)
            found[key] = New(values[value], why, round(share, 4))
        return found


def _settled(coded: Coded, numbers: list[Numbers | None]) -> list[_Groups]:
    """Find for each column one or two others that settle it."""
    if len(coded.columns) > _WIDE:
        return []
    best = [several[0] for several in dependencies(coded) if several]
    found = [
        _groups(coded, one, text=numbers[one.column] is None)
        for one in best
        if one.strength >= _SETTLED
    ]
    return [one for one in found if one.sure.height]


def _groups(coded: Coded, one: Dependency, *, text: bool) -> _Groups:
    group, value = group_codes(coded, one.given), coded.codes[:, one.column]
    known = (group != MISSING) & (value != MISSING)
    pairs = (
        pl.DataFrame({"group": group[known], "value": value[known]})
        .group_by("group", "value")
        .len("count")
        .sort(["count", "value"], descending=[True, False])
    )
    groups = pairs.group_by("group", maintain_order=True).agg(
        pl.col("value").first(), pl.col("count").first(), pl.col("count").sum().alias("all")
    )
    share = groups.select("group", "value", "all", share=pl.col("count") / pl.col("all"))
    sure = share.filter((pl.col("all") >= _WITNESSES) & (pl.col("share") >= _AGREED))
    return _Groups(one.column, one.given, group, sure.select("group", "value", "share"), text)


def _filled(coded: Coded, settled: list[_Groups]) -> Iterator[Mends]:
    """Fill gaps, where most of them can be."""
    for one in settled:
        gaps = one.group[coded.codes[:, one.column] == MISSING]
        if not len(gaps) or np.isin(gaps, one.sure["group"].to_numpy()).mean() < _FILLED:
            continue
        names = tuple(coded.columns[at] for at in one.given)
        cells: dict[tuple[Names, str | None], New] = {
            (key, None): new for key, new in one.right(coded).items()
        }
        yield Mends(coded.columns[one.column], given=(Given(names, cells),))


def _outvoted(coded: Coded, settled: list[_Groups]) -> Iterator[Mends]:
    """Mend words that stand once in a group of rows which all say something else."""
    for one in settled:
        if not one.text:
            continue
        value = coded.codes[:, one.column]
        rows = pl.DataFrame({"group": one.group, "value": value}).with_row_index("row")
        odd = (
            rows.filter((pl.col("group") != MISSING) & (pl.col("value") != MISSING))
            .filter(pl.len().over("group", "value") == 1)
            .join(one.sure, on="group", suffix=" right")
            .filter(pl.col("value") != pl.col("value right"))
        )
        if not odd.height:
            continue
        right, names = one.right(coded), tuple(coded.columns[at] for at in one.given)
        texts = coded.values[one.column]
        cells: dict[tuple[Names, str | None], New] = {}
        for row, code in odd.select("row", "value").rows():
            key = tuple(coded.values[at][int(coded.codes[row, at])] for at in one.given)
            if key in right:
                cells[key, texts[code]] = right[key]
        yield Mends(coded.columns[one.column], given=(Given(names, cells, right),))
