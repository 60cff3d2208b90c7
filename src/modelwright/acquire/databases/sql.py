"""Databases: ``sqlite:///file.db#query``, ``duckdb:///file.duckdb#query``, ``postgresql://...#query``.

Every connection is read-only. What stands after ``#`` is a query, or the name of a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol
from urllib.parse import unquote

import polars as pl

from modelwright.acquire.damage import told_in_one_line
from modelwright.acquire.databases.duck import open_duckdb
from modelwright.acquire.databases.postgres import open_postgres
from modelwright.acquire.databases.sqlite import open_sqlite
from modelwright.acquire.frames import plain
from modelwright.acquire.json_records import series
from modelwright.acquire.names import unique_names
from modelwright.acquire.raw import Raw, Reading
from modelwright.core.addresses import masked, masked_place, split_address
from modelwright.core.errors import DataError, did_you_mean

__all__ = ["Address", "Connection", "batches", "read_database"]

# after blanks, comments and brackets; statements that may write a file are none
_QUERY = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*+"
    r"(?:select|with|from|values|table|show|describe)(?=[\s*(\"'\[`])",
    re.IGNORECASE | re.DOTALL,
)
_BATCH = 20_000


class Connection(Protocol):
    """An open, read-only database."""

    def tables(self) -> list[str]:
        """List tables and views."""
        ...

    def rows(self, query: str, batch: int) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
        """Run a query; give the names of its columns and some rows, again and again."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


_OPENERS: dict[str, Callable[[str, str], Connection]] = {
    "sqlite": open_sqlite,
    "duckdb": open_duckdb,
    "postgresql": open_postgres,
}


@dataclass(frozen=True)
class Address:
    """Where a database is and what is asked of it.

    Parameters
    ----------
    scheme : str
        ``"sqlite"``, ``"duckdb"`` or ``"postgresql"``.
    place : str
        The URL without what follows ``#``.
    asked : str
        A query, the name of a table, or nothing.

    Examples
    --------
    >>> address = Address.parse("postgresql://ann:secret@host/sales#orders")
    >>> address.asked, address.shown
    ('orders', 'postgresql://ann:***@host/sales')
    """

    scheme: str
    place: str
    asked: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take a URL apart."""
        place, asked = split_address(url)
        scheme = place.split(":", 1)[0].lower()
        query = (
            unquote(asked) if re.search(r"%[0-9A-Fa-f]{2}", asked) and " " not in asked else asked
        )
        return cls("postgresql" if scheme == "postgres" else scheme, place, query.strip())

    @property
    def shown(self) -> str:
        """The URL without a password."""
        return masked_place(self.place)


def read_database(url: str, reading: Reading) -> Raw:
    """Read the answer of a query.

    Parameters
    ----------
    url : str
        For example ``sqlite:///sales.db#SELECT * FROM orders``.
    reading : Reading
        How much room there is, and whether there may be no row.

    Returns
    -------
    Raw
        With the dtypes of the database; a column of several types is text.

    Raises
    ------
    DataError
        When there is no such database, table or column, or more rows than memory allows.
    """
    address = Address.parse(url)
    parts: list[pl.DataFrame] = []
    size = 0
    with told_in_one_line(address.shown):
        for part in batches(address):
            parts.append(part)
            size += int(part.estimated_size())
            if reading.room is not None and size > reading.room:
                raise DataError(
                    "rows that fit into memory",
                    f"more from {address.shown}",
                    "modelwright acquire writes them to a Parquet file: a sample is drawn from it",
                )
        frame = _joined(parts)
    if not frame.height and not reading.may_be_empty:
        raise DataError("rows", f"none from {address.shown}", "check the query")
    return Raw(frame)


def batches(address: Address) -> Iterator[pl.DataFrame]:
    """Run the query, and give its rows in batches of equal columns.

    Raises
    ------
    DataError
        When there is no such database, table or column.
    """
    with closing(_OPENERS[address.scheme](address.place, address.shown)) as connection:
        query = _query(connection, address)
        answers = connection.rows(query, _BATCH)
        for names, rows in chain([next(answers)], answers):
            columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
            yield pl.DataFrame(
                [
                    series(name, list(values))
                    for name, values in zip(unique_names(names), columns, strict=True)
                ]
            )


def _query(connection: Connection, address: Address) -> str:
    if _QUERY.match(address.asked):
        return address.asked.rstrip("; \n")
    tables = connection.tables()
    name = address.asked
    if not name and len(tables) == 1:
        name = tables[0]
    if name not in tables:
        said = split_address(masked(f"{address.place}#{name}"))[1]
        raise DataError(
            f"a query or one of its tables after {address.shown}#",
            repr(said) if said else "none",
            did_you_mean(name, tables) if tables else "the database has no table",
        )
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in _parts(name, address.scheme))
    return f"SELECT * FROM {quoted}"


def _parts(name: str, scheme: str) -> list[str]:
    return name.split(".", 1) if scheme == "postgresql" else [name]


def _as_text(values: pl.Series) -> pl.Series:
    """Write values as text; those that are none, such as bytes, as Python does."""
    strange = values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object)
    return (plain(values) if strange else values).cast(pl.String)


def _joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Join batches; where their dtypes cannot be reconciled, a column is text."""
    columns = []
    for name in parts[0].columns:
        pieces = [part[name] for part in parts]
        dtypes = {piece.dtype for piece in pieces} - {pl.Null()}
        if len(dtypes) > 1 and not all(dtype.is_numeric() for dtype in dtypes):
            pieces = [_as_text(piece) for piece in pieces]
        joined = pl.concat([piece.to_frame() for piece in pieces], how="vertical_relaxed")
        columns.append(joined.to_series())
    return pl.DataFrame(columns)
