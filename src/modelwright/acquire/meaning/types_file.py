"""What the user says that columns mean: a file, or a mapping of the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.acquire.homes import expanded
from modelwright.core.errors import DataError, OptionError, did_you_mean
from modelwright.core.schema import Column, Kind, Role, Schema

__all__ = ["Given", "read_types"]

_KEYS = ("kind", "format", "levels", "missing", "role", "evidence", "name")
_SHAPE = 'write {"column": "kind"} or {"column": {"kind": ..., "missing": [...]}}'


@dataclass(frozen=True)
class Given:
    """What the user knows of a column; None is still to be found out.

    Parameters
    ----------
    kind : Kind, optional
        The semantic type.
    format : str, optional
        How the values are written, as in `Column`.
    levels : tuple of str, optional
        The labels in rising order; empty says that they have none.
    missing : tuple of str
        Values that mean "missing".
    role : Role, optional
        What the column is there for.
    """

    kind: Kind | None = None
    format: str | None = None
    levels: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    role: Role | None = None


def read_types(source: str | Path | Mapping[str, Any]) -> dict[str, Given]:
    """Read what the user knows of columns.

    Parameters
    ----------
    source : str, Path or mapping
        A JSON file or a mapping: ``{"column": "kind"}``, where an object may stand in place of the
        kind, with any of ``kind``, ``format``, ``levels``, ``missing`` and ``role``. The file may
        also hold a schema as `Schema.to_json` gives it.

    Returns
    -------
    dict of str to Given
        By column.

    Raises
    ------
    DataError
        When there is no such file, or it holds something else.
    OptionError
        When a kind, a role or a key is no known word.

    Examples
    --------
    >>> given = read_types({"zip": "category", "days": {"missing": ["999"]}})
    >>> given["zip"].kind.value, given["days"].missing
    ('category', ('999',))
    """
    content = source if isinstance(source, Mapping) else _content(expanded(source))
    if isinstance(content, Mapping):
        return {str(name): _given(str(name), item) for name, item in content.items()}
    if isinstance(content, list) and all(
        isinstance(item, dict) and {"name", "kind"} <= set(item) for item in content
    ):
        schema = Schema.from_json(content)
        return {c.name: Given(c.kind, c.format, c.levels, c.missing, c.role) for c in schema}
    raise DataError("a JSON object of column and kind", f"other JSON in {source}", _SHAPE)


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(
            "a readable file of types",
            f"{path}: {(error.strerror or '').lower()}",
            "check the path of --types",
        ) from None
    except ValueError as error:
        raise DataError("a JSON file of types", f"{path.name}: {error}", _SHAPE) from None


def _given(name: str, item: object) -> Given:
    if not isinstance(item, Mapping):
        return Given(_kind(name, item))
    for key in item:
        if key not in _KEYS:
            raise OptionError(f"a known key for {name!r}", repr(key), did_you_mean(str(key), _KEYS))
    kind = _kind(name, item["kind"]) if "kind" in item else None
    column = Column.from_json({**item, "name": name, "kind": kind or Kind.CATEGORY})
    return Given(
        kind,
        column.format if "format" in item else None,
        column.levels if "levels" in item else None,
        column.missing,
        column.role if "role" in item else None,
    )


def _kind(name: str, word: object) -> Kind:
    try:
        return Kind(str(word))
    except ValueError:
        kinds = [kind.value for kind in Kind]
        raise OptionError(
            f"a type of column {name!r}",
            repr(word),
            did_you_mean(str(word), kinds),
        ) from None
