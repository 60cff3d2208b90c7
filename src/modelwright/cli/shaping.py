"""``fit``, ``predict`` and ``report`` where nothing is predicted: groups of rows, and densities."""

from __future__ import annotations

import math
import shlex
import time as clock
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright.cli.printing import answer, rows_written, say
from modelwright.cli.tables import as_table
from modelwright.core.budget import parse_duration
from modelwright.core.errors import OptionError
from modelwright.core.numerals import number
from modelwright.core.progress import progress, reading
from modelwright.core.settings import Question, Settings

if TYPE_CHECKING:
    from modelwright.unsupervised import Shape

__all__ = ["fit_shape", "predict_shape", "refuse", "report_shape"]


def fit_shape(
    data: str | Path,
    question: Question,
    settings: Settings,
    time: str,
    report: Path | None,
    *,
    json: bool,
) -> None:
    """Find the groups or the density of a table, and say what was found."""
    seconds = parse_duration(time, "--time")
    with progress(json) as live:
        from modelwright.unsupervised import find_shape

        shape = find_shape(str(data), question, settings, seconds=seconds, live=live)
        if report is not None:
            from modelwright.report import write_report

            live.advance(None, f"writing {report.name}")
            write_report(shape, report)
    if json:
        page = {} if report is None else {"report": str(report)}
        answer({**_summary(shape), "model": str(settings.out), **page})
        return
    _tell(shape)
    say(f"\nmodel: {settings.out}")
    if report is not None:
        say(f"report: {report}")
    say(f"next: modelwright predict {shlex.quote(str(settings.out))} DATA --out answers.csv")


def _summary(shape: Shape) -> dict[str, object]:
    state = shape.findings.export().config
    kept = ("why", "trials", "votes", "candidates", "groups", "unusual", "notes")
    count = {"clusters": len(shape.findings.groups)} if shape.findings.groups else {}
    told = {"task": shape.kind.value, "rows": shape.rows, "columns": list(shape.columns)}
    return {**told, **count, **{name: state[name] for name in kept}}


def _tell(shape: Shape) -> None:
    found = shape.findings
    for note in found.notes:
        say(f"note: {note}")
    say(f"{shape}\n")
    if len(found.groups) > 1:
        table = [["group", "rows", "share", "found again", "typical"]]
        for place, group in enumerate(found.groups):
            typical = [
                f"{trait.column} = {trait.here}"
                if trait.is_level
                else f"{trait.column} {trait.here}"
                for trait in group.traits[:3]
            ]
            again = "" if math.isnan(group.stability) else f"{group.stability:.2f}"
            share = f"{group.rows / max(shape.rows, 1):.0%}"
            table.append([str(place + 1), f"{group.rows:,}", share, again, "; ".join(typical)])
        say(as_table(table) + "\n")
    if found.candidates:
        _tell_candidates(shape)


def _tell_candidates(shape: Shape) -> None:
    """Print what was compared."""
    dense = not shape.findings.groups
    head = ["density", "rows not seen"] if dense else ["way", "groups", "found again", "silhouette"]
    table = [head]
    for one in shape.findings.candidates:
        score = "" if math.isnan(one.score) else number(one.score, 4)
        apart = "" if math.isnan(one.silhouette) else number(one.silhouette, 3)
        table.append([one.name, score] if dense else [one.name, str(one.count), score, apart])
    say(as_table(table))


def predict_shape(
    model: Path, data: str | Path, out: Path, encoding: str | None, *, json: bool
) -> None:
    """Put rows into groups, or say how densely they lie."""
    from modelwright.store import write_frame
    from modelwright.unsupervised import load

    began = clock.monotonic()
    with progress(json) as live:
        shape = load(model, encoding=encoding)
        live.advance(None, f"{reading(data)} and measuring rows")
        answers = shape.predict(data)
        live.advance(None, f"writing {out.name}")
        write_frame(answers, out)
    seconds = clock.monotonic() - began
    if json:
        answer({"out": str(out), "rows": answers.height, "seconds": seconds})
    else:
        say(rows_written(answers.height, out))


def report_shape(model: Path, out: Path, *, json: bool) -> None:
    """Write the page of a clustering or a density."""
    from modelwright.report import write_report
    from modelwright.unsupervised import load

    write_report(load(model), out)
    size = out.stat().st_size
    if json:
        answer({"report": str(out), "bytes": size, "evidence": True})
    else:
        say(f"report: {out} ({size / 1e3:.0f} kB)")


def refuse(options: Mapping[str, object], what: str) -> None:
    """Refuse options that belong to the prediction of a column."""
    for name, value in options.items():
        if value is not None:
            cure = "leave it out"
            raise OptionError(f"no {name} for {what}", repr(str(value)), cure)
