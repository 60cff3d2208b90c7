"""What the columns of a table looked like, and what is new in another one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from modelwright.clean.comparable import as_numbers
from modelwright.clean.mending.rewriting import shape
from modelwright.core.evidence import Profile
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.stats.drift import compare_profiles

__all__ = ["Expected", "Surprise", "expect", "restore_expected", "surprises"]

_CATEGORIES = 60
_SHAPES = 12
_LOOKED = 20_000
_SHOWN = 5
# Shares of rows that differ by so much, beyond what drawing that many rows explains.
_DRIFT = 0.2
_FEWEST = 30
_SURE = 0.01
_NUMBERS = 0.9  # of the known cells are numbers, in a column of numbers
_STEPS = np.linspace(0, 1, 21)


@dataclass(frozen=True)
class Expected:
    """One column.

    Parameters
    ----------
    column : str
        Its name.
    missing : float
        The share of missing cells.
    values : mapping of str to float
        How frequent each value is, where there are at most 60; else empty.
    shapes : mapping of str to float
        How frequent the twelve most usual ways of writing are.
    quantiles : tuple of float
        Of a column of numbers, where there are no `values`: 21, in steps of 5 %; else empty. Whole
        numbers that never come twice have none: they count rows.
    cells : int
        How many numbers these are of.
    """

    column: str
    missing: float
    values: Mapping[str, float]
    shapes: Mapping[str, float]
    quantiles: tuple[float, ...] = ()
    cells: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        numbers = {"quantiles": list(self.quantiles), "cells": self.cells}
        return {
            "column": self.column,
            "missing": self.missing,
            "values": dict(self.values),
            "shapes": dict(self.shapes),
            **(numbers if self.quantiles else {}),
        }


@dataclass(frozen=True)
class Surprise:
    """Something in a column that was not there before.

    Parameters
    ----------
    column : str
        Where.
    what : str
        new values, new ways of writing, drift or missing.
    evidence : str
        What exactly.
    """

    column: str
    what: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.column!r}: {self.evidence}"


def expect(cells: pl.DataFrame) -> tuple[Expected, ...]:
    """Write down what the columns of a table look like.

    Examples
    --------
    >>> [one] = expect(pl.DataFrame({"town": ["Rome", "Oslo", "Rome", "Rome", None]}))
    >>> one.missing, one.values
    (0.2, {'Rome': 0.75, 'Oslo': 0.25})
    """
    found = []
    for column in cells:
        counts = _counts(column)
        whole = max(sum(counts.values()), 1)
        shapes = _shapes(counts)
        few = len(counts) <= _CATEGORIES and whole >= 2 * len(counts)
        numbers = np.empty(0) if few else _numbers(column)
        found.append(
            Expected(
                column.name,
                round(column.null_count() / max(len(column), 1), 4),
                {v: round(n / whole, 4) for v, n in counts.most_common()} if few else {},
                {v: round(n / whole, 4) for v, n in shapes.most_common(_SHAPES)},
                tuple(np.quantile(numbers, _STEPS).tolist()) if len(numbers) else (),
                len(numbers),
            )
        )
    return tuple(found)


def _numbers(column: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Read a column of quantities; nothing of one that holds something else, or counts rows."""
    known = column.drop_nulls().str.strip_chars()
    known = known.filter(known != "")
    read = as_numbers(known).to_numpy()
    numbers = read[np.isfinite(read)]
    counting = len(np.unique(numbers)) == len(numbers) and bool((numbers % 1 == 0).all())
    enough = len(numbers) >= max(_FEWEST, _NUMBERS * len(known))
    return numbers if enough and not counting else np.empty(0)


def _counts(column: pl.Series) -> Counter[str]:
    counted = column.drop_nulls().rename("value").value_counts(sort=True, name="count")
    return Counter(dict(zip(counted["value"].to_list(), counted["count"].to_list(), strict=True)))


def _shapes(counts: Counter[str]) -> Counter[str]:
    shapes: Counter[str] = Counter()
    for value, count in counts.most_common(_LOOKED):
        shapes[shape(value)] += count
    return shapes


def surprises(expected: tuple[Expected, ...], cells: pl.DataFrame) -> tuple[Surprise, ...]:
    """Compare a table with what its columns looked like before.

    Parameters
    ----------
    expected : tuple of Expected
        Of the earlier table.
    cells : polars.DataFrame
        The new one, with the same columns.

    Returns
    -------
    tuple of Surprise
        By column; nothing where it is as before.

    Examples
    --------
    >>> before = expect(pl.DataFrame({"town": ["Rome", "Oslo"] * 40}))
    >>> found = surprises(before, pl.DataFrame({"town": ["Rome", "Oslo", "Lima"] * 30}))
    >>> [str(one) for one in found if one.what == "new values"]
    ["'town': 1 value that was not there before, in 33.3 % of the known cells: 'Lima'"]
    """
    found: list[Surprise] = []
    for one in expected:
        if one.column not in cells.columns:
            continue
        column = cells[one.column]
        counts = _counts(column)
        found += _new_values(one, counts)
        found += _new_shapes(one, counts)
        found += _drift(one, counts)
        missing = column.null_count() / max(len(column), 1)
        if len(column) >= _FEWEST and abs(missing - one.missing) >= _DRIFT / 2:
            told = f"{missing:.1%} missing, before {one.missing:.1%}".replace("%", " %")
            found.append(Surprise(one.column, "missing", told))
    moved = _moved(expected, cells)
    order = {name: place for place, name in enumerate(cells.columns)}
    return tuple(sorted([*found, *moved], key=lambda one: order[one.column]))


