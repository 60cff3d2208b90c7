"""One SQLite file that any number of processes read and write, and what it says when it fails."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelwright.core.errors import DataError, OutputError, UserError

__all__ = ["Database", "TakenError"]

_VERSION = 2
_BUSY_SECONDS = 10.0
_SYNCHRONOUS = "NORMAL"  # after a power cut the last moments may be lost, and nothing else
# What others who write just now may cause, by SQLite's primary codes.
_PRIMARY = 0xFF
_OTHERS = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)

_TABLES = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, created REAL, data_hash TEXT, config_hash TEXT, status TEXT,
    request TEXT, spent REAL, budget REAL, target TEXT, metric TEXT, score REAL, model TEXT,
    version TEXT, notes TEXT, facts TEXT DEFAULT '{}'
);
CREATE INDEX runs_by_question ON runs (data_hash, config_hash, created);
CREATE TABLE trials (
    run TEXT REFERENCES runs (id), number INTEGER, name TEXT, learner TEXT, config TEXT,
    status TEXT, score REAL, seconds REAL, error TEXT, PRIMARY KEY (run, number)
);
"""


# What makes an older store one of the next version; at most one statement each.
_STEPS = {1: "ALTER TABLE runs ADD COLUMN facts TEXT DEFAULT '{}'"}


class TakenError(Exception):
    """A row with this key is there already."""


class Database:
    """A connection to the run records, opened at once and closed by `close`.

    Write-ahead logging (https://sqlite.org/wal.html) lets others read while one writes; each write
    is one short transaction.

    Parameters
    ----------
    path : Path
        The file; its folder exists.

    Raises
    ------
    UserError
        From every method, when the file is damaged, locked for long, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._explained():
            self._base = _open(path)

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        with self._lock:
            self._base.close()

    def select(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Give the rows that a SELECT finds."""
        with self._explained():
            return self._base.execute(statement, values).fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction, or join the one that this thread has open.

        Raises
        ------
        TakenError
            When a row with the same key is there already.
        """
        with self._explained():
            if self._base.in_transaction:
                yield self._base
                return
            # IMMEDIATE: a transaction that reads first and writes later could not wait its turn.
            self._base.execute("BEGIN IMMEDIATE")
            with self._base:
                yield self._base

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.IntegrityError as error:
                raise TakenError from error
            except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
                raise  # our fault, not the user's
            except sqlite3.Error as error:
                raise _as_user_error(self._path, error) from error


def _open(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        base.execute(f"PRAGMA synchronous = {_SYNCHRONOUS}")
        if _version_of(base) == 0:
            _create(base)
        if _version_of(base) > _VERSION:
            raise sqlite3.NotSupportedError("written by a newer modelwright")
        if _version_of(base) < _VERSION:
            _renew(base)
    except BaseException:
        base.close()
        raise
    return base


def _version_of(base: sqlite3.Connection) -> int:
    return int(base.execute("PRAGMA user_version").fetchone()[0])


def _create(base: sqlite3.Connection) -> None:
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("BEGIN IMMEDIATE")
            with base:
                if _version_of(base) == 0:
                    for statement in _TABLES.split(";"):
                        base.execute(statement)
                    base.execute(f"PRAGMA user_version = {_VERSION}")
        except sqlite3.OperationalError as error:
            # Changing the journal mode does not wait for other processes: SQLite refuses at once.
            # A full disk is not waited for.
            others = error.sqlite_errorcode & _PRIMARY in _OTHERS
            if not others or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _renew(base: sqlite3.Connection) -> None:
    """Bring an older store up to date; its records stay."""
    base.execute("BEGIN IMMEDIATE")
    with base:
        # Another process may have done it while this one waited.
        for version in range(_version_of(base), _VERSION):
            base.execute(_STEPS[version])
        base.execute(f"PRAGMA user_version = {_VERSION}")


def _as_user_error(path: Path, error: Exception) -> UserError:
    """Say in one line what is wrong with the database, and what to do."""
    text = str(error)
    if isinstance(error, sqlite3.NotSupportedError):
        return DataError(
            f"run records in {path} of version {_VERSION}",
            "records of a newer modelwright",
            "install a newer one: pip install --upgrade modelwright",
        )
    if "locked" in text or "busy" in text:
        return OutputError(
            f"{path} to be free", text, "wait for the other process, or name another --store"
        )
    if any(word in text for word in ("readonly", "unable to open", "full", "I/O")):
        return OutputError(
            f"to be able to write {path}", text, "choose a folder that can be written to (--store)"
        )
    return DataError(
        f"run records in {path}",
        text,
        "move the file away and start again; models and reports are not affected",
    )
