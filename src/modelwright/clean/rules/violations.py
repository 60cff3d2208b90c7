"""Cells that break rules."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.comparable import are_dates, as_dates, as_numbers, compared, sides
from modelwright.clean.dependencies import group_codes, votes
from modelwright.clean.rules.broken import Broken
from modelwright.clean.rules.denials import broken_denial
from modelwright.clean.rules.rules import (
    ColumnRule,
    Comparison,
    Determines,
    Rules,
    Unique,
    checked_pattern,
)
from modelwright.core.numerals import plain

__all__ = ["broken_rules", "of_kind"]

_SURE = 0.97
_ONE_OF_TWO = 0.6
_TRUTHS = ("true", "false", "yes", "no", "t", "f", "y", "n", "1", "0")
_INTEGER = r"^[-+]?[\d,]+(?:\.0*)?$"


def broken_rules(cells: pl.DataFrame, coded: Coded, rules: Rules) -> list[Broken]:
    """Find the cells that break rules.

    A rule of one cell leaves no doubt which is wrong. Of several cells that break a rule together,
    the one is likelier wrong that breaks it with more others.

    Parameters
    ----------
    cells : polars.DataFrame
        The table as text.
    coded : Coded
        The same as codes.
    rules : Rules
        What has to hold.

    Returns
    -------
    list of Broken

    Raises
    ------
    ColumnError
        When a rule names a column that is not there.

    Examples
    --------
    >>> from modelwright.clean.coded import code_table
    >>> cells = pl.DataFrame({"age": ["31", "-4", None, "x"]})
    >>> rules = Rules((ColumnRule("age", kind="integer", least=0),))
    >>> [(one.reason, one.chance.round(2).tolist())
    ...  for one in broken_rules(cells, code_table(cells), rules)]
    [("'age' is no integer", [0.0, 0.0, 0.0, 0.97]),
     ("'age' is below 0", [0.0, 0.97, 0.0, 0.0])]
    """
    rules.check(cells.columns)
    found = []
    for rule in rules.columns:
        found += _of_column(coded, rule)
    for unique in rules.unique:
        found += _repeated(coded, unique)
    for given in rules.determines:
        found.append(_undetermined(coded, given))
    for pair in rules.comparisons:
        found += _unordered(cells, coded, pair)
    for denial in rules.denials:
        found += broken_denial(cells, coded, denial)
    return [one for one in found if one.chance.any()]


def _of_column(coded: Coded, rule: ColumnRule) -> list[Broken]:
    column = coded.columns.index(rule.column)
    values = coded.values[column]
    text = values.str.strip_chars()
    number = as_numbers(text).to_numpy()
    name = repr(rule.column)
    broken: list[tuple[str, NDArray[np.bool_]]] = []
    if rule.kind:
        odd = ~of_kind(text, rule.kind)
        other = odd & are_dates(text) if rule.kind == "date" else np.zeros(len(odd), np.bool_)
        broken.append((f"{name} is no {rule.kind}", odd & ~other))
        broken.append((f"{name} is a date of another form than the others", other))
    with np.errstate(invalid="ignore"):
        if rule.least is not None:
            broken.append((f"{name} is below {plain(rule.least)}", number < rule.least))
        if rule.most is not None:
            broken.append((f"{name} is above {plain(rule.most)}", number > rule.most))
    if rule.values:
        known = values.is_in(pl.Series(rule.values, dtype=pl.String).implode()).to_numpy()
        broken.append(
            (f"{name} is none of the {len(rule.values)} values that may stand there", ~known)
        )
    if rule.pattern:
        fits = values.str.contains(checked_pattern(rule.pattern, name)).to_numpy()
        broken.append((f"{name} does not match {rule.pattern}", ~fits))
    found = [
        Broken(reason, column, coded.spread(column, _SURE * odd.astype(np.float32)))
        for reason, odd in broken
    ]
    if rule.required:
        gone = coded.codes[:, column] == MISSING
        found.append(Broken(f"{name} is missing", column, (_SURE * gone).astype(np.float32)))
    if rule.unique:
        found += _repeated(coded, Unique((rule.column,)))
    return found


def of_kind(text: pl.Series, kind: str) -> NDArray[np.bool_]:
    """Tell which values are of a kind.

    Parameters
    ----------
    text : polars.Series of String
        Without spaces around, none missing.
    kind : str
        One of `KINDS` of the rules.

    Examples
    --------
    >>> of_kind(pl.Series(["1,200", "7.5", "x"]), "integer").tolist()
    [True, False, False]
    """
    if kind == "boolean":
        truths = pl.Series(list(_TRUTHS)).implode()
        return np.asarray(text.str.to_lowercase().is_in(truths).to_numpy(), np.bool_)
    if kind == "date":
        return np.asarray(as_dates(text).is_not_null().to_numpy(), np.bool_)
    found = as_numbers(text).is_finite().fill_null(value=False)
    if kind == "integer":
        found &= text.str.contains(_INTEGER)
    return np.asarray(found.to_numpy(), np.bool_)


def _repeated(coded: Coded, rule: Unique) -> list[Broken]:
    """Mark rows that repeat an earlier one: the later they come, the likelier they are wrong."""
    given = tuple(coded.columns.index(name) for name in rule.columns)
    group = group_codes(coded, given).astype(np.int64)
    known = group != MISSING
    counts = np.bincount(group[known], minlength=1)
    order = np.argsort(group, kind="stable")
    first = np.zeros(len(group), np.bool_)
    first[order[np.append(True, np.diff(group[order]) != 0)]] = True
    repeated = known & (np.append(counts, 0)[group] > 1)
    chance = np.where(repeated, np.where(first, 1 - _ONE_OF_TWO, _ONE_OF_TWO), 0.0)
    names = " and ".join(map(repr, rule.columns))
    reason = f"another row has the same {names}"
    return [Broken(reason, column, chance.astype(np.float32)) for column in given]


def _undetermined(coded: Coded, rule: Determines) -> Broken:
    """Mark cells that differ from others of their group, by how many do not."""
    given = tuple(coded.columns.index(name) for name in rule.given)
    column = coded.columns.index(rule.column)
    value = coded.codes[:, column]
    said = votes(group_codes(coded, given), value)
    others = said.others
    own = (said.share * others + 1) / (others + 1)
    apart = (others > 0) & (value != MISSING) & (said.share < 1)
    gone = (value == MISSING) & (others > 0)
    chance = np.where(apart, 1 - own, np.where(gone, said.top_share, 0.0))
    names = " and ".join(map(repr, rule.given))
    reason = f"rows of the same {names} have another {rule.column!r}"
    return Broken(reason, column, chance.astype(np.float32))


def _unordered(cells: pl.DataFrame, coded: Coded, rule: Comparison) -> list[Broken]:
    """Mark both cells of a comparison that does not hold."""
    left, right = sides(cells[rule.left], cells[rule.right])
    broken = compared(left, rule.operator, right, wanted=False)
    chance = (_ONE_OF_TWO * broken).astype(np.float32)
    reason = f"{rule.left!r} {rule.operator} {rule.right!r} does not hold"
    places = [coded.columns.index(name) for name in (rule.left, rule.right)]
    return [Broken(reason, place, chance) for place in places]
