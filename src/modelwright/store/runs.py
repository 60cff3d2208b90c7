"""Run records: what was asked, what was tried, how it ended."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.store.database import Database, TakenError
from modelwright.store.files import output_error
from modelwright.store.records import (
    RUN_FIELDS,
    TRIAL_FIELDS,
    RunRecord,
    RunStatus,
    TrialRecord,
    read_rows,
    run_of,
    run_row,
    trial_of,
    trial_row,
)

__all__ = ["RunStore", "run_folder"]


class RunStore:
    """The records of all runs under one folder; any number of processes may use it at once.

    Parameters
    ----------
    folder : Path
        An existing folder; see `data_folder`.

    Raises
    ------
    UserError
        From every method, when the database is damaged, locked for long, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, RunStore(Path(folder)) as store:
    ...     run = store.start(RunRecord(target="price", metric="rmse"))
    ...     store.finish(run.id, score=2.5, model="model.mw")
    ...     store.run(run.id).status.value
    'finished'
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "runs.sqlite"
        self._base = Database(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._base.close()

    def start(self, record: RunRecord) -> RunRecord:
        """Record a new run; gives the record back with its `id` and `created` set."""
        while True:
            now = time.time()
            new = replace(record, id=record.id or _new_id(now), created=record.created or now)
            row = run_row(new)
            try:
                with self._base.write() as base:
                    base.execute(f"INSERT INTO runs ({RUN_FIELDS}) {_marks(len(row))}", row)
            except TakenError:
                if record.id:
                    raise OptionError("a new id of a run", repr(record.id)) from None
            else:
                return new

    def mark(self, run_id: str, status: RunStatus, model: str = "", why: str = "") -> None:
        """Record how the run stands (it goes on, or may be resumed), its model, and why so."""
        with self._base.write() as base:
            if model:
                base.execute("UPDATE runs SET model = ? WHERE id = ?", (model, run_id))
            self._set_status(run_id, status, (why,) if why else ())

    def spend(self, run_id: str, seconds: float) -> None:
        """Add `seconds` to what the run has spent."""
        with self._base.write() as base:
            base.execute("UPDATE runs SET spent = spent + ? WHERE id = ?", (seconds, run_id))

    def finish(
        self, run_id: str, score: float | None, model: str, notes: tuple[str, ...] = ()
    ) -> None:
        """Record that the run is done: its score, its model file, and notes to add."""
        with self._base.write() as base:
            base.execute(
                "UPDATE runs SET score = ?, model = ? WHERE id = ?", (score, model, run_id)
            )
            self._set_status(run_id, RunStatus.FINISHED, notes)

    def fail(self, run_id: str, why: str) -> None:
        """Record that the run ended without a result, and why (one sentence, kept as a note)."""
        self._set_status(run_id, RunStatus.FAILED, (why,))

    def learn(self, run_id: str, facts: Mapping[str, Any]) -> None:
        """Record what the run was done with; facts of the same names are replaced."""
        with self._base.write() as base:
            row = base.execute("SELECT facts FROM runs WHERE id = ?", (run_id,)).fetchone()
            known = json.loads(row[0]) if row else {}
            kept = json.dumps({**known, **facts})
            base.execute("UPDATE runs SET facts = ? WHERE id = ?", (kept, run_id))

    def add_trial(self, trial: TrialRecord) -> None:
        """Record a trial; one with the same run and number is replaced."""
        row = trial_row(trial)
        with self._base.write() as base:
            base.execute(f"INSERT OR REPLACE INTO trials ({TRIAL_FIELDS}) {_marks(len(row))}", row)

    def runs(self, limit: int = 20) -> list[RunRecord]:
        """List the newest runs, newest first."""
        return self._select("ORDER BY created DESC, id DESC LIMIT ?", (limit,))

    def run(self, run_id: str) -> RunRecord:
        """Find a run by its id or the beginning of it.

        Raises
        ------
        OptionError
            When no run, or more than one, begins so.
        """
        found = self._select("WHERE substr(id, 1, ?) = ?", (len(run_id), run_id)) if run_id else []
        exact = [record for record in found if record.id == run_id] or found
        if len(exact) == 1:
            return exact[0]
        if exact:
            raise OptionError(
                "the id of one run",
                f"{run_id!r}, with which {len(exact)} ids begin",
                "choose one of: " + ", ".join(record.id for record in exact[:8]),
            )
        known = [record.id for record in self.runs(200)]
        cure = did_you_mean(run_id, known) if known else "no run is recorded here yet"
        raise OptionError("the id of a run", repr(run_id), cure)

    def trials(self, run_id: str) -> list[TrialRecord]:
        """List the trials of a run, by number."""
        statement = f"SELECT {TRIAL_FIELDS} FROM trials WHERE run = ? ORDER BY number"
        return read_rows(self._path, self._base.select(statement, (run_id,)), trial_of)

    def newest(self, data_hash: str, config_hash: str) -> RunRecord | None:
        """Find the newest run on this data with this configuration that did not fail.

        A run recorded as running may be alive in another process: take its lock before resuming.
        """
        found = self._select(
            "WHERE data_hash = ? AND config_hash = ? AND status != ? "
            "ORDER BY created DESC, id DESC LIMIT 1",
            (data_hash, config_hash, RunStatus.FAILED.value),
        )
        return found[0] if found else None

    def folder_of(self, run_id: str) -> Path:
        """Give the folder of a run's files, created when it is not there."""
        folder = run_folder(self._folder, self.run(run_id))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(folder, error) from error
        return folder

    def _select(self, clause: str, values: tuple[str | int, ...]) -> list[RunRecord]:
        rows = self._base.select(f"SELECT {RUN_FIELDS} FROM runs {clause}", values)
        return read_rows(self._path, rows, run_of)

    def _set_status(self, run_id: str, status: RunStatus, notes: tuple[str, ...] = ()) -> None:
        with self._base.write() as base:
            base.execute("UPDATE runs SET status = ? WHERE id = ?", (status.value, run_id))
            if notes:
                row = base.execute("SELECT notes FROM runs WHERE id = ?", (run_id,)).fetchone()
                kept = json.dumps([*json.loads(row[0]), *notes]) if row else "[]"
                base.execute("UPDATE runs SET notes = ? WHERE id = ?", (kept, run_id))


def _new_id(now: float) -> str:
    """Make an id such as ``261120-231502-k3f9``: the second in UTC, then its fraction, luck."""
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    fraction = int(now % 1 * 1024)
    tail = (fraction // 32, fraction % 32, secrets.randbelow(32), secrets.randbelow(32))
    stamp = datetime.fromtimestamp(int(now), UTC).strftime("%y%m%d-%H%M%S")
    return f"{stamp}-{''.join(digits[index] for index in tail)}"


def _marks(count: int) -> str:
    return f"VALUES ({', '.join('?' * count)})"


def run_folder(folder: Path, record: RunRecord) -> Path:
    """Say where the files of a run are or were, without looking.

    Parameters
    ----------
    folder : Path
        That of the records; see `data_folder`.
    record : RunRecord
        The run.
    """
    return folder / "runs" / record.id
