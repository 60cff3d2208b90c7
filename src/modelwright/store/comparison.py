"""What changed between two runs: data, question, settings, code, machine, trials, scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from modelwright.store.records import RunRecord, TrialRecord

__all__ = ["SUBJECTS", "Comparison", "Difference", "ScorePair", "compare"]

SUBJECTS = ("data", "validation", "question", "settings", "code", "machine", "trials")
"""What two runs may differ in."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same.

    Parameters
    ----------
    about : str
        One of `SUBJECTS`.
    what : str
        Such as ``"rows"``, ``"column zip"`` or ``"--metric"``.
    one, other : Any
        What it was in either run, as plain JSON; None: not there, or not recorded.
    """

    about: str
    what: str
    one: Any
    other: Any


@dataclass(frozen=True)
class ScorePair:
    """What the same line of two leaderboards says.

    Parameters
    ----------
    name : str
        ``"ensemble"``, or a trial that both runs fitted with the same configuration.
    one, other : float, optional
        Its score in either run; None: it has none.
    overlap : bool, optional
        Whether the 95 % intervals have a value in common; None: they are not known.
    """

    name: str
    one: float | None
    other: float | None
    overlap: bool | None


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    Parameters
    ----------
    one, other : str
        Their ids.
    metric : str
        What both were scored by; empty when they were not scored by the same.
    same_data : bool
        Whether both were fitted on the same rows: else scores are not like for like.
    differences : tuple of Difference
        By subject.
    same, unknown : tuple of str
        The subjects that do not differ, and those that one of the runs has no record of.
    scores : tuple of ScorePair
        The ensemble first.
    """

    one: str
    other: str
    metric: str
    same_data: bool
    differences: tuple[Difference, ...]
    same: tuple[str, ...]
    unknown: tuple[str, ...]
    scores: tuple[ScorePair, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the comparison as plain JSON."""
        return asdict(self)


def compare(
    one: RunRecord,
    other: RunRecord,
    trials_of_one: Sequence[TrialRecord],
    trials_of_other: Sequence[TrialRecord],
) -> Comparison:
    """Find what changed from one run to another.

    Parameters
    ----------
    one, other : RunRecord
        The runs.
    trials_of_one, trials_of_other : sequence of TrialRecord
        Their trials.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> old = RunRecord("a", version="0.1.0", metric="rmse", score=2.5)
    >>> new = RunRecord("b", version="0.2.0", metric="rmse", score=2.0)
    >>> found = compare(old, new, (), ())
    >>> [(d.about, d.what, d.one, d.other) for d in found.differences]
    [('code', 'modelwright', '0.1.0', '0.2.0')]
    >>> found.scores[0].other
    2.0
    """
    whole = bool(one.facts and other.facts)  # else one is of a version that recorded less
    subjects = zip(
        _subjects(one, trials_of_one, whole), _subjects(other, trials_of_other, whole), strict=True
    )
    differences: list[Difference] = []
    same: list[str] = []
    unknown: list[str] = []
    for about, (was, now) in zip(SUBJECTS, subjects, strict=True):
        changed = list(_between(about, was, now)) if was and now else []
        differences += changed
        if not changed:
            (same if bool(was) == bool(now) else unknown).append(about)
    return Comparison(
        one.id,
        other.id,
        one.metric if one.metric == other.metric else "",
        one.data_hash == other.data_hash,
        tuple(differences),
        tuple(same),
        tuple(unknown),
        tuple(_scores(one, other, trials_of_one, trials_of_other)),
    )


def _subjects(
    record: RunRecord, trials: Sequence[TrialRecord], whole: bool
) -> tuple[dict[str, Any], ...]:
    """Say of each subject what it was; empty where nothing is recorded."""
    facts = record.facts if whole else {}
    asked = record.request.get("question", {})
    told = _part(record, "settings")
    clock = None if math.isinf(record.budget) else record.budget
    data = {"hash": record.data_hash, "file": facts.get("data"), "rows": facts.get("rows")}
    machine = _part(record, "machine")
    machine.pop("free_memory_gib", None)  # never the same
    return (
        {**data, **_meanings(facts.get("columns"))} if facts else {"hash": record.data_hash},
        _part(record, "splits"),
        {**{f"--{name}": value for name, value in asked.items()}, "metric": record.metric},
        {**{f"--{name}": value for name, value in told.items()}, "--time": clock} if told else {},
        {"modelwright": record.version, **(_part(record, "libraries") if whole else {})},
        machine,
        {trial.name: dict(trial.config) for trial in trials},
    )


def _part(record: RunRecord, name: str) -> dict[str, Any]:
    found = record.facts.get(name)
    return dict(found) if isinstance(found, Mapping) else {}


def _between(about: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*one, *other]):
        if one.get(name) != other.get(name):
            yield Difference(about, name, one.get(name), other.get(name))


def _meanings(columns: Any) -> dict[str, str]:
    """Say what each column was taken for; most roles are a matter of the question."""
    found = columns if isinstance(columns, list) else []
    return {f"column {column['name']}": _meaning(column) for column in found}


def _meaning(column: Mapping[str, Any]) -> str:
    words = [str(column["kind"])]
    if column.get("role") == "ignored":
        words.append("ignored")
    words += [f"{value!r} is missing" for value in column.get("missing", ())]
    return ", ".join(words)


def _scores(
    one: RunRecord,
    other: RunRecord,
    trials_of_one: Sequence[TrialRecord],
    trials_of_other: Sequence[TrialRecord],
) -> Iterator[ScorePair]:
    boards = [_standings(record) for record in (one, other)]
    yield ScorePair("ensemble", one.score, other.score, _overlap("ensemble", *boards))
    others = {trial.name: trial for trial in trials_of_other}
    for trial in trials_of_one:
        twin = others.get(trial.name)
        if twin is not None and dict(twin.config) == dict(trial.config):
            yield ScorePair(trial.name, trial.score, twin.score, _overlap(trial.name, *boards))


def _standings(record: RunRecord) -> dict[str, Mapping[str, Any]]:
    found = _part(record, "leaderboard").get("standings", [])
    return {str(line["name"]): line for line in found}


def _overlap(
    name: str, one: Mapping[str, Mapping[str, Any]], other: Mapping[str, Mapping[str, Any]]
) -> bool | None:
    lines = (board.get(name, {}) for board in (one, other))
    ends = [line.get(end) for line in lines for end in ("low", "high")]
    known = [float(end) for end in ends if end is not None]
    if len(known) < 4:
        return None
    return known[0] <= known[3] and known[2] <= known[1]
