"""Plots of a whole table: what is missing together, what goes with the answer, what has changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from modelwright.core.errors import DataError
from modelwright.explore.associations import Association
from modelwright.explore.column_figures import lying_bars, numbers_from
from modelwright.explore.columns import ColumnProfile
from modelwright.explore.patterns import Missingness
from modelwright.pages import Figure, Grid, Plot, element, joined, shorten
from modelwright.pages.numerals import compact, date, percent, plural
from modelwright.pages.plot import fitted, text_mark
from modelwright.pages.scales import LINEAR, TIME

__all__ = ["comparison_figure", "missing_figure", "strength_figure"]

_DATES = (pl.Date, pl.Datetime)

_COLUMNS, _PATTERNS = 18, 18
_NAMED = 14
_LEVELS = 10
_ALL = "every column filled"


def missing_figure(missing: Missingness, columns: Sequence[ColumnProfile]) -> Figure:
    """Draw which columns are missing together: one upright line of cells for each pattern.

    Parameters
    ----------
    missing : Missingness
        Of a profile.
    columns : sequence of ColumnProfile
        Its columns.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When nothing is missing.
    """
    gaps = sorted((c for c in columns if c.missing), key=lambda c: -c.missing)
    if not gaps:
        raise DataError("missing values to draw", "none")
    shown = gaps[:_COLUMNS]
    patterns = missing.patterns[:_PATTERNS]
    rows = shown[0].rows
    side, left, top = 20.0, 190.0, 78.0
    place = {column.name: i for i, column in enumerate(shown)}
    marks = [
        text_mark("rows", left - 8, top - 32, "tick.end"),
        text_mark("missing", left - 8, top - 8, "tick.end"),
    ]
    most = max(pattern.rows for pattern in patterns)
    cells: list[str] = []
    empty: list[str] = []
    for p, pattern in enumerate(patterns):
        x = left + p * side
        high = max(pattern.rows / most * 44, 1.0)
        at = {"x": x + 3, "y": top - 6 - high, "width": side - 6, "height": high}
        tip = f"{plural(pattern.rows, 'row')}: {_pattern(pattern.columns)}"
        marks.append(element("rect.bar.m", element("title", tip), at=at))
        for name, i in place.items():
            spot = f"M{x + 3:.0f} {top + i * side + 3:.0f}h14v14h-14z"
            (cells if name in pattern.columns else empty).append(spot)
    marks.append(element("path.bar.ground", at={"d": "".join(empty)}))
    marks.append(element("path.bar.b", at={"d": "".join(cells)}))
    for i, column in enumerate(shown):
        down = top + i * side + 14
        marks.append(text_mark(fitted(column.name, 132, 12.0), left - 52, down, "end"))
        marks.append(text_mark(percent(column.missing_share), left - 8, down, "tick.end"))
    drawn = sum(pattern.rows for pattern in patterns)
    width = round(max(left + len(patterns) * side + 6, 330))
    grid_rows = tuple(
        (
            shorten(_pattern(pattern.columns), 160),
            f"{pattern.rows:,}",
            percent(pattern.rows / rows, 1),
        )
        for pattern in missing.patterns
    )
    return Figure(
        "What is missing together",
        f"Each upright line is a pattern: an orange cell says that the column is missing. The bar "
        f"above is its number of rows, {most:,} at most. Drawn: {percent(drawn / rows)} of "
        f"the rows, {len(shown)} of {plural(len(gaps), 'column')} with gaps.",
        joined(marks),
        width,
        round(top + len(shown) * side + 8),
        Grid(("missing together", "rows", "share"), grid_rows, "Patterns of missing values"),
    )


def _pattern(columns: Sequence[str]) -> str:
    if not columns:
        return _ALL
    shown = ", ".join(shorten(name, 40) for name in columns[:_NAMED])
    return shown + (f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else "")


def strength_figure(associations: Sequence[Association], target: str, most: int = 16) -> Figure:
    """Draw which columns say most of the answer.

    Parameters
    ----------
    associations : sequence of Association
        With the column to predict, the strongest first.
    target : str
        The column to predict.
    most : int
        How many are drawn.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When there is nothing to draw.

    Examples
    --------
    >>> one = Association("age", "sold", 0.5, float("nan"), "correlation ratio", 100)
    >>> strength_figure([one], "sold").data.rows
    (('age', 'correlation ratio', '0.50', '100'),)
    """
    if not associations:
        raise DataError("columns to compare with the answer", "none")
    shown = associations[:most]
    names = [one.left if one.right == target else one.right for one in associations]
    lines = [
        (name, one.strength, "b" if one.signed < 0 else "a", f"{one.strength:.2f}")
        for name, one in zip(names, shown, strict=False)
    ]
    plot = lying_bars(lines, 1.0, f"how much it says of {shorten(target, 24)}", 34)
    rows = tuple(
        (shorten(name, 80), one.measure, f"{one.strength:.2f}", f"{one.rows:,}")
        for name, one in zip(names[:60], associations, strict=False)
    )
    left = len(associations) - len(shown)
    more = f" {plural(left, 'column')} not drawn." if left else ""
    return Figure(
        "What goes with the answer",
        "From 0, nothing, to 1: the column says all of the answer by itself. Orange: the answer "
        f"falls as the column rises.{more}",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("column", "measure", "strength", "rows"), rows, "Columns and the answer", text=2),
    )


def comparison_figure(
    old: pl.Series | ArrayLike, new: pl.Series | ArrayLike, name: str = "", words: str = ""
) -> Figure:
    """Draw how a column of new rows differs: bars of the old ones, a line of the new ones.

    Parameters
    ----------
    old, new : polars.Series or array_like, shape (n,)
        Numbers, dates, or words.
    name : str
        The column.
    words : str
        What changed most.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When one side has no values.

    Examples
    --------
    >>> comparison_figure([1.0, 2.0], [2.0, 3.0], "age").title
    'age'
    """
    given = [
        one if isinstance(one, pl.Series) else pl.Series(np.asarray(one)) for one in (old, new)
    ]
    left, right = (_side(one) for one in given)
    if not len(left) or not len(right):
        raise DataError("values on both sides", f"{len(left)} and {len(right)}")
    if left.dtype == pl.String() or right.dtype == pl.String():
        return _labels_compared(left.cast(pl.String), right.cast(pl.String), name, words)
    time = all(one.dtype in _DATES for one in given)
    return _numbers_compared(left, right, name, words, time)


def _side(series: pl.Series) -> pl.Series:
    if series.dtype == pl.Boolean():
        series = series.cast(pl.String)
    if series.dtype in _DATES:
        series = series.cast(pl.Datetime("us")).to_physical() / 1e6
    present = series.drop_nulls()
    return present if present.dtype == pl.String() else present.cast(pl.Float64)


def _numbers_compared(old: pl.Series, new: pl.Series, name: str, words: str, time: bool) -> Figure:
    both = numbers_from(pl.concat([old, new]).to_numpy())
    edges = np.array(both.edges)
    shares = [np.histogram(side.to_numpy(), edges)[0] / len(side) for side in (old, new)]
    top = float(max(share.max(initial=0.0) for share in shares)) or 1.0
    low, high = float(edges[0]), float(edges[-1])
    plot = Plot((low, high, TIME if time else LINEAR), (0.0, top * 1.08), size=(330, 214))
    ticks = [(value, percent(value)) for value, _ in plot.y.ticks(3)]
    plot.axes(shorten(name, 30), "share of rows", x_ticks=plot.x.ticks(4), y_ticks=ticks)
    plot.bars(edges[:-1], edges[1:], shares[0], "m.faint")
    steps = np.repeat(edges, 2)[1:-1]
    plot.line(steps, np.repeat(shares[1], 2), "a")
    ends = [date(edge, high - low) if time else compact(edge) for edge in edges.tolist()]
    rows = tuple(
        (f"{a} to {b}", percent(x, 1), percent(y, 1))
        for a, b, x, y in zip(ends[:-1], ends[1:], *shares, strict=True)
    )
    return _compared(plot, name, words, rows)


def _labels_compared(old: pl.Series, new: pl.Series, name: str, words: str) -> Figure:
    counted = pl.concat([old, new]).alias("label").value_counts(name="rows")
    top = counted.sort(["rows", "label"], descending=[True, False]).head(_LEVELS)["label"].to_list()
    shares = [[float((side == label).mean() or 0.0) for label in top] for side in (old, new)]
    most = max(max(share) for share in shares) or 1.0
    plot = Plot(
        (0.0, most * 1.1), (len(top), 0), size=(330, 26 * len(top) + 56), margins=(124, 8, 16, 42)
    )
    ticks = [(value, percent(value)) for value, _ in plot.x.ticks(3)]
    plot.axes("share of rows", "", x_ticks=ticks, y_ticks=())
    for i, label in enumerate(top):
        plot.write(fitted(label, 112), 116, plot.y.place(i + 0.5) + 4, "end")
        plot.bars([0.0], [shares[0][i]], [i + 0.12], "m.faint", base=i + 0.48)
        plot.bars([0.0], [shares[1][i]], [i + 0.52], "a", base=i + 0.88)
    rows = tuple(
        (shorten(label, 60), percent(a, 1), percent(b, 1))
        for label, a, b in zip(top, *shares, strict=True)
    )
    return _compared(plot, name, words, rows)


def _compared(plot: Plot, name: str, words: str, rows: tuple[tuple[str, ...], ...]) -> Figure:
    told = f"{shorten(words, 120)}. " if words else ""
    return Figure(
        shorten(name, 60) or "Comparison",
        f"{told[:1].upper()}{told[1:]}Grey: the rows themselves; blue: the test rows.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("value", "rows", "test rows"), rows, "Shares of rows"),
    )
