"""``modelwright predict`` and ``modelwright evaluate``."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.inputs import check_data, check_model
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.reporting import check_page
from modelwright.core.progress import progress, reading

if TYPE_CHECKING:
    from modelwright.model import Model

__all__ = ["evaluate", "predict"]


def predict(
    model: Path,
    data: Source,
    /,
    *,
    out: Path,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Predict new rows: one output row for each input row, in order.

    Parameters
    ----------
    model
        A file that fit wrote.
    data
        The rows; the target may be there or not.
    out
        A .csv, .tsv, .parquet, .arrow or .jsonl file.
    json
        Print one JSON object on stdout.
    """
    from modelwright.store import check_writable, write_frame
    from modelwright.store.files import check_suffix

    began = time.monotonic()
    check_writable(out, data, model)
    check_suffix(out)
    with progress(json) as live:
        opened = _open(model, data)
        live.advance(None, f"{reading(data)} and predicting")
        answers = opened.predict(data)
        live.advance(None, f"writing {out.name}")
        write_frame(answers, out)
    seconds = time.monotonic() - began
    if json:
        answer({"out": str(out), "rows": answers.height, "seconds": seconds})
    else:
        say(f"{answers.height:,} rows: {out}")


def evaluate(
    model: Path,
    data: Source,
    /,
    *,
    report: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Score a model on rows whose answers are known, with 95 % intervals.

    Parameters
    ----------
    model
        A file that fit wrote.
    data
        The rows, with the target.
    report
        Where a page of plots goes, such as page.html.
    json
        Print one JSON object on stdout.
    """
    check_page(report, data, model)
    with progress(json) as live:
        opened = _open(model, data)
        live.advance(None, f"{reading(data)} and scoring")
        rows = opened.answered(data)
        if report is not None:
            from modelwright.report import write_evaluation

            write_evaluation(opened, rows, report)
        scores, intervals = rows.scores(), rows.intervals()
    if json:
        page = {} if report is None else {"report": str(report)}
        between = {name: {"low": low, "high": high} for name, (low, high) in intervals.items()}
        answer({"metric": opened.task.metric, "scores": scores, "intervals": between, **page})
        return
    width = max(len(name) for name in scores)
    for name, value in scores.items():
        say(f"{name:<{width}}  {value:<10.5g}{_between(*intervals[name])}".rstrip())
    if report is not None:
        say(f"report: {report}")


def _between(low: float, high: float) -> str:
    """Say where a score lies with a confidence of 95 %, where that is known."""
    return f"95 %: {low:.5g} to {high:.5g}" if math.isfinite(low) and math.isfinite(high) else ""


def _open(model: Path, data: str | Path) -> Model:
    from modelwright.model import load

    check_model(model, data)
    check_data(data)
    return load(model)
