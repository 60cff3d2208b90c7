"""How far off single predictions may be: what intervals and sets promise, and what they hold."""

from __future__ import annotations

from modelwright.evaluate.conformal import LabelSets, NumberIntervals, Reached
from modelwright.model import Model
from modelwright.pages import Chapter, Figure, Grid, Markup, Plot, element, joined
from modelwright.pages.numerals import number, percent

__all__ = ["coverage_figure", "uncertainty", "width_figure"]

_USUAL = 0.9
_SIZE = (460, 320)


def uncertainty(model: Model) -> Chapter | None:
    """Write the chapter on intervals; None for a model that has none."""
    known = model.intervals
    if known is None:
        return None
    reached = known.reached
    numbers = isinstance(known, NumberIntervals)
    unit = "mean width" if numbers else "labels in a set"
    figures: Markup | None = None
    if len(reached.levels) > 1:
        figures = element(
            "div.figures",
            coverage_figure(reached).html("coverage"),
            width_figure(reached, unit).html("widths"),
        )
    calibrated = None
    if model.task.is_classification:
        calibrated = element("p", f"Calibration of the probabilities: {model.calibration}.")
    body = joined(
        element("p.lead", _lead(known)),
        element("p", _what(known)),
        calibrated,
        figures,
        element(
            "p.soft",
            "The promise holds for new rows that are like the old ones, on average over them, not "
            "for each kind of row apart. modelwright predict --interval 0.9 writes it for every "
            "row, at any level.",
        ),
    )
    return Chapter("uncertainty", "How sure single predictions are", body, "How sure")


def _lead(known: NumberIntervals | LabelSets) -> str:
    reached = known.reached
    if _USUAL not in reached.levels:
        return f"The model gives {known}."
    held, width = percent(reached.coverage(_USUAL), 1), number(reached.width(_USUAL), 3)
    if isinstance(known, NumberIntervals):
        return (
            f"Nine of ten answers are to lie within the interval of their row. Of "
            f"{reached.rows:,} held-out rows {held} did; an interval is {width} wide on average."
        )
    return (
        f"Nine of ten answers are to be among the labels of their row. Of {reached.rows:,} "
        f"held-out rows {held} were; a set has {width} labels on average."
    )


def _what(known: NumberIntervals | LabelSets) -> str:
    words = f"The model gives {known}."
    if isinstance(known, NumberIntervals) and known.below is not None:
        words += f" {percent(known.below)} of the misses are to be below, the others above."
    if isinstance(known, LabelSets) and known.worst == known.worst:
        words += (
            f" Coverage at 90 % was at least {percent(known.worst, 1)} in each third of the rows, "
            "be the model sure of them or not."
        )
    return words


def coverage_figure(reached: Reached) -> Figure:
    """Draw which share of answers was held against the share that was asked for.

    Parameters
    ----------
    reached : Reached
        What was measured at two levels or more.

    Returns
    -------
    Figure

    Examples
    --------
    >>> coverage_figure(Reached((0.8, 0.9), (0.79, 0.91), (2.0, 3.0), 500)).title
    'Answers held, by level'
    """
    low = min(*reached.levels, *reached.covered) - 0.03
    plot = Plot((low, 1.0), (low, 1.0), size=_SIZE)
    ticks = [(k / 10, percent(k / 10)) for k in range(11) if k / 10 >= low]
    plot.axes("asked for", "held", x_ticks=ticks, y_ticks=ticks)
    plot.segment((low, low), (1.0, 1.0), "reference")
    plot.line(reached.levels, reached.covered, "a")
    plot.dots(reached.levels, reached.covered, "a", 3.5)
    rows = tuple(
        (percent(level), percent(held, 1))
        for level, held in zip(reached.levels, reached.covered, strict=True)
    )
    return Figure(
        "Answers held, by level",
        f"On the dashed line as many answers are held as were asked for. {reached.rows:,} held-out "
        "rows, each judged by intervals of others.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("asked for", "held"), rows, "Answers held, by level", text=0),
    )


def width_figure(reached: Reached, unit: str = "mean width") -> Figure:
    """Draw what more certainty costs: the width by level.

    Parameters
    ----------
    reached : Reached
        What was measured at two levels or more.
    unit : str
        What a width is.

    Returns
    -------
    Figure

    Examples
    --------
    >>> width_figure(Reached((0.8, 0.9), (0.79, 0.91), (2.0, 3.0), 500)).title
    'What certainty costs'
    """
    low = min(reached.levels) - 0.03
    plot = Plot((low, 1.0), (0.0, max(reached.widths) * 1.08 or 1.0), size=_SIZE)
    ticks = [(k / 10, percent(k / 10)) for k in range(11) if k / 10 >= low]
    plot.axes("asked for", unit, x_ticks=ticks)
    plot.line(reached.levels, reached.widths, "a")
    plot.dots(reached.levels, reached.widths, "a", 3.5)
    rows = tuple(
        (percent(level), number(width))
        for level, width in zip(reached.levels, reached.widths, strict=True)
    )
    return Figure(
        "What certainty costs",
        f"The more answers are to be held, the more it takes: {unit}, by the share asked for.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("asked for", unit), rows, "What certainty costs", text=0),
    )
