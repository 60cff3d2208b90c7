"""SQLite files, opened read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from modelwright.acquire.homes import expanded
from modelwright.core.errors import DataError

__all__ = ["SqliteFile", "file_of", "open_sqlite"]


def file_of(place: str, shown: str) -> Path:
    """Find the file of a URL such as ``sqlite:///file.db``.

    Three slashes and a name are relative; four, or three and an existing absolute path, absolute.

    Raises
    ------
    DataError
        When there is no such file.
    """
    rest = place.split("://", 1)[1]
    path = expanded(rest.removeprefix("/"))
    if not path.is_file():
        path = Path("/" + rest.lstrip("/"))
    if not path.is_file():
        raise DataError("an existing database file", shown, "check the path")
    return path


class SqliteFile:
    """An open SQLite file.

    Parameters
    ----------
    path : Path
        An existing file.
    shown : str
        Its URL, for errors.
    """

    def __init__(self, path: Path, shown: str) -> None:
        self._shown = shown
        try:
            where = f"file:{quote(str(path.resolve()))}?mode=ro"
            self._base = sqlite3.connect(where, uri=True)
            self._base.text_factory = lambda data: data.decode("utf-8", "replace")
        except sqlite3.Error as error:
            raise self._refused(error) from None

    def tables(self) -> list[str]:
        """List tables and views."""
        query = (
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
        )
        try:
            return [row[0] for row in self._base.execute(query)]
        except sqlite3.Error as error:
            raise self._refused(error) from None

    def rows(self, query: str, batch: int) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
        """Run a query, and give names and rows in batches; at least one, perhaps empty."""
        try:
            cursor = self._base.execute(query)
            names = [column[0] for column in cursor.description or ()]
            yield names, cursor.fetchmany(batch)
            while rows := cursor.fetchmany(batch):
                yield names, rows
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._refused(error) from None

    def close(self) -> None:
        """Close it."""
        self._base.close()

    def _refused(self, error: Exception) -> DataError:
        return DataError(
            "an answer from the database", f"{error} ({self._shown})", "check the query"
        )


def open_sqlite(place: str, shown: str) -> SqliteFile:
    """Open the SQLite file that a URL names."""
    return SqliteFile(file_of(place, shown), shown)
