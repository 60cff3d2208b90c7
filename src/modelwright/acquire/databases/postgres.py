"""PostgreSQL, in a transaction that only reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelwright.core.addresses import passwords_of
from modelwright.core.deferred import Deferred
from modelwright.core.errors import DataError

__all__ = ["PostgresBase", "open_postgres"]

_psycopg = Deferred("psycopg", "postgres")

_SECONDS = 15
_MOST_SECONDS = 3600  # for one piece of the answer
_OPTIONS = f"-c default_transaction_read_only=on -c statement_timeout={_MOST_SECONDS}s"


class PostgresBase:
    """A connection to a PostgreSQL server.

    Parameters
    ----------
    place : str
        A URL, perhaps with a password.
    shown : str
        The same without, for errors.
    """

    def __init__(self, place: str, shown: str) -> None:
        self._shown = shown
        self._secrets = [place, *passwords_of(place)]
        if _is_misread(place):
            raise DataError("a password whose @ and / are written %40 and %2F", shown, "do so")
        try:
            self._base = _psycopg.connect(place, connect_timeout=_SECONDS, options=_OPTIONS)
        except _psycopg.Error as error:
            cure = "check the URL; a # in a password is written %23"
            raise self._refused("a PostgreSQL server that answers", error, cure) from None

    def tables(self) -> list[str]:
        """List tables and views; those outside `public` with their schema."""
        query = (
            "SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END "
            "|| table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        try:
            return [row[0] for row in self._base.execute(query).fetchall()]
        except _psycopg.Error as error:
            raise self._refused("a list of the tables", error) from None

    def rows(self, query: str, batch: int) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
        """Run a query, and give names and rows in batches; at least one, perhaps empty."""
        try:
            # named: the server keeps the answer, and hands it out piece by piece
            with self._base.cursor(name="modelwright") as cursor:
                cursor.execute(query)
                names = [column[0] for column in cursor.description or ()]
                yield names, cursor.fetchmany(batch)
                while rows := cursor.fetchmany(batch):
                    yield names, rows
        except _psycopg.Error as error:
            raise self._refused("an answer from the database", error) from None

    def close(self) -> None:
        """Close it."""
        self._base.close()

    def _refused(self, expected: str, error: Exception, cure: str = "check the URL") -> DataError:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        for secret in self._secrets:
            reason = reason.replace(secret, "***")
        return DataError(expected, f"{reason} ({self._shown})", cure)


def _is_misread(place: str) -> bool:
    """Tell whether the driver would take a part of the user's password for the host."""
    user = place.split("://", 1)[1].partition("?")[0].rpartition("@")[0]
    return ":" in user and any(mark in user for mark in "@/")


def open_postgres(place: str, shown: str) -> PostgresBase:
    """Connect to the server that a URL names."""
    return PostgresBase(place, shown)
