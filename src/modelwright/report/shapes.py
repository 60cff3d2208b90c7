"""The report of a clustering or a density: one HTML file that needs nothing else."""

from __future__ import annotations

import math

from modelwright.core.task import ShapeKind
from modelwright.core.version import __version__
from modelwright.pages import Chapter, Figure, Grid, Markup, element, joined, page, shorten
from modelwright.pages.names import name
from modelwright.pages.numerals import DASH, number, percent, plural
from modelwright.report.data import fact_list
from modelwright.report.groups import (
    criterion_figures,
    curve_figure,
    finite,
    map_figure,
    tree_figure,
)
from modelwright.report.opening import warnings
from modelwright.unsupervised import Group, Shape
from modelwright.unsupervised.groups import Hierarchy

__all__ = ["render_shape"]

_STABLE, _WEAK = 0.75, 0.6


def render_shape(shape: Shape) -> str:
    """Give the report of a clustering or a density as HTML."""
    groups = shape.kind is ShapeKind.CLUSTERING
    chapters = (
        [_profiles(shape), _map(shape), _number(shape), _ways(shape), _unusual(shape)]
        if groups
        else [_curves(shape), _unusual(shape), _ways(shape)]
    )
    chapters += [_measures(shape), _usage(shape)]
    foot = element(
        "p",
        f"Made by modelwright {__version__}, {shape.source.get('created', '')}. This page is one "
        "file and asks no server for anything.",
    )
    title = "Groups of rows" if groups else "How densely rows lie"
    whole = [chapter for chapter in chapters if chapter is not None]
    return page(f"{title}: report of a {shape.kind.value}", _opening(shape, title), whole, foot)


def _count(shape: Shape) -> int:
    return len(shape.findings.groups)


def _opening(shape: Shape, title: str) -> Markup:
    columns = plural(len(shape.space.axes), "column")
    over = f"{shape.kind.value.capitalize()} · {columns} · {plural(shape.rows, 'row')}"
    if shape.kind is ShapeKind.DENSITY:
        badge = element("span.badge.good", "Density")
        best = shape.findings.candidates[0].score if shape.findings.candidates else math.nan
        score, what = finite(best, 4), "mean log density of rows that it has not seen"
    elif _count(shape) > 1:
        badge = element("span.badge.good", plural(_count(shape), "group"))
        score, what = str(_count(shape)), f"groups of {plural(shape.rows, 'row')}"
    else:
        badge = element("span.badge.care", "No groups here")
        score, what = "none", "no number of groups holds"
    why = shape.findings.why
    verdict = element("p.verdict", f"{why[:1].upper()}{why[1:]}.")
    answer = element(
        "div.answer",
        element("div", element("p.score", score, element("small", what))),
        element("div", badge, verdict, element("p", _meaning(shape))),
    )
    header = element("header", element("p.over", over), element("h1", title))
    return joined(header, answer, warnings(shape.notes))


def _meaning(shape: Shape) -> str:
    if shape.kind is ShapeKind.DENSITY:
        return (
            "The density says how usual a row is. It was chosen by rows that it had not seen, and "
            "is given per unit of each number, so that its level means something only beside other "
            "rows of the same table."
        )
    if _count(shape) > 1:
        return (
            "Groups are a description of these rows, not a truth behind them: other columns, or "
            "columns that count more, would give others. Use them where they help."
        )
    return (
        "The rows form one cloud as far as these columns tell. Groups cut out of it would be other "
        "ones in other rows; a number of groups may still be asked for, to deal rows out evenly."
    )


