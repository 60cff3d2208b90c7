"""What a model does to rows before it looks at them: the part of a recipe that one row settles.

A recipe may know single rows, the row above, and votes of rows that agree. A model is asked about
rows that nobody has seen, one or many at a time, and without their answers. So it keeps the rules
that look at one row alone and not at the answer: whatever stands beside a row, it becomes the same,
at the fit as at a prediction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from modelwright.clean.recipes.mends import Mends, mend
from modelwright.clean.recipes.recipe import Recipe
from modelwright.clean.recipes.replay import check_columns, listed, repaired, run_steps
from modelwright.clean.recipes.steps import (
    DropRows,
    FillDown,
    Remove,
    Rename,
    Reorder,
    Step,
    Working,
    former_names,
)
from modelwright.clean.recipes.texts import as_text, typed_as
from modelwright.clean.repairs import Repair, log_of
from modelwright.core.errors import ColumnError, OptionError

__all__ = ["Cleaning", "Done", "Mended", "Tried", "cleaning_of"]

_NAMED = 3
_LONGEST = 200


class Done(NamedTuple):
    """What one rule did to the rows of the fit.

    Parameters
    ----------
    column : str
        Where; empty for whole rows.
    rule : str
        Why, in plain words.
    cells : int
        How many cells were changed.
    old, new : str or None
        One of them, before and after; None for a missing value.
    """

    column: str
    rule: str
    cells: int
    old: str | None
    new: str | None


class Tried(NamedTuple):
    """What held-out rows said of one kind of repair.

    Parameters
    ----------
    kind : str
        Which repairs, in plain words.
    cells : int
        How many cells they change.
    gain : float
        By which share of itself the loss of a quick model falls on rows that it has not seen.
    error : float
        The standard error of that.
    kept : bool
        Whether they are done.
    """

    kind: str
    cells: int
    gain: float
    error: float
    kept: bool


@dataclass(frozen=True)
class Mended:
    """Rows as a model looks at them.

    Parameters
    ----------
    frame : polars.DataFrame
        All rows, in order.
    changes : tuple of Repair
        What was changed, by row and column.
    folder : pathlib.Path, optional
        Of the file that they came from.
    """

    frame: pl.DataFrame
    changes: tuple[Repair, ...] = ()
    folder: Path | None = None

    @property
    def by_column(self) -> dict[str, int]:
        """Count the changed cells of each column, the most first."""
        return dict(Counter(one.column for one in self.changes).most_common())

    def log(self) -> pl.DataFrame:
        """Give all changes as a table: row, column, old, new, rule, confidence, applied."""
        return log_of(self.changes)

    def __str__(self) -> str:
        if not self.changes:
            return "no cell needed mending"
        counts = self.by_column
        shown = ", ".join(f"{name!r} {count:,}" for name, count in list(counts.items())[:_NAMED])
        more = f" and {len(counts) - _NAMED} more columns" if len(counts) > _NAMED else ""
        cells = "1 cell" if len(self.changes) == 1 else f"{len(self.changes):,} cells"
        return f"{cells} mended as at the fit: {shown}{more}"


@dataclass(frozen=True)
class Cleaning:
    """What is done to each row before anything else sees it.

    Parameters
    ----------
    columns : tuple of str
        Of the table of the fit, as it was read, in order.
    target : str
        The column of the answers: no rule looks at it to mend another column.
    recipe : Recipe
        Rules that look at one row alone.
    done : tuple of Done
        What they did to the rows of the fit, the most cells first.
    tried : tuple of Tried
        What held-out rows said, where they were asked.
    rows : int
        How many rows of the fit were left out.

    Examples
    --------
    >>> from modelwright.clean.recipes.mends import New
    >>> from modelwright.clean.recipes.recipe import Origin
    >>> rules = Mends("town", values={"Rxme": New("Rome", "a slip", 0.9)})
    >>> recipe = Recipe(("town", "y"), Origin("a.csv", 2, "", ""), 0.9, mends=(rules,))
    >>> cleaning = Cleaning(("town", "y"), "y", recipe)
    >>> print(cleaning.mend(pl.DataFrame({"town": ["Rxme", "Oslo", "Rxme"]})))
    2 cells mended as at the fit: 'town' 2
    >>> Cleaning.from_json(cleaning.to_json()) == cleaning
    True
    """

    columns: tuple[str, ...]
    target: str
    recipe: Recipe
    done: tuple[Done, ...] = ()
    tried: tuple[Tried, ...] = ()
    rows: int = 0

    @cached_property
    def verbatim(self) -> frozenset[str]:
        """The columns whose exact text matters, by the names that they had in the file."""
        steps = (*self.recipe.before, *self.recipe.after)
        if any(isinstance(step, Rename | Reorder) for step in steps):  # names change on the way
            return frozenset(self.columns)
        named = {step.column for step in steps if not isinstance(step, DropRows | Reorder)}
        return frozenset(named.union(*(one.needs() for one in self.recipe.mends)))

    @property
    def cells(self) -> int:
        """How many cells of the rows of the fit were changed."""
        return sum(one.cells for one in self.done if one.column)

    def mend(self, frame: pl.DataFrame, used: Collection[str] = ()) -> Mended:
        """Mend rows; what stands in other rows makes no difference.

        Parameters
        ----------
        frame : polars.DataFrame
            As it was read, typed or as text.
        used : collection of str
            The columns that have to come out as at the fit.

        Returns
        -------
        Mended
            A column of which nothing is changed keeps its type, another one where its values
            allow it.

        Raises
        ------
        ColumnError
            When a column is absent that settles a used one.
        """
        _check(frame, self.recipe, used)
        wanted = [one.name for one in frame if one.name in self.verbatim and _single(one)]
        if not wanted:
            return Mended(frame)
        start = Working.of(as_text(frame[wanted]))
        working = _stepped(start, self.recipe.before)
        working = repaired(working, _mended(working.frame, self.recipe.mends))
        working = _stepped(working, self.recipe.after)
        log = tuple(one for one in working.log if one.row >= 0)
        touched = {one.column for one in log}
        steps = (*self.recipe.before, *self.recipe.after)
        came = former_names(wanted, steps)
        columns = {name: frame[name] for name in frame.columns if name not in wanted}
        for column in working.frame:
            before = frame[came[column.name]]
            if before.dtype != pl.String() and touched.isdisjoint((column.name, before.name)):
                column = before.alias(column.name)
            columns[column.name] = typed_as(column, before.dtype)
        order = _ordered(frame.columns, working.frame.columns, wanted)
        log = tuple(sorted(log, key=lambda one: (one.row, one.column)))
        return Mended(pl.DataFrame([columns[name] for name in order]), log)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "columns": list(self.columns),
            "target": self.target,
            "recipe": self.recipe.to_json(),
            "done": [one._asdict() for one in self.done],
            "tried": [one._asdict() for one in self.tried],
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cleaning:
        """Read it from what `to_json` gave.

        Raises
        ------
        ValueError, TypeError, KeyError
            When it is none, or looks at more than one row.
        """
        recipe = Recipe.from_json(data["recipe"])
        steps = (*recipe.before, *recipe.after)
        if any(isinstance(step, FillDown | DropRows) for step in steps):
            raise ValueError("steps that look at other rows")
        if any(one.rows for one in recipe.mends):
            raise ValueError("repairs of single rows")
        done = tuple(
            Done(_text(one["column"]), _text(one["rule"]), int(one["cells"]),
                 _cell(one["old"]), _cell(one["new"]))
            for one in data["done"]
        )  # fmt: skip
        tried = tuple(
            Tried(_text(one["kind"]), int(one["cells"]), float(one["gain"]), float(one["error"]),
                  bool(one["kept"]))
            for one in data["tried"]
        )  # fmt: skip
        columns = tuple(map(_text, data["columns"]))
        return cls(columns, _text(data["target"]), recipe, done, tried, int(data["rows"]))

    def told(self, mended: Mended) -> Cleaning:
        """Note what was done to the rows of the fit."""
        counts: dict[tuple[str, str], list[Repair]] = {}
        for one in mended.changes:
            counts.setdefault((one.column, one.rule), []).append(one)
        done = [
            Done(column, rule, len(some), _short(some[0].old), _short(some[0].new))
            for (column, rule), some in counts.items()
        ]
        done.sort(key=lambda one: (-one.cells, one.column, one.rule))
        return replace(self, done=(*done, *_of_columns(self.recipe)))


@dataclass(frozen=True)
class _Kept:
    """What of a recipe one row settles, and what of it does not."""

    mends: tuple[Mends, ...]
    single: int = field(default=0)
    answered: int = field(default=0)


def cleaning_of(
    recipe: Recipe, columns: Sequence[str], target: str
) -> tuple[Cleaning, tuple[str, ...]]:
    """Take from a recipe what a model can do to a row that it is asked about.

    Parameters
    ----------
    recipe : Recipe
        What `modelwright clean` wrote.
    columns : sequence of str
        Of the table of the fit.
    target : str
        The column of the answers.

    Returns
    -------
    cleaning : Cleaning
    notes : tuple of str
        What was left out of it, each a sentence.

    Raises
    ------
    ColumnError
        When the table has other columns than that of the recipe: they are listed.
    OptionError
        When a step fills cells from the row above.
    """
    check_columns(columns, recipe)
    steps = (*recipe.before, *recipe.after)
    if any(isinstance(step, FillDown) for step in steps):
        cure = "do it to the file: modelwright clean DATA --replay RECIPE --out FILE, and fit that"
        raise OptionError("a recipe that looks at one row at a time",
                          "a step that fills cells from the row above", cure)  # fmt: skip
    kept = _row_by_row(recipe.mends, target)
    notes = []
    if kept.single:
        repairs = "1 repair" if kept.single == 1 else f"{kept.single:,} repairs"
        notes.append(
            f"{repairs} of the recipe name single rows and are no rules for others: left out. To "
            "have them done, clean the file first and fit what comes out."
        )
    if kept.answered:
        rules = "1 rule" if kept.answered == 1 else f"{kept.answered:,} rules"
        notes.append(
            f"{rules} of the recipe would mend a column by the answer in {target!r}, or the answer "
            "by other columns: left out, as new rows have no answer yet."
        )
    if recipe.fill is not None:
        notes.append(
            "Gaps are left to the model: how the recipe fills them was learned from all rows, and "
            "may have been learned from the answers."
        )
    rowwise = replace(
        recipe,
        before=_without_drops(recipe.before),
        mends=kept.mends,
        after=_without_drops(recipe.after),
        expected=(),
        fill=None,
    )
    return Cleaning(tuple(columns), target, rowwise), tuple(notes)


def _row_by_row(mends: Sequence[Mends], target: str) -> _Kept:
    found, single, answered = [], 0, 0
    for one in mends:
        single += sum(new.value != old for (_, old), new in one.rows.items())
        given = one.given
        blind = tuple(each for each in given if target not in {*each.columns, one.column})
        answered += sum(len(each.cells) + len(each.near) for each in given if each not in blind)
        plain = Mends(one.column, {}, blind, one.values, one.rewrites)
        if plain.size:
            found.append(plain)
    return _Kept(tuple(found), single, answered)


def _without_drops(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(step for step in steps if not isinstance(step, DropRows))


def _check(frame: pl.DataFrame, recipe: Recipe, used: Collection[str]) -> None:
    """Refuse rows without what settles a used column."""
    for one in recipe.mends:
        if one.column in used and one.column in frame.columns:
            lost = sorted(one.needs() - {*frame.columns, *(_new_names(recipe))})
            if lost:
                new = [name for name in frame.columns if name not in recipe.columns]
                got = f"missing: {listed(lost)}, by which {one.column!r} was mended at the fit"
                got += f"; unexpected: {listed(new)}" if new else ""
                raise ColumnError("the columns that were there before", got, "add them")


def _new_names(recipe: Recipe) -> set[str]:
    return {step.to for step in recipe.before if isinstance(step, Rename)}


def _stepped(working: Working, steps: Sequence[Step]) -> Working:
    """Do steps on columns that are there: a new row has no answer, and may lack what is unused."""
    for step in steps:
        if isinstance(step, Reorder):
            step = Reorder(tuple(n for n in step.columns if n in working.frame.columns))
        elif not isinstance(step, DropRows) and step.column not in working.frame.columns:
            continue
        working = run_steps(working, (step,))
    return working


def _mended(cells: pl.DataFrame, mends: Sequence[Mends]) -> list[Repair]:
    """List what rules change: equal rows are asked about once."""
    found: list[Repair] = []
    for one in mends:
        names = sorted(one.needs())
        if any(name not in cells.columns for name in names):
            continue
        # by place: a name such as "*" would be a pattern
        rows = pl.DataFrame([cells[name].alias(str(i)) for i, name in enumerate(names)])
        places = list(rows.columns)
        different = rows.unique(places, maintain_order=True)
        asked = pl.DataFrame([different[at].alias(n) for at, n in zip(places, names, strict=True)])
        repairs = mend(asked, [one])
        if not repairs:
            continue
        wrong = different[[each.row for each in repairs]].with_row_index("rule")
        where = rows.with_row_index("row").join(wrong, on=places, nulls_equal=True)
        for row, rule in where.select("row", "rule").rows():
            found.append(repairs[rule]._replace(row=row))
    return found


def _ordered(came: Sequence[str], made: Sequence[str], wanted: Collection[str]) -> list[str]:
    """Keep the order of the table, unless steps changed its columns."""
    if set(made) == set(wanted) and list(made) == [name for name in came if name in wanted]:
        return list(came)
    return [*made, *(name for name in came if name not in wanted and name not in made)]


def _of_columns(recipe: Recipe) -> list[Done]:
    """Tell what is done to columns as such."""
    found = []
    for step in (*recipe.before, *recipe.after):
        if isinstance(step, Remove):
            found.append(Done(step.column, f"column left out: {step.why}", 0, None, None))
        elif isinstance(step, Rename):
            found.append(Done(step.column, "column renamed", 0, step.column, step.to))
    return found


def _single(column: pl.Series) -> bool:
    return not column.dtype.is_nested()


def _short(text: str | None) -> str | None:
    return None if text is None else text[:_LONGEST]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} for a text")
    return value


def _cell(value: object) -> str | None:
    return None if value is None else _text(value)
