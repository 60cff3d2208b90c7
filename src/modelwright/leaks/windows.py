"""Columns that are means of answers, those of later rows or of the row itself among them.

The mean answer of the last week is a fine feature. The mean of the week *around* a row is not: it
holds answers that are not known yet. So is the mean of the *other* rows of a town: what is missing
in it gives a row away. Columns are read as means of the rows that share a value (`encoded`), of the
other rows of a thing (here), and of neighbours, in each order that rows may come in (`moving`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.leaks.arranged import Arranged, arrangements, find_shared, whole_things
from modelwright.leaks.encoded import drawn_to_mean, fingerprint, outputs, sorted_by_answers
from modelwright.leaks.moving import Neighbours, accumulated, quantum, reach, without_own

__all__ = ["find_made_columns", "without_itself"]

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

_FEWEST = 60
_VALUES = 4
_SEVERAL = 5
_SHARE = 0.6
_EXPLAINED = 0.9
_SHARP = 0.3
_STEEP = (0.9, 1.1)
# Columns times outputs times orders that are looked at: a table of genes has no end of columns.
_TRIES, _FEWEST_ORDERS = 10_000, 2
_HUGE = 1e100  # the squares of larger numbers are none


def find_made_columns(table: Table, y: Target, names: Collection[str]) -> tuple[Finding, ...]:
    """Find columns that were made of answers, of the same row or of rows that come later.

    Parameters
    ----------
    table : Table
        Typed rows, in the order of their file.
    y : Target
        Their answers.
    names : collection of str
        The columns that go with the answers at all: only these are read as means of the rows that
        share a value. The other readings hold to the last digit, and are tried on every number.

    Returns
    -------
    tuple of Finding
        ``answers-in-column``.
    """
    columns = _numbers(table)
    if not columns:
        return ()
    said = outputs(y)
    if max(float(np.abs(answers).max()) for answers in said) > _HUGE:
        return ()
    shared = find_shared(table)
    most = max(_FEWEST_ORDERS, _TRIES // (len(columns) * len(said)))
    orders = arrangements(table, shared)[:most]
    several = {n: v for n, v in columns.items() if table.frame[n].n_unique() >= _SEVERAL}
    found: dict[str, str] = {}
    fine: set[str] = set()  # of earlier rows, as a date says
    for answers in said:
        rest = {n: v for n, v in several.items() if n not in found}
        found |= _by_value({n: v for n, v in rest.items() if n in names}, answers)
        rest = {n: v for n, v in rest.items() if n not in found}
        found |= _by_thing(rest, answers, shared)
        for arranged in orders:
            known = {*found, *fine, *arranged.columns}
            left = {name: values for name, values in columns.items() if name not in known}
            for name, words in _by_order(left, answers, arranged):
                if words:
                    found[name] = words
                elif arranged.dated:
                    fine.add(name)
    code = CODES["answers-in-column"]
    return tuple(
        Finding(code.name, code.severity, (name,), f"{name!r} {found[name]}", code.cure)
        for name in columns if name in found
    )  # fmt: skip


def _numbers(table: Table) -> Columns:
    found = {}
    for column in table.schema:
        if column.kind is not Kind.NUMBER or column.role in (Role.TARGET, Role.WEIGHT):
            continue
        if table.frame[column.name].n_unique() >= _VALUES:
            values = np.asarray(table.frame[column.name].to_numpy(), np.float64)
            size = float(np.nanmax(np.abs(values)))
            found[column.name] = values / size if size > _HUGE else values
    return found


def _by_value(columns: Columns, answers: Floats) -> dict[str, str]:
    """Read columns as means of the rows that share a value."""
    told = {}
    for name, values in columns.items():
        seen = fingerprint(values, answers)
        drawn = drawn_to_mean(values, answers)
        ranked = sorted_by_answers(values, answers)
        if seen is not None and seen.made_of_answers:
            told[name] = (
                f"holds the mean answers of the rows that share its values: its {seen.levels} "
                f"means scatter {seen.scatter:.1%} of what chance asks for around what it says"
            )
        elif drawn is not None:
            told[name] = (
                f"holds mean answers, drawn to that of all rows: each of its {drawn} values lies "
                "between the mean answer of the rows that have it and that of all rows"
            )
        elif ranked is not None:
            told[name] = (
                f"numbers its {ranked[0]} values in the order of their mean answers, to the last "
                f"place: chance does that once in {1 / max(ranked[1], 1e-300):.0e} times"
            )
    return told


def _by_thing(
    columns: Columns, answers: Floats, shared: list[tuple[str, NDArray[np.int64]]]
) -> dict[str, str]:
    """Read columns as means of the other rows of a thing."""
    told: dict[str, str] = {}
    for key, codes in shared:
        rows, _ = whole_things(codes, np.arange(len(codes)))
        for name, values in columns.items():
            if name in told or name == key:
                continue
            if without_itself(values[rows], answers[rows], codes[rows]):
                told[name] = (
                    f"holds the mean answer of the other rows with the same {key!r}: what is "
                    "missing in it is the answer of the row"
                )
    return told


def _by_order(columns: Columns, answers: Floats, arranged: Arranged) -> Iterator[tuple[str, str]]:
    """Read columns as means of neighbours in an order; no words for those of earlier rows only."""
    near = Neighbours.of(arranged, answers)
    for name, values in columns.items():
        words = _of_neighbours(values, answers, arranged, near)
        if words is not None:
            yield name, words


def _of_neighbours(
    values: Floats, answers: Floats, arranged: Arranged, near: Neighbours | None
) -> str | None:
    """Say what a column is made of: "" of earlier answers only, None of nothing that is known."""
    ahead = reach(values[arranged.rows], answers[arranged.rows], arranged.place)
    if ahead is not None:
        later = "its own answer" if ahead == 0 else f"answers of up to {ahead} rows later"
        words = f"moves with the answers of rows in {arranged.words}, to the last digit, and holds "
        return "" if ahead < 0 else words + later
    so_far = accumulated(arranged, values, answers)
    if so_far:
        which = "up to the row itself" if so_far == "own" else "that come later"
        words = f"holds the mean answer of all rows {which} in {arranged.words}"
        return "" if so_far == "past" else words
    if without_own(arranged, values, answers):
        return (
            f"falls as the answer of its row rises, at one rate among neighbours in "
            f"{arranged.words}: so does a mean answer from which that of the row is left out"
        )
    holds = "" if near is None else near.holds(arranged, values)
    if holds == "ahead":
        return (
            f"is a weighted mean of neighbouring answers in {arranged.words}, the row's own or "
            "later ones among them"
        )
    return "" if holds == "past" else None


def without_itself(values: Floats, answers: Floats, key: NDArray[np.int64]) -> bool:
    """Tell whether a column is the mean answer of the other rows with the same key.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows,)
        The column.
    answers : ndarray of float64, shape (n_rows,)
        Numbers, or 0 and 1.
    key : ndarray of int64, shape (n_rows,)
        What rows share.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> town, sold = np.arange(300) % 40, rng.normal(size=300)
    >>> sums, counts = np.bincount(town, sold)[town], np.bincount(town)[town]
    >>> without_itself((sums - sold) / (counts - 1), sold, town)
    True
    >>> without_itself(rng.normal(size=300), sold, town)
    False
    """
    known = np.isfinite(values)
    v, a = values[known], answers[known]
    _, k = np.unique(key[known], return_inverse=True)
    counts = np.bincount(k).astype(np.float64)
    size = counts[k]
    mine = size >= 2
    if mine.sum() < _FEWEST:
        return False
    inside = ((v - (np.bincount(k, v) / counts)[k]) * (size - 1))[mine]
    moved = (a - (np.bincount(k, a) / counts)[k])[mine]
    if not moved.any() or not inside.any():
        return False
    # where values are missing some other rows are unseen: most must fit, not all
    fits = np.abs(inside + moved) <= 0.02 * np.abs(moved) + 1e-6 * max(float(a.std()), 1e-12)
    telling = np.abs(moved) > 1e-9
    if fits[telling].mean() >= _SHARE:
        return True
    rounding = ((size[mine] - 1) * quantum(v)) ** 2 / 12
    return _steep(inside, moved, float(rounding.sum()))


def _steep(inside: Floats, moved: Floats, noise: float) -> bool:
    """Tell whether what is missing is the answer itself, but for rounding."""
    slope = -float(inside @ moved) / float(moved @ moved)
    whole = float(inside @ inside)
    left = float(((inside + slope * moved) ** 2).sum()) - noise
    sharp = noise <= _SHARP * whole
    return sharp and _STEEP[0] <= slope <= _STEEP[1] and left <= (1 - _EXPLAINED) * whole
