"""``modelwright runs``: what was tried, and how it ended."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from modelwright.cli.printing import answer, say
from modelwright.core.errors import OptionError

if TYPE_CHECKING:
    from modelwright.store import RunRecord

__all__ = ["list_runs", "runs", "show"]

runs = App(name="runs", help="List and show recorded runs.")


@runs.default
@runs.command(name="list")
def list_runs(
    *,
    limit: int = 20,
    store: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """List the newest runs.

    Parameters
    ----------
    limit
        How many at most.
    store
        Where runs are kept; the user's data folder when left out.
    json
        Print one JSON object on stdout.
    """
    from modelwright.store import RunStore, data_folder

    if limit < 1:
        raise OptionError("--limit to be at least 1", str(limit))
    with RunStore(data_folder(store)) as records:
        found = records.runs(limit)
    if json:
        answer({"runs": [_plain(record) for record in found]})
        return
    if not found:
        say("no runs yet: modelwright fit makes one")
    for record in found:
        when = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M")
        score = "" if record.score is None else f"{record.metric} {record.score:.5g}"
        target = " ".join(record.target.split())
        say(f"{record.id}  {when}  {record.status.value:<11}  {target:<20}  {score}")


@runs.command
def show(
    run: str,
    *,
    store: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Show one run and its trials.

    Parameters
    ----------
    run
        Its id, or the beginning of it.
    store
        Where runs are kept; the user's data folder when left out.
    json
        Print one JSON object on stdout.
    """
    from modelwright.store import RunStore, data_folder

    with RunStore(data_folder(store)) as records:
        record = records.run(run)
        trials = records.trials(record.id)
    if json:
        rows = [
            {
                "name": trial.name,
                "learner": trial.learner,
                "config": dict(trial.config),
                "status": trial.status,
                "score": trial.score,
                "seconds": trial.seconds,
                "error": trial.error,
            }
            for trial in trials
        ]
        answer({**_plain(record), "trials": rows})
        return
    for key, value in _plain(record).items():
        say(f"{key:<12}{value}")
    say("")
    for trial in trials:
        score = "" if trial.score is None else f"{trial.score:.5g}"
        say(f"{trial.name:<18}{score:>10}  {trial.seconds:6.1f} s  {trial.error}")


def _plain(record: RunRecord) -> dict[str, object]:
    return {
        "id": record.id,
        "status": record.status.value,
        "target": record.target,
        "metric": record.metric,
        "score": record.score,
        "spent": record.spent,
        "budget": record.budget,
        "model": record.model,
        "version": record.version,
        "notes": list(record.notes),
    }
