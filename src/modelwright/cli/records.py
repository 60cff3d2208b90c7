"""``modelwright runs``: what was tried, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from modelwright.cli.cleaning import clean
from modelwright.cli.comparing import compare
from modelwright.cli.completing import run_ids
from modelwright.cli.printing import answer, say
from modelwright.cli.standing import settled, summary
from modelwright.cli.tables import as_table
from modelwright.cli.wording import Whole
from modelwright.core.addresses import masked
from modelwright.core.errors import OptionError
from modelwright.core.numerals import number

if TYPE_CHECKING:
    from modelwright.store import RunRecord, TrialRecord

__all__ = ["list_runs", "runs", "show"]

runs = App(name="runs", help="List, show and compare recorded runs; delete what is left of them.")
runs.command(compare)
runs.command(clean)

_Run = Annotated[str, Parameter(completer=run_ids)]
_Json = Annotated[bool, Parameter(negative=())]
_HEAD = ["run", "started", "status", "target", "score"]


@runs.default
@runs.command(name="list")
def list_runs(*, limit: Whole = 20, store: Path | None = None, json: _Json = False) -> None:
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
    folder = data_folder(store)
    with RunStore(folder) as records:
        found = [settled(folder, record) for record in records.runs(limit)]
        tried = [records.trials(one.id) if one.score is None else [] for one in found]
    if json:
        answer({"runs": [summary(record) for record in found]})
        return
    if not found:
        say("no runs yet: modelwright fit makes one")
        return
    say(as_table([_HEAD, *map(_line, found, tried)]))


def _line(record: RunRecord, trials: list[TrialRecord]) -> list[str]:
    when = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M")
    if record.score is not None:
        score = f"{record.metric} {number(record.score)}"
    else:
        score = _so_far(record, trials) or "not validated"
    return [record.id, when, record.status.value, record.target, score]


def _so_far(record: RunRecord, trials: list[TrialRecord]) -> str:
    """Say the best score of the trials of a run that did not come to its end."""
    from modelwright.evaluate import METRICS

    scores = [trial.score for trial in trials if trial.score is not None]
    known = METRICS.get(record.metric)
    if known is None or not scores:
        return ""
    best = (max if known.greater_is_better else min)(scores)
    return f"{record.metric} {number(best)} so far"


@runs.command
def show(run: _Run, /, *, store: Path | None = None, json: _Json = False) -> None:
    """Show one run: the question, the data, settings, trials, and where its files are.

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
    from modelwright.store.runs import run_folder

    kept = data_folder(store)
    with RunStore(kept) as records:
        record = settled(kept, records.run(run))
        trials = records.trials(record.id)
    folder = run_folder(kept, record)
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
        more = {"created": record.created, "data_hash": record.data_hash}
        more |= {"request": dict(record.request), "facts": dict(record.facts)}
        answer({**summary(record), **more, "folder": str(folder), "trials": rows})
        return
    for name, text in _lines(record, folder):
        say(f"{name:<10} {text}")
    _say_trials(record, trials)


def _lines(record: RunRecord, folder: Path) -> list[tuple[str, str]]:
    """Say what a run was about; what an older version did not record is left out."""
    facts = record.facts
    asked = record.request.get("question", {})
    options = " ".join(f"--{k} {v}" for k, v in asked.items() if v is not None)
    told = facts.get("settings", {})
    settings = ", ".join(f"{k} {v}" for k, v in told.items() if v not in (None, []))
    score = "" if record.score is None else f"{record.metric} {number(record.score)}"
    budget = "" if record.budget == float("inf") else f" of {record.budget:.0f} s"
    size = _size(facts)
    libraries = ", ".join(f"{k} {v}" for k, v in facts.get("libraries", {}).items())
    types = folder / "types.json"
    lines = [
        ("run", record.id),
        ("created", datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M:%S")),
        ("status", record.status.value),
        ("question", options),
        ("data", ", ".join(text for text in (masked(str(facts.get("data", ""))), size) if text)),
        ("settings", settings),
        ("validated", str(facts.get("splits", {}).get("reason", ""))),
        ("score", score),
        ("test", _test(facts)),
        ("time", f"{record.spent:.1f} s{budget}"),
        ("model", record.model),
        ("types", str(types) if types.is_file() else ""),
        ("folder", str(folder) if folder.is_dir() else ""),
        ("code", ", ".join(text for text in (f"modelwright {record.version}", libraries) if text)),
        *(("note", note) for note in record.notes),
    ]
    return [(name, text) for name, text in lines if text]


def _size(facts: Mapping[str, Any]) -> str:
    """Say how much data there was: images have no columns."""
    if "rows" not in facts:
        return ""
    if "width" not in facts:
        return f"{facts['rows']:,} images"
    return f"{facts['rows']:,} rows of {facts['width']:,} columns"


def _test(facts: Mapping[str, Any]) -> str:
    from modelwright.core.result import FreshScore

    return str(FreshScore.from_json(facts["test"])) if "test" in facts else ""


def _say_trials(record: RunRecord, trials: list[TrialRecord]) -> None:
    from modelwright.core.result import Leaderboard

    board = record.facts.get("leaderboard")
    if board and board["standings"]:
        say(f"\n{Leaderboard.from_json(board)}")
    told = trials if not board else [each for each in trials if each.error]
    if told:
        head = ["trial", record.metric or "score", "seconds", "error"]
        say("\n" + as_table([head, *map(_trial, told)]))


def _trial(trial: TrialRecord) -> list[str]:
    score = "" if trial.score is None else number(trial.score)
    return [trial.name, score, f"{trial.seconds:.1f}", trial.error]
