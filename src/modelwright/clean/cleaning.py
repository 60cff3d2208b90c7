"""From a table of text to a cleaned one: errors found, repaired, logged, and a recipe of it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.cells import Errors, Labels
from modelwright.clean.detect import detect
from modelwright.clean.duplicates import Duplicates, find_duplicates
from modelwright.clean.labels import check_labels
from modelwright.clean.other_forms import reformed
from modelwright.clean.recipes.compiling import compiled
from modelwright.clean.recipes.expected import expect
from modelwright.clean.recipes.keys import row_keys, table_hash
from modelwright.clean.recipes.recipe import Origin, Recipe
from modelwright.clean.recipes.replay import check_left, repaired, run_steps
from modelwright.clean.recipes.steps import DropRows, Remove, Rename, Reorder, Step, Working
from modelwright.clean.repair import repair
from modelwright.clean.repairs import Repair, Repairs, log_of
from modelwright.clean.rules.file import rules_text
from modelwright.clean.rules.rules import Rules
from modelwright.clean.stray_rows import kept_rows, stray_rows
from modelwright.clean.units import conversions, with_conversions
from modelwright.clean.unmended import EMPTY, MASKED, abnormal_rows, doubts, emptied
from modelwright.core.errors import OptionError, did_you_mean
from modelwright.stats.strays import Strays

__all__ = ["DROPS", "STRAY", "Cleaned", "Wishes", "clean_cells"]

DROPS = ("sparse-columns", "sparse-rows", "duplicates", "abnormal-rows", "stray-rows")
"""What may be left out, when somebody asks for it."""
SPARSE = 0.3
"""Columns and rows are sparse of which more than this share is missing."""
STRAY = "no row of the table, and not looked at"
"""The rule of a row of totals, or of names of columns, that stays."""
_SHOWN = 1_000

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
        Done before anything else; rows are left out afterwards only, see `drop`.
    drop : tuple of str
        What to leave out afterwards: words of `DROPS`.
    mask : bool
        Whether cells that are as surely wrong as an applied repair is right, and that nobody could
        mend, are emptied.
    seed : int
        The only source of randomness.
    gaps : bool
        Whether cells that hold nothing but a word or a code for "missing" are emptied; `mask` does
        so as well.

    Raises
    ------
    OptionError
        When something else is to be left out, or rows before anything else.
    """

    labels: Labels | None = None
    rules: Rules | None = None
    threshold: float = 0.9
    steps: tuple[Step, ...] = ()
    drop: tuple[str, ...] = ()
    mask: bool = False
    seed: int = 0
    gaps: bool = False

    def __post_init__(self) -> None:
        for word in self.drop:
            if word not in DROPS:
                cure = did_you_mean(word, DROPS)
                raise OptionError("known things to leave out", repr(word), cure)
        if any(isinstance(step, DropRows) for step in self.steps):
            cure = "name it in drop, which is done afterwards"
            raise OptionError("steps that keep every row", "one that leaves rows out", cure)
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
    doubts : tuple of Repair
        Cells that look wrong and for which nobody knows better: `new` is what stands there.
    strays : tuple of Repair
        Rows that are none (totals, names of columns) and that stay: they name no column.
    duplicates : Duplicates
        How many rows of the cleaned table come again.
    """

    table: pl.DataFrame
    errors: Errors
    repairs: Repairs
    changes: tuple[Repair, ...]
    recipe: Recipe
    notes: tuple[str, ...] = field(default=())
    doubts: tuple[Repair, ...] = field(default=())
    strays: tuple[Repair, ...] = field(default=())
    duplicates: Duplicates = field(default=Duplicates())

    @cached_property
    def suspicious(self) -> int:
        """How many cells are likelier wrong than right."""
        return int(self.errors.wrong().sum())

    @cached_property
    def emptied(self) -> int:
        """How many cells were emptied, as nobody knew better or as they only said "missing"."""
        return sum(one.rule in (EMPTY, MASKED) for one in self.repairs.applied)

    def log(self) -> pl.DataFrame:
        """Give everything as a table: row, column, old, new, rule, confidence, applied.

        First all changes, then, not applied, all proposals, cells that look wrong and for which
        nobody knows better (`new` is `old`), and stray rows. Rows are counted from 0. A row that
        was left out names no column; a column that was renamed or left out has the row -1.
        """
        return log_of([*self.changes, *self.repairs.proposed, *self.doubts, *self.strays])

    def to_json(self) -> dict[str, Any]:
        """Give the figures as plain JSON; of the doubted cells the first thousand."""
        rules = [
            {"column": column, "rule": rule, "applied": applied, "proposed": proposed}
            for column, rule, applied, proposed in self.repairs.by_rule()
        ]
        shown = [
            {"row": one.row, "column": one.column, "value": one.old, "why": one.rule,
             "chance": one.confidence}
            for one in self.doubts[:_SHOWN]
        ]  # fmt: skip
        return {
            "rows": self.table.height,
            "columns": self.table.width,
            "suspicious": self.suspicious,
            "changed": len(self.changes),
            "applied": len(self.repairs.applied),
            "emptied": self.emptied,
            "proposed": len(self.repairs.proposed),
            "doubted": len(self.doubts),
            "by_rule": rules,
            "by_column": dict(Counter(one.column for one in self.changes)),
            "doubts": shown,
            "doubts_left_out": len(self.doubts) - len(shown),
            "duplicate_rows": self.duplicates.exact,
            "near_duplicate_rows": self.duplicates.near,
            "stray_rows": [one.row for one in self.strays],
            "hash": self.recipe.origin.cleaned,
            "notes": list(self.notes),
        }


def clean_cells(
    cells: pl.DataFrame, wishes: Wishes | None = None, *, review: Review | None = None
) -> Cleaned:
    """Find and mend the errors of a table.

    Totals below it, and names of its columns among its rows, are no rows: they stay as they are
    unless `drop` says otherwise, are not looked at, and are told.

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
    looked = _look(table, labels, chosen)
    errors, repairs = looked.errors, looked.repairs
    if review is not None:
        repairs = review(repairs)
    if chosen.mask or chosen.gaps:
        given = looked.labels, chosen.threshold
        repairs = emptied(table, errors, repairs, *given, wrong=chosen.mask)
        repairs = looked.without_strays(repairs)
    mends = compiled(table, repairs)
    mended = repaired(working, repairs.applied)
    after = _after(mended.frame, errors, repairs, chosen)
    final = run_steps(mended, after)
    check_left(final)
    rules = "" if chosen.rules is None else rules_text(chosen.rules)
    hashes = table_hash(cells), table_hash(final.frame)
    recipe = Recipe(
        tuple(cells.columns),
        Origin("", cells.height, *hashes),
        chosen.threshold,
        chosen.steps,
        mends,
        after,
        rules,
        expect(cells),
    )
    left = doubts(table, errors, repairs)
    notes = _notes(looked.strays, errors, repairs, left, chosen)
    stay = () if "stray-rows" in chosen.drop else looked.marks()
    again = find_duplicates(final.frame, chosen.seed)
    notes = (*notes, *again.notes())
    return Cleaned(final.frame, errors, repairs, final.log, recipe, notes, left, stay, again)


