"""From the repairs of one table to rules for tables like it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from modelwright.clean.recipes.keys import row_keys
from modelwright.clean.recipes.mends import Given, Mends, New, mend
from modelwright.clean.repairs import Means, Repair, Repairs

__all__ = ["compiled"]

# A way of writing is a rule where it is right in so many of the cells that it fits.
_RIGHT = 0.9
_FEWEST = 2
_EXCEPTION = "as it stands"


def compiled(cells: pl.DataFrame, repairs: Repairs) -> tuple[Mends, ...]:
    """Turn applied repairs into rules that do exactly the same to the same table.

    Parameters
    ----------
    cells : polars.DataFrame
        The table before the repairs.
    repairs : Repairs
        What was done to it.

    Returns
    -------
    tuple of Mends
        As general as the table allows: a rule that would change a cell that nobody repaired is not
        made, or gets an exception.

    Examples
    --------
    >>> table = pl.DataFrame({"size": ["8 oz", "12 oz", "16"]})
    >>> done = Repairs.of([Repair(i, "size", f"{n} oz", n, "unit", 0.9, True)
    ...                    for i, n in enumerate(["8", "12"])])
    >>> rules = compiled(table, done)
    >>> sorted(rules[0].values), done.apply(table)["size"].to_list()
    (['12 oz', '8 oz'], ['8', '12', '16'])
    """
    by_column: dict[str, list[Repair]] = defaultdict(list)
    for one in repairs.applied:
        by_column[one.column].append(one)
    if not by_column:
        return ()
    made = [_column(cells, name, several, repairs.means) for name, several in by_column.items()]
    return _exact(cells, made, by_column)


def _column(
    cells: pl.DataFrame, column: str, repairs: list[Repair], means: Mapping[str, Means]
) -> Mends:
    old = cells[column].to_list()
    wanted = {one.row: one for one in repairs}
    mends = Mends(column, rewrites=_rewrites(old, wanted, means))
    done = {one.row for one in mend(cells, [mends]) if _same(wanted.get(one.row), one)}
    left = {row: one for row, one in wanted.items() if row not in done}
    values = _values(old, left)
    left = {row: one for row, one in left.items() if one.old not in values}
    given = _given(cells, old, wanted, left, means)
    return replace(mends, values=values, given=given)


def _same(wanted: Repair | None, got: Repair) -> bool:
    return wanted is not None and wanted.new == got.new


def _rewrites(
    old: list[str | None], wanted: dict[int, Repair], means: Mapping[str, Means]
) -> tuple[tuple[Any, New], ...]:
    """Keep the ways of writing that are right nearly everywhere where they fit."""
    counts = Counter(one.rule for one in wanted.values())
    kept = []
    for rule, _ in counts.most_common():
        rewrite = means.get(rule)
        if rewrite is None or isinstance(rewrite, tuple):
            continue
        right = wrong = 0
        sure = []
        for row, text in enumerate(old):
            new = None if text is None else rewrite.apply(text)
            if new is None or new == text:
                continue
            if row in wanted and wanted[row].new == new:
                right += 1
                sure.append(wanted[row].confidence)
            else:
                wrong += 1
        if right >= _FEWEST and right >= _RIGHT * (right + wrong):
            kept.append((rewrite, New(None, rule, round(sum(sure) / len(sure), 4))))
    return tuple(kept)


def _values(old: list[str | None], wanted: dict[int, Repair]) -> dict[str, New]:
    """Find old values that became the same new one wherever they stood."""
    stands = Counter(text for text in old if text is not None)
    became: dict[str, list[Repair]] = defaultdict(list)
    for one in wanted.values():
        if one.old is not None:
            became[one.old].append(one)
    found = {}
    for text, several in sorted(became.items()):
        if len(several) == stands[text] and len({one.new for one in several}) == 1:
            found[text] = _new(several)
    return found


def _new(several: list[Repair]) -> New:
    least = min(several, key=lambda one: (one.confidence, one.row))
    return New(least.new, least.rule, least.confidence)


def _given(
    cells: pl.DataFrame,
    old: list[str | None],
    wanted: dict[int, Repair],
    left: dict[int, Repair],
    means: Mapping[str, Means],
) -> tuple[Given, ...]:
    """Find rules by the columns that settle a cell: for those that are left, and for slips."""
    by_columns: dict[tuple[str, ...], list[Repair]] = defaultdict(list)
    for one in wanted.values():
        columns = means.get(one.rule)
        if isinstance(columns, tuple) and one.column not in columns:
            by_columns[columns].append(one)
    found = []
    for columns, several in sorted(by_columns.items()):
        names = list(zip(*(cells[name].to_list() for name in columns), strict=True))
        stands = Counter(zip(names, old, strict=True))
        became: dict[tuple[tuple[str | None, ...], str | None], list[Repair]] = defaultdict(list)
        for one in several:
            if one.row in left:
                became[names[one.row], one.old].append(one)
        exact = {
            key: _new(each)
            for key, each in became.items()
            if len(each) == stands[key] and len({one.new for one in each}) == 1
        }
        rights: dict[tuple[str | None, ...], list[Repair]] = defaultdict(list)
        for one in several:
            if one.old is not None and None not in names[one.row]:
                rights[names[one.row]].append(one)
        near = {
            key: _new(each) for key, each in rights.items() if len({one.new for one in each}) == 1
        }
        found.append(Given(columns, exact, near))
    return tuple(found)


def _exact(
    cells: pl.DataFrame, made: list[Mends], by_column: Mapping[str, list[Repair]]
) -> tuple[Mends, ...]:
    """Take back what does too much, and name the rows that no rule tells apart."""
    keys = row_keys(cells)
    finished = []
    for one in made:
        wanted = {repair.row: repair for repair in by_column[one.column]}
        one = replace(one, given=tuple(_without(cells, one, given, wanted) for given in one.given))
        got = {repair.row: repair for repair in mend(cells, [one])}
        rows: dict[tuple[str, str | None], New] = {}
        for row in sorted(wanted.keys() | got.keys()):
            if row in wanted and _same(got.get(row), wanted[row]):
                continue
            if row in wanted:
                told = wanted[row]
                rows[keys[row], told.old] = New(told.new, told.rule, told.confidence)
            else:
                rows[keys[row], got[row].old] = New(got[row].old, _EXCEPTION, 1.0)
        finished.append(replace(one, rows=rows))
    return tuple(finished)


def _without(
    cells: pl.DataFrame, mends: Mends, given: Given, wanted: Mapping[int, Repair]
) -> Given:
    """Leave out what would change cells that were not repaired, or not so."""
    names = list(zip(*(cells[name].to_list() for name in given.columns), strict=True))
    alone = Mends(mends.column, given=(Given(given.columns, {}, given.near),))
    wrong = {names[one.row] for one in mend(cells, [alone]) if not _same(wanted.get(one.row), one)}
    return replace(given, near={key: new for key, new in given.near.items() if key not in wrong})
