"""Cells of which it is plain that they are wrong: cheap questions to some rows of a table.

`detect` weighs all that speaks against each cell, and takes minutes. This asks only what hardly
ever errs, for someone who has not asked whether anything is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded, code_table
from modelwright.clean.dependencies import Dependency, dependencies, group_codes
from modelwright.clean.detectors.contested import reality_of
from modelwright.clean.detectors.spelling import plain_forms
from modelwright.clean.detectors.typos import near_frequent
from modelwright.clean.distances import edit_distances
from modelwright.clean.entities import Entity, entities, without_reversals
from modelwright.clean.shapes import exact_shapes, shapes

__all__ = ["Glimpse", "Wrong", "glance", "looked_at"]

Rows = NDArray[np.bool_]

_ROWS = 4_000
_CELLS = 200_000
_WIDE = 30  # of so many columns it is asked what settles what
_LEVELS = 1_000
_AGAIN = 1.5  # how often a value stands there on average, at least
_SHOWN = 2
_LONGEST = 60
# A slip of the pen: seldom, nearly what stands there often, and not the only one of its column.
_SELDOM, _TIMES, _ALIKE, _SLIPS = 3, 12.0, 0.7, 3
_LETTERS = 5
_SPELLED = 4
# One form of a column, and how few cells have another.
_FORMED, _KNOWN, _CODES, _DIGITS = 0.98, 100, 30, 4
# What other columns settle: how surely, and how many rows say so.
_SETTLED, _WITNESSES, _AGREED = 0.9, 4, 0.8
_SURE = 0.5
# Sources that err are many cells; few are explained where another column knows them.
_WIDELY = 0.05
_ALL, _FEWEST = 0.5, 3
_NUMBER = re.compile(r"[-+]?9([.,]9)*%?")


class Wrong(StrEnum):
    """What is wrong with cells."""

    SLIPS = "slips"
    SPELLINGS = "spellings"
    FORMS = "forms"
    CONTRADICTED = "contradicted"
    DISPUTED = "disputed"


@dataclass(frozen=True)
class Glimpse:
    """Cells of one column that are wrong in one way.

    Parameters
    ----------
    kind : Wrong
        In which way.
    column : str
        Where.
    cells : int
        How many of the rows that were looked at; of disputed ones those that have to be wrong, as
        only one of several claims can be right.
    examples : tuple of tuple of str
        What stands there, and what stands there otherwise; the latter may be empty.
    by : tuple of str
        The columns that name the thing of which rows tell, where these contradict each other.
    rows : bool array of shape (rows looked at,)
        Which they are.
    """

    kind: Wrong
    column: str
    cells: int
    examples: tuple[tuple[str, str], ...]
    by: tuple[str, ...] = ()
    rows: Rows = field(default_factory=lambda: np.zeros(0, np.bool_), repr=False, compare=False)


def glance(cells: pl.DataFrame, words: Collection[str]) -> tuple[Glimpse, ...]:
    """Look for cells that are plainly wrong.

    Parameters
    ----------
    cells : polars.DataFrame, shape (n_rows, n_columns)
        Text; rows drawn from a table in their order. At most 4,000 rows are looked at, fewer of
        more than 50 columns.
    words : collection of str
        The columns that hold words, names or codes: numbers and dates are no slips of each other.

    Returns
    -------
    tuple of Glimpse
        Column by column. No cell counts twice.

    Examples
    --------
    >>> towns = ["Frankfurt", "Kassel"] * 30 + ["Frankfxrt", "Frxnkfurt", "Kaxsel"]
    >>> (one,) = glance(pl.DataFrame({"town": towns}), ["town"])
    >>> one.kind.value, one.cells, one.examples[0]
    ('slips', 3, ('Frankfxrt', 'Frankfurt'))
    """
    coded = code_table(cells[looked_at(cells.height, cells.width)])
    against = _contradicted(coded)
    found: list[Glimpse] = []
    for place, name in enumerate(coded.columns):
        seen = np.zeros(coded.height, np.bool_)
        if name in words and len(coded.values[place]) > 1:
            for kind, pairs in _by_looks(coded, place):
                rows = _rows_of(coded, place, pairs) & ~seen
                seen |= rows
                if rows.any():
                    shown = tuple((_short(a), _short(b)) for a, b in list(pairs.items())[:_SHOWN])
                    found.append(Glimpse(kind, name, int(rows.sum()), shown, rows=rows))
        if place in against:
            rows = against[place].rows & ~seen
            if rows.any():
                found.append(replace(against[place], cells=int(rows.sum()), rows=rows))
    return tuple(found)


def looked_at(height: int, width: int) -> NDArray[np.int64]:
    """Choose the rows of a table that are looked at, in their order.

    Examples
    --------
    >>> looked_at(3, 2).tolist(), len(looked_at(10**6, 2)), len(looked_at(10**6, 2_000))
    ([0, 1, 2], 4000, 100)
    """
    most = max(min(_ROWS, _CELLS // max(width, 1)), 1)
    return np.linspace(0, max(height - 1, 0), min(height, most)).astype(np.int64)


def _by_looks(coded: Coded, place: int) -> Iterator[tuple[Wrong, dict[str, str]]]:
    """Ask about the values of a column alone; give pairs of a value and what is usual."""
    values, counts = coded.values[place], coded.counts[place]
    again = coded.known(place) >= _AGAIN * len(values)
    if again and len(values) <= _LEVELS:
        yield Wrong.SPELLINGS, _spellings(values, counts)
        yield Wrong.SLIPS, _slips(values, counts)
    yield Wrong.FORMS, _forms(values, counts)


def _rows_of(coded: Coded, place: int, pairs: Collection[str]) -> Rows:
    odd = coded.values[place].is_in(list(pairs)).to_numpy().astype(np.float32)
    return np.asarray(coded.spread(place, odd) > 0, np.bool_)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _spellings(values: pl.Series, counts: NDArray[np.int64]) -> dict[str, str]:
    """Find words that differ in punctuation; what differs by case or blanks, a fit reads as one."""
    frame = pl.DataFrame({"value": values, "count": counts}).with_columns(
        form=plain_forms(values),
        folded=values.str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " "),
    )
    frame = frame.filter(pl.col("form").str.count_matches(r"\p{L}") >= _SPELLED)
    frame = frame.filter(pl.col("folded").n_unique().over("form") > 1)
    frame = frame.sort(["count", "value"], descending=[True, False])
    first = frame.unique("form", keep="first", maintain_order=True)
    joined = frame.join(first, on="form", suffix=" first")
    odd = joined.filter(pl.col("folded") != pl.col("folded first"))
    return dict(odd.select("value", "value first").rows())


def _slips(values: pl.Series, counts: NDArray[np.int64]) -> dict[str, str]:
    """Find seldom values that are a frequent one but for a letter within a word."""
    texts = values.to_list()
    near = near_frequent(texts, counts)
    likely = (near.place >= 0) & (near.alike >= _ALIKE) & (near.times >= _TIMES)
    often = _words(values, counts)
    found = {}
    for i in np.flatnonzero(likely & (counts <= _SELDOM)).tolist():
        old, new = texts[i], texts[int(near.place[i])]
        if _is_slip(old.split(), new.split(), often):
            found[old] = new
    return found if len(found) >= _SLIPS else {}


def _words(values: pl.Series, counts: NDArray[np.int64]) -> dict[str, int]:
    """Count the cells of each word."""
    each = pl.DataFrame({"word": values.str.split(" "), "count": counts}).explode("word")
    return dict(each.group_by("word").agg(pl.col("count").sum()).rows())


def _is_slip(old: Sequence[str], new: Sequence[str], often: dict[str, int]) -> bool:
    """Tell whether words differ by one letter each, which is no ending, and are no words else."""
    if len(old) != len(new):
        return False
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    return bool(pairs) and all(
        min(len(a), len(b)) >= _LETTERS
        and a.isalpha()
        and b.isalpha()
        and a[-1] == b[-1]
        and often.get(a, 0) <= _SELDOM
        and _one_letter(a.lower(), b.lower())
        for a, b in pairs
    )


def _one_letter(one: str, other: str) -> bool:
    """Tell whether a letter was changed, left out or put in, or two were exchanged."""
    if one != other and sorted(one) == sorted(other):
        odd = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        return len(odd) == 2 and odd[1] == odd[0] + 1
    return int(edit_distances([one], [other])[0]) == 1


def _forms(values: pl.Series, counts: NDArray[np.int64]) -> dict[str, str]:
    """Find codes that are written otherwise than nearly all others of their column."""
    whole = int(counts.sum())
    if whole < _KNOWN or len(values) < _CODES:  # of few answers, one may well be "under 18"
        return {}
    for shape, coded in ((exact_shapes(values), True), (shapes(values), False)):
        frame = pl.DataFrame({"shape": shape, "count": counts}).group_by("shape")
        shares = frame.agg(pl.col("count").sum()).sort(["count", "shape"], descending=True)
        usual, count = shares.row(0)
        mixed = "9" in usual and _NUMBER.fullmatch(usual) is None and set(usual) != {"9"}
        digits = coded and set(usual) == {"9"} and len(usual) >= _DIGITS
        if not _FORMED * whole <= count < whole or not (mixed or digits):
            continue
        odd = (shape != usual) & values.str.contains(r"\d")
        if digits:  # a shorter number is no code with a letter in it
            odd &= values.str.contains(r"^\w*\p{L}\w*$")
        else:
            odd &= shapes(values) != shapes(pl.Series([usual.replace("9", "1")]))[0]
        return dict.fromkeys(values.filter(odd), str(values.filter(shape == usual)[0]))
    return {}


def _contradicted(coded: Coded) -> dict[int, Glimpse]:
    """Find cells that other rows of the same thing contradict, by column."""
    if len(coded.columns) > _WIDE:
        return {}
    found = dependencies(coded)
    things = entities(coded, found)
    found = without_reversals(found, things)
    against: dict[int, Glimpse] = {}
    for thing in things:
        if thing.source >= 0:
            against |= _disputed(coded, thing, found)
    for place, each in enumerate(found):
        if place not in against and each:
            rows = _against(coded, each[0])
            if rows.any():
                against[place] = _glimpse(coded, place, rows, each[0].given)
    return against


def _against(coded: Coded, one: Dependency) -> Rows:
    """Find the cells of a column that contradict what settles it, where something does."""
    if one.scattered:
        return _less_said(group_codes(coded, one.given), coded.codes[:, one.column])
    if one.strength >= _SETTLED:
        return _outvoted(coded, one)
    return np.zeros(coded.height, np.bool_)


def _disputed(
    coded: Coded, thing: Entity, found: tuple[tuple[Dependency, ...], ...]
) -> dict[int, Glimpse]:
    """Find what several sources tell of a thing, and cannot all be right about."""
    against = {}
    group = group_codes(coded, thing.given)
    for place in thing.columns:
        one = next((one for one in found[place] if one.given == thing.given), None)
        if one is None or reality_of(one) < _SURE:
            continue
        rows = _less_said(group, coded.codes[:, place])
        if rows.sum() >= _WIDELY * coded.known(place):
            plain = _glimpse(coded, place, rows, thing.given)
            against[place] = replace(plain, kind=Wrong.DISPUTED)
    return against


def _less_said(group: NDArray[np.int32], value: NDArray[np.int32]) -> Rows:
    """Find the rows of a group that say something else than most; of equals, all but one."""
    rows = pl.DataFrame({"group": group, "value": value}).with_row_index("row")
    known = rows.filter((pl.col("group") != MISSING) & (pl.col("value") != MISSING))
    counts = known.group_by("group", "value").len("same")
    top = counts.sort(["same", "value"], descending=[True, False]).unique(
        "group", keep="first", maintain_order=True
    )
    odd = known.join(top.select("group", most="value"), on="group").filter(
        pl.col("value") != pl.col("most")
    )
    found = np.zeros(len(group), np.bool_)
    found[odd["row"].to_numpy()] = True
    return found


def _outvoted(coded: Coded, one: Dependency) -> Rows:
    """Find cells that stand alone in a group of rows which nearly all say something else.

    A value that most rows of any group have is none of it: what settles the column may be chance.
    """
    group, value = group_codes(coded, one.given), coded.codes[:, one.column]
    rows = pl.DataFrame({"group": group, "value": value}).with_row_index("row")
    known = rows.filter((pl.col("group") != MISSING) & (pl.col("value") != MISSING))
    known = known.with_columns(
        same=pl.len().over("group", "value"), all=pl.len().over("group")
    ).with_columns(most=pl.col("same").max().over("group"))
    alone = (pl.col("same") == 1) & (pl.col("all") > _WITNESSES)
    alone &= pl.col("most") >= _AGREED * pl.col("all")
    odd = known.with_columns(alone=alone).filter(pl.col("alone").all().over("value"))
    found = np.zeros(coded.height, np.bool_)
    found[odd["row"].to_numpy()] = True
    return found & ~_explained(coded, one, found)


def _explained(coded: Coded, one: Dependency, odd: Rows) -> Rows:
    """Find odd cells whose rows all have something in common: of another state, another average."""
    known = np.zeros(coded.height, np.bool_)
    for column in range(len(coded.columns)):
        code = coded.codes[:, column]
        if column == one.column or column in one.given or not len(coded.counts[column]):
            continue
        held = np.bincount(code[code != MISSING], minlength=len(coded.counts[column]))
        strange = np.bincount(code[odd & (code != MISSING)], minlength=len(held))
        common = (held >= _FEWEST) & (strange >= _ALL * held)
        known |= np.append(common, False)[code]
    return known


def _glimpse(coded: Coded, place: int, rows: Rows, given: tuple[int, ...]) -> Glimpse:
    """Show of some rows what they say, and what most rows of the same thing say."""
    group = group_codes(coded, given)
    value, texts = coded.codes[:, place], coded.values[place]
    shown: dict[str, str] = {}
    for row in np.flatnonzero(rows).tolist():
        said = value[(group == group[row]) & (value != MISSING)]
        top = int(np.bincount(said).argmax())
        if top != value[row]:
            shown.setdefault(_short(texts[int(value[row])]), _short(texts[top]))
        if len(shown) == _SHOWN:
            break
    by = tuple(coded.columns[at] for at in given)
    count, pairs = int(rows.sum()), tuple(shown.items())
    return Glimpse(Wrong.CONTRADICTED, coded.columns[place], count, pairs, by, rows)
