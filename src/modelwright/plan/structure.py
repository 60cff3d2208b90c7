"""The structure of the rows in a run: said when it is found, followed when it is certain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Role
from modelwright.core.settings import Question
from modelwright.core.table import Table
from modelwright.evaluate.structure import Recommendation, detect_structure
from modelwright.plan.asked import declines
from modelwright.plan.pose import Posed

__all__ = ["NOTHING", "Heeded", "heed"]

NOTHING: Mapping[str, Any] = MappingProxyType({"role": "", "column": "", "notes": []})
"""The facts of a run in which nothing was found, or nothing was looked for."""

# Below so many seconds, and one more for so many rows, looking would take over 5 % of the time.
_LEAST_SECONDS = 15.0
_ROWS_A_SECOND = 12_500
# So many rows are looked at, as the first model waits for it.
_ROWS = 5_000
_ROLES = {"time": ("order", Role.ORDER), "group": ("group", Role.GROUP)}


@dataclass(frozen=True)
class Heeded:
    """A question, and what the structure of its rows did to it.

    Parameters
    ----------
    posed : Posed
        With the roles and notes that follow.
    facts : dict
        Plain JSON for the record of the run: with it, a resumed or replayed run does the same.
    """

    posed: Posed
    facts: dict[str, Any]


def heed(
    posed: Posed, question: Question, seconds: float, known: Mapping[str, Any] | None = None
) -> Heeded:
    """Look for structure, unless the user has said what it is, or has no time for it.

    Whether it is looked for depends on the budget alone and never on the clock, so that a run
    can be repeated.

    Parameters
    ----------
    posed : Posed
        The question put to a table.
    question : Question
        What the user asked: a group or an order, or that there is none.
    seconds : float
        The budget; infinite for none.
    known : mapping, optional
        The facts of an earlier run that is resumed or replayed.

    Returns
    -------
    Heeded
    """
    columns = posed.schema.names()
    asked = (("group", question.group), ("order", question.order))
    if any(name is not None and not declines(role, name, columns) for role, name in asked):
        return _again(posed, NOTHING)
    if known is not None:
        return _again(posed, known)
    rows = posed.rows
    least = _LEAST_SECONDS + len(rows.y) / _ROWS_A_SECOND
    if math.isfinite(seconds) and seconds < least:
        return _again(posed, NOTHING)
    found = detect_structure(rows.table, rows.y, seed=rows.seed, most=_ROWS)
    role, column = _followed(posed, question, found.recommended)
    notes = [_note(finding, role, column) for finding in found.findings if _loud(finding)]
    return _again(posed, {"role": role, "column": column, "notes": notes})


def _followed(posed: Posed, question: Question, found: Recommendation) -> tuple[str, str]:
    """Give the role to fill and its column; empty when the recommendation is only said."""
    if not (found.certain and found.direct):
        return "", ""
    option, role = _ROLES[found.kind]
    column = found.columns[0]
    if declines(option, getattr(question, option), posed.schema.names()):
        return "", ""
    others = [name for name in posed.rows.table.features() if name != column]
    return (role.value, column) if others else ("", "")


def _loud(finding: Finding) -> bool:
    return finding.severity is not Severity.INFO


def _note(finding: Finding, role: str, column: str) -> str:
    if (
        role
        and finding.columns == (column,)
        and finding.code in ("time-order", "repeated-entities")
    ):
        option = "order" if role == Role.ORDER.value else "group"
        done = "in the order of" if option == "order" else "with whole groups of"
        return f"Rows are split {done} {column!r} (--{option} none turns that off): " + (
            finding.evidence
        )
    return f"{finding.evidence[:1].upper()}{finding.evidence[1:]}: {finding.cure}"


def _again(posed: Posed, facts: Mapping[str, Any]) -> Heeded:
    """Do what the facts say."""
    rows, fresh, column = posed.rows, posed.fresh, str(facts["column"])
    if column:
        role = Role(facts["role"])
        rows = replace(rows, table=_with_role(rows.table, column, role))
        if fresh is not None:  # its score is told with an interval, of whole groups
            fresh = replace(fresh, table=_with_role(fresh.table, column, role))
    notes = (*posed.notes, *(str(note) for note in facts["notes"]))
    return Heeded(replace(posed, rows=rows, fresh=fresh, notes=notes), dict(facts))


def _with_role(table: Table, column: str, role: Role) -> Table:
    return replace(table, schema=table.schema.with_role(column, role))
