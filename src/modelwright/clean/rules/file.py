"""Rules as a TOML file that people write and read."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from modelwright.clean.rules.rules import (
    ColumnRule,
    Comparison,
    Condition,
    Denial,
    Determines,
    Rules,
    Term,
    Unique,
)
from modelwright.core.errors import DataError, OptionError, did_you_mean
from modelwright.store.bounded import read_bounded
from modelwright.store.files import atomic_write
from modelwright.store.toml import toml_key, toml_value

__all__ = ["parse_rules", "read_rules", "rules_text", "write_rules"]

LARGEST = 2**20
_CURE = "the guide has an example of a file of rules"
_TOP = ("columns", "unique", "determines", "compare", "denial")
_OF_COLUMN = ("type", "least", "most", "values", "pattern", "required", "unique")
_CONDITION = re.compile(
    r"""(t[12]\."(?:[^"]|"")*"\s*|.+?)(!=|<=|>=|=|<|>)(.+)""", re.DOTALL
)  # a column whose name holds such a sign stands in quotes
_SIGNS = frozenset('!=<>"')
_LONGEST = 400


def read_rules(path: str | Path) -> Rules:
    """Read rules from a TOML file of at most 1 MB.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Rules

    Raises
    ------
    DataError
        When there is no such file, or it is no TOML.
    OptionError
        When a key or value means nothing, or rules contradict each other.
    """
    file = Path(os.path.expanduser(path))
    found = read_bounded(file, "a file of rules", LARGEST, _CURE)
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"TOML in {file.name}", "no text of that kind", _CURE) from None
    return parse_rules(text, file.name)


def parse_rules(text: str, name: str = "the rules") -> Rules:
    r"""Read rules from a text.

    Parameters
    ----------
    text : str
        TOML.
    name : str
        What to call it in an error.

    Returns
    -------
    Rules

    Raises
    ------
    DataError
        When it is no TOML.
    OptionError
        When a key or value means nothing, or rules contradict each other.

    Examples
    --------
    >>> rules = parse_rules('''
    ... [columns.zip]
    ... pattern = '\\d{5}'
    ... [[determines]]
    ... given = ["zip"]
    ... column = "town"
    ... [[denial]]
    ... name = "one price a day"
    ... conditions = ["t1.day = t2.day", "t1.price != t2.price"]
    ... ''')
    >>> rules.columns[0].pattern, rules.determines[0].columns, rules.denials[0].of_pairs
    ('\\d{5}', ('zip', 'town'), True)
    """
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of a number with thousands of digits
        raise DataError(f"TOML in {name}", str(error)[:120], _CURE) from None
    _only(content, _TOP, name)
    columns = content.get("columns", {})
    if not isinstance(columns, dict):
        raise _wrong("columns", "tables such as [columns.zip]", columns, name)
    return Rules(
        columns=tuple(_column(column, part, name) for column, part in columns.items()),
        unique=tuple(
            Unique(_names(part, "columns", name))
            for part in _parts(content, "unique", ("columns",), name)
        ),
        determines=tuple(
            Determines(_names(part, "given", name), _text(part, "column", name))
            for part in _parts(content, "determines", ("given", "column"), name)
        ),
        comparisons=tuple(
            Comparison(*(_text(part, key, name) for key in ("left", "operator", "right")))
            for part in _parts(content, "compare", ("left", "operator", "right"), name)
        ),
        denials=tuple(
            _denial(part, name) for part in _parts(content, "denial", ("name", "conditions"), name)
        ),
    )


def _wrong(key: str, expected: str, got: object, name: str) -> OptionError:
    return OptionError(f"{key} in {name} to be {expected}", repr(got)[:80])


def _only(part: dict[str, Any], known: tuple[str, ...], name: str) -> None:
    for key in part:
        if key not in known:
            raise OptionError(f"a known key in {name}", repr(key), did_you_mean(key, known))


def _parts(
    content: dict[str, Any], key: str, known: tuple[str, ...], name: str
) -> list[dict[str, Any]]:
    found = content.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _wrong(key, f"tables that begin with [[{key}]]", found, name)
    for one in found:
        _only(one, known, name)
    return found


def _text(part: dict[str, Any], key: str, name: str) -> str:
    value = part.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(key, "a text", value, name)
    return value


def _names(part: dict[str, Any], key: str, name: str) -> tuple[str, ...]:
    value = part.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong(key, "a list of columns", value, name)
    return tuple(dict.fromkeys(value))


def _number(part: dict[str, Any], key: str, name: str) -> float | None:
    value = part.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(key, "a number", value, name)
    try:
        return float(value)
    except OverflowError:
        raise _wrong(key, "a number that is no larger than 1e308", value, name) from None


