"""Measurements that are in another unit than most of their column, and what they are in that one.

Where the unit stands in the cell and its worth is certain there is nothing to guess: the same
measurement is written as the others are. What labels show decides; without them it is sure where
the column holds nothing but such measurements and the converted ones lie among the others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from modelwright.clean.cells import Errors, Labels
from modelwright.clean.mending.converting import MARKS, Convert, measured
from modelwright.clean.repairs import Means, Repair, Repairs
from modelwright.core.units import unit_of, unit_word

__all__ = ["conversions", "with_conversions"]

_VALUES = 20_000  # different values of a column that are read, at most
_LOOKED = 50
_MEASURED = 0.9  # of the cells of the column
_FEWEST = 10  # cells in the usual unit, before they say where the others ought to lie
_AMONG = 0.9  # of the converted cells lie among the others
_SHOWN, _SURE, _MAYBE = 0.99, 0.95, 0.7


@dataclass(frozen=True)
class _Measured:
    """The values of a column that are measurements of one kind: amount and unit of each."""

    mark: str
    read: dict[str, tuple[Decimal, str]]
    cells: Counter[str]
    unit: str
    put: str
    digits: int


def conversions(
    cells: pl.DataFrame, labels: Labels | None = None, threshold: float = 0.9
) -> Repairs:
    """Write measurements of mixed columns in the unit that most cells of their column are in.

    Parameters
    ----------
    cells : polars.DataFrame
        Columns of text.
    labels : Labels, optional
        The right values of a few rows.
    threshold : float
        Repairs that are likelier right than so are applied.

    Returns
    -------
    Repairs

    Examples
    --------
    >>> cells = pl.DataFrame({"weight": ["70 kg", "81 kg", "66 kg"] * 5 + ["154 lb"]})
    >>> [(one.old, one.new, one.confidence) for one in conversions(cells)]
    [('154 lb', '70 kg', 0.95)]
    """
    found: list[Repair] = []
    means: dict[str, Means] = {}
    for column in cells:
        known = _measured(column)
        if known is None:
            continue
        rules = list(_rules(known))
        new = {text: made for text in known.read for rule in rules if (made := rule.apply(text))}
        sure = _confidence(known, new, column, labels)
        if not sure:
            continue
        told = {unit_word(rule.find): str(rule) for rule in rules}
        means |= {str(rule): rule for rule in rules}
        ends = sure, sure >= threshold
        words = {text: told[unit_word(known.read[text][1])] for text in new}
        for row, text in enumerate(column.to_list()):
            if text in new:
                found.append(Repair(row, column.name, text, new[text], words[text], *ends))
    return Repairs.of(found, means)


def _measured(column: pl.Series) -> _Measured | None:
    """Read a column of measurements; None where it holds anything else, or one unit alone."""
    counts = column.alias("value").drop_nulls().value_counts(name="cells")
    counts = counts.filter(pl.col("value") != "")
    counts = counts.sort(["cells", "value"], descending=[True, False])
    if not _may_be(counts["value"].head(_LOOKED).to_list()):
        return None
    some = Counter(dict(counts.head(_VALUES).rows()))
    whole = int(counts["cells"].sum())
    for mark in MARKS:
        read = {text: one for text in some if (one := measured(text, mark)) is not None}
        kinds = defaultdict(list)
        for text, (_, word) in read.items():
            unit = unit_of(word)
            if unit is not None and unit.factor:
                kinds[unit.kind].append(text)
        for texts in kinds.values():
            cells = Counter({text: some[text] for text in texts})
            if cells.total() >= _MEASURED * whole:
                return _usual(mark, {text: read[text] for text in texts}, cells)
    return None


def _may_be(texts: Sequence[str]) -> bool:
    """Look at some values, to leave most columns alone at once."""
    return 2 * sum(text[:1] != "" and not text[-1:].isdigit() for text in texts) > len(texts)


def _usual(
    mark: str, read: dict[str, tuple[Decimal, str]], cells: Counter[str]
) -> _Measured | None:
    """Find the unit of most cells, and how it is written."""
    units: Counter[str] = Counter()
    for text, count in cells.items():
        units[unit_word(read[text][1])] += count
    worths = {unit_of(word) for word in units}
    unit, count = units.most_common(1)[0]
    letters = all(len(word) == 1 for word in units)  # flats of a house, not litres
    if len(worths) < 2 or letters or 2 * count <= units.total():
        return None
    own = [text for text in cells if unit_word(read[text][1]) == unit]
    ends: Counter[str] = Counter()
    digits: Counter[int] = Counter()
    for text in own:
        word = read[text][1]
        bare = text.strip().removesuffix(word)
        ends[" " * (bare != bare.rstrip()) + word] += cells[text]
        digits[-int(read[text][0].as_tuple().exponent)] += cells[text]
    put, usual = ends.most_common(1)[0][0], digits.most_common(1)[0][0]
    return _Measured(mark, read, cells, unit, put, usual)


def _rules(known: _Measured) -> Iterator[Convert]:
    usual = unit_of(known.unit)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for text, (_, word) in known.read.items():
        spelled[unit_word(word)][word] += known.cells[text]
    for _, words in sorted(spelled.items()):
        word = words.most_common(1)[0][0]
        unit = unit_of(word)
        worth = None if unit is None or usual is None or unit == usual else unit.to(usual)
        if worth is not None:
            yield Convert(word, known.put, *worth, known.digits, known.mark)


def _confidence(
    known: _Measured, new: dict[str, str], column: pl.Series, labels: Labels | None
) -> float:
    """Say how sure it is that cells are to be converted; 0 where labels say they are not."""
    shown, against = _told(known, new, column, labels)
    if against > shown or (against and not shown):
        return 0.0
    if shown:
        return _SHOWN
    own = [float(amount) for text, (amount, _) in known.read.items() if text not in new]
    cells = np.array([known.cells[text] for text in known.read if text not in new])
    if cells.sum() < _FEWEST:
        return _MAYBE
    low, high = min(own), max(own)
    reach = (high - low) / 4
    made = [measured(text, known.mark) for text in new.values()]
    inside = [one is not None and low - reach <= one[0] <= high + reach for one in made]
    weight = np.array([known.cells[text] for text in new])
    return _SURE if (weight * inside).sum() >= _AMONG * weight.sum() else _MAYBE


def _told(
    known: _Measured, new: dict[str, str], column: pl.Series, labels: Labels | None
) -> tuple[int, int]:
    """Count the labels that show a conversion, and those that say something else."""
    shown = against = 0
    if labels is None or column.name not in labels.values.columns:
        return shown, against
    said = zip(labels.rows.tolist(), labels.values[column.name].to_list(), strict=True)
    for row, text in said:
        old = column[row]
        if old in new and text:
            ours = measured(new[old], known.mark)
            right = measured(text, known.mark) or measured(f"{text}{known.put}", known.mark)
            same = unit_of(right[1]) == unit_of(known.unit) if right else False
            near = bool(ours and right and same and _near(ours[0], right[0]))
            shown, against = shown + near, against + (not near)
    return shown, against


def _near(one: Decimal, other: Decimal) -> bool:
    """Tell whether two amounts are one but for rounding."""
    coarser = max(int(each.as_tuple().exponent) for each in (one, other))
    return abs(one - other) <= max(Decimal(1).scaleb(coarser), abs(other) / 50)


def with_conversions(
    errors: Errors, repairs: Repairs, done: Repairs, how: str
) -> tuple[Errors, Repairs]:
    """Add conversions to what was found in a table in which the sure ones were done.

    Parameters
    ----------
    errors : Errors
        Of that table.
    repairs : Repairs
        Of that table: what was mended after a conversion is one repair with it.
    done : Repairs
        The conversions, applied or not.
    how : str
        How those cells were written, in words.
    """
    found = {(one.row, one.column): one for one in repairs}
    chance, reason = errors.chance.copy(), errors.reason.copy()
    reasons = list(errors.reasons)
    for one in done:
        key, place = (one.row, one.column), errors.columns.index(one.column)
        found[key] = _together(one, found.get(key))
        if found[key].new == one.old:  # somebody said that it is right as it stands
            del found[key]
            chance[one.row, place] = 0.0
            continue
        why = f"{how} of {one.column!r}"
        if why not in reasons:
            reasons.append(why)
        if one.confidence > chance[one.row, place]:
            chance[one.row, place] = one.confidence
            reason[one.row, place] = reasons.index(why)
    judged = Errors(errors.columns, chance, reason, tuple(reasons))
    return judged, Repairs.of(found.values(), {**repairs.means, **done.means})


def _together(one: Repair, other: Repair | None) -> Repair:
    """Make one repair of a conversion and of what was found of the cell besides."""
    if other is None:
        return one
    if one.applied:
        return other._replace(old=one.old) if other.applied else one
    return other if other.applied or other.confidence > one.confidence else one
