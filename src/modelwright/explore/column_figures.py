"""Plots of columns, each a function that gives a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.core.schema import Kind
from modelwright.explore.boxes import Box, boxes_of
from modelwright.explore.columns import SHARES, ColumnProfile, Numbers
from modelwright.explore.gathering import Moments
from modelwright.explore.summing_up import bar_edges, outliers_of
from modelwright.pages import Figure, Grid, Plot, element, shorten
from modelwright.pages.numerals import compact, date, number, percent, plural
from modelwright.pages.plot import fitted
from modelwright.pages.scales import LINEAR, LOG, TIME
from modelwright.stats.quantile_sketch import QuantileSketch

__all__ = [
    "balance_figure",
    "box_figure",
    "column_figure",
    "distribution_figure",
    "lying_bars",
    "numbers_from",
    "short",
]

Floats = NDArray[np.float64]

_SIZE = (460, 250)
_LEVELS = 10
_QUARTERS = tuple(SHARES.index(share) for share in (0.25, 0.5, 0.75))


def numbers_from(values: ArrayLike) -> Numbers:
    """Sum up numbers that are all in memory.

    Raises
    ------
    DataError
        When none is finite.
    """
    given = np.asarray(values, np.float64).ravel()
    given = given[np.isfinite(given)]
    if not len(given):
        raise DataError("finite numbers to draw", "none")
    sketch, moments = QuantileSketch(max(len(given), 1)), Moments()
    sketch.add(given)
    moments.add(given)
    whole = bool((given == np.floor(given)).all())
    edges = bar_edges(sketch, whole=whole)
    return Numbers(
        moments.mean,
        moments.deviation,
        moments.skew,
        moments.kurtosis,
        tuple(sketch.quantiles(SHARES).tolist()),
        tuple(edges.tolist()),
        tuple(sketch.histogram(edges).tolist()),
        int((given == 0).sum()),
        int((given < 0).sum()),
        whole,
        outliers_of(sketch),
        exact=True,
    )


def distribution_figure(
    values: ArrayLike | Numbers, name: str = "", *, time: bool = False
) -> Figure:
    """Draw how numbers are spread: bars, and above them a box whose bar is the median.

    Parameters
    ----------
    values : array_like of float, shape (n,), or Numbers
        What is not finite is left out.
    name : str
        What they are.
    time : bool
        Whether they are dates, in seconds since 1970.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When there is nothing to draw.

    Examples
    --------
    >>> distribution_figure([1.0, 2.0, 2.0, 9.0], "age").description
    'Half of the values lie between 1.75 and 3.75; the median is 2.'
    """
    numbers = values if isinstance(values, Numbers) else numbers_from(values)
    edges, counts = np.array(numbers.edges), np.array(numbers.counts)
    low, high = float(edges[0]), float(edges[-1])
    top = max(float(counts.max(initial=0.0)), 1.0)
    kind = TIME if time else LINEAR
    plot = Plot((low, high, kind), (0.0, top * 1.28), size=_SIZE)
    ticks = [tick for tick in Plot((0, 1), (0, top)).y.ticks(3) if tick[0] <= top * 1.02]
    plot.axes(shorten(name, 40), "rows", y_ticks=ticks)
    plot.bars(edges[:-1], edges[1:], counts, "a.faint" if time else "a")
    lower, middle, upper = (numbers.quantiles[i] for i in _QUARTERS)
    _box(plot, numbers, top)
    shown = [_value(v, time) for v in (lower, upper, middle)]
    return Figure(
        shorten(name, 60) or "Distribution",
        f"Half of the values lie between {shown[0]} and {shown[1]}; the median is {shown[2]}."
        f"{_outside(numbers)}",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(
            ("share of rows below", "value"),
            tuple(
                (percent(s), _value(q, time))
                for s, q in zip(SHARES, numbers.quantiles, strict=True)
            ),
            "Quantiles",
        ),
    )


def _value(value: float, time: bool) -> str:
    return date(value) if time else number(value)


def _outside(numbers: Numbers) -> str:
    """Say when the bars leave out the outermost values."""
    least, most = numbers.quantiles[0], numbers.quantiles[-1]
    if least >= numbers.edges[0] and most <= numbers.edges[-1]:
        return ""
    return " The outermost 1 % is not drawn."


def _box(plot: Plot, numbers: Numbers, top: float) -> None:
    """Draw a lying box above the bars."""
    lower, middle, upper = (numbers.quantiles[i] for i in _QUARTERS)
    low, high = numbers.outliers.low, numbers.outliers.high
    ends = max(low, numbers.quantiles[0]), min(high, numbers.quantiles[-1])
    line = top * 1.17
    plot.segment((ends[0], line), (ends[1], line), "m.whisker")
    plot.bars([lower], [upper], [top * 1.24], "m", base=top * 1.1)
    plot.segment((middle, top * 1.08), (middle, top * 1.26), "median")


def lying_bars(
    lines: Sequence[tuple[str, float, str, str]], most: float, title: str, right: float = 16.0
) -> Plot:
    """Draw bars that lie below each other: for each a label, its length, its colour, a note."""
    plot = Plot(
        (0.0, most),
        (len(lines), 0),
        size=(460, 26 * len(lines) + 66),
        margins=(150, 14, right, 42),
    )
    plot.axes(title, "", y_ticks=())
    for i, (label, length, letter, note) in enumerate(lines):
        spot = plot.y.place(i + 0.5)
        plot.write(fitted(label, 136), 142, spot + 4, "end")
        plot.bars([0.0], [length], [i + 0.15], letter, base=i + 0.85)
        plot.write(note, plot.x.place(length) + 6, spot + 4, "note")
    return plot


def balance_figure(
    counts: Sequence[tuple[str, int]], name: str = "", *, rest: int = 0, total: int | None = None
) -> Figure:
    """Draw how many rows each label has.

    Parameters
    ----------
    counts : sequence of (str, int)
        Labels and rows; the first ten are drawn.
    name : str
        The column.
    rest : int
        How many other labels there are.
    total : int, optional
        All rows that have a label; None: those of `counts`.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When there is nothing to draw.

    Examples
    --------
    >>> balance_figure([("no", 90), ("yes", 10)], "sold").description.replace(chr(160), " ")
    "'no' has 90 % of the rows, 'yes' 10 %."
    """
    whole = sum(count for _, count in counts) if total is None else total
    if not counts or whole <= 0:
        raise DataError("labels to draw", "none")
    shown = counts[:_LEVELS]
    more = len(counts) - len(shown) + rest
    most = max(count for _, count in shown)
    lines = [(label, float(count), "a", percent(count / whole)) for label, count in shown]
    plot = lying_bars(lines, most * 1.22, "rows")
    names = [shorten(label, 40) for label, _ in shown]
    told = f"{names[0]!r} has {percent(shown[0][1] / whole)} of the rows"
    if len(shown) > 1:
        told += f", {names[-1]!r} {percent(shown[-1][1] / whole)}"
    rows = tuple((shorten(n, 80), f"{c:,}", percent(c / whole, 1)) for n, c in counts[:40])
    return Figure(
        shorten(name, 60) or "Labels",
        f"{told}{_more(more)}.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("value", "rows", "share"), rows, "Labels and their rows"),
    )


def column_figure(column: ColumnProfile) -> Figure | None:
    """Draw a column of any kind; None when there is nothing to draw."""
    if column.numbers is not None:
        return distribution_figure(column.numbers, column.name, time=column.kind == Kind.DATETIME)
    if column.top and column.top[0][1] > 1:
        rest = max(column.distinct - len(column.top), 0)
        return balance_figure(column.top, column.name, rest=rest, total=column.present)
    return None


def box_figure(
    values: ArrayLike | Sequence[Box],
    groups: Sequence[str] | None = None,
    *,
    name: str = "",
    by: str = "",
) -> Figure:
    """Draw numbers by group as boxes (Tukey 1977): the bar in each box is the median.

    Parameters
    ----------
    values : array_like of float, shape (n,), or sequence of Box
        NaN where there is no value.
    groups : sequence of str, length n, optional
        The group of each; None: all are one.
    name, by : str
        What the numbers and the groups are.

    Returns
    -------
    Figure
        The largest twelve groups. A box goes from the first to the third quartile; its whiskers
        end at the last values within 1.5 times its length; dots lie beyond.

    Raises
    ------
    DataError
        When there is nothing to draw.

    Examples
    --------
    >>> box_figure([1.0, 2.0, 3.0, 9.0], ["a", "a", "b", "b"], name="age").description[:42]
    'The median is lowest in a (1.5) and highes'
    """
    boxes = _boxes(values, groups)
    if not boxes:
        raise DataError("numbers in groups to draw", "none")
    plot = Plot(
        _reach(boxes),
        (len(boxes), 0),
        size=(460, 30 * len(boxes) + 66),
        margins=(124, 14, 14, 42),
    )
    plot.axes(shorten(name, 40), "", y_ticks=())
    for i, box in enumerate(boxes):
        spot = plot.y.place(i + 0.5)
        plot.write(fitted(box.name, 112), 116, spot + 4, "end")
        plot.segment((box.low, i + 0.5), (box.high, i + 0.5), "a.whisker")
        plot.bars([box.lower], [box.upper], [i + 0.18], "a.faint", base=i + 0.82)
        plot.segment((box.median, i + 0.14), (box.median, i + 0.86), "median")
        if box.shown:
            plot.dots(box.shown, np.full(len(box.shown), i + 0.5), "m", 1.8)
    return Figure(
        f"{shorten(name, 40)} by {shorten(by, 40)}" if by else shorten(name, 60) or "Boxes",
        _told(boxes, plot),
        plot.drawing(),
        plot.width,
        plot.height,
        _box_grid(boxes, by),
    )


def _boxes(values: ArrayLike | Sequence[Box], groups: Sequence[str] | None) -> tuple[Box, ...]:
    if isinstance(values, Sequence) and values and isinstance(values[0], Box):
        return tuple(box for box in values if isinstance(box, Box))
    numbers = np.asarray(values, np.float64).ravel()
    return boxes_of(numbers, ["all"] * len(numbers) if groups is None else groups)


def _reach(boxes: Sequence[Box]) -> tuple[float, float, str]:
    """Choose an axis that whiskers fill; logarithmic where boxes differ by orders of magnitude."""
    lows, highs = [box.low for box in boxes], [box.high for box in boxes]
    low, high = min(lows), max(highs)
    least = min([low, *(value for box in boxes for value in box.shown)])
    middle = float(np.median([box.median for box in boxes]))
    if least > 0 and high > 20 * middle:
        return low / 1.5, high * 2, LOG
    pad = (high / 2 - low / 2) * 0.3
    return low - pad, high + pad, LINEAR


def _told(boxes: Sequence[Box], plot: Plot) -> str:
    ordered = sorted(boxes, key=lambda box: box.median)
    first, last = ordered[0], ordered[-1]
    told = f"The median is {number(first.median)}."
    if len(boxes) > 1 and first.median == last.median:
        told = f"The median is {number(first.median)} in each group."
    elif len(boxes) > 1:
        told = (
            f"The median is lowest in {shorten(first.name, 40)} ({number(first.median)}) and "
            f"highest in {shorten(last.name, 40)} ({number(last.median)})."
        )
    beyond = sum(not plot.x.low <= v <= plot.x.high for box in boxes for v in box.shown)
    told += " The bar in each box is the median; dots lie beyond the whiskers."
    return told + (" Those at the border lie further out." if beyond else "")


def _box_grid(boxes: Sequence[Box], by: str) -> Grid:
    rows = tuple(
        (
            element("bdi", shorten(box.name, 60)),
            f"{box.rows:,}",
            *(number(v) for v in (box.low, box.lower, box.median, box.upper, box.high)),
            f"{box.beyond:,}",
        )
        for box in boxes
    )
    head = ("rows", "whisker", "first quartile", "median", "third quartile", "whisker", "beyond")
    return Grid((shorten(by, 40) or "group", *head), rows, "Boxes")


def short(value: float) -> str:
    """Write a number for a cell of a heat map.

    Examples
    --------
    >>> short(0.5), short(12345.6)
    ('.50', '12.3k')
    """
    if abs(value) <= 1:
        return f"{value:.2f}".replace("0.", ".", 1).replace("-", "\N{MINUS SIGN}")
    if abs(value) >= 1e15:
        return f"{value:.0e}".replace("e+", "e").replace("-", "\N{MINUS SIGN}")
    size = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return compact(round(value / size) * size)


def _more(count: int) -> str:
    return f"; {plural(count, 'other value')} not drawn" if count > 0 else ""
