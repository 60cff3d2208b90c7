"""What of a table's cells is plainly wrong, said of the sample of a profile."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from modelwright.acquire.frames import plain
from modelwright.clean.glance import Glimpse, Wrong, glance, looked_at
from modelwright.clean.recipes.texts import as_text
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Kind
from modelwright.explore.one_pass import Scan

__all__ = ["wrong_cells"]

_NAMED = 6
_OF_WORDS = frozenset([Kind.CATEGORY, Kind.ID, Kind.TEXT])
_CURE = (
    "modelwright clean FILE --out clean.csv --log changes.csv mends what is sure and lists every "
    "change, with a few right rows (--labels) far more; fit --clean mends what helps a model"
)


def wrong_cells(scan: Scan) -> tuple[Finding, ...]:
    """Say which cells look wrong, and what mends them; only what is plain is told.

    Parameters
    ----------
    scan : Scan
        One pass over a table.

    Returns
    -------
    tuple of Finding
        One, or none.
    """
    schema, found = scan.sample.schema, scan.sample_found
    rows = found[looked_at(found.height, found.width)]
    cells = as_text(pl.DataFrame([plain(column) for column in rows]))
    words = [column.name for column in schema if column.kind in _OF_WORDS]
    glimpses = glance(cells, words)
    if not glimpses:
        return ()
    columns: dict[str, list[Glimpse]] = {}
    for one in glimpses:
        columns.setdefault(one.column, []).append(one)
    order = sorted(columns, key=lambda name: -_count(columns[name]))
    shown = "; ".join(_said(name, columns[name]) for name in order[:_NAMED])
    more = f"; and more in {len(order) - _NAMED} other columns" if len(order) > _NAMED else ""
    total = _count(glimpses)
    looks = "1 cell looks" if total == 1 else f"{total:,} cells look"
    part = "" if rows.height == scan.rows else f" among {rows.height:,} rows that were looked at"
    evidence = f"at least {looks} wrong{part}: {shown}{more}"
    return (Finding("wrong-cells", Severity.WARNING, tuple(order), evidence, _CURE),)


def _count(glimpses: Sequence[Glimpse]) -> int:
    return sum(one.cells for one in glimpses)


def _said(name: str, glimpses: Sequence[Glimpse]) -> str:
    """Say how many cells of a column are wrong, with an example of what most of them are."""
    most = max(glimpses, key=lambda one: one.cells)
    start = f"{_count(glimpses):,} in {name!r}"
    if not most.examples:
        return start
    here, usual = map(repr, most.examples[0])
    by = " and ".join(map(repr, most.by))
    told = {
        Wrong.SLIPS: f"{here} for {usual}",
        Wrong.SPELLINGS: f"{here} beside {usual}",
        Wrong.FORMS: f"{here} among others like {usual}",
        Wrong.CONTRADICTED: f"{here} where rows of the same {by} say {usual}",
        Wrong.DISPUTED: f"{here} where most rows of the same {by} say {usual}",
    }
    return f"{start} ({told[most.kind]})"
