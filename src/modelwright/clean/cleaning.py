"""From a table of text to a cleaned one: errors found, repaired, logged, and a recipe of it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from modelwright.clean.cells import Errors, Labels
from modelwright.clean.detect import detect
from modelwright.clean.recipes.compiling import compiled
from modelwright.clean.recipes.expected import expect
from modelwright.clean.recipes.keys import row_keys, table_hash
from modelwright.clean.recipes.recipe import Origin, Recipe
from modelwright.clean.recipes.replay import run_steps
from modelwright.clean.recipes.steps import DropRows, Remove, Rename, Step, Working
from modelwright.clean.repair import repair
from modelwright.clean.repairs import LOG, Repair, Repairs
from modelwright.clean.rules import Rules
from modelwright.clean.rules_file import rules_text
from modelwright.core.errors import OptionError, did_you_mean

__all__ = ["DROPS", "MASKED", "Cleaned", "Wishes", "clean_cells"]

DROPS = ("sparse-columns", "sparse-rows", "duplicates", "abnormal-rows")
"""What may be left out, when somebody asks for it."""
MASKED = "wrong, and nobody knows better: emptied"
"""The rule of a cell that is emptied."""
SPARSE = 0.3
"""Columns and rows are sparse of which more than this share is missing."""

Review = Callable[[Repairs], Repairs]
"""Looks at proposals, and gives back the repairs with those applied that somebody accepted."""


@dataclass(frozen=True)
class Wishes:
    """What is to be done to a table; the defaults keep every row and column.

    Parameters
    ----------
    labels : Labels, optional
        The right values of a few rows.
    rules : Rules, optional
        What has to hold.
    threshold : float
        Repairs that are likelier right than so are applied, others proposed.
    steps : tuple of Step
        Done before anything else.
    drop : tuple of str
        What to leave out afterwards: words of `DROPS`.
    mask : bool
        Whether cells that are wrong, and that nobody can mend, are emptied.
    seed : int
        The only source of randomness.

    Raises
    ------
    OptionError
        When something else is to be left out.
    """

    labels: Labels | None = None
    rules: Rules | None = None
    threshold: float = 0.9
    steps: tuple[Step, ...] = ()
    drop: tuple[str, ...] = ()
    mask: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for word in self.drop:
            if word not in DROPS:
                cure = did_you_mean(word, DROPS)
                raise OptionError("known things to leave out", repr(word), cure)
        if not 0 <= self.threshold <= 1:
            cure = "such as 0.9"
            raise OptionError("a threshold between 0 and 1", f"{self.threshold:g}", cure)


@dataclass(frozen=True)
class Cleaned:
    """A cleaned table, and all that was done.

    Parameters
    ----------
    table : polars.DataFrame
        Text.
    errors : Errors
        How likely each cell was wrong.
    repairs : Repairs
        Of cells, applied and proposed.
    changes : tuple of Repair
        Everything that was changed, in the order in which it was done.
    recipe : Recipe
        To do it again.
    notes : tuple of str
        What there is to know, each a sentence.
    """

    table: pl.DataFrame
    errors: Errors
    repairs: Repairs
    changes: tuple[Repair, ...]
    recipe: Recipe
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def suspicious(self) -> int:
        """How many cells are likelier wrong than right."""
        return int(self.errors.wrong().sum())

    def log(self) -> pl.DataFrame:
        """Give all changes, then all proposals: row, column, old, new, rule, confidence, applied.

        Rows are counted from 0. A row that was left out names no column; a column that was renamed
        or left out has the row -1.
        """
        rows = [*self.changes, *self.repairs.proposed]
        return pl.DataFrame(rows, schema=dict(LOG), orient="row")

    def to_json(self) -> dict[str, Any]:
        """Give the figures as plain JSON."""
        rules = [
            {"column": column, "rule": rule, "applied": applied, "proposed": proposed}
            for column, rule, applied, proposed in self.repairs.by_rule()
        ]
        return {
            "rows": self.table.height,
            "columns": self.table.width,
            "suspicious": self.suspicious,
            "changed": len(self.changes),
            "applied": len(self.repairs.applied),
            "proposed": len(self.repairs.proposed),
            "by_rule": rules,
            "by_column": dict(Counter(one.column for one in self.changes)),
            "hash": self.recipe.origin.cleaned,
            "notes": list(self.notes),
        }


def clean_cells(
    cells: pl.DataFrame, wishes: Wishes | None = None, *, review: Review | None = None
) -> Cleaned:
    """Find and mend the errors of a table.

    Parameters
    ----------
    cells : polars.DataFrame, shape (rows, columns)
        Text as it stands in a file, null where a value is missing.
    wishes : Wishes, optional
        What is to be done.
    review : callable, optional
        Is shown the repairs, and says which proposals are applied.

    Returns
    -------
    Cleaned

    Raises
    ------
    UserError
        When labels, rules or steps do not fit the table.

    Examples
    --------
    >>> towns = ["Bonn", "Ulm"] * 30 + ["Bxnn", "Ulm"]
    >>> table = pl.DataFrame({"zip": ["53111", "89073"] * 31, "town": towns})
    >>> done = clean_cells(table)
    >>> done.table["town"][60], len(done.changes)
    ('Bonn', 1)
    """
    chosen = wishes or Wishes()
    start = Working.of(cells)
    cells, working = start.frame, run_steps(start, chosen.steps)
    labels = _renamed(chosen.labels, chosen.steps)
    if chosen.rules is not None:
        chosen.rules.check(working.frame.columns)
    table = working.frame
    errors = detect(table, labels=labels, rules=chosen.rules, seed=chosen.seed)
    repairs = repair(table, errors, labels=labels, threshold=chosen.threshold, seed=chosen.seed)
    if review is not None:
        repairs = review(repairs)
    if chosen.mask:
        repairs = _masked(table, errors, repairs, labels)
    mends = compiled(table, repairs)
    mended = replace(working, frame=repairs.apply(table), log=(*working.log, *repairs.applied))
    after = _after(mended.frame, errors, repairs, chosen)
    final = run_steps(mended, after)
    rules = "" if chosen.rules is None else rules_text(chosen.rules)
    hashes = table_hash(cells), table_hash(final.frame)
    origin = Origin("", cells.height, *hashes)
    recipe = Recipe(
        tuple(cells.columns),
        origin,
        chosen.threshold,
        chosen.steps,
        mends,
        after,
        rules,
        expect(cells),
    )
    return Cleaned(final.frame, errors, repairs, final.log, recipe)


def _renamed(labels: Labels | None, steps: tuple[Step, ...]) -> Labels | None:
    """Give labels the names that columns have when they are needed."""
    if labels is None:
        return None
    values = labels.values
    for step in steps:
        if isinstance(step, Rename) and step.column in values.columns:
            values = values.rename({step.column: step.to})
        elif isinstance(step, Remove) and step.column in values.columns:
            values = values.drop(step.column)
    return Labels(labels.rows, values)


def _masked(
    table: pl.DataFrame, errors: Errors, repairs: Repairs, labels: Labels | None
) -> Repairs:
    """Empty the cells that are wrong and were not mended; nobody said that they are right."""
    wrong = errors.wrong()
    mended = {(one.row, one.column) for one in repairs.applied}
    if labels is not None:
        mended |= {(row, name) for row in labels.rows.tolist() for name in labels.values.columns}
    more = []
    for place, name in enumerate(table.columns):
        values = table[name]
        for row in np.flatnonzero(wrong[:, place]).tolist():
            old = values[row]
            if old is not None and (row, name) not in mended:
                sure = round(float(errors.chance[row, place]), 4)
                more.append(Repair(row, name, old, None, MASKED, sure, True))
    emptied = {(one.row, one.column) for one in more}
    kept = [one for one in repairs if (one.row, one.column) not in emptied]
    return Repairs.of([*kept, *more], repairs.means)


def _after(
    table: pl.DataFrame, errors: Errors, repairs: Repairs, wishes: Wishes
) -> tuple[Step, ...]:
    """Turn wishes to leave something out into steps."""
    steps: list[Step] = []
    if "abnormal-rows" in wishes.drop:
        left = errors.wrong().copy()
        places = {name: i for i, name in enumerate(errors.columns)}
        for one in repairs.applied:
            left[one.row, places[one.column]] = False
        abnormal = np.flatnonzero(left.any(axis=1)).tolist()
        keys = row_keys(table) if abnormal else []
        steps.append(DropRows("named", SPARSE, tuple(keys[row] for row in abnormal)))
    if "duplicates" in wishes.drop:
        steps.append(DropRows("duplicates"))
    if "sparse-columns" in wishes.drop:
        for column in table:
            share = column.null_count() / max(len(column), 1)
            if share > SPARSE:
                steps.append(Remove(column.name, f"{100 * share:.0f} % missing"))
    if "sparse-rows" in wishes.drop:
        steps.append(DropRows("sparse", SPARSE))
    return tuple(steps)
