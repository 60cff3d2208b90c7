"""The leaderboard as a picture, and a score on its way from a plain guess to perfect."""

from __future__ import annotations

import math

import numpy as np

from modelwright.core.result import Leaderboard, Standing
from modelwright.pages import Figure, Grid, Plot, shorten
from modelwright.pages.numerals import DASH, number
from modelwright.pages.plot import fitted

__all__ = ["leaderboard_figure", "standings", "way_figure"]

_ROW = 24


def standings(leaderboard: Leaderboard, most: int) -> list[Standing]:
    """Give the best lines that have a score; members of the ensemble are never left out."""
    scored = [line for line in leaderboard if math.isfinite(line.score)]
    kept = scored[:most]
    return kept + [line for line in scored[most:] if line.weight > 0][:most]


def leaderboard_figure(
    leaderboard: Leaderboard, guess: float | None = None, most: int = 20
) -> Figure:
    """Draw every trial's score with its interval.

    Parameters
    ----------
    leaderboard : Leaderboard
        Best first.
    guess : float, optional
        The score of one who knows nothing but the answers; drawn where the leaderboard has no
        baseline of its own.
    most : int
        How many lines to draw.

    Returns
    -------
    Figure

    Examples
    --------
    >>> from modelwright.core.result import Standing
    >>> board = Leaderboard("rmse", (Standing("linear", 2.5, 1.0, 0.1, 2.3, 2.7),))
    >>> leaderboard_figure(board).data.rows
    (('linear', '2.5', '2.3 to 2.7', '1.00', '0.1'),)
    """
    lines = standings(leaderboard, most)
    bar = leaderboard.baseline
    mark, word = (guess, "plain guess") if bar is None else (bar.score, "to beat")
    values = [v for s in lines for v in (s.score, s.low, s.high) if v is not None]
    finite = [v for v in values if math.isfinite(v)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    pad = (high - low) * 0.12
    near = mark is not None and low - 3 * (high - low) <= mark <= high + 3 * (high - low)
    if near and mark is not None and math.isfinite(mark):
        low, high = min(low, mark), max(high, mark)
    count = max(len(lines), 1)
    plot = Plot(
        (low - pad, high + pad),
        (count, 0),
        size=(430, 34 + _ROW * count + 42),
        margins=(132, 34, 16, 42),
    )
    plot.axes(leaderboard.metric, "trial", y_ticks=())
    if near and mark is not None:
        plot.segment((mark, 0), (mark, count), "reference")
        right = plot.x.place(mark) > (plot.left + plot.right) / 2
        plot.note(word, (mark, -0.35), "note.end" if right else "note")
    for i, line in enumerate(lines):
        letter = "a" if line.weight > 0 else "m"
        name = fitted(line.name, 120)
        strong = "strong.end" if line.name == "ensemble" else "end"
        plot.write(name, 124, plot.y.place(i + 0.5) + 4, strong)
        if line.low is not None and line.high is not None:
            plot.segment((line.low, i + 0.5), (line.high, i + 0.5), f"{letter}.whisker")
        plot.dots([line.score], [i + 0.5], letter, np.array([5.0]))
    rows = [_cells(line) for line in lines]
    if bar is not None:
        name = shorten(f"to beat: {bar.name}", 60)
        rows.append((name, number(bar.score), DASH, DASH, DASH))
    head = ("name", leaderboard.metric, "95 %, held-out rows", "weight", "seconds")
    left_out = len(leaderboard) - len(lines)
    return Figure(
        "Scores of all trials",
        "Dots: scores of held-out rows; whiskers: their 95 % intervals; blue: members of the "
        "ensemble." + (f" {left_out} more trials are not drawn." if left_out else ""),
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(head, tuple(rows), "Scores of all trials"),
    )


def _cells(line: Standing) -> tuple[str, ...]:
    known = line.low is not None and line.high is not None
    between = f"{number(line.low or 0.0)} to {number(line.high or 0.0)}" if known else DASH
    return (
        shorten(line.name, 60),
        number(line.score),
        between,
        f"{line.weight:.2f}" if line.weight > 0 else DASH,
        f"{line.seconds:.1f}",
    )


def way_figure(line: Standing, guess: float, perfect: float, metric: str, words: str) -> Figure:
    """Draw how far a score has come from a plain guess to perfect.

    Parameters
    ----------
    line : Standing
        The score, with its interval.
    guess, perfect : float
        Both ends of the way.
    metric : str
        What is measured.
    words : str
        What the plain guess does.

    Returns
    -------
    Figure

    Examples
    --------
    >>> way_figure(Standing("ensemble", 0.8, 1, 1), 0.5, 1.0, "roc_auc", "guessing").title
    'How far it has come'
    """
    values = [line.score, guess, perfect, line.low, line.high]
    known = [v for v in values if v is not None and math.isfinite(v)]
    low, high = min(known), max(known)
    # The better end is always on the right.
    ends = (high, low) if perfect < guess else (low, high)
    plot = Plot(ends, (0, 1), size=(330, 84), margins=(14, 0, 14, 30))
    plot.segment((guess, 0.5), (perfect, 0.5), "track")
    plot.segment((guess, 0.5), (line.score, 0.5), "track.done")
    if line.low is not None and line.high is not None:
        plot.segment((line.low, 0.5), (line.high, 0.5), "a.whisker.under")
    plot.dots([guess], [0.5], "m", np.array([5.0]))
    plot.dots([line.score], [0.5], "a", np.array([8.0]))
    spot = plot.x.place(line.score)
    side = "middle" if 40 < spot < 290 else ("end" if spot >= 290 else "start")
    plot.write(number(line.score), spot, 14, f"strong.{side}")
    plot.write(f"{words}: {number(guess)}", plot.left - 6, 76, "note")
    plot.write(f"perfect: {number(perfect)}", plot.right + 6, 76, "note.end")
    between = ""
    if line.low is not None and line.high is not None:
        between = f", with a 95 % interval from {number(line.low)} to {number(line.high)}"
    rows = ((words, number(guess)), ("model", number(line.score)), ("perfect", number(perfect)))
    return Figure(
        "How far it has come",
        f"{metric} {number(line.score)}{between}; {words}: {number(guess)}; perfect: "
        f"{number(perfect)}.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("who", metric), rows, "Score against a plain guess"),
    )
