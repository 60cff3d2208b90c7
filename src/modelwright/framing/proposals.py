"""An answer to each question, taken from the data: a proposal, with what speaks for it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import polars as pl

from modelwright.core.errors import OptionError
from modelwright.core.numerals import number
from modelwright.core.schema import Column, Kind, Role
from modelwright.core.settings import Question
from modelwright.core.splits import Splits
from modelwright.core.task import TaskKind
from modelwright.evaluate import default_metric, find_metric
from modelwright.evaluate.rules import Rule, default_rule
from modelwright.framing.draft import Draft, Study
from modelwright.plan import Bar, Posed, score_rule, splits_of
from modelwright.plan.tables.check import known_afterwards

__all__ = ["Proposal", "candidates", "propose", "usual_target"]

_ANSWERS = (Kind.NUMBER, Kind.CATEGORY, Kind.BOOLEAN)
_TARGETS = ("target", "label", "class", "y", "outcome", "response")
_TIMES = re.compile(r"(?:^|[^a-z])(?:year|date|time|timestamp|datetime|day|month)(?:$|[^a-z])")
_KEYS = re.compile(r"(?:^|[^a-z])(?:id|key|no|nr|code|number)$|[a-z]I[dD]$")
_KEY_OF = re.compile(
    r"(?!(?:row|record|unnamed|index)[ _]?)([A-Za-z]{3,}?)[ _]?(?:id|ID|Id|no|nr|key)"
)
_YES = ("yes", "true", "1", "y", "t", "positive", "bad", "died", "dead", "failed")
# Rows are in the order of dates when at least so many steps go one way. Of numbers all have to:
# months go up eleven times of twelve.
_IN_ORDER = 0.98
_MOMENTS = 5
# A key that comes back: so many different ones, so many rows of each, so many rows in such groups.
_LEAST_KEYS = 10
_ROWS_EACH = (1.3, 200.0)
_REPEATED = 0.3
# A rule by a column: so many columns are tried, of so many different values.
_TRIED = 8
_LEVELS = 200
_FEW_NUMBERS = 30


@dataclass(frozen=True)
class Proposal:
    """An answer that the data suggests.

    Parameters
    ----------
    value : str
        As a user would write it; empty for none.
    why : str
        What speaks for it; empty when nothing does.
    """

    value: str
    why: str = ""


def propose(step: str, study: Study, draft: Draft, given: Question | None = None) -> Proposal:
    """Propose an answer.

    Parameters
    ----------
    step : str
        One of `STEPS`.
    study : Study
        The table.
    draft : Draft
        What was answered before.
    given : Question, optional
        What will be answered later: its columns have their part already.

    Returns
    -------
    Proposal

    Examples
    --------
    >>> from modelwright.core.settings import Settings
    >>> study = Study.of({"a": [1.5, 2.5], "target": [0.5, 1.0]}, Question(""), Settings())
    >>> propose("target", study, Draft(Question("")))
    Proposal(value='target', why='its name')
    """
    if step == "target":
        return usual_target(study)
    if step == "unit":
        return _unit(study, draft.question)
    if step == "order":
        return _order(study, draft, _free(study, draft.question, given))
    if step == "group":
        return _group(study, draft, _free(study, draft.question, given))
    if step == "unknown":
        return _unknown(draft)
    if step == "positive":
        return _positive(draft)
    if step == "metric":
        return Proposal(default_metric(draft.kind), f"usual for {draft.kind.value}")
    if step == "baseline":
        return _baseline(draft)
    return Proposal("0" if step == "horizon" else "")


def usual_target(study: Study) -> Proposal:
    """Propose the column that is called like a target, or else the last one."""
    named = [name for name in study.columns if name.strip().lower() in _TARGETS]
    if named:
        return Proposal(named[0], "its name")
    usable = [c.name for c in study.schema if c.role is Role.FEATURE and c.kind in _ANSWERS]
    return Proposal(usable[-1], "the last column") if usable else Proposal("")


def _unit(study: Study, question: Question) -> Proposal:
    """Propose what a key is the key of: ``customer_id`` says that a row is a customer."""
    for column in study.schema:
        named = _KEY_OF.fullmatch(column.name.strip())
        if named is None or column.kind is not Kind.ID or column.name == question.target:
            continue
        values = study.raw.frame[column.name].drop_nulls()
        if len(values) == study.rows == values.n_unique():
            return Proposal(named[1].lower(), f"each row has another {column.name!r}")
    return Proposal("row")


def _free(study: Study, question: Question, given: Question | None) -> list[Column]:
    """List the columns that have no part in the question yet."""
    taken = set()
    for one in (question, given or question):
        taken |= {one.target, one.order, one.group, one.weight, *one.unknown}
    return [column for column in study.schema if column.name not in taken]


def _found(study: Study, draft: Draft, kind: str, free: Sequence[Column]) -> Proposal | None:
    """Propose the column by which `check` would split rows, where it is free."""
    if draft.posed is None:
        return None
    found = study.structure(draft.posed)
    best = found.recommended
    if best.kind != kind or not best.direct or best.columns[0] not in [c.name for c in free]:
        return None
    why = next((one.evidence for one in found.findings if one.columns == best.columns), "")
    return Proposal(best.columns[0], why)


def _unknown(draft: Draft) -> Proposal:
    """Propose what `check` says gives the answer away: nobody has it when a prediction is made."""
    assert draft.posed is not None  # the target comes first
    question = draft.question
    taken = (question.target, question.order, question.group, question.weight)
    found = known_afterwards(draft.posed.rows, question.order)
    names = dict.fromkeys(n for one in found for n in one.columns if n not in taken)
    told = "; ".join(
        f"{one.code}, {one.evidence}" for one in found if set(one.columns) & set(names)
    )
    return Proposal(", ".join(names), told)


def _order(study: Study, draft: Draft, free: Sequence[Column]) -> Proposal:
    found = _found(study, draft, "time", free)
    if found is not None:
        return found
    if _found(study, draft, "group", free) is not None:
        return Proposal("", "rows that belong together matter more than their order")
    for column in free:
        hinted = column.kind is Kind.NUMBER and _TIMES.search(column.name.strip().lower())
        if column.kind is not Kind.DATETIME and not hinted:
            continue
        values = study.values(column.name).drop_nulls()
        if len(values) < 0.95 * study.rows or values.n_unique() < _MOMENTS:
            continue
        later = values.slice(1) >= values.slice(0, len(values) - 1)
        earlier = values.slice(1) <= values.slice(0, len(values) - 1)
        least = _IN_ORDER if column.kind is Kind.DATETIME else 1.0
        if max(later.sum(), earlier.sum()) >= least * (len(values) - 1):
            return Proposal(column.name, f"the rows lie in its order, {_span(values)}")
    dated = [column.name for column in free if column.kind is Kind.DATETIME]
    listed = ", ".join(repr(name) for name in dated[:4])
    return Proposal(
        "", f"dates are in {listed}, but the rows are not in their order" if dated else ""
    )


def _span(values: pl.Series) -> str:
    ends = (values.min(), values.max())
    return "from {} to {}".format(*(f"{e:g}" if isinstance(e, float) else str(e) for e in ends))


def _group(study: Study, draft: Draft, free: Sequence[Column]) -> Proposal:
    if draft.question.order is not None:
        return Proposal("")
    found = _found(study, draft, "group", free)
    if found is not None:
        return found
    best, most = Proposal(""), 0
    for column in free:
        if column.kind in (Kind.DATETIME, Kind.TEXT, Kind.LIST, Kind.GEO, Kind.BOOLEAN):
            continue
        if not _KEYS.search(column.name.strip()) and not _KEYS.search(column.name.strip().lower()):
            continue
        counts = study.raw.frame[column.name].drop_nulls().value_counts()["count"]
        different, rows = len(counts), int(counts.sum())
        if different <= max(most, _LEAST_KEYS - 1):
            continue
        repeated = int(counts.filter(counts > 1).sum()) / max(rows, 1)
        if _ROWS_EACH[0] <= rows / different <= _ROWS_EACH[1] and repeated >= _REPEATED:
            why = f"{different:,} different ones come back in {rows:,} rows"
            best, most = Proposal(column.name, why), different
    return best


def _positive(draft: Draft) -> Proposal:
    assert draft.posed is not None  # the target comes first
    rows = draft.posed.rows
    labels, share = rows.task.classes, float(rows.y.values.mean())
    for label in labels:
        if label.strip().lower() in _YES:
            return Proposal(label, "its word")
    rarer = labels[1] if share <= 0.5 else labels[0]
    return Proposal(rarer, f"the rarer one, {min(share, 1 - share):.1%} of the answers")


def candidates(posed: Posed) -> list[Bar]:
    """Score simple rules, the best first.

    Parameters
    ----------
    posed : Posed
        The question put to the table.

    Returns
    -------
    list of Bar
        The rule that knows only the answers, the median, the last known answer, the rule by each of
        a few columns and by the best two of them; those that have a score.

    Examples
    --------
    >>> from modelwright.core.settings import Settings
    >>> data = {"shop": ["a", "b"] * 20, "sales": [1.0, 9.0, 2.0, 8.5] * 10}
    >>> study = Study.of(data, Question("sales"), Settings())
    >>> candidates(study.pose(Question("sales")))[0].name
    'mean by shop'
    """
    rows, question = posed.rows, posed.question
    kind = rows.task.kind
    # Nothing that is the same for all rows has a smaller absolute error than the median.
    usual = "median" if rows.task.metric == "mae" else default_rule(kind).word
    columns = _levels(posed)
    numbers = kind is TaskKind.REGRESSION
    rules = [Rule("mean"), Rule("median")] if numbers else [Rule(usual)]
    rules += [Rule(usual, (name,)) for name in columns]
    if question.order is not None:
        things = [name for name in columns if posed.schema[name].kind is Kind.CATEGORY]
        if question.group is not None:
            things.append(question.group)
        rules += [Rule("last"), *(Rule("last", (name,)) for name in dict.fromkeys(things))]
    splits = splits_of(posed)
    bare = replace(posed, question=replace(question, baseline=None))
    sign = -1 if find_metric(rows.task.metric, kind).greater_is_better else 1
    ranked = _ranked(rules, bare, splits, sign)
    # The two columns that say most, together.
    two = [
        columns for columns in (rule.columns for rule, _ in ranked if rule.word == usual) if columns
    ]
    pair = [Rule(usual, (*two[0], *two[1]))] if len(two) > 1 else []
    both = [*ranked, *_ranked(pair, bare, splits, sign)]
    return [bar for _, bar in sorted(both, key=lambda one: sign * one[1].score)]


def _ranked(
    rules: Sequence[Rule], posed: Posed, splits: Splits, sign: int
) -> list[tuple[Rule, Bar]]:
    """Score rules, the best first; those that have no score are left out."""
    scored = []
    for rule in rules:
        with suppress(OptionError):  # more groups times classes than are counted
            bar = score_rule(rule, posed, splits)
            scored += [(rule, bar)] if math.isfinite(bar.score) else []
    return sorted(scored, key=lambda one: sign * one[1].score)


def _levels(posed: Posed) -> list[str]:
    """List columns of few different values: of too many, those with the most."""
    table = posed.rows.table
    found = []
    for column in table.schema:
        if column.role is not Role.FEATURE:
            continue
        labels = column.kind in (Kind.CATEGORY, Kind.BOOLEAN)
        if labels or column.kind is Kind.NUMBER:
            different = table.frame[column.name].n_unique()
            if 2 <= different <= (_LEVELS if labels else _FEW_NUMBERS):
                found.append((different, column.name))
    return [name for _, name in sorted(found)[-_TRIED:]]


def _baseline(draft: Draft) -> Proposal:
    assert draft.posed is not None  # the target comes first
    bars = candidates(draft.posed)
    if not bars:
        return Proposal(str(default_rule(draft.kind)))
    metric = draft.posed.rows.task.metric
    return Proposal(
        bars[0].name, f"{metric} {number(bars[0].score)}, the best of {len(bars)} simple rules"
    )
