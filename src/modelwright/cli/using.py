"""``modelwright predict`` and ``modelwright evaluate``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.completing import metrics
from modelwright.cli.inputs import HowRead, check_data, check_model, is_shape
from modelwright.cli.printing import Source, answer, rows_written, say, unopened_images
from modelwright.cli.reporting import check_page
from modelwright.cli.scoring import (
    Scores,
    class_scores,
    say_classes,
    say_rows,
    say_scores,
    tell_versus,
)
from modelwright.cli.spots import say_weak_spots, weak_spots
from modelwright.core.errors import OptionError
from modelwright.core.progress import progress, reading

if TYPE_CHECKING:
    from polars import DataFrame

    from modelwright.evaluate import Answered
    from modelwright.evaluate.expected import Expected
    from modelwright.model import Model

__all__ = ["Beside", "evaluate", "predict"]

_SECONDS = 1.0  # for what was to be expected; far less is usual


def predict(
    model: Path,
    data: Source,
    /,
    *,
    out: Path,
    interval: float | None = None,
    calibrate: Path | None = None,
    threshold: float | None = None,
    how: HowRead | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Predict new rows: one output row for each input row, in order.

    Parameters
    ----------
    model
        A file that fit wrote.
    data
        The rows; the target may be there or not. There may be none: then there is no answer.
    out
        A .csv, .tsv, .parquet, .arrow or .jsonl file.
    interval
        Say how far off each prediction may be: 0.9 gives bounds, or sets of labels, that are to
        hold 90 % of the answers.
    calibrate
        Rows with answers that the model has not seen: intervals are calibrated on them.
    threshold
        Answer with the positive class from this probability on, not from the model's own.
    how
        How new rows are read.
    json
        Print one JSON object on stdout.
    """
    from modelwright.model import read_rows
    from modelwright.store import check_writable, write_frame
    from modelwright.store.files import check_suffix

    began = time.monotonic()
    check_writable(out, data, model)
    check_suffix(out)
    if is_shape(model):
        from modelwright.cli.shaping import predict_shape, refuse

        given = {"--interval": interval, "--calibrate": calibrate, "--threshold": threshold}
        refuse(given, "groups of rows, or densities")
        check_data(data)
        predict_shape(model, data, out, (how or HowRead()).encoding, json=json)
        return
    with progress(json) as live:
        opened = _open(model, data, threshold, how)
        if calibrate is not None:
            live.advance(None, f"calibrating on {calibrate.name}")
            opened = _recalibrated(opened, _rows_of(calibrate, interval))
        live.advance(None, f"{reading(data)} and predicting")
        rows = read_rows(opened, data, may_be_empty=True)
        with unopened_images() as unopened:
            answers = opened.predict(rows, interval=interval)
        live.advance(None, f"writing {out.name}")
        write_frame(answers, out)
    seconds, empty = time.monotonic() - began, answers["prediction"].null_count()
    if json:
        told = {} if interval is None else {"interval": _promise(opened, answers, interval)}
        if opened.cleaning is not None:
            told["mended"] = {"cells": len(rows.changes), "by_column": rows.by_column}
        counts = {"rows": answers.height, "predicted": answers.height - empty}
        answer({"out": str(out), **counts, "seconds": seconds, **told, **_named(unopened)})
    else:
        if opened.cleaning is not None and answers.height:
            say(str(rows))
        say(rows_written(answers.height, out, empty))
        if interval is not None and answers.height:
            say(f"{opened.intervals}")


def _recalibrated(model: Model, rows: Path) -> Model:
    from modelwright.plan.findings.calibrate import calibrate

    return calibrate(model, rows)


def _rows_of(calibrate: Path, interval: float | None) -> Path:
    if interval is None:
        cure = "add --interval 0.9, or leave --calibrate out"
        raise OptionError("--interval beside --calibrate", "none", cure)
    check_data(calibrate)
    return calibrate


