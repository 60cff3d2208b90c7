"""A profile in the terminal: what would hurt a model, and a line for each column."""

from __future__ import annotations

import textwrap

from modelwright.core.findings import Finding, Severity
from modelwright.core.printable import printable
from modelwright.core.schema import Role
from modelwright.core.text_tables import lay_out, terminal_width
from modelwright.explore.columns import ColumnProfile
from modelwright.explore.measured import Measured
from modelwright.explore.words import blocks, typical
from modelwright.pages import shorten

__all__ = ["summary"]

_FINDINGS, _COLUMNS = 8, 40
_NAMES = 30
_DRAWN = 76
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
    wide = terminal_width(width)
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
    rows = [_HEAD, *(_cells(column) for column in shown)]
    if wide < _DRAWN:  # there is no room for bars
        rows = [(*row[:2], *row[3:]) for row in rows]
    more = len(profile.columns) - len(shown)
    table = lay_out(rows, wide)
    return [table, *([f"and {more:,} more columns"] if more > 0 else [])]


def _cells(column: ColumnProfile) -> tuple[str, ...]:
    role = "" if column.role == Role.FEATURE else f" ({column.role})"
    about = "" if column.distinct_exact else "~"
    missing = f"{100 * column.missing_share:.1f} %" if column.missing else "-"
    return (
        f"{shorten(column.name, _NAMES)}{role}",
        column.kind,
        blocks(column),
        missing,
        f"{about}{column.distinct:,}",
        typical(column, 60).replace(_GAP, " "),
    )
