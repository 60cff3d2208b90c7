"""Repairs as rules that do the same to next month's file: by value, by what settles a cell, by row.

Of the rules that fit a cell the most special one counts: a row by all its cells; a value in rows
that agree in other columns; a value anywhere; a way of writing; and, in rows whose right value is
known, whatever is written nearly so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl

from modelwright.clean.mending.nearby import alike
from modelwright.clean.mending.rewriting import Rewrite, restore_rewrite
from modelwright.clean.recipes.keys import row_keys
from modelwright.clean.repairs import Repair

__all__ = ["MOST_RULES", "NEAR", "Given", "Mends", "New", "mend", "restore_mends"]

NEAR = 0.75
"""So much of its letters a value shares with the right one of its row to be a slip of it."""
MOST_RULES = 2_000_000
"""Rules in one recipe."""
# Each of these is held against every value of a column, or every row.
_MOST_WAYS = 500

Names = tuple[str | None, ...]


class New(NamedTuple):
    """What a cell becomes, why, and how sure that is."""

    value: str | None
    why: str
    confidence: float


@dataclass(frozen=True)
class Given:
    """Rules for rows that agree in some columns.

    Parameters
    ----------
    columns : tuple of str
        The columns.
    cells : mapping of (tuple of str, str) to New
        By the values of these columns and the old value of the cell.
    near : mapping of tuple of str to New
        The right value by the values of these columns: whatever is written nearly so becomes it.
    """

    columns: tuple[str, ...]
    cells: Mapping[tuple[Names, str | None], New] = field(default_factory=dict)
    near: Mapping[Names, New] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Give them as plain JSON."""
        cells = [
            {"are": list(names), **_written(old, new)} for (names, old), new in self.cells.items()
        ]
        near = [
            {"are": list(names), "new": new.value, **_said(new)} for names, new in self.near.items()
        ]
        return {"columns": list(self.columns), "cells": cells, "near": near}


@dataclass(frozen=True)
class Mends:
    """What is done to the cells of one column.

    Parameters
    ----------
    column : str
        The column.
    rows : mapping of (str, str) to New
        By the key of the row (see `row_keys`) and the old value. A cell that becomes what it is
        is an exception to the rules below.
    given : tuple of Given
        By what settles the cell.
    values : mapping of str to New
        By the old value.
    rewrites : tuple of (Rewrite, New)
        By how it is written; the value of `New` says nothing.
    """

    column: str
    rows: Mapping[tuple[str, str | None], New] = field(default_factory=dict)
    given: tuple[Given, ...] = ()
    values: Mapping[str, New] = field(default_factory=dict)
    rewrites: tuple[tuple[Rewrite, New], ...] = ()

    @property
    def size(self) -> int:
        """Count the rules."""
        given = sum(len(one.cells) + len(one.near) for one in self.given)
        return len(self.rows) + given + len(self.values) + len(self.rewrites)

    def needs(self) -> set[str]:
        """Name the columns without which they cannot be done."""
        return {self.column, *(name for one in self.given for name in one.columns)}

    def to_json(self) -> dict[str, Any]:
        """Give them as plain JSON."""
        rows = [{"row": key, **_written(old, new)} for (key, old), new in self.rows.items()]
        return {
            "column": self.column,
            "rewrites": [{**rule.to_json(), **_said(new)} for rule, new in self.rewrites],
            "values": [_written(old, new) for old, new in self.values.items()],
            "given": [one.to_json() for one in self.given],
            "rows": rows,
        }


def _written(old: str | None, new: New) -> dict[str, Any]:
    return {"old": old, "new": new.value, **_said(new)}


def _said(new: New) -> dict[str, Any]:
    return {"why": new.why, "confidence": new.confidence}


