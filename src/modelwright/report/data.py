"""The data at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from modelwright.core.evidence import Evidence, Profile
from modelwright.core.schema import Role
from modelwright.model import Model
from modelwright.pages import Chapter, Grid, Markup, element, joined, shorten
from modelwright.pages.figure import TALL
from modelwright.pages.names import more_names, name
from modelwright.pages.numerals import DASH, percent, plural
from modelwright.plan.findings.verdict import left_out, of_images
from modelwright.report.small import distribution, typical

__all__ = ["data", "fact_list", "search"]

# Tables of columns are cut here: nobody reads more, and pages stay small.
_SHOWN = 150
# Profiles count levels in so many rows.
_COUNTED = 50_000


def data(model: Model) -> Chapter:
    """Write the chapter on the columns of the table, or on the images."""
    if of_images(model):
        facts = [("images learned from", f"{model.card.rows:,}", ""), _classes(model)]
        return Chapter("data", "The data at a glance", fact_list(facts), "Data")
    evidence = model.evidence
    profiles = _profiles(model)
    used = [p for p in profiles if p.role != Role.IGNORED]
    ignored = [p for p in profiles if p.role == Role.IGNORED]
    body = joined(
        _facts(model, profiles, known=evidence is not None and bool(evidence.profiles)),
        _used(_ranked(used, evidence), min(model.card.rows, _COUNTED)),
        _ignored(ignored),
    )
    return Chapter("data", "The data at a glance", body, "Data")


def _classes(model: Model) -> tuple[str, str, str]:
    return ("classes", f"{len(model.task.classes):,}", shorten(", ".join(model.task.classes), 200))


def _profiles(model: Model) -> Sequence[Profile]:
    """Give every column, those that are left out with the reason."""
    if model.evidence is not None and model.evidence.profiles:
        profiles = model.evidence.profiles
    else:
        given = (Profile(c.name, c.kind.value, c.role.value, c.evidence) for c in model.schema)
        profiles = tuple(given)
    out = left_out(model)
    left = Role.IGNORED.value
    return [replace(p, role=left, why=out[p.name]) if p.name in out else p for p in profiles]


def _ranked(profiles: Sequence[Profile], evidence: Evidence | None) -> list[Profile]:
    """Put the target first, then the columns that matter most."""
    order = {name: i for i, name in enumerate(evidence.leading)} if evidence else {}
    last = len(order)
    return sorted(profiles, key=lambda p: (p.role != Role.TARGET, order.get(p.name, last)))


def _facts(model: Model, profiles: Sequence[Profile], *, known: bool) -> Markup:
    features = [p for p in profiles if p.role == Role.FEATURE]
    kinds = Counter(p.kind for p in features)
    ignored = sum(p.role == Role.IGNORED for p in profiles)
    shares = [p.missing for p in features]
    facts: list[tuple[str, str, str]] = [
        ("rows with an answer", f"{model.card.rows:,}", ""),
        (
            "columns to learn from",
            f"{len(features):,}",
            ", ".join(f"{count:,} {_several(kind, count)}" for kind, count in kinds.most_common()),
        ),
    ]
    if known and shares:
        gaps = sum(share > 0 for share in shares)
        worst = f"in {plural(gaps, 'column')}; at most {percent(max(shares))}" if gaps else ""
        facts.append(
            ("missing values", percent(sum(shares) / len(shares), 1) if gaps else "none", worst)
        )
    if ignored:
        facts.append(("columns left out", f"{ignored:,}", ""))
    for role, words in ((Role.GROUP, "groups by"), (Role.ORDER, "in the order of")):
        facts += [(words, shorten(p.name, 40), "") for p in profiles if p.role == role]
    return fact_list(facts)


def _several(kind: str, count: int) -> str:
    many = {"category": "categories", "text": "texts", "boolean": "booleans"}
    return kind if count == 1 else many.get(kind, kind + "s")


def fact_list(facts: Sequence[tuple[str, str, str]]) -> Markup:
    """Show a few numbers large, each with its name and a remark."""
    return element(
        "dl.facts",
        [
            element(
                "div",
                element("dt", words),
                element("dd", element("bdi", value), element("small", more) if more else None),
            )
            for words, value, more in facts
        ],
    )


def _used(profiles: Sequence[Profile], counted: int) -> Markup:
    shown = profiles[:_SHOWN]
    rows = tuple(_row(profile, counted) for profile in shown)
    scroll = f" Scroll the table for all {len(shown)}." if len(shown) > TALL else ""
    head = ("column", "kind", "distribution", "values", "missing", "distinct")
    grid = Grid(head, rows, "Columns of the table", text=4, classes=("wide",))
    return joined(
        element("h3", "Columns"),
        element("p.soft", f"The target first, then by importance where it is known.{scroll}"),
        search("columns", "Find a column") if len(shown) > 20 else None,
        element("div", grid.html(), at={"id": "columns"}),
        more_names([p.name for p in profiles[_SHOWN:]]),
    )


def _row(p: Profile, rows: int) -> tuple[Markup | str | None, ...]:
    kind = p.kind if p.role == Role.FEATURE else f"{p.kind}, {p.role}"
    return (
        name(p.name),
        kind,
        distribution(p),
        element("span.levels", element("bdi", shorten(typical(p, rows), 90))),
        percent(p.missing) if p.missing else DASH,
        f"{p.distinct:,}" if p.distinct else DASH,
    )


def _ignored(profiles: Sequence[Profile]) -> Markup | None:
    if not profiles:
        return None
    shown = profiles[:_SHOWN]
    rows = tuple((name(p.name), p.kind, shorten(p.why, 200) or DASH) for p in shown)
    grid = Grid(("column", "kind", "why"), rows, "Columns left out", text=3)
    return joined(
        element("h3", f"Left out: {plural(len(profiles), 'column')}"),
        grid.html(),
        more_names([p.name for p in profiles[_SHOWN:]]),
    )


def search(table: str, words: str) -> Markup:
    """Offer to search a table; a script shows and fills the field."""
    field = element("input", at={"type": "search", "data-table": table, "autocomplete": "off"})
    told = element("output", at={"aria-live": "polite"})
    return element("label.filter", words, field, " ", told, at={"hidden": True})
