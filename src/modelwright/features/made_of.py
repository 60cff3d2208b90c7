"""Which columns of a table each feature is made of, found by moving cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.matrix import Matrix
from modelwright.core.protocols import FittedStep
from modelwright.core.table import Table
from modelwright.features.recipe import FittedRecipe

__all__ = ["made_of"]

Changed = NDArray[np.bool_]


def made_of(recipe: FittedRecipe, table: Table) -> tuple[tuple[str, ...], ...]:
    """Say for each feature which columns it changes with, on these rows.

    Parameters
    ----------
    recipe : FittedRecipe
        What makes the features.
    table : Table
        Some rows that differ.

    Returns
    -------
    tuple of tuple of str
        One a feature, in the order of the matrix: all numbers, then all codes. A feature that is
        the same in all rows whatever is moved is said to be made of all columns of its step.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> from modelwright.core.task import Target
    >>> from modelwright.features.recipe import default_recipe
    >>> schema = Schema((Column("area", Kind.NUMBER), Column("town", Kind.CATEGORY)))
    >>> frame = pl.DataFrame({"area": [50.0, 70.0, 60.0], "town": ["Rome", "Rome", "Bonn"]})
    >>> recipe = default_recipe().fit(Table(frame, schema), Target(np.arange(3.0)), seed=0)
    >>> made_of(recipe, Table(frame, schema))
    (('area',), ('town',))
    """
    numbers: list[tuple[str, ...]] = []
    codes: list[tuple[str, ...]] = []
    for step in recipe.steps:
        found = _of_step(step, table)
        numbers += found[: len(step.number_names)]
        codes += found[len(step.number_names) :]
    return (*numbers, *codes)


def _of_step(step: FittedStep, table: Table) -> list[tuple[str, ...]]:
    """Move half of the columns at a time, by each digit of their numbers written in base two.

    A feature of one column changes whenever that one is moved: the digits say which it is.
    """
    columns, width = step.columns, len(step.number_names) + len(step.code_names)
    if len(columns) < 2:
        return [columns] * width
    told = _named((*step.number_names, *step.code_names), columns)
    if told is not None:
        return told
    before = step.transform(table)
    number = np.arange(len(columns))
    own = np.zeros((2, width), np.int64)
    several = np.zeros(width, np.bool_)
    ever = np.zeros(width, np.bool_)
    for digit in range(int(len(columns) - 1).bit_length()):
        for side in (0, 1):
            half = [columns[i] for i in number[(number >> digit & 1) == side]]
            changed = _changed(step, table, half, before)
            own[side] |= changed.astype(np.int64) << digit
            ever |= changed
        several |= (own[0] & own[1] & 1 << digit) > 0
    found = [
        columns if odd or not seen else (columns[one],)
        for odd, seen, one in zip(several, ever, own[1], strict=True)
    ]
    if several.any():
        alone = {name: _changed(step, table, [name], before) for name in columns}
        for place in np.flatnonzero(several):
            mixed = tuple(name for name in columns if alone[name][place])
            found[place] = mixed or columns
    return found


def _named(features: tuple[str, ...], columns: tuple[str, ...]) -> list[tuple[str, ...]] | None:
    """Read the columns off the names, where each is that of a column, or begins with it.

    None where a column names no feature: it may be part of all, as the time of a history is.
    """
    known = set(columns)
    found: list[tuple[str, ...]] = []
    for name in features:
        begins = [part for at in range(len(name)) if name[at : at + 2] == ": "
                  and (part := name[:at]) in known]  # fmt: skip
        if name not in known and len(begins) != 1:
            return None
        found.append((name,) if name in known else (begins[0],))
    return found if {name for (name,) in found} == known else None


def _changed(step: FittedStep, table: Table, names: list[str], before: Matrix) -> Changed:
    """Tell which features differ when cells of some columns come from the row above."""
    moved = table.frame.with_columns(table.frame[name].gather(_above(table)) for name in names)
    after = step.transform(Table(moved, table.schema))
    return np.concatenate(
        [_apart(after.numbers, before.numbers), _apart(after.codes, before.codes)]
    )


def _above(table: Table) -> NDArray[np.int64]:
    return np.roll(np.arange(table.height), 1)


def _apart(one: NDArray[np.generic], other: NDArray[np.generic]) -> Changed:
    same = one == other
    if one.dtype.kind == "f":
        same |= np.isnan(one.astype(np.float64)) & np.isnan(other.astype(np.float64))
    return np.asarray(~same.all(axis=0), np.bool_)