def _named(unopened: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Name all images that could not be opened, where there are some."""
    images = [{"image": image, "why": why} for image, why in unopened]
    return {"unopened": images} if images else {}


def _promise(model: Model, answers: DataFrame, level: float) -> dict[str, object]:
    """Say what intervals promise, what held-out rows said of it, and how wide they came out."""
    assert model.intervals is not None  # there are answers
    known = model.intervals
    if "set" in answers.columns:
        size, what = answers["set"].list.len().mean(), "mean_size"
    else:
        size, what = (answers["upper"] - answers["lower"]).mean(), "mean_width"
    return {"level": level, "how": str(known), what: size, "measured": known.reached.to_json()}


@Parameter(name="*")
@dataclass(frozen=True)
class Beside:
    """What scores are compared with.

    Parameters
    ----------
    against : pathlib.Path, optional
        A second model: both are scored on the same rows, with the interval of their difference.
    fairness : str, optional
        A column, known to the model or not, whose groups are compared.
    """

    against: Path | None = None
    fairness: str | None = None


def evaluate(
    model: Path,
    data: Source,
    /,
    *,
    metric: Annotated[list[str] | None, Parameter(completer=metrics, negative=())] = None,
    threshold: float | None = None,
    beside: Beside | None = None,
    report: Path | None = None,
    how: HowRead | None = None,
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
    beside
        What scores are compared with.
    report
        Where a page of plots goes, such as page.html.
    how
        How new rows are read.
    json
        Print one JSON object on stdout.
    """
    check_page(report, data, model)
    against, fairness = (beside.against, beside.fairness) if beside else (None, None)
    if against is not None:
        models = (model, against)
        _against(models, data, metric or [], (threshold, report, fairness), how, json=json)
        return
    with progress(json) as live:
        opened = _open(model, data, threshold, how)
        more = opened.metrics(metric or ())
        live.advance(None, f"{reading(data)} and scoring")
        rows = opened.answered(data)
        if report is not None:
            from modelwright.report import write_evaluation

            write_evaluation(opened, rows, report)
        fresh = rows.fresh
        scores, apart = Scores.of(rows, more), None if fresh is None else Scores.of(fresh, more)
        judged = fresh or rows  # of what a model has learned by heart there is nothing to learn
        classes, spots = class_scores(judged), weak_spots(judged, fairness)
        expected = None if threshold is not None else _expected(opened, rows)
    if json:
        page = {} if report is None else {"report": str(report)}
        told: dict[str, object] = {"classes": classes, "decision": opened.card.decision}
        promised = {"expected": None if expected is None else expected.to_json()}
        head = {
            "metric": opened.task.metric,
            **scores.to_json(),
            "overlap": _overlap(opened, rows, apart),
        }
        answer({**head, **told, **promised, **spots.to_json(), **page})
        return
    say_rows(rows)
    say_scores(scores, apart)
    if apart is not None:
        say("\nwhat follows is of the fresh rows alone")
    if classes:
        say_classes(classes, ordered=opened.task.ordered)
    values = (apart or scores).values
    if expected is not None and expected.metric in values:
        known = rows.overlap is not None or rows.seen
        say(f"\nby the fit: {expected}: {_held(expected, values[expected.metric], known=known)}")
    if opened.card.decision:
        say(f"\n{opened.card.decision}")
    say_weak_spots(spots)
    if report is not None:
        say(f"report: {report}")


def _expected(model: Model, rows: Answered) -> Expected | None:
    """Say what the fit promised for rows that it has not seen, of which there have to be some."""
    from modelwright.plan.findings.expected import expected_score

    if rows.all_seen:
        return None
    judged = rows.fresh or rows
    return expected_score(model, len(judged.y), seconds=_SECONDS)


def _overlap(model: Model, rows: Answered, fresh: Scores | None) -> dict[str, object] | None:
    """Say as plain JSON how many rows the model had learned from; None: nobody knows."""
    apart = None if fresh is None else fresh.to_json()
    if rows.seen:
        count = len(rows.y)
        whole = {"fitted_on": model.card.rows, "compared": count, "equal": count, "seen": count}
        return {**whole, "by_chance": None, "fresh": None}
    return None if rows.overlap is None else {**rows.overlap.to_json(), "fresh": apart}


def _held(expected: Expected, score: float, *, known: bool) -> str:
    """Say whether a score is what the fit led one to expect.

    Where nobody knows which rows the model has learned from, that may be why it is better.
    """
    if expected.holds(score):
        return "the score lies within"
    from modelwright.evaluate.catalogue import greater_is_better

    side, greater = "below" if score < expected.low else "above", greater_is_better(expected.metric)
    better = greater is not None and greater is (side == "above")
    if greater is not None:
        side += f", which is {'better' if better else 'worse'}"
    learned = "it has learned from some of them (its file does not say), or " * (
        better and not known
    )
    return (
        f"the score lies {side}: {learned}these rows are not like those it was fitted on, or it is "
        "chance"
    )


def _against(
    models: tuple[Path, Path],
    data: str | Path,
    metric: list[str],
    alone: tuple[float | None, Path | None, str | None],
    how: HowRead | None,
    *,
    json: bool,
) -> None:
    """Compare with a second model."""
    for name, value in zip(("--threshold", "--report", "--fairness"), alone, strict=True):
        if value is not None:
            cure = "leave it out, or evaluate one model"
            raise OptionError(f"no {name} beside --against", repr(str(value)), cure)
    from modelwright.versus import compare_models

    if str(data) == "-":
        cure = "write the rows to a file first"
        raise OptionError("a file beside --against: it is read twice", "standard input", cure)
    with progress(json) as live:
        opened = tuple(_open(one, data, how=how) for one in models)
        more = opened[0].metrics(metric)
        live.advance(None, f"{reading(data)} and scoring both models")
        found = compare_models(opened[0], opened[1], data, more)
    tell_versus(found, models, json=json)


def _open(
    model: Path, data: str | Path, threshold: float | None = None, how: HowRead | None = None
) -> Model:
    from modelwright.model import load

    check_model(model, data)
    check_data(data)
    read = how or HowRead()
    opened = load(model, encoding=read.encoding, images=read.images)
    return opened if threshold is None else opened.with_threshold(threshold)
