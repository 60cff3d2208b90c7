"""Plots of what a model looks at: importance, dependence, single predictions taken apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modelwright.core.evidence import Attribution, Dependence, Importance, Profile
from modelwright.core.numerals import beside
from modelwright.core.schema import Kind
from modelwright.pages import Figure, Grid, Plot, shorten
from modelwright.pages.numerals import date, number, percent, signed
from modelwright.pages.plot import fitted
from modelwright.pages.scales import LINEAR, TIME, Scale

__all__ = ["attribution_figure", "dependence_figure", "importance_figure", "most_moved"]

_LEFT = 150.0
_ROW = 24
_LETTERS = "abcd"
# Lines of single rows, and levels, that are drawn.
_ROWS_DRAWN = 30
_MOST_LEVELS = 12


def importance_figure(
    importances: Sequence[Importance], metric: str = "", most: int = 15
) -> Figure:
    """Draw how much worse predictions become when columns are shuffled (Breiman 2001).

    Parameters
    ----------
    importances : sequence of Importance
        The most important column first.
    metric : str
        The metric whose loss rises.
    most : int
        How many columns to draw; the table holds up to 200.

    Returns
    -------
    Figure

    Examples
    --------
    >>> importance_figure([Importance("age", 0.2, 0.1, 0.3)], "rmse").data.rows
    (('age', '0.2', '0.1 to 0.3'),)
    """
    drawn = [item for item in importances if math.isfinite(item.loss)][:most]
    largest = max((abs(item.loss) for item in drawn), default=0.0)
    ends = [0.0, *(item.loss for item in drawn)]
    ends += [v for item in drawn for v in (item.low, item.high) if math.isfinite(v)]
    count = max(len(drawn), 1)
    plot = Plot(
        (min(ends), max(ends)),
        (count, 0),
        size=(430, 34 + _ROW * count + 42),
        margins=(_LEFT, 34, 56, 42),
    )
    plot.axes(f"rise of the loss{f' ({metric})' if metric else ''}", "column", y_ticks=())
    for i, item in enumerate(drawn):
        plot.write(fitted(item.label, _LEFT - 10), _LEFT - 8, plot.y.place(i + 0.5) + 4, "end")
        letter = "b" if item.together else "a"
        plot.segment((0, i + 0.5), (item.loss, i + 0.5), f"bar-line.{letter}.line")
        if math.isfinite(item.low) and math.isfinite(item.high):
            plot.segment((item.low, i + 0.5), (item.high, i + 0.5), "range")
        edge = max(v for v in (item.loss, item.high, 0.0) if math.isfinite(v))
        told = number(beside(item.loss, largest), 3)
        plot.write(told, plot.x.place(edge) + 7, plot.y.place(i + 0.5) + 4, "note")
    plot.segment((0, 0), (0, count), "axis")
    rows = tuple(
        (
            shorten(item.column, 120),
            number(beside(item.loss, largest)),
            " to ".join(number(beside(end, largest), 3) for end in (item.low, item.high)),
        )
        for item in importances[:200]
    )
    between = "95 % interval" if all(item.level for item in importances[:200]) else "range"
    return Figure(
        "What the predictions rest on",
        _rests(drawn),
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("column", "rise of the loss", between), rows, "Importance of columns"),
    )


def _rests(drawn: Sequence[Importance]) -> str:
    """Say what is drawn."""
    told = "How much worse held-out rows are predicted when the values of one column are shuffled. "
    if drawn and all(item.level for item in drawn):
        told += "Thin lines: 95 % intervals, for other rows and other shuffles."
    else:
        told += "Thin lines: the range over repeats."
    if any(item.together for item in drawn):
        told += " Orange: columns that go together, shuffled together."
    else:
        told += " Columns that say the same share their importance."
    return told


def dependence_figure(
    dependence: Dependence,
    profile: Profile | None = None,
    classes: Sequence[str] = (),
    outputs: Sequence[int] = (),
) -> Figure:
    """Draw what a model says on average when one column is set to a value (Friedman 2001).

    Parameters
    ----------
    dependence : Dependence
        Values and mean predictions.
    profile : Profile, optional
        The column at a glance: its histogram is drawn behind.
    classes : sequence of str
        The labels; empty for a number.
    outputs : sequence of int
        The positions of at most four classes to draw. When left out: of two classes the last one,
        of more the three whose probabilities change most.

    Returns
    -------
    Figure

    Examples
    --------
    >>> one = Dependence("age", (20.0, 40.0), ((1.0,), (3.0,)))
    >>> dependence_figure(one).description
    'Lowest 1 at 20, highest 3 at 40.'
    """
    means = np.array(dependence.means, np.float64)
    outputs = outputs or most_moved([dependence], len(classes))
    if list(outputs) != [means.shape[1] - 1]:  # lines are of the last output
        dependence = replace(dependence, lines=())
    at = _shown(dependence, profile)
    values = [value for value in dependence.at if isinstance(value, int | float)]
    # The words are about the output that changes most.
    told_of = max(outputs, key=lambda k: float(np.ptp(means[:, k])))
    who = shorten(classes[told_of], 24) if classes else ""
    y_title = f"probability of {who}" if len(classes) == 2 else "mean prediction"
    y_title = "mean probability" if len(classes) > 2 else y_title
    if len(values) == len(at) and not _is(profile, Kind.BOOLEAN):
        plot = _curve(dependence, means, outputs, profile, y_title)
    else:
        plot = _levels(dependence, at, means, outputs, y_title)
    for place, output in enumerate(outputs if len(classes) > 2 else ()):
        label = f"● {fitted(classes[output], 84)}"
        plot.write(label, 2 + 109.0 * place, 32, f"note.{_LETTERS[place]}")
    write = _percent if classes else number
    rows = tuple(
        (shorten(text, 60), *(write(float(means[i, o])) for o in outputs))
        for i, text in enumerate(at)
    )
    name = shorten(dependence.column, 40)
    main = means[:, told_of]
    low, high = int(main.argmin()), int(main.argmax())
    least, most = write(float(main[low])), write(float(main[high]))
    told = f"lowest {least} at {shorten(at[low], 30)}, highest {most} at {shorten(at[high], 30)}."
    if least == most:
        told = f"about {least} whatever the value."
    told = f"{who}: {told}" if who else told[:1].upper() + told[1:]
    heads = [shorten(classes[o], 40) if classes else "mean prediction" for o in outputs]
    return Figure(
        name,
        told + _shown_how(dependence),
        plot.drawing(),
        plot.width,
        plot.height,
        Grid((name, *heads), rows, f"Dependence on {name}"),
    )


def _shown_how(dependence: Dependence) -> str:
    """Say which sort of curve it is where that is known, and why."""
    if dependence.how != "ale":
        return " Thin lines: single rows." if dependence.lines else ""
    if not dependence.beside:
        return " Added up from small steps."
    beside = f"{shorten(dependence.beside, 30)} ({dependence.strength:.2f})"
    return f" Added up from small steps, as it goes with {beside}."


def _percent(share: float) -> str:
    return percent(share, 1)


def _is(profile: Profile | None, kind: Kind) -> bool:
    return profile is not None and profile.kind == kind


def _shown(dependence: Dependence, profile: Profile | None) -> list[str]:
    """Write the values of a column as people read them."""
    numbers = [value for value in dependence.at if isinstance(value, int | float)]
    span = max(numbers) - min(numbers) if numbers else 0.0
    shown = []
    for value in dependence.at:
        if isinstance(value, str):
            shown.append(value)
        elif _is(profile, Kind.BOOLEAN):
            shown.append("true" if value else "false")
        else:
            shown.append(date(value, span) if _is(profile, Kind.DATETIME) else number(value))
    return shown


def most_moved(dependences: Sequence[Dependence], classes: int) -> list[int]:
    """Find the outputs that change most over some columns, so that all plots show the same ones.

    Examples
    --------
    >>> most_moved([Dependence("a", (0.0, 1.0), ((0.2, 0.8), (0.3, 0.7)))], 2)
    [1]
    """
    if classes <= 2:
        return [max(classes - 1, 0)]
    moved = sum(np.ptp(np.array(item.means, np.float64), axis=0) for item in dependences)
    return sorted(int(k) for k in np.argsort(-moved, kind="stable")[:3])


def _span(
    means: NDArray[np.float64],
    outputs: Sequence[int],
    shares: bool,
    lines: NDArray[np.float64] | None = None,
) -> tuple[float, float]:
    low, high = float(means[:, outputs].min()), float(means[:, outputs].max())
    if lines is not None and lines.size:
        # a few wild rows may not squeeze all others
        ends = np.quantile(lines, (0.05, 0.95))
        low, high = min(low, float(ends[0])), max(high, float(ends[1]))
    pad = (high / 2 - low / 2) * 0.3 or abs(high) * 0.05 or 0.05
    return (max(low - pad, 0.0), min(high + pad, 1.0)) if shares else (low - pad, high + pad)


def _ticks(scale: Scale, count: int, shares: bool) -> list[tuple[float, str]]:
    ticks = scale.ticks(count)
    step = ticks[1][0] - ticks[0][0] if len(ticks) > 1 else 1.0
    digits = max(0, math.ceil(-math.log10(step * 100) - 1e-9)) if step > 0 else 0
    digits += abs(round(step * 100, digits) - step * 100) > step  # steps of 2.5 %
    return [(v, percent(v, min(digits, 6)) if shares else text) for v, text in ticks]


def _curve(
    dependence: Dependence,
    means: NDArray[np.float64],
    outputs: Sequence[int],
    profile: Profile | None,
    y_title: str,
) -> Plot:
    at = np.array(dependence.at, np.float64)
    kind = TIME if _is(profile, Kind.DATETIME) else LINEAR
    low, high = float(at.min()), float(at.max())
    top = 26 if len(outputs) == 1 else 44
    lines = np.array(dependence.lines, np.float64).reshape(-1, len(at))[:_ROWS_DRAWN]
    span = _span(means, outputs, means.shape[1] > 1, lines)
    plot = Plot(
        (low, high, kind),
        span,
        size=(330, 214 + top),
        margins=(48, top, 14, 42),
    )
    y_ticks = _ticks(plot.y, 4, means.shape[1] > 1)
    plot.axes(shorten(dependence.column, 30), "", x_ticks=plot.x.ticks(4), y_ticks=y_ticks)
    plot.write(y_title, 2, 14, "title")
    if profile is not None and len(profile.edges) == len(profile.counts) + 1 and profile.counts:
        edges, counts = np.array(profile.edges), np.array(profile.counts, np.float64)
        seen = (edges[1:] > low) & (edges[:-1] < high)
        if seen.any() and counts[seen].max() > 0:
            heights = counts[seen] / counts[seen].max() * (plot.y.high - plot.y.low) * 0.2
            tops = plot.y.low + heights
            plot.bars(edges[:-1][seen], edges[1:][seen], tops, "ground", base=plot.y.low)
    for line in lines:
        plot.line(at, np.clip(line, *span), "row")
    for place, output in enumerate(outputs):
        letter = _LETTERS[place]
        plot.line(at, means[:, output], letter)
        if len(at) <= 12 and dependence.how != "ale":
            plot.dots(at, means[:, output], letter, np.full(len(at), 3.0))
    return plot


def _levels(
    dependence: Dependence,
    at: Sequence[str],
    means: NDArray[np.float64],
    outputs: Sequence[int],
    title: str,
) -> Plot:
    shown = min(len(at), _MOST_LEVELS)
    lines = np.array(dependence.lines, np.float64).reshape(-1, len(at))[:_ROWS_DRAWN, :shown]
    low, high = _span(means[:shown], outputs, means.shape[1] > 1, lines)
    top = 14 if len(outputs) == 1 else 44
    plot = Plot(
        (low, high),
        (shown, 0),
        size=(330, top + max(24 * shown, 60) + 42),
        margins=(124, top, 16, 42),
    )
    plot.axes(title, "", y_ticks=(), x_ticks=_ticks(plot.x, 3, means.shape[1] > 1))
    for i, value in enumerate(at[:shown]):
        plot.segment((low, i + 0.5), (high, i + 0.5), "grid")
        plot.write(fitted(value, 114), 116, plot.y.place(i + 0.5) + 4, "end")
        for line in lines:
            spot = min(max(float(line[i]), low), high)
            plot.segment((spot, i + 0.3), (spot, i + 0.7), "row")
        for place, output in enumerate(outputs):
            mean = [float(means[i, output])]
            plot.dots(mean, [i + 0.5], _LETTERS[place], np.array([5.0]))
    return plot


def attribution_figure(attribution: Attribution, most: int = 9) -> Figure:
    """Draw how one prediction comes from what typical rows get.

    Parameters
    ----------
    attribution : Attribution
        A prediction, taken apart.
    most : int
        How many columns to draw; the others are summed up.

    Returns
    -------
    Figure

    Examples
    --------
    >>> one = Attribution("typical", "", 10.0, 12.5, "12", ("age",), ("41",), (2.5,))
    >>> attribution_figure(one).description
    'Typical rows of the table get 10, this one 12.5; the answer was 12.'
    """
    steps = _steps(attribution, most)
    starts = attribution.base + np.cumsum([0.0, *(share for _, share in steps)])
    low, high = float(starts.min()), float(starts.max())
    span = high - low or abs(high) * 0.1 or 1.0
    lines = len(steps) + 2
    plot = Plot(
        (low - span * 0.08, high + span * 0.32),
        (lines, 0),
        size=(450, 18 + 26 * lines + 42),
        margins=(216, 18, 8, 42),
    )
    ticks = plot.x.ticks(3)
    if attribution.output:
        ticks = [(value, percent(value, 1)) for value, _ in ticks]
    plot.axes("probability" if attribution.output else "prediction", "", x_ticks=ticks, y_ticks=())
    base, prediction = attribution.base, attribution.prediction
    _end(plot, "typical rows", base, 0, _amount(attribution, base))
    for i, (label, share) in enumerate(steps, start=1):
        told = _change(attribution, share)
        _step(plot, label, share, float(starts[i - 1]), i, told)
    _end(plot, "this row", prediction, lines - 1, _amount(attribution, prediction))
    rows = tuple(
        (shorten(column, 120), shorten(value, 80), _change(attribution, share))
        for column, value, share in zip(
            attribution.columns[:100], attribution.values, attribution.shares, strict=False
        )
    )
    what = f" for {shorten(attribution.output, 40)}" if attribution.output else ""
    actual = f"; the answer was {shorten(attribution.actual, 40)}" if attribution.actual else ""
    row = attribution.row
    return Figure(
        f"Row {row}" if row.isdigit() else row[:1].upper() + shorten(row, 60)[1:],
        f"Typical rows of the table get {_amount(attribution, attribution.base)}{what}, this one "
        f"{_amount(attribution, attribution.prediction)}{actual}.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("column", "value", "share"), rows, "Shares of columns", text=2),
    )


def _amount(attribution: Attribution, value: float) -> str:
    return percent(value, 1) if attribution.output else number(value)


def _change(attribution: Attribution, share: float) -> str:
    if not attribution.output:
        return signed(share)
    return f"{'+' if share >= 0 else ''}{percent(share, 1)}" if abs(share) >= 5e-4 else "0"


def _brief(value: str) -> str:
    """Leave out the digits of a number that nobody reads."""
    if len(value) > 8:
        with suppress(ValueError):
            return number(float(value))
    return value


def _steps(attribution: Attribution, most: int) -> list[tuple[str, float]]:
    named = [
        (fitted(f"{fitted(column, 142)} = {_brief(value)}", 206), share)
        for column, value, share in zip(
            attribution.columns, attribution.values, attribution.shares, strict=False
        )
        if math.isfinite(share)
    ]
    if len(named) <= most + 1:
        return named
    rest = sum(share for _, share in named[most:])
    return [*named[:most], (f"{len(named) - most} other columns", rest)]


def _step(plot: Plot, label: str, share: float, start: float, line: int, told: str) -> None:
    spot = plot.y.place(line + 0.5)
    plot.write(label, 208, spot + 4, "end")
    ends = sorted((start, start + share))
    plot.bars(ends[:1], ends[1:], [line + 0.15], "a" if share >= 0 else "b", base=line + 0.85)
    plot.segment((start + share, line + 0.5), (start + share, line + 1.15), "axis")
    plot.write(told, plot.x.place(ends[1]) + 6, spot + 4, "note")


def _end(plot: Plot, label: str, value: float, line: int, told: str) -> None:
    spot = plot.y.place(line + 0.5)
    plot.write(label, 208, spot + 4, "strong.end")
    plot.dots([value], [line + 0.5], "m" if line == 0 else "a", np.array([5.0]))
    plot.write(told, plot.x.place(value) + 9, spot + 4, "strong")
