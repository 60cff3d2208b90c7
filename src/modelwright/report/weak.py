"""Where the model is weak: kinds of rows that it does badly on, and labels to doubt."""

from __future__ import annotations

import math

from modelwright.core.task import Task
from modelwright.core.weaknesses import TOO_WEAK, LabelDoubts, Slice, Suspect
from modelwright.model import Model
from modelwright.pages import Chapter, Grid, Markup, element, joined, shorten, unbroken
from modelwright.pages.names import name
from modelwright.pages.numerals import number, percent, plural

__all__ = ["slices_part", "weak"]

_ROWS = 12


def weak(model: Model) -> Chapter | None:
    """Write the chapter on weak spots; None when nobody looked for them."""
    found = None if model.evidence is None else model.evidence.weak
    if found is None or not (found.labels or found.sliced):
        return None
    body = joined(
        slices_part(found.slices, model.task, found.sliced),
        None if found.labels is None else _labels(found.labels),
    )
    return Chapter("weak", "Where it is weak", body, "Weak spots")


def slices_part(slices: tuple[Slice, ...], task: Task, rows: int) -> Markup | None:
    """Say on which kinds of rows a model is worse."""
    if not rows:
        return None
    heading = element("h3", "Rows that it does worse on")
    if not slices:
        words = (
            f"Nobody knows of any: among {rows:,} rows no value or range of a column, and no pair "
            "of them, stands out beyond chance."
        )
        return joined(heading, element("p", words))
    classes = task.is_classification
    what = "the probability that the true class did not get" if classes else "the absolute error"
    lead = f"{_sentence(slices[0], classes)} Averages of {what}."
    lines = tuple(
        (
            name(one.where, 120),
            f"{one.rows:,}",
            _amount(one.loss, classes),
            _amount(one.rest, classes),
            f"{_amount(one.low, classes)} to {_amount(one.high, classes)}",
        )
        for one in slices
    )
    head = ("rows where", "rows", "there", "elsewhere", "difference, 95 %")
    note = (
        "Found on one half of the rows; what is told here was measured on the other half, and "
        "holds beyond chance although many slices were tried (Holm). Look for what is different "
        "there: missing facts, few rows, other causes."
    )
    return joined(
        heading,
        element("p", lead),
        Grid(head, lines, "Slices where the model is worse").html(),
        element("p.soft", note),
    )


def _sentence(one: Slice, classes: bool) -> str:
    there, elsewhere = (_amount(value, classes) for value in (one.loss, one.rest))
    where = shorten(one.where, 120)
    if classes:
        return f"Where {where}, the model misses the true class by {there}, elsewhere {elsewhere}."
    return f"Where {where}, predictions miss by {there} on average, elsewhere by {elsewhere}."


def _amount(value: float, classes: bool) -> str:
    return percent(value, 1) if classes else number(value, 3)


def _labels(found: LabelDoubts) -> Markup:
    worst = [one for one in found.suspects if not one.hard][:_ROWS]
    hard = [one for one in found.suspects if one.hard][:_ROWS]
    surely = found.plain or not math.isfinite(found.low)
    return joined(
        element("h3", "Labels to doubt"),
        element("p", unbroken(_summary(found))),
        _pairs(found),
        _rows(worst, found.columns, "Probably mislabelled" if surely else "Worth a look first"),
        _rows(hard, found.columns, "Hard, but not clearly wrong"),
    )


def _summary(found: LabelDoubts) -> str:
    review = (
        " A label is doubted by models that have not seen it. modelwright label noise MODEL DATA "
        "--out review.csv writes all of them for a person to look at."
    )
    if not found.judged:
        return TOO_WEAK
    if not found.mislabelled:
        return f"None of {found.rows:,} labels is more likely wrong than right."
    count = plural(found.mislabelled, "label is", "labels are")
    if not math.isfinite(found.low):
        return f"{count} so far off that chance does not explain it.{review}"
    rate = f"{percent(found.low, 1)} to {percent(found.high, 1)}"
    if found.plain:
        start = f"About {percent(found.rate, 1)} of the labels look wrong (95 % interval {rate})"
        return f"{start}: the {plural(found.mislabelled, 'row')} to doubt first.{review}"
    return (
        f"Whether labels are wrong cannot be told from chance in the answers themselves ({rate} of "
        f"them, by the rows of which the model is surest). {count} worth a look.{review}"
    )


def _pairs(found: LabelDoubts) -> Markup | None:
    if not found.pairs:
        return None
    rows = tuple((name(g, 40), name(s, 40), f"{n:,}") for g, s, n in found.pairs)
    return Grid(("given", "suggested", "rows"), rows, "Labels and what is suggested", 2).html()


def _rows(suspects: list[Suspect], columns: tuple[str, ...], title: str) -> Markup | None:
    if not suspects:
        return None
    rows = tuple(
        (
            f"{one.row:,}",
            name(one.given, 30),
            name(one.suggested, 30),
            percent(one.wrong),
            *(name(value, 30) for value in _filled(one.values, len(columns))),
        )
        for one in suspects
    )
    head = ("row", "label", "suggested", "wrong", *(shorten(column, 30) for column in columns))
    words = "Rows are counted from 0, as the data was read."
    return joined(
        element("h4", title), element("p.soft", words), Grid(head, rows, title, len(head)).html()
    )


def _filled(values: tuple[str, ...], count: int) -> tuple[str, ...]:
    return (*values, *[""] * count)[:count]
