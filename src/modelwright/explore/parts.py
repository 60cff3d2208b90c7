"""The chapters with plots: the answer, gaps, associations, groups, a second file, some rows."""

from __future__ import annotations

import math

from modelwright.core.schema import Kind
from modelwright.explore.column_figures import balance_figure, box_figure, distribution_figure
from modelwright.explore.heat import association_figure, correlation_figure, covariance_figure
from modelwright.explore.measured import Comparison, Measured
from modelwright.explore.patterns import nullity_correlation
from modelwright.explore.table_figures import comparison_figure, missing_figure, strength_figure
from modelwright.pages import Chapter, Figure, Grid, Markup, element, joined, shorten
from modelwright.pages.names import name
from modelwright.pages.numerals import DASH, number, percent, plural
from modelwright.stats.drift import FEWEST, ColumnDrift

__all__ = ["associations", "boxes", "changed", "gaps", "rows", "target"]

_COMPARED = 6
_GAPS = 60
_TOGETHER = 0.8
_PAIRS = 12
_ROWS, _WIDE = 6, 12
_DRIFTS = 60


def target(profile: Measured) -> Chapter | None:
    """Write the chapter on the column to predict."""
    answer = profile.target
    if answer is None:
        return None
    column = profile[answer.name]
    figures: list[Figure] = []
    if answer.classes and answer.balance:
        rest = max(column.distinct - len(answer.balance), 0)
        figures.append(balance_figure(answer.balance, answer.name, rest=rest, total=column.present))
    elif column.numbers is not None:
        time = column.kind == Kind.DATETIME
        figures.append(distribution_figure(column.numbers, answer.name, time=time))
    if answer.associations:
        figures.append(strength_figure(answer.associations, answer.name))
    if not figures:
        return None
    kind = "classes" if answer.classes else "numbers"
    lead = f"The answers are {kind}; {plural(column.present, 'row')} of {profile.rows:,} have one."
    drawn = [figure.html(f"target-{i}") for i, figure in enumerate(figures)]
    body = joined(element("p.lead", lead), element("div.figures", drawn))
    return Chapter("target", "The column to predict", body, "To predict")


def gaps(profile: Measured) -> Chapter | None:
    """Write the chapter on what is missing."""
    if not profile.missing.cells:
        return None
    share = profile.missing.complete / profile.rows
    lead = (
        f"{percent(profile.missing_share, 1)} of the cells have no value; {percent(share)} of the "
        "rows are complete."
    )
    figure = missing_figure(profile.missing, profile.columns)
    body = joined(
        element("p.lead", lead),
        _large(figure, "missing-together"),
        _together(profile),
        element(
            "p.soft", f"No count of a pattern is short by more than {profile.missing.short:,} rows."
        )
        if profile.missing.short
        else None,
    )
    return Chapter("missing", "What is missing", body, "Missing")


def _together(profile: Measured) -> Markup | None:
    """Say which columns are missing in the same rows."""
    some = [c.name for c in sorted(profile.columns, key=lambda c: -c.missing) if c.missing][:_GAPS]
    if len(some) < 2:
        return None
    matrix = nullity_correlation(profile.sample.frame, tuple(some))
    pairs = [
        (float(matrix[i, j]), some[i], some[j])
        for i in range(len(some))
        for j in range(i + 1, len(some))
        if math.isfinite(matrix[i, j]) and abs(matrix[i, j]) >= _TOGETHER
    ]
    if not pairs:
        return None
    pairs.sort(key=lambda pair: (-abs(pair[0]), pair[1]))
    lines = tuple((name(a, 48), name(b, 48), number(value, 2)) for value, a, b in pairs[:_PAIRS])
    more = len(pairs) - len(lines)
    grid = Grid(("column", "column", "correlation of gaps"), lines, "Missing together", text=2)
    return joined(
        element("h3", "Missing in the same rows"),
        element("p.soft", "1: in exactly the same ones; below zero: one instead of the other."),
        grid.html(),
        element("p.soft", f"And {plural(more, 'pair')} more.") if more > 0 else None,
    )


def associations(profile: Measured) -> Chapter | None:
    """Write the chapter on which columns go together."""
    relations = profile.relations
    if len(relations.names) < 2:
        return None
    figure = association_figure(relations)
    lines = tuple(
        (
            name(one.left, 40),
            name(one.right, 40),
            one.measure,
            f"{one.strength:.2f}",
            f"{one.rows:,}",
        )
        for one in relations.pairs[:_PAIRS]
        if one.strength > 0
    )
    strongest = Grid(
        ("column", "column", "measure", "strength", "rows"), lines, "The strongest pairs", text=3
    )
    two = len(relations.numbers) >= 2
    correlations = correlation_figure(relations) if two else None
    covariances = covariance_figure(relations) if two else None
    compared = len(relations.names)
    some = f" {compared} of {relations.comparable:,} columns were compared: those that matter most."
    few = "" if compared >= relations.comparable else some
    body = joined(
        element("p.soft", f"On {relations.rows:,} rows.{few}"),
        _large(figure, "association-map", details=False),
        element("h3", "The strongest pairs") if lines else None,
        strongest.html() if lines else None,
        _large(correlations, "correlations") if correlations else None,
        _large(covariances, "covariances") if covariances else None,
    )
    return Chapter("associations", "What goes together", body, "Together")