def _flag(part: dict[str, Any], key: str, name: str) -> bool:
    value = part.get(key, False)
    if not isinstance(value, bool):
        raise _wrong(key, "true or false", value, name)
    return value


def _column(column: str, part: object, name: str) -> ColumnRule:
    if not isinstance(part, dict):
        raise _wrong(f"columns.{column}", "a table of rules", part, name)
    where = f"the rules of {column!r} in {name}"
    _only(part, _OF_COLUMN, where)
    values = part.get("values")
    if values is not None and not (isinstance(values, list) and values):
        raise _wrong("values", "a list of one or more values", values, where)
    odd = next((one for one in values or [] if not isinstance(one, str | int | float)), None)
    if odd is not None:
        raise _wrong("values", "texts or numbers", odd, where)
    return ColumnRule(
        column=column,
        kind=_text(part, "type", where) if "type" in part else "",
        least=_number(part, "least", where),
        most=_number(part, "most", where),
        values=tuple(dict.fromkeys(_plain(one) for one in values or [])),
        pattern=_text(part, "pattern", where) if "pattern" in part else "",
        required=_flag(part, "required", where),
        unique=_flag(part, "unique", where),
    )


def _plain(value: str | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _denial(part: dict[str, Any], name: str) -> Denial:
    told = part.get("name", "")
    written = part.get("conditions")
    if not isinstance(told, str):
        raise _wrong("name", "a text", told, name)
    if not isinstance(written, list) or not all(isinstance(one, str) for one in written):
        raise _wrong("conditions", "a list of texts such as 't1.zip = t2.zip'", written, name)
    return Denial(tuple(_condition(one, name) for one in written), told)


def _condition(text: str, name: str) -> Condition:
    found = _CONDITION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise _wrong("a condition", "such as 't1.zip = t2.zip' or 't1.age < 0'", text, name)
    return Condition(_term(found[1]), found[2], _term(found[3]))


def _term(text: str) -> Term:
    """Read t1.column, t2.column or a constant; a column or constant may stand in quotes."""
    text = text.strip()
    for row in (1, 2):
        if text.startswith(f"t{row}."):
            name = text[3:].strip()
            quoted = len(name) > 1 and name[0] == name[-1] == '"'
            return Term(name[1:-1].replace('""', '"') if quoted else name, row)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return Term(text, 0)


def rules_text(rules: Rules) -> str:
    r"""Write rules as TOML.

    Parameters
    ----------
    rules : Rules
        The rules.

    Returns
    -------
    str
        What `parse_rules` reads to the same rules.

    Examples
    --------
    >>> print(rules_text(Rules((ColumnRule("zip", pattern=r"\d{5}", required=True),))))
    [columns.zip]
    pattern = "\\d{5}"
    required = true
    """
    lines: list[str] = []
    for one in rules.columns:
        said = {
            "type": one.kind, "least": one.least, "most": one.most, "values": list(one.values),
            "pattern": one.pattern, "required": one.required, "unique": one.unique,
        }  # fmt: skip
        lines += [f"[columns.{toml_key(one.column)}]", *_said(said), ""]
    for unique in rules.unique:
        lines += ["[[unique]]", *_said({"columns": list(unique.columns)}), ""]
    for given in rules.determines:
        lines += [
            "[[determines]]",
            *_said({"given": list(given.given), "column": given.column}),
            "",
        ]
    for pair in rules.comparisons:
        said = {"left": pair.left, "operator": pair.operator, "right": pair.right}
        lines += ["[[compare]]", *_said(said), ""]
    for denial in rules.denials:
        written = [_written(one) for one in denial.conditions]
        lines += ["[[denial]]", *_said({"name": denial.name, "conditions": written}), ""]
    return "\n".join(lines)


def _said(content: dict[str, Any]) -> list[str]:
    """Write what says something; a range may end at 0."""
    return [
        f"{key} = {toml_value(value)}"
        for key, value in content.items()
        if value or (value == 0 and not isinstance(value, bool))
    ]


def _written(condition: Condition) -> str:
    left, right = (
        f"t{term.row}.{_named(term.text)}" if term.row else _quoted(term.text)
        for term in (condition.left, condition.right)
    )
    return f"{left} {condition.operator} {right}"


def _named(column: str) -> str:
    if column == column.strip() and not set(column) & _SIGNS:
        return column
    doubled = column.replace('"', '""')
    return f'"{doubled}"'


def _quoted(constant: str) -> str:
    mark = '"' if "'" in constant else "'"
    return f"{mark}{constant}{mark}"


def write_rules(rules: Rules, path: str | Path) -> None:
    """Write rules to a TOML file.

    Parameters
    ----------
    rules : Rules
        The rules.
    path : str or Path
        The file.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    atomic_write(Path(os.path.expanduser(path)), rules_text(rules).encode("utf-8", "replace"))
