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
from modelwright.evaluate.structure import Recommendation, Structure, detect_structure
from modelwright.plan.asked import declines
from modelwright.plan.clock import enough
from modelwright.plan.pose import Posed
from modelwright.plan.workspace import Rows

__all__ = ["NOTHING", "Heeded", "heed", "structure_of"]

NOTHING: Mapping[str, Any] = MappingProxyType(
    {"role": "", "column": "", "notes": [], "because": "", "untried": ""}
)
"""The facts of a run in which nothing was found, or nothing was looked for."""

# So many rows are looked at, as the first model waits for it.
_ROWS = 5_000
# Looking may take this share of the time; what it takes, in seconds: for any table, for a cell of
# the rows that are looked at, and for a cell of all rows.
_SHARE = 0.1
_SECONDS, _SECONDS_A_CELL, _SECONDS_OF_ALL = 0.15, 1e-6, 1.3e-7
_FEWEST_ROWS = 40
_ROLES = {"time": ("order", Role.ORDER), "group": ("group", Role.GROUP)}
_OTHERWISE = "--order COL or --group COL names one"
# What rows of a kind have, and what new rows may be of that no row was held out for.
_HAVE = {"time": ("an order in time", "times"), "group": ("groups", "groups")}


@dataclass(frozen=True)
class Heeded:
    """A question, and what the structure of its rows did to it.

    Parameters
    ----------
    posed : Posed
        With the roles and notes that follow.
    facts : dict
        Plain JSON for the record of the run: with it, a resumed or replayed run does the same.
    because : str
        Why rows are split the way they are, and how to say otherwise, in one sentence; empty
        where the user has given the splits.
    untried : str
        What new rows may be of that no row was held out for, as a likely structure is not
        followed: ``"groups"``, ``"times"``, or nothing.
    """

    posed: Posed
    facts: dict[str, Any]
    because: str = ""
    untried: str = ""


def structure_of(rows: Rows) -> Structure:
    """Look at the rows of a table; `check` and `fit` look at the same ones.

    Parameters
    ----------
    rows : Rows
        All of them; of many a sample is looked at.

    Returns
    -------
    Structure
    """
    return detect_structure(rows.table, rows.y, seed=rows.seed, most=_ROWS)


def heed(
    posed: Posed, question: Question, seconds: float, known: Mapping[str, Any] | None = None
) -> Heeded:
    """Look for structure, unless the user has said what it is, or has no time for it.

    Whether it is looked for depends on the budget and the size of the table, and never on the
    clock, so that a run can be repeated.

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
    named = (("group", question.group), ("order", question.order))
    asked = [role for role, name in named if name is not None and not declines(role, name, columns)]
    if asked:
        told = f"That was asked for with {' and '.join(f'--{role}' for role in asked)}."
        return _again(posed, {**NOTHING, "because": told})
    if known is not None:
        return _again(posed, known)
    needed = _needed(posed.rows)
    if math.isfinite(seconds) and needed > _SHARE * seconds:
        return _again(posed, _unseen(posed, needed))
    found = structure_of(posed.rows)
    role, column = _followed(posed, question, found.recommended)
    notes = [_note(finding, role, column) for finding in found.findings if _loud(finding)]
    untried = _untried(posed, question, found.recommended, role)
    because = _because(posed, found.recommended, role, untried)
    facts = {"role": role, "column": column, "notes": notes}
    return _again(posed, {**facts, "because": because, "untried": untried})


def _needed(rows: Rows) -> float:
    """Predict the seconds that looking takes."""
    height, width = len(rows.y), len(rows.table.schema)
    looked = _SECONDS_A_CELL * min(height, _ROWS) + _SECONDS_OF_ALL * height
    return _SECONDS + looked * width


def _unseen(posed: Posed, needed: float) -> dict[str, Any]:
    """Say that nobody looked, and what to do."""
    note = (
        "There was no time to look for an order in time, for groups and for copies among the rows: "
        f"--time {enough(needed / _SHARE)} is enough for it, and modelwright check does it at once"
    )
    because = f"Whether rows have an order in time or groups was not looked for: {_OTHERWISE}."
    return {**NOTHING, "notes": [note], "because": because}


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


def _untried(posed: Posed, question: Question, found: Recommendation, role: str) -> str:
    """Say what new rows may be of that is not tried: of what a likely structure holds apart."""
    if role or len(posed.rows.y) < _FEWEST_ROWS or found.kind == "random":
        return ""
    option = _ROLES[found.kind][0]
    declined = declines(option, getattr(question, option), posed.schema.names())
    return "" if declined else _HAVE[found.kind][1]


def _because(posed: Posed, found: Recommendation, role: str, untried: str) -> str:
    """Say why rows are split so, and how to say otherwise."""
    if role == Role.ORDER.value:
        return (
            "This was found in the table, not asked for: if new rows come from the same time, "
            "--order none splits at random."
        )
    if role == Role.GROUP.value:
        return (
            "This was found in the table, not asked for: if new rows are about the same ones, "
            "--group none splits at random."
        )
    if len(posed.rows.y) < _FEWEST_ROWS:
        return f"So few rows do not show whether they have an order or groups: {_OTHERWISE}."
    if found.kind == "random":
        return f"No order in time and no groups were found: {_OTHERWISE}."
    if not untried:
        return f"That was asked for with --{_ROLES[found.kind][0]} none."
    sure = "nearly sure" if found.certain else "likely"
    told = f"That rows have {_HAVE[found.kind][0]} is {sure}, but not followed unasked"
    return f"{told}: {found.option} does." if found.direct else f"{told} (see the note)."


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
    posed = replace(posed, rows=rows, fresh=fresh, notes=notes)
    because, untried = (str(facts.get(name, "")) for name in ("because", "untried"))
    return Heeded(posed, dict(facts), because, untried)


def _with_role(table: Table, column: str, role: Role) -> Table:
    return replace(table, schema=table.schema.with_role(column, role))
