"""Rules that a table keeps nearly everywhere: offered, never applied by themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded, code_table
from modelwright.clean.comparable import as_dates, as_numbers, compared
from modelwright.clean.dependencies import dependencies, group_codes, votes
from modelwright.clean.detectors.outliers import by_deviation
from modelwright.clean.rules.rules import ColumnRule, Comparison, Determines, Rules, Unique
from modelwright.clean.rules.violations import of_kind
from modelwright.clean.shapes import exact_shapes, shapes
from modelwright.core.errors import OptionError
from modelwright.core.numerals import plain

__all__ = ["Offered", "Rule", "accepted", "discover"]

Rule = ColumnRule | Unique | Determines | Comparison

_LEAST_ROWS = 20
_SURE = 0.97
_DETERMINED = 0.85
_STRONG = 0.75
_MOST_VALUES = 30
_LEAST_COUNT = 3
_FAR = 8.0
_SHAPES = 3
_LONGEST_SHAPE = 24
_COMPARED = 25
_APART = 0.05
_SPECIAL = frozenset(r".^$*+?()[]{}|\\#&~")
_LOOKED = 20_000


@dataclass(frozen=True)
class Offered:
    """A rule that a table keeps nearly everywhere.

    Parameters
    ----------
    rule : ColumnRule, Unique, Determines or Comparison
        The rule.
    support : int
        How many rows it was seen on.
    confidence : float
        Which share of them keeps it.
    words : str
        The rule in plain words.
    """

    rule: Rule
    support: int
    confidence: float
    words: str


def accepted(offered: tuple[Offered, ...]) -> Rules:
    """Make rules of what was offered; several of one column become one.

    Parameters
    ----------
    offered : tuple of Offered
        Those that somebody agrees with.

    Returns
    -------
    Rules

    Examples
    --------
    >>> one = Offered(ColumnRule("zip", required=True), 9, 1.0, "")
    >>> two = Offered(ColumnRule("zip", pattern="[0-9]+"), 9, 1.0, "")
    >>> accepted((one, two)).columns
    (ColumnRule(column='zip', kind='', least=None, most=None, values=(), pattern='[0-9]+',
    required=True, unique=False),)
    """
    of_column: dict[str, list[ColumnRule]] = {}
    for one in offered:
        if isinstance(one.rule, ColumnRule):
            of_column.setdefault(one.rule.column, []).append(one.rule)
    rules = [one.rule for one in offered]
    return Rules(
        columns=tuple(_joined(parts) for parts in of_column.values()),
        unique=tuple(rule for rule in rules if isinstance(rule, Unique)),
        determines=tuple(rule for rule in rules if isinstance(rule, Determines)),
        comparisons=tuple(rule for rule in rules if isinstance(rule, Comparison)),
    )


def _joined(parts: list[ColumnRule]) -> ColumnRule:
    def first(name: str) -> object:
        empty = ("", None, (), False)
        return next((v for v in (getattr(p, name) for p in parts) if v not in empty), None)

    return ColumnRule(
        column=parts[0].column,
        kind=str(first("kind") or ""),
        least=next((one.least for one in parts if one.least is not None), None),
        most=next((one.most for one in parts if one.most is not None), None),
        values=next((one.values for one in parts if one.values), ()),
        pattern=str(first("pattern") or ""),
        required=any(one.required for one in parts),
        unique=any(one.unique for one in parts),
    )


def discover(cells: pl.DataFrame) -> tuple[Offered, ...]:
    """Offer rules that a table keeps nearly everywhere, though it may be dirty.

    Parameters
    ----------
    cells : polars.DataFrame
        Columns of text.

    Returns
    -------
    tuple of Offered
        The surest first: types, ranges, sets, patterns, keys, what is never missing, dependencies
        of one and two columns, and columns that are never above others.

    Raises
    ------
    DataError
        When a column is not of text.

    Examples
    --------
    >>> rows = [("53111", "Bonn"), ("89073", "Ulm"), ("04103", "Leipzig")] * 20
    >>> for one in discover(pl.DataFrame(rows, schema=["zip", "town"], orient="row")):
    ...     print(one.words)
    'zip' is never missing
    'zip' is one of 3 values
    'town' is never missing
    'town' is one of 3 values
    'town' settles 'zip'
    'zip' settles 'town'
    """
    coded = code_table(cells)
    if coded.height < _LEAST_ROWS:
        return ()
    found: list[Offered] = []
    for column in range(len(coded.columns)):
        found += _of_column(coded, column)
    found += _dependencies(coded)
    found += _comparisons(cells, found)
    return tuple(sorted(found, key=lambda one: -round(one.confidence, 3)))


def _of_column(coded: Coded, column: int) -> list[Offered]:
    known, name = coded.known(column), coded.columns[column]
    if known < _LEAST_ROWS:
        return []
    values, counts = coded.values[column], coded.counts[column]
    found = []
    share = known / coded.height
    if share >= _SURE:
        words = f"{name!r} is never missing"
        found.append(Offered(ColumnRule(name, required=True), coded.height, share, words))
    once = len(values) / known
    if once >= _SURE:
        words = f"no two rows have the same {name!r}"
        found.append(Offered(ColumnRule(name, unique=True), known, once, words))
    typed = _typed(coded, column)
    found += typed
    frequent = (counts >= max(_LEAST_COUNT, 0.002 * known)) & _fits(values, typed)
    cover = float(counts[frequent].sum()) / known
    if frequent.sum() <= _MOST_VALUES and cover >= _SURE:
        kept = tuple(values.filter(pl.Series(frequent)).to_list())
        words = f"{name!r} is one of {len(kept)} values"
        found.append(Offered(ColumnRule(name, values=kept), known, cover, words))
    elif once < _SURE or len(values) > _MOST_VALUES:
        found += _patterned(coded, column)
    return found


def _fits(values: pl.Series, typed: list[Offered]) -> NDArray[np.bool_]:
    """Tell which values keep the type and the range that are offered beside them."""
    text = values.str.strip_chars()
    kept = np.ones(len(values), np.bool_)
    for one in typed:
        if isinstance(one.rule, ColumnRule) and one.rule.kind:
            kept &= of_kind(text, one.rule.kind)
        elif isinstance(one.rule, ColumnRule):
            inside = as_numbers(text).is_between(one.rule.least, one.rule.most)
            kept &= inside.fill_null(value=False).to_numpy()
    return kept


def _typed(coded: Coded, column: int) -> list[Offered]:
    """Offer a type, and for numbers a range that leaves out what lies far outside."""
    values, counts, known = coded.values[column], coded.counts[column], coded.known(column)
    name, text = coded.columns[column], values.str.strip_chars()
    number, read = as_numbers(text).to_numpy(), of_kind(text, "number")
    share = float(counts[read].sum()) / known
    if share < _SURE:
        dates = as_dates(text).is_not_null().to_numpy()
        share = float(counts[dates].sum()) / known
        if share < _SURE:
            return []
        return [Offered(ColumnRule(name, kind="date"), known, share, f"{name!r} is a date")]
    if text.str.contains(r"^0\d").any():
        return []  # digits that are no amount: a code
    whole = bool(of_kind(text, "integer")[read].all())
    kind, said = ("integer", "an integer") if whole else ("number", "a number")
    found = [Offered(ColumnRule(name, kind=kind), known, share, f"{name!r} is {said}")]
    if len(values) > _MOST_VALUES:
        cells = np.repeat(number[read], counts[read])
        inside = np.abs(by_deviation(cells)) <= _FAR
        low, high = float(cells[inside].min()), float(cells[inside].max())
        kept = float(((cells >= low) & (cells <= high)).mean())
        if kept >= _SURE:
            words = f"{name!r} lies from {plain(low)} to {plain(high)}"
            rule = ColumnRule(name, least=low, most=high)
            found.append(Offered(rule, int(counts[read].sum()), kept, words))
    return found


def _patterned(coded: Coded, column: int) -> list[Offered]:
    """Offer a pattern where a few shapes make up nearly all."""
    values, counts, known = coded.values[column], coded.counts[column], coded.known(column)
    frame = pl.DataFrame({"shape": shapes(values), "exact": exact_shapes(values), "count": counts})
    ranked = (
        frame.group_by("shape")
        .agg(pl.col("count").sum(), pl.col("exact").unique())
        .sort(["count", "shape"], descending=[True, False])
        .head(_SHAPES)
    )
    cover, parts = 0.0, []
    for shape, count, exact in ranked.iter_rows():
        if len(shape) > _LONGEST_SHAPE:
            return []
        cover += count / known
        parts.append(_pattern(shape, exact))
        if cover >= _SURE:
            break
    if cover < _SURE or len(set("".join(ranked["shape"].to_list()))) < 2:
        return []
    pattern = parts[0] if len(parts) == 1 else "|".join(f"(?:{part})" for part in parts)
    name = coded.columns[column]
    words = f"{name!r} looks like {values[0]!r}"
    try:
        rule = ColumnRule(name, pattern=pattern)
    except OptionError:  # longer than a pattern may be
        return []
    return [Offered(rule, known, min(cover, 1.0), words)]


def _pattern(shape: str, exact: list[str]) -> str:
    r"""Write a shape as a regular expression, with the lengths that were seen.

    Examples
    --------
    >>> _pattern("9-9", ["9-99", "99-99"])
    '\\d{1,2}-\\d{2}'
    """
    classes = {"9": r"\d", "a": r"[\p{Ll}\p{Lo}]", "A": r"\p{Lu}"}
    lengths = [[len(run[0]) for run in re.finditer(r"9+|a+|A+|.", one, re.DOTALL)] for one in exact]
    written = []
    for place, letter in enumerate(shape):
        if letter not in classes:
            written.append(f"\\{letter}" if letter in _SPECIAL else letter)
            continue
        seen = sorted({one[place] for one in lengths if place < len(one)})
        low, high = (seen[0], seen[-1]) if seen else (1, 1)
        count = "" if low == high == 1 else f"{{{low}}}" if low == high else f"{{{low},{high}}}"
        written.append(classes[letter] + (count if high <= 2 * low + 2 else "+"))
    return "".join(written)


def _dependencies(coded: Coded) -> list[Offered]:
    """Offer what determines what; confidence is the share of rows that are with their majority."""
    found = []
    for each in dependencies(coded):
        for one in each:
            if one.strength < _STRONG and not one.scattered:
                continue
            group, value = group_codes(coded, one.given), coded.codes[:, one.column]
            said = votes(group, value)
            asked = (group != MISSING) & (value != MISSING) & (said.others > 0)
            kept = float((said.top == value)[asked].mean()) if asked.any() else 0.0
            if kept < _DETERMINED and not one.scattered:
                continue
            given = tuple(coded.columns[i] for i in one.given)
            column = coded.columns[one.column]
            words = f"{' and '.join(map(repr, given))} settle{'s' * (len(given) == 1)} {column!r}"
            found.append(Offered(Determines(given, column), int(asked.sum()), kept, words))
    return found


def _comparisons(cells: pl.DataFrame, found: list[Offered]) -> list[Offered]:
    """Offer columns of numbers or dates of which one is never above the other."""
    kinds: dict[str, list[str]] = {"number": [], "date": []}
    for one in found:
        if isinstance(one.rule, ColumnRule) and one.rule.kind:
            kinds["date" if one.rule.kind == "date" else "number"].append(one.rule.column)
    offered = []
    some = cells.head(_LOOKED)
    for kind, names in kinds.items():
        read = as_dates if kind == "date" else as_numbers
        columns = [read(some[name].str.strip_chars()).alias(name) for name in names[:_COMPARED]]
        for i, left in enumerate(columns):
            for right in columns[i + 1 :]:
                offered += _ordered(left, right)
    return offered


def _ordered(a: pl.Series, b: pl.Series) -> list[Offered]:
    known = int((a.is_not_null() & b.is_not_null()).sum())
    if known < _LEAST_ROWS or a.min() is None or b.min() is None:
        return []
    ends = (a.min(), a.max(), b.min(), b.max())
    if ends[1] < ends[2] or ends[3] < ends[0]:  # type: ignore[operator]
        return []  # they have nothing to do with each other
    for x, y in ((a, b), (b, a)):
        kept = float(compared(x, "<=", y).sum()) / known
        apart = float(compared(x, "<", y).sum()) / known
        if kept >= _SURE and apart >= _APART:
            words = f"{x.name!r} is never above {y.name!r}"
            return [Offered(Comparison(x.name, "<=", y.name), known, kept, words)]
    return []
