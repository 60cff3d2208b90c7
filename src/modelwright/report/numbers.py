"""Plots of predicted numbers, each a function from answers and predictions to a figure."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.pages import Figure, Grid, Plot, element
from modelwright.pages.numerals import MINUS, number, percent, plural
from modelwright.pages.scales import LINEAR, LOG
from modelwright.report.curves import quantile

__all__ = [
    "error_by_prediction_figure",
    "predicted_actual_figure",
    "residual_distribution_figure",
    "residuals_figure",
]

Array = NDArray[np.float64]
# More points than this are counted in hexagons instead of drawn one by one.
POINTS = 1_500
_MISSED = f"predicted {MINUS} true"
_SIZE = (460, 380)
_MARGINS = (54.0, 26.0, 14.0, 42.0)
_BOX = (0.1, 0.25, 0.5, 0.75, 0.9)
_LEVELS = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)


def _numbers(y: ArrayLike, p: ArrayLike) -> tuple[Array, Array]:
    answers, predictions = np.asarray(y, np.float64), np.asarray(p, np.float64)
    if predictions.ndim == 2 and predictions.shape[1] == 1:
        predictions = predictions[:, 0]
    if answers.shape != predictions.shape or answers.ndim != 1 or not len(answers):
        got = f"shapes {np.shape(y)} and {np.shape(p)}"
        raise DataError("one prediction for each answer, and at least one", got)
    if not (np.isfinite(answers).all() and np.isfinite(predictions).all()):
        raise DataError("finite answers and predictions", "some that are not")
    return answers, predictions


def _range(values: Array, symmetric: bool = False) -> tuple[float, float]:
    """Leave out what lies so far outside that it would squeeze everything else."""
    low, high = (float(v) for v in np.quantile(values, [0.005, 0.995]))
    least, most = float(values.min()), float(values.max())
    if most / 2 - least / 2 <= 2 * (high / 2 - low / 2):
        low, high = least, most
    if symmetric:
        high = max(abs(low), abs(high))
        low = -high
    pad = (high / 2 - low / 2) * 0.08
    return low - pad, high + pad


def _axis(values: Array) -> tuple[float, float, str]:
    """Choose range and kind of the axis that answers and predictions share."""
    if values.min() > 0:
        low, middle, high = np.quantile(values, [0.01, 0.5, 0.99])
        if high > 20 * middle and middle > 0:
            return float(low / 1.5), float(values.max() * 1.2), LOG
    return (*_range(values), LINEAR)


def _outside(xs: Array, ys: Array, plot: Plot) -> str:
    out = (xs < plot.x.low) | (xs > plot.x.high) | (ys < plot.y.low) | (ys > plot.y.high)
    count = int(out.sum())
    stands = "stands" if count == 1 else "stand"
    return f" {plural(count, 'row')} beyond the border {stands} at it." if count else ""


def _cloud(plot: Plot, xs: Array, ys: Array, radius: float = 7.0) -> str:
    """Draw points, or hexagons where there are many; say which."""
    if len(xs) <= POINTS:
        plot.dots(xs, ys, "a", 2.6 if len(xs) <= 400 else 2.0)
        return "Each point is a row."
    across, down = plot.x.places(xs), plot.y.places(ys)
    high = radius * np.sqrt(3)
    # The nearer of two interleaved rectangular grids is the hexagon (Carr et al. 1987).
    grids = []
    for shift in (0.0, 0.5):
        i = np.round(across / (3 * radius) - shift)
        j = np.round(down / high - shift)
        centre = ((i + shift) * 3 * radius, (j + shift) * high)
        grids.append((centre, (across - centre[0]) ** 2 + (down - centre[1]) ** 2))
    nearer = grids[0][1] <= grids[1][1]
    cx = np.where(nearer, grids[0][0][0], grids[1][0][0])
    cy = np.where(nearer, grids[0][0][1], grids[1][0][1])
    centres, counts = np.unique(np.column_stack([cx, cy]), axis=0, return_counts=True)
    steps = np.minimum(np.log(counts) / np.log(max(counts.max(), 2)) * 7 + 0.6, 7).astype(int)
    corners = [(radius * np.cos(a), radius * np.sin(a)) for a in np.arange(6) * np.pi / 3]
    outline = "l".join(
        f"{corners[k][0] - corners[k - 1][0]:.1f} {corners[k][1] - corners[k - 1][1]:.1f}"
        for k in range(1, 6)
    )
    for step in range(8):
        mine = centres[steps == step]
        path = "".join(f"M{x + radius:.1f} {y:.1f}l{outline}z" for x, y in mine.tolist())
        if path:
            plot.add(element(f"path.cell.h{step}", at={"d": path}))
    return f"The stronger the colour, the more of the {len(xs):,} rows lie there (log scale)."


def predicted_actual_figure(y: ArrayLike, p: ArrayLike, weight: Array | None = None) -> Figure:
    """Draw predictions against answers.

    Parameters
    ----------
    y : array_like, shape (n,)
        The true numbers.
    p : array_like, shape (n,) or (n, 1)
        The predictions.
    weight : ndarray, shape (n,), optional
        How much each row counts in the means of the table.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When `y` and `p` do not fit together.

    Examples
    --------
    >>> predicted_actual_figure([1.0, 2.0, 3.0], [1.1, 1.9, 3.0]).description[-20:]
    'Each point is a row.'
    """
    answers, predictions = _numbers(y, p)
    axis = _axis(np.concatenate([answers, predictions]))
    plot = Plot(axis, axis, size=_SIZE, margins=_MARGINS)
    plot.axes("predicted", "true")
    said = _cloud(plot, predictions, answers)
    plot.segment((plot.x.low, plot.y.low), (plot.x.high, plot.y.high), "reference")
    said += _outside(predictions, answers, plot)
    if plot.x.kind == LOG:
        said += " Both axes are logarithmic."
    groups = _groups(answers, predictions, weight)
    rows = tuple((number(g[0]), number(g[1]), f"{g[4]:,}") for g in groups)
    return Figure(
        "Predicted against true",
        f"On the dashed line a prediction is exact. {said}",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("mean prediction", "mean answer", "rows"), rows, "Predicted against true", text=0),
    )


def residuals_figure(y: ArrayLike, p: ArrayLike, weight: Array | None = None) -> Figure:
    """Draw errors against predictions.

    Parameters and errors as for `predicted_actual_figure`.

    Examples
    --------
    >>> residuals_figure([1.0, 2.0], [1.5, 2.0]).title
    'Errors against predictions'
    """
    answers, predictions = _numbers(y, p)
    missed = predictions - answers
    low, high, kind = _axis(predictions)
    plot = Plot((low, high, kind), _range(missed, symmetric=True), size=_SIZE, margins=_MARGINS)
    plot.axes("predicted", _MISSED)
    said = _cloud(plot, predictions, missed)
    plot.segment((plot.x.low, 0), (plot.x.high, 0), "reference")
    groups = _groups(answers, predictions, weight)
    if len(groups) >= 4:
        for classes in ("halo", "mean"):
            plot.line([g[0] for g in groups], [g[2] for g in groups], classes)
    said += _outside(predictions, missed, plot)
    rows = tuple((number(g[0]), number(g[2]), number(g[3]), f"{g[4]:,}") for g in groups)
    head = ("mean prediction", "mean error", "mean absolute error", "rows")
    return Figure(
        "Errors against predictions",
        f"The orange line is the mean error of a tenth of the {_whole(weight)}; where it leaves "
        f"zero, predictions are off in one direction. {said}",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(head, rows, "Errors against predictions", text=0),
    )


def residual_distribution_figure(y: ArrayLike, p: ArrayLike, weight: Array | None = None) -> Figure:
    """Draw how large errors are, and how often.

    Parameters
    ----------
    y : array_like, shape (n,)
        The true numbers.
    p : array_like, shape (n,) or (n, 1)
        The predictions.
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
    >>> residual_distribution_figure([1.0, 2.0], [1.5, 2.5]).title
    'How large errors are'
    """
    answers, predictions = _numbers(y, p)
    missed = predictions - answers
    low, high = _range(missed, symmetric=True)
    bins = int(np.clip(np.sqrt(len(missed)) * 1.5, 11, 41)) | 1  # odd: one bar stands on zero
    edges = np.linspace(low, high, bins + 1)
    counts, _ = np.histogram(np.clip(missed, low, high), edges, weights=weight)
    shares = counts / counts.sum()
    half, most = (float(v) for v in quantile(np.abs(missed), [0.5, 0.9], weight))
    plot = Plot((low, high), (0, float(shares.max()) * 1.12))
    ticks = [(value, percent(value, 1)) for value, _ in plot.y.ticks(4)]
    plot.axes(_MISSED, "share of rows", y_ticks=ticks)
    centres = (edges[:-1] + edges[1:]) / 2
    inner = np.abs(centres) <= half
    plot.bars(edges[:-1][~inner], edges[1:][~inner], shares[~inner], "a.faint")
    plot.bars(edges[:-1][inner], edges[1:][inner], shares[inner], "a")
    for place in (-most, most):
        plot.segment((place, 0), (place, plot.y.high), "reference")
    side, shift = ("note.end", -6) if most > high * 0.8 else ("note", 6)
    plot.write("9 in 10", plot.x.place(most) + shift, plot.top + 10, side)
    said = quantile(missed, _LEVELS, weight)
    rows = tuple((percent(s), number(v)) for s, v in zip(_LEVELS, said.tolist(), strict=True))
    return Figure(
        "How large errors are",
        f"Half of the predictions are within {number(half, 3)} of the truth (dark bars), nine in "
        f"ten within {number(most, 3)} (dashed lines).{_outside(missed, missed * 0, plot)}",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("share of rows below", "error"), rows, "Distribution of errors"),
    )


def _groups(
    answers: Array, predictions: Array, weight: Array | None
) -> list[tuple[float, float, float, float, int]]:
    """Give mean prediction, answer, error, absolute error and rows, by tenths of the prediction."""
    missed, groups = predictions - answers, []
    for rows in _tenths(predictions, weight):
        mass = None if weight is None else weight[rows]
        said, true, off = (
            float(np.average(part[rows], weights=mass))
            for part in (predictions, answers, np.abs(missed))
        )
        groups.append((said, true, said - true, off, len(rows)))
    return groups


def _tenths(predictions: Array, weight: Array | None) -> list[NDArray[np.int64]]:
    """Part rows that count into ten of equal weight by their prediction; fewer of few rows."""
    order = np.argsort(predictions, kind="stable")
    if weight is None:
        return np.array_split(order, _parts(len(order)))
    order = order[weight[order] > 0]
    mass, parts = weight[order], _parts(len(order))
    place = np.floor((np.cumsum(mass) - mass / 2) / mass.sum() * parts)
    return np.split(order, np.flatnonzero(np.diff(place)) + 1)


def _parts(rows: int) -> int:
    return min(10, max(1, rows // 5))


def _whole(weight: Array | None) -> str:
    return "rows" if weight is None else "weight"


def error_by_prediction_figure(y: ArrayLike, p: ArrayLike, weight: Array | None = None) -> Figure:
    """Draw how large errors are for small and for large predictions.

    Parameters and errors as for `predicted_actual_figure`.

    Examples
    --------
    >>> error_by_prediction_figure([1.0, 2.0], [1.5, 2.0]).title
    'Where predictions are better and worse'
    """
    answers, predictions = _numbers(y, p)
    missed = np.abs(predictions - answers)
    parts = _tenths(predictions, weight)
    boxes = [
        quantile(missed[rows], _BOX, None if weight is None else weight[rows]) for rows in parts
    ]
    spans = [(float(predictions[rows].min()), float(predictions[rows].max())) for rows in parts]
    top = float(max(box[4] for box in boxes))
    plot = Plot((0, len(parts)), (0, top * 1.06))
    ends = [span[0] for span in spans] + [spans[-1][1]]
    marked = range(0, len(ends), 2 if len(ends) > 6 else 1)
    plot.axes(
        f"predicted: tenths of the {_whole(weight)}" if len(parts) == 10 else "predicted",
        "absolute error",
        x_ticks=[(k, number(ends[k], 3)) for k in marked],
    )
    for i, box in enumerate(boxes):
        _box(plot, i + 0.5, box)
    rows = tuple(
        (f"{number(span[0])} to {number(span[1])}", *map(number, box[[0, 2, 4]]), f"{len(part):,}")
        for span, box, part in zip(spans, boxes, parts, strict=True)
    )
    head = ("predicted", "10 % below", "half below", "90 % below", "rows")
    return Figure(
        "Where predictions are better and worse",
        "Absolute errors by the size of the prediction. Line: median; box: the middle half; "
        "whiskers: 10 % to 90 %.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(head, rows, "Errors by size of the prediction"),
    )


def _box(plot: Plot, x: float, box: Array) -> None:
    plot.segment((x, box[0]), (x, box[4]), "m.whisker")
    plot.bars([x - 0.28], [x + 0.28], [box[3]], "a.faint", base=float(box[1]))
    left, right = plot.x.place(x - 0.28), plot.x.place(x + 0.28)
    middle = plot.y.place(float(box[2]))
    at = {"x1": left, "x2": right, "y1": middle, "y2": middle}
    plot.add(element("line.a.whisker", at=at))
