"""The deciding metric at every threshold, as a picture."""

from __future__ import annotations

import numpy as np

from modelwright.evaluate import Metric
from modelwright.evaluate.decisions import Threshold
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.thresholds import threshold_curve, tunable
from modelwright.pages import Figure, Grid, Plot
from modelwright.pages.numerals import number, percent, told_apart
from modelwright.report.curves import thin
from modelwright.report.words import title

__all__ = ["threshold_figure"]

_SHOWN = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def threshold_figure(held: HeldOut, metric: Metric) -> Figure | None:
    """Draw a metric of decisions against the threshold.

    Parameters
    ----------
    held : HeldOut
        Held-out answers and probabilities of two classes.
    metric : Metric
        What is drawn.

    Returns
    -------
    Figure or None
        None when the metric has no threshold, or no value.
    """
    if not tunable(metric, len(held.task.classes)):
        return None
    above, scores = threshold_curve(metric, held.target, held.p, held.weight)
    cuts = np.minimum(above, 1.0)
    known = np.isfinite(scores)
    if known.sum() < 2:
        return None
    cuts, scores = cuts[known][::-1], scores[known][::-1]
    low, high = float(scores.min()), float(scores.max())
    pad = (high - low) * 0.08 or 0.5
    plot = Plot((0.0, 1.0), (low - pad, high + pad))
    words = title(metric.name)
    shares = [(k / 5, percent(k / 5)) for k in range(6)]
    plot.axes(f"called {held.task.positive} from this probability on", words, x_ticks=shares)
    # Between two probabilities decisions stay the same: a staircase.
    xs, ys = np.repeat(cuts, 2)[:-1], np.repeat(scores, 2)[1:]
    place = np.clip((ys - low) / max(high - low, 1e-300), 0, 1)
    kept_x, kept_y = thin(xs, place)
    plot.line(kept_x, low + kept_y * (high - low), "a")
    chosen = held.decision.value if isinstance(held.decision, Threshold) else 0.5
    plot.segment((chosen, low - pad), (chosen, high + pad), "reference")
    side, shift = ("note.end", -6) if chosen > 0.6 else ("note", 6)
    plot.write(f"the model: {chosen:.3g}", plot.x.place(chosen) + shift, plot.top + 10, side)
    marks = sorted({*_SHOWN, chosen})
    rows = tuple(
        (cut, number(_at(cuts, scores, mark)), "the model's" if mark == chosen else "")
        for mark, cut in zip(marks, told_apart(marks), strict=True)
    )
    better = "higher" if metric.greater_is_better else "lower"
    return Figure(
        f"{words[:1].upper()}{words[1:]} at each threshold",
        f"{better.capitalize()} is better. The dashed line is where the model decides. "
        + _modest(held),
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("from this probability on", words, ""), rows, "Scores of thresholds"),
    )


def _modest(held: HeldOut) -> str:
    """Say why a tuned score is not quite that of the curve."""
    if held.answers is None or (held.decision.answers(held.p) == held.answers).all():
        return ""
    return (
        "The score of the model is a little more modest: there each row is decided by the "
        "threshold of other folds."
    )


def _at(cuts: np.ndarray, scores: np.ndarray, threshold: float) -> float:
    """Give the score of a threshold: that of the next probability at or above it."""
    place = int(np.searchsorted(cuts, threshold))
    return float(scores[min(place, len(scores) - 1)])
