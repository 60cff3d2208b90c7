"""What a run executed, kept so that it can be repeated without a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.core.errors import OptionError
from modelwright.plan.trial import ALL, Trial, TrialSpec
from modelwright.store import read_json, write_json

__all__ = ["Executed", "read_executed", "write_executed"]


@dataclass(frozen=True)
class Executed:
    """The trials of a finished run.

    Parameters
    ----------
    specs : tuple of TrialSpec
        Complete trials, in order.
    units : dict of str to int
        For each part, as ``trial-<n>/<part>``, how many units it was fitted with.
    refitted : frozenset of int
        The trials that were fitted again on all rows.
    whole : bool
        Whether all folds of the others went into the model.
    difficulty : bool
        Whether a model of how hard rows are was learned.
    file : mapping, optional
        The trial that was fitted on the rows of the file, their share, and its units.
    """

    specs: tuple[TrialSpec, ...]
    units: dict[str, int]
    refitted: frozenset[int]
    whole: bool
    difficulty: bool = True
    file: Mapping[str, Any] | None = None


def write_executed(
    folder: Path,
    trials: Sequence[Trial],
    *,
    whole: bool,
    difficulty: bool = True,
    file: Mapping[str, Any] | None = None,
) -> None:
    """Keep the complete trials of a run, and what went into its model."""
    kept = []
    for trial in trials:
        if trial.oof is not None:
            made = (*trial.wanted, ALL) if trial.refitted else trial.wanted
            parts = {name: trial.parts[name].units for name in made}
            kept.append(
                {
                    "spec": trial.spec.to_json(),
                    "units": parts,
                    "refitted": trial.refitted,
                }
            )
    plan = {"trials": kept, "whole": whole, "difficulty": difficulty, "file": file}
    write_json(folder / "plan.json", plan)


def read_executed(folder: Path) -> Executed:
    """Read what a run executed.

    Raises
    ------
    OptionError
        When the run has not got so far.
    """
    path = folder / "plan.json"
    if not path.is_file():
        raise OptionError("a finished run to replay", f"{folder.name!r}, which is not finished")
    plan = read_json(path)
    trials = plan["trials"]
    specs = tuple(TrialSpec.from_json(item["spec"]) for item in trials)
    units = {
        f"trial-{item['spec']['number']}/{part}": int(count)
        for item in trials
        for part, count in item["units"].items()
    }
    refitted = frozenset(int(t["spec"]["number"]) for t in trials if t["refitted"])
    hard = bool(plan.get("difficulty", True))
    return Executed(specs, units, refitted, bool(plan["whole"]), hard, plan.get("file"))
