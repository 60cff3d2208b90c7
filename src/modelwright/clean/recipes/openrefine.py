"""Histories of OpenRefine: what was done there by hand, as steps.

OpenRefine (https://openrefine.org) exports the operations of a project as JSON ("Extract..." under
"Undo / Redo"). Those that mean the same for any table are taken over; the rest is named, never
guessed. Expressions are compared with a list of known ones: nothing is run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.clean.recipes.steps import (
    FillDown,
    MassEdit,
    Remove,
    Rename,
    Reorder,
    Replace,
    Step,
    Text,
)
from modelwright.core.errors import DataError
from modelwright.store.bounded import read_bounded

__all__ = ["History", "parse_history", "read_history"]

LARGEST = 64 * 2**20
_CURE = "in OpenRefine: Undo / Redo, Extract..., Export"
_HOWS = {
    "value.trim()": "trim",
    "value.strip()": "trim",
    "value.replace(/\\s+/,' ')": "collapse",
    "value.replace(/[\\p{Zs}\\s]+/,' ')": "collapse",
    "value.toLowercase()": "lower",
    "value.toUppercase()": "upper",
    "value.toTitlecase()": "title",
    "value.unescape('html')": "unescape",
}
_LITERAL = r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")"""
_REPLACE = re.compile(rf"value\s*\.\s*replace\(\s*{_LITERAL}\s*,\s*{_LITERAL}\s*\)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True)
class History:
    """The operations of a project.

    Parameters
    ----------
    steps : tuple of Step
        Those that mean the same here.
    not_understood : tuple of str
        The others, in words.
    """

    steps: tuple[Step, ...]
    not_understood: tuple[str, ...]


def read_history(path: str | Path) -> History:
    """Read a history from a file.

    Parameters
    ----------
    path : str or Path
        JSON, as OpenRefine exports it.

    Returns
    -------
    History

    Raises
    ------
    DataError
        When there is no such file, it is larger than 64 MiB, or is no history.
    """
    file = Path(path)
    found = read_bounded(file, "a history of OpenRefine", LARGEST, _CURE)
    try:
        return parse_history(json.loads(found))
    except (ValueError, RecursionError) as error:
        got = f"{str(error)[:100]} in {file.name}"
        raise DataError("a history of OpenRefine", got, _CURE) from None


def parse_history(data: object) -> History:
    """Take over what can be from the operations of a project.

    Parameters
    ----------
    data : list of mappings, or mapping
        Operations, each plain or under the key ``operation``; or a mapping with ``entries``.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        When it is no list of operations.

    Examples
    --------
    >>> found = parse_history([
    ...     {"op": "core/text-transform", "columnName": "town", "expression": "grel:value.trim()",
    ...      "engineConfig": {"facets": [], "mode": "row-based"}},
    ...     {"op": "core/recon", "columnName": "town", "description": "Reconcile cells"},
    ... ])
    >>> found.steps, found.not_understood
    ((Text(column='town', how='trim'),), ('Reconcile cells',))
    """
    entries = data.get("entries", data.get("hist")) if isinstance(data, Mapping) else data
    if not isinstance(entries, list):
        raise ValueError("no list of operations")
    steps: list[Step] = []
    unknown: list[str] = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise ValueError("an operation that is no object")
        operation = entry.get("operation", entry)
        if not isinstance(operation, Mapping):
            raise ValueError("an operation that is no object")
        made = _steps(operation)
        if made is None:
            told = entry.get("description") or operation.get("description") or operation.get("op")
            unknown.append(" ".join(str(told).split())[:120])
        else:
            steps += made
    return History(tuple(steps), tuple(unknown))


def _steps(operation: Mapping[str, Any]) -> list[Step] | None:
    """Give the steps of an operation; None where it means something else here."""
    engine = operation.get("engineConfig") or {}
    # a facet means: not in all rows
    if (
        not isinstance(engine, Mapping)
        or engine.get("facets")
        or engine.get("mode") == "record-based"
    ):
        return None
    read = _OPERATIONS.get(str(operation.get("op")))
    try:
        return None if read is None else read(operation)
    except (KeyError, TypeError, ValueError):
        return None


def _name(operation: Mapping[str, Any], key: str = "columnName") -> str:
    name = operation[key]
    if not isinstance(name, str):
        raise TypeError(key)
    return name


def _transform(operation: Mapping[str, Any]) -> list[Step] | None:
    written = _name(operation, "expression")
    language, _, rest = written.partition(":")
    if language in ("jython", "python", "clojure"):
        return None
    expression = rest if language == "grel" else written
    column = _name(operation)
    how = _HOWS.get(_plain(expression))
    again = bool(operation.get("repeat"))  # until nothing changes any more
    if how is not None:
        return None if again and how == "unescape" else [Text(column, how)]
    found = _REPLACE.fullmatch(expression.strip())
    if found is None or again:
        return None
    find, put = (_unescaped(found[i] if found[i] is not None else found[i + 1]) for i in (1, 3))
    return [Replace(column, find, put)] if find else None


def _plain(expression: str) -> str:
    """Write an expression so that it can be looked up: blanks only in quotes of one kind."""
    kept = re.findall(r"""'[^']*'|"[^"]*"|[^'"]+""", expression.strip())
    plain = []
    for part in kept:
        if part[:1] in "'\"":
            plain.append(f"'{part[1:-1]}'")
        else:
            plain.append("".join(part.split()))
    return "".join(plain)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)


def _edit(operation: Mapping[str, Any]) -> list[Step] | None:
    if operation.get("expression", "value") not in ("value", "grel:value"):
        return None
    edits: list[tuple[str, str]] = []
    blank = ""
    for edit in operation["edits"]:
        new = edit["to"]
        if not isinstance(edit["from"], list):
            return None
        if edit.get("fromError") or edit.get("type", "text") != "text" or not isinstance(new, str):
            return None
        blank = new if edit.get("fromBlank") else blank
        edits += [(str(old), new) for old in edit["from"] if old != ""]
        blank = new if "" in edit["from"] else blank
    return [MassEdit(_name(operation), tuple(edits), blank)]


def _fill(operation: Mapping[str, Any]) -> list[Step] | None:
    return [FillDown(_name(operation))]


def _blank(operation: Mapping[str, Any]) -> list[Step] | None:
    return [FillDown(_name(operation), blank=True)]


def _rename(operation: Mapping[str, Any]) -> list[Step] | None:
    return [Rename(_name(operation, "oldColumnName"), _name(operation, "newColumnName"))]


def _remove(operation: Mapping[str, Any]) -> list[Step] | None:
    return [Remove(_name(operation), "as in OpenRefine")]


def _reorder(operation: Mapping[str, Any]) -> list[Step] | None:
    names = operation["columnNames"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return [Reorder(tuple(names))]


_OPERATIONS: Mapping[str, Callable[[Mapping[str, Any]], list[Step] | None]] = {
    "core/text-transform": _transform,
    "core/mass-edit": _edit,
    "core/fill-down": _fill,
    "core/blank-down": _blank,
    "core/column-rename": _rename,
    "core/column-removal": _remove,
    "core/column-reorder": _reorder,
}
