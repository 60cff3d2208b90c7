"""A question in the making: each answer is checked against the data when it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from modelwright.acquire import Raw, cast, infer, read_raw, read_types
from modelwright.core.errors import ColumnError, OptionError, did_you_mean
from modelwright.core.schema import Schema
from modelwright.core.settings import Question, Settings
from modelwright.core.task import TaskKind
from modelwright.evaluate.horizon import parse_horizon
from modelwright.evaluate.structure import Structure
from modelwright.plan import Bar, Posed, bar_of, pose, reading_for, splits_of
from modelwright.plan.structure import structure_of

__all__ = ["STEPS", "Draft", "Study", "accept", "applies", "names_in"]

STEPS = (
    "target",
    "positive",
    "unit",
    "order",
    "horizon",
    "group",
    "unknown",
    "metric",
    "baseline",
)
"""What is asked, in this order."""

# While it is asked, a longer table is looked at in so many rows; at the end in all.
_LOOKED_AT = 50_000
_LONGEST = 200
_NOTHING = ("", "-", "none")
# A name with more commas than this has to be written by hand.
_COMMAS = 8


@dataclass(frozen=True)
class Study:
    """The table that a question is put to.

    Parameters
    ----------
    data : object
        Where it comes from, as `fit` takes it.
    settings : Settings
        Types that the user knows better, and the seed.
    raw : Raw
        What was read.
    schema : Schema
        What its columns mean.
    verbatim : frozenset of str
        The columns that were read as they are written.
    seen : dict of str to Structure
        What the rows are to each other, by target, once somebody has asked.
    """

    data: object
    settings: Settings
    raw: Raw
    schema: Schema
    verbatim: frozenset[str] = frozenset()
    seen: dict[str, Structure] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, data: object, question: Question, settings: Settings) -> Study:
        """Read a table.

        Raises
        ------
        UserError
            When it cannot be read.
        """
        reading = reading_for(question, settings, data)
        raw = read_raw(data, reading)
        types = {} if settings.types is None else read_types(settings.types)
        return cls(data, settings, raw, infer(raw.frame, types)[0], reading.verbatim)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return self.schema.names()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.raw.frame.height

    def values(self, name: str) -> pl.Series:
        """Give one column as its type says."""
        column = self.schema[name]
        return cast(self.raw.frame.select(name), Schema((column,))).frame[name]

    def structure(self, posed: Posed) -> Structure:
        """Say what the rows are to each other, as `check` does."""
        target = posed.question.target
        if target not in self.seen:
            self.seen[target] = structure_of(posed.rows)
        return self.seen[target]

    def pose(self, question: Question, *, whole: bool = False) -> Posed:
        """Put a question to the table: to some of its rows, or to all (`whole`).

        Raises
        ------
        UserError
            When the question does not fit the table.
        """
        raw = self.raw
        if not whole and raw.frame.height > _LOOKED_AT:
            step = -(-raw.frame.height // _LOOKED_AT)
            raw = Raw(raw.frame.gather_every(step), raw.notes)
        return pose(raw, question, self.settings)

    def again(self, question: Question) -> Study:
        """Read the table once more when labels in it were not read as they are written."""
        labels = {name for name in (question.target, question.group) if name is not None}
        typed = [n for n in labels - self.verbatim if self.raw.frame[n].dtype != pl.String]
        if not typed or not isinstance(self.data, str | Path) or str(self.data) == "-":
            return self
        return Study.of(self.data, question, self.settings)

    def whole(self, draft: Draft) -> Posed:
        """Put the whole question to all rows, unless that was done already."""
        done = draft.posed is not None and draft.posed.question == draft.question
        if done and draft.posed is not None and self.rows <= _LOOKED_AT:
            return draft.posed
        return self.pose(draft.question, whole=True)


@dataclass(frozen=True)
class Draft:
    """What has been answered so far.

    Parameters
    ----------
    question : Question
        As far as it is known.
    posed : Posed, optional
        The question put to the table; None until there is a target.
    bar : Bar, optional
        What has to be beaten, when it is known.
    because : dict of str to str
        What speaks for columns that nobody named, by step.
    """

    question: Question
    posed: Posed | None = None
    bar: Bar | None = None
    because: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def kind(self) -> TaskKind:
        """What kind of answer is asked for."""
        assert self.posed is not None  # the target comes first
        return self.posed.rows.task.kind


def applies(step: str, draft: Draft) -> bool:
    """Whether a question makes sense after the answers so far.

    Examples
    --------
    >>> applies("horizon", Draft(Question("price"))), applies("unit", Draft(Question("price")))
    (False, True)
    """
    if step == "positive":
        return draft.posed is not None and draft.kind is TaskKind.BINARY
    return step != "horizon" or draft.question.order is not None


def accept(step: str, text: str, study: Study, draft: Draft) -> Draft:
    """Take an answer.

    Parameters
    ----------
    step : str
        One of `STEPS`.
    text : str
        What was answered; for all but the target and the metric, ``"none"`` and ``"-"`` mean none.
    study : Study
        The table.
    draft : Draft
        What was answered before.

    Returns
    -------
    Draft
        With the answer.

    Raises
    ------
    UserError
        When the answer does not fit the data; the message says why.

    Examples
    --------
    >>> table = {"a": [1.5, 2.5, 4.0] * 9, "b": [3.5, 1.5, 2.0] * 9}
    >>> study = Study.of(table, Question("b"), Settings())
    >>> draft = accept("target", "b", study, Draft(Question("")))
    >>> draft.kind.value, accept("metric", "MAE", study, draft).question.metric
    ('regression', 'mae')
    """
    text = text.strip()
    if text.lower() in _NOTHING and not (text and text in study.columns):
        text = ""
    question = _answered(step, text, study, draft.question)
    if step == "unit":
        _check_unit(question.unit, study)
        return replace(draft, question=question)
    posed = _known(step, question, draft) or study.pose(question)
    question = posed.question
    if step in ("order", "horizon", "group"):
        _check_groups(posed)
        splits_of(posed)
    if step == "metric":
        question = replace(question, metric=posed.rows.task.metric)
    bar = bar_of(posed, splits_of(posed)) if step == "baseline" else None
    return Draft(question, replace(posed, question=question), bar)


def _known(step: str, question: Question, draft: Draft) -> Posed | None:
    """Reuse what is known of the table where an answer changes nothing in it."""
    posed = draft.posed
    if posed is None:
        return None
    task = posed.rows.task
    same = (
        question == draft.question
        or (step == "metric" and question.metric == task.metric)
        or (step == "positive" and question.positive == task.positive)
        or (step == "baseline" and not str(question.baseline).lower().startswith("column"))
    )
    return replace(posed, question=question) if same else None


def _answered(step: str, text: str, study: Study, question: Question) -> Question:
    if step == "target":
        if not text:
            raise OptionError("the column to predict", "none", "name one of the columns")
        return replace(question, target=text)
    if step == "unknown":
        return replace(question, unknown=names_in(text, study.columns))
    if step == "horizon":
        horizon = parse_horizon(text)
        return replace(question, horizon=None if horizon is None else str(horizon))
    if step == "order" and not text:
        return replace(question, order=None, horizon=None)
    if step == "baseline":
        return replace(question, baseline=_score_or_rule(text))
    if step == "metric" and not text:
        raise OptionError("a metric", "none", "press Enter to take the usual one")
    if len(text) > _LONGEST and step == "unit":
        raise OptionError(f"at most {_LONGEST} letters for the unit", f"{len(text)}")
    changed: dict[str, Any] = {step: text or None}
    return replace(question, **changed)


def _check_groups(posed: Posed) -> None:
    name = posed.question.group
    if name is not None and posed.rows.table.frame[name].n_unique() < 2:
        cure = "choose another group column, or none"
        raise OptionError(f"at least 2 groups in {name!r}", "1 group", cure)


def _score_or_rule(text: str) -> str | float | None:
    try:
        return float(text)
    except ValueError:
        return text or None


def _check_unit(unit: str | None, study: Study) -> None:
    """Refuse a column as unit whose values come several times."""
    if unit not in study.columns:
        return
    values = study.raw.frame[unit]
    present = values.drop_nulls()
    if len(present) == present.n_unique():
        return
    raise OptionError(
        f"a unit that each row has once, as {unit!r} is a column",
        f"{present.n_unique():,} values of it in {len(values):,} rows",
        f"say what repeats, such as 'visit of {unit}', and name {unit!r} as the group",
    )


def names_in(text: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Read names of columns between commas; a name may have commas itself.

    Raises
    ------
    ColumnError
        When one of them is no column.

    Examples
    --------
    >>> names_in("fee, city, state", ["fee", "city, state"])
    ('fee', 'city, state')
    """
    pieces = text.split(",") if text else []
    stripped = {name.strip(): name for name in columns}
    found: list[str] = []
    while pieces:
        for count in range(min(_COMMAS, len(pieces)), 0, -1):
            name = ",".join(pieces[:count]).strip()
            if name in stripped:
                break
        else:
            name = pieces[0].strip()
            cure = did_you_mean(name, columns)
            raise ColumnError("columns of the table that are unknown", repr(name), cure)
        found.append(stripped[name])
        pieces = pieces[count:]
    return tuple(dict.fromkeys(found))
