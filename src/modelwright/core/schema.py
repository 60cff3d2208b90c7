"""What each column means and what it is there for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from modelwright.core.errors import ColumnError, OptionError, did_you_mean

__all__ = ["Column", "Kind", "Role", "Schema"]

E = TypeVar("E", bound=StrEnum)


class Kind(StrEnum):
    """The semantic type of a column: what its values mean, not how they are stored."""

    NUMBER = "number"
    CATEGORY = "category"
    TEXT = "text"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    ID = "id"
    LIST = "list"
    GEO = "geo"
    IMAGE = "image"


class Role(StrEnum):
    """What a column is there for."""

    FEATURE = "feature"
    TARGET = "target"
    GROUP = "group"
    ORDER = "order"
    WEIGHT = "weight"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Column:
    """One column: its name, meaning, purpose, and why we think so.

    Parameters
    ----------
    name : str
        As in the file, spaces and all.
    kind : Kind
        The semantic type.
    role : Role
        The purpose.
    format : str
        How text becomes a value: a date format, an example of how the numbers are written
        ("$1,234.5"), the word that means true in a boolean, what stands between the labels of a
        list, how a position is written.
    evidence : str
        One clause that says why the kind was chosen.
    levels : tuple of str
        The labels of an ordered category, from the lowest to the highest.
    missing : tuple of str
        Values of this column that mean "missing", beside the usual markers.
    """

    name: str
    kind: Kind
    role: Role = Role.FEATURE
    format: str = ""
    evidence: str = ""
    levels: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, str | list[str]]:
        """Give the column as plain JSON; empty fields are left out."""
        fields: dict[str, str | list[str]] = {
            "name": self.name,
            "kind": self.kind.value,
            "role": self.role.value,
            "format": self.format,
            "evidence": self.evidence,
            "levels": list(self.levels),
            "missing": list(self.missing),
        }
        return {key: value for key, value in fields.items() if value or key == "name"}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        """Read a column from what `to_json` gave."""
        return cls(
            name=str(data["name"]),
            kind=_member(Kind, data["kind"], f"the kind of column {data['name']!r}"),
            role=_member(Role, data.get("role", "feature"), f"the role of {data['name']!r}"),
            format=str(data.get("format", "")),
            evidence=str(data.get("evidence", "")),
            levels=_texts(data, "levels"),
            missing=_texts(data, "missing"),
        )


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    given = data.get(key, ())
    if not isinstance(given, list | tuple) or len(set(map(str, given))) < len(given):
        raise OptionError(
            f"{key} of {data['name']!r} to be a list of different values", repr(given)
        )
    return tuple(str(item) for item in given)


def _member(enum: type[E], value: object, what: str) -> E:
    try:
        return enum(str(value))
    except ValueError:
        words = [member.value for member in enum]
        raise OptionError(
            f"{what} to be a known word", repr(value), did_you_mean(str(value), words)
        ) from None


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in order.

    Parameters
    ----------
    columns : tuple of Column
        Names are unique.

    Examples
    --------
    >>> schema = Schema((Column("area", Kind.NUMBER), Column("price", Kind.NUMBER, Role.TARGET)))
    >>> schema.names(Role.FEATURE)
    ('area',)
    >>> schema["price"].role.value
    'target'
    """

    columns: tuple[Column, ...]

    @cached_property
    def _named(self) -> dict[str, Column]:
        # of wide tables each name is asked for: a search would take the square of their number
        return {column.name: column for column in self.columns}

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self._named

    def __getitem__(self, name: str) -> Column:
        if name in self._named:
            return self._named[name]
        raise ColumnError("a column of the table", repr(name), did_you_mean(name, self.names()))

    def names(self, role: Role | None = None, kind: Kind | None = None) -> tuple[str, ...]:
        """List the columns of a role and a kind (None: any), in order."""
        return tuple(
            column.name
            for column in self.columns
            if role in (None, column.role) and kind in (None, column.kind)
        )

    def with_columns(self, *changed: Column) -> Schema:
        """Give a schema in which the columns of these names are replaced."""
        new = {column.name: column for column in changed}
        for name in new:
            self[name]
        return Schema(tuple(new.get(column.name, column) for column in self.columns))

    def with_role(self, name: str, role: Role) -> Schema:
        """Give a schema in which one column has another role."""
        return self.with_columns(replace(self[name], role=role))

    def select(self, names: Iterable[str]) -> Schema:
        """Give the schema of some of the columns, in the order asked for."""
        return Schema(tuple(self[name] for name in names))

    def to_json(self) -> list[dict[str, str | list[str]]]:
        """Give the schema as plain JSON."""
        return [column.to_json() for column in self.columns]

    @classmethod
    def from_json(cls, data: Iterable[Mapping[str, Any]]) -> Schema:
        """Read a schema from what `to_json` gave."""
        return cls(tuple(Column.from_json(item) for item in data))
