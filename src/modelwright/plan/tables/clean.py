"""A table of any origin cleaned: read as text, errors found and mended, typed as it came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from modelwright.acquire import Raw, Reading, cast, read_raw
from modelwright.acquire.images.listing import refuse_images
from modelwright.clean.cells import Labels
from modelwright.clean.cleaning import Cleaned, Review, Wishes, clean_cells
from modelwright.clean.impute import METHODS
from modelwright.clean.labels import read_labels
from modelwright.clean.recipes.openrefine import read_history
from modelwright.clean.recipes.recipe import Recipe, read_recipe
from modelwright.clean.recipes.replay import Replayed, replay
from modelwright.clean.recipes.steps import former_names
from modelwright.clean.recipes.texts import as_text, typed_as
from modelwright.clean.repairs import rows_left
from modelwright.clean.rules.discover import accepted, discover
from modelwright.clean.rules.file import parse_rules, read_rules
from modelwright.clean.rules.pandera_source import pandera_source
from modelwright.core.errors import DataError, OptionError, did_you_mean
from modelwright.core.settings import Settings
from modelwright.plan.tables.filling import filled
from modelwright.plan.tables.imputing import AUTO
from modelwright.store.files import atomic_write

__all__ = ["Asked", "clean", "replayed", "write_schema"]

MOST_CELLS = 50_000_000
"""A table to clean is held in memory as text; a larger one is refused."""


@dataclass(frozen=True)
class Asked:
    """What is asked of cleaning, as files and words.

    Parameters
    ----------
    labels : path or Labels, optional
        A CSV file with a column `row` (from 0) and the right values of columns of the table.
    rules : path, optional
        A TOML file of what has to hold.
    history : path, optional
        Operations that OpenRefine exported: done first.
    threshold : float
        Repairs that are likelier right than so are applied, others proposed.
    drop : tuple of str
        What to leave out: sparse-columns, sparse-rows, duplicates, abnormal-rows, stray-rows.
    mask : bool
        Whether cells that are wrong for certain (as sure as `threshold`), and that nobody can mend,
        are emptied, and those that only say "missing".
    impute : str, optional
        How gaps are filled: ``"auto"`` compares ways on hidden cells and takes the best for
        each column; or a word of `modelwright.clean.impute.METHODS`. None leaves them.
    """

    labels: str | Path | Labels | None = None
    rules: str | Path | None = None
    history: str | Path | None = None
    threshold: float = 0.9
    drop: tuple[str, ...] = ()
    mask: bool = False
    impute: str | None = None

    def __post_init__(self) -> None:
        if self.impute is not None and self.impute not in (AUTO, *METHODS):
            cure = did_you_mean(self.impute, (AUTO, *METHODS))
            raise OptionError("a way to fill gaps", repr(self.impute), cure)

    def wishes(self, cells: pl.DataFrame, seed: int) -> tuple[Wishes, tuple[str, ...]]:
        """Read the files; tell what of a history could not be taken over."""
        told = self.labels
        labels = told if isinstance(told, Labels) or told is None else read_labels(told, cells)
        rules = None if self.rules is None else read_rules(self.rules)
        history = None if self.history is None else read_history(self.history)
        steps = () if history is None else history.steps
        notes = (
            ()
            if history is None
            else tuple(f"not taken over from OpenRefine: {one}." for one in history.not_understood)
        )
        given = labels, rules, self.threshold, steps, self.drop, self.mask, seed
        wishes = Wishes(*given, gaps=self.impute is not None)
        return wishes, notes


def clean(
    data: object,
    asked: Asked | None = None,
    *,
    settings: Settings | None = None,
    review: Review | None = None,
) -> Cleaned:
    """Find and mend the errors of a table; every row and column stays, in its order.

    Parameters
    ----------
    data : path, database, frame or mapping
        What `fit` takes. Text files are cleaned as they stand, typed tables as their values are
        written; a column that was changed is typed again where its values allow it.
    asked : Asked, optional
        Labels, rules, the threshold, and what is to be left out.
    settings : Settings, optional
        `header`, `encoding` and `seed` count.
    review : callable, optional
        Is shown the repairs, and says which proposals are applied.

    Returns
    -------
    Cleaned

    Raises
    ------
    UserError
        When the data, a file or an option is wrong; the message says what was expected.

    Examples
    --------
    >>> towns = ["Bonn", "Ulm"] * 30 + ["Bxnn", "Ulm"]
    >>> done = clean({"zip": ["53111", "89073"] * 31, "town": towns})
    >>> [(one.old, one.new) for one in done.changes]
    [('Bxnn', 'Bonn')]
    """
    chosen, wanted = settings or Settings(), asked or Asked()
    raw = _raw(data, Reading(chosen.header, seed=chosen.seed, encoding=chosen.encoding))
    cells = _cells(raw.frame)
    wishes, notes = wanted.wishes(cells, chosen.seed)
    done = clean_cells(cells, wishes, review=review)
    if wanted.impute is not None:
        done = filled(done, wanted.impute, seed=chosen.seed)
    origin = replace(
        done.recipe.origin, name=_name(data), header=chosen.header, encoding=raw.encoding
    )
    recipe = replace(done.recipe, origin=origin)
    table = _as_it_came(done, raw.frame, recipe)
    return replace(done, table=table, recipe=recipe, notes=(*raw.notes, *notes, *done.notes))


def replayed(
    data: object, recipe: Recipe | str | Path, *, settings: Settings | None = None
) -> Replayed:
    """Do to a table what a recipe says.

    Parameters
    ----------
    data : path, database, frame or mapping
        The table that the recipe was made of, or one like it.
    recipe : Recipe or path
        What to do.
    settings : Settings, optional
        `header` and `encoding`, where they differ from those of the recipe.

    Returns
    -------
    Replayed
        The table, every change, and what is new in it.

    Raises
    ------
    UserError
        When a file cannot be read, or a column of the recipe is not in the table.

    Examples
    --------
    >>> towns = {"zip": ["53111", "89073"] * 31, "town": ["Bonn", "Ulm"] * 30 + ["Bxnn", "Ulm"]}
    >>> done = clean(towns)
    >>> again = replayed(towns, done.recipe)
    >>> again.same, again.table.equals(done.table)
    (True, True)
    """
    chosen = settings or Settings()
    known = recipe if isinstance(recipe, Recipe) else read_recipe(recipe)
    origin = known.origin
    header = origin.header if chosen.header is None else chosen.header
    reading = Reading(
        header,
        known=known.columns,
        encoding=chosen.encoding,
        usual=origin.encoding,
    )
    raw = _raw(data, reading)
    done = replay(_cells(raw.frame), known, cast)
    table = _as_it_came(done, raw.frame, known)
    return replace(done, table=table, notes=(*raw.notes, *done.notes))


def write_schema(done: Cleaned, path: Path) -> None:
    """Write the rules of a cleaned table as a schema of pandera, as Python source.

    Parameters
    ----------
    done : Cleaned
        The table: the rules that it was held against, or, if none were given, those that it keeps.
    path : Path
        The file.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    table = as_text(done.table)
    told = done.recipe.rules
    rules = parse_rules(told) if told else accepted(discover(table))
    atomic_write(path, pandera_source(rules, table.columns).encode("utf-8", "backslashreplace"))