@dataclass(frozen=True)
class _Looked:
    """What was found in the rows that are rows, told of the whole table."""

    labels: Labels | None
    strays: Strays
    errors: Errors
    repairs: Repairs

    def without_strays(self, repairs: Repairs) -> Repairs:
        """Leave stray rows alone."""
        if not self.strays.rows:
            return repairs
        odd = set(self.strays.rows)
        return Repairs.of((one for one in repairs if one.row not in odd), repairs.means)

    def marks(self) -> tuple[Repair, ...]:
        """Tell which rows were not looked at."""
        return tuple(Repair(row, "", None, None, STRAY, 1.0, False) for row in self.strays.rows)


def _look(table: pl.DataFrame, labels: Labels | None, wishes: Wishes) -> _Looked:
    """Detect and mend in all rows but stray ones."""
    if labels is not None:
        labels = check_labels(labels, table) if len(labels.rows) else None
    strays = stray_rows(table, () if labels is None else labels.rows.tolist())
    kept = kept_rows(table, strays)
    part, said = table, labels
    if strays.rows:
        part = table[kept]
        said = None if labels is None else Labels(np.searchsorted(kept, labels.rows), labels.values)
    units = conversions(part, said, wishes.threshold)
    part = units.apply(part)
    forms = reformed(part, said, wishes.threshold)
    part = forms.apply(part)
    errors = detect(part, labels=said, rules=wishes.rules, seed=wishes.seed)
    repairs = repair(part, errors, labels=said, threshold=wishes.threshold, seed=wishes.seed)
    errors, repairs = with_conversions(
        errors, repairs, forms, "written in another form than the others"
    )
    errors, repairs = with_conversions(errors, repairs, units, "in another unit than most")
    if strays.rows:
        errors = _spread(errors, kept, table.height)
        moved = (one._replace(row=int(kept[one.row])) for one in repairs)
        repairs = Repairs.of(moved, repairs.means)
    return _Looked(labels, strays, errors, repairs)