def _large(figure: Figure, key: str, *, details: bool = True) -> Markup:
    """Let a large figure scroll sideways on narrow screens."""
    at = {"role": "region", "aria-label": f"{figure.title}, drawn", "tabindex": "0"}
    wide = min(max(-(-figure.width // 80), 3), 10)
    return element(f"div.large.w{wide}", figure.html(key, details=details), at=at)


def boxes(profile: Measured) -> Chapter | None:
    """Write the chapter on numbers by group."""
    if not profile.boxes:
        return None
    figures = [
        box_figure(one.boxes, name=one.column, by=one.by).html(f"boxes-{i}")
        for i, one in enumerate(profile.boxes)
    ]
    lead = "Where groups say most of a number. The bar in each box is the median."
    body = joined(element("p.lead", lead), element("div.figures", figures))
    return Chapter("groups", "Numbers by group", body, "By group")


def changed(profile: Measured) -> Chapter | None:
    """Write the chapter on how the rows of a second file differ."""
    other = profile.comparison
    if other is None:
        return None
    drifted = other.drifted
    shown = [*([] if other.target is None else [other.target]), *other.columns]
    figures = [
        comparison_figure(
            profile.sample.frame[one.column], other.sample.frame[one.column], one.column, one.words
        )
        for one in [one for one in shown if one.drifted][:_COMPARED]
        if _drawable(profile, one.column)
    ]
    drawn = [figure.html(f"changed-{i}") for i, figure in enumerate(figures)]
    lines = tuple(_changed_line(profile, one) for one in shown[:_DRIFTS])
    head = ("column", "what changed most", "drifted", "PSI", "KS", "missing", "missing in test")
    body = joined(
        element("p.lead", _lead(other, len(drifted))),
        element("div.figures.three", drawn) if drawn else None,
        Grid(head, lines, "Columns of both files", text=3).html(),
    )
    return Chapter("changed", "Test rows", body)


def _lead(other: Comparison, drifted: int) -> str:
    if other.few:
        return (
            f"{plural(other.rows, 'test row')}: too few to tell whether they differ, for which "
            f"{FEWEST} on either side are needed."
        )
    of = plural(len(other.columns), "column")
    told = f"{plural(other.rows, 'test row')}: {drifted} of {of} drifted."
    if other.target is not None:
        moved = "are spread otherwise" if other.target.drifted else "are spread alike"
        told += f" The answers {moved}."
    if math.isfinite(other.auc):
        told += (
            f" A quick model tells them from the rows with an AUC of {other.auc:.2f}; 0.50 means "
            "that it cannot."
        )
    return told


def _changed_line(profile: Measured, one: ColumnDrift) -> tuple[str, ...]:
    asked = profile.target is not None and one.column == profile.target.name
    verdict = "too few rows" if one.few else "yes" if one.drifted else "no"
    return (
        joined(name(one.column, 48), element("small.soft", " to predict") if asked else None),
        element("bdi", "" if one.few else shorten(one.words, 80)),
        verdict,
        f"{one.psi:.2f}",
        f"{one.ks:.2f}" if math.isfinite(one.ks) else DASH,
        percent(one.missing_before),
        percent(one.missing_now),
    )


def _drawable(profile: Measured, column: str) -> bool:
    assert profile.comparison is not None
    sides = (profile.sample.frame[column], profile.comparison.sample.frame[column])
    return profile[column].kind not in ("text", "list", "geo") and all(
        side.null_count() < len(side) for side in sides
    )


def rows(profile: Measured) -> Chapter:
    """Write the chapter with a few rows as they were read."""
    frame = profile.sample.frame.head(_ROWS)
    shown = profile.columns[:_WIDE]
    columns = [[_cell(value) for value in frame[column.name].to_list()] for column in shown]
    lines = tuple(
        tuple(element("bdi", cell) for cell in line) for line in zip(*columns, strict=True)
    )
    head = tuple(shorten(column.name, 30) for column in shown)
    left = len(profile.columns) - len(shown)
    more = f"; {plural(left, 'column')} not shown" if left else ""
    body = joined(
        element("p.soft", f"As they were read{more}."),
        Grid(head, lines, "Rows of the table", text=len(head)).html(),
    )
    return Chapter("rows", "A few rows", body)


def _cell(value: object) -> str:
    if value is None:
        return DASH
    if isinstance(value, float):
        return number(value, 6)
    return shorten(str(value)[:400].removesuffix(" 00:00:00"), 40)
