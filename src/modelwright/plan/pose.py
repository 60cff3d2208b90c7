"""From raw columns and a question to typed rows, roles and a task."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import (
    Drawn,
    Given,
    Raw,
    Reading,
    cast,
    infer,
    read_types,
    without_strays,
)
from modelwright.acquire.images.columns import tell_absent
from modelwright.core.errors import (
    ColumnError,
    DataError,
    OptionError,
    did_you_mean,
    sentences,
)
from modelwright.core.framing import encode_target, frame_task, label_type
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.settings import Question, Settings, Validation, images_of
from modelwright.core.table import Table
from modelwright.core.task import Task, TaskKind
from modelwright.engine import available_memory, total_memory
from modelwright.evaluate import Metric, default_metric, find_metric
from modelwright.evaluate.weights import read_weights
from modelwright.features.pictures import described
from modelwright.plan.asked import asked_rule, column_named, found, today
from modelwright.plan.fresh import Fresh, read_fresh, set_apart
from modelwright.plan.workspace import Rows

if TYPE_CHECKING:  # fits of images mend nothing, and take their first step the sooner
    from modelwright.clean.recipes.rowwise import Cleaning
    from modelwright.clean.repairs import Repair

__all__ = ["Posed", "memory_room", "pose", "reading_for"]

FEWEST_ROWS = 3
# What a byte of a file takes in memory, copies for typing and for features included.
MEMORY_PER_BYTE = 4
# With less, reading alone would fail.
LEAST_PER_BYTE = 2
# Predictions are float32.
LARGEST = 1e36
# What is said of the rows that were taken for titles or for names.
_OF_NAMES = re.compile(r"\b(titles?|names?)\b")
_RATING = re.compile(r"(?i)rating|stars?\b|score|grade|satisf|likert|severity|quality|zufrieden")
_SHORT = {"y": "yes", "n": "no", "t": "true", "f": "false"}


@dataclass(frozen=True)
class Posed:
    """A question put to a table.

    Parameters
    ----------
    rows : Rows
        Rows with an answer; the table holds every column.
    notes : tuple of str
        What was noticed.
    metric : Metric
        What decides.
    question : Question
        What is asked, with the names of columns as they are in the table.
    fresh : Fresh, optional
        Rows that are scored at the end; None when there are none.
    encoding : str
        How the text of the file was encoded; empty for UTF-8.
    cleaning : Cleaning, optional
        What was done to the rows before; None when nobody asked for it.
    changes : tuple of Repair
        The cells that this changed.
    drawn : Drawn, optional
        The file, where the rows are a sample of it.
    """

    rows: Rows
    notes: tuple[str, ...]
    metric: Metric
    question: Question
    fresh: Fresh | None = None
    encoding: str = ""
    cleaning: Cleaning | None = None
    changes: tuple[Repair, ...] = ()
    drawn: Drawn | None = None

    @property
    def schema(self) -> Schema:
        """All columns."""
        return self.rows.table.schema


def reading_for(question: Question, settings: Settings, data: object = None) -> Reading:
    """Say how the data is to be read: columns that may be labels keep their exact text.

    Raises
    ------
    DataError
        When `data` is a file for which less memory is free than it takes to read.
    """
    labels = {name for name in (question.target, question.group) if name is not None}
    room = _room(data)
    verbatim = frozenset(labels | set(_types(settings)))
    return Reading(
        settings.header, verbatim, room=room, seed=settings.seed, encoding=settings.encoding
    )


def memory_room() -> int:
    """Say how many bytes of a file are read; more are sampled.

    It comes of all the memory that the machine has, in powers of two, not of what is free at the
    moment: another run on the same machine draws the same rows.
    """
    return 1 << max((total_memory() // (2 * MEMORY_PER_BYTE)).bit_length() - 1, 0)


def _room(data: object) -> int:
    """Give that room, unless less memory is free than it takes to read."""
    room = memory_room()
    try:
        size = Path(data).stat().st_size if isinstance(data, str | Path) else 0
    except (OSError, ValueError):  # no file, or a name that none can have: told when it is read
        size = 0
    least, free = LEAST_PER_BYTE * min(size, room), available_memory()
    if least > free:
        raise DataError(
            f"{least / 1e9:,.1f} GB of free memory to read the table",
            f"{free / 1e9:,.1f} GB",
            "end other programs, or fit a part of the rows",
        )
    return room


def pose(
    raw: Raw,
    question: Question,
    settings: Settings,
    metric: Metric | None = None,
    cleaning: Cleaning | None = None,
) -> Posed:
    """Find types, roles and task.

    Parameters
    ----------
    raw : Raw
        What was read.
    question : Question
        What is asked.
    settings : Settings
        Types that the user knows better, and the seed.
    metric : Metric, optional
        What decides, where it is more than a name; None: what the question says.
    cleaning : Cleaning, optional
        What was done to the rows already: test rows are cleaned likewise.

    Returns
    -------
    Posed

    Raises
    ------
    ColumnError
        When a column that the question names does not exist.
    DataError
        When the target or the weights cannot be used.
    OptionError
        When task, metric or positive class do not fit the target.
    """
    frame, strays, kept = _without_strays(raw.frame)
    question = _asked(question, frame.columns, raw.notes)
    splits = _split_column(settings.validation, question, frame.columns)
    _check_by(settings.validation.interval_by, question, frame.columns)
    given = _types(settings)
    folder = _pictures(settings, raw)
    schema, noticed = infer(frame, given, question.target, folder)
    noticed = (*noticed, *_unfound(frame, schema, question.target, folder))
    answers = _answers(frame, schema, given, question)
    kind, classes, name = answers.kind, answers.classes, answers.column.name
    schema = _with_roles(frame, schema.with_columns(answers.column), question)
    if splits is not None:
        # As it is written: two folds called 0 and 1 would be read as true and false.
        folds = Column(splits, Kind.CATEGORY, Role.IGNORED, evidence="the given folds")
        schema = schema.with_columns(folds)
    schema = _with_features(frame, schema, question.unknown)
    decides = metric or find_metric(question.metric or default_metric(kind), kind, classes)
    source = label_type(classes, frame.schema[name])
    task = Task(kind, name, decides.name, classes, source, answers.ordered)
    schema = today(frame, schema, asked_rule(question, frame.columns, kind), task)
    table = cast(frame, schema)
    table = described(table, schema.names(Role.FEATURE, Kind.IMAGE), folder)
    seen = (*raw.notes, *strays, *noticed, *_alike(classes), *table.notes)
    table = replace(table, notes=seen)
    rows, noted = _answered(table, task, question, answers.known, settings.seed)
    rows = replace(rows, origin=kept[answers.known.to_numpy()])
    _check_metric(decides, rows)
    encoding, drawn = raw.encoding, raw.drawn
    posed = Posed(rows, noted, decides, question, None, encoding, cleaning, drawn=drawn)
    return _with_fresh(posed, settings, splits)


@dataclass(frozen=True)
class _Answers:
    """What the target holds: what it means, which rows have an answer, what is asked for."""

    column: Column
    known: pl.Series
    kind: TaskKind
    classes: tuple[str, ...]
    ordered: bool


def _answers(
    frame: pl.DataFrame, schema: Schema, given: Mapping[str, Given], question: Question
) -> _Answers:
    """Find out what kind of answers the target holds."""
    column = schema[question.target]
    told = question.target in given and given[question.target].kind is not None
    column = column if told and column.kind is not Kind.ID else _as_values(frame, column)
    values = cast(frame.select(column.name), Schema((column,))).frame[column.name]
    # "-" among numbers is a missing answer, not a class
    labels = pl.select(pl.when(values.is_not_null()).then(_labels(frame, column))).to_series()
    if 0 < labels.count() < FEWEST_ROWS:
        raise DataError(
            f"at least {FEWEST_ROWS} rows with an answer", f"{labels.count()}", "add rows"
        )
    kind, classes = frame_task(values, labels, column, question.task, question.positive)
    meant = Kind.NUMBER if kind is TaskKind.REGRESSION else Kind.CATEGORY
    # A regression keeps how its numbers are written, as new rows are written alike.
    format = column.format if kind is TaskKind.REGRESSION else ""
    target = replace(column, kind=meant, role=Role.TARGET, format=format, levels=())
    levels = tuple(level for level in column.levels if level in classes)
    ordered = len(classes) > 2 and (levels == classes or _are_ratings(column.name, classes))
    return _Answers(target, labels.is_not_null(), kind, classes, ordered)


def _are_ratings(name: str, classes: tuple[str, ...]) -> bool:
    """Whether classes are numbers under a name that says that more is better, or worse."""
    return _RATING.search(name) is not None and all(label.isdecimal() for label in classes)


def _check_by(by: str | None, question: Question, columns: Sequence[str]) -> None:
    """Refuse a column to calibrate by that is not there, or that is the answer itself."""
    if by is None:
        return
    if by == question.target:
        raise ColumnError("another column than the target for --interval-by", repr(by))
    if by not in columns:
        raise ColumnError("a column for --interval-by", repr(by), did_you_mean(by, columns))


def _split_column(asked: Validation, question: Question, columns: list[str]) -> str | None:
    """Find the column of folds, which has no other purpose."""
    if not isinstance(asked.splits, str):
        return None
    name = column_named(asked.splits, columns, "--splits")
    for role in ("target", "group", "order", "weight"):
        if getattr(question, role) == name:
            raise OptionError(f"different columns for --splits and --{role}", f"{name!r} for both",
                              "leave one of them out, or name another column")  # fmt: skip
    return name


def _with_fresh(posed: Posed, settings: Settings, splits: str | None) -> Posed:
    """Add the rows that are scored at the end: those of a file, or those that a column names."""
    asked = settings.validation
    rows, fresh = (posed.rows, None) if splits is None else set_apart(posed.rows, splits)
    if asked.test is not None:
        if fresh is not None:
            raise OptionError(
                "--test FILE or test rows in the column of --splits",
                "both",
                "leave --test out, or mark no rows of the column as test",
            )
        fresh = read_fresh(asked.test, rows, posed.encoding, posed.cleaning, images_of(settings))
    if fresh is None:
        return posed
    return replace(posed, rows=rows, notes=(*posed.notes, *fresh.notes), fresh=fresh)


def _pictures(settings: Settings, raw: Raw) -> PictureFolder | None:
    """Say where images are that cells may name; None where nothing could open them."""
    named = images_of(settings)
    if named is None and importlib.util.find_spec("PIL") is None:
        return None
    return PictureFolder.found(named, raw.folder)


def _unfound(
    frame: pl.DataFrame, schema: Schema, target: str, folder: PictureFolder | None
) -> list[str]:
    """Say which columns look like names of images that are not there."""
    names = [c.name for c in schema if c.kind is not Kind.IMAGE and c.name != target]
    told = (tell_absent(frame[name], folder) for name in names)
    return [note for note in told if note]


def _asked(question: Question, columns: Sequence[str], notes: Sequence[str]) -> Question:
    """Find the columns of a question; one that is not there may be in a line that was left out."""
    try:
        return found(question, columns)
    except ColumnError as error:
        said = [note for note in notes if _OF_NAMES.search(note)]
        if not said:
            raise
        cure = sentences(error.cure, *said)
        raise ColumnError(error.expected, error.got, cure) from None


def _without_strays(
    frame: pl.DataFrame,
) -> tuple[pl.DataFrame, list[str], NDArray[np.int64]]:
    """Leave out names that stand again among the rows, and what sums them up at the end.

    Give the other rows, what was noticed, and their positions.
    """
    rest, found = without_strays(frame)
    kept = np.delete(np.arange(frame.height), found.rows)
    return rest, found.notes(), kept


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _alike(classes: tuple[str, ...]) -> list[str]:
    """Warn of classes that are spellings of each other: a model would tell them apart."""
    folded: dict[str, list[str]] = {}
    for name in classes:
        word = " ".join(name.casefold().split())
        folded.setdefault(_SHORT.get(word, word), []).append(name)
    twins = [names for names in folded.values() if len(names) > 1]
    if not twins:
        return []
    shown = "; ".join(", ".join(repr(name) for name in names) for names in twins[:3])
    return [
        f"Classes that look like one answer ({shown}{'...' if len(twins) > 3 else ''}) are kept "
        "apart: write them alike in the data if they mean the same."
    ]


def _types(settings: Settings) -> dict[str, Given]:
    return {} if settings.types is None else read_types(settings.types)


def _labels(raw: pl.DataFrame, column: Column) -> pl.Series:
    words = Column(column.name, Kind.CATEGORY, missing=column.missing)
    return cast(raw.select(column.name), Schema((words,))).frame[column.name]


def _as_values(raw: pl.DataFrame, column: Column) -> Column:
    """Read what looks like identifiers, codes, or 0 and 1 as the numbers that stand there."""
    if column.kind not in (Kind.ID, Kind.BOOLEAN, Kind.CATEGORY):
        return column
    as_number = replace(column, kind=Kind.NUMBER, format="", levels=())
    numbers = cast(raw.select(column.name), Schema((as_number,))).frame[column.name]
    known = len(numbers) - numbers.null_count()
    if known and numbers.null_count() <= _labels(raw, column).null_count() + len(numbers) // 100:
        return as_number
    return replace(column, kind=Kind.CATEGORY) if column.kind is Kind.ID else column


def _with_roles(raw: pl.DataFrame, schema: Schema, question: Question) -> Schema:
    # A file of types may come from a fit that asked something else.
    others = [
        c for c in schema if c.role in (Role.TARGET, Role.WEIGHT) and c.name != question.target
    ]
    schema = schema.with_columns(*(replace(column, role=Role.FEATURE) for column in others))
    if question.group:
        schema = schema.with_role(question.group, Role.GROUP)
    if question.order:  # codes and counters are in the order of their numbers, not of their text
        order = _as_values(raw, schema[question.order])
        schema = schema.with_columns(replace(order, role=Role.ORDER))
    if question.weight:
        weight = replace(schema[question.weight], kind=Kind.NUMBER, role=Role.WEIGHT)
        schema = schema.with_columns(weight)
    late = "not known when a prediction is made"
    unknown = [schema[name] for name in question.unknown]
    return schema.with_columns(
        *(replace(column, role=Role.IGNORED, evidence=late) for column in unknown)
    )


def _with_features(raw: pl.DataFrame, schema: Schema, late: Sequence[str]) -> Schema:
    """Let identifiers count where there is nothing else to learn from."""
    if schema.names(Role.FEATURE) or schema.names(Role.ORDER):
        return schema
    ids = [schema[name] for name in schema.names(Role.IGNORED, Kind.ID) if name not in late]
    used = [replace(_as_values(raw, column), role=Role.FEATURE) for column in ids]
    return schema.with_columns(*used)


def _answered(
    table: Table, task: Task, question: Question, known: pl.Series, seed: int
) -> tuple[Rows, tuple[str, ...]]:
    """Keep the rows whose answer is known; give them, and what was noticed."""
    notes = list(table.notes)
    if not known.all():
        absent = int(table.height - known.sum())
        were = "was" if absent == 1 else "were"
        notes.append(f"{_rows(absent)} without a value of {task.target!r} {were} left out")
        table = Table(table.frame.filter(known), table.schema, table.notes)
    if table.height < FEWEST_ROWS:
        raise DataError(
            f"at least {FEWEST_ROWS} rows with an answer", f"{table.height}", "add rows"
        )
    if not table.features():
        raise DataError(
            "at least one column to learn from",
            f"none besides {task.target!r}",
            "constant, empty and identifier columns are ignored; --types makes them count",
        )
    name = question.weight
    weight = None if name is None else read_weights(table, name, "--weight")
    y = encode_target(task, table.frame[task.target])
    if not y.classes and np.abs(y.values).max() > LARGEST:
        raise DataError(
            f"numbers up to {LARGEST:g} in target {task.target!r}",
            f"{np.abs(y.values).max():g}",
            "divide the column",
        )
    return Rows(table, task, y, weight, seed), tuple(notes)


def _check_metric(metric: Metric, rows: Rows) -> None:
    """Refuse a metric that has no value for these answers, before anything is fitted."""
    y = rows.y
    if metric.needs is not None:
        met = metric.needs.met(y.values)
        if not met.all():
            expected = f"a target {metric.needs.words} for --metric {metric.name}"
            raise OptionError(expected, f"{y.values[~met].min():g}", metric.needs.cure)
    if not metric.recomputable:  # a function of the user's: an error in it shows at once
        shares = np.bincount(y.values) / len(y) if y.classes else np.array([y.values.mean()])
        p = np.tile(shares.astype(np.float32), (len(y), 1))
        metric.score(y, p, rows.weight)