def _spread(errors: Errors, kept: NDArray[np.int64], height: int) -> Errors:
    """Tell of a whole table what was found in some of its rows."""
    shape = (height, len(errors.columns))
    chance, reason = np.zeros(shape, np.float32), np.full(shape, -1, np.int16)
    chance[kept], reason[kept] = errors.chance, errors.reason
    return replace(errors, chance=chance, reason=reason)


def _notes(
    strays: Strays, errors: Errors, repairs: Repairs, left: tuple[Repair, ...], wishes: Wishes
) -> tuple[str, ...]:
    """Say what became of stray rows, of cells that could not be emptied, of cells left unlisted."""
    notes = list(_of_strays(strays, wishes.drop))
    done = {(one.row, one.column) for one in repairs}
    wrong = [(row, errors.columns[place]) for row, place in np.argwhere(errors.wrong()).tolist()]
    more = sum(cell not in done for cell in wrong) - len(left)
    if more > 0:
        notes.append(f"{more:,} more cells look wrong and are not listed.")
    if wishes.mask and left:
        notes.append(
            f"{len(left):,} cells look wrong and were not emptied: that is less sure than "
            f"{wishes.threshold:g}."
        )
    return tuple(notes)


def _of_strays(strays: Strays, drop: tuple[str, ...]) -> tuple[str, ...]:
    if "stray-rows" in drop:
        return tuple(strays.notes())
    cure = "fit, check and explore leave such rows out, --drop stray-rows does so here."
    return tuple(f"{one} {cure}" for one in strays.notes("were kept as they are"))


def _renamed(labels: Labels | None, steps: tuple[Step, ...]) -> Labels | None:
    """Give labels the names that columns have when they are needed."""
    if labels is None:
        return None
    values = labels.values
    for step in steps:
        if isinstance(step, Rename) and step.column in values.columns:
            values = values.rename({step.column: step.to})
        elif isinstance(step, Remove | Reorder):
            values = pl.DataFrame([one for one in values if _stays(one.name, step)])
    return Labels(labels.rows, values)


def _stays(name: str, step: Remove | Reorder) -> bool:
    return name != step.column if isinstance(step, Remove) else name in step.columns


def _after(
    table: pl.DataFrame, errors: Errors, repairs: Repairs, wishes: Wishes
) -> tuple[Step, ...]:
    """Turn wishes to leave something out into steps."""
    steps: list[Step] = []
    if "stray-rows" in wishes.drop:
        steps.append(DropRows("stray"))
    if "abnormal-rows" in wishes.drop:
        abnormal = abnormal_rows(table, errors, repairs, wishes.threshold)
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
