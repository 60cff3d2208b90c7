"""A table at a glance, from any source: read, typed, profiled, and checked as before a fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from modelwright.acquire import Given, Reading, cast, conform, find_strays, infer, read_types
from modelwright.acquire.frames import plain
from modelwright.acquire.images.listing import refuse_images
from modelwright.acquire.meaning.words import hide
from modelwright.acquire.streaming import Streamed, stream
from modelwright.core.errors import ColumnError, DataError, UserError, did_you_mean
from modelwright.core.findings import Finding
from modelwright.core.progress import Progress, SilentProgress
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.settings import Settings
from modelwright.explore.measured import Comparison, compare
from modelwright.explore.one_pass import Batch, Scan, scan
from modelwright.explore.sizes import Sizes
from modelwright.explore.table_profile import TableProfile, profile
from modelwright.plan.tables.glance import wrong_cells

__all__ = ["explore"]

MOST_COLUMNS = 20_000
"""What is kept of a column takes memory: wider tables are refused."""
_WHOLE = 200_000  # of so many rows in memory each is looked at to find the types
_JUDGED = 40_000
_FEWEST = 40
_LAST = 10_000
_SUSPECT = "if it means missing"


def explore(
    data: object,
    target: str | None = None,
    *,
    test: object | None = None,
    settings: Settings | None = None,
    live: Progress | None = None,
) -> TableProfile:
    """Look at every row of a table once, in bounded memory, and say what would hurt a model.

    Parameters
    ----------
    data : path, database, frame or mapping
        What `fit` takes, of any size: Parquet and lazy frames are streamed; large text and answers
        of databases go through DuckDB and a temporary file.
    target : str, optional
        The column to predict: then its balance, what goes with it, and what `check` finds are part
        of the profile.
    test : path or frame, optional
        Other rows of the same columns: how they differ.
    settings : Settings, optional
        `types`, `header`, `encoding` and `seed` count.
    live : Progress, optional
        Is told how far the work is.

    Returns
    -------
    TableProfile
        Printed it is a summary, in a notebook a page; `write` makes an HTML file.

    Raises
    ------
    UserError
        When the data or an option is wrong; the message says what was expected and the cure.

    Examples
    --------
    >>> import modelwright as mw
    >>> found = mw.explore({"age": [20, 30, None, 40], "town": ["Rome", "Oslo", "Rome", "Rome"]})
    >>> found["age"].missing, found["age"].numbers.median, found["town"].top[0]
    (1, 30.0, ('Rome', 3))
    """
    chosen = settings or Settings()
    live = live or SilentProgress()
    given = {} if chosen.types is None else read_types(chosen.types)
    reading = Reading(chosen.header, frozenset(given), seed=chosen.seed, encoding=chosen.encoding)
    refuse_images(data, "explore")
    with stream(data, reading) as given_rows:
        live.advance(None, "finding the types of columns")
        rows = _without_strays(given_rows)
        schema, noticed = _schema(rows, given, target)
        found = _passed(rows, schema, given, chosen.seed, live)
        told = (*rows.notes, *noticed)
        shown = rows.shown
    comparison = None
    if test is not None:
        comparison = _compared(found, test, chosen, live)
    known, option, more = _checked(found, target, chosen, live)
    live.advance(None, "looking for cells that are wrong")
    known = (*known, *wrong_cells(found))
    live.advance(None, "comparing columns")
    notes = [note for note in dict.fromkeys((*told, *more)) if _SUSPECT not in note]
    return profile(
        found,
        source=shown,
        target=target,
        comparison=comparison,
        known=known,
        notes=notes,
        option=option,
    )


def _without_strays(rows: Streamed) -> Streamed:
    """Leave out totals at the end, and names among the rows, as a fit does.

    Of a table that is larger than memory the last rows are looked at.
    """
    start = 0 if rows.whole else max(rows.rows - _LAST, 0)
    last = rows.lazy.slice(start).collect()
    found = find_strays(last)
    if not found.rows:
        return rows
    if not rows.whole:
        count = len(found.totals)
        notes = (*rows.notes, *replace(found, names=()).notes())
        left = rows.rows - count
        return replace(rows, lazy=rows.lazy.slice(0, left), rows=left, notes=notes)
    kept = last.filter(~pl.int_range(last.height, eager=True).is_in(found.rows))
    notes = (*rows.notes, *found.notes())
    return replace(rows, lazy=kept.lazy(), rows=kept.height, notes=notes)


def _schema(
    rows: Streamed, given: dict[str, Given], target: str | None
) -> tuple[Schema, tuple[str, ...]]:
    few = rows.whole and rows.rows <= _WHOLE
    some = rows.sample(_WHOLE if few else _JUDGED)
    if some.width > MOST_COLUMNS:
        cure = "look at a part of them, such as those of one kind"
        raise DataError(f"at most {MOST_COLUMNS:,} columns", f"{some.width:,}", cure)
    if target is not None and target not in some.columns:
        near = did_you_mean(target, some.columns)
        raise ColumnError("a column of the table", repr(target), near)
    schema, noticed = infer(some, given, target or "")
    if target is not None:
        column = schema[target]
        schema = schema.with_columns(replace(_answer(some, column), role=Role.TARGET))
    return schema, noticed


def _answer(some: pl.DataFrame, column: Column) -> Column:
    """Read a column to predict as the numbers that stand there, where it looks like identifiers."""
    if column.kind is not Kind.ID:
        return column
    number = replace(column, kind=Kind.NUMBER, format="")
    typed = cast(some.select(pl.col(column.name)), Schema((number,))).frame[column.name]
    readable = typed.null_count() <= some[column.name].null_count()
    return number if readable else replace(column, kind=Kind.CATEGORY)


def _passed(
    rows: Streamed, schema: Schema, given: dict[str, Given], seed: int, live: Progress
) -> Scan:
    sizes = Sizes.of_width(len(schema))

    def tell(done: int) -> None:
        live.advance(done / max(rows.rows, 1), f"{done:,} of {rows.rows:,} rows")

    return scan(_typed(rows, schema, sizes, given), schema, seed=seed, tell=tell, sizes=sizes)


def _typed(
    rows: Streamed, schema: Schema, sizes: Sizes, given: dict[str, Given]
) -> Iterator[Batch]:
    told = {name: one.missing for name, one in given.items() if one.missing and name in schema}
    for part in rows.batches(sizes.batch):
        # the user has said that these mean missing: nobody has to be told again
        empty = [hide(plain(part[name]), missing) for name, missing in told.items()]
        yield Batch(part.with_columns(empty), cast(part, schema))


def _compared(found: Scan, test: object, settings: Settings, live: Progress) -> Comparison:
    schema = found.sample.schema
    reading = replace(Reading.like(schema), in_place=False, encoding=settings.encoding)
    with stream(test, reading) as given:
        rows = _without_strays(given)
        live.advance(None, f"looking at {rows.shown}")
        names = set(rows.sample(1).columns)
        here = schema.select(name for name in schema.names() if name in names)
        if not len(here):
            got = ", ".join(repr(name) for name in sorted(names)[:8])
            raise ColumnError("test rows with columns of the table", got or "none")
        sizes = Sizes.of_width(len(here))
        batches = (Batch(part, conform(part, here, ())) for part in rows.batches(sizes.batch))
        other = scan(batches, here, seed=settings.seed, sizes=sizes)
    live.advance(None, "telling test rows from the others")
    from modelwright.plan.tables.drift import (
        tell_apart,  # it brings the learners, which take a second
    )

    auc = float("nan")
    if min(found.sample.height, other.sample.height) >= _FEWEST:
        apart = tell_apart(found.sample, other.sample, seed=settings.seed)
        auc = auc if apart is None else apart.auc
    return compare(found.sample, other.sample, other.rows, auc)


def _checked(
    found: Scan, target: str | None, settings: Settings, live: Progress
) -> tuple[tuple[Finding, ...], str, tuple[str, ...]]:
    """Ask what `check` knows of the sample; an answer that cannot be predicted is told."""
    if target is None:
        return (), "", ()
    live.advance(None, "looking for order, repeats and copies among rows")
    from modelwright.plan.tables.check import check

    try:
        said = check(
            found.sample_found, target, settings=replace(settings, header=None, encoding=None)
        )
    except UserError as error:
        return (), "", (f"{target!r} cannot be predicted as it is: {error}",)
    return said.findings, said.recommended.option, ()
