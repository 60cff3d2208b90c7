"""Plots of curves and of the parts of an error, each a function that gives a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.diagnosis.complexity import ComplexityCurve
from modelwright.diagnosis.learning import Curve, LearningCurve
from modelwright.diagnosis.resamples import BiasVariance
from modelwright.pages import Figure, Grid, Plot, shorten
from modelwright.pages.numerals import compact, number, percent
from modelwright.pages.plot import fitted
from modelwright.pages.scales import LINEAR, LOG

__all__ = ["bias_variance_figure", "complexity_curve_figure", "learning_curve_figure"]

Array = NDArray[np.float64]

_SHADES = ("a", "b", "c", "d")
_DRAWN = len(_SHADES)


def learning_curve_figure(found: LearningCurve) -> Figure:
    """Draw held-out scores against rows, and what is expected of twice as many.

    Parameters
    ----------
    found : LearningCurve
        From `learning_curve`.

    Returns
    -------
    Figure
        Bands are one standard error over folds; pale lines are scores on the rows that were fitted
        on. Of more than four estimators the first four are drawn.

    Examples
    --------
    >>> import modelwright as mw
    >>> x = np.linspace(0, 1, 80)[:, None]
    >>> found = mw.learning_curve("linear", x, x[:, 0], workers=0, folds=2)
    >>> learning_curve_figure(found).title
    'Learning curve'
    """
    curves = found.curves[:_DRAWN]
    sizes = sorted({size for curve in curves for size in curve.sizes})
    ahead = 2 * sizes[-1]
    shown = [v for curve in curves for v in _shown(curve)]
    low, high = _padded([*shown, *(curve.expected(ahead) for curve in curves)])
    plot = Plot((sizes[0], ahead, LOG), (low, high), size=(520, 320), margins=(54, 30, 16, 44))
    ticks = [(float(size), compact(size)) for size in [*sizes[-4:], ahead]]
    plot.axes("rows to fit on", found.metric, x_ticks=ticks)
    for curve, shade in zip(curves, _SHADES, strict=False):
        xs, mean = np.array(curve.sizes, np.float64), curve.valid.mean(axis=1)
        spread = np.nan_to_num(curve.spread)
        plot.area(xs, mean - spread, mean + spread, shade)
        plot.line(xs, curve.train.mean(axis=1), "reference")
        plot.line(xs, mean, shade)
        plot.dots(xs, mean, shade, 3.0)
        if curve.law is not None:
            last = float(xs[-1])
            plot.segment((last, float(mean[-1])), (ahead, curve.expected(ahead)), "reference")
        plot.note(fitted(curve.name, 150), (float(xs[0]), float(mean[0])), "note")
    return Figure(
        "Learning curve",
        f"{found.verdict.evidence}. {' '.join(f'{one}.' for one in found.overtakings)}".strip(),
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("name", "rows", "fitted on", "held out"), _rows_of(found.curves), "Learning curve"),
    )


def _shown(curve: Curve) -> list[float]:
    return [*curve.valid.mean(axis=1).tolist(), *curve.train.mean(axis=1).tolist()]


def _rows_of(curves: Sequence[Curve]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (shorten(curve.name, 40), f"{size:,}", number(float(train)), number(float(valid)))
        for curve in curves
        for size, train, valid in zip(
            curve.sizes, curve.train.mean(axis=1), curve.valid.mean(axis=1), strict=True
        )
    )


def complexity_curve_figure(found: ComplexityCurve) -> Figure:
    """Draw scores against the values of a parameter, on held-out rows and on fitted ones.

    Parameters
    ----------
    found : ComplexityCurve
        From `complexity_curve`.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import modelwright as mw
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> x = np.linspace(0, 1, 80)[:, None]
    >>> depths = {"max_depth": [1, 2, 3]}
    >>> found = mw.complexity_curve(DecisionTreeRegressor(), x, x[:, 0], depths, workers=0)
    >>> complexity_curve_figure(found).data.rows[0][0]
    '1'
    """
    valid, train = found.valid.mean(axis=1), found.train.mean(axis=1)
    spread = np.nan_to_num(found.spread)
    places = np.arange(len(found.values), dtype=np.float64)
    low, high = _padded([*valid.tolist(), *train.tolist()])
    across = (0.0, max(float(len(places) - 1), 1.0), LINEAR)
    plot = Plot(across, (low, high), size=(520, 320), margins=(54, 30, 16, 44))
    words = [shorten(_word(value), 12) for value in found.values]
    plot.axes(found.parameter, found.metric, x_ticks=list(zip(places.tolist(), words, strict=True)))
    plot.segment((found.best, low), (found.best, high), "reference")
    plot.area(places, valid - spread, valid + spread, "a")
    plot.line(places, train, "m")
    plot.line(places, valid, "a")
    plot.dots(places, valid, "a", 3.0)
    plot.note("held out", (float(places[0]), float(valid[0])), "note")
    rows = tuple(
        (word, number(float(t)), number(float(v)), number(float(s)))
        for word, t, v, s in zip(words, train, valid, spread, strict=True)
    )
    return Figure(
        "Complexity curve",
        f"{found.verdict.evidence}.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid((found.parameter, "fitted on", "held out", "standard error"), rows, "Complexity"),
    )


def bias_variance_figure(found: BiasVariance) -> Figure:
    """Draw what an error is made of.

    Parameters
    ----------
    found : BiasVariance
        From `bias_variance`.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import modelwright as mw
    >>> x = np.linspace(0, 1, 80)[:, None]
    >>> found = mw.bias_variance("linear", x, x[:, 0], workers=0, rounds=10)
    >>> bias_variance_figure(found).title
    'What the error is made of'
    """
    parts = list(found.shares.items())
    plot = Plot((0, 1), (0, 1), size=(460, 96), margins=(10, 30, 10, 34))
    start = 0.0
    for (name, share), shade in zip(parts, ("a", "m", "ground"), strict=False):
        plot.bars([start], [start + share], [1.0], shade, tips=[f"{name}: {percent(share)}"])
        if share > 0.12:
            plot.note(f"{name} {percent(share)}", (start + 0.01, -0.35), "note")
        start += share
    rows = tuple((name, percent(share), number(share * _whole(found))) for name, share in parts)
    return Figure(
        "What the error is made of",
        found.verdict.evidence,
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("part", "share", f"{found.name} loss"), rows, "Parts of the error"),
    )


def _whole(found: BiasVariance) -> float:
    return found.bias + max(found.parts.unbiased - found.parts.biased, 0.0)


def _padded(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    pad = (high - low) * 0.08 or abs(high) * 0.05 or 0.5
    return low - pad, high + pad


def _word(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
