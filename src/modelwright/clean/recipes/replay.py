"""A recipe done again: to the same table, or to one like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from modelwright.clean.recipes.expected import Surprise, surprises
from modelwright.clean.recipes.filling import Read
from modelwright.clean.recipes.keys import table_hash
from modelwright.clean.recipes.mends import mend
from modelwright.clean.recipes.recipe import Recipe
from modelwright.clean.recipes.steps import DropRows, Rename, Step, Working
from modelwright.clean.repairs import Repair, Repairs, log_of
from modelwright.clean.stray_rows import stray_rows
from modelwright.core.errors import ColumnError, OptionError

__all__ = ["Replayed", "check_columns", "check_left", "listed", "repaired", "replay", "run_steps"]

_SHOWN = 8
_TOLD = 100


@dataclass(frozen=True)
class Replayed:
    """What a recipe made of a table.

    Parameters
    ----------
    table : polars.DataFrame
        The cleaned table.
    changes : tuple of Repair
        What was changed, cell by cell.
    hash : str
        Of the cleaned table, as text.
    same : bool
        Whether it is the very table that the recipe was made of.
    surprises : tuple of Surprise
        What the table holds that the first one did not.
    notes : tuple of str
        What else there is to know, each a sentence.
    """

    table: pl.DataFrame
    changes: tuple[Repair, ...]
    hash: str
    same: bool
    surprises: tuple[Surprise, ...] = ()
    notes: tuple[str, ...] = ()

    def log(self) -> pl.DataFrame:
        """Give all changes as a table: row, column, old, new, rule, confidence, applied."""
        return log_of(self.changes)

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain JSON."""
        return {
            "rows": self.table.height,
            "columns": self.table.width,
            "hash": self.hash,
            "same_input": self.same,
            "changed": len(self.changes),
            "surprises": [
                {"column": one.column, "what": one.what, "evidence": one.evidence}
                for one in self.surprises
            ],
            "notes": list(self.notes),
        }


def replay(cells: pl.DataFrame, recipe: Recipe, read: Read | None = None) -> Replayed:
    """Do to a table what a recipe says.

    Parameters
    ----------
    cells : polars.DataFrame
        Text, null where a value is missing; with the columns of the recipe, in any order. Others
        stay as they are.
    recipe : Recipe
        What to do.
    read : callable, optional
        Reads text as what a schema says; needed where the recipe fills gaps.
        `modelwright.plan.tables.clean.replayed` brings it along.

    Returns
    -------
    Replayed
        Of the table that the recipe was made of exactly what was made of it then.

    Raises
    ------
    ColumnError
        When a column is not there, or is there already that the recipe makes.
    OptionError
        When a step of the recipe cannot be done, or gaps are to be filled without `read`.
    """
    notes = check_columns(cells.columns, recipe)
    start = Working.of(cells[list(recipe.columns)])
    known = start.frame
    same = known.height == recipe.origin.rows and table_hash(known) == recipe.origin.hash
    working = run_steps(start, recipe.before)
    lacking = set().union(*(one.needs() for one in recipe.mends)) - {*working.frame.columns}
    if lacking:
        got = f"of {listed(sorted(lacking))}"
        raise OptionError("repairs of columns that are there", got, "mend the recipe")
    working = repaired(working, Repairs.of(mend(working.frame, recipe.mends)).all)
    working = run_steps(working, recipe.after)
    check_left(working)
    working = _filled(working, recipe, read)
    notes = (*notes, *_of_strays(working, recipe))
    made = table_hash(working.frame)
    if same and made != recipe.origin.cleaned:
        notes = (*notes, "The result differs from that of the recipe, which was changed since.")
    return Replayed(
        _with_others(working, cells, recipe),
        working.log,
        made,
        same and len(cells.columns) == len(recipe.columns),
        () if same else surprises(recipe.expected, known),
        notes,
    )


def _filled(working: Working, recipe: Recipe, read: Read | None) -> Working:
    if recipe.fill is None:
        return working
    if read is None:
        cure = (
            "modelwright.plan.tables.clean.replayed reads them, as modelwright clean --replay does"
        )
        raise OptionError("a reader of typed columns to fill gaps with", "none", cure)
    lacking = recipe.fill.needs() - {*working.frame.columns}
    if lacking:
        got = f"of {listed(sorted(lacking))}"
        raise OptionError("gaps to fill in columns that are there", got, "mend the recipe")
    try:
        return recipe.fill.run(working, read)
    except (pl.exceptions.PolarsError, ValueError, TypeError, ArithmeticError) as error:
        raise OptionError("gaps that can be filled as the recipe says", _line(error)) from None


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:_TOLD]


def _of_strays(working: Working, recipe: Recipe) -> tuple[str, ...]:
    """Tell of totals, and of names of columns, that stay."""
    if any(isinstance(step, DropRows) and step.which == "stray" for step in recipe.after):
        return ()
    return tuple(stray_rows(working.frame).notes("were kept as they are"))


def _with_others(working: Working, cells: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """Put columns that the recipe does not know behind the others."""
    others = [column for column in cells[working.rows] if column.name not in recipe.columns]
    return pl.DataFrame([*working.frame, *others])


def run_steps(working: Working, steps: Sequence[Step]) -> Working:
    """Do steps, one after the other.

    Raises
    ------
    OptionError
        When one cannot be done.
    """
    for step in steps:
        try:
            working = step.run(working)
        except (pl.exceptions.PolarsError, ValueError) as error:
            got = f"{str(step)[:_TOLD]}: {_line(error)}"
            raise OptionError("steps that fit the table", got) from None
    return working


def check_left(working: Working) -> None:
    """Refuse to leave every column out.

    Raises
    ------
    OptionError
        When none is left.
    """
    if not working.frame.width:
        cure = "leave out fewer columns"
        raise OptionError("steps that leave a column", "all of them left out", cure)


def repaired(working: Working, repairs: Sequence[Repair]) -> Working:
    """Do repairs of single cells, whose rows are counted in the table as it is now.

    Raises
    ------
    OptionError
        When cells would grow beyond all bounds.
    """
    try:
        return working.with_repairs(repairs)
    except ValueError as error:
        raise OptionError("repairs that keep cells short", _line(error)) from None


def check_columns(columns: Sequence[str], recipe: Recipe) -> tuple[str, ...]:
    """Refuse a table of other columns; note new ones.

    Raises
    ------
    ColumnError
        When a column is not there: columns that are missing and new are listed. Or when one is
        there that the recipe does not know, and makes.
    """
    lost = [name for name in recipe.columns if name not in columns]
    new = [name for name in columns if name not in recipe.columns]
    if lost:
        got = f"none of the name {listed(lost)}"
        if new:
            got += f", but {listed(new)}, which the recipe does not know"
        cure = f"it was made for {recipe.origin.name!r}: rename the columns, or clean anew"
        raise ColumnError("the columns of the recipe", got, cure)
    steps = (*recipe.before, *recipe.after)
    made = {step.to: step.column for step in steps if isinstance(step, Rename)}
    for name in new:
        if name in made:
            expected = f"no column {name!r} beside {made[name]!r}, which the recipe renames so"
            raise ColumnError(expected, "both", "rename one of them, or leave it out")
    if not new:
        return ()
    verb = "is" if len(new) == 1 else "are"
    return (f"{listed(new)} {verb} unknown to the recipe and left as it stands.",)


def listed(names: Sequence[str]) -> str:
    """Write the first names of a list, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b"])
    "'a', 'b'"
    """
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
