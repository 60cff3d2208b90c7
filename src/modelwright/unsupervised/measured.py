"""A table made ready: which columns are measured, which are left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.schema import Role
from modelwright.core.table import Table
from modelwright.unsupervised.space import Rows, Space

__all__ = ["FEWEST", "MOST", "measured"]

FEWEST = 10
"""Rows at least."""
MOST = 1_000
"""Coordinates at most, one for each number and each level: their covariances are taken apart."""
_NAMED = 8


def measured(table: Table) -> tuple[Space, Rows, tuple[str, ...]]:
    """Measure the rows of a table.

    Returns
    -------
    space : Space
        The columns.
    rows : Rows
        The rows.
    notes : tuple of str
        What the user should know: columns left out, missing values, logarithms.

    Raises
    ------
    DataError
        When there are fewer than 10 rows, too many columns, or none that can be measured.
    """
    if table.height < FEWEST:
        raise DataError(f"at least {FEWEST} rows", str(table.height), "add rows")
    space = Space.fit(table)
    if not space.axes:
        raise DataError(
            "a column of numbers, dates, categories or truth values with more than one value",
            "none",
            "free text and ids say nothing here; if a column was read wrong, say so with --types",
        )
    width = len(space.numbers) + sum(space.sizes)
    if width > MOST:
        raise DataError(
            f"columns of at most {MOST:,} numbers and levels in all",
            f"{width:,}",
            "leave columns out that do not matter: --types with the role ignored",
        )
    rows = space.rows(table)
    if len(np.unique(rows.points, axis=0)) < 2:
        raise DataError("rows that differ", "the same row again and again")
    return space, rows, _notes(table, space)


def _notes(table: Table, space: Space) -> tuple[str, ...]:
    notes = []
    out = [
        f"{column.name!r}{f' ({column.evidence})' if column.role is Role.IGNORED else ''}"
        for column in table.schema
        if column.name not in space.names
    ]
    if out:
        notes.append(f"Left out, as they cannot be measured here: {_several(out)}.")
    logged = [repr(axis.name) for axis in space.numbers if axis.logged]
    if logged:
        why = "as they lean far to one side"
        notes.append(f"Measured by their logarithms, {why}: {_several(logged)}.")
    gaps = [repr(a.name) for a in space.numbers if table.frame[a.name].null_count()]
    if gaps:
        notes.append(f"Missing numbers count as the middle one: {_several(gaps)}.")
    return tuple(notes)


def _several(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
