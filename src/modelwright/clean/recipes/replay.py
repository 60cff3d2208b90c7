"""A recipe done again: to the same table, or to one like it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from modelwright.clean.recipes.expected import Surprise, surprises
from modelwright.clean.recipes.filling import Read
from modelwright.clean.recipes.keys import table_hash
from modelwright.clean.recipes.mends import mend
from modelwright.clean.recipes.recipe import Recipe
from modelwright.clean.recipes.steps import DropRows, Step, Working
from modelwright.clean.repairs import LOG, Repair, changed
from modelwright.clean.stray_rows import stray_rows
from modelwright.core.errors import ColumnError, OptionError

__all__ = ["Replayed", "check_columns", "replay", "run_steps"]

_SHOWN = 8


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
        return pl.DataFrame(list(self.changes), schema=dict(LOG), orient="row")

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
        `modelwright.plan.clean.replayed` brings it along.

    Returns
    -------
    Replayed
        Of the table that the recipe was made of exactly what was made of it then.

    Raises
    ------
    ColumnError
        When a column is not there.
    OptionError
        When a step of the recipe cannot be done, or gaps are to be filled without `read`.
    """
    notes = check_columns(cells, recipe)
    cells = Working.of(cells).frame
    known = cells[list(recipe.columns)]
    same = known.height == recipe.origin.rows and table_hash(known) == recipe.origin.hash
    working = run_steps(Working.of(known), recipe.before)
    lacking = sorted(set().union(*(one.needs() for one in recipe.mends)) - {*working.frame.columns})
    if lacking:
        raise OptionError("repairs of columns that are there", f"of {lacking[:_SHOWN]}", "")
    found = mend(working.frame, recipe.mends)
    frame = changed(working.frame, found)
    rows = working.rows.tolist()
    told = tuple(one._replace(row=rows[one.row]) for one in found)
    working = run_steps(replace(working, frame=frame, log=(*working.log, *told)), recipe.after)
    working = _filled(working, recipe, read)
    notes = (*notes, *_of_strays(working, recipe))
    made = table_hash(working.frame)
    if same and made != recipe.origin.cleaned:
        notes = (*notes, "The result differs from that of the recipe, which was changed since.")
    return Replayed(
        _with_others(working, cells, recipe),
        working.log,
        made,
        same,
        () if same else surprises(recipe.expected, cells),
        notes,
    )


def _filled(working: Working, recipe: Recipe, read: Read | None) -> Working:
    if recipe.fill is None:
        return working
    if read is None:
        cure = "modelwright.plan.clean.replayed reads them, as modelwright clean --replay does"
        raise OptionError("a reader of typed columns to fill gaps with", "none", cure)
    return recipe.fill.run(working, read)


def _of_strays(working: Working, recipe: Recipe) -> tuple[str, ...]:
    """Tell of totals, and of names of columns, that stay."""
    if any(isinstance(step, DropRows) and step.which == "stray" for step in recipe.after):
        return ()
    return tuple(stray_rows(working.frame).notes("were kept as they are"))


def _with_others(working: Working, cells: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """Put columns that the recipe does not know behind the others."""
    taken = {*recipe.columns, *working.frame.columns}
    others = [column for column in cells[working.rows] if column.name not in taken]
    return pl.DataFrame([*working.frame, *others])


def run_steps(working: Working, steps: tuple[Step, ...]) -> Working:
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
            why = (str(error).splitlines() or [""])[0][:100]
            raise OptionError("steps that fit the table", f"{step}: {why}") from None
    return working


def check_columns(cells: pl.DataFrame, recipe: Recipe) -> tuple[str, ...]:
    """Refuse a table of other columns; note new ones.

    Raises
    ------
    ColumnError
        When a column is not there: columns that are missing and new are listed.
    """
    lost = [name for name in recipe.columns if name not in cells.columns]
    new = [name for name in cells.columns if name not in recipe.columns]
    if lost:
        got = f"none of the name {_listed(lost)}"
        if new:
            got += f", but {_listed(new)}, which the recipe does not know"
        cure = f"it was made for {recipe.origin.name!r}: rename the columns, or clean anew"
        raise ColumnError("the columns of the recipe", got, cure)
    if not new:
        return ()
    verb = "is" if len(new) == 1 else "are"
    return (f"{_listed(new)} {verb} unknown to the recipe and left as it stands.",)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
