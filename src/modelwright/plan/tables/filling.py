"""The gaps of a cleaned table of text filled: typed, guessed, written as their columns are."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from modelwright.acquire import cast, infer
from modelwright.clean.cleaning import Cleaned
from modelwright.clean.impute.writing import Writing, writing_of
from modelwright.clean.recipes.filling import Fill
from modelwright.clean.recipes.keys import table_hash
from modelwright.clean.recipes.steps import Working
from modelwright.clean.repairs import rows_left
from modelwright.clean.stray_rows import kept_rows
from modelwright.core.schema import Schema
from modelwright.plan.tables.imputing import AUTO, Imputed, fill_gaps

__all__ = ["filled"]

FEWEST = 20
"""With fewer rows ways to fill gaps cannot be compared."""
_FEW = f"Fewer than {FEWEST} rows: ways to fill gaps cannot be compared; the median is taken."
_TOLD = 20


def filled(done: Cleaned, method: str, *, seed: int = 0) -> Cleaned:
    """Fill the gaps of a cleaned table, cell by cell in its log, and in its recipe.

    Parameters
    ----------
    done : Cleaned
        Its table is text.
    method : str
        ``"auto"``, or a word of `modelwright.clean.impute.METHODS`.
    seed : int
        The only source of randomness.

    Returns
    -------
    Cleaned
        What stood there is as before. Columns of texts, keys, and what cannot be written as the
        column writes it keep their gaps, which is told.

    Raises
    ------
    OptionError
        When the method is unknown.
    """
    frame = done.table
    rows = frame[kept_rows(frame)]
    schema, _ = infer(rows)
    table = cast(rows, schema)
    few = method == AUTO and table.height < FEWEST
    found = fill_gaps(table, method="median" if few else method, seed=seed)
    gaps = [name for name in frame.columns if rows[name].null_count()]
    writings = _writings(rows, table.frame, schema, found, gaps)
    sure = {} if found.choice is None else {
        one.column: round(one.confidence, 4) for one in found.choice.columns if one.errors
    }  # fmt: skip
    told = () if found.choice is None else tuple(
        str(one) for one in found.choice.columns if one.column in writings
    )  # fmt: skip
    kinds = Schema(tuple(replace(column, evidence="") for column in schema))
    fill = Fill(kinds, found.imputer, writings, sure, told)
    kept = rows_left(done.changes, done.recipe.origin.rows)
    working = fill.run(Working(frame, kept), cast)
    origin = replace(done.recipe.origin, cleaned=table_hash(working.frame))
    return replace(
        done,
        table=working.frame,
        changes=(*done.changes, *working.log),
        recipe=replace(done.recipe, fill=fill, origin=origin),
        notes=(*done.notes, *((_FEW,) if few else ()), *_notes(told, working, gaps, schema)),
    )


def _writings(
    rows: pl.DataFrame, typed: pl.DataFrame, schema: Schema, found: Imputed, gaps: list[str]
) -> dict[str, Writing]:
    known = set(found.imputer.columns)
    writings = {}
    for name in gaps:
        one = writing_of(rows[name], typed[name], schema[name].kind) if name in known else None
        if one is not None:
            writings[name] = one
    return writings


def _notes(
    told: tuple[str, ...], working: Working, gaps: list[str], schema: Schema
) -> tuple[str, ...]:
    """Give the evidence, and name the columns whose gaps stay."""
    notes = [f"gaps of {one}." for one in told[:_TOLD]]
    if len(told) > _TOLD:
        notes.append(f"gaps of {len(told) - _TOLD:,} more columns were filled (see the recipe).")
    filled_in = {one.column for one in working.log}
    left = [f"{name!r} ({schema[name].kind.value})" for name in gaps if name not in filled_in]
    if left:
        more = f" and {len(left) - _TOLD:,} more" if len(left) > _TOLD else ""
        notes.append(f"no gaps filled in {', '.join(left[:_TOLD])}{more}.")
    return tuple(notes)
