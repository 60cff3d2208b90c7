"""``modelwright predict`` and ``modelwright evaluate``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.completing import metrics
from modelwright.cli.inputs import Encoding, check_data, check_model
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.reporting import check_page
from modelwright.cli.scoring import class_scores, say_classes, say_scores, tell_versus
from modelwright.core.errors import OptionError
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
    threshold: float | None = None,
    encoding: Encoding = None,
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
    threshold
        Answer with the positive class from this probability on, not from the model's own.
    encoding
        How a text file is encoded, such as cp1250; found out when left out.
    json
        Print one JSON object on stdout.
    """
    from modelwright.store import check_writable, write_frame
    from modelwright.store.files import check_suffix

    began = time.monotonic()
    check_writable(out, data, model)
    check_suffix(out)
    with progress(json) as live:
        opened = _open(model, data, threshold, encoding)
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
    metric: Annotated[list[str] | None, Parameter(completer=metrics, negative=())] = None,
    threshold: float | None = None,
    against: Path | None = None,
    report: Path | None = None,
    encoding: Encoding = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Score a model on rows whose answers are known, with 95 % intervals.

    Parameters
    ----------
    model
        A file that fit wrote.
    data
        The rows, with the target.
    metric
        What to score beside the usual, such as "profit(tp=100, fp=-5)"; may be given again.
    threshold
        Answer with the positive class from this probability on, not from the model's own.
    against
        A second model: both are scored on the same rows, with the interval of their difference.
    report
        Where a page of plots goes, such as page.html.
    encoding
        How a text file is encoded, such as cp1250; found out when left out.
    json
        Print one JSON object on stdout.
    """
    check_page(report, data, model)
    if against is not None:
        models = (model, against)
        _against(models, data, metric or [], (threshold, report), encoding, json=json)
        return
    with progress(json) as live:
        opened = _open(model, data, threshold, encoding)
        more = opened.metrics(metric or ())
        live.advance(None, f"{reading(data)} and scoring")
        rows = opened.answered(data)
        if report is not None:
            from modelwright.report import write_evaluation

            write_evaluation(opened, rows, report)
        scores, intervals, undefined = rows.scores(more), rows.intervals(more), rows.undefined(more)
        classes = class_scores(rows)
    if json:
        page = {} if report is None else {"report": str(report)}
        between = {name: {"low": low, "high": high} for name, (low, high) in intervals.items()}
        told = {"undefined": undefined, "classes": classes, "decision": opened.card.decision}
        head = {"metric": opened.task.metric, "scores": scores, "intervals": between}
        answer({**head, **told, **page})
        return
    say_scores(scores, intervals, undefined)
    if classes:
        say_classes(classes)
    if opened.card.decision:
        say(f"\n{opened.card.decision}")
    if report is not None:
        say(f"report: {report}")


def _against(
    models: tuple[Path, Path],
    data: str | Path,
    metric: list[str],
    alone: tuple[float | None, Path | None],
    encoding: str | None,
    *,
    json: bool,
) -> None:
    """Compare with a second model."""
    for name, value in zip(("--threshold", "--report"), alone, strict=True):
        if value is not None:
            cure = "leave it out, or evaluate one model"
            raise OptionError(f"no {name} beside --against", repr(str(value)), cure)
    from modelwright.versus import compare_models

    if str(data) == "-":
        cure = "write the rows to a file first"
        raise OptionError("a file beside --against: it is read twice", "standard input", cure)
    with progress(json) as live:
        opened = tuple(_open(one, data, encoding=encoding) for one in models)
        more = opened[0].metrics(metric)
        live.advance(None, f"{reading(data)} and scoring both models")
        found = compare_models(opened[0], opened[1], data, more)
    tell_versus(found, models, json=json)


def _open(
    model: Path, data: str | Path, threshold: float | None = None, encoding: str | None = None
) -> Model:
    from modelwright.model import load

    check_model(model, data)
    check_data(data)
    opened = load(model, encoding=encoding)
    return opened if threshold is None else opened.with_threshold(threshold)