def mend(cells: pl.DataFrame, mends: Iterable[Mends]) -> list[Repair]:
    """List what rules change in a table.

    Parameters
    ----------
    cells : polars.DataFrame
        Text, with the columns that the rules need.
    mends : iterable of Mends
        The rules, at most one for each column.

    Returns
    -------
    list of Repair
        The table itself is as before.

    Examples
    --------
    >>> rules = Mends("town", values={"Rxme": New("Rome", "a slip", 0.9)})
    >>> [one.new for one in mend(pl.DataFrame({"town": ["Rxme", "Oslo"]}), [rules])]
    ['Rome']
    """
    found: list[Repair] = []
    chosen = list(mends)
    keys = row_keys(cells) if any(one.rows for one in chosen) else None
    for one in chosen:
        old = cells[one.column].to_list()
        new: dict[int, New] = {}
        if keys is not None and one.rows:
            for row, (key, text) in enumerate(zip(keys, old, strict=True)):
                if (key, text) in one.rows:
                    new[row] = one.rows[key, text]
        for given in one.given:
            _by_cells(cells, old, given, new)
        _by_value(old, one, new)
        for given in one.given:
            _by_near(cells, old, given, new)
        found += [
            Repair(row, one.column, old[row], done.value, done.why, done.confidence, True)
            for row, done in sorted(new.items())
            if done.value != old[row]
        ]
    return found


def _names(cells: pl.DataFrame, columns: Sequence[str]) -> list[Names]:
    return list(zip(*(cells[name].to_list() for name in columns), strict=True))


def _by_cells(
    cells: pl.DataFrame, old: list[str | None], given: Given, new: dict[int, New]
) -> None:
    if not given.cells:
        return
    for row, pair in enumerate(zip(_names(cells, given.columns), old, strict=True)):
        if pair in given.cells:
            new.setdefault(row, given.cells[pair])


def _by_value(old: list[str | None], mends: Mends, new: dict[int, New]) -> None:
    if not (mends.values or mends.rewrites):
        return
    known: dict[str, New | None] = {}
    for row, text in enumerate(old):
        if text is None or row in new:
            continue
        if text not in known:
            known[text] = mends.values.get(text) or _rewritten(text, mends)
        found = known[text]
        if found is not None:
            new[row] = found


def _rewritten(text: str, mends: Mends) -> New | None:
    for rewrite, told in mends.rewrites:
        made = rewrite.apply(text)
        if made is not None and made != text:
            return New(made or None, told.why, told.confidence)
    return None


def _by_near(cells: pl.DataFrame, old: list[str | None], given: Given, new: dict[int, New]) -> None:
    """Take a slip of the right value of a row for the right value."""
    if not given.near:
        return
    asked = []
    for row, (names, text) in enumerate(zip(_names(cells, given.columns), old, strict=True)):
        right = given.near.get(names)
        if right is not None and text is not None and text != right.value and row not in new:
            asked.append((row, text, right))
    close = alike([text for _, text, _ in asked], [right.value for _, _, right in asked])
    for (row, _, right), share in zip(asked, close.tolist(), strict=True):
        if share >= NEAR:
            new[row] = right


def restore_mends(data: Mapping[str, Any]) -> Mends:
    """Read rules from plain JSON.

    Raises
    ------
    ValueError, TypeError, KeyError
        When they are none.

    Examples
    --------
    >>> rules = Mends("town", values={"Rxme": New("Rome", "a slip", 0.9)})
    >>> restore_mends(rules.to_json()) == rules
    True
    """
    given = tuple(
        Given(
            tuple(map(_text, each["columns"])),
            {(_are(one, each), _cell(one["old"])): _new(one) for one in each["cells"]},
            {_are(one, each): _new(one) for one in each["near"]},
        )
        for each in data["given"]
    )
    rewrites = tuple(
        (restore_rewrite(one), New(None, _text(one["why"]), _share(one["confidence"])))
        for one in data["rewrites"]
    )
    found = Mends(
        _text(data["column"]),
        {(_text(one["row"]), _cell(one["old"])): _new(one) for one in data["rows"]},
        given,
        {_text(one["old"]): _new(one) for one in data["values"]},
        rewrites,
    )
    if max(len(found.rewrites), len(found.given)) > _MOST_WAYS:
        raise ValueError(f"more than {_MOST_WAYS} ways to mend a column")
    return found


def _are(one: Mapping[str, Any], given: Mapping[str, Any]) -> Names:
    if len(one["are"]) != len(given["columns"]):
        raise ValueError("values for other columns")
    return tuple(map(_cell, one["are"]))


def _new(one: Mapping[str, Any]) -> New:
    return New(_cell(one["new"]), _text(one["why"]), _share(one["confidence"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} for a text")
    return value


def _cell(value: object) -> str | None:
    return None if value is None else _text(value)


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("a confidence that is no share")
    return float(value)
