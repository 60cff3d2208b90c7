"""What a question says, found in the table: its columns, and what has to be beaten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import polars as pl

from modelwright.acquire import cast
from modelwright.core.errors import ColumnError, OptionError, did_you_mean
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.settings import Frame, Question, Settings, cleaning_asked
from modelwright.core.task import Task, TaskKind
from modelwright.evaluate.horizon import parse_horizon
from modelwright.evaluate.rules import Rule, check_rule, parse_rule
from modelwright.store.task_file import read_task

__all__ = [
    "asked_rule",
    "column_named",
    "declines",
    "found",
    "refuse_cleaning",
    "take_frame",
    "today",
]

# So many of the values of a column that stands for what is done today have to be answers.
_MOSTLY = 0.9


def take_frame(question: Question, settings: Settings) -> tuple[Question, Settings]:
    """Complete a question by the task file that the settings name.

    Parameters
    ----------
    question : Question
        What is asked beside it; that comes first. Its target may be empty.
    settings : Settings
        With `frame`, or without: then nothing changes.

    Returns
    -------
    question : Question
    settings : Settings
        With the types of the task file, unless others are given.

    Raises
    ------
    DataError or OptionError
        When the task file cannot be used, or says something else than the question.

    Examples
    --------
    >>> framed = Settings(frame=Frame(Question("price", metric="mae")))
    >>> take_frame(Question(""), framed)[0].metric
    'mae'
    """
    frame = settings.frame
    if frame is None:
        return question, settings
    if not isinstance(frame, Frame):
        frame = read_task(frame)
    own = frame.question
    if question.target and question.target != own.target:
        got = f"{question.target!r}, where the task file asks for {own.target!r}"
        raise OptionError("the same --target as in --frame, or none", got, "leave --target out")
    asked = question.completed_by(own)
    score = isinstance(own.baseline, int | float)
    if score and asked.metric != own.metric:
        raise OptionError(
            "the metric of the task file, as its baseline is a score",
            f"--metric {asked.metric}, where the task file says {own.metric or 'nothing'}",
            "change the task file",
        )
    types = frame.types if settings.types is None else settings.types
    return asked, replace(settings, types=types)


def declines(role: str, name: str | None, columns: Collection[str]) -> bool:
    """Tell whether ``--group none`` or ``--order none`` means that there is none.

    Examples
    --------
    >>> declines("group", "none", ["a", "b"]), declines("group", "none", ["none"])
    (True, False)
    """
    return role in ("group", "order") and name == "none" and name not in columns


def found(question: Question, columns: Sequence[str]) -> Question:
    """Match the names that the user wrote, forgiving blanks around them.

    Parameters
    ----------
    question : Question
        What is asked.
    columns : sequence of str
        Those of the table.

    Returns
    -------
    Question
        With names as they are in the table.

    Raises
    ------
    ColumnError
        When a column does not exist.
    OptionError
        When one column is asked to be two things, or a horizon has no order.

    Examples
    --------
    >>> found(Question(" price"), ["price", "area"]).target
    'price'
    """
    if declines("group", question.group, columns):
        question = replace(question, group=None)
    if declines("order", question.order, columns):
        question = replace(question, order=None)
    names = {role: getattr(question, role) for role in ("target", "group", "order", "weight")}
    roles = {
        role: column_named(name, columns, f"--{role}")
        for role, name in names.items()
        if name is not None
    }
    if len(set(roles.values())) < len(roles):
        shared = [role for role in roles if list(roles.values()).count(roles[role]) > 1]
        raise OptionError(
            "different columns for " + " and ".join(f"--{role}" for role in shared),
            f"{roles[shared[0]]!r} for both",
            "leave one of them out, or name another column",
        )
    unknown = tuple(
        dict.fromkeys(column_named(name, columns, "--unknown") for name in question.unknown)
    )
    for role, name in roles.items():
        if name in unknown:
            cure = f"take it out of the columns that are unknown, or name another --{role}"
            raise OptionError(f"a known column for --{role}", f"{name!r}, called unknown", cure)
    if question.order is None and parse_horizon(question.horizon or "") is not None:
        cure = "name the column that says when with --order"
        raise OptionError("an order column beside a horizon", "none", cure)
    return replace(question, **roles, unknown=unknown)


def column_named(name: str, columns: Sequence[str], what: str) -> str:
    """Find a column by its name, forgiving blanks around it.

    Raises
    ------
    ColumnError
        When there is none.

    Examples
    --------
    >>> column_named("price", [" price", "area"], "--target")
    ' price'
    """
    near = [name] if name in columns else [c for c in columns if c.strip() == name.strip()]
    if len(near) != 1:
        cure = did_you_mean(name, columns)
        raise ColumnError(f"a column of the table for {what}", repr(name), cure)
    return near[0]


def asked_rule(question: Question, columns: Sequence[str], kind: TaskKind) -> Rule | float | None:
    """Read what has to be beaten, and check that it answers the question.

    Raises
    ------
    ColumnError or OptionError
        When it does not.

    Examples
    --------
    >>> question = Question("price", baseline="mean by zone")
    >>> asked_rule(question, ["price", "zone"], TaskKind.REGRESSION)
    Rule(word='mean', columns=('zone',))
    """
    if question.baseline is None:
        return None
    rule = parse_rule(question.baseline, columns)
    if isinstance(rule, Rule):
        check_rule(rule, kind, question.order, question.target)
        late = [name for name in rule.columns if name in question.unknown]
        if late and rule.word != "column":
            got = f"{str(rule)!r}, where {late[0]!r} is called unknown"
            raise OptionError("a baseline of known columns", got, "name another column")
    return rule


def today(frame: pl.DataFrame, schema: Schema, rule: Rule | float | None, task: Task) -> Schema:
    """Read a column that stands for what is done today as answers to the question.

    Parameters
    ----------
    frame : polars.DataFrame, shape (n_rows, n_columns)
        Values as they were found.
    schema : Schema
        What its columns mean.
    rule : Rule or float, optional
        Only the rule "column" names one.
    task : Task
        The question.

    Returns
    -------
    Schema
        In which that column holds labels, probabilities of the positive class, or numbers.

    Raises
    ------
    OptionError
        When it holds something else.

    Examples
    --------
    >>> frame = pl.DataFrame({"today": ["no", "yes", "?"]})
    >>> schema = Schema((Column("today", Kind.BOOLEAN),))
    >>> task = Task(TaskKind.BINARY, "left", "roc_auc", ("no", "yes"))
    >>> today(frame, schema, Rule("column", ("today",)), task)["today"].kind.value
    'category'
    """
    if not isinstance(rule, Rule) or rule.word != "column":
        return schema
    column = schema[rule.columns[0]]
    words = replace(column, kind=Kind.CATEGORY, format="", levels=())
    present = _cast(frame, words).drop_nulls()
    named = len(present) and present.is_in(task.classes).sum() >= _MOSTLY * len(present)
    if task.is_classification and named:
        return schema.with_columns(words)
    kept = column.format if column.kind is Kind.NUMBER else ""
    numbers = replace(column, kind=Kind.NUMBER, format=kept, levels=())
    filled = _cast(frame, numbers).drop_nulls()
    enough = len(present) > 0 and len(filled) >= _MOSTLY * len(present)
    shares = task.positive is not None and filled.is_between(0, 1).all()
    if enough and (shares or not task.is_classification):
        return schema.with_columns(numbers)
    expected = {
        TaskKind.REGRESSION: "numbers",
        TaskKind.BINARY: f"classes, or probabilities of {task.positive!r},",
    }.get(task.kind, "classes")
    shown = f"such as {present[0]!r}" if len(present) else "nothing"
    cure = "name another column"
    raise OptionError(f"{expected} in column {column.name!r} for the baseline", shown, cure)


def _cast(frame: pl.DataFrame, column: Column) -> pl.Series:
    return cast(frame.select(column.name), Schema((column,))).frame[column.name]


def refuse_cleaning(settings: Settings, beside: str) -> None:
    """Refuse to clean what is no table with answers.

    Raises
    ------
    OptionError
        When cleaning is asked for.
    """
    asked = cleaning_asked(settings)
    if asked is not False:
        got = "--clean" if asked is True else f"--clean {asked}"
        raise OptionError(f"no --clean beside {beside}", got, "leave it out")
