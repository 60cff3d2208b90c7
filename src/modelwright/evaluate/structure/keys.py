"""What may say that rows are about the same thing: columns, parts of names, columns together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Column, Kind, Role
from modelwright.evaluate.structure.view import View
from modelwright.evaluate.structure.words import Hint, hint_of
from modelwright.stats.cells import Cells, code_values, row_keys
from modelwright.stats.groups import fixed_columns, group_sizes

__all__ = ["Key", "find_keys"]

Codes = NDArray[np.int64]

_FEWEST = 10
_UNIQUE = 0.85
_REPEATED = 0.5
_MISSING = 0.3
_PAIRED = 6
_PIVOTS = 8
_KINDS = (Kind.ID, Kind.CATEGORY, Kind.TEXT, Kind.GEO, Kind.NUMBER)
# Amounts that stand as words, such as of several currencies: numbers, and what shows that.
_MONEY = r"\p{Sc}|\b(?:usd|eur|gbp|chf|jpy|cny|inr|cad|aud|sek|nok|dkk|pln|czk|brl|mxn|zar|try)\b"
_NUMBER = rf"(?i)^[-+(]?\s*(?:{_MONEY})?\s*[-+]?\d[\d.,' ]*\s*(?:%|{_MONEY})?\s*\)?$"
_TELLING = rf"(?i)%|\d[.,]\d|{_MONEY}"
_MOSTLY = 0.5
# "sub-01_run2", "phon R01 S3", "MUSK.211.a": what stands before the last part; "12b": the number.
_HEADS = (r"^(.+?)[\s_\-.:/#|]+[^\s_\-.:/#|]+$", r"^(.*\d)[A-Za-z]$")


@dataclass(frozen=True)
class Key:
    """Something whose equal values may mean the same thing.

    Parameters
    ----------
    columns : tuple of str
        Where it stands.
    codes : ndarray of int64, shape (n_rows,)
        For all rows of the table; 0 is missing.
    what : str
        In words.
    direct : bool
        Whether it is one column that names things, to be given as it is.
    points : float
        What its type and name speak for it.
    ordered : bool
        Whether it is a number that may be a quantity: more and less of it would mean something.
    """

    columns: tuple[str, ...]
    codes: Codes
    what: str
    direct: bool
    points: float
    ordered: bool = False


def find_keys(view: View, orders: tuple[str, ...]) -> Iterator[Key]:
    """List what rows may have in common.

    Parameters
    ----------
    view : View
        The rows.
    orders : tuple of str
        Columns that say when, which are no things.

    Yields
    ------
    Key
    """
    columns = [column for column in view.table.schema if column.name in view.cells.names]
    singles = []
    for column in columns:
        if column.kind in _KINDS and column.role is not Role.TARGET and column.name not in orders:
            key = _single(view, column)
            if key is not None:
                singles.append(key)
    yield from singles
    for column in columns:
        if column.kind in (Kind.ID, Kind.TEXT):
            yield from _heads(view, column)
    yield from _together(view, orders)
    if view.whole:
        yield from _blocks(view, orders)


def _single(view: View, column: Column) -> Key | None:
    number = column.kind is Kind.NUMBER
    if _is_amount(view.table.frame[column.name], column):
        return None
    hint = hint_of(column.name)
    place = view.cells.names.index(column.name)
    if number and (
        hint in (Hint.WHEN, Hint.BEFORE, Hint.LENGTH) or not _repeats(view.cells, place)
    ):
        return None
    # Of a large table only numbers that are named like keys are worth a look at all rows.
    if number and not view.whole and hint is not Hint.WHO:
        return None
    if not view.whole and view.cells.distinct[place] < _FEWEST:
        return None
    coded = view.cells.codes[:, place] if view.whole else code_values(view.table.frame[column.name])
    codes = coded.astype(np.int64)
    if not _worth(codes):
        return None
    named = {Hint.WHO: 1.0, Hint.WHERE: -1.5, Hint.SORT: -1.5, Hint.BEFORE: -1.0}.get(hint, 0.0)
    measured = number and hint is not Hint.WHO
    kind = 1.0 if column.kind is Kind.ID else -2.0 if measured else 0.0
    return Key((column.name,), codes, repr(column.name), not measured, kind + named, measured)


def _is_amount(values: pl.Series, column: Column) -> bool:
    """Tell whether a column measures: with fractions or a unit, as number or as words.

    Two things may weigh or cost the same; a name has no fraction and no unit.
    """
    if column.kind is Kind.NUMBER:
        unit = re.search(r"[^\d.,'+() -]", column.format)
        return unit is not None or not bool((values == values.floor()).all())
    if values.dtype != pl.String():
        return False
    some = values.drop_nulls().unique(maintain_order=True).head(2_000)
    amounts = some.str.contains(_NUMBER) & some.str.contains(_TELLING)
    return len(some) > 0 and float(amounts.mean()) >= _MOSTLY  # type: ignore[arg-type]


def _repeats(cells: Cells, place: int) -> bool:
    """Tell whether numbers come again more often than the resolution of a measurement would."""
    return bool(cells.distinct[place] >= 2 * _FEWEST and cells.agree[place] <= 0.05)


def _worth(codes: Codes) -> bool:
    known = codes[codes > 0]
    if len(known) < (1 - _MISSING) * len(codes):
        return False
    sizes = group_sizes(known)
    return (
        _FEWEST <= sizes.groups <= _UNIQUE * len(known)
        and sizes.repeated >= _REPEATED
        and sizes.largest <= 0.5
    )


def _heads(view: View, column: Column) -> Iterator[Key]:
    """Take the beginnings of names that are all different."""
    values = view.table.frame[column.name].cast(pl.String)
    some = values.drop_nulls().head(2_000)
    if not len(some) or some.n_unique() < _UNIQUE * len(some):
        return
    for pattern in _HEADS:
        if some.str.contains(pattern).mean() < 0.95 or some.str.len_chars().max() > 60:  # type: ignore[operator]
            continue
        heads = values.str.extract(pattern, 1)
        codes = code_values(heads).astype(np.int64)
        if _worth(codes) and not _spelled_out(view, codes):
            what = f"the beginning of {column.name!r} (such as {heads.drop_nulls()[0]!r})"
            yield Key((column.name,), codes, what, False, 1.0)
            return


def _spelled_out(view: View, codes: Codes) -> bool:
    """Tell whether other columns say the same, so that a beginning of names is nothing new."""
    seen = codes[view.rows]
    names = fixed_columns(view.cells, seen)
    known = seen > 0
    if not names:
        return False
    joined = _joined(view.cells, names)[known]
    return len(np.unique(joined)) >= 0.95 * len(np.unique(seen[known]))


def _together(view: View, orders: tuple[str, ...]) -> Iterator[Key]:
    """Take two columns that fix others together, which neither does alone."""
    cells = view.cells
    schema = view.table.schema
    names = [
        name
        for i, name in enumerate(cells.names)
        if schema[name].kind in (Kind.ID, Kind.CATEGORY)
        and name not in orders
        and 3 <= cells.distinct[i] <= _UNIQUE * len(cells)
        and hint_of(name) not in (Hint.SORT, Hint.WHERE)
        and not _is_amount(view.table.frame[name], schema[name])
    ]
    names = sorted(names, key=lambda name: -cells.distinct[cells.names.index(name)])[:_PAIRED]
    alone = {
        name: set(fixed_columns(cells, cells.codes[:, cells.names.index(name)])) for name in names
    }
    for pair in combinations(names, 2):
        codes = _joined(cells, pair)
        if not _worth(codes):
            continue
        rest = cells.without(pair)
        new = set(fixed_columns(rest, codes)) - alone[pair[0]] - alone[pair[1]]
        if len(new) >= 2:
            whole = codes if view.whole else _joined_all(view, pair)
            what = f"{pair[0]!r} together with {pair[1]!r}"
            named = 1.0 if any(hint_of(name) is Hint.WHO for name in pair) else 0.0
            yield Key(pair, whole, what, False, named - 0.5)


def _joined(cells: Cells, names: tuple[str, ...]) -> Codes:
    columns = [cells.names.index(name) for name in names]
    keys = row_keys(cells.codes[:, columns]).sum(axis=1, dtype=np.uint64)
    _, codes = np.unique(keys, return_inverse=True)
    return np.asarray(codes + 1, np.int64)


def _joined_all(view: View, names: tuple[str, ...]) -> Codes:
    frame = view.table.frame
    codes = np.column_stack([code_values(frame[name]) for name in names])
    keys = row_keys(codes).sum(axis=1, dtype=np.uint64)
    return np.asarray(np.unique(keys, return_inverse=True)[1] + 1, np.int64)


def _blocks(view: View, orders: tuple[str, ...]) -> Iterator[Key]:
    """Take columns that change together from one row of the file to the next, and stay between."""
    cells = view.cells.without(orders)
    rows = len(cells)
    if rows < 40 or not cells.names:
        return
    changes = cells.codes[1:] != cells.codes[:-1]
    rate = changes.mean(axis=0)
    chance = 1 - cells.agree
    held = np.flatnonzero((rate <= 0.6 * chance) & (rate >= _FEWEST / rows) & (chance > 0.05))
    best: tuple[int, ...] = ()
    for pivot in held[np.argsort(-rate[held], kind="stable")][:_PIVOTS]:
        turn = changes[:, pivot]
        at = changes[turn].mean(axis=0)
        between = changes[~turn].mean(axis=0) if (~turn).any() else np.ones(len(rate))
        same = (at >= 0.8 * chance) & (between <= 0.05) & (chance > 0.05)
        found = tuple(np.flatnonzero(same).tolist())
        if len(found) > len(best):
            best = found
    names = tuple(cells.names[i] for i in best)
    if len(names) < 2:
        return
    codes = _joined(cells, names)
    if _worth(codes):
        listed = ", ".join(repr(name) for name in names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield Key(names, codes, f"equal values of {listed}{more}", False, -0.5)
