"""Running numbers that remember in which order the file was put together.

A number that counts rows measures nothing. When it tells the answer, the rows were collected class
by class, sorted, or in blocks, and new rows will have numbers that no model has seen.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Column, Kind
from modelwright.leaks.look import Look, unexplained

__all__ = ["find_counters", "running_number"]

Floats = NDArray[np.float64]

_FEWEST = 60
_DISTINCT = 0.98
_EVEN = 0.08
# A block of neighbours: so many rows tell of each other.
_BLOCK = 20
_MOST_BLOCKS = 200
_ERROR = 0.93
_WARNING = 0.98
_SURE = 5.0


def find_counters(look: Look) -> tuple[Finding, ...]:
    """Find running numbers along which answers change.

    Parameters
    ----------
    look : Look
        The rows.

    Returns
    -------
    tuple of Finding
        ``row-number``.
    """
    found = []
    for column in look.table.schema:
        if column.name not in look.names:
            continue
        number = running_number(look.table.frame[column.name], column)
        if number is None:
            continue
        left, sure = _along(look, number)
        if left > _WARNING or sure < _SURE:
            continue
        code = CODES["row-number"]
        severity = code.severity if left <= _ERROR else Severity.WARNING
        evidence = (
            f"{column.name!r} counts rows and measures nothing, and rows with numbers near each "
            f"other have answers alike: it leaves {left:.0%} of their variation unexplained"
        )
        found.append(Finding(code.name, severity, (column.name,), evidence, code.cure))
    return tuple(found)


def running_number(values: pl.Series, column: Column) -> Floats | None:
    """Read a column as a number that counts rows.

    Parameters
    ----------
    values : polars.Series, shape (n_rows,)
        As a `Table` holds it.
    column : Column
        What it means.

    Returns
    -------
    ndarray of float64, shape (n_rows,), or None
        None when it is no such number: it comes again, or leaves large parts out.

    Examples
    --------
    >>> counted = pl.Series([f"R{i:04}" for i in range(80)])
    >>> running_number(counted, Column("a", Kind.ID))[:2]
    array([0., 1.])
    >>> running_number(pl.Series(np.arange(80.0) ** 2), Column("a", Kind.NUMBER)) is None
    True
    """
    if column.kind is Kind.NUMBER:
        numbers = np.asarray(values.to_numpy(), np.float64)
    elif column.kind in (Kind.ID, Kind.CATEGORY, Kind.TEXT):
        ends = values.str.extract(r"^\D*(\d{1,15})\D{0,3}$", 1)
        # digits of other scripts are digits to the pattern, and no number to the cast
        numbers = np.asarray(ends.cast(pl.Float64, strict=False).to_numpy(), np.float64)
    else:
        return None
    known = numbers[~np.isnan(numbers)]
    if len(known) < max(_FEWEST, 0.95 * len(numbers)) or (known != np.floor(known)).any():
        return None
    ordered = np.unique(known)
    if len(ordered) < _DISTINCT * len(known):
        return None
    # spread evenly over its range, and dense in it: values of a measurement crowd somewhere
    place = (ordered - ordered[0]) / max(ordered[-1] - ordered[0], 1)
    even = float(np.abs(place - np.linspace(0, 1, len(ordered))).max())
    return numbers if even <= _EVEN else None


def _along(look: Look, number: Floats) -> tuple[float, float]:
    """Say what blocks of neighbouring numbers leave unexplained, and how sure that is."""
    order = np.argsort(np.where(np.isnan(number), np.inf, number), kind="stable")
    rows = len(order)
    best, sure = 1.0, 0.0
    for size in (_BLOCK, 4 * _BLOCK):
        count = int(np.clip(rows // size, 3, _MOST_BLOCKS))
        block = np.empty(rows, np.int64)
        block[order] = np.arange(rows) * count // rows
        left = unexplained(block, look.answers, look.fold)
        if left < best:
            best = left
            # the share that chance explains varies by about sqrt(2 blocks) / rows
            sure = (1 - left) * rows / np.sqrt(2.0 * count)
    return best, sure