def _raw(data: object, reading: Reading) -> Raw:
    """Read every cell of a text file as it stands, in its place."""
    refuse_images(data, "clean")
    raw = read_raw(data, replace(reading, in_place=True, as_text=True))
    if raw.frame.height * raw.frame.width > MOST_CELLS:
        got = f"{raw.frame.height:,} rows of {raw.frame.width:,} columns"
        raise DataError(f"at most {MOST_CELLS:,} cells to clean", got, "clean a part of them")
    return raw


def _cells(frame: pl.DataFrame) -> pl.DataFrame:
    nested = [one.name for one in frame if one.dtype.is_nested()]
    if nested:
        raise DataError("columns of single values", f"nested ones in {nested[0]!r}", "flatten it")
    try:
        return as_text(frame)
    except pl.exceptions.PolarsError as error:
        why = (str(error).splitlines() or [""])[0][:100]
        raise DataError("values that can be written as text", why, "leave the column out") from None


def _as_it_came(done: Cleaned | Replayed, before: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """Give columns the types that they came with, where every value allows it.

    What nobody changed is as it came, an empty text too.
    """
    kept = rows_left(done.changes, before.height)
    came = former_names(before.columns, (*recipe.before, *recipe.after))
    columns = []
    for column in done.table:
        source = before[came[column.name]][kept].alias(column.name)
        columns.append(_like(column, source))
    return pl.DataFrame(columns)


def _like(column: pl.Series, source: pl.Series) -> pl.Series:
    """Write a cleaned column of text as the one that it was: only what was changed is new."""
    text = as_text(source.to_frame()).to_series()
    known = pl.select(pl.when(text != "").then(text)).to_series()
    new = column.ne_missing(known)
    changed = typed_as(pl.select(pl.when(new).then(column)).to_series(), source.dtype)
    if changed.dtype != source.dtype:
        return column
    return pl.select(pl.when(new).then(changed).otherwise(source)).to_series().alias(source.name)


def _name(data: object) -> str:
    """Name a source without its folder, and without what an address may hold of secrets."""
    if isinstance(data, str | Path) and "://" not in str(data):
        return Path(data).name
    return "a database" if isinstance(data, str) else "a table in memory"
