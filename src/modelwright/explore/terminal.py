"""A profile in the terminal: what would hurt a model, and a line for each column."""

from __future__ import annotations

import shutil
import textwrap

from modelwright.core.findings import Finding, Severity
from modelwright.core.printable import printable
from modelwright.core.schema import Role
from modelwright.explore.columns import ColumnProfile
from modelwright.explore.measured import Measured
from modelwright.explore.words import blocks, typical
from modelwright.pages import shorten

__all__ = ["summary"]

_FINDINGS, _COLUMNS = 8, 40
_WIDEST = 120
_GAP = "\N{NO-BREAK SPACE}"
_HEAD = ("column", "kind", "", "missing", "different", "values")


def summary(profile: Measured, width: int | None = None) -> str:
    """Write what matters most, in lines that fit into the terminal.

    Parameters
    ----------
    profile : Measured
        What is known.
    width : int, optional
        Columns of the terminal; None asks it.
    """
    wide = min(width or shutil.get_terminal_size((100, 24)).columns, _WIDEST)
    lines = [_first(profile), ""]
    lines += _findings(profile, wide)
    lines += _table(profile, wide)
    if profile.option:
        lines += ["", f"recommended: modelwright fit ... {profile.option}"]
    return printable("\n".join(lines).replace(_GAP, " "))


def _first(profile: Measured) -> str:
    told = [
        f"{profile.rows:,} rows of {len(profile.columns):,} columns",
        f"{100 * profile.missing_share:.1f} % of the cells missing",
    ]
    if profile.repeated:
        about = "" if profile.repeated_exact else "about "
        told.append(f"{about}{profile.repeated:,} rows come again")
    return "; ".join(told)


def _findings(profile: Measured, wide: int) -> list[str]:
    if not profile.findings:
        return ["nothing was found that would hurt a model", ""]
    lines = ["what would hurt a model here"]
    for finding in profile.findings[:_FINDINGS]:
        lines += _finding(finding, wide)
    more = len(profile.findings) - _FINDINGS
    if more > 0:
        lines.append(f"  and {more} more: see --out profile.html or --json")
    return [*lines, ""]


def _finding(finding: Finding, wide: int) -> list[str]:
    mark = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    lines = textwrap.wrap(
        f"{mark[finding.severity]}: {shorten(finding.evidence, 400)}",
        wide - 2,
        initial_indent="  ",
        subsequent_indent="    ",
        break_on_hyphens=False,
    )
    if finding.cure:
        lines += textwrap.wrap(
            f"cure: {shorten(finding.cure, 400)}",
            wide - 2,
            initial_indent="    ",
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
    return lines


def _table(profile: Measured, wide: int) -> list[str]:
    shown = profile.columns[:_COLUMNS]
    cells = [_HEAD, *(_cells(column) for column in shown)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(_HEAD))]
    widths[0] = min(widths[0], max(12, wide // 4))
    left = wide - sum(widths[:-1]) - 2 * (len(_HEAD) - 1)
    widths[-1] = max(min(widths[-1], left), 8)
    lines = []
    for row in cells:
        parts = [shorten(cell, widths[i]) for i, cell in enumerate(row)]
        parts[2] = row[2]  # bars keep their blanks
        placed = [
            part.rjust(widths[i]) if i in (3, 4) else part.ljust(widths[i])
            for i, part in enumerate(parts)
        ]
        lines.append("  ".join(placed).rstrip())
    more = len(profile.columns) - len(shown)
    return [*lines, *([f"and {more:,} more columns"] if more > 0 else [])]


def _cells(column: ColumnProfile) -> tuple[str, ...]:
    kind = column.kind if column.role == Role.FEATURE else f"{column.kind} ({column.role})"
    about = "" if column.distinct_exact else "~"
    missing = f"{100 * column.missing_share:.1f} %" if column.missing else "-"
    return (
        " ".join(column.name.split()),
        kind,
        blocks(column),
        missing,
        f"{about}{column.distinct:,}",
        typical(column, 60),
    )
