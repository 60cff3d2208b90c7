"""DuckDB: databases of its own, and work on files that do not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelwright.acquire.databases.sqlite import file_of
from modelwright.core.deferred import Deferred
from modelwright.core.errors import DataError, OptionError

__all__ = ["Duck", "DuckFile", "open_duckdb"]

_duckdb = Deferred("duckdb")


class DuckFile:
    """An open DuckDB file; a query of it reaches no other file.

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
            self._base = _duckdb.connect(str(path), read_only=True)
            self._base.execute("SET enable_external_access = false")
            self._base.execute("SET lock_configuration = true")
        except _duckdb.Error as error:
            raise self._refused(error) from None

    def tables(self) -> list[str]:
        """List tables and views."""
        query = "SELECT table_name FROM information_schema.tables ORDER BY table_name"
        try:
            return [row[0] for row in self._base.execute(query).fetchall()]
        except _duckdb.Error as error:
            raise self._refused(error) from None

    def rows(self, query: str, batch: int) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
        """Run a query, and give names and rows in batches; at least one, perhaps empty."""
        try:
            answer = self._base.execute(query)
            names = [column[0] for column in answer.description or ()]
            yield names, answer.fetchmany(batch)
            while rows := answer.fetchmany(batch):
                yield names, rows
        except _duckdb.Error as error:
            raise self._refused(error) from None

    def close(self) -> None:
        """Close it."""
        self._base.close()

    def _refused(self, error: Exception) -> DataError:
        reason = (str(error).splitlines() or [""])[0]
        return DataError(
            "an answer from the database", f"{reason} ({self._shown})", "check the query"
        )


def open_duckdb(place: str, shown: str) -> DuckFile:
    """Open the DuckDB file that a URL names."""
    return DuckFile(file_of(place, shown), shown)


class Duck:
    """A DuckDB in memory that spills to a folder.

    Parameters
    ----------
    memory : int
        How many bytes it may take.
    folder : Path
        Where it puts what does not fit.
    """

    def __init__(self, memory: int, folder: Path) -> None:
        self._base = _duckdb.connect(":memory:")
        self._base.execute(f"SET memory_limit = '{memory // 2**20}MiB'")
        self._base.execute("SET temp_directory = ?", [str(folder)])
        self._base.execute("SET enable_progress_bar = false")

    def run(self, statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement, and give its rows.

        Raises
        ------
        OptionError
            When its memory is too small.
        DataError
            When DuckDB refuses for another reason, which is its cause.
        """
        try:
            rows: list[tuple[Any, ...]] = self._base.execute(statement, values or []).fetchall()
        except _duckdb.Error as error:
            if isinstance(error, _duckdb.OutOfMemoryException):
                raise OptionError(
                    "memory for the widest rows of the table", "less", "give more --memory"
                ) from None
            reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
            raise DataError("a table that DuckDB can read", reason, "mend the file") from error
        return rows

    def close(self) -> None:
        """Close it."""
        self._base.close()
