"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.evidence import KEPT, Evidence
from modelwright.core.result import Standing
from modelwright.evaluate import Answered, Metric
from modelwright.evaluate.held_out import HeldOut
from modelwright.flow import Result
from modelwright.model import SEEN, Model
from modelwright.pages import Chapter, Markup, element, page, shorten
from modelwright.pages.numerals import number
from modelwright.plan.findings.expected import expected_score
from modelwright.plan.findings.verdict import line_of, verdict_of
from modelwright.report.cleaned import cleaned
from modelwright.report.data import data
from modelwright.report.opening import opening
from modelwright.report.pictures import pictures
from modelwright.report.quality import quality
from modelwright.report.rests_on import influence, singles
from modelwright.report.shapes import render_shape
from modelwright.report.uncertainty import uncertainty
from modelwright.report.usage import reproduce, usage
from modelwright.report.validation import leaderboard, validation
from modelwright.report.weak import weak
from modelwright.store.files import atomic_write
from modelwright.unsupervised import Shape

__all__ = ["render", "write_evaluation", "write_report"]

_SECONDS = 1.0  # for what is to be expected of fresh rows; far less is usual
_HELD_OUT, _NEW, _GIVEN = "held-out rows", "new rows", "given rows"


def write_report(model: Model | Result | Shape, path: str | Path) -> Path:
    """Write what is known of a model to one HTML file that needs no network.

    Parameters
    ----------
    model : Model, Result or Shape
        What `fit` gave, or `load`.
    path : path
        Usually ends in ``.html``.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.
    """
    if isinstance(model, Shape):
        text = render_shape(model)
    else:
        text = render(model.model if isinstance(model, Result) else model)
    atomic_write(Path(path), text.encode())
    return Path(path)


def render(model: Model) -> str:
    """Give the report of a model as HTML.

    Parameters
    ----------
    model : Model
        With its evidence; without it the page says what is missing.

    Returns
    -------
    str
        A whole document of at most 3 MB.
    """
    evidence = model.evidence
    held = HeldOut.of(model.task, evidence, model.decision) if evidence is not None else None
    rows = None if model.card.test is None else model.card.test.rows
    expected = expected_score(model, rows, seconds=_SECONDS)
    chapters: list[Chapter | None] = [
        quality(held, _HELD_OUT),
        *pictures(model),
        uncertainty(model),
        weak(model),
        influence(model),
        singles(model),
        data(model),
        cleaned(model),
        validation(model, expected),
        leaderboard(model, held),
        usage(model),
        reproduce(model),
    ]
    top = opening(model, held, line_of(model), _HELD_OUT, _notes(model), expected)
    return _page(model, "report of a model", top, chapters)


def write_evaluation(model: Model, data: object | Answered, path: str | Path) -> dict[str, float]:
    """Score a model on rows whose answers are known, and write the plots to one HTML file.

    Parameters
    ----------
    model : Model
        What `load` gave.
    data : path, frame or Answered
        The rows, with the target, as `Model.evaluate` takes them; or what `Model.answered` gave.
        Those that the model was fitted on are left out, where there are others.
    path : path
        Usually ends in ``.html``.

    Returns
    -------
    dict of str to float
        Every metric of the task; the one that decided comes first.

    Raises
    ------
    ColumnError or DataError
        When the rows cannot be used.
    OutputError
        When the disk is full or the folder cannot be written to.
    """
    given = data if isinstance(data, Answered) else model.answered(data)
    rows = given.fresh or given
    fold, group = np.zeros(len(rows.y), np.int16), rows.groups
    evidence = Evidence(rows.y.values, rows.p, fold, rows.weight, group=_narrow(group))
    first = rows.metrics()[0]
    same = first.name == model.task.metric  # else it is a Python function, which no file holds
    model = replace(model, task=replace(model.task, metric=first.name))
    held = HeldOut.of(model.task, evidence, model.decision)
    if held is None:
        raise DataError("rows that can be scored", "none: no weight is above zero")
    scores = {metric.name: held.score(metric) for metric in held.metrics}
    line = _line_of(rows, next(iter(scores.values())))
    notes = _seen_notes(given, first)
    if model.card.score is not None and same and not rows.some_seen:
        before, now = number(model.card.score), number(line.score)
        notes.append(
            f"When the model was fitted, held-out rows gave {model.task.metric} {before}; these "
            f"rows give {now}. A clear fall means that the rows differ: compare their columns."
        )
    known = given.overlap is not None and not rows.some_seen
    source = _NEW if known else _GIVEN
    top = opening(replace(model, evidence=None), held, line, source, notes)
    text = _page(model, "evaluation of a model", top, [quality(held.sample(KEPT), source)])
    atomic_write(Path(path), text.encode())
    return scores


def _seen_notes(rows: Answered, metric: Metric) -> list[str]:
    """Say which rows the model had learned from, and what it scores with them."""
    if rows.seen:
        return [SEEN]
    notes = [] if rows.overlap is None or not rows.overlap.words else [rows.overlap.words]
    if rows.fresh is not None:
        score = number(metric.score(rows.y, rows.p, rows.weight))
        notes.append(f"They are left out of this page; with them {metric.name} would be {score}.")
    return notes


def _narrow(group: NDArray[np.int64] | None) -> NDArray[np.int32] | None:
    return None if group is None else group.astype(np.int32)


def _line_of(rows: Answered, score: float) -> Standing:
    """Say how good the model is on these rows, and how far that could be off."""
    low, high = rows.interval(rows.metrics()[0])
    between = (low, high) if math.isfinite(low) and math.isfinite(high) else (None, None)
    return Standing("model", score, 1.0, 0.0, *between)


def _page(model: Model, what: str, top: Markup, chapters: Sequence[Chapter | None]) -> str:
    card = model.card
    foot = element(
        "p",
        f"Made by modelwright {card.version}, run {card.run}, {card.created}. This page is one "
        "file and asks no server for anything.",
    )
    title = f"{shorten(model.task.target, 60)}: {what}"
    return page(title, top, [chapter for chapter in chapters if chapter is not None], foot)


def _notes(model: Model) -> list[str]:
    """Give what was noted, without the judgement, which the top of the page shows."""
    judged = verdict_of(model)
    if judged is None:
        return list(model.card.notes)
    return [note for note in model.card.notes if not note.endswith(judged.sentence)]
