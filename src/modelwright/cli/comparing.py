"""``modelwright runs compare``: what changed from one run to another."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from modelwright.cli.completing import run_ids
from modelwright.cli.printing import answer, say
from modelwright.cli.standing import settled, summary
from modelwright.cli.tables import as_table
from modelwright.core.errors import OptionError
from modelwright.core.numerals import number, signed

if TYPE_CHECKING:
    from modelwright.plan.findings.pairing import PairedRuns
    from modelwright.store import RunRecord, RunStore
    from modelwright.store.comparison import Comparison

__all__ = ["compare"]

_MOST = 20
"""So many differences of one kind are printed."""

_LOOKED_AT = 1_000

_Run = Annotated[str | None, Parameter(completer=run_ids)]


def compare(
    one: _Run = None,
    other: _Run = None,
    /,
    *,
    store: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Show what changed from one run to another: data, question, settings, code, scores, time.

    Parameters
    ----------
    one
        Its id, or the beginning of it; without both, the newest run is compared with the one
        before it of the same data and target.
    other
        The second one.
    store
        Where runs are kept; the user's data folder when left out.
    json
        Print one JSON object on stdout.
    """
    from modelwright.store import RunStore, data_folder
    from modelwright.store.comparison import compare as compare_runs

    folder = data_folder(store)
    with RunStore(folder) as records:
        old, new = (settled(folder, record) for record in _pair(records, one, other))
        found = compare_runs(old, new, records.trials(old.id), records.trials(new.id))
        paired = _paired(folder, old, new) if found.same_data and found.metric else None
    if json:
        runs = [summary(old), summary(new)]
        both = None if paired is None else {"rows": paired.rows, **asdict(paired.score)}
        answer({**found.to_json(), "paired": both, "runs": runs})
        return
    _say_head(old, new)
    _say_differences(found)
    _say_scores(found)
    if paired is not None:
        _say_paired(paired)


def _paired(folder: Path, one: RunRecord, other: RunRecord) -> PairedRuns | None:
    """Compare what both said of rows that they held out, where their files are still there."""
    from modelwright.plan.findings.pairing import pair_runs
    from modelwright.store.runs import run_folder

    return pair_runs(run_folder(folder, one), run_folder(folder, other))


def _say_paired(paired: PairedRuns) -> None:
    score = paired.score
    if not math.isfinite(score.low):
        return
    change, low, high = (signed(x, 3) for x in (score.difference, score.low, score.high))
    say(
        f"on the same {paired.rows:,} held-out rows the second run scores {change} "
        f"(95 %: {low} to {high}); the chance that it is the better one: {score.better:.0%}"
    )


def _pair(records: RunStore, one: str | None, other: str | None) -> list[RunRecord]:
    """Find the two runs, the older one first where the user names none."""
    if one is not None and other is not None:
        return [records.run(one), records.run(other)]
    if one is not None:
        cure = "write: modelwright runs compare ONE OTHER"
        raise OptionError("two runs to compare, or none", f"only {one!r}", cure)
    found = records.runs(_LOOKED_AT)
    if len(found) < 2:
        raise OptionError("two recorded runs", str(len(found)), "modelwright fit makes one")
    newest, *others = found
    alike = next((run for run in others if _alike(run, newest)), None)
    if alike is None:
        raise OptionError(
            "two runs of the same data and target",
            f"only {newest.id!r} among the newest",
            "name two of those that modelwright runs lists: modelwright runs compare ONE OTHER",
        )
    return [alike, newest]


def _alike(one: RunRecord, other: RunRecord) -> bool:
    """Whether two runs are of the same rows, or the same file, and the same target."""
    files = {run.facts.get("data") for run in (one, other)}
    same_data = one.data_hash == other.data_hash or (len(files) == 1 and None not in files)
    return one.target == other.target and same_data


def _say_head(one: RunRecord, other: RunRecord) -> None:
    moments = [datetime.fromtimestamp(r.created).strftime("%Y-%m-%d %H:%M") for r in (one, other)]
    rows = [
        ["run", one.id, other.id],
        ["created", *moments],
        ["status", one.status.value, other.status.value],
        ["time spent", f"{one.spent:.1f} s", f"{other.spent:.1f} s"],
    ]
    say(as_table(rows))


def _say_differences(found: Comparison) -> None:
    for about in dict.fromkeys(difference.about for difference in found.differences):
        changed = [d for d in found.differences if d.about == about]
        rows = [[f"  {d.what}", _text(d.one), _text(d.other)] for d in changed[:_MOST]]
        say(f"\n{as_table([[about, '', ''], *rows])}")
        if len(changed) > _MOST:
            say(f"  and {len(changed) - _MOST} more: --json lists all")
    if found.same:
        say(f"\nthe same: {', '.join(found.same)}")
    if found.unknown:
        say(f"not recorded by the version that made one of them: {', '.join(found.unknown)}")


def _say_scores(found: Comparison) -> None:
    from modelwright.evaluate.catalogue import greater_is_better

    if not found.metric:
        say("\nscored by different metrics: the scores cannot be compared")
        return
    greater = greater_is_better(found.metric)
    rows = [[found.metric, "", "", ""]]
    for pair in found.scores:
        scores = ["none" if s is None else number(s) for s in (pair.one, pair.other)]
        verdict = ""
        if found.same_data and greater is not None:
            verdict = _verdict(pair.one, pair.other, pair.overlap, greater)
        rows.append([f"  {pair.name}", *scores, verdict])
    say("\n" + as_table(rows))
    if not found.same_data:
        say("the rows, or what their columns were taken for, differ: not quite like for like")


def _verdict(one: float | None, other: float | None, overlap: bool | None, greater: bool) -> str:
    if one is None or other is None:
        return ""
    if one == other:
        return "equal"
    word = "better" if (other > one) is greater else "worse"
    sure = {None: "", True: ", the intervals overlap", False: ", beyond the intervals"}[overlap]
    return f"{word} by {number(abs(other - one), 3)}{sure}"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{name}={item}" for name, item in value.items()) or "defaults"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "all"
    return str(value)
