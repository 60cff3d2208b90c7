"""Columns that give the answer away: what `check` is sure of, told by a fit as well.

A worker looks while the last members are fitted, on the rows and columns that `check` looks at, so
that both say the same of a table in the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Role, Schema
from modelwright.core.table import Table
from modelwright.leaks import check_columns
from modelwright.plan.workspace import OTHERS, Rows, Workspace
from modelwright.store import read_json, write_json
from modelwright.store.files import replacing

__all__ = ["keep_others", "look_for_giveaways", "read_whole", "tell_giveaways"]

_HEAD = "others.json"
_TOLD = 3
# What no model sees anyway.
_UNSEEN = (Role.IGNORED, Role.GROUP)


def keep_others(rows: Rows, folder: Path) -> None:
    """Keep the columns that no model sees: a number that is left out may spell the answer, too."""
    schema, seen = rows.table.schema, set(rows.table.features())
    others = [name for name in schema.names() if name not in seen]
    with replacing(folder / OTHERS) as file:
        rows.table.frame.select(others).write_ipc(file, compression="uncompressed")
    write_json(folder / _HEAD, schema.to_json())


def read_whole(work: Workspace) -> Table:
    """Put the columns that models see and the others (`keep_others`) together again."""
    schema = Schema.from_json(read_json(work.folder / _HEAD))
    others = pl.read_ipc(work.folder / OTHERS).get_columns()
    whole = work.rows.table.frame.hstack(others)
    return Table(whole[list(schema.names())], schema)


def look_for_giveaways(folder: str) -> list[dict[str, Any]]:
    """Look for columns that know the answer, as `check` does; a worker's job.

    Parameters
    ----------
    folder : str
        The run's folder, in which `keep_others` was.

    Returns
    -------
    list of dict
        The findings that make scores untrue, the worst first, as plain JSON.
    """
    work = Workspace(Path(folder))
    found = check_columns(read_whole(work), work.rows.y, seed=work.rows.seed)
    return [one.to_json() for one in found if one.severity is Severity.ERROR]


def tell_giveaways(
    found: Sequence[Mapping[str, Any]] | None, schema: Schema, failed: str = ""
) -> list[str]:
    """Say which columns give the answer away, and what to do.

    Parameters
    ----------
    found : sequence of mapping or None
        What `look_for_giveaways` gave; None: it was not done.
    schema : Schema
        Which columns the model may see.
    failed : str
        What went wrong; empty where there was no time for it.

    Returns
    -------
    list of str
        Notes for the user.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind
    >>> schema = Schema((Column("case", Kind.ID, Role.IGNORED),))
    >>> seen = Finding("spelled-answer", Severity.ERROR, ("case",), "its first letter tells", "")
    >>> print(tell_giveaways([seen.to_json()], schema)[0])
    A name or a text spells the answer ('case'): its first letter tells. The model does not use it.
    >>> print(tell_giveaways(None, schema)[0])
    There was no time to look for columns that give the answer away: modelwright check does.
    """
    if found is None and failed:
        return [f"Columns that give the answer away were not looked for ({failed}): "
                "modelwright check does."]  # fmt: skip
    if found is None:
        return ["There was no time to look for columns that give the answer away: "
                "modelwright check does."]  # fmt: skip
    findings = [Finding.from_json(one) for one in found]
    notes = [_note(one, schema) for one in findings[:_TOLD]]
    left = sorted({name for one in findings[_TOLD:] for name in one.columns})
    if left:
        named = ", ".join(map(repr, left[:_TOLD]))
        more = f" and {len(left) - _TOLD} more" if len(left) > _TOLD else ""
        notes.append(f"So may {named}{more}: modelwright check says why.")
    return notes


def _note(finding: Finding, schema: Schema) -> str:
    code = CODES[finding.code]
    named = ", ".join(repr(name) for name in finding.columns[:_TOLD])
    named += f" and {len(finding.columns) - _TOLD} more" if len(finding.columns) > _TOLD else ""
    roles = {schema[name].role for name in finding.columns if name in schema}
    cure = finding.cure
    if roles and roles <= set(_UNSEEN):
        cure = f"The model does not use {'it' if len(finding.columns) == 1 else 'them'}."
    return f"{code.title} ({named}): {finding.evidence}. {cure}"
