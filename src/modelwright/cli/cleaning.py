"""``modelwright runs clean``: delete what unfinished and failed runs left behind."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.printing import answer, say
from modelwright.cli.standing import abandoned
from modelwright.core.budget import parse_duration
from modelwright.core.errors import OptionError

if TYPE_CHECKING:
    from modelwright.store import RunRecord, RunStore

__all__ = ["clean"]

_ALL = 1_000_000


@dataclass(frozen=True)
class _Left:
    """A run's files that nobody needs for long."""

    record: RunRecord
    folder: Path
    size: int


def clean(
    *,
    older: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    yes: Annotated[bool, Parameter(negative=())] = False,
    store: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Delete the files of interrupted, too short and failed runs; their records stay.

    Finished runs and runs that somebody works on are left alone. A run whose files are deleted
    can no longer be resumed.

    Parameters
    ----------
    older
        Only runs that began so long ago, such as 30d or 12h.
    yes
        Do not ask.
    store
        Where runs are kept; the user's data folder when left out.
    json
        Print one JSON object on stdout.
    """
    from modelwright.store import RunStore, data_folder

    age = 0.0 if older is None else parse_duration(older, "--older")
    kept = data_folder(store)
    with RunStore(kept) as records:
        found = _found(kept, records.runs(_ALL), time.time() - age)
        sys.stderr.write("".join(f"{line}\n" for line in _told(found)))
        deleted = _deleted(records, found) if found and (yes or _agreed(found)) else []
    size = sum(left.size for left in deleted)
    if json:
        answer({"deleted": [left.record.id for left in deleted], "bytes": size})
    else:
        say(f"deleted the files of {len(deleted)} runs, {size / 1e6:.1f} MB")


def _found(kept: Path, runs: list[RunRecord], before: float) -> list[_Left]:
    from modelwright.store.runs import run_folder

    found = []
    for record in runs:
        folder = run_folder(kept, record)
        if record.created <= before and folder.is_dir() and abandoned(kept, record):
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            found.append(_Left(record, folder, size))
    return found


def _told(found: list[_Left]) -> list[str]:
    lines = []
    for left in found:
        when = datetime.fromtimestamp(left.record.created).strftime("%Y-%m-%d %H:%M")
        target = " ".join(left.record.target.split())
        lines.append(f"{left.record.id}  {when}  {left.size / 1e6:8.1f} MB  {target}")
    return lines


def _agreed(found: list[_Left]) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise OptionError(
            "--yes, as there is nobody to ask", "none", f"add --yes to delete {len(found)} runs"
        )
    sys.stderr.write(f"delete the files of these {len(found)} runs? They cannot be resumed. [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _deleted(records: RunStore, found: list[_Left]) -> list[_Left]:
    from modelwright.engine import lock_file

    deleted = []
    for left in found:
        try:
            with lock_file(left.folder / "lock"):
                # The record first: a run without files must not be found by --resume.
                records.fail(left.record.id, "its files were deleted")
                for path in left.folder.iterdir():
                    if path.name not in ("lock", "lock.pid"):
                        shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OptionError:
            continue  # somebody has begun to work on it since
        shutil.rmtree(left.folder, ignore_errors=True)
        deleted.append(left)
    return deleted
