"""One column in full: its plot, its numbers, its words, its dates."""

from __future__ import annotations

from collections.abc import Sequence

from modelwright.core.schema import Kind, Role
from modelwright.explore.column_figures import column_figure
from modelwright.explore.columns import ColumnProfile, Dates, Numbers, Texts
from modelwright.explore.words import amount, duration, rows_told, typical
from modelwright.pages import Grid, Markup, element, joined, shorten
from modelwright.pages.names import name
from modelwright.pages.numerals import DASH, date, number, percent, plural

__all__ = ["card", "facts_of"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TOP = 8


def card(column: ColumnProfile, key: str, *, open: bool = False) -> Markup:
    """Write a column that unfolds.

    Parameters
    ----------
    column : ColumnProfile
        What is known.
    key : str
        An identifier that nothing else of the page has.
    open : bool
        Whether it is unfolded.
    """
    kind = column.kind if column.role == Role.FEATURE else f"{column.kind}, {column.role}"
    head = joined(
        name(column.name, 80),
        element("span.soft", f" {kind} · {typical(column, 60)}"),
    )
    figure = column_figure(column)
    facts = Grid(("what", "value"), facts_of(column), f"Facts of {shorten(column.name, 40)}")
    top = _top(column)
    return element(
        "details.card",
        element("summary", head),
        element(
            "div.inside",
            None if figure is None else figure.html(f"{key}-figure", level=0, details=False),
            element("div", facts.html(), top),
            at={"id": key},
        ),
        at={"open": True if open else None},
    )


def facts_of(column: ColumnProfile) -> tuple[tuple[Markup | str, ...], ...]:
    """List what is known of a column, each with its name."""
    about = "" if column.distinct_exact else "about "
    rows: list[tuple[Markup | str, ...]] = [("taken for", column.kind)]
    if column.why:
        rows.append(("because", element("span.words", shorten(column.why, 160))))
    rows.append(("missing", rows_told(column.missing, column.rows)))
    if column.marked:
        rows.append(("of these, marked or not readable", rows_told(column.marked, column.rows)))
    rows.append(("different values", f"{about}{column.distinct:,}"))
    if column.numbers is not None:
        time = column.kind == Kind.DATETIME
        rows += _dates_numbers(column.numbers) if time else _numbers(column.numbers, column.present)
    if column.texts is not None:
        rows += _texts(column.texts)
    if column.dates is not None:
        rows += _dates(column.dates)
    return tuple(rows)


def _numbers(numbers: Numbers, present: int) -> list[tuple[Markup | str, ...]]:
    q = numbers.quantiles
    out = numbers.outliers
    rows: list[tuple[Markup | str, ...]] = [
        ("least, greatest", f"{amount(q[0])}, {amount(q[10])}"),
        ("1 %, 99 %", f"{amount(q[1])}, {amount(q[9])}"),
        ("5 %, 95 %", f"{amount(q[2])}, {amount(q[8])}"),
        ("quartiles", f"{amount(q[4])}, {amount(q[6])}"),
        ("median", amount(q[5])),
        ("mean, standard deviation", f"{number(numbers.mean)}, {number(numbers.deviation)}"),
        ("skew, excess kurtosis", f"{number(numbers.skew, 3)}, {number(numbers.kurtosis, 3)}"),
        ("zeros", rows_told(numbers.zeros, present)),
        ("below zero", rows_told(numbers.negatives, present)),
        ("beyond Tukey's fences", rows_told(out.below + out.above, present)),
        ("beyond the wide fences", rows_told(out.far, present)),
        ("robust z above 3.5", rows_told(out.robust, present)),
    ]
    if not numbers.exact:
        rows.append(("quantiles", "by a sketch, a few in ten thousand off"))
    return rows


def _dates_numbers(numbers: Numbers) -> list[tuple[Markup | str, ...]]:
    q = numbers.quantiles
    return [
        ("first, last", f"{date(q[0])}, {date(q[10])}"),
        ("quartiles", f"{date(q[4])}, {date(q[6])}"),
        ("median", date(q[5])),
        ("spans", duration(q[10] - q[0])),
    ]


def _texts(texts: Texts) -> list[tuple[Markup | str, ...]]:
    rows: list[tuple[Markup | str, ...]] = [
        (
            "characters",
            f"{texts.shortest:,} to {texts.longest:,}, {number(texts.mean, 3)} on average",
        ),
    ]
    if texts.words > 1:
        rows.append(("words", f"{number(texts.words, 3)} on average"))
    if texts.common:
        rows.append(("common words", _listed(texts.common)))
    if texts.shapes:
        rows.append(("written like", _listed(texts.shapes)))
    for label, share in (
        ("with a web address", texts.links),
        ("with a mail address", texts.mails),
        ("with letters beyond ASCII", texts.foreign),
    ):
        if share:
            rows.append((label, percent(share)))
    return rows


def _listed(pairs: Sequence[tuple[str, float]]) -> Markup:
    shown = ", ".join(f"{shorten(word, 30)} {percent(share)}" for word, share in pairs[:_TOP])
    return element("span.words", element("bdi", shown))


def _dates(dates: Dates) -> list[tuple[Markup | str, ...]]:
    total = max(sum(dates.weekdays), 1)
    days = ", ".join(
        f"{day} {percent(count / total)}"
        for day, count in zip(_DAYS, dates.weekdays, strict=False)
        if count
    )
    rows: list[tuple[Markup | str, ...]] = [("weekdays", element("span.words", days))]
    if dates.hours:
        busiest = max(range(24), key=lambda hour: dates.hours[hour])
        share = percent(dates.hours[busiest] / total)
        rows.append(("most in the hour from", f"{busiest:02}:00 ({share})"))
    else:
        rows.append(("time of day", DASH))
    if dates.gap > 0:
        rows.append(("longest gap", f"{duration(dates.gap)} from {date(dates.gap_from)}"))
    return rows


def _top(column: ColumnProfile) -> Markup | None:
    """List the most frequent values of numbers; those of words are drawn."""
    often = [(value, count) for value, count in column.top[:_TOP] if count > 1]
    if column.numbers is None or not often:
        return None
    short = f" (at most {plural(column.top_short, 'row')} too few)" if column.top_short > 1 else ""
    told = ", ".join(
        f"{value} ({percent(count / max(column.present, 1), 1)})" for value, count in often
    )
    return element("p.soft", f"Most frequent{short}: ", element("bdi", told))
