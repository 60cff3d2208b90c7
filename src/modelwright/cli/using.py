"""``modelwright predict`` and ``modelwright evaluate``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from modelwright.cli.printing import answer, say
from modelwright.cli.reporting import check_page

__all__ = ["evaluate", "predict"]


def predict(
    model: Path,
    data: str,
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
    from modelwright.model import load
    from modelwright.store import check_writable, write_frame

    began = time.monotonic()
    check_writable(out, data, model)
    answers = load(model).predict(data)
    write_frame(answers, out)
    seconds = time.monotonic() - began
    if json:
        answer({"out": str(out), "rows": answers.height, "seconds": seconds})
    else:
        say(f"{answers.height:,} rows: {out}")


def evaluate(
    model: Path,
    data: str,
    *,
    report: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Score a model on rows whose answers are known.

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
    from modelwright.model import load

    check_page(report, data, model)
    opened = load(model)
    if report is None:
        scores = opened.evaluate(data)
    else:
        from modelwright.report import write_evaluation

        scores = write_evaluation(opened, data, report)
    if json:
        page = {} if report is None else {"report": str(report)}
        answer({"metric": opened.task.metric, "scores": scores, **page})
        return
    width = max(len(name) for name in scores)
    for name, value in scores.items():
        say(f"{name.ljust(width)}  {value:.5g}")
    if report is not None:
        say(f"report: {report}")