def _moved(expected: tuple[Expected, ...], cells: pl.DataFrame) -> list[Surprise]:
    """Compare columns of numbers with what is kept of them; all tests are corrected together."""
    told = [one for one in expected if one.quantiles and one.column in cells.columns]
    read = {one.column: _numbers(cells[one.column]) for one in told}
    found = []
    kept = [one for one in told if len(read[one.column])]
    tests = max(len(kept), 1)
    for one in kept:
        name = one.column
        profile = Profile(name, Kind.NUMBER, "feature", distinct=one.cells, quantiles=one.quantiles)
        frame = pl.DataFrame({name: read[name]})
        now = Table(frame, Schema((Column(name, Kind.NUMBER),)))
        (drift,) = compare_profiles((profile,), one.cells, now)
        if drift.drifted and drift.p_value * tests < _SURE:
            found.append(Surprise(name, "drift", f"{drift.words}, stability index {drift.psi:.2f}"))
    return found


def _told(new: Counter[str], whole: int, what: str) -> str:
    shown = ", ".join(repr(value[:40]) for value, _ in new.most_common(_SHOWN))
    more = f" and {len(new) - _SHOWN:,} more" if len(new) > _SHOWN else ""
    verb = "was" if len(new) == 1 else "were"
    share = 100 * sum(new.values()) / whole
    noun = what if len(new) == 1 else f"{what}s"
    where = f"in {share:.1f} % of the known cells"
    return f"{len(new):,} {noun} that {verb} not there before, {where}: {shown}{more}"


def _new_values(one: Expected, counts: Counter[str]) -> list[Surprise]:
    if not one.values:
        return []
    new = Counter({value: count for value, count in counts.items() if value not in one.values})
    told = _told(new, max(sum(counts.values()), 1), "value")
    return [Surprise(one.column, "new values", told)] if new else []


def _new_shapes(one: Expected, counts: Counter[str]) -> list[Surprise]:
    # where the usual ways of writing were not all of them, others are no news
    if one.values or sum(one.shapes.values()) < 0.999:
        return []
    shapes = _shapes(counts)
    new = Counter({form: count for form, count in shapes.items() if form not in one.shapes})
    told = _told(new, max(sum(counts.values()), 1), "way of writing").replace("writings", "writing")
    return [Surprise(one.column, "new ways of writing", told)] if new else []


def _drift(one: Expected, counts: Counter[str]) -> list[Surprise]:
    before = one.values or one.shapes
    now = counts if one.values else _shapes(counts)
    whole = sum(now.values())
    if whole < _FEWEST or not before:
        return []
    gaps = {value: now[value] / whole - share for value, share in before.items()}
    distance = sum(max(-gap, 0.0) for gap in gaps.values())
    # how far shares of so many rows move on average by chance (de Moivre), half of that downwards
    chance = sum(
        (share * max(1 - share, 0.0) / (2 * math.pi * whole)) ** 0.5 for share in before.values()
    )
    if distance < _DRIFT + chance:
        return []
    most = max(gaps, key=lambda value: abs(gaps[value]))
    kind = "" if one.values else "written like "
    told = f"{100 * now[most] / whole:.1f} % {kind}{most[:40]!r}, before {100 * before[most]:.1f} %"
    return [Surprise(one.column, "drift", f"{told}; in all {100 * distance:.0f} % moved")]


def restore_expected(data: Mapping[str, Any]) -> Expected:
    """Read it from plain JSON.

    Raises
    ------
    ValueError, TypeError, KeyError
        When it is none.
    """
    values, shapes = (
        {str(key): float(share) for key, share in data[name].items()}
        for name in ("values", "shapes")
    )
    missing = float(data["missing"])
    if not all(0 <= share <= 1.01 for share in (missing, *values.values(), *shapes.values())):
        raise ValueError("values without shares")
    quantiles = tuple(float(one) for one in data.get("quantiles", ()))
    cells = int(data.get("cells", 0))
    if (
        len(quantiles) not in (0, len(_STEPS))
        or cells < 0
        or not all(map(math.isfinite, quantiles))
    ):
        raise ValueError("numbers without their quantiles")
    if list(quantiles) != sorted(quantiles):
        raise ValueError("quantiles out of order")
    return Expected(str(data["column"]), missing, values, shapes, quantiles, cells)
