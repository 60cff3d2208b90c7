"""How good the model is, on rows that it has not seen."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import TaskKind
from modelwright.evaluate.decisions import USUAL, Threshold
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.intervals import Interval, per_class_intervals
from modelwright.evaluate.scores.classes import confusion, per_class
from modelwright.evaluate.scores.ordering import Operating, operating_points
from modelwright.pages import Chapter, Figure, Grid, Markup, element, joined, shorten, unbroken
from modelwright.pages.names import name
from modelwright.pages.numerals import DASH, number, percent, plural, told_apart
from modelwright.report import classes, numbers
from modelwright.report.cutting import threshold_figure
from modelwright.report.data import search
from modelwright.report.words import title

__all__ = ["quality"]

# Where one class is this many times as frequent as another, accuracy hides the rare one.
_UNBALANCED = 3.0
_CLASSES = 60
_PAIRS = 12
# Plots of single rows draw at most so many.
_ROWS = 20_000


def quality(held: HeldOut | None, source: str) -> Chapter:
    """Write the chapter of plots that suit the task.

    Parameters
    ----------
    held : HeldOut, optional
        Held-out answers and predictions.
    source : str
        Which rows they are, such as "held-out rows".
    """
    heading = "How good it is"
    if held is None:
        words = "The model file holds no held-out predictions, so there is nothing to draw."
        return Chapter("quality", heading, element("p", words), "Quality")
    lead = f"Everything here is computed from the predictions of {len(held):,} {source}."
    if held.task.kind is TaskKind.BINARY:
        body = _binary(held)
    elif held.task.kind is TaskKind.MULTICLASS:
        body = _multiclass(held)
    else:
        body = _numbers(held)
    return Chapter("quality", heading, joined(element("p.lead", lead), body), "Quality")


def _figures(figures: Mapping[str, Figure]) -> Markup:
    return element("div.figures", [figure.html(key) for key, figure in figures.items()])


def _unbalanced(held: HeldOut) -> bool:
    there = held.shares[held.shares > 0]
    return bool(there.max() > _UNBALANCED * there.min())


def _binary(held: HeldOut) -> Markup:
    labels = held.task.classes
    if len(np.unique(held.y)) < 2:
        one = name(labels[int(held.y[0])])
        return element("p", "All of these rows are ", one, ": the classes cannot be compared.")
    drawn = (held.y, held.p)
    points = operating_points(held.y == 1, held.p[:, 1], held.weight)
    drawings = {
        "roc": classes.roc_figure(*drawn, held.weight),
        "recall": classes.precision_recall_figure(*drawn, held.weight),
        "calibration": classes.calibration_figure(*drawn, held.weight),
        "probabilities": classes.scores_figure(*drawn, labels, held.weight),
    }
    cutting = None if held.deciding is None else threshold_figure(held, held.deciding)
    figures = _figures(drawings if cutting is None else {"threshold": cutting, **drawings})
    cells = _cells(held)
    tables = element(
        "div.figures",
        joined(_confusion(held).html("confusion"), element("div", _scores(held))),
    )
    leading = _classes(held, cells)
    order = [leading, figures] if _unbalanced(held) else [figures, leading]
    chosen = held.decision.value if isinstance(held.decision, Threshold) else None
    return joined(order, _thresholds(points, labels[1], chosen), tables)


def _answers(held: HeldOut) -> NDArray[np.int64]:
    return held.p.argmax(axis=1) if held.answers is None else held.answers


def _cells(held: HeldOut) -> NDArray[np.float64]:
    return confusion(held.y, _answers(held), held.p.shape[1], held.weight)


def _confusion(held: HeldOut) -> Figure:
    certain = np.eye(held.p.shape[1])[_answers(held)]
    return classes.confusion_figure(held.y, certain, held.task.classes, held.weight)


def _multiclass(held: HeldOut) -> Markup:
    cells = _cells(held)
    figures = _figures(
        {
            "confusion": _confusion(held),
            "calibration": classes.calibration_figure(held.y, held.p, held.weight),
        }
    )
    tables = element(
        "div.figures", element("div", _pairs(held, cells)), element("div", _scores(held))
    )
    leading = _classes(held, cells)
    return joined([leading, figures] if _unbalanced(held) else [figures, leading], tables)


def _numbers(held: HeldOut) -> Markup:
    drawn = (held.y, held.p[:, 0])
    return joined(
        _figures(
            {
                "predicted": numbers.predicted_actual_figure(*drawn, held.weight),
                "residuals": numbers.residuals_figure(*drawn, held.weight),
                "sizes": numbers.residual_distribution_figure(*drawn, held.weight),
                "where": numbers.error_by_prediction_figure(*drawn, held.weight),
            },
        ),
        _scores(held),
    )


def _scores(held: HeldOut) -> Markup:
    who = "class frequencies" if held.task.is_classification else "predicting the mean"
    rows, absent = [], []
    for metric in held.metrics:
        better = "higher is better" if metric.greater_is_better else "lower is better"
        words = joined(title(metric.name), element("small.soft", f" {better}"))
        score = held.score(metric)
        if math.isnan(score):
            why = metric.why_none(held.target, held.p, held.weight)
            absent.append(f"{title(metric.name)}: {why}")
            continue
        between = _between(held.interval(metric))
        rows.append((words, number(score), between, number(held.guess(metric))))
    decided = f"The first one decided. A plain guess is {who}."
    if held.deciding is None:
        decided = f"A Python function decided, which no file holds. A plain guess is {who}."
    head = ("score", "model", "95 % interval", "plain guess")
    return joined(
        element("h3", "All scores"),
        element("p.soft", decided),
        Grid(head, tuple(rows), "All scores").html(),
        element("p.soft", f"Without a value here: {'; '.join(absent)}.") if absent else None,
    )


def _between(ends: Interval | NDArray[np.float64], *, share: bool = False, digits: int = 4) -> str:
    """Write an interval; a dash where none is known."""
    low, high = float(ends[0]), float(ends[1])
    if not (math.isfinite(low) and math.isfinite(high)):
        return DASH
    if share:
        return f"{percent(low)} to {percent(high)}"
    return f"{number(low, digits)} to {number(high, digits)}"


def _classes(held: HeldOut, cells: NDArray[np.float64]) -> Markup:
    each = per_class(cells)
    between = per_class_intervals(
        held.target, _answers(held), weight=held.weight, groups=held.group
    )
    sizes = np.zeros(len(held.shares)) if held.task.ordered else -held.shares
    order = np.argsort(sizes, kind="stable")[:_CLASSES]
    head = ["class", "rows", "share", "precision", "95 %", "recall", "95 %", "F1", "95 %"]
    several = len(held.task.classes) > 2  # of two classes the area is the same for both
    if several:
        head.append("AUC, one against the rest")
    rows = []
    for k in order.tolist():
        mine = held.y == k
        row = [
            name(held.task.classes[k], 60),
            f"{int(mine.sum()):,}",
            percent(float(held.shares[k]), 1),
            percent(float(each.precision[k]), 1),
            _between(between.precision[k], share=True),
            percent(float(each.recall[k]), 1),
            _between(between.recall[k], share=True),
            number(float(each.f1[k]), 3),
            _between(between.f1[k], digits=2),
        ]
        if several:
            points = operating_points(mine, held.p[:, k], held.weight)
            row.append(number(points.area, 3) if 0 < mine.sum() < len(held) else DASH)
        rows.append(tuple(row))
    words = "Precision: how many of those given this answer have it. Recall: how many of the "
    words += "class are found. "
    if held.decision == USUAL:
        words += "Each row gets its most probable class."
    else:
        words += f"The answer is {held.decision}."
    if _unbalanced(held):
        words = "The classes are of very different size, so look here first. " + words
    rest = len(held.task.classes) - len(rows)
    return joined(
        element("h3", "Class by class"),
        element("p.soft", words),
        search("classes", "Find a class") if len(rows) > 20 else None,
        element(
            "div", Grid(tuple(head), tuple(rows), "Class by class").html(), at={"id": "classes"}
        ),
        element("p.soft", f"and {plural(rest, 'rarer class', 'rarer classes')}") if rest else None,
    )


def _pairs(held: HeldOut, cells: NDArray[np.float64]) -> Markup | None:
    """List which classes are taken for which others most often."""
    wrong = cells.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    rows = []
    for i, j in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[i, j] > 0:
            share = percent(wrong[i, j] / cells[i].sum(), 1)
            pair = (name(held.task.classes[i], 40), name(held.task.classes[j], 40))
            rows.append((*pair, f"{round(wrong[i, j]):,}", share))
    if not rows:
        return None
    head = ("true class", "taken for", "rows", "of the class")
    return joined(
        element("h3", "Most frequent mistakes"),
        Grid(head, tuple(rows), "Most frequent mistakes", text=2).html(),
    )


def _thresholds(points: Operating, positive: str, chosen: float | None = None) -> Markup:
    """Say what comes of several thresholds, so that one can be chosen by its consequences."""
    best = int(np.argmax(points.f1))
    marks = {best: "best F1"}
    if chosen is not None:
        marks[points.at(chosen)] = "the model's"
    marks.setdefault(points.at(0.5), "the usual one half")
    for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5):
        near = int(np.argmin(np.abs(points.flagged - share)))
        apart = min(abs(points.flagged[near] - points.flagged[i]) for i in marks)
        if near > 0 and abs(points.flagged[near] - share) < share / 2 and apart > share / 4:
            marks[near] = ""
    order = sorted(marks)
    fixed = {"the usual one half": 0.5, "the model's": 0.5 if chosen is None else chosen}
    cuts = [fixed.get(marks[i], float(points.threshold[i])) for i in order]
    rows = []
    for i, cut in zip(order, told_apart(cuts), strict=True):
        rows.append(
            (
                joined(cut, element("small.soft", f" {marks[i]}") if marks[i] else None),
                percent(float(points.flagged[i]), 1),
                percent(float(points.precision[i]), 1) if i else DASH,
                percent(float(points.recall[i]), 1),
                number(float(points.f1[i]), 3),
            )
        )
    head = ("from this probability on", "rows flagged", "precision", "recall", "F1")
    words = (
        f"Call a row {shorten(positive, 40)} from a probability on that suits the cost of both "
        "mistakes; one half is rarely the best one. modelwright predict --threshold applies it."
    )
    return joined(
        element("h3", "Choose a threshold"),
        element("p.soft", unbroken(words)),
        Grid(head, tuple(rows), "Thresholds").html(),
    )