def _profiles(shape: Shape) -> Chapter | None:
    groups = shape.findings.groups
    if len(groups) < 2:
        return None
    total = max(shape.rows, 1)
    head = ("group", "rows", "share", "found again")
    sizes = tuple(
        (str(k + 1), f"{one.rows:,}", percent(one.rows / total, 1), _stability(one))
        for k, one in enumerate(groups)
    )
    nobody = total - sum(one.rows for one in groups)
    rest = f" {plural(nobody, 'row belongs', 'rows belong')} to none." if nobody > 0 else ""
    words = (
        "Found again: the share of rows that a group has in common with the most alike one when "
        f"rows are drawn again (Jaccard). From {_STABLE} on it is stable; below {_WEAK} it means "
        f"little.{rest}"
    )
    parts = [_traits(k, one) for k, one in enumerate(groups)]
    body = joined(
        Grid(head, sizes, "Groups").html(),
        element("p.soft", words),
        element("div.figures", parts),
    )
    return Chapter("groups", "What is typical of each group", body, "Groups")


def _stability(one: Group) -> str:
    if math.isnan(one.stability):
        return DASH
    word = "stable" if one.stability >= _STABLE else "weak" if one.stability < _WEAK else "fair"
    return f"{one.stability:.2f} ({word})"


def _traits(place: int, one: Group) -> Markup:
    heading = element("h3", f"Group {place + 1}: {plural(one.rows, 'row')}")
    if not one.traits:
        words = "No single column stands out: it differs in how columns go together."
        return element("div", heading, element("p", words))
    rows = tuple(
        (
            name(trait.column, 40),
            name(trait.here, 40),
            name(trait.all, 40),
            f"{number(trait.lift, 2)} times"
            if trait.is_level
            else f"{'+' if trait.lift > 0 else ''}{number(trait.lift, 2)} sd",
        )
        for trait in one.traits
    )
    head = ("column", "here", "all rows", "lift")
    return element("div", heading, Grid(head, rows, f"Group {place + 1}", 3).html())


def _map(shape: Shape) -> Chapter | None:
    if not len(shape.findings.map):
        return None
    figures = [map_figure(shape.findings).html("map")]
    if isinstance(shape.fitted, Hierarchy) and len(shape.fitted.merges):
        figures.append(tree_figure(shape.fitted).html("tree"))
    return Chapter("where", "Where they lie", element("div.figures", figures), "Map")


def _number(shape: Shape) -> Chapter | None:
    found = shape.findings
    if not found.trials:
        return None
    figures = criterion_figures(found, _count(shape))
    votes = tuple((criterion, str(count)) for criterion, count in found.votes.items())
    words = (
        "Groups hold where they are found again in other rows and stand further apart than in "
        "clouds without groups. Among the numbers that hold, the one that most criteria ask for "
        "is taken; where none holds, the answer is that there are no groups."
    )
    body = joined(
        element("p", words),
        element("div.figures.three", [figure.html(f"k-{key}") for key, figure in figures.items()]),
        element("h3", "What each criterion asks for"),
        Grid(("criterion", "groups"), votes, "Votes").html(),
    )
    return Chapter("number", "How many", body)


def _ways(shape: Shape) -> Chapter | None:
    found = shape.findings.candidates
    if not found:
        return None
    if shape.kind is ShapeKind.DENSITY:
        head = ("density", "log density of rows not seen", "from the best")
        best = tuple(
            (
                one.name,
                finite(one.score, 4),
                DASH
                if i == 0
                else f"{number(one.score - found[0].score, 3)} ± {number(2 * one.error, 2)}",
            )
            for i, one in enumerate(found)
        )
        words = "The first one is used. Means over rows; ± two standard errors of the difference."
        body = joined(element("p", words), Grid(head, best, "Densities").html())
        return Chapter("ways", "What was compared", body, "Compared")
    used = "The first one is used. " if _count(shape) > 1 else "None is used. "
    words = (
        f"{used}Found again: prediction strength. Agreement: of pairs of rows, with the chosen "
        "groups; 0 is chance, 1 is the same. Ways that disagree see other groups in the same rows."
    )
    heads = ("way", "groups", "found again", "silhouette", "in no group", "agreement")
    lines = tuple(
        (
            one.name,
            str(one.count),
            finite(one.score),
            finite(one.silhouette),
            DASH if math.isnan(one.nobody) else percent(one.nobody),
            finite(one.agreement),
        )
        for one in found
    )
    body = joined(element("p", words), Grid(heads, lines, "Ways of clustering").html())
    return Chapter("ways", "Ways that were compared", body, "Compared")


