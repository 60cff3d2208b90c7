"""Plots of predicted classes, each a function from answers and probabilities to a figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.evaluate.scores.classes import confusion
from modelwright.evaluate.scores.ordering import operating_points
from modelwright.pages import Figure, Grid, Markup, Plot, element, shorten
from modelwright.pages.numerals import number, percent, plural
from modelwright.pages.plot import fitted, text_mark, text_width
from modelwright.report.curves import calibration_bins, probabilities, thin

__all__ = [
    "calibration_figure",
    "confusion_figure",
    "precision_recall_figure",
    "roc_figure",
    "scores_figure",
]

_SHARES = [(k / 5, percent(k / 5)) for k in range(6)]
_UNIT = (0.0, 1.0)
Weight = NDArray[np.float64] | None


def roc_figure(y: ArrayLike, p: ArrayLike, weight: Weight = None) -> Figure:
    """Draw how many positives are found for how many false alarms (Fawcett 2006).

    Parameters
    ----------
    y : array_like, shape (n,)
        Class codes: 1 is positive.
    p : array_like, shape (n,) or (n, 2)
        The probability of a positive.
    weight : ndarray, shape (n,), optional
        How much each row counts.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When `y` and `p` do not fit together.

    Examples
    --------
    >>> roc_figure([0, 1, 0, 1], [0.1, 0.9, 0.6, 0.4]).description.split(":")[0]
    'Area under the curve 0.75'
    """
    codes, shares = probabilities(y, p)
    points = operating_points(codes == 1, shares[:, 1], weight)
    plot = Plot(_UNIT, _UNIT)
    plot.axes("false alarms among negatives", "positives found", x_ticks=_SHARES, y_ticks=_SHARES)
    plot.segment((0, 0), (1, 1), "reference")
    xs, ys = thin(points.false_alarms, points.recall)
    plot.area(xs, np.zeros(len(xs)), ys, "a")
    plot.line(xs, ys, "a")
    plot.note(f"area {points.area:.3f}", (0.96, 0.1), "strong.end")
    plot.note("guessing", (0.42, 0.35), "note")
    rows = []
    for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0):
        found = float(np.interp(share, points.false_alarms, points.recall))
        rows.append((percent(share), percent(found, 1)))
    return Figure(
        "ROC curve",
        f"Area under the curve {points.area:.3f}: 0.5 is guessing, 1 is perfect. It judges the "
        "ranking of the rows, not the level of the probabilities.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("false alarms", "positives found"), tuple(rows), "ROC curve"),
    )


def precision_recall_figure(y: ArrayLike, p: ArrayLike, weight: Weight = None) -> Figure:
    """Draw how many of those called positive are, for how many positives are found.

    Parameters and errors as for `roc_figure`.

    Examples
    --------
    >>> precision_recall_figure([0, 1, 0, 1], [0.1, 0.9, 0.6, 0.8]).description[:25]
    'Average precision 1.000; '
    """
    codes, shares = probabilities(y, p)
    points = operating_points(codes == 1, shares[:, 1], weight)
    share = float(np.average(codes == 1, weights=weight))
    plot = Plot(_UNIT, _UNIT)
    plot.axes("positives found (recall)", "precision", x_ticks=_SHARES, y_ticks=_SHARES)
    plot.segment((0, share), (1, share), "reference")
    xs, ys = thin(points.recall, points.precision)
    plot.area(xs, np.zeros(len(xs)), ys, "a")
    plot.line(xs, ys, "a")
    above = share < 0.9
    plot.note(f"guessing {share:.3f}", (0.02, share + (0.03 if above else -0.06)))
    # Beside the curve: below a high one, above a low one.
    late = float(np.interp(0.8, points.recall, points.precision))
    spot = (0.97, 0.06 if late > 0.5 else 0.92)
    plot.note(f"average precision {points.average_precision:.3f}", spot, "strong.end")
    rows = []
    for wanted in (0.1, 0.25, 0.5, 0.75, 0.9, 1.0):
        i = int(np.argmax(points.recall >= wanted - 1e-12))
        found = (percent(points.recall[i], 1), percent(points.precision[i], 1))
        rows.append((*found, number(points.threshold[i], 3)))
    return Figure(
        "Precision and recall",
        f"Average precision {points.average_precision:.3f}; calling rows positive at random gives "
        f"{share:.3f}, the share of positives.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("recall", "precision", "threshold"), tuple(rows), "Precision and recall"),
    )


def calibration_figure(y: ArrayLike, p: ArrayLike, weight: Weight = None) -> Figure:
    """Draw how often what was said came true.

    Of two classes: the positive one. Of more: the most probable class of each row.

    Parameters
    ----------
    y : array_like, shape (n,)
        Class codes.
    p : array_like, shape (n,) or (n, n_classes)
        Probabilities.
    weight : ndarray, shape (n,), optional
        How much each row counts.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When `y` and `p` do not fit together.

    Examples
    --------
    >>> calibration_figure([0, 1], [0.5, 0.5]).description[:37]
    'Predicted and observed shares are 0.0'
    """
    codes, shares = probabilities(y, p)
    several = shares.shape[1] > 2
    said = shares.max(axis=1) if several else shares[:, 1]
    true = codes == (shares.argmax(axis=1) if several else 1)
    bins = calibration_bins(true, said, weight)
    plot = Plot(_UNIT, _UNIT)
    plot.axes(
        "probability of the most probable class" if several else "predicted probability",
        "came true",
        x_ticks=_SHARES,
        y_ticks=_SHARES,
    )
    edges = np.floor(np.clip(bins.said * 10, 0, 9)) / 10
    plot.bars(edges, edges + 0.1, bins.rows / bins.rows.max() * 0.18, "ground")
    plot.segment((0, 0), (1, 1), "reference")
    for x, low, high in zip(bins.said, bins.low, bins.high, strict=True):
        plot.segment((x, low), (x, high), "a.whisker")
    plot.line(bins.said, bins.came, "a")
    plot.dots(bins.said, bins.came, "a", np.full(len(bins.said), 4.0))
    rows = tuple(
        (percent(s, 1), percent(c, 1), f"{percent(a)} to {percent(b)}", f"{n:,}")
        for s, c, a, b, n in zip(
            bins.said, bins.came, bins.low, bins.high, bins.rows.tolist(), strict=True
        )
    )
    return Figure(
        "Calibration",
        f"Predicted and observed shares are {bins.error * 100:.1f} percentage points apart on "
        "average. Points on the dashed line keep their word; whiskers: 95 % intervals; grey bars: "
        "how many rows.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("predicted", "came true", "95 % interval", "rows"), rows, "Calibration"),
    )


def scores_figure(
    y: ArrayLike, p: ArrayLike, labels: Sequence[str] = ("0", "1"), weight: Weight = None
) -> Figure:
    """Draw how probabilities are spread among positives (up) and negatives (down).

    Parameters
    ----------
    y : array_like, shape (n,)
        Class codes: 1 is positive.
    p : array_like, shape (n,) or (n, 2)
        The probability of a positive.
    labels : sequence of str
        The names of the negative and the positive class.
    weight : ndarray, shape (n,), optional
        How much each row counts.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When `y` and `p` do not fit together.

    Examples
    --------
    >>> scores_figure([0, 1], [0.2, 0.9]).title
    'Probabilities by true class'
    """
    codes, shares = probabilities(y, p)
    edges = np.linspace(0, 1, 26)
    heights = []
    for code in (0, 1):
        mine = codes == code
        counts, _ = np.histogram(
            shares[mine, 1], edges, weights=None if weight is None else weight[mine]
        )
        heights.append(counts / max(counts.sum(), 1e-12))
    most = max(float(max(h.max() for h in heights)), 1e-12) * 1.15
    plot = Plot(_UNIT, (-most, most))
    ticks = [value for value, _ in Plot((0, 1), (0, most)).y.ticks(3)]
    both = sorted({sign * value for value in ticks for sign in (-1, 1)})
    plot.axes(
        "predicted probability",
        "share of the class",
        x_ticks=_SHARES,
        y_ticks=[(value, percent(abs(value))) for value in both],
    )
    plot.bars(edges[:-1], edges[1:], heights[1], "a")
    plot.bars(edges[:-1], edges[1:], -heights[0], "m")
    plot.segment((0, 0), (1, 0), "axis")
    names = [fitted(labels[code], 200) for code in (0, 1)]
    plot.write(f"{names[1]} ↑", plot.right, plot.top + 10, "strong.end.a")
    plot.write(f"{names[0]} ↓", plot.right, plot.bottom - 8, "strong.end")
    rows = tuple(
        (f"{percent(edges[i])} to {percent(edges[i + 5])}", *_pair(heights, i))
        for i in range(0, 25, 5)
    )
    return Figure(
        "Probabilities by true class",
        f"The further apart {names[1]} (up) and {names[0]} (down), the easier they are told apart.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("probability", *reversed(names)), rows, "Probabilities by true class"),
    )


def _pair(heights: Sequence[NDArray[np.float64]], i: int) -> tuple[str, str]:
    return (percent(heights[1][i : i + 5].sum(), 1), percent(heights[0][i : i + 5].sum(), 1))


def confusion_figure(
    y: ArrayLike, p: ArrayLike, labels: Sequence[str] = (), weight: Weight = None
) -> Figure:
    """Draw which class is taken for which.

    Parameters
    ----------
    y : array_like, shape (n,)
        Class codes.
    p : array_like, shape (n,) or (n, n_classes)
        Probabilities: the most probable class is the answer; or 1 for the answer and 0 for others.
    labels : sequence of str
        The names of the classes; their codes when left out.
    weight : ndarray, shape (n,), optional
        How much each row counts.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When `y` and `p` do not fit together.

    Examples
    --------
    >>> confusion_figure([0, 1, 1], [0.2, 0.9, 0.3], ["no", "yes"]).description[:24]
    'The answer is right in 6'
    """
    codes, shares = probabilities(y, p)
    cells = confusion(codes, shares.argmax(axis=1), shares.shape[1], weight)
    names = [str(label) for label in labels] or [str(k) for k in range(len(cells))]
    right = float(np.trace(cells) / cells.sum())
    drawing, width, height = _cells(cells, names)
    told = _told(cells, names)
    return Figure(
        "Confusion matrix",
        f"The answer is right in {percent(right, 1)} of rows. Each line is a true class, each "
        "column an answer; colours are shares of the line.",
        drawing,
        width,
        height,
        told,
    )


def _told(cells: NDArray[np.float64], names: Sequence[str]) -> Grid:
    """List the largest cells."""
    total = cells.sum(axis=1)
    order = np.argsort(-cells, axis=None, kind="stable")[:60]
    rows = []
    for i, j in zip(*np.unravel_index(order, cells.shape), strict=True):
        if cells[i, j] > 0:
            share = percent(cells[i, j] / total[i], 1)
            rows.append(
                (shorten(names[i], 60), shorten(names[j], 60), f"{round(cells[i, j]):,}", share)
            )
    head = ("true class", "answer", "rows", "share of the true class")
    return Grid(head, tuple(rows), "Confusion matrix", text=2)


def _cells(cells: NDArray[np.float64], names: Sequence[str]) -> tuple[Markup, int, int]:
    k = len(cells)
    legible = k <= 12
    short = [fitted(name, 118) for name in names]
    left = 18 + (max(text_width(name, 14) for name in short) + 8 if legible else 0)
    width, top = 460, 44 if legible else 24
    side = min((width - left - 4) / k, 92)
    shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1e-12)
    marks = [
        text_mark("answer →", left, 12, "title"),
        text_mark("true ↓", 2, 12 if left > 60 else top - 4, "title"),
    ]
    for i in range(k):
        if legible:
            marks.append(text_mark(short[i], left - 7, top + (i + 0.5) * side + 4, "end"))
            head = fitted(names[i], side - 2)
            marks.append(text_mark(head, left + (i + 0.5) * side, top - 7, "middle"))
        for j in range(k):
            if not legible and cells[i, j] == 0:
                continue
            x, y = left + j * side, top + i * side
            step = min(int(shares[i, j] * 8), 7)
            tip = (
                f"{shorten(names[i], 60)} taken for {shorten(names[j], 60)}: "
                f"{plural(round(cells[i, j]), 'row')}, {percent(shares[i, j], 1)}"
            )
            gap = 1.0 if legible else 0.2
            at = {"x": x + gap / 2, "y": y + gap / 2, "width": side - gap, "height": side - gap}
            marks.append(element(f"rect.cell.s{step}", element("title", tip), at=at))
            if legible:
                marks += _inside(cells[i, j], shares[i, j], (x + side / 2, y + side / 2), side)
    height = top + k * side + 6
    if not legible:
        at = {"x": left, "y": float(top), "width": k * side, "height": k * side}
        marks.append(element("rect.axis", at={**at, "fill": "none"}))
    return Markup("".join(marks)), width, round(height)


def _inside(count: float, share: float, centre: tuple[float, float], side: float) -> list[Markup]:
    light = ".on" if share >= 0.75 else ""
    x, y = centre
    if side < 36:
        return [text_mark(f"{round(count):,}", x, y + 4, f"middle.small{light}")]
    return [
        text_mark(f"{round(count):,}", x, y, f"middle{light or '.strong'}"),
        text_mark(percent(share), x, y + 15, f"middle.small{light}"),
    ]
