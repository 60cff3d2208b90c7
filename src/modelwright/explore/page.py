"""The page: one HTML file of at most 3 MB, however many columns there are."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Kind, Role
from modelwright.core.version import __version__
from modelwright.explore.cards import card
from modelwright.explore.columns import ColumnProfile
from modelwright.explore.measured import Measured
from modelwright.explore.parts import (
    associations,
    boxes,
    changed,
    gaps,
    rows,
    target,
)
from modelwright.explore.words import spark, typical
from modelwright.pages import Chapter, Grid, Markup, element, joined, page, shorten, unbroken
from modelwright.pages.names import more_names, name
from modelwright.pages.numerals import DASH, percent, plural

__all__ = ["LIMIT", "notebook", "render"]

LIMIT = 3_000_000
"""So many bytes a page has at most."""
_ROWS, _CARDS = 2_500, 100
_PAGE = 50
_OPEN = 6
_FINDINGS = 40
_TITLES = {
    "drift": "Test rows differ",
    "target-moved": "Answers of test rows differ",
    "few-test-rows": "Too few test rows",
    "leak": "A column that knows the answer",
    "telling-gaps": "Gaps that know the answer",
    "disguised-missing": "Missing values in disguise",
    "read-as-missing": "Read as missing",
    "sparse-columns": "Mostly missing",
    "wild-values": "Wild values",
    "wrong-cells": "Cells that look wrong",
    "many-levels": "Very many words",
    "constant-columns": "Columns with one value",
    "identifiers": "Identifiers",
    "copied-columns": "The same column twice",
    "rare-class": "A rare class",
    "long-tail": "A long tail of answers",
    "missing-target": "Rows without an answer",
    "more-columns-than-rows": "More columns than rows",
}
_MARKS = {
    Severity.ERROR: ("bad", "error"),
    Severity.WARNING: ("care", "warning"),
    Severity.INFO: ("soft", "good to know"),
}


def render(profile: Measured) -> str:
    """Give the page of a profile as HTML.

    Parameters
    ----------
    profile : Measured
        What is known.

    Returns
    -------
    str
        A whole document of at most 3 MB: where there is more to say, fewer columns are shown in
        full, and the page says so.
    """
    return _within(profile, LIMIT, _ROWS, _CARDS)


def notebook(profile: Measured) -> str:
    """Give the page as a frame for notebooks, smaller than the file."""
    text = _within(profile, LIMIT // 5, 300, 20)
    return (
        f'<iframe title="Profile" sandbox="allow-scripts" srcdoc="{html.escape(text)}" '
        'width="100%" height="640" style="border:0"></iframe>'
    )


def _within(profile: Measured, limit: int, most: int, cards: int) -> str:
    while True:
        text = _page(profile, most, cards)
        if len(text.encode()) <= limit or most < 20:
            return text
        cards = cards // 2
        most = most * 4 // 5


def _page(profile: Measured, most: int, cards: int) -> str:
    ordered = _ranked(profile)
    shown = {column.name: f"c{i}" for i, column in enumerate(ordered[:cards])}
    chapters = [
        _hurting(profile),
        _columns(profile, ordered[:most], shown),
        target(profile),
        gaps(profile),
        associations(profile),
        boxes(profile),
        changed(profile),
        _cards(ordered[:cards], shown),
        rows(profile),
    ]
    title = f"{shorten(profile.source, 60) or 'table'}: profile"
    there = [chapter for chapter in chapters if chapter is not None]
    return page(title, _opening(profile), there, _foot())


def _foot() -> Markup:
    told = (
        f"Made by modelwright {__version__}. This page is one file and asks no server for anything."
    )
    return element("p", told)


def _ranked(profile: Measured) -> list[ColumnProfile]:
    """Put the answer first, then what goes with it; without one, as in the file."""
    if profile.target is None:
        return sorted(profile.columns, key=lambda c: c.role == Role.IGNORED)
    answer = profile.target.name
    place = {
        (one.left if one.right == answer else one.right): i
        for i, one in enumerate(profile.target.associations)
    }
    last = len(place)
    return sorted(profile.columns, key=lambda c: (c.name != answer, place.get(c.name, last)))


def _opening(profile: Measured) -> Markup:
    width = len(profile.columns)
    over = f"Profile · {plural(profile.rows, 'row')} · {plural(width, 'column')}"
    if profile.target is not None:
        over += f" · to predict: {shorten(profile.target.name, 40)}"
    return joined(
        element(
            "header",
            element("p.over", over),
            element("h1", "What ", name(profile.source or "the table", 60), " holds"),
        ),
        element("div.answer", _facts(profile), element("div", _verdict(profile))),
        _notes(profile.notes),
    )


def _verdict(profile: Measured) -> Markup:
    count = Counter(finding.severity for finding in profile.findings)
    serious = count[Severity.ERROR] + count[Severity.WARNING]
    if not serious:
        badge = element("span.badge.good", "Nothing serious")
        told = "Nothing was found that would hurt a model much."
    else:
        errors = count[Severity.ERROR]
        worst = ("span.badge.bad", "error") if errors else ("span.badge.care", "warning")
        badge = element(worst[0], plural(errors or serious, worst[1]))
        each = ", each with its cure" if serious > 1 else ": its cure stands below"
        told = f"{plural(serious, 'thing')} would hurt a model here{each}."
    more = count[Severity.INFO]
    also = (
        f" {plural(more, 'thing')} more {'is' if more == 1 else 'are'} good to know."
        if more
        else ""
    )
    return joined(
        badge,
        element("p.verdict", told),
        element("p", also.strip(), " ", element("a", "Go to them", at={"href": "#hurts"}))
        if profile.findings
        else None,
        element("p.soft", _how(profile)),
    )


def _how(profile: Measured) -> str:
    """Say what is counted and what is sampled."""
    if not profile.sampled:
        return "Every figure is counted on all rows."
    inexact = any(c.numbers is not None and not c.numbers.exact for c in profile.columns)
    told = f"Counted on all {profile.rows:,} rows"
    if inexact or not all(c.distinct_exact for c in profile.columns):
        told += ", with sketches for quantiles and large numbers of different values"
    drawn = f"{profile.sample.height:,} rows drawn at random"
    return f"{told}. Associations, boxes, shapes of texts and calendars come of {drawn}."


def _facts(profile: Measured) -> Markup:
    kinds = Counter(column.kind for column in profile.columns)
    told = ", ".join(f"{count:,} {_several(kind, count)}" for kind, count in kinds.most_common())
    gaps = sum(column.missing > 0 for column in profile.columns)
    facts = [
        ("rows", f"{profile.rows:,}", ""),
        ("columns", f"{len(profile.columns):,}", told),
        (
            "missing cells",
            percent(profile.missing_share, 1) if gaps else "none",
            f"in {plural(gaps, 'column')}" if gaps else "",
        ),
        (
            "rows that come again",
            f"{'' if profile.repeated_exact else 'about '}{profile.repeated:,}"
            if profile.repeated
            else "none",
            "",
        ),
    ]
    return element(
        "dl.facts",
        [
            element(
                "div",
                element("dt", words),
                element("dd", value, element("small", more) if more else None),
            )
            for words, value, more in facts
        ],
    )


def _several(kind: str, count: int) -> str:
    return kind if count == 1 else {"category": "categories", "geo": "places"}.get(kind, f"{kind}s")


def _notes(notes: Sequence[str]) -> Markup | None:
    if not notes:
        return None
    shown = [element("li.plain", unbroken(shorten(note, 400))) for note in notes[:12]]
    more = len(notes) - len(shown)
    if more > 0:
        shown.append(element("li.plain", f"and {plural(more, 'note')} more"))
    return element("ul.warnings", shown)


def _hurting(profile: Measured) -> Chapter | None:
    if not profile.findings:
        return None
    shown = profile.findings[:_FINDINGS]
    more = len(profile.findings) - len(shown)
    body = joined(
        element("p.lead", "The most important first, each with what to write to mend it."),
        element("ul.findings", [_finding(finding) for finding in shown]),
        element("p.soft", f"And {more:,} more: see --json.") if more > 0 else None,
    )
    return Chapter("hurts", "What would hurt a model here", body, "What would hurt")


def _finding(finding: Finding) -> Markup:
    colour, word = _MARKS[finding.severity]
    usual = CODES[finding.code].title if finding.code in CODES else _sentence(finding.code)
    title = _TITLES.get(finding.code, usual.replace("-", " "))
    return element(
        "li",
        element("h3", title, " ", element(f"span.badge.{colour}", word)),
        element("p", element("bdi", shorten(_sentence(finding.evidence), 600))),
        element("p.cure", "Cure: ", unbroken(shorten(finding.cure, 600))) if finding.cure else None,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _columns(profile: Measured, ordered: Sequence[ColumnProfile], cards: dict[str, str]) -> Chapter:
    head = ("column", "kind", "distribution", "values", "missing", "different")
    lines = tuple(_row(column, cards.get(column.name)) for column in ordered)
    grid = Grid(head, lines, "Columns of the table", text=4, classes=("wide", "plain"))
    listed = {column.name for column in ordered}
    more = [column.name for column in profile.columns if column.name not in listed]
    order = (
        "The column to predict first, then by how much they say of it. " if profile.target else ""
    )
    body = joined(
        element("p.soft", f"{order}A name with a link leads to the column in full."),
        _tools(profile) if len(lines) > 12 else None,
        element("div.columns", grid.html(), at={"id": "columns-table"}),
        more_names(more, "columns"),
    )
    return Chapter("columns", "Columns", body)


def _row(column: ColumnProfile, key: str | None) -> tuple[Markup | str | None, ...]:
    kind = column.kind if column.role == Role.FEATURE else f"{column.kind}, {column.role}"
    shown = name(column.name, 48)
    about = "" if column.distinct_exact else "~"
    return (
        shown if key is None else element("a", shown, at={"href": f"#{key}"}),
        kind,
        spark(column),
        element("bdi", typical(column)),
        percent(column.missing_share, 1 if column.missing_share < 0.1 else 0)
        if column.missing
        else DASH,
        f"{about}{column.distinct:,}",
    )


def _tools(profile: Measured) -> Markup:
    """Offer to search, to filter, to sort and to turn pages; a script shows and serves it."""
    kinds = [kind.value for kind in Kind if any(c.kind == kind for c in profile.columns)]
    choices = [("", "all"), *((kind, kind) for kind in kinds)]
    orders = [("", "as listed"), ("0", "name"), ("-4", "missing"), ("-5", "different values")]
    field = element("input", at={"type": "search", "autocomplete": "off"})
    return element(
        "div.tools",
        element("label.find", "Find a column", field),
        element("label.find", "Kind", _choice(choices, "kind")),
        element("label.find", "Sort by", _choice(orders, "sort")),
        element("output.soft", at={"aria-live": "polite"}),
        element("button", "Previous", at={"type": "button", "data-turn": "-1"}),
        element("button", "Next", at={"type": "button", "data-turn": "1"}),
        at={"hidden": True, "data-for": "columns-table", "data-size": _PAGE},
    )


def _choice(options: Sequence[tuple[str, str]], what: str) -> Markup:
    shown = [element("option", label, at={"value": value or "all"}) for value, label in options]
    return element("select", shown, at={"data-what": what})


def _cards(columns: Sequence[ColumnProfile], keys: dict[str, str]) -> Chapter | None:
    if not columns:
        return None
    few = len(columns) <= _OPEN
    body = [card(column, keys[column.name], open=few) for column in columns]
    return Chapter("each", "Column by column", element("div.cards", body), "Column by column")