def _unusual(shape: Shape) -> Chapter | None:
    found = shape.findings.unusual
    if not found:
        return None
    dense = shape.kind is ShapeKind.DENSITY
    what = "log density" if dense else "distance"
    words = (
        "Rows that lie least densely, by densities that had not seen them."
        if dense
        else "Rows furthest from their group, in units of its middle distance."
    )
    lines = []
    for one in found:
        told = zip(one.columns, one.values, one.notes, strict=False)
        stands = [
            element(
                "div", name(column, 40), " = ", name(value, 40), element("small.soft", f" {note}")
            )
            for column, value, note in told
        ]
        lines.append((f"{one.row:,}", joined(stands), number(one.value, 3)))
    grid = Grid(("row", "stands out in", what), tuple(lines), "Unusual rows", 2, ("wide",))
    told_ = f"{words} Rows are counted from 0, as the data was read."
    body = joined(element("p", told_), grid.html())
    return Chapter("unusual", "The most unusual rows", body, "Unusual rows")


def _curves(shape: Shape) -> Chapter | None:
    curves = shape.findings.curves
    if not curves:
        return None
    figures: list[Figure] = [curve_figure(curve) for curve in curves]
    words = (
        "The density of each column alone, taken from that of whole rows. Where line and rows "
        "part, the model is too smooth, or too rough."
    )
    drawn = [figure.html(f"curve-{i}") for i, figure in enumerate(figures)]
    body = joined(element("p", words), element("div.figures.three", drawn))
    return Chapter("curves", "Columns, one by one", body, "Columns")


def _measures(shape: Shape) -> Chapter:
    rows = tuple(
        (
            name(axis.name),
            axis.kind,
            f"{plural(len(axis.levels), 'level')}, {axis.weight:.2f} each"
            if axis.levels
            else f"in units of {number(axis.scale, 3)}{' of its logarithm' if axis.logged else ''}",
        )
        for axis in shape.space.axes[:150]
    )
    facts = [
        ("rows", f"{shape.rows:,}", ""),
        ("columns", f"{len(shape.space.axes):,}", ""),
        ("seed", str(shape.seed), ""),
    ]
    words = (
        "Each column counts as much as each other: numbers in standard deviations, nothing further "
        "out than six; levels so that two rows drawn at random are as far apart as in a number. "
        "Who wants a column to count less leaves it out."
    )
    body = joined(
        fact_list(facts),
        element("p.soft", words),
        Grid(("column", "kind", "measured"), rows, "Measures", 3).html(),
    )
    return Chapter("measures", "How rows are measured", body, "Measures")


def _usage(shape: Shape) -> Chapter:
    gives = "the group of each row, and how far it is from it"
    if shape.kind is ShapeKind.DENSITY:
        gives = "the log density of each row, and the share of rows that lie less densely"
    lines = "modelwright predict model.mw new_rows.csv --out answers.csv"
    python = 'from modelwright.unsupervised import load\n\nload("model.mw").predict("new_rows.csv")'
    source = shape.source
    rows = tuple(
        (key, shorten(source[key], 300))
        for key in ("data", "fingerprint", "created")
        if key in source
    )
    body = joined(
        element("p", f"One row in gives one row out, in order: {gives}."),
        *(
            element("div.code", element("pre", element("code", code), at={"tabindex": "0"}))
            for code in (lines, python)
        ),
        Grid(("what", "value"), rows, "Where it comes from", 2).html(),
    )
    return Chapter("use", "How to use it", body, "Use it")
